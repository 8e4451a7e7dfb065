"""What the gateway may expect of the media server's HLS side: an answer, or one kind of error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import pytest

from gtvision_edge.media.playlists import Link
from gtvision_edge.media.upstream import Upstream, UpstreamError, open_lines

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it"
NONSENSE = b"SSH-2.0-OpenSSH_9.2\r\n\r\n"
NOTHING = b""
SEGMENT = Link("seg1.mp4", "")


@pytest.fixture
async def answer() -> list[bytes]:
    """What the server says to whoever asks, before it closes the connection."""
    return [HALF]


@pytest.fixture
async def upstream(answer: list[bytes]) -> AsyncIterator[Upstream]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer[0])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_lines() as lines:
        yield Upstream(f"http://127.0.0.1:{port}", lines, None)


async def index(upstream: Upstream) -> None:
    await upstream.index("cam01_live")


async def playlist(upstream: Upstream) -> None:
    await upstream.playlist("cam01_live", Link("video1_stream.m3u8", ""))


async def read(upstream: Upstream) -> None:
    await upstream.read("cam01_live", SEGMENT, 2**20)


async def hand_through(upstream: Upstream) -> None:
    async with upstream.open("cam01_live", SEGMENT) as opened:
        async for _ in opened.pieces():
            pass


@pytest.mark.parametrize("said", [HALF, NONSENSE, NOTHING])
@pytest.mark.parametrize("ask", [index, playlist, read, hand_through])
async def test_whatever_becomes_of_an_answer_is_one_kind_of_error(
    upstream: Upstream,
    answer: list[bytes],
    said: bytes,
    ask: Callable[[Upstream], Awaitable[None]],
) -> None:
    answer[0] = said

    with pytest.raises(UpstreamError) as caught:
        await ask(upstream)

    assert caught.value.status == 0


async def test_what_goes_wrong_at_the_clients_side_is_not_the_media_servers(
    upstream: Upstream,
) -> None:
    with pytest.raises(ConnectionResetError):
        async with (
            upstream.open("cam01_live", SEGMENT) as opened,
            aclosing(opened.pieces()) as pieces,
        ):
            async for _ in pieces:
                raise ConnectionResetError("the client went away")
