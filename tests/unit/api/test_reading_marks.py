"""A camera's timeline tells its readings: their times to all who may see the camera, their plates to nobody."""

import json

import pytest

from gtvision_edge.recordings.model import CameraNo
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import a_segment, add, keep, place
from tests.unit.api.conftest import Served
from tests.unit.api.test_plates import access, message, post

HOUR = {"start": "2025-12-31T23:30:00Z", "end": "2026-01-01T00:30:00Z"}


@pytest.fixture
async def camera_no(database: Database, served: Served, clock: FakeClock) -> CameraNo:
    """cam01 of tenant a, recorded, whose wanted plate passes."""
    rows = await database.fetch_all("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam01'")
    fake = FakeCamera("cam01", camera_uuid=rows[0]["camera_uuid"], tenant_id="a")
    (number,) = await keep(database, fake)
    await place(database, number, "cam01_rec")
    await add(database, a_segment(number))
    secret = (await access(served))["secret"]
    watch = {"placa": "ABC1D23", "reason": "roubado", "level": "warning"}
    status, made = await served.call("POST", "/watchlist", who="operator-a", json=watch)
    assert status == 201, made
    for plate in ("XYZ9A87", "ABC1D23"):
        status, made = await post(served, json.dumps(message(clock, secret, placa=plate)).encode())
        assert status == 202, made
        await clock.advance(5)
    return number


@pytest.mark.parametrize("who", ["admin-a", "operator-a", "narrow-a", "viewer-a", "auditor-a"])
async def test_readings_stand_on_the_timeline_without_their_plates(
    served: Served, camera_no: CameraNo, who: str
) -> None:
    status, told = await served.call("GET", "/cameras/cam01/timeline", who=who, params=HOUR)

    assert status == 200
    plain, wanted = told["detections"]
    assert plain["start"] == plain["end"] == "2026-01-01T00:00:00+00:00"
    assert (plain["level"], wanted["level"]) == (None, "warning")
    assert wanted["start"] == "2026-01-01T00:00:05+00:00"
    assert not any(plate in json.dumps(told) for plate in ("XYZ9A87", "ABC1D23"))


async def test_the_plate_is_for_who_may_read_plates(served: Served, camera_no: CameraNo) -> None:
    _, told = await served.call("GET", "/cameras/cam01/timeline", who="auditor-a", params=HOUR)
    detection_id = told["detections"][0]["detection_id"]

    status, found = await served.call("GET", f"/detections/{detection_id}", who="viewer-a")
    refused, _ = await served.call("GET", f"/detections/{detection_id}", who="auditor-a")

    assert (status, found["placa"], refused) == (200, "XYZ9A87", 403)


async def test_strangers_see_no_timeline_and_no_reading(
    served: Served, camera_no: CameraNo
) -> None:
    status, _ = await served.call("GET", "/cameras/cam01/timeline", who="viewer-b", params=HOUR)

    assert status == 404
