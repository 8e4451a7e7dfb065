"""A vehicle passes a recorded camera: its reading opens the moment in Investigar, and goes to court with the footage."""

import asyncio
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from gtvision_edge.detections.sources.signatures import SignedFields, sign_fields
from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.rooms import picture
from tests.e2e.test_evidence import ask, finished
from tests.e2e.test_evidence_room import verified
from tests.fakes.pushes import PLATE_PART, SCENE_PART, XML_PART, anpr_xml, jpeg, multipart
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [
    pytest.mark.timeout(420),
    pytest.mark.chromium,
]

WANTED, OTHER = "ABC1D23", "XYZ9A87"


async def timeline(admin: Client) -> dict[str, Any]:
    now = datetime.now(UTC)
    span = f"start={(now - timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}&end={now:%Y-%m-%dT%H:%M:%SZ}"
    found: dict[str, Any] = await admin.call("GET", f"/cameras/cam01/timeline?{span}", expect=200)
    return found


async def recorded_past(admin: Client, moment: datetime) -> None:
    """Wait until footage of the camera reaches over *moment*."""

    async def is_there() -> bool:
        spans = (await timeline(admin))["spans"]
        return bool(spans) and datetime.fromisoformat(spans[-1]["end"]) > moment

    await becomes(is_there, 60)


async def passes(admin: Client) -> tuple[datetime, datetime]:
    """Have a wanted plate told by the signed webhook, and five seconds later another by a camera; return when they passed."""
    made = await admin.call("POST", "/cameras/cam01/push-secret", {}, expect=201)
    watch = {"placa": WANTED, "reason": "roubado", "level": "critical", "tenant_id": "default"}
    await admin.call("POST", "/watchlist", watch, expect=201)
    first = datetime.now(UTC).replace(microsecond=0)
    await recorded_past(admin, first + timedelta(seconds=3))
    fields = SignedFields("cam01", WANTED, first.isoformat(), "0.95", "")
    body = {
        "camera_id": "cam01",
        "placa": WANTED,
        "timestamp": first.isoformat(),
        "confianca": 0.95,
        "signature": sign_fields(made["secret"], fields),
    }
    await admin.call("POST", "/webhooks/lpr", body, expect=202)
    second = first + timedelta(seconds=5)
    await recorded_past(admin, second + timedelta(seconds=3))
    content_type, raw = multipart(
        (XML_PART, anpr_xml(plate=OTHER, when=second.isoformat()).encode()),
        (PLATE_PART, jpeg(120, 40, "white")),
        (SCENE_PART, jpeg()),
    )
    url = f"{admin.url}{made['hikvision_path']}"
    async with admin.session.post(url, data=raw, headers={"Content-Type": content_type}) as answer:
        assert answer.status == 200, await answer.text()
    return first, second


async def is_at(page: Page, moment: datetime) -> None:
    """Wait until the picture of *moment* is on display."""
    player = page.locator(".player[data-camera=cam01]")
    await expect(player).to_have_attribute("data-state", "ready", timeout=patiently(30) * 1000)
    await expect(page.locator("[data-playhead]")).to_have_attribute(
        "aria-valuenow", str(round(moment.timestamp()))
    )


async def look_through(page: Page, site: Site, first: datetime, second: datetime) -> None:
    at = datetime.now(UTC)
    await page.goto(f"{site.url}/#/investigate?c=cam01&z=120&t={at:%Y-%m-%dT%H:%M:%S}Z")
    ticks = page.locator(".lane[data-lane=cam01] .tick")
    await expect(ticks).to_have_count(2)

    await page.locator(".lane .tick.wanted").click()
    await is_at(page, first)
    note = page.locator(".reading-note")
    await expect(note).to_contain_text("Placa monitorada")
    # The plate is for who asks for it; the alert that waits says it where it is seen to.
    assert WANTED not in await page.locator(".investigate").inner_html()
    await note.get_by_role("button", name="Mostrar placa").click()
    await expect(note).to_contain_text(WANTED)

    await page.keyboard.press("n")
    await is_at(page, second)
    await expect(note).not_to_contain_text("monitorada")
    # Who asked once sees it of the readings after it, too; nothing of it covers speeds and clock.
    await expect(note).to_contain_text(OTHER)
    controls = await page.locator(".controls").bounding_box()
    box = await note.bounding_box()
    assert controls is not None
    assert box is not None
    assert box["y"] + box["height"] <= controls["y"]
    await expect(note.locator("img")).to_have_js_property("naturalWidth", 120)
    await picture(page, "readings")
    await page.keyboard.press("n")
    await expect(page.locator("body")).to_contain_text("Nenhuma leitura de placa depois")
    await page.keyboard.press("Escape")
    await expect(note).to_have_count(0)

    await page.locator(".lane .tick.wanted").focus()
    await page.keyboard.press("Enter")
    await is_at(page, first)


async def exported(admin: Client, first: datetime, second: datetime, target: Path) -> None:
    body = {
        "cameras": ["cam01"],
        "start": (first - timedelta(seconds=1)).isoformat(),
        "end": (second + timedelta(seconds=1)).isoformat(),
        "reason": "veículo roubado",
    }
    incident = await admin.call("POST", "/incidents", body, expect=201)
    export = await finished(admin, await ask(admin, incident))
    url = f"{admin.url}/api/v1/exports/{export['export_id']}/bundle"
    async with admin.session.get(url) as answer:
        assert answer.status == 200
        content = await answer.read()
    await asyncio.to_thread(target.write_bytes, content)


def flip_a_letter(bundle: Path, target: Path) -> None:
    """Write *bundle* with another plate in its list of readings."""
    content = bundle.read_bytes()
    with zipfile.ZipFile(bundle) as archive:
        readings = archive.read("readings.json")
    at = content.index(readings) + readings.index(WANTED.encode())
    target.write_bytes(content[:at] + b"B" + content[at + 1 :])


async def test_a_reading_opens_its_moment_and_goes_into_the_bundle(tmp_path: Path) -> None:
    site = Site(tmp_path / "state", record_segment="4s")
    bundle, forged = tmp_path / "bundle.zip", tmp_path / "forged.zip"
    async with (
        virtual_camera() as camera,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        await admin.add_camera("cam01", camera.url())
        await admin.wait_state("cam01", "recording", 20)
        fingerprint = (await admin.call("GET", "/site/keys", expect=200))["site_key"]["fingerprint"]
        first, second = await passes(admin)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await page.wait_for_selector(".tile")
        await look_through(page, site, first, second)

        await exported(admin, first, second, bundle)
        await asyncio.to_thread(flip_a_letter, bundle, forged)
        await page.goto(f"{site.url}/#/evidence")
        await page.get_by_role("button", name="Verificar um pacote").click()
        await page.locator("dialog input[type=file]").set_input_files(forged)
        await expect(page.locator(".verdict[data-verdict=bad] .faults")).to_contain_text(
            "readings.json"
        )

    with zipfile.ZipFile(bundle) as archive:
        readings = json.loads(archive.read("readings.json"))["readings"]
        scene = archive.read(readings[1]["pictures"]["scene"]["path"])
    assert [each["placa"] for each in readings] == [WANTED, OTHER]
    assert scene == jpeg()
    good, told = await verified(bundle, key=fingerprint)
    assert good == 0, told
    bad, told = await verified(forged, key=fingerprint)
    assert bad != 0
    assert "readings.json" in told
