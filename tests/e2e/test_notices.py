"""Notices on a browser: turned on in the console, sent by the installed program, shown by the service worker, pressed."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from gtvision_edge.detections.sources.signatures import SignedFields, sign_fields
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.timestamps import to_rfc3339
from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.fakes.push_service import LocalPushService, Pushed, running_push_service
from tests.waiting import becomes, patiently

pytestmark = [pytest.mark.timeout(180)]
PLATE = "ABC1D23"
SETTINGS = '[push]\nallow_private = true\nsettle = "1s"\n'


async def watch_and_pass(admin: Client, camera_id: str) -> None:
    """Have a wanted plate pass; its reading is accepted when this returns."""
    made = await admin.call("POST", f"/cameras/{camera_id}/push-secret", {}, expect=201)
    wanted = {"placa": PLATE, "reason": "carro roubado", "level": "critical"}
    await admin.call("POST", "/watchlist", wanted, expect=201)
    fields = SignedFields(camera_id, PLATE, to_rfc3339(SystemClock().now_us()), "0.9", "")
    body = {
        "camera_id": camera_id,
        "placa": PLATE,
        "timestamp": fields.timestamp,
        "confianca": 0.9,
        "imagem_url": None,
        "signature": sign_fields(made["secret"], fields),
    }
    await admin.call("POST", "/webhooks/lpr", body, expect=202)


def told_of(service: LocalPushService, tag: str) -> list[Pushed]:
    return [each for each in service.got if each.message["tag"].startswith(tag)]


async def test_what_was_accepted_before_a_kill_is_told_after_it(tmp_path: Path) -> None:
    site = Site(tmp_path / "state", settings=SETTINGS)
    async with running_push_service() as service:
        service.status = 503
        async with running_daemon(site) as daemon, logged_in(site) as admin:
            service.public_key = (await admin.call("GET", "/push/key", expect=200))["public_key"]
            await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
            await admin.call("POST", "/push/subscriptions", service.subscription(), expect=201)
            await watch_and_pass(admin, "cam01")
            daemon.process.kill()
            await daemon.process.wait()
        assert service.got == []
        service.status = 201

        async with running_daemon(site) as daemon:
            # The camera is not there: that is told, too, without anybody's asking.
            await becomes(
                lambda: bool(told_of(service, "alert-") and told_of(service, "camera-")), 60
            )

    (alert,) = told_of(service, "alert-")
    assert alert.message["title"] == f"URGENTE · placa monitorada: {PLATE}"
    assert told_of(service, "camera-")[0].message["title"] == "Câmera parou de gravar: Câmera cam01"
    printed = "\n".join(daemon.printed)
    assert "/wp/" not in printed
    assert PLATE not in printed


async def allowed_context(browser: Any, url: str, service: LocalPushService) -> BrowserContext:
    """A browser that allows notices and whose push service is ours: its maker's is out of reach of a test."""
    context: BrowserContext = await browser.new_context(locale="pt-BR")
    await context.grant_permissions(["notifications"], origin=url)
    await context.add_init_script(
        """(() => {
            const given = GIVEN;
            const make = (options) => ({
                endpoint: given.endpoint,
                options: { applicationServerKey: Uint8Array.from(
                    atob(options.applicationServerKey.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)).buffer },
                toJSON: () => given,
                unsubscribe: async () => { window.subscribed = null; return true; },
            });
            window.subscribed = null;
            PushManager.prototype.getSubscription = async () => window.subscribed;
            PushManager.prototype.subscribe = async (options) => (window.subscribed = make(options));
        })()""".replace("GIVEN", json.dumps(service.subscription()))
    )
    return context


async def show(page: Page, context: BrowserContext, url: str, message: dict[str, Any]) -> None:
    """Have the browser receive *message*, as its push service would hand it over."""
    session = await context.new_cdp_session(page)
    ids: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: ids.extend(each["registrationId"] for each in told["registrations"]),
    )
    await session.send("ServiceWorker.enable")
    await becomes(lambda: bool(ids), 10)
    pushed = {"origin": url, "registrationId": ids[0], "data": json.dumps(message)}
    await session.send("ServiceWorker.deliverPushMessage", pushed)
    await session.detach()


@pytest.mark.chromium
async def test_a_notice_is_turned_on_shown_and_leads_to_its_alert(tmp_path: Path) -> None:
    site = Site(tmp_path / "state", settings=SETTINGS.replace("1s", "1h"))
    async with (
        running_push_service() as service,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        service.public_key = (await admin.call("GET", "/push/key", expect=200))["public_key"]
        await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
        context = await allowed_context(browser, site.url, service)
        page = await context.new_page()
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
        await log_in(page, f"{site.url}/#/settings/notices", "admin", site.password)

        await page.get_by_role("button", name="Receber avisos aqui").click()
        await expect(page.get_by_text("Este aparelho recebe avisos.")).to_be_visible()
        await page.get_by_label("Placas a partir de").select_option("critical")
        await page.get_by_role("button", name="Enviar teste").click()
        await becomes(lambda: len(service.got) == 1, 10)
        await watch_and_pass(admin, "cam01")
        await becomes(lambda: bool(told_of(service, "alert-")), 10)
        message = told_of(service, "alert-")[0].message

        await show(page, context, site.url, message)
        shown = await page.wait_for_function(
            """async () => {
                const registration = await navigator.serviceWorker.ready;
                const shown = await registration.getNotifications();
                return shown.length > 0 && shown.map((each) => [each.title, each.body, each.tag]);
            }""",
            timeout=patiently(10_000),
        )
        assert await shown.json_value() == [[message["title"], message["body"], message["tag"]]]

        (worker,) = context.service_workers
        # Nobody's finger reaches the desktop of a headless browser: the event alone is made.
        await worker.evaluate(
            """async () => {
                const [notification] = await self.registration.getNotifications();
                self.WindowClient.prototype.focus = async function () { return this; };
                self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
            }"""
        )
        await page.wait_for_function(
            "(path) => location.hash === path", arg=message["path"], timeout=patiently(10_000)
        )

        await page.goto(f"{site.url}/#/settings/notices")
        await page.get_by_role("button", name="Parar de avisar").click()
        await expect(page.get_by_text("Nenhum aparelho recebe avisos desta conta.")).to_be_visible()
        assert not [each for each in refused if "Content Security Policy" in each], refused


@pytest.mark.chromium
async def test_why_a_browser_gets_no_notices_is_said(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with running_daemon(site), chromium() as browser:
        context = await browser.new_context(locale="pt-BR")
        page = await context.new_page()
        await page.add_init_script(
            "Object.defineProperty(Notification, 'permission', { get: () => 'denied' });"
        )
        await log_in(page, f"{site.url}/#/settings/notices", "admin", site.password)
        await expect(page.get_by_text("Os avisos deste site estão bloqueados")).to_be_visible()

        page = await context.new_page()
        await page.add_init_script(
            "Object.defineProperty(globalThis, 'isSecureContext', { get: () => false });"
        )
        await page.goto(f"{site.url}/#/settings/notices")
        await expect(page.get_by_text("Avisos precisam de HTTPS.")).to_be_visible()
        await expect(page.get_by_role("button", name="Receber avisos aqui")).to_have_count(0)
