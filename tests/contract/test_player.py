"""A player that knows nothing of us (hls.js in Chromium) through outages: it must never need a reload."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from gtvision_edge.storage import Database
from tests.contract.media_servers import HLS_SECRET, ServerUnderTest
from tests.contract.playing import hls_js
from tests.contract.test_gateway import watching
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.parts import program
from tests.waiting import patiently

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.timeout(120),
]

PAGE = """<!doctype html><video id="v" muted autoplay></video><script src="/hls.js"></script><script>
window.errors = [];
const hls = new Hls({liveSyncDurationCount: 2});
hls.on(Hls.Events.ERROR, (_, e) => { errors.push(e.details + (e.fatal ? " FATAL" : "")); });
hls.loadSource("/stream/cam01_rec/index.m3u8");
hls.attachMedia(document.getElementById("v"));
</script>"""


@asynccontextmanager
async def player(server: ServerUnderTest, database: Database) -> AsyncIterator[Page]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    text = await asyncio.to_thread(hls_js)

    async def script(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/javascript")

    extra = [web.get("/", page), web.get("/hls.js", script)]
    async with (
        watching(
            server.addresses.hls_url,
            server.volume,
            database,
            kind=server.kind,
            secret=HLS_SECRET,
            extra_routes=extra,
        ) as screen,
        async_playwright() as playwright,
    ):
        url = f"http://127.0.0.1:{screen.port}/"
        browser = await playwright.chromium.launch(
            executable_path=program("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        context = await browser.new_context()
        await context.add_cookies([{"name": "gtv_session", "value": "ana", "url": url}])
        opened = await context.new_page()
        await opened.goto(url)
        try:
            yield opened
        finally:
            await browser.close()


async def plays(page: Page, width: int, within_s: float) -> None:
    """Wait until the player shows frames *width* wide and its time moves on."""
    try:
        await page.wait_for_function(
            """(width) => {
                const video = document.getElementById("v");
                const frames = video.getVideoPlaybackQuality().totalVideoFrames;
                const moved = video.currentTime > (window.timeBefore ?? 1e9)
                    && frames > (window.framesBefore ?? 1e9);
                window.timeBefore = video.currentTime;
                window.framesBefore = frames;
                return moved && video.videoWidth === width;
            }""",
            arg=width,
            timeout=patiently(within_s) * 1000,
            polling=500,
        )
    except Exception:
        state = await page.evaluate(
            """() => { const v = document.getElementById("v"); return [v.videoWidth, v.currentTime,
            v.readyState, [...Array(v.buffered.length).keys()].map(
                i => [v.buffered.start(i), v.buffered.end(i)]), window.errors]; }"""
        )
        print("player:", state)
        raise


async def test_a_player_shows_sinal_perdido_and_returns_by_itself(
    server: ServerUnderTest, database: Database
) -> None:
    # With sound: its track must not get lost in the outage, or the player ends with an error.
    async with virtual_camera(ClipSpec(audio="aac")) as camera:
        await server.add_recorded("cam01_rec", camera.url())
        await server.wait_ready("cam01_rec")
        async with player(server, database) as page:
            await plays(page, 320, 20)
            await camera.kill()
            await plays(page, 640, 40)
            await camera.start()
            await plays(page, 320, 40)

            errors = await page.evaluate("window.errors")

    assert not [error for error in errors if "FATAL" in error]


async def test_a_player_that_comes_during_an_outage_sees_the_camera_return(
    server: ServerUnderTest, database: Database
) -> None:
    async with virtual_camera() as camera:
        await camera.kill()
        await server.add_recorded("cam01_rec", camera.url())
        async with player(server, database) as page:
            await plays(page, 640, 20)
            await camera.start()
            await plays(page, 320, 40)
