"""Copies that failed at the object store, as people see to them: the console keeps up by itself."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browser import chromium
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.rooms import PHONE, fits, open_room, picture

pytestmark = [pytest.mark.timeout(240), pytest.mark.chromium]

HOUR_US = 3_600_000_000
EXPORT = "019b0000-0000-7000-8000-00000000e001"
SETTINGS = (
    '[archive]\nbucket = "copias"\nendpoint = "http://127.0.0.1:9"\naccess_key = "a"\n'
    'secret_key = "b"\nalert_waiting = 10\n'
)


def park(database: Path) -> None:
    """Have some copies fail, which takes ten tries, and more wait than is well."""
    with closing(sqlite3.connect(database)) as connection, connection:
        (now_us,) = connection.execute("SELECT max(at_us) FROM audit_log").fetchone()
        things = [
            ("picture", "a" * 64, "copy", 84_000, "file_gone"),
            ("picture", "b" * 64, "remove", 0, "AccessDenied"),
            ("evidence", f"{EXPORT}/{'c' * 64}", "copy", 1_200_000_000, "http_507"),
            *(("picture", f"{number:064x}", "copy", 40_000, "") for number in range(12)),
        ]
        for kind, name, act, size, _ in things:
            connection.execute(
                "INSERT INTO archive_queue (kind, name, act, size_bytes, queued_us, due_us, attempts)"
                " VALUES (?, ?, ?, ?, ?, ?, 10)",
                (kind, name, act, size, now_us - HOUR_US, now_us - HOUR_US),
            )
        for _, name, _, _, reason in things[:3]:
            connection.execute(
                "UPDATE archive_queue SET parked_us = ?, reason = ? WHERE name = ?",
                (now_us, reason, name),
            )


@asynccontextmanager
async def site_with_failures(
    tmp_path: Path, *, is_on: bool = True
) -> AsyncIterator[tuple[Site, Client, Browser]]:
    site = Site(tmp_path / "state", settings=SETTINGS if is_on else "")
    async with running_daemon(site), logged_in(site):
        pass
    park(site.root / "edge.db")
    async with running_daemon(site), logged_in(site) as admin, chromium() as browser:
        yield site, admin, browser


async def test_failed_copies_are_listed_tried_again_and_given_up_and_the_list_keeps_up(
    tmp_path: Path,
) -> None:
    async with site_with_failures(tmp_path) as (site, admin, browser):
        page = await open_room(
            browser, site, "admin", "health", viewport={"width": 1366, "height": 768}
        )
        note = page.locator(".note.alarm", has_text="muito atrasadas")
        await expect(note).to_contain_text("12 a copiar", timeout=20_000)
        card = page.locator("[data-line=archive][data-state=unreachable]")
        await expect(card).to_contain_text("3 pendências")
        await expect(card.locator(".pill.alarm")).to_contain_text("não responde")
        await card.scroll_into_view_if_needed()
        await picture(page, "archive-card-desk")
        await note.get_by_role("button", name="Ver detalhes").click()

        failed = page.locator("[data-refused]")
        await expect(failed.locator("tbody tr")).to_have_count(3)
        first, second, third = (failed.locator(f"[data-item='{seq}']") for seq in (1, 2, 3))
        await expect(first).to_contain_text("o arquivo não está mais neste equipamento")
        await expect(second).to_contain_text("apagar lá a imagem de uma leitura")
        await expect(third).to_contain_text("copiar pacote de evidência")
        await expect(third).to_contain_text("ele respondeu http_507")
        await picture(page, "archive-page-desk")

        await first.get_by_role("button", name="Tentar de novo").click()
        await expect(first).to_have_count(0)
        await second.get_by_role("button", name="Desistir…").click()
        dialog = page.locator("dialog")
        await expect(dialog).to_contain_text("A cópia fica no armazenamento externo")
        await expect(dialog).to_contain_text("b" * 64)
        await dialog.get_by_label("Motivo").fill("o bucket tem retenção legal")
        await picture(page, "archive-one-desk")
        await dialog.get_by_role("button", name="Desistir").click()
        await expect(second).to_have_count(0)

        # Somebody else sees to the last one: it leaves this screen without a hand.
        await admin.call("POST", "/archive/parked/3/retry", {}, expect=204)
        await expect(failed).to_contain_text("Nenhuma cópia de lado", timeout=20_000)

        told = (await admin.call("GET", "/audit?action=archive.", expect=200))["items"]
        assert [(each["action"], each["details"].get("reason")) for each in told] == [
            ("archive.copy_retried", None),
            ("archive.copy_discarded", "o bucket tem retenção legal"),
            ("archive.copy_retried", None),
        ]


async def test_once_it_is_off_all_that_is_pending_can_be_given_up_on_a_phone(
    tmp_path: Path,
) -> None:
    async with site_with_failures(tmp_path, is_on=False) as (site, _, browser):
        page = await open_room(
            browser, site, "admin", "health/archive", viewport=PHONE, has_touch=True, is_mobile=True
        )
        failed = page.locator("[data-refused]")
        await expect(failed.locator("tbody tr")).to_have_count(3)
        assert await fits(page)
        await picture(page, "archive-page-phone")
        await failed.get_by_role("button", name="Desistir de todas…").click()
        dialog = page.locator("dialog")
        await expect(dialog).to_contain_text("Desistir de 15 pendências?")
        await expect(dialog).to_contain_text("vale para tudo o que espera")
        await picture(page, "archive-all-phone")
        await dialog.get_by_label("Motivo").fill("o bucket foi apagado")
        await dialog.get_by_role("button", name="Desistir").click()
        await expect(failed).to_contain_text("Nenhuma cópia de lado")

        await page.goto(f"{site.url}/#/health")
        await expect(page.locator("[data-line=hub]")).to_be_visible()
        await expect(page.locator("[data-line=archive]")).to_have_count(0, timeout=20_000)
