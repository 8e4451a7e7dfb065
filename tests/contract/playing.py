"""Recorded files, served as the daemon serves them, and a player in Chromium that knows nothing of us but the playlist."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import argon2
from aiohttp import web
from playwright.async_api import Page, async_playwright

import gtvision_edge
from gtvision_edge.accounts import Passes, open_accounts
from gtvision_edge.alerts.marks import ReadingMarks
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.console import Console
from gtvision_edge.api.footage import footage_endpoints
from gtvision_edge.api.server import build_api, serve
from gtvision_edge.audit import AuditLog
from gtvision_edge.media.layout import parse_day, parse_segment
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.reading import describe, read_path
from gtvision_edge.recordings.model import CameraNo, Segment
from gtvision_edge.recordings.playback.service import Playback
from gtvision_edge.recordings.playback.serving import SegmentServer
from gtvision_edge.recordings.playback.viewings import FootageViewings
from gtvision_edge.recordings.thumbnails.service import Thumbnails
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.shares import open_transfers
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import AccountSettings, ApiSettings
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import add, keep, place
from tests.parts import lacking, program
from tests.unit.cameras.fixtures import FixedProber, make_service
from tests.waiting import PATIENCE, patiently

HLS_JS = Path(gtvision_edge.__file__).parent / "console/node_modules/hls.js/dist/hls.min.js"
PAGE = """<!doctype html><video id="v" muted></video><canvas id="c"></canvas>
<script src="/hls.js"></script><script>
window.errors = [];
window.hls = new Hls({});
hls.on(Hls.Events.ERROR, (_, e) => { errors.push(e.details + (e.fatal ? " FATAL" : "")); });
hls.loadSource(decodeURIComponent(location.hash.slice(1)));
hls.attachMedia(document.getElementById("v"));
</script>"""

SHOWN = """async ([at, patience]) => {
    const video = document.getElementById("v"), canvas = document.getElementById("c");
    const later = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const frame = () => Promise.race([
        new Promise((resolve) => video.requestVideoFrameCallback((_, about) => resolve(about))),
        later(15 * patience).then(() => { throw new Error("no frame"); }),
    ]);
    video.pause();
    let next = frame();
    video.currentTime = at;
    let about = await next;
    // One from before the seek may still have been on its way to the screen.
    while (Math.abs(about.mediaTime - at) > 0.5) about = await frame();
    // The element's own size is that of another picture until it was laid out anew.
    // hls.js looks every now and then which fragment is being played; its date is that of the last look.
    const details = () => hls.levels[hls.currentLevel]?.details;
    for (let i = 0; i < 50 * patience && !details(); i++) await later(0.1);
    const fragments = details().fragments;
    const playing = fragments.find((each) => each.start <= at && at < each.start + each.duration);
    const due = playing.programDateTime + (at - playing.start) * 1000;
    for (let i = 0; i < 50 * patience && !(Math.abs(hls.playingDate - due) < 1000); i++) await later(0.1);
    canvas.width = about.width; canvas.height = about.height;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const row = context.getImageData(0, canvas.height >> 1, canvas.width, 1).data;
    let sum = 0, count = 0;
    for (let x = 0; x < canvas.width; x++) {
        if (row[4 * x] > 180 && row[4 * x + 1] > 150 && row[4 * x + 2] < 120) { sum += x; count++; }
    }
    return {
        ball: count ? sum / count / canvas.width : null,
        date: hls.playingDate.getTime(),
        width: about.width,
        media: about.mediaTime,
        at: video.currentTime,
    };
}"""
"""Seeks, and tells what the picture shows: the ball of the test clips crosses once in a clip."""


def hls_js() -> str:
    """Return the player's script, as the console has it. Blocks."""
    if not HLS_JS.is_file():
        lacking("hls.js is not there: make console")
    return HLS_JS.read_text("utf-8")


@dataclass
class Player:
    page: Page

    async def shown(self, at_s: float) -> dict[str, Any]:
        """Seek to *at_s* of the playlist and return what is seen then."""
        found: dict[str, Any] = await self.page.evaluate(SHOWN, [at_s, PATIENCE])
        return found

    async def duration(self) -> float:
        await self.page.wait_for_function("document.getElementById('v').readyState >= 2")
        seconds: float = await self.page.evaluate("document.getElementById('v').duration")
        return seconds

    async def play_to_the_end(self, *, rate: float, within_s: float) -> int:
        """Play all of it; return how many frames were shown or dropped.

        The end is where the player ends, or all but the decoder's last pictures of what the playlist promised: after seeks hls.js
        may leave the media source open, and Chromium then keeps back what it would show last.
        """
        await self.page.evaluate(
            """(rate) => { const v = document.getElementById("v"); v.currentTime = 0;
            v.playbackRate = rate; v.play().catch((e) => errors.push(`${e} FATAL`)); }""",
            rate,
        )
        try:
            await self.page.wait_for_function(
                """() => { const v = document.getElementById("v"), b = v.buffered;
                const end = b.length ? b.end(b.length - 1) : 0;
                return v.ended || (v.duration - end < 0.5 && v.currentTime >= end - 0.25); }""",
                timeout=patiently(within_s) * 1000,
                polling=200,
            )
        except Exception:
            print("player:", await self.state())
            raise
        frames: int = await self.page.evaluate(
            "document.getElementById('v').getVideoPlaybackQuality().totalVideoFrames"
        )
        return frames

    async def state(self) -> object:
        state: object = await self.page.evaluate(
            """() => { const v = document.getElementById("v"); return [v.videoWidth, v.currentTime,
            v.duration, v.readyState, v.error && v.error.message, [...Array(v.buffered.length).keys()].map(
                i => [v.buffered.start(i), v.buffered.end(i)]), window.errors]; }"""
        )
        return state

    async def fatal_errors(self) -> list[str]:
        errors: list[str] = await self.page.evaluate("window.errors")
        return [error for error in errors if "FATAL" in error]


def read_recorded(directory: Path, camera_no: CameraNo) -> list[Segment]:
    """Return what the index would hold of all finished files below *directory*, by start. Blocks."""
    found = []
    for path in sorted(directory.rglob("*.mp4")):
        day_us = parse_day(path.parent.name)
        assert day_us is not None
        name_us = parse_segment(day_us, path.name)
        assert name_us is not None
        file, reading = read_path(path, name_us)
        found.append(describe(file, reading, camera_no).segment)
    return sorted(found, key=lambda segment: segment.start_us)


@asynccontextmanager
async def playing(
    database: Database, state_dir: Path, volume: Path, start_us: int, end_us: int
) -> AsyncIterator[Player]:
    """Index what lies in ``cam01_rec`` on *volume*, serve it, and open a player on the interval."""
    clock = SystemClock()
    audit = AuditLog(clock)
    (camera_no,) = await keep(database, FakeCamera("cam01", tenant_id="default"))
    await place(database, camera_no, "cam01_rec")
    await add(database, *await asyncio.to_thread(read_recorded, volume / "cam01_rec", camera_no))
    index = SegmentIndex(database, root=volume)
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    server, thumbnails = SegmentServer(), Thumbnails(index, EventBus(), clock, interval_s=0)
    proxies = Proxies(())
    cameras = make_service(database, clock, EventBus(), FixedProber())
    async with open_accounts(
        AccountSettings(),
        state_dir=state_dir,
        database=database,
        audit=audit,
        clock=clock,
        hasher=quick,
    ) as accounts:
        password = accounts.first_password or ""
        login = await accounts.sessions.login("admin", password, address="127.0.0.1")
        endpoints = footage_endpoints(
            cameras,
            TimelineService(index, database, clock, zone=ZoneInfo("America/Sao_Paulo")),
            Playback(index, cameras.find_camera, FootageViewings(database, audit, clock), server),
            thumbnails,
            ReadingMarks(database),
            Passes(accounts.sessions, clock),
            open_transfers(),
        )
        api = build_api(
            endpoints,
            settings=ApiSettings(),
            authenticator=RequestAuthenticator(accounts.sessions, proxies),
            proxies=proxies,
            console=Console({}),
            version="contract",
            extra_routes=_pages(),
        )
        async with serve(api.application, host="127.0.0.1", port=0) as port:
            query = f"start={_quoted(start_us)}&end={_quoted(end_us)}"
            playlist = f"/api/v1/cameras/cam01/playback.m3u8?{query}"
            async with _page(port, playlist, login.access_token) as page:
                yield Player(page)
    server.close()
    await thumbnails.close()


def _quoted(time_us: int) -> str:
    return to_rfc3339(time_us).replace("+00:00", "Z")


def _pages() -> Sequence[web.RouteDef]:
    script = hls_js()

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def hls(_: web.Request) -> web.Response:
        return web.Response(text=script, content_type="text/javascript")

    return [web.get("/player", page), web.get("/hls.js", hls)]


@asynccontextmanager
async def _page(port: int, playlist: str, token: str) -> AsyncIterator[Page]:
    url = f"http://127.0.0.1:{port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        # The page's scripts stand in it: the console's own policy would not let them run.
        context = await browser.new_context(bypass_csp=True)
        await context.add_cookies([{"name": "gtv_session", "value": token, "url": url}])
        page = await context.new_page()
        await page.goto(f"{url}/player#{playlist}")
        try:
            yield page
        finally:
            await browser.close()
