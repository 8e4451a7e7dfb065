"""The API client against a scripted server: paging, errors, time limits, turns."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtvision_edge.errors import EdgeError
from gtvision_edge.media.client import (
    MAX_ANSWER,
    MAX_PAGES,
    PAGE_SIZE,
    MediaServerClient,
    ServerInfo,
)
from gtvision_edge.media.errors import (
    ForeignServerError,
    MediaServerOddError,
    MediaServerRefusedError,
    MediaServerUnauthorizedError,
    MediaServerUnavailableError,
    UnknownPathError,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SECRET = "rtsp://admin:s3cret@10.0.0.1/"


@asynccontextmanager
async def talking_to(handler: Handler, timeout_s: float = 2.0) -> AsyncIterator[MediaServerClient]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    async with TestServer(app, host="127.0.0.1") as server, aiohttp.ClientSession() as session:
        yield MediaServerClient(str(server.make_url("")), timeout_s, session)


async def test_lists_longer_than_a_page_come_whole() -> None:
    async def handler(request: web.Request) -> web.Response:
        page, size = int(request.query["page"]), int(request.query["itemsPerPage"])
        names = [f"cam{n:04}_rec" for n in range(1203)][page * size : (page + 1) * size]
        return web.json_response(
            {"itemCount": 1203, "pageCount": 3, "items": [{"name": n} for n in names]}
        )

    async with talking_to(handler) as client:
        assert len(await client.config_paths()) == 1203


async def test_what_the_server_tells_again_is_not_read_again_and_what_changed_is() -> None:
    sources = {"a": "one", "b": "two"}

    async def handler(request: web.Request) -> web.Response:
        name = "ab"[int(request.query["page"])]
        items = [{"name": name, "source": sources[name]}] if sources[name] else [{}]
        return web.json_response({"itemCount": 2, "pageCount": 2, "items": items})

    async with talking_to(handler) as client:
        first = await client.config_paths()
        again = await client.config_paths()
        sources["b"] = "three"
        changed = await client.config_paths()
        sources["b"] = ""
        with pytest.raises(MediaServerUnavailableError):
            await client.config_paths()
        sources["b"] = "three"
        back = await client.config_paths()

    assert again is first
    assert {name: item["source"] for name, item in first.items()} == {"a": "one", "b": "two"}
    assert changed["b"]["source"] == "three"
    assert back == changed


async def test_an_old_servers_names_for_available_and_bytes_are_understood() -> None:
    async def handler(_: web.Request) -> web.Response:
        items = [
            {"name": "a", "ready": True, "bytesReceived": 7},
            {"name": "b", "available": False, "ready": False, "inboundBytes": 0, "tracks": None},
        ]
        return web.json_response({"itemCount": 2, "pageCount": 1, "items": items})

    async with talking_to(handler) as client:
        paths = await client.runtime_paths()

    assert (paths["a"].available, paths["a"].inbound_bytes) == (True, 7)
    assert (paths["b"].available, paths["b"].tracks) == (False, ())


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, MediaServerRefusedError),
        (401, MediaServerUnauthorizedError),
        (403, MediaServerUnauthorizedError),
        (404, UnknownPathError),
        (500, MediaServerRefusedError),
    ],
)
async def test_a_refusal_keeps_its_status_and_forgets_its_text(
    status: int, error: type[MediaServerRefusedError]
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"error": f"invalid source {SECRET}"}, status=status)

    async with talking_to(handler) as client:
        with pytest.raises(error) as caught:
            await client.patch_path("cam01_rec", {"source": SECRET})

    assert caught.value.status == status
    assert "s3cret" not in f"{caught.value!r} {caught.value.details} {caught.value.__cause__!r}"


async def test_a_path_already_gone_is_deleted() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response({"error": "path not found"}, status=404)

    async with talking_to(handler) as client:
        await client.delete_path("cam01_rec")


async def test_an_empty_success_of_an_old_server_is_a_success() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    async with talking_to(handler) as client:
        await client.add_path("cam01_rec", {})


async def test_a_server_that_does_not_answer_is_unavailable_in_time() -> None:
    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(20)
        return web.Response()

    async with talking_to(handler, timeout_s=0.1) as client:
        with pytest.raises(MediaServerUnavailableError):
            await client.info()


async def test_nobody_at_the_address_is_unavailable(unused_tcp_port: int) -> None:
    async with aiohttp.ClientSession() as session:
        client = MediaServerClient(f"http://127.0.0.1:{unused_tcp_port}", 1.0, session)
        with pytest.raises(MediaServerUnavailableError):
            await client.info()


ITEM = '{"itemCount": 1, "pageCount": 1, "items": [%s]}'
ODD_LISTS = [
    "",
    "<html>",
    "[]",
    "7",
    '{"items": 5}',
    '{"items": [{}]}',
    '{"pageCount": 1, "items": "abc"}',
    '{"pageCount": 1, "items": ["abc"]}',
    '{"pageCount": "1", "items": []}',
    '{"pageCount": true, "items": []}',
    '{"pageCount": 1e999, "items": []}',
    '{"pageCount": NaN, "items": []}',
    '{"pageCount": -1, "items": []}',
    '{"pageCount": %s, "items": []}' % ("9" * 5000),
    '{{"pageCount": 1, "items": [{}]}}'.format(", ".join(['{"name": "a"}'] * 501)),
    ITEM % '{"name": 5}',
    ITEM % '{"name": null}',
    ITEM % ('{"name": "%s"}' % ("x" * 5000)),
    ITEM % '{"name": "a", "x": Infinity}',
    ITEM % ('{"name": "a", "x": %s}' % ("[" * 100_000)),
    ITEM % ('{{"name": "a", "x": {}{}}}'.format("[" * 100_000, "]" * 100_000)),
    "{" * 100_000,
]


@pytest.mark.parametrize("body", ODD_LISTS, ids=lambda body: body[:40])
async def test_something_else_at_the_address_is_told_as_such(body: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async with talking_to(handler) as client:
        for call in (client.config_paths, client.runtime_paths):
            with pytest.raises(MediaServerOddError):
                await call()


@pytest.mark.parametrize(
    "fields",
    [
        '"inboundBytes": "7"',
        '"inboundBytes": 1e999',
        '"inboundBytes": -1',
        '"inboundBytes": [1]',
        '"inboundBytes": 1e300',
        '"tracks": 5',
        '"tracks": "abc"',
        '"readers": {"a": 1}',
    ],
)
async def test_a_path_of_odd_values_is_told_as_such(fields: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=ITEM % f'{{"name": "a", {fields}}}')

    async with talking_to(handler) as client:
        with pytest.raises(MediaServerOddError):
            await client.runtime_paths()


@pytest.mark.parametrize("body", ['{"version": 5}', '{"started": []}', '{"version": NaN}'])
async def test_an_odd_version_is_told_as_such(body: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async with talking_to(handler) as client:
        with pytest.raises(ForeignServerError):
            await client.info()


async def test_a_server_that_always_has_another_page_is_given_up() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query["page"])
        items = [{"name": f"{request.query['page']}-{n}"} for n in range(PAGE_SIZE)]
        return web.json_response({"itemCount": 10**12, "pageCount": 10**12, "items": items})

    async with talking_to(handler) as client:
        with pytest.raises(MediaServerOddError):
            await client.config_paths()

    assert len(asked) == MAX_PAGES


async def test_an_answer_without_end_is_given_up_where_it_is_too_long() -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while sent < 20 * MAX_ANSWER:
                await response.write(b" " * 2**20)
                sent += 2**20
        return response

    async with talking_to(handler, timeout_s=20) as client:
        with pytest.raises(ForeignServerError):
            await client.info()

    assert sent < 2 * MAX_ANSWER


@asynccontextmanager
async def answering_with(raw: bytes) -> AsyncIterator[MediaServerClient]:
    """A server that sends *raw* to whoever connects; b"" = never a word."""

    done = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        if raw:
            writer.write(raw)
            writer.close()
        else:
            await done.wait()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with aiohttp.ClientSession() as session:
            yield MediaServerClient(f"http://127.0.0.1:{port}", 0.3, session)
        done.set()
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def http(status: str, body: str, server: str = "mediamtx") -> bytes:
    head = f"HTTP/1.1 {status}\r\nServer: {server}\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"{head}{body}".encode()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (http("404 Not Found", "404 page not found"), "media_server_too_old"),
        (http("401 Unauthorized", "{}"), "media_server_unauthorized"),
        (http("500 Internal Server Error", "{}"), "media_server_refused"),
        (b"", "media_server_silent"),
        (http("404 Not Found", "no", server="nginx"), "media_server_foreign"),
        (http("401 Unauthorized", "no", server="Basic"), "media_server_foreign"),
        (http("302 Found", "", server="x"), "media_server_foreign"),
        (http("200 OK", "<html></html>", server="x"), "media_server_foreign"),
        (http("200 OK", '{"status":"ok"}', server="x"), "media_server_foreign"),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n", "media_server_foreign"),
    ],
)
async def test_who_is_at_the_address_is_told_apart(raw: bytes, code: str) -> None:
    async with answering_with(raw) as client:
        with pytest.raises(EdgeError) as caught:
            await client.info()

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("started", "offset"),
    [
        ("2026-11-29T13:58:02.551714034-03:00", "-03:00"),
        ("2026-11-29T16:58:02.551714034Z", ""),
        ("2026-11-29T16:58:02+00:00", ""),
        ("", ""),
        ("yesterday", ""),
    ],
)
def test_the_start_tells_the_servers_zone(started: str, offset: str) -> None:
    assert ServerInfo("v1.20.1", started).utc_offset == offset


async def test_changes_take_turns() -> None:
    running = most = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return web.json_response({"status": "ok"})

    async with talking_to(handler) as client, asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(client.add_path(f"cam{number}_rec", {}))

    assert most == 1


@pytest.mark.parametrize(
    ("version", "kind", "release"),
    [
        ("v1.20.1", "mediamtx", (1, 20, 1)),
        ("gtvision-embedded-0.1.0", "embedded", (0, 1, 0)),
        ("dev", "mediamtx", None),
    ],
)
def test_the_version_tells_who_it_is(
    version: str, kind: str, release: tuple[int, int, int] | None
) -> None:
    info = ServerInfo(version, "")

    assert (info.kind, info.release) == (kind, release)


async def test_half_a_surrogate_pair_is_told_as_odd() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=r'{"version": "\ud800", "pageCount": 1, "items": []}')

    async with talking_to(handler) as client:
        with pytest.raises(ForeignServerError):
            await client.info()
        with pytest.raises(MediaServerOddError):
            await client.global_settings()
