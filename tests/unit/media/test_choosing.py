"""``media.server = "auto"``: what it takes, by what is there, what is expected and what it did before."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from gtvision_edge.media.choosing import (
    NOTE,
    UNIT,
    WATCH_S,
    MediaMtxSigns,
    MediaServer,
    PortInUseError,
    open_media_server,
)
from gtvision_edge.media.model import MediaServerFound
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.settings import EmbeddedSettings, MediaSettings
from tests.fakes.clock import FakeClock
from tests.fakes.port_holder import NEVER, somebody
from tests.ports import free_ports
from tests.waiting import becomes


class Box:
    """A state folder, a systemd and three ports that MediaMTX and our own server both want."""

    def __init__(self, root: Path, clock: FakeClock) -> None:
        self.state = root / "state"
        self.systemd = root / "systemd"
        self.state.mkdir()
        self.clock = clock
        self.bus = EventBus()
        self.api, self.hls, self.rtsp = free_ports(3)

    def settings(self, server: str = "auto", **more: object) -> MediaSettings:
        return MediaSettings.model_validate(
            {
                "server": server,
                "api_url": f"http://127.0.0.1:{self.api}",
                "api_timeout": "400ms",
                "embedded": EmbeddedSettings(
                    api_port=self.api, hls_port=self.hls, rtsp_port=self.rtsp
                ),
                **more,
            }
        )

    def signs(self) -> MediaMtxSigns:
        """Signs of a box whose settings name no place: the ports are those of this test, not of the admin."""
        return MediaMtxSigns(MediaSettings(), self.state, systemd=self.systemd)

    async def sign(self) -> str | None:
        return await asyncio.to_thread(self.signs().find)

    async def was_beside(self) -> None:
        """Have an earlier run remember MediaMTX."""
        await asyncio.to_thread(self.signs().remember)

    def enable_unit(self) -> None:
        (self.systemd / "multi-user.target.wants").mkdir(parents=True)
        (self.systemd / "multi-user.target.wants" / UNIT).touch()

    def disable_unit(self) -> None:
        (self.systemd / "multi-user.target.wants" / UNIT).unlink()

    @asynccontextmanager
    async def opened(
        self, server: str = "auto", *, is_trial: bool = False
    ) -> AsyncIterator[MediaServer]:
        """Open the media server; time runs as fast as it is waited for."""
        opening = open_media_server(
            self.settings(server),
            self.signs(),
            record_root=self.state,
            bus=self.bus,
            clock=self.clock,
            is_trial=is_trial,
        )
        entering = asyncio.create_task(opening.__aenter__())
        while not entering.done():
            await self.clock.advance(0.5)
            await asyncio.sleep(0.002)
        media = await entering
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_exit(opening.__aexit__)
            yield media

    def is_beside(self, media: MediaServer) -> bool:
        return media.hls_url == "http://127.0.0.1:8888" and media.api_url.endswith(f":{self.api}")


@pytest.fixture
def box(tmp_path: Path, clock: FakeClock) -> Box:
    return Box(tmp_path, clock)


async def test_a_box_without_mediamtx_has_its_own_at_once_and_says_nothing(box: Box) -> None:
    before = box.clock.monotonic()
    async with box.opened() as media:
        assert media.api_url == f"http://127.0.0.1:{box.api}"
        assert media.rtsp_urls == (f"rtsp://127.0.0.1:{box.rtsp}",)
        assert media.findings() == []
    assert box.clock.monotonic() - before < 10  # nothing was waited for
    assert not (box.state / NOTE).exists()


async def test_a_mediamtx_that_answers_is_taken_and_remembered(box: Box) -> None:
    async with somebody(box.api), box.opened() as media:
        assert box.is_beside(media)
    assert await box.sign() == "remembered"


@pytest.mark.parametrize(
    "answer",
    [
        NEVER,
        "401 Unauthorized|mediamtx|{}",
        "404 Not Found|mediamtx|404 page not found",
        "500 Internal Server Error|mediamtx|{}",
    ],
)
async def test_a_mediamtx_in_trouble_is_waited_for_and_its_ports_are_left_alone(
    box: Box, answer: str
) -> None:
    async with somebody(box.api, answer), box.opened() as media:
        assert box.is_beside(media)
    assert not (box.state / NOTE).exists()  # nobody knows whether it is one


async def test_a_stranger_on_the_port_does_not_keep_a_box_from_recording(box: Box) -> None:
    async with somebody(box.api, "200 OK|nginx|<html></html>"), box.opened() as media:
        assert not box.is_beside(media)
        assert not media.api_url.endswith(f":{box.api}")
        assert media.rtsp_url == f"rtsp://127.0.0.1:{box.rtsp}"
        assert media.findings() == [Finding("media_server_ports_taken", facts={"ports": [box.api]})]


async def test_a_stranger_on_the_port_of_an_expected_mediamtx_is_the_admins_to_judge(
    box: Box,
) -> None:
    box.enable_unit()
    async with somebody(box.api, "200 OK|nginx|<html></html>"), box.opened() as media:
        assert box.is_beside(media)


async def test_the_port_of_analytics_taken_by_somebody_is_told(box: Box) -> None:
    async with somebody(box.rtsp, NEVER), box.opened() as media:
        assert media.api_url == f"http://127.0.0.1:{box.api}"
        assert media.findings() == [
            Finding("media_server_ports_taken", facts={"ports": [box.rtsp]})
        ]


async def test_a_port_taken_from_our_own_asked_for_by_name_ends_the_start(box: Box) -> None:
    async with somebody(box.rtsp, NEVER):
        with pytest.raises(PortInUseError, match=str(box.rtsp)):
            async with box.opened("embedded"):
                pass


async def test_an_expected_mediamtx_that_comes_late_is_taken(box: Box) -> None:
    await box.was_beside()
    opening = open_media_server(
        box.settings(), box.signs(), record_root=box.state, bus=box.bus, clock=box.clock
    )
    entering = asyncio.create_task(opening.__aenter__())
    await box.clock.until_asleep()
    await box.clock.advance(5)
    assert not entering.done()

    async with somebody(box.api):
        while not entering.done():
            await box.clock.advance(0.5)
            await asyncio.sleep(0.002)
        assert box.is_beside(await entering)
        await opening.__aexit__(None, None, None)


async def test_an_expected_mediamtx_that_does_not_come_is_told_and_finds_its_ports_free(
    box: Box,
) -> None:
    await box.was_beside()
    before = box.clock.monotonic()
    async with box.opened() as media:
        assert box.clock.monotonic() - before >= 20
        assert not box.is_beside(media)
        assert media.findings() == [Finding("media_server_missing", facts={"sign": "remembered"})]
        # No camera may be at either: streams of all tenants are there, or will be.
        assert media.rtsp_urls == (media.rtsp_url, "rtsp://127.0.0.1:8554")
        async with aiohttp.ClientSession() as http, http.get(f"{media.api_url}/v3/info") as answer:
            assert answer.status == 200  # the site is recorded meanwhile
        for port in (box.api, box.hls, box.rtsp):
            async with somebody(port):
                pass  # it could be bound
    assert await box.sign() == "remembered"


async def test_a_mediamtx_that_comes_after_our_own_took_over_is_told(box: Box) -> None:
    box.enable_unit()
    async with box.opened() as media:
        watching = asyncio.create_task(media.run())
        await box.clock.until_asleep()
        assert [finding.code for finding in media.findings()] == ["media_server_missing"]
        async with somebody(box.api):
            await box.clock.advance(WATCH_S)
            expected = Finding("media_server_appeared", facts={"version": "v1.20.1"})
            await becomes(lambda: media.findings() == [expected], 5)
        await media.look()
        assert [finding.code for finding in media.findings()] == ["media_server_missing"]
        watching.cancel()
        await asyncio.wait({watching})


async def test_a_unit_enabled_while_our_own_has_its_ports_is_told(box: Box) -> None:
    async with box.opened() as media:
        await media.look()
        assert media.findings() == []
        box.enable_unit()
        await media.look()
        assert media.findings() == [Finding("media_server_appeared")]


async def test_a_mediamtx_that_answers_only_after_the_start_is_remembered_too(box: Box) -> None:
    async with somebody(box.api, NEVER), box.opened() as media:
        watching = asyncio.create_task(media.run())
        await asyncio.sleep(0)
        box.bus.publish(MediaServerFound("v1.20.1", "mediamtx"))

        async def is_remembered() -> bool:
            return await box.sign() == "remembered"

        await becomes(is_remembered, 5)
        watching.cancel()
        await asyncio.wait({watching})


def test_what_the_settings_name_is_a_sign(box: Box) -> None:
    def sign(**settings: object) -> str | None:
        return MediaMtxSigns(
            MediaSettings.model_validate(settings), box.state, systemd=box.systemd
        ).find()

    assert sign() is None
    assert sign(api_url="http://127.0.0.1:9997", record_segment="30s") is None
    assert sign(api_url="http://127.0.0.1:9000") == "settings"
    assert sign(hls_secret=SecretStr("x")) == "settings"


def test_a_unit_that_was_switched_off_is_not_expected_any_more(box: Box) -> None:
    box.enable_unit()
    box.signs().remember()
    assert box.signs().find() == "unit"

    box.disable_unit()

    assert box.signs().find() is None


def test_a_mediamtx_without_a_unit_is_expected_for_having_been_there(box: Box) -> None:
    box.signs().remember()

    assert box.signs().find() == "remembered"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"other": 1}'])
def test_a_damaged_note_is_no_sign(box: Box, text: str) -> None:
    (box.state / NOTE).write_text(text)

    assert box.signs().find() is None


async def test_who_asks_for_our_own_by_name_forgets_mediamtx(box: Box) -> None:
    await box.was_beside()

    async with box.opened("embedded") as media:
        assert media.findings() == []

    assert await box.sign() is None


async def test_mediamtx_by_name_is_beside_it_whatever_answers(box: Box) -> None:
    async with box.opened("mediamtx") as media:
        assert box.is_beside(media)


@pytest.mark.parametrize(("server", "is_trial"), [("embedded", False), ("auto", True)])
async def test_who_did_not_want_mediamtx_is_not_told_that_there_is_one(
    box: Box, server: str, is_trial: bool
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        if is_trial:  # it takes other ports then
            await stack.enter_async_context(somebody(box.api))
        media = await stack.enter_async_context(box.opened(server, is_trial=is_trial))
        watching = asyncio.create_task(media.run())
        await box.clock.until_asleep()
        await asyncio.to_thread(box.enable_unit)
        await box.clock.advance(2 * WATCH_S)

        assert not watching.done()
        assert media.findings() == []
        watching.cancel()
        await asyncio.wait({watching})


async def test_a_failure_of_what_stands_on_the_server_stays_what_it_is(box: Box) -> None:
    with pytest.raises(OSError, match="disk on fire"):
        async with box.opened():
            raise OSError("disk on fire")
