"""What is made of the media server and of the disk, when one of them has its troubles."""

import asyncio
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.model import CameraOnAir, PathView
from gtvision_edge.media.view import MediaViews
from tests.fakes.cameras import FakeCamera, FakeDirectory
from tests.fakes.clock import FakeClock


class Disk:
    """Finds a camera's directory, or fails, or hangs until let go."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.failure: Exception | None = None
        self.released = threading.Event()
        self.released.set()

    def __call__(self, _: CameraOnAir) -> Path:
        self.released.wait(10)
        if self.failure is not None:
            raise self.failure
        return self.directory


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "2026-01-01").mkdir()
    return Disk(tmp_path)


@pytest.fixture
def asked() -> list[float]:
    """When the media server was asked, by the monotonic clock."""
    return []


@pytest.fixture
async def views(disk: Disk, clock: FakeClock, asked: list[float]) -> AsyncIterator[MediaViews]:
    async def paths(_: web.Request) -> web.Response:
        asked.append(clock.monotonic())
        item = {"name": "cam01_rec", "available": True, "inboundBytes": 1}
        return web.json_response({"pageCount": 1, "itemCount": 1, "items": [item]})

    application = web.Application()
    application.router.add_get("/v3/paths/list", paths)
    cameras, admissions = FakeDirectory(), Admissions()
    admissions.confirm({"cam01_rec": FakeCamera("cam01").camera_uuid})
    cameras.put(FakeCamera("cam01"), "rtsp://x/")
    async with (
        TestServer(application, host="127.0.0.1") as server,
        aiohttp.ClientSession() as session,
    ):
        client = MediaServerClient(str(server.make_url("")), 5, session)
        views = MediaViews(client, cameras, recordings=disk, admissions=admissions, clock=clock)
        yield views
        views.close()


async def is_seen_recording(views: MediaViews, file: Path) -> bool:
    """Look while *file* grows."""
    for size in (10, 20):
        file.write_bytes(bytes(size))
        await views.look()
    return views.path_view("cam01") == PathView(True, True, True)


async def test_a_look_at_the_disk_that_failed_is_over(
    views: MediaViews, disk: Disk, tmp_path: Path
) -> None:
    disk.failure = RuntimeError("odd")
    with pytest.raises(RuntimeError):
        await views.look()

    disk.failure = None

    assert await is_seen_recording(views, tmp_path / "2026-01-01" / "00-00-00-000000.mp4")


async def test_a_directory_that_cannot_be_read_is_told_once_and_not_taken_for_a_quiet_one(
    views: MediaViews, tmp_path: Path
) -> None:
    day = tmp_path / "2026-01-01"
    day.rmdir()
    day.symlink_to(day)

    with capture_logs() as logs:
        await views.look()
        await views.look()
        day.unlink()
        day.mkdir()
        recorded = await is_seen_recording(views, day / "00-00-00-000000.mp4")

    assert [(each["event"], each["camera_id"], each["reason"]) for each in logs] == [
        ("recording_unreadable", "cam01", "ELOOP")
    ]
    assert recorded


async def test_a_disk_that_hung_is_looked_at_again(
    views: MediaViews, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtvision_edge.media.view.DISK_PATIENCE_S", 0.05)
    disk.released.clear()
    await views.look()
    assert views.path_view("cam01") == PathView(True, True, False)

    disk.released.set()
    monkeypatch.setattr("gtvision_edge.media.view.DISK_PATIENCE_S", 5)
    await views.look()  # the look that hung comes home, before there is a file

    assert await is_seen_recording(views, tmp_path / "2026-01-01" / "00-00-00-000000.mp4")


async def test_it_looks_each_second_after_news_and_every_two_in_calm(
    views: MediaViews, clock: FakeClock, asked: list[float], tmp_path: Path
) -> None:
    looking = asyncio.create_task(views.run())
    try:
        while len(asked) < 25:
            await clock.until_asleep()
            await clock.advance(1)
        (tmp_path / "2026-01-01" / "00-00-00-000000.mp4").write_bytes(bytes(10))
        for size in range(20, 80, 10):
            await clock.until_asleep()
            (tmp_path / "2026-01-01" / "00-00-00-000000.mp4").write_bytes(bytes(size))
            await clock.advance(1)
    finally:
        looking.cancel()
        await asyncio.wait({looking})

    steps = [after - before for before, after in pairwise(asked)]
    calm = steps.index(2)
    assert asked[calm] - asked[0] >= 15
    assert set(steps[:calm]) == {1}
    assert steps[calm:24] == [2] * (24 - calm)
    assert steps[-1] == 1
