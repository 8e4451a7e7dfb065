"""Four street cameras that need no street: drawn, encoded and served over RTSP on loopback."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from gtvision_edge.cameras.model import Place as Whereabouts
from gtvision_edge.demo.encoder import PictureEncoder
from gtvision_edge.demo.places.avenue import AVENUE
from gtvision_edge.demo.places.gate import GATE
from gtvision_edge.demo.places.place import Place
from gtvision_edge.demo.places.ramp import RAMP
from gtvision_edge.demo.places.yard import YARD
from gtvision_edge.demo.scene import Scene
from gtvision_edge.demo.sound import RATE, StreetNoise
from gtvision_edge.demo.studio import Channel, Feed, Studio
from gtvision_edge.demo.traffic import Direction, Flow, Town
from gtvision_edge.media.embedded.rtsp import Credentials, RtspServer, TrackDescription
from gtvision_edge.runtime.clock import Clock

USERNAME = "admin"
PASSWORD = "rua:aurora/42"  # noqa: S105 (made up, loopback only; awkward on purpose)

_SUB_SIZE = (640, 360)


@dataclass(frozen=True, slots=True)
class _Model:
    """A camera as it is set up; ``lanes`` as in :class:`Flow`."""

    path: str
    name: str
    place: Place
    where: Whereabouts
    every_s: float
    lanes: Sequence[Direction]
    codec: Literal["h264", "h265"]
    fps: int
    has_sound: bool = False


_MODELS = (
    _Model(
        "portaria1",
        "Portaria 1",
        GATE,
        Whereabouts(-23.54372, -46.64213, 215.0, "Rua Aurora, portaria principal"),
        every_s=11.0,
        lanes=("approaching", "receding"),
        codec="h264",
        fps=8,
    ),
    _Model(
        "avbrasil",
        "Av. Brasil sentido centro",
        AVENUE,
        Whereabouts(-23.54108, -46.63874, 130.0, "Av. Brasil, altura do nº 410"),
        every_s=5.0,
        lanes=("approaching", "approaching", "approaching"),
        codec="h264",
        fps=10,
        has_sound=True,
    ),
    _Model(
        "pationorte",
        "Pátio norte",
        YARD,
        Whereabouts(-23.54246, -46.64395, 350.0, "Pátio norte, docas 1 a 9"),
        every_s=12.0,
        lanes=("receding", "approaching"),
        codec="h265",
        fps=8,
    ),
    _Model(
        "rampab1",
        "Rampa B1",
        RAMP,
        Whereabouts(-23.54331, -46.64301, 90.0, "Garagem, subsolo 1"),
        every_s=9.0,
        lanes=("receding", "approaching"),
        codec="h264",
        fps=8,
    ),
)


@dataclass(frozen=True, slots=True)
class StreetCamera:
    """A camera on the air, with what an installer would type in. URLs carry no credentials."""

    name: str
    path: str
    """Its name in addresses."""
    vendor: str
    main_url: str
    sub_url: str
    username: str
    password: str
    place: Whereabouts
    scene: Scene
    """Knows who passes when, and how it looks."""


def street_town(count: int = len(_MODELS)) -> Town:
    """Return the traffic of the first *count* cameras."""
    return Town([Flow(model.name, model.every_s, model.lanes) for model in _MODELS[:count]])


@asynccontextmanager
async def open_street_cameras(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    zone: tzinfo,
    clock: Clock,
    count: int = len(_MODELS),
) -> AsyncIterator[list[StreetCamera]]:
    """Put *count* (1 to 4) cameras on the air until the block ends; *zone* is that of their clocks.

    All are drawn and encoded in one thread, and only while somebody reads them.

    Raises:
        OSError: *port* is taken.

    """
    town = street_town(count)
    async with RtspServer(host, port, clock=clock) as server:
        cameras: list[StreetCamera] = []
        channels: list[Channel] = []
        for model in _MODELS[:count]:
            scene = await asyncio.to_thread(Scene, model.name, model.place, town, zone)
            channels.append(await _open_channel(model, scene, server, clock))
            cameras.append(
                StreetCamera(
                    name=model.name,
                    path=model.path,
                    vendor="generic_rtsp",
                    main_url=f"{server.url}/{model.path}/main",
                    sub_url=f"{server.url}/{model.path}/sub",
                    username=USERNAME,
                    password=PASSWORD,
                    place=model.where,
                    scene=scene,
                )
            )
        studio = Studio(channels, clock)
        studio.start()
        try:
            yield cameras
        finally:
            await studio.stop()


async def _open_channel(model: _Model, scene: Scene, server: RtspServer, clock: Clock) -> Channel:
    lens = model.place.lens
    main = await _open_feed(model, scene, server, clock, size=(lens.width, lens.height))
    sub = await _open_feed(model, scene, server, clock, size=_SUB_SIZE, is_sub=True)
    noise = await asyncio.to_thread(StreetNoise, model.path) if model.has_sound else None
    return Channel(scene, model.fps, main, sub, noise)


async def _open_feed(
    model: _Model,
    scene: Scene,
    server: RtspServer,
    clock: Clock,
    *,
    size: tuple[int, int],
    is_sub: bool = False,
) -> Feed:
    """Encode a first picture, for the parameter sets in it, and publish the stream."""
    codec = "h264" if is_sub else model.codec
    encoder = PictureEncoder(codec, size, model.fps, 28 if is_sub else 26)

    def first() -> bytes:
        encoded = encoder.encode(scene.draw(clock.now_us()).scaled(size), as_key=True)
        return encoded.data if encoded else b""

    describe = TrackDescription.h264 if codec == "h264" else TrackDescription.h265
    tracks = [describe(await asyncio.to_thread(first))]
    if model.has_sound and not is_sub:
        tracks.append(TrackDescription.g711("pcma", RATE))
    publication = server.publish(
        f"{model.path}/{'sub' if is_sub else 'main'}",
        tracks,
        credentials=Credentials(USERNAME, PASSWORD),
    )
    return Feed(encoder, size, publication)
