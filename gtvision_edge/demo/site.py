"""Puts the drawn street cameras on a site."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from pydantic import SecretStr

from gtvision_edge.accounts import THE_BOX
from gtvision_edge.cameras.model import Camera, CameraChange, NewCamera, ProbeRequest
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.cameras.starting import CameraOutcome
from gtvision_edge.demo.cameras import StreetCamera, open_street_cameras
from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.clock import Clock

DEMO_PORT: Final = 8655
"""Where the street's cameras are, if nobody else is there."""

_PROBED_AFTER_S: Final = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class DemoSite:
    """The street as it is on the site."""

    street: tuple[StreetCamera, ...]
    outcomes: tuple[CameraOutcome, ...]
    """What became of each that was put on the site."""
    is_new: bool
    """None of them was on the site before."""
    cameras: CameraService
    zone: tzinfo

    def find(self, drawn: StreetCamera) -> Camera | None:
        """Return the site's camera that *drawn* is, None = somebody removed it."""
        return _find_known(self.cameras, drawn)


@asynccontextmanager
async def open_demo_site(
    cameras: CameraService, *, zone: tzinfo, clock: Clock
) -> AsyncIterator[DemoSite]:
    """Put the street's cameras on the air and on the site; they go off the air with the block, and stay on the site."""
    async with AsyncExitStack() as stack:
        try:
            street = await stack.enter_async_context(
                open_street_cameras(port=DEMO_PORT, zone=zone, clock=clock)
            )
        except OSError:
            street = await stack.enter_async_context(open_street_cameras(zone=zone, clock=clock))
        known = {drawn.name: _find_known(cameras, drawn) for drawn in street}
        wanted = [
            # Whoever removed one of them does not want it back at the next start.
            drawn
            for drawn in street
            if known[drawn.name] is not None or not any(known.values())
        ]
        outcomes = await asyncio.gather(
            *(_put_on_site(cameras, drawn, known[drawn.name]) for drawn in wanted)
        )
        is_new = not any(known.values())
        yield DemoSite(tuple(street), tuple(outcomes), is_new, cameras, zone)


async def _put_on_site(
    cameras: CameraService, drawn: StreetCamera, known: Camera | None
) -> CameraOutcome:
    for wait_s in _PROBED_AFTER_S:
        await asyncio.sleep(wait_s)
        with contextlib.suppress(EdgeError):
            await _put(cameras, drawn, known, skip_probe=False)
            return CameraOutcome(drawn.name)
    # A machine so busy that no picture came in time; the camera is ours, and there.
    try:
        await _put(cameras, drawn, known, skip_probe=True)
    except EdgeError as error:
        return CameraOutcome(drawn.name, f"{error.message} [{error.code}]")
    return CameraOutcome(drawn.name)


async def _put(
    cameras: CameraService, drawn: StreetCamera, known: Camera | None, *, skip_probe: bool
) -> None:
    if known is None:
        await cameras.add(THE_BOX, replace(_as_new(drawn), skip_probe=skip_probe))
    elif known.main_url != drawn.main_url:  # the port was another one last time
        change = CameraChange(main_url=drawn.main_url, sub_url=drawn.sub_url, skip_probe=skip_probe)
        await cameras.update(THE_BOX, known.camera_id, change)


def _as_new(drawn: StreetCamera) -> NewCamera:
    address = ProbeRequest(
        vendor=drawn.vendor,
        main_url=drawn.main_url,
        sub_url=drawn.sub_url,
        username=drawn.username,
        password=SecretStr(drawn.password),
    )
    return NewCamera(name=drawn.name, address=address, place=drawn.place)


def _find_known(cameras: CameraService, drawn: StreetCamera) -> Camera | None:
    return next((camera for camera in cameras.all_cameras() if _is_same(camera, drawn)), None)


def _is_same(camera: Camera, drawn: StreetCamera) -> bool:
    return (
        camera.host == "127.0.0.1"
        and camera.main_url is not None
        and camera.main_url.partition("//")[2].partition("/")[2]
        == drawn.main_url.partition("//")[2].partition("/")[2]
    )
