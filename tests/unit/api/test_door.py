import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from gtvision_edge.api.door import Door
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
        runner.server, limit=limit, patience_s=patience_s, stall_patience_s=stall_patience_s
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
