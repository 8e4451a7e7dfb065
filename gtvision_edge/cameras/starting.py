"""Cameras asked for on the command line of the daemon."""

from dataclasses import dataclass

from gtvision_edge.accounts import THE_BOX
from gtvision_edge.cameras.model import NewCamera, ProbeRequest
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.cameras.urls import mask_url
from gtvision_edge.errors import EdgeError


@dataclass(frozen=True, slots=True)
class CameraOutcome:
    """What became of a camera; *error* is a sentence, '' = it is on the site."""

    name: str
    error: str = ""


async def add_typed_camera(cameras: CameraService, url: str) -> CameraOutcome:
    """Add the camera at an RTSP address with its credentials inside; one that the site has already is left alone."""
    shown = mask_url(url)
    request = ProbeRequest(vendor="generic_rtsp", main_url=url)
    try:
        for camera in cameras.all_cameras():
            if cameras.stream_url(camera.camera_id, "main") == url:
                return CameraOutcome(camera.name)
        camera = await cameras.add(THE_BOX, NewCamera(name=_name_of(shown), address=request))
    except EdgeError as error:
        return CameraOutcome(shown, f"{error.message} [{error.code}]")
    return CameraOutcome(camera.name)


def _name_of(shown: str) -> str:
    host = shown.partition("://")[2].rpartition("@")[2].partition("/")[0]
    return f"Câmera {host}"[:80]
