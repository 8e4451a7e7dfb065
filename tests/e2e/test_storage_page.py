"""Storage in the room Saúde: how full, for how long, and rules that are tried out before they are saved."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.rooms import picture
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import record
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.chromium,
]

CLIP = ClipSpec(seconds=4, key_every_s=1)
OLD_DAYS = 40


@asynccontextmanager
async def site_with_old_footage(
    tmp_path: Path,
) -> AsyncIterator[tuple[Site, Client, Page, datetime]]:
    """A running site whose camera has three files from forty days ago, four seconds each, and an admin before its room Saúde."""
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
            yield site, admin, page, old


def field(at: datetime) -> str:
    """Write a moment as the fields of the console have it, in São Paulo."""
    return (at - timedelta(hours=3)).strftime("%d/%m/%Y %H:%M:%S")


async def test_rules_are_tried_out_before_they_are_saved(tmp_path: Path) -> None:
    async with site_with_old_footage(tmp_path) as (_, admin, page, old):
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


async def test_an_order_deletes_an_interval_after_it_was_shown_and_confirmed(
    tmp_path: Path,
) -> None:
    async with site_with_old_footage(tmp_path) as (site, admin, page, old):
        held = await admin.call(
            "POST",
            "/incidents",
            {
                "cameras": ["cam01"],
                "start": (old + timedelta(seconds=9)).isoformat(),
                "end": (old + timedelta(seconds=11)).isoformat(),
                "reason": "furto na praça",
            },
            expect=201,
        )
        await page.get_by_role("button", name="Apagar por ordem").click()
        dialog = page.locator("dialog")
        preview = dialog.get_by_role("button", name="Ver o que seria apagado")
        await expect(preview).to_be_disabled()
        await dialog.get_by_label("Câmera cam01").check()
        await dialog.get_by_label("Início").fill(field(old + timedelta(seconds=7)))
        await dialog.get_by_label("Fim").fill(field(datetime.now(UTC) + timedelta(days=1)))
        await expect(dialog).to_contain_text("não pode estar no futuro")
        await dialog.get_by_label("Fim").fill(field(old + timedelta(seconds=14)))
        await dialog.get_by_label("Motivo").fill("pedido do titular, LGPD art. 18")
        await dialog.get_by_label("Pedido ou decisão").fill("Protocolo 7/2026")
        await picture(page, "purge-order")

        # All there is in the interval is kept: said at once, and nothing to press.
        await preview.click()
        outcome = dialog.locator("[data-outcome]")
        await expect(outcome).to_contain_text("Nada pode ser apagado")
        await expect(outcome).to_contain_text("furto na praça")
        await expect(outcome).to_contain_text("1 arquivo passa da borda")
        await expect(dialog.locator(".btn.danger")).to_have_count(0)
        await picture(page, "purge-held")

        # A wider interval: two files go, the kept one stays. Only the word typed lets it begin.
        await dialog.get_by_role("button", name="Corrigir").click()
        await dialog.get_by_label("Início").fill(field(old - timedelta(seconds=5)))
        await preview.click()
        await expect(outcome).to_contain_text("Apagaria 2 arquivos")
        await expect(outcome).to_contain_text("1 arquivo preservado")
        delete = dialog.get_by_role("button", name="Apagar 2 arquivos")
        await expect(delete).to_be_disabled()
        await picture(page, "purge-preview")
        assert (await admin.call("GET", "/purges", expect=200))["items"] == []
        await dialog.get_by_label("Para confirmar").fill("apagar")
        await delete.click()
        report = dialog.get_by_role("link", name="Relatório de Expurgo")
        await expect(report).to_be_visible(timeout=patiently(30) * 1000)
        await expect(dialog).to_contain_text("2 arquivos apagados")
        await picture(page, "purge-done")
        paper = await page.request.get(f"{site.url}{await report.get_attribute('href')}")
        assert (await paper.body()).startswith(b"%PDF")

        (purge,) = (await admin.call("GET", "/purges", expect=200))["items"]
        assert purge["policy"]["reference"] == "Protocolo 7/2026"
        assert (purge["segments"], purge["held_skipped"]) == (2, 1)
        kept = await admin.call("GET", f"/incidents/{held['incident_id']}", expect=200)
        assert kept["footage"]["complete"]


async def test_what_happens_on_a_full_disk_is_shown_before_it_is_decided(tmp_path: Path) -> None:
    async with site_with_old_footage(tmp_path) as (_, admin, page, old):
        await admin.call(
            "POST",
            "/incidents",
            {
                "cameras": ["cam01"],
                "start": old.isoformat(),
                "end": (old + timedelta(seconds=8)).isoformat(),
                "reason": "furto na praça",
            },
            expect=201,
        )
        rule = page.locator("[data-on-full]")
        await expect(rule).to_contain_text("a gravação para até alguém liberar espaço")
        await rule.get_by_role("button").click()
        dialog = page.locator("dialog")
        await dialog.get_by_label("o incidente mais antigo é liberado").check()
        await dialog.get_by_label("Por que incidentes").fill("Ata 12/2026 do comitê gestor")
        await picture(page, "on-full")
        await dialog.get_by_role("button", name="Ver o que mudaria").click()
        await expect(dialog.locator("[data-outcome]")).to_contain_text("furto na praça")
        await picture(page, "on-full-preview")
        policies = await admin.call("GET", "/storage/policies", expect=200)
        assert policies["on_full"]["action"] == "stop"
        await dialog.get_by_role("button", name="Salvar a regra").click()
        await expect(rule).to_contain_text("o incidente mais antigo é liberado")
        await expect(rule).to_contain_text("Ata 12/2026 do comitê gestor · decidido por admin")

        policies = await admin.call("GET", "/storage/policies", expect=200)
        assert policies["on_full"]["reason"] == "Ata 12/2026 do comitê gestor"
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
