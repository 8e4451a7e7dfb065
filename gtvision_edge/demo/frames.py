"""The pictures of passages, as the cameras show them, for whoever is told where they are."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, TypeVar, TypeVarTuple

from aiohttp import web

from gtvision_edge.demo.cameras import StreetCamera
from gtvision_edge.demo.scene import Scene
from gtvision_edge.demo.traffic import Passage
from gtvision_edge.runtime.clock import Clock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

FRAMES_PORT: Final = 8656
"""Where they are, if nobody else is there."""
_HOST: Final = "127.0.0.1"
_QUALITY: Final = 88


class Frames:
    """Draws the picture of a passage when it is asked for, on one thread; nothing is kept.

    A passage's picture is the same at any time, so its address stays good over restarts.
    """

    def __init__(self, street: Sequence[StreetCamera], clock: Clock) -> None:
        self._scenes: Mapping[str, Scene] = {drawn.path: drawn.scene for drawn in street}
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "demo-frames")
        self.url = ""
        """Set once they are served."""

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def url_of(self, drawn: StreetCamera, passage: Passage) -> str:
        return f"{self.url}/{drawn.path}/{passage.at_us}.jpg"

    async def plate_area(
        self, drawn: StreetCamera, passage: Passage
    ) -> tuple[float, float, float, float]:
        """Return where the plate is in the picture: left, top, width, height, each 0 to 1 of the picture's."""
        lens = drawn.scene.place.lens
        left, top, right, bottom = await self._in_thread(drawn.scene.plate_box, passage)
        return (
            round(left / lens.width, 5),
            round(top / lens.height, 5),
            round((right - left) / lens.width, 5),
            round((bottom - top) / lens.height, 5),
        )

    async def answer(self, request: web.Request) -> web.Response:
        """Answer with the picture of a passage that was."""
        scene = self._scenes.get(request.match_info["camera"])
        at_us = int(request.match_info["at_us"])
        is_past = at_us <= self._clock.now_us()
        if scene is None or not is_past or not scene.passages(at_us, at_us + 1):
            raise web.HTTPNotFound
        jpeg = await self._in_thread(_jpeg, scene, at_us)
        return web.Response(body=jpeg, content_type="image/jpeg")

    async def _in_thread(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


@asynccontextmanager
async def open_frames(
    street: Sequence[StreetCamera], clock: Clock, *, port: int = FRAMES_PORT
) -> AsyncIterator[Frames]:
    """Serve the pictures of *street* on loopback, on any port where *port* is taken."""
    frames = Frames(street, clock)
    application = web.Application()
    application.router.add_get(r"/{camera:[a-z0-9]+}/{at_us:\d{1,18}}.jpg", frames.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        frames.url = f"http://{_HOST}:{await _listen(runner, port)}"
        yield frames
    finally:
        await runner.cleanup()
        frames.close()


async def _listen(runner: web.AppRunner, port: int) -> int:
    try:
        await web.TCPSite(runner, _HOST, port).start()
    except OSError:
        await web.TCPSite(runner, _HOST, 0).start()
    return int(runner.addresses[0][1])


def _jpeg(scene: Scene, at_us: int) -> bytes:
    file = io.BytesIO()
    scene.draw(at_us).picture().save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
