"""A server of pictures that does everything wrong, over a real socket on loopback."""

import asyncio
import io
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from PIL import Image

from tests.fakes.pushes import jpeg

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answers(
    body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None
) -> Reply:
    """Return what a right server would say; *length* is what it claims, None = the truth."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        claimed = len(body) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Type: image/jpeg\r\nContent-Length: {claimed}\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return reply


async def drips(writer: asyncio.StreamWriter) -> None:
    """Give one byte of a picture at a time, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff")
    while True:
        writer.write(b"\xe0")
        await writer.drain()
        await asyncio.sleep(0.02)


async def never_ends(writer: asyncio.StreamWriter) -> None:
    """Give as much as is taken, for ever, without a length."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff")
    while True:
        writer.write(b"\x00" * 65536)
        await writer.drain()


async def tiny_chunks(writer: asyncio.StreamWriter) -> None:
    """Give a picture a byte at a time, as fast as it is taken, each wrapped in five more."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n\xff\r\n" * 10_000)
        await writer.drain()


async def heads_without_end(writer: asyncio.StreamWriter) -> None:
    """Begin an answer and never come to its body."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 100)
        await writer.drain()


async def says_nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def hangs_up(writer: asyncio.StreamWriter) -> None: ...


def huge_picture(wide: int = 16000, high: int = 16000) -> bytes:
    """Return a small JPEG whose header claims a quarter of a billion pixels."""
    made = bytearray(jpeg(16, 16))
    place = made.find(b"\xff\xc0")
    made[place + 5 : place + 9] = struct.pack(">HH", high, wide)
    return bytes(made)


def many_scans(count: int = 5000) -> bytes:
    """Return a progressive JPEG whose last scan comes again and again: small, and minutes to decode when it is large."""
    file = io.BytesIO()
    Image.new("RGB", (640, 360), "gray").save(file, "JPEG", progressive=True)
    made = file.getvalue()
    last = made.rfind(b"\xff\xda")
    return made[:-2] + made[last:-2] * count + made[-2:]


@dataclass
class PictureServer:
    """Answers every path as *reply* says, and counts who asked."""

    reply: Reply
    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    """The heads of requests."""

    def url(self, path: str = "/p.jpg", *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            await self.reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving_pictures(reply: Reply) -> AsyncIterator[PictureServer]:
    made = PictureServer(reply)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(made.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
