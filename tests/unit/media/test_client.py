"""The API client against a scripted server: paging, errors, time limits, turns."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtvision_edge.media.client import MediaServerClient, ServerInfo
from gtvision_edge.media.errors import (
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


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"items": 5}', '{"items": [{}]}'])
async def test_something_else_at_the_address_is_unavailable(body: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async with talking_to(handler) as client:
        with pytest.raises(MediaServerUnavailableError):
            await client.config_paths()


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
