"""The pictures of passages, as the cameras show them, for whoever is told where they are."""

import asyncio
import io
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gtvision_edge.demo.cameras import StreetCamera
from gtvision_edge.demo.scene import Scene
from gtvision_edge.demo.traffic import Passage
from gtvision_edge.runtime.clock import Clock

FRAMES_PORT: Final = 8656
"""Where they are, if nobody else is there."""
_HOST: Final = "127.0.0.1"
_QUALITY: Final = 88
_KEPT: Final = 12
"""Pictures in memory, a tenth of a megabyte each: those that are awaited, of four cameras, and the last ones."""

Area = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Frame:
    jpeg: bytes
    plate_area: Area


class Frames:
    """Draws the pictures of passages on one thread: ahead of them where it was told to :meth:`expect` one, else when one is asked for.

    A passage's picture is the same at any time, so its address stays good over restarts. The last few are kept.
    """

    def __init__(self, street: Sequence[StreetCamera], clock: Clock) -> None:
        self._scenes: Mapping[str, Scene] = {drawn.path: drawn.scene for drawn in street}
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "demo-frames")
        self._drawn: OrderedDict[tuple[str, int], Future[_Frame]] = OrderedDict()
        self.url = ""
        """Set once they are served."""

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def url_of(self, drawn: StreetCamera, passage: Passage) -> str:
        return f"{self.url}/{drawn.path}/{passage.at_us}.jpg"

    def expect(self, drawn: StreetCamera, passage: Passage) -> None:
        """Have the picture of *passage*, which is to come, drawn by then. Does nothing the second time."""
        self._drawing(drawn.path, drawn.scene, passage)

    async def plate_area(self, drawn: StreetCamera, passage: Passage) -> Area:
        """Return where the plate is in the picture: left, top, width, height, each 0 to 1 of the picture's."""
        return (await self._frame(drawn.path, drawn.scene, passage)).plate_area

    async def answer(self, request: web.Request) -> web.Response:
        """Answer with the picture of a passage that was."""
        path = request.match_info["camera"]
        scene = self._scenes.get(path)
        at_us = int(request.match_info["at_us"])
        is_past = at_us <= self._clock.now_us()
        passages = scene.passages(at_us, at_us + 1) if scene is not None and is_past else []
        if scene is None or not passages:
            raise web.HTTPNotFound
        frame = await self._frame(path, scene, passages[0])
        return web.Response(body=frame.jpeg, content_type="image/jpeg")

    async def _frame(self, path: str, scene: Scene, passage: Passage) -> _Frame:
        # Who goes away takes nobody else's picture along.
        return await asyncio.shield(asyncio.wrap_future(self._drawing(path, scene, passage)))

    def _drawing(self, path: str, scene: Scene, passage: Passage) -> Future[_Frame]:
        key = path, passage.at_us
        found = self._drawn.get(key)
        if found is None or (found.done() and found.exception() is not None):
            found = self._drawn[key] = self._thread.submit(_draw, scene, passage)
            if len(self._drawn) > _KEPT:
                self._drawn.popitem(last=False)
        return found


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


def _draw(scene: Scene, passage: Passage) -> _Frame:
    lens = scene.place.lens
    left, top, right, bottom = scene.plate_box(passage)
    area = (
        round(left / lens.width, 5),
        round(top / lens.height, 5),
        round((right - left) / lens.width, 5),
        round((bottom - top) / lens.height, 5),
    )
    file = io.BytesIO()
    scene.draw(passage.at_us).picture().save(file, "JPEG", quality=_QUALITY)
    return _Frame(file.getvalue(), area)
