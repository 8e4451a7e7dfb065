"""The room Evidências: an incident becomes a bundle that others believe; an auditor reads what was done."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browser import chromium
from tests.e2e.daemon import PROGRAM, Client, Site, logged_in, running_daemon
from tests.e2e.rooms import DESK, PHONE, PICTURES, fits, open_room, picture
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import patiently

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.chromium,
]

CLIP = ClipSpec(seconds=4, key_every_s=1)


def site_with_files_of(root: Path, length: str) -> Site:
    site = Site(root)
    site.media = (
        f'[media]\nserver = "embedded"\nrecord_segment = "{length}"\n[media.embedded]\n'
        f"api_port = {site.ports[1]}\nhls_port = {site.ports[2]}\nrtsp_port = {site.ports[3]}\n"
    )
    return site


BROKEN_OFF_AND_RESUMED = """
async (link) => {
  const stop = new AbortController();
  const begun = await fetch(link.href, { signal: stop.signal });
  const reader = begun.body.getReader();
  const first = (await reader.read()).value;
  stop.abort();
  const parts = [first.slice(0, Math.ceil(first.length / 2))];  // it may have been all of it
  const range = { Range: `bytes=${parts[0].length}-`, "If-Range": begun.headers.get("ETag") };
  const rest = await fetch(link.href, { headers: range });
  if (rest.status !== 206) return `HTTP ${rest.status}`;
  parts.push(new Uint8Array(await rest.arrayBuffer()));
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
"""
"""Take the first bytes of a link's file, break off, take the rest by a range; return the SHA-256 of both together."""


def rewrite_export(site: Site, **columns: str) -> None:
    """Let the daemon's row of its only export say so, as a failure or the time would have written it."""
    with closing(sqlite3.connect(site.root / "edge.db", timeout=10)) as database, database:
        sets = ", ".join(f"{name} = ?" for name in columns)
        database.execute(f"UPDATE exports SET {sets}", tuple(columns.values()))  # noqa: S608 -- ours


@asynccontextmanager
async def recorded_site(
    tmp_path: Path, *, cameras: Sequence[str] = ("cam01",), files_of: str = "4s"
) -> AsyncIterator[tuple[Site, Client]]:
    """A running site with cameras that were recorded for some seconds, and a person of each role."""
    site = site_with_files_of(tmp_path / "state", files_of)
    async with virtual_camera(CLIP) as camera, running_daemon(site), logged_in(site) as admin:
        for camera_id in cameras:
            await admin.add_camera(camera_id, camera.url(), skip_probe=True)
            await admin.wait_state(camera_id, "recording", 20)
        for role in ("operator", "auditor"):
            person = {
                "username": role,
                "password": f"segredo-{role}",
                "role": role,
                "tenant_id": "default",
                "must_change_password": False,
            }
            await admin.call("POST", "/users", person, expect=201)
        await asyncio.sleep(16)
        yield site, admin


async def edges(page: Page, selector: str) -> tuple[float, float]:
    """Return where the element begins and ends, from above."""
    box = await page.locator(selector).bounding_box()
    assert box is not None
    return box["y"], box["y"] + box["height"]


def _field(at: datetime) -> str:
    """Write a moment as the fields of the console have it, in São Paulo."""
    return (at - timedelta(hours=3)).strftime("%d/%m/%Y %H:%M:%S")


async def verified(bundle: Path, *, key: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM),
        "verify",
        str(bundle),
        "--key",
        key,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


async def test_an_incident_becomes_a_bundle_that_is_believed(tmp_path: Path) -> None:
    async with recorded_site(tmp_path) as (site, admin), chromium() as browser:
        page = await open_room(browser, site, "operator", "evidence")
        await expect(page.locator("main")).to_contain_text("Nenhum incidente")
        await picture(page, "incidents-empty")

        # The interval is kept.
        now = datetime.now(UTC)
        await page.get_by_role("button", name="Novo incidente").click()
        dialog = page.locator("dialog")
        await dialog.get_by_label("cam01").check()
        await dialog.get_by_label("Início").fill(_field(now - timedelta(seconds=12)))
        await dialog.get_by_label("Fim").fill(_field(now - timedelta(seconds=2)))
        await dialog.get_by_label("Motivo").fill("furto na praça")
        await dialog.get_by_label("Referência").fill("BO 45/2026")
        await picture(page, "incident-form")
        await dialog.get_by_role("button", name="Preservar").click()
        card = page.locator("[data-incident]")
        await expect(card).to_contain_text("furto na praça")
        await expect(card).to_contain_text("BO 45/2026")
        await card.get_by_role("button", name="Ver imagens").click()
        await expect(card.locator("figure img").first).to_be_visible()
        await picture(page, "incidents")

        # It may grow, and not shrink.
        await card.get_by_role("button", name="Alterar").click()
        await dialog.get_by_label("Início").fill(_field(now - timedelta(seconds=4)))
        await expect(dialog).to_contain_text("só pode crescer.")
        await dialog.get_by_label("Início").fill(_field(now - timedelta(seconds=14)))
        review = (now + timedelta(days=90)).strftime("%Y-%m-%d")
        await dialog.get_by_label("Rever em").fill(review)
        await dialog.get_by_role("button", name="Salvar alterações").click()
        await expect(card).to_contain_text("preservado, rever em")
        (grown,) = (await admin.call("GET", "/incidents", expect=200))["items"]
        assert grown["review_at"].startswith(review)
        start = datetime.fromisoformat(grown["start"])
        assert abs((now - start).total_seconds() - 14) <= 1

        # A bundle is asked for; its size is said before it begins, its progress while it is made.
        await card.get_by_role("button", name="Exportar evidência").click()
        await expect(dialog).to_contain_text("uma cópia para assistir:")
        await dialog.get_by_label("Para quem").fill("2ª DP")
        await dialog.get_by_label("Finalidade").fill("investigação criminal")
        await dialog.get_by_role("button", name="Juntar os trechos").click()
        await picture(page, "export-dialog")
        await dialog.get_by_role("button", name="Fazer o pacote").click()
        package = page.locator("[data-export]")
        await expect(
            package.get_by_role("progressbar").or_(package.locator("a[download]"))
        ).to_be_visible()
        await picture(page, "export-running")
        await expect(package).to_have_attribute("data-state", "done", timeout=patiently(60) * 1000)
        await picture(page, "exports")
        digest = await package.locator(".digest .mono").get_attribute("title")
        link = package.get_by_role("link", name="Baixar")
        assert await link.evaluate(BROKEN_OFF_AND_RESUMED) == digest
        async with page.expect_download() as downloading:
            await link.click()
        bundle = tmp_path / (await downloading.value).suggested_filename
        await (await downloading.value).save_as(bundle)

        (export,) = (await admin.call("GET", "/exports", expect=200))["items"]
        keys = await admin.call("GET", "/site/keys", expect=200)
        fingerprint = keys["site_key"]["fingerprint"]
        code, printed = await verified(bundle, key=fingerprint)
        assert code == 0, printed
        assert bundle.name == export["bundle"]["name"]
        assert export["request"]["authority"] == "2ª DP"

        # The browser comes to the same verdict, and names the file that somebody changed.
        await page.get_by_role("button", name="Verificar um pacote").click()
        await page.locator("dialog input[type=file]").set_input_files(bundle)
        await expect(page.locator("[data-verdict=good]")).to_contain_text(fingerprint)
        await picture(page, "verify-good")
        changed = tmp_path / "changed.zip"
        content = bytearray(await asyncio.to_thread(bundle.read_bytes))
        at = content.index(b"mdat") + 4000
        content[at] ^= 1
        await asyncio.to_thread(changed.write_bytes, content)
        await page.get_by_role("button", name="Verificar outro").click()
        await page.locator("dialog input[type=file]").set_input_files(changed)
        bad = page.locator("[data-verdict=bad] .faults li")
        await expect(bad).to_have_count(1)
        await expect(bad).to_contain_text("foi alterado")
        named = (await bad.locator(".mono").inner_text()).strip()
        await picture(page, "verify-bad")
        code, printed = await verified(changed, key=fingerprint)
        assert code != 0
        assert named.startswith("originals/cam01/")
        assert named in printed
        await page.keyboard.press("Escape")

        # Released by an act of its own, with a reason.
        await page.goto(f"{site.url}/#/evidence/incidents")
        await card.get_by_role("button", name="Liberar").click()
        await dialog.get_by_label("Motivo da liberação").fill("processo encerrado")
        await picture(page, "release")
        await dialog.get_by_role("button", name="Liberar as imagens").click()
        await expect(page.locator("main")).to_contain_text("Nenhum incidente")
        (incident,) = (await admin.call("GET", "/incidents", expect=200))["items"]
        assert incident["released"]["reason"] == "processo encerrado"


async def test_an_auditor_reads_who_took_what_and_opens_the_report_of_a_purge(
    tmp_path: Path,
) -> None:
    async with recorded_site(tmp_path) as (site, admin), chromium() as browser:
        now = datetime.now(UTC)
        incident = await admin.call(
            "POST",
            "/incidents",
            {
                "cameras": ["cam01"],
                "start": (now - timedelta(seconds=6)).isoformat(),
                "end": (now - timedelta(seconds=2)).isoformat(),
                "reason": "colisão na portaria",
            },
            expect=201,
        )
        await admin.call(
            "POST",
            "/exports",
            {
                "incident_id": incident["incident_id"],
                "request": {"authority": "2ª DP", "purpose": "investigação"},
            },
            expect=201,
        )
        span = urlencode(
            {
                "start": (now - timedelta(seconds=12)).isoformat(),
                "end": (now - timedelta(seconds=4)).isoformat(),
            }
        )
        for _ in range(3):
            async with logged_in(site, "operator", "segredo-operator") as operator:
                target = f"{site.url}/api/v1/cameras/cam01/playback.m3u8?{span}"
                async with operator.session.get(target) as playlist:
                    assert playlist.status == 200
        purged = await admin.call(
            "POST",
            "/storage/purge",
            {"before": (now - timedelta(seconds=8)).isoformat(), "reason": "pedido do titular"},
            expect=200,
        )
        assert purged["purge_ids"]

        page = await open_room(browser, site, "auditor")
        await expect(page.locator(".room-bar > h1")).to_have_text("Evidências")
        await expect(page.locator("[data-incident]")).to_contain_text("colisão na portaria")
        await expect(page.get_by_role("button", name="Exportar evidência")).to_have_count(0)
        await expect(page.get_by_role("button", name="Liberar")).to_have_count(0)

        await page.get_by_role("button", name="Auditoria", exact=True).click()
        row = page.locator("tr[data-act='export.created']")
        await expect(row).to_contain_text("admin")
        await expect(row).to_contain_text("cam01")
        # Looks of one sitting are one row, which opens to each of them.
        sitting = page.locator("tr[data-sitting=recorded]")
        await expect(sitting).to_contain_text("viu gravações")
        await expect(sitting).to_contain_text("3 registros")
        looks = page.locator("tr[data-act='footage.viewed']")
        await expect(looks).to_have_count(0)
        await sitting.get_by_role("button", name="um a um").click()
        await expect(looks).to_have_count(3)
        await picture(page, "trail")
        await page.get_by_label("Câmeras", exact=True).select_option("cam01")
        await expect(row).to_have_count(1)
        await page.get_by_role("button", name="Visualizações").click()
        await expect(row).to_have_count(0)
        await page.get_by_role("button", name="Exportações").last.click()
        await expect(row).to_have_count(1)
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Baixar CSV").click()
        table = (await (await downloading.value).path()).read_text(encoding="utf-8-sig")
        assert "pediu um pacote de evidência" in table
        await page.get_by_role("button", name="Tudo", exact=True).click()
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Baixar CSV").click()
        table = (await (await downloading.value).path()).read_text(encoding="utf-8-sig")
        assert table.count("viu gravações") == 3

        await page.get_by_role("button", name="Expurgos").click()
        link = page.get_by_role("link", name="Relatório de Expurgo")
        await expect(link).to_be_visible(timeout=patiently(20) * 1000)
        await expect(page.locator("[data-purge]")).to_contain_text("ordem de um administrador")
        await picture(page, "purges")
        await page.get_by_role("button", name="Detalhes").click()
        await expect(page.locator("dialog")).to_contain_text("pedido do titular")
        await expect(page.locator("dialog .lost")).to_contain_text("cam01")
        await picture(page, "purge-detail")
        await page.keyboard.press("Escape")
        answers: list[tuple[int, str]] = []
        page.context.on(
            "response",
            lambda answer: (
                answers.append((answer.status, answer.headers.get("content-type", "")))
                if answer.url.endswith(".pdf")
                else None
            ),
        )
        async with page.context.expect_page() as opening:
            await link.click()
        if PICTURES is not None:
            await page.wait_for_timeout(3000)
        await picture(await opening.value, "purge-paper")
        href = await link.get_attribute("href")
        paper = await page.context.request.get(f"{site.url}{href}")
        assert paper.status == 200
        assert (await paper.body()).startswith(b"%PDF")
        assert answers == [] or answers[0] == (200, "application/pdf")


async def test_what_is_marked_in_investigar_is_exported_and_cameras_go_out_of_step(
    tmp_path: Path,
) -> None:
    async with (
        recorded_site(tmp_path, cameras=("cam01", "cam02")) as (site, admin),
        chromium() as browser,
    ):
        at = datetime.now(UTC) - timedelta(seconds=12)
        place = f"investigate?c=cam01,cam02&z=60&t={at:%Y-%m-%dT%H:%M:%S}Z"
        page = await open_room(browser, site, "operator", place)
        times = [page.locator(f".player[data-camera={each}] .lag") for each in ("cam01", "cam02")]
        await expect(page.locator(".player[data-state=ready]")).to_have_count(2)
        begun = await times[0].inner_text()
        await expect(times[1]).to_have_text(begun)

        # Out of step the selected one moves alone; in step again the other comes to it.
        await page.keyboard.press("y")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("ArrowUp")
        await expect(times[0]).not_to_have_text(begun)
        await expect(times[1]).to_have_text(begun)
        await page.keyboard.press("2")
        await page.keyboard.press("ArrowUp")
        await expect(times[1]).not_to_have_text(begun)
        await picture(page, "out-of-step")
        await page.get_by_role("button", name="Sincronia").click()
        await expect(times[0]).to_have_text(await times[1].inner_text())
        await page.locator("main h1").click()

        await page.keyboard.press("[")
        for _ in range(5):
            await page.keyboard.press("ArrowUp")
        await page.keyboard.press("]")
        await expect(page.locator(".mark-bar")).to_contain_text("Exportar evidência")
        await picture(page, "marked")
        await page.set_viewport_size(PHONE)
        assert await fits(page)
        # Nothing covers the field above the pictures, nor runs out of the bar below.
        field, stage = await edges(page, ".jump input"), await edges(page, ".stage")
        assert field[1] <= stage[0]
        bar = await edges(page, ".mark-bar")
        button = await edges(page, ".mark-bar .btn:last-child")
        assert button[1] <= bar[1]
        await picture(page, "phone-marked")
        await page.set_viewport_size(DESK)
        await page.keyboard.press("e")
        dialog = page.locator("dialog")
        await expect(dialog.get_by_label("cam01")).to_be_checked()
        await expect(dialog.get_by_label("cam02")).to_be_checked()
        await dialog.get_by_label("Motivo").fill("colisão na portaria")
        await dialog.get_by_label("Para quem").fill("2ª DP")
        await dialog.get_by_label("Finalidade").fill("investigação")
        await picture(page, "export-from-investigar")
        await dialog.get_by_role("button", name="Fazer o pacote").click()
        package = page.locator("[data-export]")
        await expect(package).to_have_attribute("data-state", "done", timeout=patiently(60) * 1000)

        (incident,) = (await admin.call("GET", "/incidents", expect=200))["items"]
        (export,) = (await admin.call("GET", "/exports", expect=200))["items"]
        assert incident["reason"] == "colisão na portaria"
        assert sorted(export["cameras"]) == ["cam01", "cam02"]
        length = datetime.fromisoformat(export["end"]) - datetime.fromisoformat(export["start"])
        assert abs(length.total_seconds() - 5) < 0.1

        # What is kept already is exported of its incident: why is not asked again.
        await page.go_back()
        await expect(page.locator(".player[data-state=ready]")).to_have_count(2)
        if await page.get_by_text("Exportar evidência").count() == 0:
            await page.keyboard.press("[")
            for _ in range(3):
                await page.keyboard.press("ArrowDown")
            await page.keyboard.press("[")
        await page.keyboard.press("e")
        await expect(dialog.locator("[data-kept]")).to_contain_text("colisão na portaria")
        await expect(dialog.get_by_label("Motivo")).to_have_count(0)
        await dialog.get_by_label("Para quem").fill("3ª DP")
        await dialog.get_by_label("Finalidade").fill("investigação")
        await picture(page, "export-of-kept")
        await dialog.get_by_role("button", name="Fazer o pacote").click()
        await expect(package).to_have_count(2)
        (same,) = (await admin.call("GET", "/incidents", expect=200))["items"]
        exports = (await admin.call("GET", "/exports", expect=200))["items"]
        assert {each["incident_id"] for each in exports} == {same["incident_id"]}


async def test_an_export_is_cancelled_and_a_file_let_go_on_the_page_is_judged(
    tmp_path: Path,
) -> None:
    # The file being recorded reaches into the interval, so the export waits for its end.
    async with (
        recorded_site(tmp_path, files_of="5min") as (site, admin),
        chromium() as browser,
    ):
        now = datetime.now(UTC)
        incident = await admin.call(
            "POST",
            "/incidents",
            {
                "cameras": ["cam01"],
                "start": (now - timedelta(seconds=8)).isoformat(),
                "end": (now - timedelta(seconds=2)).isoformat(),
                "reason": "colisão na portaria",
            },
            expect=201,
        )
        body = {
            "incident_id": incident["incident_id"],
            "request": {"authority": "2ª DP", "purpose": "investigação"},
        }
        await admin.call("POST", "/exports", body, expect=201)
        page = await open_room(browser, site, "operator", "evidence/exports", color_scheme="dark")
        package = page.locator("[data-export]")
        await expect(package).to_contain_text("esperando a gravação terminar")
        await expect(package.get_by_role("progressbar")).to_be_visible()
        await picture(page, "export-waiting-dark")

        # The question's harmless answer keeps it going; the other ends it.
        await package.get_by_role("button", name="Cancelar").click()
        await page.get_by_role("button", name="Continuar fazendo").click()
        await expect(package).to_have_attribute("data-state", "running")
        await package.get_by_role("button", name="Cancelar").click()
        await page.locator("dialog").get_by_role("button", name="Cancelar").click()
        await expect(package).to_have_attribute("data-state", "cancelled")
        (export,) = (await admin.call("GET", "/exports", expect=200))["items"]
        assert export["state"] == "cancelled"

        # One that failed says why and what to do; one whose time is over says so. Another is asked for as it was.
        await asyncio.to_thread(rewrite_export, site, state="failed", error="export_no_space")
        await expect(package).to_have_attribute("data-state", "failed", timeout=15_000)
        await expect(package).to_contain_text("Não há espaço no disco para este pacote.")
        await expect(package).to_contain_text("apague pacotes que já foram entregues")
        await picture(page, "export-failed-dark")
        await asyncio.to_thread(rewrite_export, site, state="expired", error="")
        await expect(package).to_contain_text("O prazo terminou", timeout=15_000)
        await picture(page, "export-expired-dark")
        await package.get_by_role("button", name="Fazer outro").click()
        dialog = page.locator("dialog")
        await expect(dialog.get_by_label("Para quem")).to_have_value("2ª DP")
        await expect(dialog.get_by_label("cam01")).to_be_checked()
        await dialog.get_by_role("button", name="Fazer o pacote").click()
        await expect(package).to_have_count(2)
        exports = (await admin.call("GET", "/exports", expect=200))["items"]
        assert {(each["start"], each["end"]) for each in exports} == {
            (export["start"], export["end"])
        }

        await page.locator(".evidence").evaluate(
            """(room) => {
              const data = new DataTransfer();
              data.items.add(new File(["isto não é um pacote de evidência"], "carta.zip"));
              for (const type of ["dragover", "drop"])
                room.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
            }"""
        )
        await expect(page.locator("[data-verdict=bad]")).to_contain_text("não é um zip")
        await picture(page, "dropped-dark")


async def test_the_room_fits_a_phone_and_is_walked_by_keys(tmp_path: Path) -> None:
    async with recorded_site(tmp_path) as (site, admin), chromium() as browser:
        now = datetime.now(UTC)
        await admin.call(
            "POST",
            "/incidents",
            {
                "cameras": ["cam01"],
                "start": (now - timedelta(seconds=8)).isoformat(),
                "end": (now + timedelta(seconds=60)).isoformat(),
                "reason": "briga na saída do estádio, lado norte; " + "vários envolvidos, " * 20,
                "reference": "Ofício 118/2026",
            },
            expect=201,
        )
        page = await open_room(browser, site, "admin", "evidence", viewport=PHONE)
        card = page.locator("[data-incident]")
        await expect(card).to_be_visible()
        assert await fits(page)
        await picture(page, "phone-incidents")
        # A long reason begins, and is there in whole when asked for; an incident that goes on says so.
        title = card.locator("h2")
        cut = await title.evaluate("(words) => words.scrollHeight > words.clientHeight + 4")
        assert cut
        await card.get_by_role("button", name="mostrar tudo").click()
        cut = await title.evaluate("(words) => words.scrollHeight > words.clientHeight + 4")
        assert not cut
        await expect(card).to_contain_text("Em curso")
        await page.get_by_role("button", name="Exportar evidência").click()
        await expect(page.locator("dialog")).to_contain_text("uma cópia para assistir:")
        await expect(page.locator("dialog")).to_contain_text("este pacote leva o que existe até")
        assert await fits(page)
        await picture(page, "phone-export")
        # The dialog holds the focus (between its end and its beginning the browser's own bar has it, and the page nothing),
        # and Esc gives it back to what opened it.
        for _ in range(30):
            await page.keyboard.press("Tab")
            assert await page.evaluate(
                "() => document.activeElement === document.body"
                " || document.activeElement.closest('dialog') !== null"
            )
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_have_count(0)
        focused = await page.evaluate("() => document.activeElement.textContent")
        assert "Exportar evidência" in focused
        for tab in ("exports", "purges", "trail"):
            await page.goto(f"{site.url}/#/evidence/{tab}")
            await page.wait_for_timeout(300)
            assert await fits(page), tab
            await picture(page, f"phone-{tab}")
