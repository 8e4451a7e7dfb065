"""The room Placas: what a camera pushes is seen at once, searched for with a purpose, watched for, and seen to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.e2e.browser import chromium, log_in
from tests.e2e.plate_pushes import plates_site
from tests.e2e.plates_pages import WANTED, listening, open_dark, watch_for
from tests.e2e.rooms import DESK, PHONE, fits, picture
from tests.waiting import patiently

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.chromium,
]


async def test_a_wanted_plate_interrupts_until_it_is_acknowledged(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        page = await open_dark(browser, site, "operator")
        panel = page.get_by_role("complementary", name="Leituras agora")
        await expect(panel).to_contain_text("Nenhuma leitura ainda")
        await listening(page)
        await watch_for(admin)

        # An ordinary reading appears, and disturbs nobody.
        await pushing.hikvision("FKT4C77")
        await expect(panel.locator("[data-plate=FKT4C77]")).to_be_visible()
        await expect(page.get_by_role("link", name="Nenhum alerta a reconhecer")).to_be_visible()
        await expect(panel.locator("li.hit")).to_have_count(0)

        # A wanted one interrupts, within half a second of the push.
        await page.evaluate(
            """(plate) => {
                window.seenAt = null;
                new MutationObserver(() => {
                    if (window.seenAt === null && document.querySelector(`li.hit [data-plate=${plate}]`)) window.seenAt = Date.now();
                }).observe(document.body, { childList: true, subtree: true });
            }""",
            WANTED,
        )
        sent = datetime.now(UTC).timestamp() * 1000
        await pushing.hikvision(WANTED)
        await expect(panel.locator("li.hit")).to_contain_text("furto, BO 2026/118442")
        shown = await page.evaluate("() => window.seenAt")
        assert shown - sent < patiently(0.5) * 1000
        await expect(page.get_by_role("link", name="1 alerta a reconhecer")).to_be_visible()
        await expect(panel.locator("li.hit img")).to_be_visible()
        await picture(page, "live-dark")

        # In every other room it is a banner.
        await page.goto(f"{site.url}/#/health")
        banner = page.locator(".alert-banner")
        await expect(banner).to_contain_text("furto, BO 2026/118442")
        await picture(page, "banner")
        await page.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
        await page.goto(f"{site.url}/#/live")
        await expect(banner).to_have_count(0)
        await picture(page, "live-light")
        await page.goto(f"{site.url}/#/health")

        # A key, a remark, and it is over; for everybody.
        other = await open_dark(browser, site, "viewer")
        await expect(other.locator("li.hit")).to_contain_text("furto")
        await page.keyboard.press("a")
        dialog = page.locator("dialog")
        await expect(dialog).to_contain_text(f"Reconhecer o alerta de {WANTED}")
        # Nothing is concluded by habit: Enter alone asks for the conclusion.
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_contain_text("Escolha a conclusão")
        await dialog.get_by_label("Observação").fill("viatura avisada")
        await page.keyboard.press("Enter")
        await expect(dialog).to_be_visible()
        await dialog.get_by_role("button", name="Não procede").focus()
        await page.keyboard.press("1")
        await picture(page, "acknowledge")
        await page.keyboard.press("Enter")
        await expect(banner).to_have_count(0)
        await expect(page.get_by_role("link", name="Nenhum alerta a reconhecer")).to_be_visible()
        await expect(other.locator("li.hit")).to_have_count(0)
        (alert,) = (await admin.call("GET", "/alerts", expect=200))["items"]
        assert alert["acknowledged"]["by"] == "operator"
        assert alert["acknowledged"]["note"] == "Procede: viatura avisada"

        # A slip is undone at once, for everybody; and done again.
        await picture(page, "acknowledged-undo")
        await page.get_by_role("button", name="Desfazer").click()
        await expect(banner).to_contain_text("furto, BO 2026/118442")
        await expect(other.locator("li.hit")).to_contain_text("furto")
        (alert,) = (await admin.call("GET", "/alerts", expect=200))["items"]
        assert alert["acknowledged"] is None
        acts = (await admin.call("GET", "/audit?action=alert.", expect=200))["items"]
        assert [each["action"] for each in acts] == [
            "alert.acknowledgement_taken_back",
            "alert.acknowledged",
        ]
        await page.keyboard.press("a")
        await dialog.get_by_label("Observação").fill("viatura avisada")
        await dialog.get_by_role("button", name="Procede", exact=False).first.focus()
        await page.keyboard.press("1")
        await page.keyboard.press("Enter")
        await expect(banner).to_have_count(0)

        await page.goto(f"{site.url}/#/plates/alerts")
        await page.get_by_role("button", name="Todos").click()
        await expect(page.locator("[data-alert]")).to_contain_text("viatura avisada")
        await picture(page, "alerts")


async def test_plates_are_searched_for_with_a_purpose(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        page = await open_dark(browser, site, "operator", "plates")
        await expect(page.locator("main")).to_contain_text("Ainda não chegou nenhuma leitura")
        await picture(page, "plates-empty")
        await listening(page)
        await watch_for(admin, "RIO2A18", level="info")
        for plate, camera, ago in (
            ("RIO2018", "cam02", 60),
            ("R1O2A18", "cam01", 40),
            ("QWE8B02", "cam02", 20),
        ):
            assert await pushing.webhook(plate, camera, ago_s=ago) == 202
        await pushing.hikvision("RIO2A18")

        # What came is offered, not pushed under the pointer.
        await page.get_by_role("button", name="Chegaram 4 leituras novas").click()
        rows = page.locator("[data-reading]")
        await expect(rows).to_have_count(4)
        # What only informs is on the list, and is not red.
        await expect(page.locator("tr.listed")).to_have_count(2)
        await expect(page.locator("tr.hit, .bell.ringing")).to_have_count(0)
        await picture(page, "plates-all")

        # A plate without a purpose is not searched for.
        await page.keyboard.press("/")
        await page.keyboard.type("rio2a18")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert").filter(has_text="finalidade")).to_be_visible()
        await expect(rows).to_have_count(4)
        purpose = page.get_by_label("Finalidade")
        await expect(purpose).to_be_focused()
        # What one types there is read whole, also on a small desk.
        await page.set_viewport_size({"width": 1366, "height": 768})
        await purpose.fill("BO 2026/118442, furto na Rua XV")
        assert await purpose.evaluate("(field) => field.scrollWidth <= field.clientWidth")
        assert await fits(page)
        await picture(page, "plates-1366")
        await page.set_viewport_size(DESK)
        await purpose.fill("BO 2026/118442")
        await page.keyboard.press("Enter")

        # Both forms of the plate are found, a doubtful one is offered.
        await expect(rows).to_have_count(2)
        await expect(page.locator("[data-similar] [data-plate]")).to_have_count(1)
        await expect(page.locator("[data-similar] [data-plate=R1O2A18]")).to_be_visible()
        assert await rows.locator("[data-plate]").evaluate_all(
            "(plates) => plates.map((plate) => plate.dataset.plate)"
        ) == ["RIO2A18", "RIO2018"]

        # The detail: scene, why it is wanted, where it passed today, its video.
        await rows.first.click()
        detail = page.get_by_role("complementary", name="Leitura")
        await expect(detail.get_by_alt_text("Imagem da cena")).to_be_visible()
        await expect(detail).to_contain_text("também como RIO-2018")
        await expect(detail).to_contain_text("furto, BO 2026/118442")
        await expect(detail.locator(".journey li")).to_have_count(2)
        await expect(detail.locator(".journey li").first).to_contain_text("cam02")
        await picture(page, "plates-dark")
        await page.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
        await picture(page, "plates-light")
        await page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")

        # Wildcards; the table to carry away; the video at its moment.
        await page.get_by_label("Placa", exact=True).fill("R?O2*")
        await page.keyboard.press("Enter")
        await expect(rows).to_have_count(3)
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Exportar CSV").click()
        table = (await (await downloading.value).path()).read_text(encoding="utf-8-sig")
        assert len(table.splitlines()) == 4
        await page.locator("body").click(position={"x": 5, "y": 5})
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/#/investigate?c=cam01&t=*")
        await page.go_back()
        await expect(rows).to_have_count(3)

        log = (await admin.call("GET", "/audit?limit=50", expect=200))["items"]
        done = [each for each in log if each["action"] in ("plates.searched", "plates.exported")]
        assert {each["details"]["purpose"] for each in done} == {"BO 2026/118442"}
        assert "plates.exported" in {each["action"] for each in done}

        # Who may read the log sees which plate it was and what for, in both of its places and in the file.
        inspector = await open_dark(browser, site, "auditor", "settings/audit")
        searched = inspector.locator("tr[data-act='plates.searched']")
        for words in ("RIO2A18", "Finalidade: BO 2026/118442", "Período: ", "todas as câmeras"):
            await expect(searched.last).to_contain_text(words)
        await expect(inspector.locator("tr[data-act='watch.created']")).to_contain_text(
            "Motivo: furto, BO 2026/118442"
        )
        await picture(inspector, "audit-plates")
        await inspector.goto(f"{site.url}/#/health")
        kept = inspector.locator("[data-readings-kept]")
        await expect(kept).to_contain_text("180 dias")
        await expect(kept).to_contain_text("Próxima rodada")
        await kept.scroll_into_view_if_needed()
        await picture(inspector, "health-readings")
        await inspector.goto(f"{site.url}/#/evidence/trail")
        await inspector.get_by_role("button", name="Placas", exact=True).click()
        await expect(searched.last).to_contain_text("Finalidade: BO 2026/118442")
        exported = inspector.locator("tr[data-act='plates.exported']")
        await expect(exported).to_contain_text("R?O2*")
        await picture(inspector, "trail-plates")
        async with inspector.expect_download() as downloading:
            await inspector.get_by_role("button", name="Baixar CSV").click()
        table = (await (await downloading.value).path()).read_text(encoding="utf-8-sig")
        head, *lines = table.splitlines()
        assert head.endswith("Placa;Finalidade ou motivo;Detalhes")
        assert any(";R?O2*;BO 2026/118442;" in line for line in lines)


async def test_a_doubtful_plate_is_offered_and_never_put_in_place(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, _, pushing), chromium() as browser:
        await pushing.webhook("QWE8B02", ago_s=30)
        await pushing.webhook("R1O2A18", ago_s=10, confidence="0.61")
        page = await open_dark(browser, site, "operator", "plates")
        await expect(page.locator("[data-reading]")).to_have_count(2)
        doubtful = page.locator("[data-reading]").filter(has=page.locator("[data-plate=R1O2A18]"))
        await expect(doubtful).to_contain_text("talvez RIO2A18")
        await expect(doubtful.locator("mark")).to_have_text("1")

        await page.get_by_label("Finalidade").fill("teste do sistema")
        await page.get_by_label("Placa", exact=True).fill("QWE8802")
        await page.keyboard.press("Enter")
        # The other form of QWE8802 is QWE8I02; QWE8B02 is one doubtful character away.
        await expect(page.locator("main")).to_contain_text("Nenhuma leitura de QWE8802")
        await page.get_by_role("button", name="Procurar QWE8B02").click()
        await expect(page.locator("[data-reading]")).to_have_count(1)
        await expect(page.get_by_label("Placa", exact=True)).to_have_value("QWE8B02")


async def test_the_watchlist_is_kept_by_operators_and_seen_by_viewers(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await pushing.webhook("RIO2018", ago_s=30)
        page = await open_dark(browser, site, "operator", "plates/watchlist")
        await expect(page.locator("main")).to_contain_text("A lista de monitoramento está vazia")
        await picture(page, "watchlist-empty")
        await page.get_by_role("button", name="Adicionar placa").click()
        dialog = page.locator("dialog")
        await dialog.get_by_label("Placa", exact=True).fill("rio-2a18")
        await dialog.get_by_label("Motivo").fill("furto, BO 2026/118442")
        await dialog.get_by_role("button", name="urgente").click()
        end = (datetime.now(UTC) + timedelta(days=20)).strftime("%Y-%m-%d")
        await dialog.get_by_label("Vale até").fill(end)
        await picture(page, "watch-form")
        await dialog.get_by_role("button", name="Salvar").click()
        row = page.locator("[data-watch=RIO2A18]")
        await expect(row).to_contain_text("urgente")
        (entry,) = (await admin.call("GET", "/watchlist", expect=200))["items"]
        # The last day counts whole, in the site's zone.
        last = datetime.fromisoformat(entry["expires_at"]) - timedelta(hours=3, seconds=1)
        assert last.strftime("%Y-%m-%d") == end
        await picture(page, "watchlist")

        # The same vehicle in its other form is on the list already.
        await page.get_by_role("button", name="Adicionar placa").click()
        await dialog.get_by_label("Placa", exact=True).fill("RIO2018")
        await dialog.get_by_label("Motivo").fill("de novo")
        await dialog.get_by_role("button", name="Salvar").click()
        await expect(dialog).to_contain_text("já está na lista de monitoramento")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Descartar").click()

        # Its past is one press away.
        await page.get_by_role("button", name="Ver passagens anteriores").click()
        await expect(page.locator("[data-reading] [data-plate=RIO2018]")).to_be_visible()
        await expect(page.get_by_label("Finalidade")).to_have_value("furto, BO 2026/118442")

        viewer = await open_dark(browser, site, "viewer", "plates/watchlist")
        await expect(viewer.locator("[data-watch=RIO2A18]")).to_be_visible()
        await expect(viewer.get_by_role("button", name="Adicionar placa")).to_have_count(0)
        await expect(viewer.get_by_role("button", name="Tirar da lista")).to_have_count(0)
        auditor = await open_dark(browser, site, "auditor", "plates")
        await expect(auditor.locator("nav >> text=Placas")).to_have_count(0)
        await expect(auditor.locator("main")).to_contain_text("não tem permissão")

        await page.goto(f"{site.url}/#/plates/watchlist")
        await row.get_by_role("button", name="Tirar da lista").click()
        await dialog.get_by_role("button", name="Tirar da lista").click()
        await expect(page.locator("main")).to_contain_text("A lista de monitoramento está vazia")


async def test_an_alert_is_one_screen_on_a_phone(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await watch_for(admin)
        long = "Av. Brasil sentido centro, esquina com a Rua do Rosário, faixa 2"
        await admin.call("PATCH", "/cameras/cam02", {"name": long}, expect=200)
        await pushing.hikvision(WANTED)
        (alert,) = (await admin.call("GET", "/alerts", expect=200))["items"]

        page = await open_dark(
            browser, site, "operator", f"placas/alerta/{alert['alert_id']}", viewport=PHONE
        )
        screen = page.locator(".alert-screen")
        await expect(screen).to_contain_text("furto, BO 2026/118442")
        await expect(screen.get_by_alt_text("Imagem da cena")).to_be_visible()
        await expect(screen.get_by_alt_text("Recorte da placa")).to_be_visible()
        button = screen.get_by_role("button", name="Procede", exact=True)
        box = await button.bounding_box()
        assert box is not None
        # Under the thumb: in the lower third, without scrolling, as large as a finger.
        assert box["y"] > PHONE["height"] * 2 / 3
        assert box["y"] + box["height"] < PHONE["height"]
        assert box["height"] >= 44
        assert await fits(page)
        await picture(page, "phone-alert")
        await button.click()
        await expect(screen).to_contain_text("reconhecido por operator")
        await picture(page, "phone-alert-done")

        for path, name in (
            ("plates", "phone-plates"),
            ("plates/alerts", "phone-alerts"),
            ("plates/watchlist", "phone-watchlist"),
            ("live", "phone-live"),
        ):
            await page.goto(f"{site.url}/#/{path}")
            await page.wait_for_selector("main h1")
            assert await fits(page), path
            await picture(page, name)
        await page.goto(f"{site.url}/#/plates")
        choice = await page.get_by_label("Câmera", exact=True).bounding_box()
        assert choice is not None
        assert choice["x"] + choice["width"] <= PHONE["width"]
        await page.locator("[data-reading]").first.click()
        detail = page.get_by_role("complementary", name="Leitura")
        scene = await detail.locator(".of-scene").bounding_box()
        crop = await detail.locator(".of-plate").bounding_box()
        assert scene is not None
        assert crop is not None
        assert scene["y"] + scene["height"] <= crop["y"]
        assert await fits(page)
        await picture(page, "phone-detail")


async def test_an_integrator_sees_what_to_paste_and_whether_it_arrives(tmp_path: Path) -> None:
    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await admin.add_camera("cam03", "rtsp://127.0.0.1:9/none", skip_probe=True)
        page = await open_dark(browser, site, "admin", "cameras/cam03")
        section = page.locator("[data-pushes]")
        await expect(section).to_contain_text("ainda não pode enviar leituras")
        await section.get_by_role("button", name="Criar segredo").click()
        await expect(section).to_contain_text("/api/v1/webhooks/lpr")
        await expect(section.locator("[data-received]")).to_contain_text("nenhuma desde")
        await section.scroll_into_view_if_needed()
        await picture(page, "pushing")
        address = section.get_by_label("Endereço deste equipamento")
        await address.fill("http://10.20.0.5:8080")
        await section.get_by_role("button", name="Usar este endereço").click()
        await section.get_by_role("button", name="Hikvision").click()
        await expect(section).to_contain_text("http://10.20.0.5:8080/api/v1/webhooks/hikvision/")
        await expect(section).to_contain_text("<ipAddress>10.20.0.5</ipAddress>")
        await section.get_by_role("button", name="Intelbras").click()
        await expect(section).to_contain_text("/NotificationInfo/TollgateInfo")

        # What is refused says why; what arrives is seen.
        help_ = await admin.call("GET", "/cameras/cam03/push-help", expect=200)
        pushing.access["cam03"] = {"secret": help_["secret"]}
        assert await pushing.webhook("AAA0A00", "cam03", secret="whsec_d3Jvbmc=") == 401
        refused = section.locator("[data-refused]")
        await expect(refused).to_contain_text("push_refused", timeout=patiently(8) * 1000)
        assert await pushing.webhook("AAA0A00", "cam03") == 202
        received = section.locator("[data-received]")
        await expect(received).to_contain_text("integrador", timeout=patiently(8) * 1000)
        await section.get_by_role("button", name="Esconder").click()
        await picture(page, "pushing-arrived")
        await section.get_by_role("button", name="Trocar segredo").click()
        await page.get_by_role("button", name="Trocar segredo").last.click()
        await expect(section).to_contain_text("o anterior vale até")

        operator = await open_dark(browser, site, "operator", "cameras/cam03")
        await expect(operator.locator("dialog")).to_contain_text("cam03")
        await expect(operator.locator("[data-pushes]")).to_have_count(0)


async def test_without_a_connection_it_asks_and_with_one_again_nothing_is_doubled(
    tmp_path: Path,
) -> None:
    is_cut = False
    sockets: list[WebSocketRoute] = []

    async def handle(socket: WebSocketRoute) -> None:
        if is_cut:
            await socket.close(code=1011)
            return
        socket.connect_to_server()
        sockets.append(socket)

    async with plates_site(tmp_path) as (site, admin, pushing), chromium() as browser:
        await watch_for(admin)
        context = await browser.new_context(locale="pt-BR", viewport=DESK)
        await context.route_web_socket("**/ws/alerts*", handle)
        page = await context.new_page()
        await log_in(page, site.url, "operator", "segredo-operator")
        panel = page.get_by_role("complementary", name="Leituras agora")
        await listening(page)

        is_cut = True
        await sockets[-1].close(code=1011)
        await expect(panel).to_contain_text("Sem conexão ao vivo")
        await expect(panel).to_contain_text("1011")
        await picture(page, "polling")
        await pushing.hikvision("FKT4C77")
        await pushing.hikvision(WANTED)
        await expect(panel.locator("[data-plate=FKT4C77]")).to_have_count(
            1, timeout=patiently(10) * 1000
        )
        await expect(panel.locator("li.hit")).to_contain_text("furto")

        is_cut = False
        await listening(page)
        await expect(panel).not_to_contain_text("Sem conexão ao vivo")
        await pushing.hikvision("QWE8B02")
        await expect(panel.locator("[data-plate=QWE8B02]")).to_have_count(1)
        assert await panel.locator("[data-plate]").count() == 3
