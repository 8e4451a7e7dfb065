"""Pictures by WebRTC from the real MediaMTX with the file we ship."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import chromium, log_in, wait_playing
from tests.e2e.daemon import logged_in, running_daemon
from tests.e2e.mediamtx_beside import (
    WEBRTC_BLOCKED,
    ShippedMediaMtx,
    mediamtx_beside,
    site_beside,
)
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes

pytestmark = [
    pytest.mark.mediamtx,
    pytest.mark.chromium,
    pytest.mark.timeout(300),
]

WATCH = """
async (path) => {
  const peer = new RTCPeerConnection();
  peer.addTransceiver("video", { direction: "recvonly" });
  await peer.setLocalDescription(await peer.createOffer());
  const answer = await fetch(`/whep/${path}`, {
    method: "POST", headers: { "Content-Type": "application/sdp" }, body: peer.localDescription.sdp,
  });
  if (answer.status !== 201) return `${answer.status} ${await answer.text()}`;
  window.peer = peer;
  window.place = answer.headers.get("Location");
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return window.place;
}
"""
FRAMES = """
async () => {
  let frames = 0;
  (await window.peer.getStats()).forEach((each) => { frames += each.framesDecoded ?? 0; });
  return frames;
}
"""


async def webrtc_sessions(server: ShippedMediaMtx) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.api_url}/v3/webrtcsessions/list") as answer,
    ):
        return int((await answer.json())["itemCount"])


async def test_a_browser_watches_by_webrtc_until_it_ends_or_its_login_does(
    tmp_path: Path,
) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera({"a": ClipSpec(key_every_s=1)}) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("a", camera.url("a"))
        await admin.wait_state("a", "recording", 20)
        box = await admin.call("GET", "/status", expect=200)
        page = await browser.new_page()
        await log_in(page, site.url, "admin", site.password)
        await page.wait_for_selector(".tile")
        await page.goto(f"{site.url}/#/health")

        for way_to_end in ("delete", "logout"):
            place = await page.evaluate(WATCH, "a_rec")
            assert place.startswith("/whep/a_rec/"), place

            async def frames(least: int) -> bool:
                return int(await page.evaluate(FRAMES)) >= least

            await becomes(lambda: frames(30), 20)
            await asyncio.sleep(12)  # looks see that it goes on
            assert await webrtc_sessions(server) == 1
            assert (await admin.call("GET", "/status"))["viewers"] >= 1
            if way_to_end == "delete":
                status = await page.evaluate(
                    "async () => (await fetch(window.place, { method: 'DELETE' })).status"
                )
                assert status == 200
            else:
                status = await page.evaluate(
                    "async () => (await fetch('/api/v1/auth/logout', { method: 'POST' })).status"
                )
                assert status == 204

            async def ended() -> bool:
                return await webrtc_sessions(server) == 0

            await becomes(ended, 30)
        entries = await admin.call("GET", "/audit?limit=50", expect=200)

    assert box["media_server"]["webrtc"] is True
    actions = [entry["action"] for entry in entries["items"]]
    assert actions.count("view.started") >= 1
    assert actions.count("view.started") == actions.count("view.ended")


async def ways(page: Page) -> set[str]:
    """Return how the tiles of the page get their pictures."""
    found: list[str] = await page.evaluate(
        "() => [...document.querySelectorAll('.tile video')].map((video) => video.dataset.transport)"
    )
    return set(found)


async def test_the_tiles_play_by_webrtc_and_again_after_the_media_server_was_killed(
    tmp_path: Path,
) -> None:
    streams = {name: ClipSpec(key_every_s=1) for name in ("a", "b")}
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera(streams) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        for name in streams:
            await admin.add_camera(name, camera.url(name))
            await admin.wait_state(name, "recording", 20)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 2, 30)
        assert await ways(page) == {"webrtc"}
        assert await webrtc_sessions(server) == 2
        # Its pictures carry no time: no delay is made up for them.
        await expect(page.locator(".tile .lag")).to_have_text(["ao vivo", "ao vivo"])
        await page.evaluate("() => { window.notReloaded = true; }")

        await server.stop()
        await asyncio.sleep(3)
        await server.start()
        await wait_playing(page, 2, 60)
        assert await ways(page) == {"webrtc"}

        await page.close()

        async def ended() -> bool:
            return await webrtc_sessions(server) == 0

        await becomes(ended, 40)


async def test_where_udp_does_not_get_through_the_tiles_play_by_hls(tmp_path: Path) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx", WEBRTC_BLOCKED) as server,
        virtual_camera({"a": ClipSpec(key_every_s=1)}) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("a", camera.url("a"))
        await admin.wait_state("a", "recording", 20)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 1, 20)
        assert await ways(page) == {"hls"}

        # The page remembers: the next tile does not wait for it.
        offers: list[str] = []
        page.on(
            "request", lambda asked: offers.append(asked.url) if "/whep/" in asked.url else None
        )
        await page.goto(f"{site.url}/#/health")
        await page.goto(f"{site.url}/#/live")
        await wait_playing(page, 1, 20)

        assert [offer for offer in offers if offer.endswith("/whep/a_live")] == []


LOOK_AT_IT = """() => {
    window.looks = { black: 0, all: 0 };
    setInterval(() => {
        const video = document.querySelector('.tile video');
        const still = document.querySelector('.tile canvas');
        window.looks.all += 1;
        if (video.readyState < 2 && still.width === 0) window.looks.black += 1;
    }, 50);
}"""


async def test_a_tile_that_fell_to_hls_goes_back_to_webrtc_without_a_black_picture(
    tmp_path: Path,
) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera({"a": ClipSpec(key_every_s=1)}) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("a", camera.url("a"))
        await admin.wait_state("a", "recording", 20)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        body = '{"code": "no_webrtc", "detail": "", "status": 404}'
        await page.route(
            "**/whep/**",
            lambda route: route.fulfill(
                status=404, content_type="application/problem+json", body=body
            ),
        )
        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 1, 20)
        assert await ways(page) == {"hls"}

        await page.unroute("**/whep/**")
        await page.evaluate(LOOK_AT_IT)

        async def by_webrtc() -> bool:
            return await ways(page) == {"webrtc"}

        await becomes(by_webrtc, 60)
        await asyncio.sleep(3)
        looks = await page.evaluate("() => window.looks")
        assert looks["all"] > 100
        assert looks["black"] == 0
        await expect(page.locator(".picture.live")).to_have_count(1)
        await expect(page.locator(".tile .lag")).to_have_text("ao vivo")
        assert await webrtc_sessions(server) == 1
