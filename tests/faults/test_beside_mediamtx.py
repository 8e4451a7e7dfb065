"""Beside the real MediaMTX at the size of a site; minutes long."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.e2e.browser import chromium, log_in, wait_playing
from tests.e2e.daemon import logged_in, running_daemon
from tests.e2e.mediamtx_beside import WITHOUT_WEBRTC, mediamtx_beside, site_beside
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera

pytestmark = [pytest.mark.mediamtx, pytest.mark.timeout(600)]

SPEC = ClipSpec(fps=10, key_every_s=1)
CAMERAS = 32
MINUTES = 5


async def watched(page: Page) -> list[tuple[str, float]]:
    """Return how each of the four gets its pictures, and the second of its stream that it shows."""
    found: list[list[Any]] = await page.evaluate(
        "() => [...document.querySelectorAll('.tile video')].map((v) => [v.dataset.transport, v.currentTime])"
    )
    assert len(found) == 4
    return [(str(way), float(second)) for way, second in found]


@pytest.mark.chromium
async def test_four_of_32_cameras_play_for_five_minutes_and_after_a_pause(tmp_path: Path) -> None:
    """By HLS through the gateway, which needs an answer of the daemon for each segment."""
    streams = {f"c{number:02d}": SPEC for number in range(CAMERAS)}
    async with (
        mediamtx_beside(tmp_path / "mtx", WITHOUT_WEBRTC) as server,
        virtual_camera(streams) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        for name in streams:
            await admin.add_camera(name, camera.url(name), skip_probe=True)
        for name in streams:
            await admin.wait_state(name, "recording", 40)
        mosaic = {"nome": "Quatro", "layout": "2x2", "cameras": ["c00", "c01", "c02", "c03"]}
        await admin.call("POST", "/mosaics", mosaic, expect=201)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        refused: list[str] = []
        page.on("response", lambda r: refused.append(r.url) if r.status == 401 else None)
        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 4, 60)
        refused.clear()  # before anybody logged in, the console asked who it is
        await page.evaluate("() => { window.notReloaded = true; }")

        assert {way for way, _ in await watched(page)} == {"hls"}
        began, before = time.monotonic(), await watched(page)
        for _ in range(MINUTES * 6):
            await asyncio.sleep(10)
            await wait_playing(page, 4, 10)
        elapsed_s = time.monotonic() - began
        # A player that stood still, or began anew, has shown less.
        shown_s = [
            now - then for (_, then), (_, now) in zip(before, await watched(page), strict=True)
        ]
        assert min(shown_s) > 0.97 * elapsed_s, (shown_s, elapsed_s)
        await page.goto(f"{site.url}/#/health")
        await asyncio.sleep(45)
        await page.goto(f"{site.url}/#/live")
        await wait_playing(page, 4, 30)

        assert refused == []
        assert await page.evaluate("() => window.notReloaded === true")
