import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from gtvision_edge.recordings.errors import UnknownSegmentError
from gtvision_edge.recordings.model import CameraNo, LeanSegment, Segment, SegmentId
from gtvision_edge.recordings.playback.answering import Asked
from gtvision_edge.recordings.playback.serving import SegmentServer
from tests.fakes.footage import START_US, a_segment
from tests.waiting import becomes

SIZE = 16 * 2**20
"""More than the buffers of a connection hold."""


@dataclass
class Served:
    server: SegmentServer
    path: Path
    segment: Segment
    port: int

    @property
    def lean(self) -> LeanSegment:
        each = self.segment
        return LeanSegment(
            SegmentId(1), each.camera_no, each.name_us, each.start_us, each.end_us, SIZE, None
        )

    def is_open(self) -> bool:
        """Tell whether this process has the file open, deleted or not."""
        opened = []
        for link in Path("/proc/self/fd").iterdir():
            try:
                opened.append(str(link.readlink()))
            except FileNotFoundError:
                continue
        return any(each.startswith(str(self.path)) for each in opened)


@pytest.fixture(params=["plain", "silent"])
async def served(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(SIZE))
    segment = a_segment(CameraNo(1), START_US, size_bytes=SIZE, groups=())
    server = SegmentServer()
    hides_audio = request.param == "silent"

    async def send(asked: web.Request) -> web.StreamResponse:
        try:
            return await server.send(
                asked, path, segment, hides_audio=hides_audio, announce=_unheard
            )
        except UnknownSegmentError:
            return web.Response(status=404)

    runner = web.AppRunner(_app(send))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (address,) = runner.addresses
    yield Served(server, path, segment, address[1])
    await runner.cleanup()
    server.close()


async def _unheard(_: Asked) -> None:
    pass


def _app(handler: object) -> web.Application:
    app = web.Application()
    app.router.add_get("/", handler)  # type: ignore[arg-type]  # a handler it is
    return app


async def a_reader_who_stops(served: Served) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, ("127.0.0.1", served.port))
    await loop.sock_sendall(connection, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await loop.sock_recv(connection, 12)).startswith(b"HTTP/1.1 200")
    return connection


async def test_who_reads_what_was_deleted_is_cut_off_and_its_room_comes_back(
    served: Served,
) -> None:
    readers = [await a_reader_who_stops(served) for _ in range(3)]
    await becomes(served.is_open, 5)
    served.path.unlink()
    await asyncio.sleep(0)
    assert served.is_open()

    served.server.end([served.lean])
    served.server.end([served.lean])

    await becomes(lambda: not served.is_open(), 5)
    for each in readers:
        await _is_cut(each)
        each.close()


async def _is_cut(connection: socket.socket) -> None:
    got = 0
    try:
        async with asyncio.timeout(5):
            while data := await asyncio.get_running_loop().sock_recv(connection, 2**20):
                got += len(data)
    except ConnectionResetError:
        pass
    assert got < SIZE


async def test_who_reads_something_else_reads_on(served: Served) -> None:
    other = LeanSegment(SegmentId(2), CameraNo(1), START_US + 1, START_US, START_US + 1, SIZE, None)
    connection = await a_reader_who_stops(served)

    served.server.end([other])

    got = 12
    loop = asyncio.get_running_loop()
    while got < SIZE:
        data = await loop.sock_recv(connection, 2**20)
        assert data
        got += len(data)
    connection.close()
