import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from gtvision_edge.api.door import Door
from tests.unit.api.conftest import Served
from tests.waiting import becomes, patiently

GET = b"GET / HTTP/1.1\r\nHost: box\r\n\r\n"


Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def hello(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="hello")


@asynccontextmanager
async def house(
    *, limit: int = 100, patience_s: float = 0.3, stall_patience_s: float = 30, serve: Serve = hello
) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    assert runner.server is not None
    door = Door(
        runner.server,
        runner.server,
        limit=limit,
        patience_s=patience_s,
        stall_patience_s=stall_patience_s,
    )
    listener = await asyncio.get_running_loop().create_server(door, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await runner.cleanup()


async def ended_in_time(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), patiently(2)) == b""
    except ConnectionResetError:
        return True


async def test_who_says_nothing_or_half_a_head_is_sent_away() -> None:
    async with house() as port:
        for said in (b"", b"GET / HTTP/1.1\r\nHost: box\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            assert await ended_in_time(reader)
            writer.close()


async def test_a_head_in_small_pieces_is_answered_and_the_connection_stays() -> None:
    async with house() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(0, len(GET), 5):
            writer.write(GET[number : number + 5])
            await asyncio.sleep(0.01)
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")

        await asyncio.sleep(0.5)
        writer.write(GET)
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_no_buffer_is_asked_for_that_the_system_maps_and_takes_back_each_time() -> None:
    seen: list[int] = []

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        seen.append(request.transport.max_size)  # type: ignore[attr-defined]
        return web.Response(text="hello")

    async with house(serve=serve) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readuntil(b"hello")
        writer.close()

    assert seen[0] < 128 * 1024


async def test_a_full_house_takes_nobody_and_somebody_again_when_one_leaves() -> None:
    async with house(limit=2, patience_s=30) as port:
        inside = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        await asyncio.sleep(0.05)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await ended_in_time(reader)
        writer.close()

        inside[0][1].close()

        async def lets_in() -> bool:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            try:
                return (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
            except (ConnectionError, asyncio.IncompleteReadError):
                return False  # the one who left has not been missed yet
            finally:
                writer.close()

        await becomes(lets_in, 5)
        for _, each in inside:
            each.close()


SECRET = "eyJhbGciOi-secret-"


async def said_to(port: int, head: str) -> tuple[str, dict[str, str], dict[str, object]]:
    """Return status line, headers and content of what is answered to *head*."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.read(), patiently(5))).decode()
    writer.close()
    top, _, body = answer.partition("\r\n\r\n")
    line, *headers = top.split("\r\n")
    assert SECRET not in answer
    return line, dict(each.split(": ", 1) for each in headers), json.loads(body)


@pytest.mark.parametrize("size", [100, 9_000, 30_000])
async def test_a_token_of_any_size_is_refused_alike(served: Served, size: int) -> None:
    port = URL(served.url).port or 0
    token = SECRET + "x" * size

    line, headers, content = await said_to(
        port, f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}"
    )

    assert line == "HTTP/1.1 401 Unauthorized"
    assert headers["Content-Type"].startswith("application/problem+json")
    assert content["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "head",
    [
        f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}{'x' * 40_000}",
        f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: gtv_session={SECRET}{'x' * 40_000}",
        f"GET /stream/cam01_rec/index.m3u8?ticket={SECRET}{'x' * 40_000} HTTP/1.1\r\nHost: x",
        f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization\x00: {SECRET}",
        f"{SECRET}",
    ],
)
async def test_what_cannot_be_read_is_answered_in_our_words_which_quote_nothing(
    served: Served, head: str
) -> None:
    line, headers, content = await said_to(URL(served.url).port or 0, head)

    assert line.endswith(" 400 Bad Request")
    assert headers["Content-Type"].startswith("application/problem+json")
    assert headers["Server"] == "gtvision-edge"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert (content["code"], content["status"]) == ("malformed_request", 400)
    assert content["detail"] == "This is no request that can be read."


class Flood:
    """Answers with more than any buffer holds; says how far it got and whether it was cut off."""

    def __init__(self) -> None:
        self.sent = 0
        self.is_cut = asyncio.Event()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(2**16))
                self.sent += 2**16
        except OSError:
            self.is_cut.set()
            raise


def thirsty(port: int) -> socket.socket:
    """Ask for the answer; whoever gets the socket decides what is read of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(GET)
    client.setblocking(False)
    return client


async def test_who_takes_nothing_of_the_answer_is_cut_off() -> None:
    flood = Flood()
    async with house(stall_patience_s=1, serve=flood) as port:
        with thirsty(port):
            async with asyncio.timeout(patiently(5)):
                await flood.is_cut.wait()


async def test_who_takes_little_but_steadily_stays() -> None:
    flood = Flood()
    async with house(stall_patience_s=1, serve=flood) as port:
        with thirsty(port) as client:
            loop = asyncio.get_running_loop()
            for _ in range(20):
                assert await loop.sock_recv(client, 20_000)
                await asyncio.sleep(0.2)
            assert not flood.is_cut.is_set()
