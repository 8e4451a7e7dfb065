"""The console as people use it: the wizard, the mosaic, the session that ends, the rooms of each role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from gtvision_edge.media.embedded.rtsp import Credentials
from tests.e2e.browser import chromium, log_in, wait_playing
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import VirtualCamera, virtual_camera
from tests.waiting import patiently

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(180)]

PASSWORD = "p@ss:w/rd#1?%ç"
MAIN = ClipSpec(width=640, height=360)
SUB = ClipSpec(width=320, height=180)


@asynccontextmanager
async def camera_with_two_streams() -> AsyncIterator[VirtualCamera]:
    async with virtual_camera(
        {"main": MAIN, "sub": SUB}, credentials=Credentials("admin", PASSWORD)
    ) as camera:
        yield camera


async def add(admin: Client, camera: VirtualCamera, camera_id: str) -> None:
    body = {
        "camera_id": camera_id,
        "name": f"Câmera {camera_id}",
        "vendor": "generic_rtsp",
        "main_url": camera.url("main"),
        "sub_url": camera.url("sub"),
        "skip_probe": True,
    }
    await admin.call("POST", "/cameras", body, expect=201)


async def open_console(
    browser: Browser, site: Site, username: str, password: str, **options: object
) -> tuple[Page, list[str]]:
    """Log in as a person does; the list gets whatever the page should not do."""
    context = await browser.new_context(**options)  # type: ignore[arg-type]
    page = await context.new_page()
    misdeeds: list[str] = []
    page.on("pageerror", lambda error: misdeeds.append(str(error)))
    page.on(
        "request",
        lambda request: (
            misdeeds.append(request.url)
            if urlsplit(request.url).hostname not in ("127.0.0.1", None)
            else None
        ),
    )
    page.on(
        "console",
        lambda message: (
            misdeeds.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    await log_in(page, site.url, username, password)
    await page.wait_for_selector("nav")
    return page, misdeeds


async def change_password(page: Page, provisional: str, own: str) -> None:
    """Do what the whole page asks for, and nothing else shows before it is done."""
    await expect(page.locator("main")).to_contain_text("Esta senha é provisória")
    await expect(page.locator("nav")).to_have_count(0)
    current, new, repeated = await page.locator("input[type=password]").all()
    await current.fill(provisional)
    await new.fill(own)
    await repeated.fill(own)
    await page.click("button[type=submit]")
    await page.wait_for_selector("nav")


async def test_an_installer_adds_a_camera_and_sees_it_recorded_and_live(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        camera_with_two_streams() as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        page, misdeeds = await open_console(browser, site, "admin", site.password, locale="pt-BR")
        await page.click("main >> text=Adicionar câmera")
        await page.select_option("select[name=vendor]", "generic_rtsp")
        await page.fill("input[name=mainUrl]", camera.url("main", with_password=False))
        await page.fill("input[name=subUrl]", camera.url("sub", with_password=False))
        await page.fill("input[name=username]", "admin")
        await page.fill("input[name=password]", "errada")
        await page.click("text=Verificar câmera")

        await expect(page.get_by_role("alert")).to_contain_text(
            "A câmera recusou o usuário ou a senha."
        )
        assert (await admin.call("GET", "/cameras", expect=200))["items"] == []

        await page.fill("input[name=password]", PASSWORD)
        await page.click("text=Verificar câmera")
        await page.wait_for_selector(".check-picture img", timeout=patiently(15_000))
        await expect(page.locator("dialog")).to_contain_text("H.264 · 640×360")
        await page.click("text=Continuar")
        await page.fill("input[name=name]", "Portaria")
        await page.click("text=Salvar e gravar")
        await expect(page.locator("dialog")).to_contain_text(
            "está no ar e gravando", timeout=patiently(12_000)
        )
        await page.click("text=Concluir")

        await page.click("nav >> text=Ao vivo")
        await wait_playing(page, 1, 30)
        delay = await page.inner_text(".tile .lag")
        assert float(delay.removesuffix(" s").replace(",", ".")) < patiently(3)
        await page.dblclick(".tile")
        await page.wait_for_function(
            "() => document.querySelector('.tile.large video')?.videoWidth === 640",
            timeout=patiently(15_000),
        )
        await page.keyboard.press("Escape")
        await page.wait_for_function(
            "() => document.querySelector('.tile video')?.videoWidth === 320",
            timeout=patiently(15_000),
        )
        assert misdeeds == []


async def test_a_mosaic_is_saved_for_everybody_and_a_viewer_only_watches(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        camera_with_two_streams() as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await add(admin, camera, "cam01")
        for role in ("viewer", "auditor"):
            person = {
                "username": role,
                "password": f"segredo-{role}",
                "role": role,
                "tenant_id": "default",
                "must_change_password": role == "viewer",
            }
            await admin.call("POST", "/users", person, expect=201)
        page, _ = await open_console(browser, site, "admin", site.password, locale="pt-BR")

        await page.click("text=1+5")
        await page.click("text=Salvar mosaico")
        await page.fill("dialog input", "Entrada e pátio")
        await page.keyboard.press("Enter")
        await expect(page.locator(".room-bar > h1")).to_have_text("Entrada e pátio")

        viewer = await (await browser.new_context(locale="pt-BR")).new_page()
        await log_in(viewer, site.url, "viewer", "segredo-viewer")
        await change_password(viewer, "segredo-viewer", "só eu conheço")
        await expect(viewer.locator(".room-bar > h1")).to_have_text("Entrada e pátio")
        await expect(viewer.locator(".place")).to_have_count(6)
        await wait_playing(viewer, 1, 30)
        await expect(viewer.locator("text=Salvar")).to_have_count(0)
        await expect(viewer.locator("nav >> text=Evidências")).to_have_count(0)
        await viewer.click("nav >> text=Câmeras")
        await expect(viewer.locator("text=Adicionar câmera")).to_have_count(0)

        auditor, _ = await open_console(browser, site, "auditor", "segredo-auditor", locale="pt-BR")
        await expect(auditor.locator(".room-bar > h1")).to_have_text("Evidências")
        await expect(auditor.locator("nav >> text=Ao vivo")).to_have_count(0)


async def test_a_session_that_ends_asks_over_the_page_and_keeps_the_work(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        camera_with_two_streams() as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await add(admin, camera, "cam01")
        page, _ = await open_console(
            browser,
            site,
            "admin",
            site.password,
            locale="pt-BR",
            viewport={"width": 390, "height": 844},
        )
        await wait_playing(page, 1, 30)
        await page.click("nav >> text=Câmeras")
        await page.click("text=Adicionar câmera")
        await page.fill("input[name=host]", "10.0.0.77")

        await page.context.clear_cookies()
        await page.wait_for_selector("text=Entre de novo para continuar", timeout=patiently(15_000))
        await page.fill("input[autocomplete=current-password]", site.password)
        await page.keyboard.press("Enter")

        await expect(page.locator("text=Entre de novo para continuar")).to_have_count(0)
        await expect(page.locator("input[name=host]")).to_have_value("10.0.0.77")
