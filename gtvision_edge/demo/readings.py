"""Has the demo's cameras read plates: from the first secret to the plate that somebody wants to hear of."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from gtvision_edge.accounts import THE_BOX
from gtvision_edge.cameras.model import Camera
from gtvision_edge.demo.frames import FRAMES_PORT, open_frames
from gtvision_edge.demo.pushing import PlatePusher
from gtvision_edge.demo.recognition import recognise
from gtvision_edge.demo.site import DemoSite
from gtvision_edge.demo.traffic import Passage
from gtvision_edge.detections.errors import AlreadyWatchedError
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.watchlist import NewWatch
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import DetectionSettings

FRAMES_SOURCE: Final = "127.0.0.1/32"
WANTED_FOR: Final = "Demonstração: veículo com queixa de roubo"
SOONEST_US: Final = 20_000_000
LATEST_US: Final = 50_000_000
"""A wanted plate passes between these after the demo's first start: people have logged in, and the first minute is not over."""


def with_frames(settings: DetectionSettings) -> DetectionSettings:
    """Return *settings* with the demo's pictures among the sources of pictures: they are on this box."""
    sources = (*settings.picture_sources, FRAMES_SOURCE)
    return settings.model_copy(update={"picture_sources": sources})


@asynccontextmanager
async def open_demo_readings(
    site: DemoSite,
    detections: Detections,
    *,
    url: str,
    clock: Clock,
    frames_port: int = FRAMES_PORT,
) -> AsyncIterator[PlatePusher]:
    """Yield what tells the box at *url* of the plates that pass; the caller runs it.

    On a new site a plate that is about to pass is put on the watchlist. Whoever takes it off has it off for good.
    """

    async def secret_of(camera: Camera) -> str:
        present = detections.secrets.present(camera.camera_uuid)
        if present is not None:
            return present.text
        made = await detections.access.renew(THE_BOX, camera.camera_id, at_once=False)
        return made.secret

    if site.is_new:
        await _want_a_plate(site, detections, clock.now_us())
    async with open_frames(site.street, clock, port=frames_port) as frames:
        yield PlatePusher(
            site.street,
            url=url,
            frames=frames,
            find=site.find,
            secret_of=secret_of,
            zone=site.zone,
            clock=clock,
        )


async def _want_a_plate(site: DemoSite, detections: Detections, now_us: int) -> None:
    coming = min(_readable(site, now_us), key=lambda passage: passage.at_us, default=None)
    if coming is None:
        return
    wanted = NewWatch(coming.plate, WANTED_FOR, WatchLevel.CRITICAL)
    try:
        await detections.watchlist.add(THE_BOX, wanted)
    except AlreadyWatchedError:
        return


def _readable(site: DemoSite, now_us: int) -> Iterator[Passage]:
    for drawn in site.street:
        if site.find(drawn) is None:
            continue
        for passage in drawn.scene.passages(now_us + SOONEST_US, now_us + LATEST_US):
            if recognise(passage, drawn.scene.place.light).plate is not None:
                yield passage
