"""Thumbnails and snapshots through the real server."""

import asyncio
import io
from dataclasses import replace

import pytest
from PIL import Image

from gtvision_edge.media.posters import Picture
from gtvision_edge.recordings.model import Segment
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clips import ClipSpec
from tests.fakes.footage import START_US, add, keep, place
from tests.fakes.recorded import record
from tests.unit.api.conftest import FakeFootage, FakeMonitor, Served


@pytest.fixture
async def segment(served: Served, database: Database, footage: FakeFootage) -> Segment:
    """Four seconds of cam01."""
    rows = await database.fetch_all("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam01'")
    fake = FakeCamera("cam01", camera_uuid=rows[0]["camera_uuid"], tenant_id="a")
    (number,) = await keep(database, fake)
    await place(database, number, "cam01_rec")
    directory = footage.root / "cam01_rec"
    made = await asyncio.to_thread(record, directory, ClipSpec(), camera_no=number)
    await add(database, made.segment)
    return replace(made.segment)


async def test_a_thumbnail_says_when_it_was_taken(served: Served, segment: Segment) -> None:
    path = "/api/v1/cameras/cam01/thumbnails/2026-01-01T00:00:03Z"

    status, headers, jpeg = await served.exchange(
        "GET", path, who="viewer-a", params={"width": "160"}
    )
    again = await served.exchange(
        "GET",
        path,
        who="viewer-a",
        params={"width": "160"},
        headers={"If-None-Match": headers["ETag"]},
    )

    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert headers["X-GTV-Time"] == "2026-01-01T00:00:00+00:00"
    assert Image.open(io.BytesIO(jpeg)).size == (160, 90)
    assert again[0] == 304


async def test_a_snapshot_of_a_moment_is_that_moments_picture(
    served: Served, segment: Segment
) -> None:
    query = {"time": "2026-01-01T00:00:02.500Z"}

    status, headers, jpeg = await served.exchange(
        "GET", "/api/v1/cameras/cam01/snapshot", who="viewer-a", params=query
    )

    assert status == 200
    assert headers["X-GTV-Time"].startswith("2026-01-01T00:00:02.4")
    assert Image.open(io.BytesIO(jpeg)).size == (320, 180)


async def test_a_snapshot_of_now_has_the_width_asked_for(
    served: Served, monitor: FakeMonitor
) -> None:
    monitor.pictures["cam01"] = Picture(b"jpeg", START_US, 320, 180)

    status, headers, jpeg = await served.exchange(
        "GET", "/api/v1/cameras/cam01/snapshot", who="viewer-a", params={"width": "320"}
    )

    assert (status, jpeg) == (200, b"jpeg")
    assert headers["X-Picture-Time"] == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize("time", ["yesterday", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"])
async def test_what_is_no_time_is_refused(served: Served, segment: Segment, time: str) -> None:
    status, content = await served.call("GET", f"/cameras/cam01/thumbnails/{time}", who="viewer-a")

    assert (status, content["code"]) == (422, "invalid_input")


async def test_pictures_that_were_looked_at_are_written_down(
    served: Served, segment: Segment
) -> None:
    for second in range(3):
        path = f"/cameras/cam01/thumbnails/2026-01-01T00:00:0{second}Z"
        await served.call("GET", path, who="viewer-a")

    _, page = await served.call("GET", "/audit", who="admin-a", params={"action": "footage."})

    assert [entry["action"] for entry in page["items"]] == ["footage.viewed"]


async def test_pictures_of_another_tenant_do_not_exist(served: Served, segment: Segment) -> None:
    for path in ("thumbnails/2026-01-01T00:00:00Z", "snapshot?time=2026-01-01T00:00:00Z"):
        status, content = await served.call("GET", f"/cameras/cam01/{path}", who="viewer-b")
        assert (status, content["code"]) == (404, "unknown_camera")
        assert (await served.call("GET", f"/cameras/cam01/{path}", who="auditor-a"))[0] == 403
