"""The line to the hub as people see it, and what it refused, which they try again or give up."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.browser import chromium
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.rooms import DESK, PHONE, fits, open_room, picture

pytestmark = [pytest.mark.timeout(240), pytest.mark.chromium]

PARKED = 60
"""More than a page of the list."""
HOUR_US = 3_600_000_000


def park(database: Path) -> None:
    """Have the hub refuse some messages: what takes it minutes and ten tries."""
    with closing(sqlite3.connect(database)) as connection, connection:
        (now_us,) = connection.execute("SELECT max(created_us) FROM outbox").fetchone()
        for number in range(PARKED):
            body = f'{{"late":false,"subject":"camera/{"cam01" if number else "cam99"}"}}'
            connection.execute(
                "INSERT INTO outbox (message_id, routing_key, lane, created_us, body, attempts, parked_us, parked_reason)"
                " VALUES (?, ?, 'u-1', ?, ?, 10, NULL, '')",
                (
                    f"m-{number:02}",
                    "deteccoes.lpr" if number % 3 else "cameras.status",
                    now_us - HOUR_US,
                    body.encode(),
                ),
            )
        connection.execute(
            "UPDATE outbox SET parked_us = ?, parked_reason = CASE seq % 2 WHEN 0 THEN 'returned' ELSE 'refused' END"
            " WHERE message_id LIKE 'm-%'",
            (now_us,),
        )
        connection.execute(
            "INSERT INTO outbox_purges VALUES ('p-1', ?, 'age', 7776000, 3, 900, ?, ?, ?, 'x', 1)",
            (now_us, now_us - 2 * HOUR_US, now_us - HOUR_US, '{"deteccoes.lpr": 3}'),
        )


@asynccontextmanager
async def site_with_refusals(tmp_path: Path) -> AsyncIterator[tuple[Site, Client, Browser]]:
    site = Site(
        tmp_path / "state",
        settings='[uplink]\nurl = "amqp://127.0.0.1:9/"\nwatch_queues = ["deteccoes"]\n',
    )
    async with running_daemon(site), logged_in(site) as admin:
        await admin.add_camera("cam01", "rtsp://127.0.0.1:9/none", skip_probe=True)
        await admin.wait_state("cam01", "offline", 30)
    park(site.root / "edge.db")
    async with running_daemon(site), logged_in(site) as admin, chromium() as browser:
        yield site, admin, browser


def park_again(database: Path) -> None:
    """Have one more message refused, in the place after the others."""
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        connection.execute(
            "INSERT INTO outbox (message_id, routing_key, lane, created_us, body, attempts, parked_us, parked_reason)"
            " SELECT 'late', routing_key, lane, created_us, body, 10, NULL, '' FROM outbox WHERE message_id = 'm-02'"
        )
        connection.execute(
            "UPDATE outbox SET parked_us = created_us, parked_reason = 'refused' WHERE message_id = 'late'"
        )


async def acts(admin: Client) -> list[dict[str, Any]]:
    page = await admin.call("GET", "/audit?action=uplink.", expect=200)
    return list(page["items"])


async def give_up(page: Page, button: str, reason: str) -> None:
    await page.get_by_role("button", name=button).first.click()
    dialog = page.locator("dialog")
    await expect(dialog.get_by_role("button", name="Desistir")).to_be_disabled()
    await dialog.get_by_label("Motivo").fill(reason)
    await picture(
        page,
        f"hub-{'all' if 'todas' in button else 'one'}-{page.viewport_size['width'] if page.viewport_size else 0}",
    )
    await dialog.get_by_role("button", name="Desistir").click()
    await expect(dialog).to_have_count(0)


async def test_refused_messages_are_listed_tried_again_and_given_up_with_a_reason(
    tmp_path: Path,
) -> None:
    async with site_with_refusals(tmp_path) as (site, admin, browser):
        page = await open_room(browser, site, "admin", "health")
        card = page.locator("[data-line=hub][data-state=unreachable]")
        await expect(card).to_contain_text("não responde")
        await expect(card).to_contain_text("60 mensagens de lado", timeout=20_000)
        await expect(page.locator(".top [data-hub]")).to_contain_text("central não responde")
        await picture(page, "hub-card-desk")
        await card.get_by_role("link", name="Ver detalhes").click()

        refused = page.locator("[data-refused]")
        await expect(refused.locator("tbody tr")).to_have_count(50)
        await expect(page.locator("[data-given-up='1']")).to_contain_text("3 × leitura de placa")
        await picture(page, "hub-page-desk")
        await refused.get_by_role("button", name="Mostrar mais").click()
        await expect(refused.locator("tbody tr")).to_have_count(PARKED)
        await expect(refused.locator("[data-item=m-00]")).to_contain_text("cam99")
        await expect(refused.locator("[data-item=m-01]")).to_contain_text("Câmera cam01")

        await (
            refused.locator("[data-item=m-00]").get_by_role("button", name="Tentar de novo").click()
        )
        await expect(refused.locator("[data-item=m-00]")).to_have_count(0)
        await expect(refused.locator("tbody tr")).to_have_count(PARKED - 1)
        await admin.call("POST", "/uplink/parked/m-02/retry", {}, expect=204)
        await expect(refused.locator("[data-item=m-02]")).to_have_count(0, timeout=20_000)
        await give_up(page, "Desistir…", "mensagem de uma câmera de teste")
        await expect(refused.locator("[data-item=m-01]")).to_have_count(0)
        await give_up(page, "Desistir de todas…", "a central desfez a fila antiga")
        await expect(refused).to_contain_text("Nenhuma mensagem recusada")
        park_again(site.root / "edge.db")
        await expect(refused.locator("[data-item=late]")).to_be_visible(timeout=20_000)
        await expect(page.locator("[data-line=hub]")).to_contain_text(
            "58 mensagens desde", timeout=20_000
        )

        done = [(each["action"], each["details"].get("reason")) for each in await acts(admin)]
        assert done == [
            ("uplink.messages_discarded", "a central desfez a fila antiga"),
            ("uplink.message_discarded", "mensagem de uma câmera de teste"),
            ("uplink.message_retried", None),
            ("uplink.message_retried", None),
        ]


async def test_on_a_phone_all_of_it_fits_and_who_only_watches_sees_the_state_alone(
    tmp_path: Path,
) -> None:
    async with site_with_refusals(tmp_path) as (site, admin, browser):
        await admin.call(
            "POST",
            "/users",
            {
                "username": "ana",
                "name": "Ana",
                "role": "operator",
                "password": "segredo-ana",
                "must_change_password": False,
            },
            expect=201,
        )
        page = await open_room(
            browser, site, "admin", "health/hub", viewport=PHONE, has_touch=True, is_mobile=True
        )
        await expect(page.locator("[data-refused] tbody tr")).to_have_count(50)
        assert await fits(page)
        await picture(page, "hub-page-phone")
        await page.goto(f"{site.url}/#/health")
        await expect(page.locator("[data-line=hub][data-state=unreachable]")).to_be_visible()
        assert await fits(page)
        await page.locator("[data-line=hub]").scroll_into_view_if_needed()
        await picture(page, "hub-card-phone")

        ana = await open_room(browser, site, "ana", "health/hub", viewport=DESK)
        await expect(ana.locator("[data-line=hub][data-state=unreachable]")).to_be_visible()
        await expect(ana.locator("[data-refused], [data-given-up]")).to_have_count(0)
