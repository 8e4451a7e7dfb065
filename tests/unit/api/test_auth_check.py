"""What a reverse proxy is told about a stream it wants to serve itself: the same as the gateway would do."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import make_mocked_request
from structlog.testing import capture_logs

from gtvision_edge.api.auth import Proxies
from gtvision_edge.api.auth_check import ORIGINAL_METHOD, ORIGINAL_URI, STREAM_QUERY
from gtvision_edge.media.streams import Streams
from gtvision_edge.storage import Database
from tests.unit.api.conftest import Served, Starter
from tests.unit.api.test_issued_tokens import PROXY, streams

__all__ = ["streams"]
SEGMENT = "/stream/cam01_live/a1b2_seg7.mp4"


@pytest.fixture
async def site(start: Starter, streams: Streams) -> AsyncIterator[Served]:
    async with start(
        settings=PROXY, routes=lambda _: streams.routes(), gate=streams.doorkeeper
    ) as opened:
        yield opened


async def ask(
    served: Served, uri: str | None, *, who: str | None = "viewer-a", **headers: str
) -> tuple[int, str]:
    """Return status and code."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if uri is not None:
        headers[ORIGINAL_URI] = uri
    status, content = await served.call("GET", "/auth/check", who=who, headers=headers)
    return status, content["code"] if content else ""


@pytest.mark.parametrize(
    "uri",
    [
        "/stream/cam01_live/index.m3u8",
        "/stream/cam01_rec/main.m3u8?_HLS_msn=1&_HLS_part=0",
        "/stream/cam02_ai/video1_stream.m3u8",
        SEGMENT,
    ],
)
async def test_streams_of_ones_own_tenant_may_be_had(site: Served, uri: str) -> None:
    assert await ask(site, uri) == (204, "")


@pytest.mark.parametrize(
    ("who", "uri"),
    [
        ("viewer-b", SEGMENT),  # of another tenant
        ("narrow-a", "/stream/cam02_live/index.m3u8"),  # not on the list
        ("viewer-a", "/stream/cam77_live/index.m3u8"),  # of nobody
        ("viewer-a", "/stream/cam01/index.m3u8"),  # no path of ours
        ("auditor-a", SEGMENT),  # watches no cameras
    ],
)
async def test_others_may_not_and_learn_no_more(site: Served, who: str, uri: str) -> None:
    assert await ask(site, uri, who=who) == (403, "not_permitted")


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "/",
        "/api/v1/cameras",
        "/stream",
        "/stream/",
        "/stream/cam01_live",
        "/stream/cam01_live/",
        "/stream//cam01_live/index.m3u8",
        "//stream/cam01_live/index.m3u8",
        "/stream/cam01_live//index.m3u8",
        "/stream/cam01_live/../cam09_live/index.m3u8",
        "/stream/cam01_live/..",
        "/stream/cam01_live/.",
        "/stream/../stream/cam01_live/index.m3u8",
        "/stream/cam01_live/%2e%2e/cam09_live/index.m3u8",
        "/stream/cam01%5flive/index.m3u8",
        "/stream/cam01_live/index%2em3u8",
        "/stream/cam01_live/a\\..\\b",
        "/stream/cam01_live/index.m3u8;x",
        "/stream/cam01_live/index.m3u8#x",
        "/stream/cam01_live/index.m3u8?a#x",
        "/stream/cam01_live/live/index.m3u8",
        "/stream/cam01_livé/index.m3u8",
        "/Stream/cam01_live/index.m3u8",
        "stream/cam01_live/index.m3u8",
        "http://127.0.0.1/stream/cam01_live/index.m3u8",
        "/stream/cam01_live/index.m3u8 HTTP/1.1",
        "/stream/cam01_live/.m3u8/x",
        "/stream/../index.m3u8",
        "/stream/cam01_live/" + "a" * 201,
        "/stream/cam01_live/index.m3u8?" + "a" * 2048,
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(site: Served, uri: str | None) -> None:
    assert await ask(site, uri, who="admin") == (403, "not_permitted")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "uri",
    [
        "/ws/live/cam01_live",
        "/ws/live/cam01_live?ticket=x",
        "/ws/live/index.m3u8",
        "/ws/alerts",
        "/whep/cam01_live",
        "/whep/cam01_live/abc",
        "/whep/cam01_live/index.m3u8",
        "/stream/cam01_live/poster.jpg",
        "/stream/cam01_live/poster.jpg?width=320",
        "/stream/cam01_live/live",
        "/stream/cam01_live/index.m3u8.txt",
        "/stream/cam01_live/seg1.ts",
        "/api/v1/segments/1",
    ],
)
async def test_what_the_daemon_serves_itself_is_no_proxys(
    site: Served, method: str, uri: str
) -> None:
    headers = {ORIGINAL_METHOD.replace("-", "_"): method}

    assert await ask(site, uri, who="admin", **headers) == (403, "not_permitted")


async def test_two_addresses_are_none(site: Served) -> None:
    token = await site.token("viewer-a")
    headers = [
        ("Authorization", f"Bearer {token}"),
        (ORIGINAL_URI, SEGMENT),
        (ORIGINAL_URI, SEGMENT),
    ]
    async with site.http.get(f"{site.url}/api/v1/auth/check", headers=headers) as answer:
        assert answer.status == 403


async def test_without_proof_it_is_401(site: Served) -> None:
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Cookie": "gtv_session=x"}):
        assert await ask(site, SEGMENT, who=None, **headers) == (401, "not_authenticated")
    assert await ask(site, SEGMENT + "?s=nothing", who="admin") == (401, "not_authenticated")
    assert await ask(site, SEGMENT + "?ticket=no", who="admin") == (401, "not_authenticated")


async def test_the_cookie_is_proof_too(site: Served) -> None:
    cookie = f"gtv_session={await site.token('viewer-a')}"

    assert await ask(site, SEGMENT, who=None, Cookie=cookie) == (204, "")


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 204), ("POST", 403), ("get", 403), ("HEAD", 403), ("", 403)]
)
async def test_streams_are_only_read(site: Served, method: str, status: int) -> None:
    headers = {ORIGINAL_METHOD.replace("-", "_"): method}

    assert (await ask(site, SEGMENT, **headers))[0] == status


async def test_a_ticket_is_used_up(site: Served) -> None:
    _, answer = await site.call("POST", "/auth/ticket", who="viewer-a", json={"path": "cam01_live"})
    uri = f"/stream/cam01_live/index.m3u8?ticket={answer['ticket']}"

    assert await ask(site, uri, who=None) == (204, "")
    assert await ask(site, uri, who=None) == (401, "not_authenticated")


async def test_what_a_ticket_opened_is_told_for_the_addresses_of_the_playlist(site: Served) -> None:
    _, answer = await site.call("POST", "/auth/ticket", who="viewer-a", json={"path": "cam01_live"})
    uri = "/stream/cam01_live/{}?{}"

    async def asked(address: str, who: str | None = None) -> tuple[int, str | None]:
        status, headers, _ = await site.exchange(
            "GET", "/api/v1/auth/check", who=who, headers={ORIGINAL_URI: address}
        )
        return status, headers.get(STREAM_QUERY)

    status, query = await asked(uri.format("index.m3u8", f"ticket={answer['ticket']}"))
    assert status == 204
    assert query is not None
    assert query.startswith("?s=")
    assert await asked(uri.format("main.m3u8", query[1:])) == (204, query)
    assert await asked(f"/stream/cam01_rec/index.m3u8{query}") == (401, None)
    assert await asked("/stream/cam01_live/index.m3u8", who="viewer-a") == (204, None)


async def test_only_a_trusted_proxy_is_told(start: Starter, streams: Streams) -> None:
    async with start(gate=streams.doorkeeper) as served:
        assert await ask(served, SEGMENT) == (403, "not_permitted")


async def test_a_proxy_nobody_told_of_is_in_the_log_once_with_the_setting(
    start: Starter, streams: Streams
) -> None:
    async with start(gate=streams.doorkeeper) as served:
        with capture_logs() as logs:
            for _ in range(3):
                assert await ask(served, SEGMENT, X_Forwarded_For="10.0.0.64") == (
                    403,
                    "not_permitted",
                )
            await served.call("GET", "/cameras", who="viewer-a")

    told = [each for each in logs if each["event"] == "proxy_not_trusted"]
    assert [(each["address"], each["setting"]) for each in told] == [
        ("127.0.0.1", "api.trusted_proxies")
    ]


async def test_strangers_with_such_headers_do_not_fill_the_log() -> None:
    proxies = Proxies([])
    with capture_logs() as logs:
        for number in range(100):
            request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": "10.0.0.1"})
            proxies.client_address(request.clone(remote=f"10.0.1.{number}"))
        proxies.client_address(make_mocked_request("GET", "/").clone(remote="10.0.2.1"))

    assert len(logs) == 20


async def test_watching_through_the_proxy_is_in_the_audit_log_once(
    site: Served, database: Database
) -> None:
    for _ in range(3):
        assert await ask(site, SEGMENT, X_Forwarded_For="10.0.0.64") == (204, "")

    rows = await database.fetch_all(
        "SELECT actor_name, address, subject FROM audit_log WHERE action = 'view.started'"
    )
    assert [tuple(row) for row in rows] == [("viewer-a", "10.0.0.64", "camera:cam01")]
