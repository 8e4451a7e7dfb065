"""What this package knows of cameras and tells about the media server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from gtvision_edge.cameras.model import Profile


class CameraOnAir(Protocol):
    """The part of a camera that decides its paths and who may watch it."""

    @property
    def camera_id(self) -> str: ...
    @property
    def camera_uuid(self) -> str: ...
    @property
    def tenant_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def record(self) -> bool: ...
    @property
    def main_profile(self) -> Profile | None: ...
    @property
    def sub_profile(self) -> Profile | None: ...


RecordingsOf = Callable[[CameraOnAir], Path | None]
"""Returns the directory with a camera's own footage, None where there is none. Blocks; called in any thread.

What lies under the camera's name may still be that of a removed camera, perhaps of another tenant.
"""


class CameraDirectory(Protocol):
    """The cameras of the site, in memory; every call returns at once."""

    def all_cameras(self) -> Sequence[CameraOnAir]: ...

    def stream_url(self, camera_id: str, profile: Literal["main", "sub"]) -> str | None:
        """Return the address with credentials, None where the camera has no such stream."""
        ...


@dataclass(frozen=True, slots=True)
class MediaServerState:
    """What is known of the media server.

    ``version`` and ``kind`` (``embedded`` or ``mediamtx``) are those last seen, empty before the first answer.
    ``error`` is the code of the failure while it is down, empty before it was first asked.
    """

    up: bool
    since_us: int
    version: str = ""
    kind: str = ""
    error: str = ""

    @property
    def was_asked(self) -> bool:
        return self.up or bool(self.error)


@dataclass(frozen=True, slots=True)
class MediaServerFound:
    """The media server answers, for the first time or again."""

    version: str
    kind: str


@dataclass(frozen=True, slots=True)
class PathView:
    """The media server's own view of a camera's main stream.

    ``available``: there is a stream. ``receiving``: bytes came in the last seconds. ``recording``: its file grows.
    """

    available: bool
    receiving: bool
    recording: bool
