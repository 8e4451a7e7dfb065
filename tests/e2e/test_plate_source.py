"""A camera that is asked for its readings: what it does wrong is seen, and its settings are changed, in the console."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import chromium
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.rooms import PHONE, fits, open_room, picture
from tests.fakes.snap_camera import HEAD, HEARTBEAT, PASSWORD, USER, snap_camera, text
from tests.waiting import becomes, patiently

pytestmark = [pytest.mark.timeout(240), pytest.mark.chromium]

SLOW = patiently(30) * 1000


async def says_one(writer: asyncio.StreamWriter) -> None:
    """Tell of one passage, then that there is none."""
    writer.write(HEAD + text("ABC1D23"))
    while True:
        writer.write(HEARTBEAT)
        await writer.drain()
        await asyncio.sleep(1)


async def add_asked_camera(admin: Client, port: int) -> None:
    """Add a camera with a wrong password, which is to be asked for its readings."""
    body = {
        "camera_id": "cam01",
        "name": "Portaria",
        "vendor": "intelbras",
        "host": "127.0.0.1",
        "rtsp_port": 9,
        "http_port": port,
        "username": USER,
        "password": "errada",
        "skip_probe": True,
    }
    await admin.call("POST", "/cameras", body, expect=201)
    await admin.call("PATCH", "/cameras/cam01/plate-source", {"pull": True}, expect=200)


async def source_of(admin: Client) -> dict[str, Any]:
    return dict(await admin.call("GET", "/cameras/cam01/plate-source", expect=200))


async def is_told(admin: Client) -> bool:
    findings = (await admin.call("GET", "/status", expect=200))["findings"]
    return any(each["code"] == "plate_pull_failing" for each in findings)


async def change_settings(page: Page) -> None:
    section = page.locator("[data-plate-source]")
    await section.get_by_role("button", name="Mudar ajustes").click()
    pictures = section.locator("textarea[name=picture_sources]")
    await pictures.fill("fotos.example\nhttp://fotos.example/")
    await section.get_by_label("O que significam os sentidos").fill("Approach = sentido centro")
    await section.get_by_role("button", name="Salvar").click()
    await expect(section.get_by_role("alert")).to_contain_text("De onde buscar imagens")
    await picture(page, "plate-source-fault")
    await pictures.fill("fotos.example\n10.20.0.0/16")
    await section.get_by_role("button", name="Salvar").click()
    await expect(section.locator("form")).to_have_count(0)


async def test_what_a_camera_that_is_asked_does_wrong_is_seen_until_it_is_mended(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with (
        snap_camera(says_one) as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await add_asked_camera(admin, camera.port)
        await becomes(lambda: is_told(admin), 30)
        page = await open_room(browser, site, "admin", "health")
        note = page.locator(".note").filter(has_text="Leituras de Portaria não chegam")
        await expect(note).to_contain_text("recusa usuário e senha", timeout=SLOW)
        await picture(page, "pull-health")
        await note.get_by_role("button", name="Abrir câmera").click()

        trouble = page.locator("[data-pull-trouble=unauthorized]")
        await expect(trouble).to_contain_text("a câmera recusa usuário e senha desde")
        await trouble.scroll_into_view_if_needed()
        await picture(page, "plate-source")
        await change_settings(page)
        source = await source_of(admin)
        assert source["picture_sources"] == ["fotos.example", "10.20.0.0/16"]
        assert source["directions"] == {"approach": "sentido centro"}

        phone = await open_room(
            browser, site, "admin", "cameras/cam01", viewport=PHONE, is_mobile=True, has_touch=True
        )
        await phone.locator("[data-pull-trouble]").scroll_into_view_if_needed()
        assert await fits(phone)
        await phone.get_by_role("button", name="Mudar ajustes").click()
        await picture(phone, "plate-source-phone")
        assert await fits(phone)

        # Nobody says that it was mended: the camera does, by answering.
        await admin.call(
            "PATCH", "/cameras/cam01", {"password": PASSWORD, "skip_probe": True}, expect=200
        )
        await expect(page.locator("[data-plate-source=connected]")).to_contain_text(
            "conectada, à espera de placas", timeout=SLOW
        )
        await expect(trouble).to_have_count(0)
        assert not await is_told(admin)
        (reading,) = (await admin.call("GET", "/detections", expect=200))["items"]
        assert reading["placa"] == "ABC1D23"
