"""Cameras as the media package sees them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gtvision_edge.cameras.model import Profile
from gtvision_edge.media.model import CameraOnAir


@dataclass(frozen=True, slots=True)
class FakeCamera:
    camera_id: str = "cam01"
    camera_uuid: str = "00000000-0000-7000-8000-000000000001"
    tenant_id: str = "town"
    name: str = "Gate"
    enabled: bool = True
    record: bool = True
    main_profile: Profile | None = None
    sub_profile: Profile | None = None


class FakeDirectory:
    """A camera directory whose cameras and addresses a test sets by hand."""

    def __init__(self) -> None:
        self.cameras: dict[str, FakeCamera] = {}
        self.urls: dict[tuple[str, str], str] = {}

    def put(self, camera: FakeCamera, main: str, sub: str | None = None) -> None:
        self.cameras[camera.camera_id] = camera
        self.urls[camera.camera_id, "main"] = main
        self.urls.pop((camera.camera_id, "sub"), None)
        if sub is not None:
            self.urls[camera.camera_id, "sub"] = sub

    def all_cameras(self) -> Sequence[FakeCamera]:
        return tuple(self.cameras.values())

    def find_camera(self, camera_id: str) -> FakeCamera | None:
        return self.cameras.get(camera_id)

    def stream_url(self, camera_id: str, profile: Literal["main", "sub"]) -> str | None:
        return self.urls.get((camera_id, profile))


def named_in(volume: Path) -> Callable[[CameraOnAir], Path | None]:
    """Find recordings by the camera's name alone, for volumes without markers."""
    return lambda camera: volume / f"{camera.camera_id}_rec"
