"""What a newcomer gets from `make run`."""

from pathlib import Path

import pytest

from tests.e2e.browser import chromium, log_in, wait_playing
from tests.e2e.daemon import Site, logged_in, running_daemon

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(180)]


async def test_four_street_cameras_are_recorded_and_play_in_the_console(tmp_path: Path) -> None:
    site = Site(tmp_path / "state", arguments=("--demo",))
    async with running_daemon(site), logged_in(site) as admin, chromium() as browser:
        cameras = (await admin.call("GET", "/cameras", expect=200))["items"]
        assert len(cameras) == 4
        for camera in cameras:
            await admin.wait_state(camera["camera_id"], "recording", 20)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))

        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 4, 40)

        assert errors == []


async def test_the_site_is_the_same_after_a_restart(tmp_path: Path) -> None:
    site = Site(tmp_path / "state", arguments=("--demo",))
    async with running_daemon(site), logged_in(site) as admin:
        before = (await admin.call("GET", "/cameras", expect=200))["items"]
        await admin.call(
            "POST",
            "/mosaics",
            {"nome": "Entrada", "layout": "1x1", "cameras": [before[0]["camera_id"]]},
            expect=201,
        )
        removed = before.pop()
        await admin.call("DELETE", f"/cameras/{removed['camera_id']}", expect=204)

    async with running_daemon(site) as daemon, logged_in(site) as admin:
        after = (await admin.call("GET", "/cameras", expect=200))["items"]
        mosaics = (await admin.call("GET", "/mosaics", expect=200))["items"]

        assert [c["camera_uuid"] for c in after] == [c["camera_uuid"] for c in before]
        assert [mosaic["nome"] for mosaic in mosaics] == ["Entrada"]
        assert not any("Password" in line or "Senha" in line for line in daemon.printed)
