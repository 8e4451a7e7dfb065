"""``media.server = "auto"`` in the installed program: whatever holds the media server's port, the daemon starts and says so."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import PROGRAM, Client, RunningDaemon, Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import mediamtx_beside, site_beside
from tests.fakes.clips import ClipSpec
from tests.fakes.port_holder import NEVER, somebody
from tests.fakes.virtual_camera import virtual_camera
from tests.parts import lacking
from tests.ports import free_port
from tests.waiting import becomes, patiently

pytestmark = [pytest.mark.timeout(180)]


@asynccontextmanager
async def started(
    site: Site, *, probe: str = "healthz"
) -> AsyncIterator[tuple[RunningDaemon, Client]]:
    async with running_daemon(site, probe=probe) as daemon, logged_in(site) as admin:
        yield daemon, admin


async def server_of(admin: Client) -> dict[str, Any]:
    answer: dict[str, Any] = (await admin.call("GET", "/status", expect=200))["media_server"]
    return answer


async def codes_of(admin: Client) -> list[str]:
    box = await admin.call("GET", "/status", expect=200)
    return [finding["code"] for finding in box["findings"]]


def last_hour() -> str:
    """Return the hour until now as the API asks for it."""
    now = datetime.now(UTC)
    return f"start={now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}&end={now:%Y-%m-%dT%H:%M:%SZ}"


async def readiness(site: Site) -> tuple[int, str | None]:
    async with aiohttp.ClientSession() as session, session.get(f"{site.url}/readyz") as answer:
        return answer.status, (await answer.json())["code"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (NEVER, "media_server_silent"),
        ("401 Unauthorized|mediamtx|{}", "media_server_unauthorized"),
        ("404 Not Found|mediamtx|404 page not found", "media_server_too_old"),
        ("200 OK|nginx|<html></html>", "media_server_foreign"),
    ],
)
async def test_whatever_is_on_mediamtxs_port_the_daemon_starts_and_says_what(
    tmp_path: Path, answer: str, code: str
) -> None:
    port = free_port()
    settings = f'[media]\napi_url = "http://127.0.0.1:{port}"\napi_timeout = "1s"\n'
    site = Site(tmp_path / "site", media=settings)
    async with somebody(port, answer), started(site) as (daemon, admin):

        async def is_said() -> bool:
            return bool((await server_of(admin))["error"] == code)

        await becomes(is_said, 10)
        assert (await server_of(admin))["state"] == "down"
        assert await codes_of(admin) == [code]
        assert await readiness(site) == (503, code)
        async with admin.session.get(f"{site.url}/") as page:
            assert page.status in (200, 503)  # the console, built or not
        assert (await admin.call("GET", "/cameras", expect=200))["items"] == []
        assert daemon.process.returncode is None


async def test_a_mediamtx_that_is_nowhere_keeps_a_site_from_nothing(tmp_path: Path) -> None:
    api, hls, rtsp = Site(tmp_path).ports[1:]
    settings = (
        f'[media]\nserver = "auto"\nwait_for_mediamtx = "500ms"\napi_url = "http://127.0.0.1:{api}"\n'
        f"[media.embedded]\napi_port = {api}\nhls_port = {hls}\nrtsp_port = {rtsp}\n"
    )
    async with (
        virtual_camera(ClipSpec()) as camera,
        started(Site(tmp_path / "site", media=settings), probe="readyz") as (_, admin),
    ):
        # The settings name a place of it, so it was expected: our own stands in.
        assert (await server_of(admin))["kind"] == "embedded"
        assert await codes_of(admin) == ["media_server_missing"]
        await admin.add_camera("c", camera.url("stream"))
        await admin.wait_state("c", "recording", 20)


async def test_a_stop_does_not_wait_for_mediamtx(tmp_path: Path) -> None:
    settings = f'[media]\nwait_for_mediamtx = "10min"\napi_url = "http://127.0.0.1:{free_port()}"\n'
    site = Site(tmp_path / "site", media=settings)
    await asyncio.to_thread(site.root.mkdir)
    config = await asyncio.to_thread(site.write_settings)
    process = await asyncio.create_subprocess_exec(
        *(str(PROGRAM), "run", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    async with asyncio.timeout(patiently(30)):
        while b"waiting_for_mediamtx" not in await process.stdout.readline():
            pass

    process.send_signal(signal.SIGTERM)

    printed, _ = await asyncio.wait_for(process.communicate(), patiently(20))
    assert process.returncode == 0, printed.decode()
    assert b"stopped" in printed


@pytest.mark.mediamtx
@pytest.mark.mediamtx
async def test_beside_a_mediamtx_that_hangs_the_daemon_starts_and_takes_it_up_when_it_answers(
    tmp_path: Path,
) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera(ClipSpec()) as camera,
    ):
        site = site_beside(tmp_path / "site", server)

        async def is_playable(admin: Client) -> bool:
            url = f"{site.url}/api/v1/cameras/c/playback.m3u8?{last_hour()}"
            async with admin.session.get(url) as playlist:
                return playlist.status == 200 and "#EXTINF" in await playlist.text()

        async with started(site, probe="readyz") as (_, admin):
            await admin.add_camera("c", camera.url("stream"))
            await admin.wait_state("c", "recording", 20)
            await becomes(lambda: is_playable(admin), 30)

        server.signal(signal.SIGSTOP)
        async with started(site) as (_, admin):

            async def is_silent() -> bool:
                return bool((await server_of(admin))["error"] == "media_server_silent")

            await becomes(is_silent, 15)
            assert await codes_of(admin) == ["media_server_silent"]
            assert await readiness(site) == (503, "media_server_silent")
            await becomes(lambda: is_playable(admin), 15)  # what was recorded is there

            server.signal(signal.SIGCONT)
            await admin.wait_state("c", "recording", 25)
            assert (await server_of(admin))["kind"] == "mediamtx"
            assert await codes_of(admin) == []
            assert await readiness(site) == (200, None)


@pytest.mark.mediamtx
@pytest.mark.mediamtx
async def test_a_mediamtx_that_restarts_while_the_daemon_starts_keeps_its_ports(
    tmp_path: Path,
) -> None:
    async with mediamtx_beside(tmp_path / "mtx") as server:
        site = site_beside(tmp_path / "site", server)
        await server.stop(signal.SIGINT)

        async def come_back() -> None:
            await asyncio.sleep(3)
            await server.start()

        coming = asyncio.create_task(come_back())
        async with started(site, probe="readyz") as (_, admin):
            await coming
            assert (await server_of(admin))["kind"] == "mediamtx"
            assert await codes_of(admin) == []


@pytest.mark.mediamtx
@pytest.mark.mediamtx
async def test_a_mediamtx_that_does_not_come_is_stood_in_for_and_can_come_back(
    tmp_path: Path,
) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera(ClipSpec()) as camera,
    ):
        api, hls, rtsp = server.ports[:3]
        # On one box both want the same ports.
        own = f"[media.embedded]\napi_port = {api}\nhls_port = {hls}\nrtsp_port = {rtsp}\n"
        waits = f'{server.settings}wait_for_mediamtx = "1s"\n{own}'
        site = Site(tmp_path / "site", media=waits)
        await server.stop(signal.SIGINT)
        async with started(site, probe="readyz") as (_, admin):
            assert (await server_of(admin))["kind"] == "embedded"
            assert await codes_of(admin) == ["media_server_missing"]
            await admin.add_camera("c", camera.url("stream"))
            await admin.wait_state("c", "recording", 20)

            await server.start()  # its ports are free

            async def is_told() -> bool:
                return await codes_of(admin) == ["media_server_appeared"]

            await becomes(is_told, 45)
            await admin.wait_state("c", "recording", 5)

        async with started(site, probe="readyz") as (_, admin):
            assert (await server_of(admin))["kind"] == "mediamtx"
            assert await codes_of(admin) == []
            await admin.wait_state("c", "recording", 20)


@pytest.mark.mediamtx
@pytest.mark.mediamtx
async def test_a_real_mediamtx_that_wants_a_password_is_said_until_it_is_mended(
    tmp_path: Path,
) -> None:
    locked = {"MTX_AUTHINTERNALUSERS_0_USER": "admin", "MTX_AUTHINTERNALUSERS_0_PASS": "segredo"}
    async with (
        mediamtx_beside(tmp_path / "mtx", locked) as server,
        started(site_beside(tmp_path / "site", server)) as (_, admin),
    ):

        async def is_locked() -> bool:
            return await codes_of(admin) == ["media_server_unauthorized"]

        await becomes(is_locked, 10)
        await server.stop(signal.SIGINT)
        server.changed = {}
        await server.start()

        async def is_calm() -> bool:
            return (await server_of(admin))["state"] == "up" and not await codes_of(admin)

        await becomes(is_calm, 15)


@pytest.mark.mediamtx
@pytest.mark.mediamtx
async def test_what_a_real_mediamtx_is_set_up_against_us_is_found(tmp_path: Path) -> None:
    wrong = {
        "TZ": "America/Sao_Paulo",
        "MTX_RTSP": "no",
        "MTX_HLSCDNSECRET": "de-outra-caixa",
    }
    async with (
        mediamtx_beside(tmp_path / "mtx", wrong) as server,
        started(site_beside(tmp_path / "site", server), probe="readyz") as (_, admin),
    ):
        box = await admin.call("GET", "/status", expect=200)

        assert box["findings"] == [
            {"code": "media_server_not_utc", "severity": "alarm", "offset": "-03:00"},
            {"code": "media_server_without_rtsp", "severity": "warning"},
            {"code": "media_server_secret_differs", "severity": "warning"},
        ]
        assert "de-outra-caixa" not in str(box)


@pytest.mark.mediamtx
@pytest.mark.timeout(150)
async def test_a_mediamtx_that_does_not_see_the_state_folder_is_told(tmp_path: Path) -> None:
    asked = await asyncio.create_subprocess_exec("unshare", "-rm", "true")
    if await asked.wait():
        lacking("this machine lets nobody make a mount namespace")
    await asyncio.to_thread((folder := tmp_path / "site").mkdir)
    async with (
        virtual_camera() as camera,
        mediamtx_beside(tmp_path / "mtx", hidden=folder) as server,
        started(site_beside(folder, server)) as (_, admin),
    ):
        await admin.add_camera("cam01", camera.url(), skip_probe=True)

        async def is_told() -> bool:
            return await codes_of(admin) == ["media_server_sees_no_folder"]

        await becomes(is_told, 100)
        (found,) = (await admin.call("GET", "/status", expect=200))["findings"]

        assert found["folder"] == str(folder)
        assert found["cameras"] == 1
        await server.stop()
        server.hidden = None
        await server.start()
        await admin.wait_state("cam01", "recording", 30)
        assert await codes_of(admin) == []


@pytest.mark.chromium
async def test_saude_shows_a_media_server_that_hangs_as_one_problem_of_eight_cameras(
    tmp_path: Path,
) -> None:
    port = free_port()
    settings = f'[media]\napi_url = "http://127.0.0.1:{port}"\napi_timeout = "1s"\n'
    site = Site(tmp_path / "site", media=settings)
    streams = {f"c{number}": ClipSpec() for number in range(8)}
    async with (
        virtual_camera(streams) as camera,
        somebody(port, NEVER),
        started(site) as (_, admin),
        chromium() as browser,
    ):
        for name in streams:
            await admin.add_camera(name, camera.url(name), skip_probe=True)
        for name in streams:
            await admin.wait_state(name, "online_not_recording", 40)
        page = await browser.new_page(locale="pt-BR", viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await expect(page.locator("header.top")).to_contain_text(
            "servidor de mídia: não responde", timeout=patiently(15_000)
        )
        await page.goto(f"{site.url}/#/health")
        await page.wait_for_selector(".health-cards")

        notes = page.locator(".health > .note")
        await expect(notes).to_have_count(1)
        await expect(notes).to_contain_text("O servidor de mídia travou")
        await expect(notes).to_contain_text("8 câmeras afetadas.")
        await expect(page.locator(".health-cards")).to_contain_text("não responde")
