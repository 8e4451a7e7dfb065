"""A path's playlists while what the media server has of it changes under a request."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtvision_edge.media.live import LiveStream, StreamState
from gtvision_edge.media.placeholder import Placeholder, render_placeholder
from gtvision_edge.media.upstream import Upstream, open_lines
from tests.fakes.clock import FakeClock
from tests.waiting import patiently

VIDEO = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01e"\nvideo1_stream.m3u8\n'
BOTH = (
    '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio1",DEFAULT=YES,URI="audio1_stream.m3u8"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="audio"\nvideo1_stream.m3u8\n'
)
MEDIA = '#EXTM3U\n#EXT-X-MAP:URI="{0}_init.mp4"\n#EXTINF:2,\n{0}_seg1.mp4\n'


class Server:
    """A media server with one path; ``index`` is its multivariant playlist."""

    def __init__(self) -> None:
        self.index = BOTH
        self.media_asked = asyncio.Semaphore(0)
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def handle(self, request: web.Request) -> web.Response:
        file = request.path.rpartition("/")[2]
        if file == "index.m3u8":
            return web.Response(text=self.index)
        self.media_asked.release()
        await self.may_answer.wait()
        return web.Response(text=MEDIA.format(file.partition("_")[0]))


@asynccontextmanager
async def streaming(
    server: Server, clock: FakeClock, placeholder: Placeholder
) -> AsyncIterator[LiveStream]:
    application = web.Application()
    application.router.add_get("/{rest:.*}", server.handle)
    async with (
        TestServer(application, host="127.0.0.1") as listening,
        open_lines() as lines,
        asyncio.TaskGroup() as tasks,
    ):

        def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            return tasks.create_task(work)

        try:
            yield LiveStream(
                "cam01_live",
                Upstream(str(listening.make_url("")), lines, None),
                placeholder,
                clock=clock,
                epoch_us=0,
                spawn=spawn,
                may_be_shown=lambda: True,
            )
        finally:
            server.may_answer.set()


@pytest.fixture(scope="module")
def placeholder() -> Placeholder:
    return render_placeholder()


async def test_a_camera_that_comes_back_without_sound_breaks_no_request_that_is_under_way(
    clock: FakeClock, placeholder: Placeholder
) -> None:
    server = Server()
    async with streaming(server, clock, placeholder) as stream:
        await stream.multivariant()
        assert await stream.playlist("audio1.m3u8") is not None
        await clock.advance(5)
        while not server.media_asked.locked():
            await server.media_asked.acquire()
        server.may_answer.clear()
        under_way = asyncio.create_task(stream.playlist("main.m3u8"))
        for _ in ("main", "audio1"):
            await asyncio.wait_for(server.media_asked.acquire(), patiently(5))

        server.index = VIDEO
        await stream.mend()  # has its own patience, and ends while the other is still under way
        server.may_answer.set()
        timeline = await under_way
        after = await stream.playlist("main.m3u8")
        sound = await stream.playlist("audio1.m3u8")

    assert timeline is not None
    assert after is not None
    assert sound is None
    assert "video1_seg1.mp4" in after.render("")
    assert stream.state is StreamState.LIVE
