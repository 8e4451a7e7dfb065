"""What the console does when something beside it is in trouble: it goes on, and says true words."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.e2e.hanging_front import hanging_front
from tests.e2e.test_console import open_console
from tests.e2e.test_console_daily import add_absent
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(180)]

ASK_TEN_TIMES = """async () => {
    let longest = 0;
    for (let round = 0; round < 10; round += 1) {
        const began = performance.now();
        await (await fetch('/api/v1/cameras')).json();
        longest = Math.max(longest, performance.now() - began);
        await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return longest;
}"""


@pytest.mark.parametrize("webrtc", [True, False], ids=["webrtc", "hls"])
async def test_a_media_server_that_hangs_leaves_the_api_its_connections(
    tmp_path: Path, *, webrtc: bool
) -> None:
    site = Site(tmp_path / "state")
    async with (
        running_daemon(site),
        logged_in(site) as admin,
        hanging_front(site.url, webrtc=webrtc) as front,
        chromium() as browser,
    ):
        for number in range(1, 17):
            await add_absent(admin, number)
        page = await (await browser.new_context(locale="pt-BR")).new_page()
        await log_in(page, front.url, "admin", site.password)
        await page.wait_for_selector(".place .tile-name")
        await becomes(lambda: len(front.hanging) >= 2, within_s=15)

        longest_ms = await page.evaluate(ASK_TEN_TIMES)

        assert longest_ms < patiently(1_000)
        assert front.most < 6
        await page.click("nav >> text=Câmeras")
        await expect(page.locator(".camera-table tbody tr")).to_have_count(16)
        # The tiles are gone, and so are their requests.
        await becomes(lambda: not front.hanging, within_s=10)


async def test_no_still_of_another_shape_stays_beside_a_moving_picture(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    wide, square = ClipSpec(width=640, height=360), ClipSpec(width=320, height=240)
    async with (
        virtual_camera({"main": wide, "sub": square}) as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        body = {
            "camera_id": "cam01",
            "name": "Praça",
            "vendor": "generic_rtsp",
            "main_url": camera.url("main"),
            "sub_url": camera.url("sub"),
        }
        await admin.call("POST", "/cameras", body, expect=201)
        await admin.wait_state("cam01", "recording", 30)
        page, _ = await open_console(browser, site, "admin", site.password, locale="pt-BR")

        async def stills() -> int:
            """Count the stills that show something while the picture moves."""
            await page.wait_for_selector(".picture.live", timeout=patiently(30_000))
            count: int = await page.evaluate(
                """() => document.querySelectorAll('.picture.live .poster').length
                    + [...document.querySelectorAll('.picture.live canvas')].filter((each) => each.width > 0).length"""
            )
            return count

        assert await stills() == 0
        await page.keyboard.press("1")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".place.large")
        await expect(page.locator("video")).to_have_js_property("videoWidth", 640)
        await page.keyboard.press("Escape")
        await expect(page.locator("video")).to_have_js_property("videoWidth", 320)
        assert await stills() == 0


@pytest.mark.parametrize(
    ("error", "short", "words"),
    [
        ("media_server_unavailable", "servidor de mídia: parado", "está parado"),
        ("media_server_unauthorized", "servidor de mídia: pede senha", "a permissão “api”"),
    ],
)
async def test_one_cause_of_all_cameras_is_said_once_and_as_what_it_is(
    tmp_path: Path, error: str, short: str, words: str
) -> None:
    site = Site(tmp_path / "state")
    async with running_daemon(site), logged_in(site) as admin, chromium() as browser:
        for number in range(1, 9):
            await add_absent(admin, number)

        async def is_down(route: Route) -> None:
            body = await (await route.fetch()).json()
            body["media_server"] |= {"kind": "mediamtx", "state": "down", "error": error}
            body["findings"] = [{"code": error, "severity": "alarm"}]
            await route.fulfill(json=body)

        async def stand_still(route: Route) -> None:
            body = await (await route.fetch()).json()
            for camera in body["items"]:
                camera["state"] |= {"state": "online_not_recording", "reason": error}
            await route.fulfill(json=body)

        context = await browser.new_context(locale="pt-BR")
        await context.route("**/api/v1/status", is_down)
        await context.route("**/api/v1/cameras", stand_still)
        page = await context.new_page()
        await log_in(page, site.url, "admin", site.password)
        await expect(page.locator(".tile .middle").first).to_contain_text(
            re.compile("Servidor de mídia: (parado|pede senha)"), timeout=patiently(10_000)
        )
        await expect(page.locator(".tile .flag")).to_have_count(0)
        await expect(page.locator(".top .pill.alarm").first).to_have_text(short)

        await page.click("nav >> text=Saúde")
        await expect(page.locator(".health .note")).to_have_count(1)
        await expect(page.locator(".health .note")).to_contain_text(words)
        await expect(page.locator(".health .note")).to_contain_text("8 câmeras afetadas")
        await expect(page.locator(".room-bar")).to_contain_text("1 problema")


async def test_a_box_without_cameras_offers_the_search_beside_adding_by_hand(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with running_daemon(site), chromium() as browser:
        page, _ = await open_console(browser, site, "admin", site.password, locale="pt-BR")
        for room in ("Ao vivo", "Câmeras"):
            await page.click(f"nav >> text={room}")
            buttons = page.locator("main .empty").get_by_role("button")
            await expect(buttons).to_have_text(["Procurar na rede", "Adicionar câmera"])
        await page.click("main >> text=Procurar na rede")
        await expect(page.locator("dialog")).to_contain_text("Procurar câmeras na rede")
