from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from gtvision_edge.media.client import MediaServerClient, ServerInfo
from gtvision_edge.media.findings import MediaServerExaminer, examine
from gtvision_edge.media.model import MediaServerState
from gtvision_edge.runtime.findings import Finding, Severity
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
NEW = ServerInfo("v1.20.1", "2026-11-29T16:58:02Z")
UP = MediaServerState(up=True, since_us=0, version="v1.20.1", kind="mediamtx")


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
    assert codes(settings={"rtsp": False}) == ["media_server_without_rtsp"]


def test_a_server_whose_time_is_not_utc_is_an_alarm_with_its_offset() -> None:
    brazil = ServerInfo("v1.20.1", "2026-11-29T13:58:02.551714034-03:00")

    found = examine(brazil, GOOD, DEFAULTS, ())

    assert found == [Finding("media_server_not_utc", Severity.ALARM, {"offset": "-03:00"})]


@pytest.mark.parametrize(
    ("theirs", "ours", "is_told"),
    [
        ("segredo", "segredo", False),
        ("", None, False),
        ("segredo", "outro", True),
        ("", "segredo", True),
        ("segredo", None, True),
        ("<redacted>", "segredo", False),
        (None, "segredo", False),
    ],
)
def test_a_cdn_secret_that_is_not_ours_is_told_without_its_text(
    theirs: str | None, ours: str | None, is_told: bool
) -> None:
    found = examine(NEW, GOOD | {"hlsCDNSecret": theirs}, DEFAULTS, (), hls_secret=ours)

    assert found == ([Finding("media_server_secret_differs")] if is_told else [])


async def test_while_the_server_is_away_that_is_the_only_finding(clock: FakeClock) -> None:
    told: dict[str, Any] = {**GOOD, "version": "v1.20.1", "pageCount": 1, "items": [], "hls": False}
    state = UP

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(told)

    application = web.Application()
    application.router.add_get("/{rest:.*}", answer)
    async with (
        TestServer(application, host="127.0.0.1") as server,
        aiohttp.ClientSession() as session,
    ):
        client = MediaServerClient(str(server.make_url("")), 5, session)
        examiner = MediaServerExaminer(client, clock, state=lambda: state)
        await examiner.look()

        assert examiner.findings() == [Finding("media_server_without_hls")]
        state = replace(UP, up=False, error="media_server_silent")
        silent = Finding("media_server_silent", Severity.ALARM, {"kind": "mediamtx"})
        assert examiner.findings() == [silent]
        state = replace(UP, up=False, error="")
        assert examiner.findings() == []


@pytest.mark.parametrize("odd", [5, "x", [5], [["x"]], {"a": 1}, [{"permissions": 5}], True, None])
def test_settings_of_odd_types_are_no_finding_and_no_trouble(odd: object) -> None:
    permissions = [{"user": "any", "permissions": [{"action": odd}, odd]}]

    assert codes(settings={"authInternalUsers": odd, "webrtc": odd}) == []
    assert codes(settings={"authInternalUsers": permissions}) == []
    assert codes(defaults={"recordDeleteAfter": odd}) == []
    assert codes(defaults={"recordDeleteAfter": "9" * 400 + "h"}) == []


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
            MediaServerClient(str(server.make_url("")), 5, session), clock, state=lambda: UP
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


async def test_what_a_server_does_tell_is_examined_where_it_refuses_the_rest(
    clock: FakeClock,
) -> None:
    answers: dict[str, tuple[int, dict[str, Any]]] = {
        "/v3/info": (200, {"version": "v1.10.0", "started": "2026-11-29T13:58:02-03:00"}),
        "/v3/config/global/get": (401, {}),
        "/v3/config/pathdefaults/get": (200, {"recordDeleteAfter": "1d"}),
        "/v3/config/paths/list": (500, {}),
    }

    async def answer(request: web.Request) -> web.Response:
        status, body = answers[request.path]
        return web.json_response(body, status=status)

    application = web.Application()
    application.router.add_get("/{rest:.*}", answer)
    async with (
        TestServer(application, host="127.0.0.1") as server,
        aiohttp.ClientSession() as session,
    ):
        client = MediaServerClient(str(server.make_url("")), 5, session)
        examiner = MediaServerExaminer(client, clock, state=lambda: UP)
        with capture_logs() as logs:
            await examiner.look()
            await examiner.look()
        refused = [finding.code for finding in examiner.findings()]
        had_looked = examiner.has_looked
        answers["/v3/config/global/get"] = (200, GOOD)
        answers["/v3/config/paths/list"] = (200, {"pageCount": 1, "items": []})
        await examiner.look()
        answered = [finding.code for finding in examiner.findings()]
        answers["/v3/config/pathdefaults/get"] = (500, {})
        await examiner.look()

    assert refused == [
        "media_server_too_old",
        "media_server_not_utc",
        "media_server_deletes_recordings",
        "media_server_unexamined",
    ]
    assert had_looked
    assert answered == refused[:3]
    assert [finding.code for finding in examiner.findings()] == answered  # as it answered before
    assert {(each["question"], each["code"]) for each in logs} == {
        ("settings", "media_server_unauthorized"),
        ("paths", "media_server_refused"),
    }
    assert len(logs) == 2
