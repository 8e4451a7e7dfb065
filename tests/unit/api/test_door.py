import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from gtvision_edge.api.door import Door
from tests.waiting import becomes, patiently

GET = b"GET / HTTP/1.1\r\nHost: box\r\n\r\n"


@asynccontextmanager
async def house(*, limit: int = 100, patience_s: float = 0.3) -> AsyncIterator[int]:
    async def hello(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="hello")

    runner = web.ServerRunner(web.Server(hello))
    await runner.setup()
    assert runner.server is not None
    door = Door(runner.server, limit=limit, patience_s=patience_s)
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
