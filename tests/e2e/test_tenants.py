"""Tenants are strangers, on every route of the running program."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.fakes.virtual_camera import virtual_camera

pytestmark = [pytest.mark.timeout(120)]

PASSWORD = "uma senha bem comprida"
FILES = ("index.m3u8", "poster.jpg", "init.mp4", "video.m3u8")
LEAKS = ("segredo", "Tenant B")
QUERY = {
    "start": "2026-01-01T00:00:00+00:00",
    "end": "2026-01-01T01:00:00+00:00",
    "month": "2026-01",
}
"""A good value of each query parameter that some route cannot do without."""


async def status(client: Client, method: str, path: str, **options: Any) -> tuple[int, str]:
    async with client.session.request(method, client.url + path, **options) as answer:
        return answer.status, await answer.text()


def well_formed(operation: dict[str, Any]) -> dict[str, str]:
    """Return a query that gets past the checks of form, so that the camera is what is refused."""
    parameters = operation.get("parameters", [])
    needed = [each["name"] for each in parameters if each["in"] == "query" and each["required"]]
    return {name: QUERY[name] for name in needed}


async def prepare(admin: Client, url: str) -> None:
    """Make tenants ta and tb, a viewer of ta, and the camera camb of tb with a mosaic."""
    for tenant in ("ta", "tb"):
        body = {"tenant_id": tenant, "name": f"Tenant {tenant[1].upper()}"}
        await admin.call("POST", "/tenants", body, expect=201)
    camera = {
        "camera_id": "camb",
        "name": "segredo",
        "vendor": "generic_rtsp",
        "main_url": url,
        "tenant_id": "tb",
    }
    await admin.call("POST", "/cameras", camera, expect=201)
    await admin.wait_state("camb", "recording", 20)
    person = {
        "username": "vera",
        "password": PASSWORD,
        "role": "viewer",
        "tenant_id": "ta",
        "must_change_password": False,
    }
    await admin.call("POST", "/users", person, expect=201)


async def test_a_viewer_of_one_tenant_meets_nothing_of_another(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera() as camera,
        running_daemon(site) as daemon,
        logged_in(site) as admin,
    ):
        await prepare(admin, camera.url())
        async with logged_in(site, "vera", PASSWORD) as vera:
            ticket = (await vera.call("POST", "/auth/ticket", {}, expect=200))["ticket"]
            document = await vera.call("GET", "/openapi.json", expect=200)
            asked = 0
            for path, operations in document["paths"].items():
                if "{camera_id}" not in path:
                    continue
                for method, operation in operations.items():
                    real = path.replace("{camera_id}", "camb")
                    query = well_formed(operation)
                    got, text = await status(vera, method.upper(), real, json={}, params=query)
                    assert got == 404, (method, path)
                    assert not any(leak in text for leak in LEAKS)
                    asked += 1
            assert asked >= 4
            for use in ("rec", "live", "ai"):
                for file in FILES:
                    target = f"/stream/camb_{use}/{file}"
                    unknown = f"/stream/nobody_{use}/{file}"
                    got, text = await status(vera, "GET", target)
                    assert got == 404, target
                    reference = (await status(vera, "GET", unknown))[1]
                    assert without_ids(text) == without_ids(reference).replace("nobody", "camb")
                assert (await status(vera, "GET", f"/ws/live/camb_{use}"))[0] == 404
            with_ticket = f"/stream/camb_live/index.m3u8?ticket={ticket}"
            assert (await status(vera, "GET", with_ticket))[0] == 404
            for listing in ("/cameras", "/mosaics"):
                assert (await vera.call("GET", listing, expect=200))["items"] == []
            counted = await vera.call("GET", "/status", expect=200)
            assert counted["cameras"]["total"] == 0

        assert (await status(admin, "GET", "/stream/camb_rec/index.m3u8"))[0] == 200
        await asyncio.sleep(0.5)
        assert ticket not in "\n".join(daemon.printed)


def without_ids(text: str) -> str:
    """Drop what differs in every answer."""
    return re.sub(r'"(instance|request_id)":\s*"[^"]*"', "", text)
