"""Alerts that wait: which one comes first, where they are seen, and what it takes to be done with them."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.browser import chromium
from tests.e2e.plate_pushes import plates_site
from tests.e2e.plates_pages import WANTED, listening, open_dark, watch_for
from tests.e2e.rooms import DESK, PHONE, fits, picture

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.chromium,
]

LAPTOP: ViewportSize = {"width": 1366, "height": 768}


async def test_the_gravest_comes_first_and_each_screen_sees_to_its_own(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await watch_for(admin)
        await watch_for(admin, "BRA2E19", level="warning")
        await watch_for(admin, "FKT4C77", level="info")
        page = await open_dark(browser, site, "operator", "health")
        await listening(page)
        await page.wait_for_selector(".health-cards")
        before = await page.locator("main").bounding_box()
        for plate in (WANTED, "BRA2E19", "FKT4C77"):
            await pushing.hikvision(plate)

        # The gravest, not the newest; the bell counts what the banner counts; nothing moved.
        banner = page.locator(".alert-banner")
        await expect(banner).to_contain_text("e mais 1 alerta")
        await expect(banner).to_contain_text("Urgente")
        await expect(banner.locator(f"[data-plate={WANTED}]")).to_be_visible()
        await expect(page.locator(".bell b")).to_have_text("2")
        await expect(page.locator("nav b").first).to_have_text("2")
        assert await page.locator("main").bounding_box() == before
        await picture(page, "banner-grave")

        # On an alert's own screen the key means that alert.
        alerts = (await admin.call("GET", "/alerts", expect=200))["items"]
        (milder,) = [each for each in alerts if each["detection"]["placa"] == "BRA2E19"]
        await page.goto(f"{site.url}/#/placas/alerta/{milder['alert_id']}")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Placa monitorada")
        await picture(page, "alert-screen")
        await page.keyboard.press("a")
        dialog = page.locator("dialog")
        await expect(dialog).to_contain_text("Reconhecer o alerta de BRA2E19")
        await page.keyboard.press("2")
        await page.keyboard.press("Enter")
        await expect(page.locator(".alert-screen")).to_contain_text("Não procede")

        # A row opens its alert; what informs is not red.
        await page.goto(f"{site.url}/#/plates/alerts")
        await expect(page.locator("tr.hit")).to_have_count(1)
        await picture(page, "alerts-levels")
        await page.locator("tr", has_text="informação").locator("td").nth(3).click()
        await expect(page.locator(".alert-screen [data-plate=FKT4C77]")).to_be_visible()


async def full_screen(page: Page) -> None:
    await page.get_by_role("button", name="Tela cheia").click()
    await page.wait_for_function("() => document.fullscreenElement !== null")


@pytest.mark.parametrize("where", ["desk", "phone"])
async def test_in_full_screen_a_wanted_plate_is_seen(tmp_path: Path, where: str) -> None:
    options: dict[str, Any] = (
        {"viewport": PHONE, "has_touch": True} if where == "phone" else {"viewport": DESK}
    )
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await watch_for(admin)
        page = await open_dark(browser, site, "operator", "live", **options)
        await listening(page)
        await page.wait_for_selector(".mosaic")
        await full_screen(page)
        await pushing.hikvision(WANTED)
        if where == "desk":
            panel = page.locator(".readings-panel li.hit")
            await expect(panel).to_be_visible()
            await page.keyboard.press("r")
        banner = page.locator(".alert-banner")
        await expect(banner).to_contain_text("furto, BO 2026/118442")
        is_on_top = """(banner) => {
            const { left, top, width, height } = banner.getBoundingClientRect();
            const hit = document.elementFromPoint(left + width / 2, top + height / 2);
            return banner.contains(hit) && document.fullscreenElement.contains(banner);
        }"""
        assert await banner.evaluate(is_on_top)
        await picture(page, f"full-{where}")
        await banner.get_by_role("link", name="Ver").click()
        await expect(page.locator(".alert-screen")).to_be_visible()
        assert await fits(page)


async def test_many_at_once_are_counted_and_seen_to_together(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await watch_for(admin)
        await watch_for(admin, "BRA2E19", level="warning")
        page = await open_dark(browser, site, "operator", "plates/alerts")
        await listening(page)
        # Each a passage of its own (ten seconds apart at a camera), none so late that it alarms nobody.
        for ago_s in (55, 44, 33, 22, 11, 0):
            for camera_id in ("cam01", "cam02"):
                assert await pushing.webhook("BRA2E19", camera_id, ago_s=ago_s) == 202
        await pushing.hikvision(WANTED)

        rows = page.locator("tbody [data-alert]")
        await expect(page.locator(".list-bar")).to_contain_text("13 alertas: 1 urgente, 12 de ate")
        await expect(rows).to_have_count(2)
        await expect(rows.nth(0)).to_contain_text("urgente")
        await expect(rows.nth(1)).to_contain_text("12 passagens")
        await picture(page, "flood")
        await page.get_by_role("button", name="Reconhecer os 13 juntos").click()
        await page.keyboard.press("3")
        await page.get_by_label("Observação").fill("operação encerrada")
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_contain_text("Nenhum alerta a reconhecer")
        alerts = (await admin.call("GET", "/alerts", expect=200))["items"]
        notes = {each["acknowledged"]["note"] for each in alerts}
        assert (len(alerts), notes) == (13, {"Teste: operação encerrada"})


async def test_a_mistyped_plate_is_asked_about(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, _), chromium() as browser:
        page = await open_dark(browser, site, "operator", "plates/watchlist")
        await page.get_by_role("button", name="Adicionar placa").click()
        dialog = page.locator("dialog")
        await dialog.get_by_label("Placa", exact=True).fill("rio2a1")
        await dialog.get_by_label("Motivo").fill("furto, BO 2026/118442")
        await dialog.get_by_role("button", name="Salvar").click()
        await expect(dialog).to_contain_text("RIO2A1 não é uma placa brasileira")
        await picture(page, "watch-odd")
        assert (await admin.call("GET", "/watchlist", expect=200))["items"] == []

        # Another slip is asked about anew; a foreign plate is taken when it is confirmed.
        await dialog.get_by_label("Placa", exact=True).fill("AB123CD")
        await dialog.get_by_role("button", name="Salvar").click()
        await expect(dialog).to_contain_text("AB123CD não é uma placa brasileira")
        await dialog.get_by_role("button", name="Confirmar mesmo assim").click()
        await expect(page.locator("[data-watch=AB123CD]")).to_be_visible()


async def test_a_wanted_plate_is_seen_to_while_a_drawer_is_open_and_what_was_typed_stays(
    tmp_path: Path,
) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await watch_for(admin)
        await watch_for(admin, "FKT4C77")
        page = await open_dark(browser, site, "operator", "plates/watchlist")
        await listening(page)
        await page.get_by_role("button", name="Adicionar placa").click()
        drawer = page.locator("dialog.drawer")
        await drawer.get_by_label("Placa").fill("BRA2E19")
        await pushing.hikvision(WANTED)

        banner = page.locator(".alert-banner")
        await expect(banner).to_contain_text("Urgente")
        await picture(page, "banner-over-drawer")
        await banner.get_by_role("button", name="Reconhecer").click()
        await expect(page.locator("dialog.box")).to_contain_text(f"Reconhecer o alerta de {WANTED}")
        await page.keyboard.press("1")
        await page.keyboard.press("Enter")
        await expect(banner).to_have_count(0)
        await expect(drawer.get_by_label("Placa")).to_have_value("BRA2E19")

        # The key does it too, outside of a field.
        await pushing.hikvision("FKT4C77")
        await expect(banner).to_be_visible()
        await drawer.get_by_role("button", name="atenção").focus()
        await page.keyboard.press("a")
        await expect(page.locator("dialog.box")).to_contain_text("Reconhecer o alerta de FKT4C77")
        await page.keyboard.press("Escape")

        # On a phone it is under the thumb.
        await page.set_viewport_size(PHONE)
        await expect(banner.get_by_role("button", name="Reconhecer")).to_be_visible()
        assert await fits(page)
        await picture(page, "banner-over-drawer-phone")


async def test_an_alert_says_why_without_scrolling_and_a_slip_is_undone_by_a_key(
    tmp_path: Path,
) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await watch_for(admin)
        page = await open_dark(browser, site, "operator", "plates/alerts")
        await listening(page)
        await pushing.hikvision(WANTED)
        await page.locator("tr.hit").click()
        await page.wait_for_selector(".alert-screen")
        for size in (LAPTOP, PHONE):
            await page.set_viewport_size(size)
            await expect(page.locator(".alert-body")).to_be_visible()
            reason = await page.locator(".alert-body dd").first.bounding_box()
            footer = await page.locator(".alert-footer").bounding_box()
            assert reason
            assert footer
            await picture(page, f"alert-why-{size['width']}")
            assert reason["y"] + reason["height"] <= footer["y"]

        await page.get_by_role("button", name="Teste").click()
        await expect(page.locator(".toast")).to_contain_text("reconhecido")
        await expect(page.locator(".alert-screen")).to_contain_text("reconhecido por")
        await page.keyboard.press("z")
        await expect(page.get_by_role("button", name="Procede", exact=True)).to_be_visible()

        # Letters of twice the size, on the same desk: all of it can be scrolled to, and answered.
        await page.set_viewport_size({"width": 683, "height": 384})
        await page.keyboard.press("a")
        answer = page.locator("dialog.box").get_by_role("button", name="Reconhecer")
        box = await answer.bounding_box()
        assert box
        assert box["y"] + box["height"] <= 384


async def test_a_search_is_walked_by_keys_and_says_what_it_lacks(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, _, pushing), chromium() as browser:
        await pushing.hikvision(WANTED)
        page = await open_dark(browser, site, "operator", "plates")
        await page.wait_for_selector("[data-reading]")
        await page.keyboard.press("/")
        await page.keyboard.type("**")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("ao menos uma letra")
        await page.locator(".plate-field").fill("??")
        await page.get_by_role("button", name="Exportar CSV").click()
        await expect(page.get_by_role("alert")).to_contain_text("ao menos uma letra")

        await page.locator(".plate-field").fill(WANTED)
        await page.keyboard.press("Enter")
        await page.keyboard.type("BO 45/2026")
        await page.keyboard.press("Enter")
        await expect(page.locator(".after-list")).to_have_text(f"1 leitura de {WANTED}")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("[data-reading][aria-selected=true]")).to_have_count(1)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/#/investigate?**")
