"""From an address to streams, against a device that is true, odd or wicked. Everything on loopback."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr

from gtvision_edge.cameras.address import Address, check_address
from gtvision_edge.cameras.errors import (
    CameraNoVideoError,
    CameraPathNotFoundError,
    CameraTimeoutError,
    CameraUnauthorizedError,
    CameraUnreachableError,
    CameraUnsupportedAuthError,
    OnvifBadResponseError,
    OnvifNotSupportedError,
)
from gtvision_edge.cameras.model import Device, ProbeRequest
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.onvif.device import MAX_KNOCKS, DeviceAnswer, DeviceAsker
from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.clock import SystemClock
from tests.fakes.onvif_device import FakeProfile, Login, OnvifDevice, canary, onvif_device
from tests.unit.cameras.onvif.test_answers import BOMB
from tests.waiting import patiently

PROFILES = (
    FakeProfile("sub2", "rtsp://192.168.1.64:554/sub2", 176, 144),
    FakeProfile("main&1", "rtsp://192.168.1.64:554/Streaming/101?a=1&b=2", 2560, 1440, "H265"),
    FakeProfile("sub", "rtsp://admin:x@192.168.1.64/Streaming/102", 640, 360),
    FakeProfile("mid", "rtsp://192.168.1.64:554/mid", 1280, 720),
    FakeProfile("mjpeg", "rtsp://192.168.1.64:554/mjpeg", 352, 288, "JPEG"),
)


def device(**fields: object) -> OnvifDevice:
    return OnvifDevice(**{"profiles": PROFILES, **fields})  # type: ignore[arg-type] # as tests name them


def address(camera: OnvifDevice, **fields: object) -> Address:
    known: dict[str, object] = {
        "vendor": "generic_onvif",
        "host": camera.host,
        "onvif_port": camera.port,
        "username": camera.username,
        "password": SecretStr(camera.password),
    }
    return check_address(ProbeRequest(**{**known, **fields}))  # type: ignore[arg-type] # likewise


@asynccontextmanager
async def asker(timeout_s: float = patiently(5.0)) -> AsyncIterator[DeviceAsker]:
    clock = SystemClock()
    async with (
        NameResolver(clock) as resolver,
        DeviceAsker(resolver=resolver, clock=clock, timeout_s=timeout_s) as opened,
    ):
        yield opened


async def ask(
    camera: OnvifDevice, *, timeout_s: float = patiently(5.0), **fields: object
) -> DeviceAnswer:
    async with onvif_device(camera), asker(timeout_s) as asking:
        return await asking.ask(address(camera, **fields))


@pytest.mark.parametrize("login", ["digest", "token", "none"])
async def test_a_device_tells_itself_and_its_streams(login: Login) -> None:
    camera = device(login=login)

    answer = await ask(camera)

    assert answer.device == Device("Boa & Câmera", "BC-2000", "V5.7.3 build 220112", "BC2000-0042")
    assert answer.main_url == "rtsp://127.0.0.1:554/Streaming/101?a=1&b=2"
    assert answer.sub_url == "rtsp://127.0.0.1:554/Streaming/102"
    assert answer.clock_offset_s is not None
    assert abs(answer.clock_offset_s) < 1.5
    assert camera.refusals == 0


@pytest.mark.parametrize("offset_s", [-86_400 * 400, 7_200])
async def test_a_token_is_made_by_the_devices_own_clock(offset_s: float) -> None:
    answer = await ask(device(login="token", clock_offset_s=offset_s))

    assert answer.clock_offset_s == pytest.approx(offset_s, abs=1.5)


@pytest.mark.parametrize("fields", [{"knows_services": False}, {"media2_only": True}])
async def test_old_and_new_media_services_are_both_understood(fields: dict[str, object]) -> None:
    answer = await ask(device(**fields))

    assert answer.main_url == "rtsp://127.0.0.1:554/Streaming/101?a=1&b=2"
    assert answer.sub_url is not None


async def test_a_channel_is_an_input_of_the_device() -> None:
    profiles = (
        FakeProfile("a", "rtsp://h/a", 1920, 1080, source="in1"),
        FakeProfile("b", "rtsp://h/b", 1280, 720, source="in2"),
    )

    answer = await ask(device(profiles=profiles), channel=2)

    assert (answer.main_url, answer.sub_url) == ("rtsp://127.0.0.1:554/b", None)
    with pytest.raises(CameraPathNotFoundError):
        await ask(device(profiles=profiles), channel=3)


@pytest.mark.parametrize(
    ("uri", "chosen", "made"),
    [
        ("rtsp://192.168.1.64:80:5540/x", None, "rtsp://127.0.0.1:5540/x"),
        ("rtsp://192.168.1.64:99999/x", None, "rtsp://127.0.0.1:554/x"),
        ("rtsp://0.0.0.0?stream=1", None, "rtsp://127.0.0.1:554/?stream=1"),
        ("rtsp://192.168.1.64:554/x", 8554, "rtsp://127.0.0.1:8554/x"),
        (
            "rtsp://h/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp",
            None,
            "rtsp://127.0.0.1:554/user=admin_password={password}_channel=1_stream=0.sdp",
        ),
    ],
)
async def test_of_a_streams_address_only_port_and_path_count(
    uri: str, chosen: int | None, made: str
) -> None:
    answer = await ask(device(profiles=(FakeProfile("m", uri, 1920, 1080),)), rtsp_port=chosen)

    assert answer.main_url == made


@pytest.mark.parametrize("login", ["digest", "token"])
async def test_a_wrong_password_is_named_and_tried_once(login: Login) -> None:
    camera = device(login=login)

    with pytest.raises(CameraUnauthorizedError):
        await ask(camera, password=SecretStr("wrong"))
    assert camera.refusals == 1


@pytest.mark.parametrize("says_stale", [True, False])
async def test_a_new_nonce_for_every_question_is_no_wrong_password(says_stale: bool) -> None:
    camera = device(one_time_nonces=True, says_stale=says_stale)

    answer = await ask(camera)

    assert answer.sub_url is not None
    assert camera.refusals == 0


async def test_without_a_user_nothing_is_tried() -> None:
    camera = device()

    with pytest.raises(CameraUnauthorizedError):
        await ask(camera, username="", password=SecretStr(""))
    assert camera.refusals == 0
    assert camera.authorizations == []


async def test_a_device_that_wants_basic_never_gets_the_password() -> None:
    camera = device(login="basic")

    with pytest.raises(CameraUnsupportedAuthError):
        await ask(camera)
    assert camera.authorizations == []


async def test_nothing_listens_or_something_else_does() -> None:
    closed = device()
    async with onvif_device(closed):
        pass
    async with asker() as asking:
        with pytest.raises(CameraUnreachableError):
            await asking.ask(address(closed))
    with pytest.raises(OnvifNotSupportedError):
        await ask(
            device(answer=lambda *_: web.Response(text="<html><p>hi", content_type="text/html"))
        )
    with pytest.raises(OnvifNotSupportedError):
        await ask(device(answer=lambda *_: web.Response(status=404)))
    with pytest.raises(OnvifNotSupportedError):
        await ask(device(answer=lambda *_: "<Other/>"))


async def test_a_device_without_video_says_so() -> None:
    with pytest.raises(CameraNoVideoError):
        await ask(device(profiles=()))


def _raw(body: bytes, **fields: object) -> web.Response:
    return web.Response(body=body, content_type="application/soap+xml", **fields)  # type: ignore[arg-type] # as named


LIES = {
    "huge": lambda: _raw(b"<Envelope>" + b"<a>b</a>" * 300_000 + b"</Envelope>"),
    "bomb": lambda: _raw(BOMB),
    "utf8": lambda: _raw(b"<Envelope><Body>\xff\xfe</Body></Envelope>"),
    "deep": lambda: _raw(b"<a>" * 60_000 + b"</a>" * 60_000),
    "packed": lambda: _raw(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
    "crowd": lambda: _raw(
        b"<Envelope><Body><GetProfilesResponse>"
        + b'<Profiles token="x"><VideoEncoderConfiguration/></Profiles>' * 10_000
        + b"</GetProfilesResponse></Body></Envelope>"
    ),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("action", ["GetSystemDateAndTime", "GetProfiles", "GetStreamUri"])
async def test_a_wicked_answer_does_no_harm_and_is_named(lie: str, action: str) -> None:
    started = time.monotonic()

    with pytest.raises(OnvifBadResponseError):
        await ask(device(answer=lambda asked, _: LIES[lie]() if asked == action else None))
    assert time.monotonic() - started < patiently(4)


async def test_ten_thousand_profiles_that_fit_are_looked_at_sixty_four_times() -> None:
    crowd = "<GetProfilesResponse>" + '<Profiles token="x"/>' * 10_000 + "</GetProfilesResponse>"

    with pytest.raises(CameraNoVideoError):
        await ask(device(answer=lambda asked, _: crowd if asked == "GetProfiles" else None))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("action", ["GetSystemDateAndTime", "GetDeviceInformation", "GetProfiles"])
async def test_a_redirect_is_not_followed(status: int, action: str) -> None:
    async with canary() as (port, heard):
        there = f"http://127.0.0.1:{port}/onvif/device_service"

        def lie(asked: str, _: web.Request) -> web.Response | None:
            return (
                web.Response(status=status, headers={"Location": there})
                if asked == action
                else None
            )

        with pytest.raises(OnvifBadResponseError):
            await ask(device(answer=lie))
        assert heard == []


async def test_addresses_that_name_another_host_lead_nobody_there() -> None:
    async with canary("127.0.0.1") as (port, heard):
        there = f"127.0.0.1:{port}"
        profiles = (FakeProfile("m", f"rtsp://{there}/x", 1920, 1080),)
        camera = device(host="127.0.0.2", named_host=there, profiles=profiles)

        answer = await ask(camera)

        assert answer.main_url == f"rtsp://127.0.0.2:{port}/x"
        assert "GetStreamUri" in camera.asked
        assert heard == []


async def test_a_device_that_dribbles_ends_in_time() -> None:
    async def dribble(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = "application/soap+xml"
        await response.prepare(request)
        for _ in range(200):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    camera = device()
    camera.handle = dribble  # type: ignore[method-assign] # this device knows nothing else
    started = time.monotonic()

    with pytest.raises(CameraTimeoutError):
        await ask(camera, timeout_s=0.6)
    assert time.monotonic() - started < patiently(2)


@pytest.mark.parametrize(
    "uri", ["", "http://h/x", "rtsp://h/a#b", "rtsp://h/a b", "rtsp://" + "x" * 5000]
)
async def test_a_stream_that_is_no_rtsp_address_is_named(uri: str) -> None:
    with pytest.raises(OnvifBadResponseError):
        await ask(device(profiles=(FakeProfile("m", uri, 1920, 1080),)))


async def test_no_error_carries_the_password_or_an_address() -> None:
    for camera in (device(login="basic"), device(login="token"), device(profiles=())):
        with pytest.raises(EdgeError) as caught:
            await ask(camera, password=SecretStr("outra-s3nh@"))
        said = f"{caught.value} {caught.value.details}"
        assert "outra-s3nh@" not in said
        assert "rtsp://" not in said


async def test_ports_are_knocked_at_so_many_at_once_and_no_more() -> None:
    now = most = 0

    def slow(_action: str, _request: web.Request) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)

    async def counted(asking: DeviceAsker, camera: OnvifDevice) -> bool:
        nonlocal now
        is_there = await asking.knock("127.0.0.1", camera.port)
        now -= 1
        return is_there

    camera = device(answer=slow)
    async with onvif_device(camera), asker() as asking:
        there = await asyncio.gather(*(counted(asking, camera) for _ in range(3 * MAX_KNOCKS)))

    assert all(there)
    assert 1 < most <= MAX_KNOCKS
