import asyncio
import json
from typing import Any

import pytest
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from yarl import URL

from gtvision_edge.api.auth import RequestAuthenticator
from gtvision_edge.api.routing import EVERYONE, PUBLIC, Answer, Body, Call, Endpoint
from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.settings import ApiSettings
from tests.unit.api.conftest import Served, Starter

PROBLEM = "application/problem+json"


class _Echo(Answer):
    text: str


class _EchoBody(Body):
    text: str
    number: int = 0
    choices: tuple[str, ...] = ()


async def _echo(call: Call) -> _Echo:
    return _Echo(text=call.body_as(_EchoBody).text)


async def _fail(_: Call) -> None:
    raise RuntimeError("with a secret inside")


class _FullError(EdgeError):
    """The shelf is full."""

    code = "shelf_full"
    kind = ErrorKind.CONFLICT


async def _refuse(_: Call) -> None:
    raise _FullError("The shelf is full.", shelf=3, retry_after_s=7)


ENDPOINTS = [
    Endpoint("POST", "/echo", _echo, "Echo", "test", PUBLIC, body=_EchoBody, response=_Echo),
    Endpoint("GET", "/fail", _fail, "Fail", "test", EVERYONE),
    Endpoint("GET", "/refuse", _refuse, "Refuse", "test", PUBLIC, errors=(_FullError,)),
]


def _deep(depth: int) -> bytes:
    return b'{"text": ' + b"[" * depth + b"]" * depth + b"}"


ODD_BODIES: list[bytes] = [
    b"",
    b" ",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"{}",
    b'{"text": 1}',
    b'{"text": null}',
    b'{"text": ["a"]}',
    b'{"text": "a", "number": "1"}',
    b'{"text": "a", "number": 1.5}',
    b'{"text": "a", "number": true}',
    b'{"text": "a", "number": NaN}',
    b'{"text": "a", "number": Infinity}',
    b'{"text": "a", "number": -Infinity}',
    b'{"text": "a", "number": 1e999}',
    b'{"text": "a", "number": ' + b"9" * 5000 + b"}",
    b'{"text": "a", "text": "b"}',
    b'{"text": "a", "other": 1}',
    b'{"text": "a", "\\ud800": 1}',
    b'{"text": "\\ud800"}',
    b'{"text": "\xff\xfe"}',
    b"\xff\xfe{",
    b"\xef\xbb\xbf{}",
    b'{"text": "a"} trailing',
    b"{'text': 'a'}",
    b'{"text": "a",}',
    _deep(100),
    _deep(5_000),
    _deep(200_000),
    b'{"choices": ' + b'[{"a":' * 20_000 + b"1" + b"}]" * 20_000 + b"}",
]


@pytest.mark.parametrize("body", ODD_BODIES, ids=lambda body: repr(body[:30]))
async def test_an_odd_body_is_a_422_that_names_its_faults(start: Starter, body: bytes) -> None:
    async with start(ENDPOINTS) as served:
        status, headers, content = await served.exchange(
            "POST", "/api/v1/echo", data=body, headers={"Content-Type": "application/json"}
        )

    assert (status, content["code"], headers["Content-Type"]) == (422, "invalid_input", PROBLEM)
    assert content["faults"]
    assert all(set(fault) == {"path", "message"} for fault in content["faults"])


async def test_faults_name_their_places_and_never_repeat_what_was_sent(start: Starter) -> None:
    sent = {"number": "hunter2", "choices": ["a", {"b": "hunter2"}], "more": "hunter2"}
    async with start(ENDPOINTS) as served:
        status, content = await served.call("POST", "/echo", json=sent)

    assert status == 422
    assert {fault["path"] for fault in content["faults"]} == {
        "text",
        "number",
        "choices.1",
        "more",
    }
    assert "hunter2" not in json.dumps(content)


async def test_a_body_that_is_no_json_by_its_type_is_refused(start: Starter) -> None:
    async with start(ENDPOINTS) as served:
        for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
            status, content = await served.call(
                "POST",
                "/echo",
                data=b'{"text": "a"}',
                headers={"Content-Type": content_type},
            )
            assert (status, content["code"]) == (422, "invalid_input")


async def test_a_large_body_is_a_413(start: Starter) -> None:
    async with start(
        ENDPOINTS, settings=ApiSettings.model_validate({"max_body": "100kB"})
    ) as served:
        fits = await served.call("POST", "/echo", json={"text": "a" * 80_000})
        status, content = await served.call("POST", "/echo", json={"text": "a" * 100_001})

        async def endless() -> Any:
            for _ in range(150):
                yield b" " * 1000

        chunked = await served.call(
            "POST", "/echo", data=endless(), headers={"Content-Type": "application/json"}
        )

    assert fits == (200, {"text": "a" * 80_000})
    assert (status, content["code"]) == (413, "body_too_large")
    assert (chunked[0], chunked[1]["code"]) == (413, "body_too_large")


async def test_a_foreseen_failure_is_a_problem_with_its_facts(start: Starter) -> None:
    async with start(ENDPOINTS) as served:
        status, headers, content = await served.exchange("GET", "/api/v1/refuse")

    assert (status, headers["Content-Type"], headers["Retry-After"]) == (409, PROBLEM, "7")
    assert content == {
        "type": "urn:gtvision:problem:shelf_full",
        "title": "Conflict",
        "status": 409,
        "code": "shelf_full",
        "detail": "The shelf is full.",
        "shelf": 3,
        "retry_after_s": 7,
    }


async def test_an_unforeseen_failure_tells_an_incident_and_nothing_else(start: Starter) -> None:
    with structlog.testing.capture_logs() as logs:
        async with start(ENDPOINTS) as served:
            status, content = await served.call("GET", "/fail", who="viewer-a")

    assert (status, content["code"]) == (500, "internal")
    assert "secret" not in json.dumps(content)
    failures = [entry for entry in logs if entry["event"] == "request_failed"]
    assert [entry["incident"] for entry in failures] == [content["incident"]]
    assert failures[0]["exc_info"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "unknown_route"),
        ("POST", "/api/v1/nothing", 404, "unknown_route"),
        ("GET", "/api/v2/me", 404, "unknown_route"),
        ("GET", "/api", 404, "unknown_route"),
        ("GET", "/stream/nothing.m3u8", 404, "unknown_route"),
        ("GET", "/assets/missing.js", 404, "unknown_route"),
        ("GET", "/../../etc/passwd.txt", 404, "unknown_route"),
        ("POST", "/live", 404, "unknown_route"),
        ("PUT", "/api/v1/me", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/auth/login", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    served: Served, method: str, path: str, status: int, code: str
) -> None:
    received, headers, content = await served.exchange(method, path)

    assert (received, content["code"], headers["Content-Type"]) == (status, code, PROBLEM)
    if status == 405:
        assert headers["Allow"]


async def test_every_answer_carries_the_security_headers(served: Served) -> None:
    for path in ("/", "/api/v1/me", "/api/v1/nothing", "/healthz", "/assets/app-1a2b.js"):
        _, headers, _ = await served.exchange("GET", path)

        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Request-Id"]
        assert "aiohttp" not in headers["Server"]


ASK = {"Origin": "https://painel.example", "Access-Control-Request-Method": "GET"}


async def test_other_sites_get_no_cors_headers(served: Served) -> None:
    _, headers, _ = await served.exchange("GET", "/healthz", headers=ASK)
    status, preflight_headers, _ = await served.exchange("OPTIONS", "/api/v1/me", headers=ASK)

    assert "Access-Control-Allow-Origin" not in headers
    assert "Access-Control-Allow-Origin" not in preflight_headers
    assert status == 405


async def test_named_sites_may_call_without_cookies(start: Starter) -> None:
    async with start(settings=ApiSettings(cors_origins=("https://painel.example",))) as served:
        _, headers, _ = await served.exchange("GET", "/healthz", headers=ASK)
        status, preflight_headers, _ = await served.exchange("OPTIONS", "/api/v1/me", headers=ASK)
        other = await served.exchange(
            "GET", "/healthz", headers={"Origin": "https://other.example"}
        )
        assert headers["Access-Control-Allow-Origin"] == "https://painel.example"
        assert "Access-Control-Allow-Credentials" not in headers
        assert status == 204
        assert "Authorization" in preflight_headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Origin" not in other[1]
        assert other[1]["Vary"] == "Origin"


async def test_a_secret_in_a_url_never_reaches_the_log(
    start: Starter, capfd: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with start() as served:
            for path in (
                "/api/v1/me?token=hunter2",
                "/stream/cam01_live/index.m3u8?ticket=hunter2",
                "/api/v1/cameras?password=hunter2",
                "/token=hunter2",
            ):
                await served.exchange("GET", path)

    entries = [entry for entry in logs if entry["event"] == "request"]
    assert len(entries) == 4
    assert entries[0]["path"] == "/api/v1/me"
    assert "hunter2" not in repr(logs)


async def test_the_log_tells_who_did_what_from_where(served: Served) -> None:
    with structlog.testing.capture_logs() as logs:
        await served.call("PATCH", "/me", who="viewer-a", json={"locale": "en"})

    entry = next(entry for entry in logs if entry["event"] == "request")
    facts = {name: entry[name] for name in ("method", "path", "status", "user", "address")}
    assert facts == {
        "method": "PATCH",
        "path": "/api/v1/me",
        "status": 200,
        "user": "viewer-a",
        "address": "127.0.0.1",
    }
    assert entry["log_level"] == "info"


async def test_requests_are_counted_by_route_not_by_path(
    start: Starter, registry: CollectorRegistry
) -> None:
    async with start() as served:
        await served.call("GET", "/cameras/cam01", who="viewer-a")
        await served.call("GET", "/cameras/cam02", who="viewer-a")
        await served.call("GET", "/nothing-1")
        await served.exchange("PROPFIND", "/api/v1/me")

    def count(**labels: str) -> float | None:
        return registry.get_sample_value("gtvision_edge_http_requests_total", labels)

    route = "/api/v1/cameras/{camera_id}"
    assert count(method="GET", route=route, status="200") == 2
    assert count(method="GET", route="none", status="404") == 1
    assert count(method="other", route="none", status="405") == 1


async def test_the_console_is_one_page_and_no_other_path_is(served: Served) -> None:
    status, headers, content = await served.exchange("GET", "/")
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert b"<title>console</title>" in content
    for path in ("/docs", "/live", "/cameras/cam01", "/api", "/docs/"):
        status, headers, content = await served.exchange("GET", path)
        assert (status, content["code"]) == (404, "unknown_route"), path


async def test_assets_are_kept_by_the_browser_and_compressed(served: Served) -> None:
    status, headers, content = await served.exchange(
        "GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"}
    )
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in headers["Cache-Control"]
    assert content.startswith(b"export")

    again = await served.exchange(
        "GET", "/assets/app-1a2b.js", headers={"If-None-Match": headers["ETag"]}
    )
    assert (again[0], again[2]) == (304, b"")
    plain = await served.exchange(
        "GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"}
    )
    assert "Content-Encoding" not in plain[1]


async def test_health_is_open_and_readiness_tells_what_is_wrong(served: Served) -> None:
    alive = await served.exchange("GET", "/healthz")
    assert (alive[0], alive[2]) == (200, {"status": "ok"})
    status, _, content = await served.exchange("GET", "/readyz")
    assert (status, content) == (
        200,
        {"status": "ready", "code": None, "checks": {"database": "ok"}},
    )


async def test_metrics_are_for_this_box_and_for_administrators(served: Served) -> None:
    here = await served.exchange("GET", "/metrics")
    proxied = {"X-Forwarded-For": "10.0.0.1"}
    stranger = await served.exchange("GET", "/metrics", headers=proxied)
    viewer = await served.exchange("GET", "/metrics", headers=proxied, who="viewer-a")
    admin = await served.exchange("GET", "/metrics", headers=proxied, who="admin")

    assert (here[0], stranger[0], viewer[0], admin[0]) == (200, 401, 403, 200)
    assert b"gtvision_edge_http_requests_total" in here[2]


async def test_other_parts_get_the_session_the_errors_and_the_headers(start: Starter) -> None:
    def routes(authenticator: RequestAuthenticator) -> list[web.RouteDef]:
        async def stream(request: web.Request) -> web.StreamResponse:
            session = await authenticator.find_session(request)
            return web.Response(text=session.principal.username)

        async def live(request: web.Request) -> web.StreamResponse:
            await authenticator.find_session(request)
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.close()
            return socket

        return [web.get("/stream/{path}/index.m3u8", stream), web.get("/ws/live/{path}", live)]

    async with start(routes=routes) as served:
        cookie = {"Cookie": f"gtv_session={await served.token('viewer-a')}"}
        path = "/stream/cam01_live/index.m3u8"
        assert (await served.exchange("GET", path))[2]["code"] == "not_authenticated"
        status, headers, content = await served.exchange("GET", path, headers=cookie)
        assert (status, content) == (200, b"viewer-a")
        assert headers["X-Content-Type-Options"] == "nosniff"

        # Browsers send cookies along with a WebSocket of any page: the origin decides.
        url = served.url + "/ws/live/cam01_live"
        async with served.http.ws_connect(url, headers=cookie | {"Origin": served.url}):
            pass
        with pytest.raises(Exception, match="403"):
            await served.http.ws_connect(url, headers=cookie | {"Origin": "https://evil.example"})


async def test_an_answer_that_breaks_off_is_cut_and_not_taken_for_whole(start: Starter) -> None:
    def routes(_: RequestAuthenticator) -> list[web.RouteDef]:
        async def stream(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"half of it")
            raise RuntimeError("gone")

        return [web.get("/stream/half", stream)]

    with structlog.testing.capture_logs() as logs:
        async with start(routes=routes) as served:
            with pytest.raises(Exception, match=r"(?i)payload|disconnected|reset"):
                await served.exchange("GET", "/stream/half")

    assert [entry["event"] for entry in logs].count("request_failed") == 1


async def test_a_client_that_goes_away_is_no_incident(start: Starter) -> None:
    def routes(_: RequestAuthenticator) -> list[web.RouteDef]:
        async def stream(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b"x" * 65536)
                await asyncio.sleep(0)

        return [web.get("/stream/long", stream)]

    with structlog.testing.capture_logs() as logs:
        async with start(routes=routes) as served:
            async with served.http.get(served.url + "/stream/long") as response:
                await response.content.read(10)
            while not any(  # noqa: ASYNC110 -- the log tells nobody
                entry["event"] == "request" for entry in logs
            ):
                await asyncio.sleep(0.01)

    assert not any(entry["event"] == "request_failed" for entry in logs)


ODD_PATHS = [
    "/cameras/%00",
    "/cameras/%ff%fe",
    "/cameras/..%2f..%2fetc",
    "/cameras/a%20b",
    "/cameras/" + "a" * 3000,
    "/cameras/%F0%9F%93%B7",
    "/cameras/%ED%A0%80",
    "/users/%27%20OR%201=1",
    "/mosaics/%7B%7D",
    "/tenants/%0d%0aX:1",
]


@pytest.mark.parametrize("path", ODD_PATHS)
async def test_an_odd_id_is_an_unknown_one(served: Served, path: str) -> None:
    url = URL(served.url + "/api/v1" + path, encoded=True)
    headers = {"Authorization": f"Bearer {await served.token('admin')}"}
    async with served.http.get(url, headers=headers) as response:
        content = await response.json(content_type=PROBLEM)

    assert response.status == 404
    assert content["code"].startswith("unknown_")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "limit=x", "limit=1&limit=2", "other=1", "cursor=" + "a" * 300],
)
async def test_an_odd_query_is_a_422(served: Served, query: str) -> None:
    for path in ("/cameras", "/users", "/mosaics", "/audit"):
        status, content = await served.call("GET", f"{path}?{query}", who="admin")
        assert (status, content["code"]) == (422, "invalid_input")


async def test_what_is_no_http_gets_a_400_and_fills_no_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(served.url.rpartition(":")[2])
    for noise in (
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: \x00\r\n\r\n",
        b"GET /?token=hunter2 HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(noise)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))

    assert caplog.records == []
