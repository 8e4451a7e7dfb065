"""Who asks for many segments and takes none takes no memory that recording needs, and what he took comes back."""

import asyncio
import re
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web

from gtvision_edge.media.playlists import parse_media
from gtvision_edge.runtime.shares import MOST_TRANSFERS
from tests.bench.processes import started
from tests.ports import free_port
from tests.waiting import becomes, patiently

pytestmark = pytest.mark.timeout(120)

SEGMENT_BYTES = 12 * 2**20
GRASPING = 400
MOST_GROWN_MB = 80
"""Of 160 bodies on their way with 0.2 MB each; they were 1.2 MB each once."""
MOST_KEPT_MB = 25
"""Of that when all are gone."""
INDEX = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42c01e"\nvideo1_stream.m3u8\n'
MEDIA = '#EXTM3U\n#EXT-X-MAP:URI="h_init.mp4"\n#EXTINF:2,\nh_seg1.mp4\n#EXTINF:2,\nh_seg2.mp4\n'


async def test_segments_that_nobody_takes_fill_no_memory(tmp_path: Path) -> None:
    async with media_server(tmp_path) as hls_url, gateway(hls_url, tmp_path) as (port, process):
        segment = await newest_segment(port)
        before = resident_mb(process)
        taken = [await grasp(port, segment) for _ in range(GRASPING)]
        try:
            answered = Counter(await asyncio.gather(*(status(each) for each in taken)))
            await becomes(lambda: established(process) >= GRASPING + MOST_TRANSFERS, 20)
            await settled(process)
            held = resident_mb(process) - before
        finally:
            for each in taken:
                each.close()
        await becomes(lambda: established(process) == 0, 20)
        await becomes(lambda: resident_mb(process) - before <= MOST_KEPT_MB, 30)

    assert answered == {200: MOST_TRANSFERS, 429: GRASPING - MOST_TRANSFERS}
    assert held <= MOST_GROWN_MB, f"{held:.0f} MB more"


@asynccontextmanager
async def media_server(directory: Path) -> AsyncIterator[str]:
    """Serve a path with large segments, from a file and so without memory of its own; gives its HLS address."""
    segment = directory / "segment.mp4"
    with segment.open("wb") as file:
        file.truncate(SEGMENT_BYTES)

    async def answer(request: web.Request) -> web.StreamResponse:
        name = request.match_info["file"]
        if name.endswith(".m3u8"):
            return web.Response(text=INDEX if name == "index.m3u8" else MEDIA)
        return web.FileResponse(segment)

    application = web.Application()
    application.router.add_get("/{path}/{file}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2 * GRASPING).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def gateway(hls_url: str, directory: Path) -> AsyncIterator[tuple[int, psutil.Process]]:
    """Run the gateway with the environment that its unit gives it."""
    unit = Path("systemd/gtvision-edge.service").read_text()
    environment = dict(re.findall(r"^Environment=(\w+)=(\S+)$", unit, re.MULTILINE))
    port = free_port()
    command = sys.executable, "-m", "tests.faults.gateway_process", hls_url, str(directory)
    async with started(*command, str(port), environment=environment) as process:
        yield port, psutil.Process(process.pid)


async def newest_segment(port: int) -> str:
    """Return the path of a live segment, once there is one."""
    base = f"http://127.0.0.1:{port}/stream/cam01_rec"
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer v0"}) as viewer:

        async def live() -> bool:
            async with viewer.get(f"{base}/index.m3u8") as answer:
                return answer.headers.get("X-Stream-State") == "live"

        await becomes(live, 30)
        async with viewer.get(f"{base}/main.m3u8") as answer:
            return f"/stream/cam01_rec/{parse_media(await answer.text())[-1].link.file}"


async def grasp(port: int, path: str) -> socket.socket:
    """Ask for *path* over a socket that holds little."""
    loop, client = asyncio.get_running_loop(), socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await loop.sock_connect(client, ("127.0.0.1", port))
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer v0\r\n\r\n"
    await loop.sock_sendall(client, head.encode())
    return client


async def status(client: socket.socket) -> int:
    async with asyncio.timeout(patiently(20)):
        return int((await asyncio.get_running_loop().sock_recv(client, 12)).decode()[9:12])


def resident_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def established(process: psutil.Process) -> int:
    return sum(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("tcp"))


async def settled(process: psutil.Process) -> None:
    """Return when the process does nothing any more: what it can read ahead is read."""
    last = sum(process.cpu_times()[:2])
    async with asyncio.timeout(patiently(20)):
        while True:
            await asyncio.sleep(0.5)
            now = sum(process.cpu_times()[:2])
            if now - last <= 0.02:
                return
            last = now
