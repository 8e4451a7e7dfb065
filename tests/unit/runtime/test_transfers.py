"""Bodies before real sockets: who takes nothing is cut, who takes little is not, and nobody has more than his share."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtvision_edge.api.errors import problems
from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.transfers import Places, Transfers
from tests.waiting import becomes, patiently

PATIENCE_S = 0.4
PIECE = bytes(2**17)
BIG = 2**24

Send = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


async def write_pieces(request: web.Request, response: web.StreamResponse) -> None:
    for _ in range(BIG // len(PIECE)):
        await response.write(PIECE)


class Sender:
    """Sends a big body to whoever asks; notes how each sending ended."""

    def __init__(self, transfers: Transfers, send: Send) -> None:
        self.transfers = transfers
        self.send = send
        self.ended: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            async with self.transfers.open("ana", request):
                response = web.StreamResponse()
                response.content_length = BIG
                await response.prepare(request)
                await self.send(request, response)
                await response.write_eof()
        except Exception as error:
            self.ended.append(type(error).__name__)
            raise
        self.ended.append("sent")
        return response


@asynccontextmanager
async def sending(send: Send = write_pieces, most: int = 160) -> AsyncIterator[tuple[Sender, int]]:
    sender = Sender(Transfers(patience_s=PATIENCE_S, most_of_one=most), send)
    app = web.Application(middlewares=[problems])
    app.router.add_get("/", sender.handle)
    async with TestServer(app, host="127.0.0.1") as server:
        assert server.port is not None
        yield sender, server.port


async def ask(port: int) -> socket.socket:
    """Ask for the body over a socket that holds little; nobody reads from it by itself."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    await asyncio.get_running_loop().sock_sendall(client, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


async def test_who_takes_nothing_is_cut() -> None:
    async with sending() as (sender, port):
        with await ask(port) as client:
            await becomes(lambda: sender.ended == ["ClientStalledError"], 5)

            with pytest.raises(ConnectionResetError):
                while await asyncio.get_running_loop().sock_recv(client, 2**16):
                    pass


async def test_who_takes_nothing_of_a_sendfile_is_cut(tmp_path: Path) -> None:
    big = tmp_path / "big"
    await asyncio.to_thread(big.write_bytes, bytes(BIG))
    file = await asyncio.to_thread(big.open, "rb")

    async def send(request: web.Request, _: web.StreamResponse) -> None:
        assert request.transport is not None
        await asyncio.get_running_loop().sendfile(request.transport, file, 0, BIG)

    async with sending(send) as (sender, port):
        with await ask(port):
            await becomes(lambda: sender.ended == ["ClientStalledError"], 5)

    assert os.fstat(file.fileno()).st_size == BIG  # still ours to close
    file.close()


async def test_who_takes_a_little_now_and_then_may_go_on() -> None:
    loop = asyncio.get_running_loop()
    async with sending() as (sender, port):
        with await ask(port) as client:
            began = loop.time()
            while loop.time() - began < PATIENCE_S * 5:
                assert await loop.sock_recv(client, 2**17)
                await asyncio.sleep(PATIENCE_S / 8)

            assert sender.ended == []


async def test_a_source_that_takes_its_time_is_not_the_clients_fault() -> None:
    async def send(request: web.Request, response: web.StreamResponse) -> None:
        await response.write(PIECE)
        await asyncio.sleep(PATIENCE_S * 3)
        for _ in range(BIG // len(PIECE) - 1):
            await response.write(PIECE)

    async with sending(send) as (sender, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        body = await asyncio.wait_for(reader.read(), patiently(8))
        writer.close()

    assert sender.ended == ["sent"]
    assert len(body) > BIG


async def test_one_login_has_so_many_at_a_time_and_its_places_come_back() -> None:
    async with sending(most=3) as (sender, port):
        held = [await ask(port) for _ in range(3)]
        await becomes(lambda: sender.transfers.held == 3, 5)

        refused = await ask(port)
        answer = (await asyncio.get_running_loop().sock_recv(refused, 4096)).decode()
        await becomes(lambda: sender.ended.count("ClientStalledError") == 3, 5)
        later = await ask(port)

        assert await asyncio.get_running_loop().sock_recv(later, 15) == b"HTTP/1.1 200 OK"
        for each in (*held, refused, later):
            each.close()
    assert answer.startswith("HTTP/1.1 429")
    assert "Retry-After: 2" in answer
    assert '"code": "too_many_transfers"' in answer


def test_nobody_takes_the_places_of_another() -> None:
    places = Places(1)

    with places.take("ana"), places.take("bia"), pytest.raises(TooManyTransfersError):
        places.take("ana").__enter__()

    assert places.held == 0
