"""Somebody who has a port: what answers where the media server should be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MEDIAMTX = '200 OK|mediamtx|{"version":"v1.20.1","started":"2026-01-01T00:00:00Z"}'
NEVER = ""


@asynccontextmanager
async def somebody(port: int, answer: str = MEDIAMTX) -> AsyncIterator[None]:
    """Listen at *port* and give *answer* (status|server|body) to each request; NEVER = not a word."""
    writers: list[asyncio.StreamWriter] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if answer == NEVER:
                await ended.wait()
            else:
                status, name, body = answer.split("|")
                head = f"HTTP/1.1 {status}\r\nServer: {name}\r\nContent-Length: {len(body)}"
                writer.write(f"{head}\r\nConnection: close\r\n\r\n{body}".encode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield
        ended.set()
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
