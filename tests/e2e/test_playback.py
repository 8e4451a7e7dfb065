"""A person looks at what a running box records: the last minute, a moment ago, and after the file was finished."""

import asyncio
import io
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page

from tests.contract.playing import PAGE, Player, hls_js
from tests.e2e.browser import chromium
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import mediamtx_beside, site_beside
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.timeout(240),
]

CLIP = ClipSpec(seconds=4, key_every_s=1, audio="pcma")
SHORT_FILES = "record_segment = '6s'"


def span(seconds: float) -> str:
    end = datetime.now(UTC)
    begin = end - timedelta(seconds=seconds)
    text = f"start={begin.isoformat()}&end={end.isoformat()}"
    return text.replace("+00:00", "Z")


async def open_player(page: Page, site: Site, admin: Client, playlist: str) -> Player:
    """Open a page of the daemon's own origin with a player on it; its text is the test's."""
    cookies = admin.session.cookie_jar.filter_cookies(page_url(site))
    token = cookies["gtv_session"].value
    await page.context.add_cookies([{"name": "gtv_session", "value": token, "url": site.url}])
    script = await asyncio.to_thread(hls_js)
    await page.route("**/player", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    await page.route(
        "**/hls.js", lambda route: route.fulfill(body=script, content_type="text/javascript")
    )
    await page.goto(f"{site.url}/player#{playlist}")
    return Player(page)


def page_url(site: Site) -> Any:
    from yarl import URL

    return URL(site.url)


async def growing_timeline(admin: Client) -> Any:
    """Return the last minute's timeline while a file grows: between two files there is none for a part's length."""
    found: Any = None

    async def grows() -> bool:
        nonlocal found
        found = await admin.call("GET", f"/cameras/cam01/timeline?{span(60)}", expect=200)
        return found["growing_until"] is not None

    await becomes(grows, 5)
    return found


async def look(site: Site, camera_url: str) -> None:
    async with logged_in(site) as admin, chromium() as browser:
        await admin.add_camera("cam01", camera_url)
        await admin.wait_state("cam01", "recording", 20)
        await asyncio.sleep(16)

        timeline = await growing_timeline(admin)
        player = await open_player(
            await browser.new_page(),
            site,
            admin,
            f"/api/v1/cameras/cam01/playback.m3u8?{span(60)}",
        )
        listed_at = time.time()
        duration = await player.duration()
        shown = [await player.shown(duration - back) for back in (8.2, 0.6, 3.4, 6.1)]
        await asyncio.sleep(8)  # the file that grew is finished by now; its address stays good
        await player.play_to_the_end(rate=2, within_s=60)
        fatal = await player.fatal_errors()
        audit = await admin.call("GET", "/audit?action=footage.", expect=200)

        assert not fatal
        assert duration > 10
        assert listed_at - shown[1]["date"] / 1000 < 5
        assert not [gap for gap in timeline["gaps"] if gap["cause"] is None]
        # The camera's clip began at one moment: what the pictures show and their dates differ by the same.
        phases = [
            (each["date"] / 1000 - each["ball"] * CLIP.seconds) % CLIP.seconds for each in shown
        ]
        apart = [
            min(abs(each - phases[0]), CLIP.seconds - abs(each - phases[0])) for each in phases
        ]
        assert max(apart) < 0.2, shown
        assert [entry["subject"] for entry in audit["items"]] == ["camera:cam01"]
        await pictures(admin, shown[0]["date"] / 1000)

        async def made_ahead() -> bool:
            return bool(await asyncio.to_thread(lambda: list(site.volume.rglob("*.thumbs"))))

        await becomes(made_ahead, 30)  # by a worker that lets others go first


async def pictures(admin: Client, moment: float) -> None:
    """Look at a thumbnail and at the very picture of *moment*."""
    at = datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
    for path, width in ((f"thumbnails/{at}?width=160", 160), (f"snapshot?time={at}", 320)):
        url = f"{admin.url}/api/v1/cameras/cam01/{path}"
        async with admin.session.get(url) as answer:
            assert answer.status == 200, await answer.text()
            taken = datetime.fromisoformat(answer.headers["X-GTV-Time"])
            assert -12 < taken.timestamp() - moment < 0.1
            assert Image.open(io.BytesIO(await answer.read())).width == width


async def test_the_last_minute_of_a_running_recording_plays(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.media = (
        f'[media]\nserver = "embedded"\n{SHORT_FILES}\n[media.embedded]\n'
        f"api_port = {site.ports[1]}\nhls_port = {site.ports[2]}\nrtsp_port = {site.ports[3]}\n"
    )
    async with virtual_camera(CLIP) as camera, running_daemon(site):
        await look(site, camera.url())


@pytest.mark.mediamtx
async def test_the_last_minute_that_mediamtx_records_plays(tmp_path: Path) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera(replace(CLIP, key_every_s=2)) as camera,
    ):
        site = site_beside(tmp_path / "site", server)
        site.media = f"{server.settings}\n{SHORT_FILES}\n"
        async with running_daemon(site):
            await look(site, camera.url())
