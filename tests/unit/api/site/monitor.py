"""What the cameras, the media server and the lines look like, as tests set it."""

from dataclasses import dataclass, field

import pytest
from aiohttp import web

from gtvision_edge.archive.model import StoreState, Totals
from gtvision_edge.archive.watch import ArchiveView
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import CameraState, CameraUuid, StateEntry
from gtvision_edge.lines.standing import Standing
from gtvision_edge.media.model import MediaServerState, PathView
from gtvision_edge.media.path_troubles import PathTrouble
from gtvision_edge.media.posters import Picture
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.uplink.link import LinkState
from gtvision_edge.uplink.outbox import Backlog
from gtvision_edge.uplink.watch import LineView

UP = MediaServerState(True, 0, "gtvision-embedded-1", "embedded")


@dataclass
class FakeMonitor:
    """States, views, pictures and the media server, as tests set them."""

    states: dict[str, StateEntry] = field(default_factory=dict)
    histories: dict[CameraUuid, list[StateEntry]] = field(default_factory=dict)
    views: dict[str, PathView] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    state: MediaServerState = UP
    watching: int = 3
    findings: list[Finding] = field(default_factory=list)
    offers_webrtc: bool = False
    troubles: dict[str, list[PathTrouble]] = field(default_factory=dict)
    archive: ArchiveView = field(
        default_factory=lambda: ArchiveView(Standing(StoreState.OFF, 0), Totals())
    )
    line: LineView = field(
        default_factory=lambda: LineView(Standing(LinkState.OFF, 0), Backlog(), 0.0, {})
    )

    def watched_line(self) -> "FakeLine":
        return FakeLine(self)

    def watched_archive(self) -> "FakeArchive":
        return FakeArchive(self)

    def of(self, camera_id: str) -> list[PathTrouble]:
        return self.troubles.get(camera_id, [])

    def state_of(self, camera_id: str) -> StateEntry:
        return self.states.get(camera_id, StateEntry(CameraState.UNKNOWN, 0))

    async def history(self, camera_uuid: CameraUuid, *, limit: int) -> list[StateEntry]:
        return self.histories.get(camera_uuid, [])[:limit]

    def path_view(self, camera_id: str) -> PathView | None:
        return self.views.get(camera_id)

    def inbound_bytes(self, camera_id: str) -> int:
        return 1000 if camera_id in self.views else 0

    async def admit(self, request: web.Request, path: str) -> str:
        raise UnknownCameraError("No gateway here.")

    async def poster_jpeg(self, camera_id: str, *, width: int) -> Picture | None:
        return self.pictures.get(camera_id)

    def viewers(self) -> int:
        return self.watching


@dataclass
class FakeLine:
    """The line to the hub as the monitor's test wants it seen."""

    monitor: FakeMonitor

    @property
    def view(self) -> LineView:
        return self.monitor.line


@dataclass
class FakeArchive:
    """The copies in the object store, likewise."""

    monitor: FakeMonitor

    @property
    def view(self) -> ArchiveView:
        return self.monitor.archive


@pytest.fixture
def monitor() -> FakeMonitor:
    return FakeMonitor()
