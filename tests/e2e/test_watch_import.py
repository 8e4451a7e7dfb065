"""A table of plates in the console, and what an open search shows of what comes late."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.browser import chromium
from tests.e2e.plate_pushes import plates_site, scene_jpeg
from tests.e2e.plates_pages import listening, open_dark, watch_for
from tests.e2e.rooms import PHONE, fits, picture
from tests.fakes.picture_server import answers, serving_pictures

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.chromium,
]

SMALL_DESK = {"width": 1366, "height": 768}
WRONG = """Placa;Motivo;Nível;Validade
ABC-1C34;furto, BO 118442;urgente;31/12/2099
RI?2A18;oi;altíssimo;31/02/2026
RIO2A18;visita da diretoria;informação;
"""
RIGHT = WRONG.replace("RI?2A18;oi;altíssimo;31/02/2026\n", "")


async def test_a_table_is_tried_mended_and_taken(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, _), chromium() as browser:
        await watch_for(admin)
        page = await open_dark(browser, site, "operator", "plates/watchlist", viewport=SMALL_DESK)
        await page.get_by_role("button", name="Importar…").click()
        dialog = page.locator("dialog")
        await dialog.get_by_label("Tabela").fill(WRONG)
        await dialog.get_by_role("button", name="Conferir").click()

        await expect(dialog.locator("[data-trial=wrong]")).to_contain_text("1 linha com erro")
        wrong = dialog.locator("[data-line='3']")
        await expect(wrong).to_contain_text("não é uma placa inteira")
        await expect(wrong).to_contain_text("validade não entendida")
        await expect(dialog.get_by_role("button", name="Importar")).to_be_disabled()
        await picture(page, "watch-import-wrong")
        assert len((await admin.call("GET", "/watchlist", expect=200))["items"]) == 1

        await dialog.get_by_role("button", name="Alterar a tabela").click()
        await dialog.get_by_label("Escolher arquivo").set_input_files(
            {"name": "placas.csv", "mimeType": "text/csv", "buffer": RIGHT.encode("cp1252")}
        )
        await expect(dialog.get_by_label("Tabela")).to_have_value(RIGHT)
        await dialog.get_by_role("button", name="Conferir").click()
        await expect(dialog.locator("[data-trial=right]")).to_contain_text(
            "1 a incluir · 1 a alterar · 0 sem mudança"
        )
        await picture(page, "watch-import")
        await dialog.get_by_role("button", name="Importar 2 placas").click()

        await expect(page.locator("[data-watch=ABC1C34]")).to_contain_text("até 31/12/2099")
        await expect(page.locator("[data-watch=RIO2A18]")).to_contain_text("visita da diretoria")
        phone = await open_dark(browser, site, "operator", "plates/watchlist", viewport=PHONE)
        await phone.get_by_role("button", name="Importar…").click()
        await phone.get_by_label("Tabela").fill(RIGHT)
        await phone.get_by_role("button", name="Conferir").click()
        await expect(phone.locator("[data-trial=right]")).to_contain_text("Nada a importar")
        assert await fits(phone)


async def test_a_late_picture_comes_into_the_open_row_and_its_detail(tmp_path: Path) -> None:
    async with serving_pictures(answers(b"", status="503 Busy")) as pictures:
        source = '[detections]\npicture_sources = ["127.0.0.1/32"]\n'
        async with (
            plates_site(tmp_path, settings=source) as (site, _, pushing),
            chromium() as browser,
        ):
            assert await pushing.webhook("FKT4C77", imagem_url=pictures.url()) == 202
            page = await open_dark(browser, site, "operator", "plates", viewport=SMALL_DESK)
            row = page.locator("tr[data-reading]")
            await expect(row).to_have_count(1)
            await row.click()
            detail = page.locator("aside.detail")
            await expect(detail).to_be_visible()
            await listening(page)
            await expect(detail.locator("img")).to_have_count(0)

            pictures.reply = answers(await asyncio.to_thread(scene_jpeg, "FKT4C77"))

            # It is tried again some seconds after a server that was busy.
            await expect(detail.locator(".of-scene img")).to_be_visible(timeout=30_000)
            await expect(row).to_have_attribute("aria-selected", "true")


async def test_search_and_export_stand_on_two_lines_at_a_small_desk(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, _, _), chromium() as browser:
        page = await open_dark(browser, site, "operator", "plates", viewport=SMALL_DESK)
        export = page.get_by_role("button", name="Exportar CSV")
        hint = page.locator(".plate-search > small")
        await expect(export).to_be_visible()

        button, words = await export.bounding_box(), await hint.bounding_box()
        assert button is not None
        assert words is not None
        assert button["y"] <= words["y"] + words["height"] / 2 <= button["y"] + button["height"]
        assert button["height"] < 40
