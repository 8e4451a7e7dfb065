from pathlib import Path

import pytest

from gtvision_edge.media.model import MediaServerState
from gtvision_edge.media.unseen_folder import PATIENCE_S, UnseenFolder
from gtvision_edge.runtime.findings import Finding, Severity
from tests.fakes.clock import FakeClock

TOLD = [
    Finding(
        "media_server_sees_no_folder",
        Severity.ALARM,
        {"folder": "/var/lib/gtvision-edge", "cameras": 2},
    )
]


class Box:
    """Two cameras with pictures beside a MediaMTX, none recorded; a test changes what it likes."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.server = MediaServerState(up=True, since_us=0, version="v1.20.1", kind="mediamtx")
        self.recorded, self.unrecorded = 0, 2
        self.watch = UnseenFolder(
            lambda: Path("/var/lib/gtvision-edge/mounted-volume"),
            server=lambda: self.server,
            recorded=lambda: self.recorded,
            unrecorded=lambda: self.unrecorded,
            clock=self.clock,
        )

    async def wait(self, seconds: float = PATIENCE_S) -> list[Finding]:
        self.watch.findings()
        await self.clock.advance(seconds)
        return self.watch.findings()


async def test_cameras_with_a_picture_of_which_none_is_recorded_are_told_after_a_while() -> None:
    box = Box()

    assert await box.wait(PATIENCE_S - 1) == []
    assert await box.wait(1) == TOLD


async def test_it_goes_with_the_first_file_that_grows_and_counts_anew_after_it() -> None:
    box = Box()
    assert await box.wait() == TOLD

    box.recorded, box.unrecorded = 1, 1
    assert box.watch.findings() == []
    box.recorded, box.unrecorded = 0, 2
    assert await box.wait(PATIENCE_S - 1) == []


@pytest.mark.parametrize(
    "server",
    [
        MediaServerState(up=True, since_us=0, version="1", kind="embedded"),
        MediaServerState(up=False, since_us=0, kind="mediamtx", error="media_server_silent"),
    ],
)
async def test_another_cause_is_told_elsewhere(server: MediaServerState) -> None:
    box = Box()
    box.server = server

    assert await box.wait() == []


async def test_no_camera_that_waits_to_be_recorded_is_no_trouble() -> None:
    box = Box()
    box.unrecorded = 0

    assert await box.wait() == []
