from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtvision_edge.media.client import MediaServerClient, ServerInfo
from gtvision_edge.media.findings import MediaServerExaminer, examine
from tests.fakes.clock import FakeClock

GOOD: dict[str, Any] = {
    "authMethod": "internal",
    "authInternalUsers": [{"user": "any", "permissions": [{"action": "read"}, {"action": "api"}]}],
    "api": True,
    "apiAddress": "127.0.0.1:9997",
    "rtsp": True,
    "rtspAddress": "localhost:8554",
    "hls": True,
    "hlsAddress": "[::1]:8888",
    "hlsVariant": "fmp4",
    "rtmp": False,
    "rtmpAddress": ":1935",
    "webrtc": True,
    "webrtcAddress": "unix:/run/mediamtx/webrtc.sock",
}
DEFAULTS = {"recordDeleteAfter": ""}
NEW = ServerInfo("v1.20.1", "")


def codes(
    info: ServerInfo = NEW,
    settings: dict[str, Any] | None = None,
    defaults: dict[str, Any] | None = None,
    paths: tuple[str, ...] = ("cam01_rec",),
) -> list[str]:
    found = examine(info, GOOD | (settings or {}), DEFAULTS | (defaults or {}), paths)
    return [finding.code for finding in found]


def test_a_safe_server_and_our_own_have_no_finding() -> None:
    assert codes() == []
    assert codes(ServerInfo("gtvision-embedded-0.1.0", ""), {"apiAddress": ":9997"}) == []


@pytest.mark.parametrize("version", ["v1.20.0", "v1.9.3", "v0.23.8", "dev"])
def test_an_old_or_unknown_version_is_told(version: str) -> None:
    assert codes(ServerInfo(version, "")) == ["media_server_too_old"]


@pytest.mark.parametrize("version", ["v1.20.1", "v1.21.0", "v2.0.0"])
def test_newer_versions_are_fine(version: str) -> None:
    assert codes(ServerInfo(version, "")) == []


@pytest.mark.parametrize("address", [":9997", "0.0.0.0:9997", "192.168.0.5:9997", "[::]:9997"])
def test_a_listener_open_to_the_network_is_told(address: str) -> None:
    assert codes(settings={"apiAddress": address}) == ["media_server_open_to_network"]


def test_settings_that_work_against_us_are_told() -> None:
    publish = [{"user": "any", "permissions": [{"action": "publish"}]}]

    assert codes(settings={"authInternalUsers": publish}) == ["media_server_open_to_publishers"]
    assert codes(defaults={"recordDeleteAfter": "1d"}) == ["media_server_deletes_recordings"]
    assert codes(paths=("all_others", "cam01_rec")) == ["media_server_takes_any_path"]
    assert codes(settings={"hls": False}) == ["media_server_without_hls"]
    assert codes(settings={"hlsVariant": "lowLatency"}) == ["media_server_low_latency_hls"]


async def test_it_is_told_whether_the_server_has_webrtc_and_remembered_while_it_is_away(
    clock: FakeClock,
) -> None:
    told: dict[str, Any] = {"version": "v1.20.1", "webrtc": True, "pageCount": 1, "items": []}

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(told, status=told.get("status", 200))

    application = web.Application()
    application.router.add_get("/{rest:.*}", answer)
    seen = []
    async with (
        TestServer(application, host="127.0.0.1") as server,
        aiohttp.ClientSession() as session,
    ):
        examiner = MediaServerExaminer(
            MediaServerClient(str(server.make_url("")), 5, session), clock
        )
        seen.append(examiner.offers_webrtc)
        assert not examiner.has_looked
        for change in (
            {},
            {"status": 500},
            {"status": 200, "webrtc": False},
            {"webrtc": True},
            {"version": "gtvision-embedded-1.0.0"},
        ):
            told.update(change)
            await examiner.look()
            seen.append(examiner.offers_webrtc)
            assert examiner.has_looked

    assert seen == [False, True, True, False, True, False]
