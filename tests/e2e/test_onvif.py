"""Cameras that nobody typed an address of: found on the network, picked, given one password, recorded."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Route

from gtvision_edge.media.embedded.rtsp import Credentials
from tests.e2e.browser import chromium, log_in
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.fakes.clips import ClipSpec
from tests.fakes.onvif_device import (
    FakeProfile,
    Login,
    OnvifDevice,
    Responder,
    canary,
    onvif_device,
    random_host,
    responder,
)
from tests.fakes.virtual_camera import virtual_camera
from tests.unit.cameras.onvif.test_device import LIES
from tests.waiting import patiently

pytestmark = [pytest.mark.timeout(180)]

PASSWORD = "s3nh@ çerta/1"


@dataclass
class Found:
    device: OnvifDevice
    responder: Responder

    @property
    def host(self) -> str:
        return self.device.host


@asynccontextmanager
async def camera(name: str, login: Login, *, clock_offset_s: float = 0) -> AsyncIterator[Found]:
    """An ONVIF camera with two streams on a loopback address of its own; it believes to be 192.168.1.64."""
    host = random_host()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        streams = {"main": ClipSpec(width=640, height=360), "sub": ClipSpec(width=320, height=240)}
        video = await enter(
            virtual_camera(streams, credentials=Credentials("admin", PASSWORD), host=host)
        )
        there = f"rtsp://192.168.1.64:{video.port}"
        device = OnvifDevice(
            profiles=(
                FakeProfile("p1", f"{there}/main", 640, 360),
                FakeProfile("p2", f"{there}/sub", 320, 240),
            ),
            password=PASSWORD,
            login=login,
            host=host,
            named_host="192.168.1.64",
            clock_offset_s=clock_offset_s,
        )
        await enter(onvif_device(device))
        answers = Responder(host, port=device.port, name=name)
        await enter(responder(answers))
        yield Found(device, answers)


async def test_cameras_are_found_and_added_by_their_own_word(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        camera("Portaria", "digest") as gate,
        camera("Garagem", "token", clock_offset_s=-7200) as garage,
        running_daemon(site) as daemon,
        logged_in(site) as admin,
    ):
        search = {"method": "unicast", "addresses": [gate.host, garage.host], "timeout_s": 5}
        found = (await admin.call("POST", "/cameras/discover", search, expect=200))["items"]
        assert {each["host"]: each["name"] for each in found} == {
            gate.host: "Portaria",
            garage.host: "Garagem",
        }
        assert all(each["already_added_as"] is None for each in found)

        for number, each in enumerate(found):
            address = {
                "vendor": "generic_onvif",
                "host": each["host"],
                "onvif_port": each["onvif_port"],
                "username": "admin",
            }
            wrong = {**address, "password": "errada"}
            problem = await admin.call("POST", "/cameras/probe", wrong, expect=422)
            assert (problem["code"], problem["via"]) == ("camera_unauthorized", "onvif")
            right = {**address, "password": PASSWORD}
            report = await admin.call("POST", "/cameras/probe", right, expect=200)
            assert report["device"]["model"] == "BC-2000"
            assert (report["main"]["width"], report["sub"]["width"]) == (640, 320)
            new = {**right, "name": each["name"], "camera_id": f"cam{number}"}
            added = await admin.call("POST", "/cameras", new, expect=201)
            assert added["main_url"].startswith(f"rtsp://{each['host']}:")
            await admin.wait_state(f"cam{number}", "recording", 20)

        again = (await admin.call("POST", "/cameras/discover", search, expect=200))["items"]
        assert {each["already_added_as"] for each in again} == {"cam0", "cam1"}
        assert PASSWORD not in "\n".join(daemon.printed)
    assert (gate.device.refusals, garage.device.refusals) == (1, 1)


async def test_devices_that_lie_do_the_site_no_harm(tmp_path: Path) -> None:
    site = Site(tmp_path / "state")
    async with (
        virtual_camera() as honest,
        canary() as (port, heard),
        running_daemon(site) as daemon,
        logged_in(site) as admin,
    ):
        await admin.add_camera("cam01", honest.url())
        await admin.wait_state("cam01", "recording", 20)
        there = f"127.0.0.1:{port}"

        def leads_away(action: str, _: web.Request) -> web.Response | None:
            where = {"Location": f"http://{there}/onvif/device_service"}
            return web.Response(status=307, headers=where) if action == "GetProfiles" else None

        def lies(action: str, _: web.Request) -> web.Response | None:
            return LIES[lie]() if action == "GetProfiles" else None

        slowest = 0.0
        answers: dict[str, str] = {}
        for lie in (*LIES, "redirect"):
            device = OnvifDevice(
                profiles=(FakeProfile("m", f"rtsp://{there}/x", 640, 360),),
                host=random_host(),
                named_host=there,
                password=PASSWORD,
                answer=leads_away if lie == "redirect" else lies,
            )
            async with onvif_device(device):
                body = {"vendor": "generic_onvif", "host": device.host, "name": lie}
                body |= {"username": "admin", "password": PASSWORD}
                asked = asyncio.create_task(
                    admin.session.post(
                        f"{site.url}/api/v1/cameras", json={**body, "onvif_port": device.port}
                    )
                )
                while not asked.done():
                    began = time.monotonic()
                    async with admin.session.get(f"{site.url}/healthz") as health:
                        assert health.status == 200
                    slowest = max(slowest, time.monotonic() - began)
                    await asyncio.sleep(0.05)
                problem = await (await asked).json()
                answers[lie] = problem["code"]
                assert "GetProfiles" in device.asked

        assert set(answers.values()) == {"onvif_bad_response"}, answers
        assert slowest < 2
        assert heard == []
        listed = (await admin.call("GET", "/cameras", expect=200))["items"]
        assert [each["camera_id"] for each in listed] == ["cam01"]
        await admin.wait_state("cam01", "recording", 5)
        assert PASSWORD not in "\n".join(daemon.printed)


@pytest.mark.chromium
async def test_an_installer_picks_two_gives_one_password_and_sees_them_recorded(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with (
        camera("Portaria", "digest") as gate,
        camera("Garagem", "token") as garage,
        running_daemon(site),
        chromium() as browser,
    ):
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await page.click("nav >> text=Câmeras")
        await page.click("text=Procurar na rede")
        await page.click("text=Endereço ou faixa")
        await page.fill("input[name=targets]", "10.0.0.0/8")
        await page.click("dialog footer >> text=Procurar")
        await page.wait_for_selector("text=até 256 endereços")
        await page.fill("input[name=targets]", f"{gate.host}, {garage.host}")
        await page.click("dialog footer >> text=Procurar")

        await page.click("text=Escolher as 2 novas")
        await page.fill("input[name=username]", "admin")
        await page.click("text=Adicionar 2 câmeras")
        await page.wait_for_selector("text=Digite a senha das câmeras")
        await page.fill("input[name=password]", "errada")
        await page.click("text=Adicionar 2 câmeras")
        await page.wait_for_selector("text=2 não foram adicionadas")
        assert await page.locator("text=Recusado no ONVIF").count() == 2
        assert await page.locator("text=A câmera recusou o usuário ou a senha.").count() == 2

        await page.click("text=Tentar as que falharam")
        await page.fill("input[name=password]", PASSWORD)
        await page.click("text=Adicionar 2 câmeras")
        await page.wait_for_selector("text=2 de 2 câmeras gravando", timeout=patiently(40_000))
        await page.click("text=Concluir")
        assert await page.locator(".camera-table tbody tr").count() == 2


@pytest.mark.chromium
async def test_who_closes_the_search_while_cameras_are_added_loses_none_and_is_told(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state")
    async with (
        AsyncExitStack() as stack,
        running_daemon(site),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        names = ("Portaria", "Garagem", "Pátio", "Rua")
        found = [await stack.enter_async_context(camera(name, "digest")) for name in names]
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await page.click("nav >> text=Câmeras")
        await page.click("text=Procurar na rede")
        await page.click("text=Endereço ou faixa")
        await page.fill("input[name=targets]", ", ".join(each.host for each in found))
        await page.click("dialog footer >> text=Procurar")
        await page.click("text=Escolher as 4 novas")
        await page.fill("input[name=username]", "admin")
        await page.fill("input[name=password]", PASSWORD)
        posted = 0

        async def refuse_the_last(route: Route) -> None:
            nonlocal posted
            posted += route.request.method == "POST"
            if route.request.method == "POST" and posted == len(names):
                body = '{"code": "camera_busy", "detail": "", "status": 422}'
                await route.fulfill(status=422, content_type="application/problem+json", body=body)
            else:
                await route.continue_()

        await page.route("**/api/v1/cameras", refuse_the_last)
        await page.click("text=Adicionar 4 câmeras")
        await page.keyboard.press("Escape")
        await page.wait_for_selector("text=A adição de 4 câmeras continua")

        told = page.locator(".toast.alarm")
        await told.wait_for(timeout=patiently(40_000))
        assert "3 de 4 câmeras adicionadas. Não adicionadas: " in await told.inner_text()
        assert len((await admin.call("GET", "/cameras", expect=200))["items"]) == 3
        await page.click("text=Ver por quê")
        await page.wait_for_selector("text=1 não foi adicionada")
        await page.wait_for_selector("text=A câmera não aceita mais conexões.")
