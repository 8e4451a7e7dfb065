"""Storage in the room Saúde: how full, for how long, and rules that are tried out before they are saved."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import record
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.chromium,
    pytest.mark.xdist_group("e2e"),
]

CLIP = ClipSpec(seconds=4, key_every_s=1)
OLD_DAYS = 40
PICTURES = os.environ.get("EVIDENCE_PICTURES")


async def picture(page: Page, name: str) -> None:
    if PICTURES is not None:
        await page.wait_for_timeout(400)
        await page.screenshot(path=f"{PICTURES}/{name}.png")


async def test_rules_are_tried_out_before_they_are_saved(tmp_path: Path) -> None:
    site = Site(tmp_path / "state", settings="[recordings]\nretain_days = 365")
    old = datetime.now(UTC) - timedelta(days=OLD_DAYS)
    async with virtual_camera(CLIP) as camera:
        async with running_daemon(site), logged_in(site) as admin:
            await admin.add_camera("cam01", camera.url())
            await admin.wait_state("cam01", "recording", 20)
            await asyncio.sleep(3)
        (directory,) = [path for path in site.volume.glob("cam01*") if path.is_dir()]
        for number in range(3):
            start_us = round(old.timestamp() * 1_000_000) + number * 4_000_000
            await asyncio.to_thread(record, directory, CLIP, start_us=start_us)
        async with (
            running_daemon(site),
            logged_in(site) as admin,
            chromium() as browser,
        ):

            async def is_indexed() -> bool:
                report = await admin.call("GET", "/storage", expect=200)
                return bool(report["cameras"][0]["segments"] >= 4)

            await becomes(is_indexed, 30)
            context = await browser.new_context(
                locale="pt-BR", viewport={"width": 1440, "height": 900}
            )
            page = await context.new_page()
            await log_in(page, site.url, "admin", site.password)
            await page.wait_for_selector("nav")
            await page.goto(f"{site.url}/#/health")
            card = page.locator("[data-storage]")
            await expect(card).to_contain_text("o mais antigo sai antes")
            await expect(card.locator("[data-breaker=closed]")).to_be_visible()
            await expect(card.locator("[data-clock]")).to_be_visible()
            await card.get_by_role("button", name="Histórico").click()
            await expect(card).to_contain_text("Nunca foi acionada")
            await picture(page, "storage")

            # Disk and index are compared when asked for.
            await expect(page.locator("[data-integrity=never]")).to_be_visible()
            await page.get_by_role("button", name="Conferir agora").click()
            await expect(
                page.locator("[data-integrity=good], [data-integrity=mended]")
            ).to_contain_text("com o índice", timeout=patiently(30) * 1000)
            await picture(page, "integrity")

            # What would go is shown; to leave it changes nothing.
            before = await admin.call("GET", "/storage/policies", expect=200)
            await page.get_by_role("button", name="Alterar retenção e cotas").click()
            dialog = page.locator("dialog")
            await dialog.get_by_label("Dias para toda a unidade").fill("dez")
            await expect(dialog).to_contain_text("número inteiro")
            await expect(dialog.get_by_role("button", name="Ver o que")).to_be_disabled()
            await dialog.get_by_label("Dias para toda a unidade").fill("30")
            await picture(page, "storage-rules")
            await dialog.get_by_role("button", name="Ver o que seria apagado").click()
            outcome = dialog.locator("[data-outcome]")
            await expect(outcome).to_contain_text("Apagaria 3 arquivos")
            began = (old - timedelta(hours=3)).strftime("%d/%m/%Y %H:%M:%S")
            await expect(outcome.locator(".note")).to_contain_text(f"de {began}")
            await picture(page, "storage-dry-run")
            await dialog.get_by_role("button", name="Cancelar").click()
            await expect(dialog).to_have_count(0)
            after = await admin.call("GET", "/storage/policies", expect=200)
            acts = await admin.call("GET", "/audit?action=policy.", expect=200)
            report = await admin.call("GET", "/storage", expect=200)
            assert after == before
            assert acts["items"] == []
            assert report["cameras"][0]["segments"] >= 4

            # A rule that takes nothing is saved without a word of deletion.
            await page.get_by_role("button", name="Alterar retenção e cotas").click()
            await dialog.get_by_label("Cota em GB").fill("0,5")
            await dialog.get_by_role("button", name="Ver o que seria apagado").click()
            await expect(outcome).to_contain_text("Nada seria apagado")
            await dialog.get_by_role("button", name="Salvar").click()
            await expect(page.locator("main")).to_contain_text("de 500 MB")
            after = await admin.call("GET", "/storage/policies", expect=200)
            assert after["tenants"][0]["quota_bytes"] == 500_000_000

            await page.set_viewport_size({"width": 390, "height": 844})
            assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
            await picture(page, "phone-storage")
