"""Beside MediaMTX: what the daemon costs with 64 recorded cameras and nobody watching, and the gateway against MediaMTX itself.

The second measures the same HLS segments of the same live camera, asked of MediaMTX directly (with its secret) and through us
(with a login), in turns.
"""

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from tests.bench.camera_farm import SPEC
from tests.bench.embedded import camera_farm
from tests.bench.processes import watch
from tests.bench.table import Row
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import SECRET, ShippedMediaMtx, mediamtx_beside, site_beside

CAMERAS = 64
SETTLE_S = 20.0
WINDOW_S = 60.0
"""A whole minute: each camera finishes one file in it, which is indexed and gets its thumbnails."""
ROUNDS = 7
ROUND_S = 1.5


async def run() -> list[Row]:
    if not os.environ.get("MEDIAMTX_BIN"):
        return [Row("beside MediaMTX", "not run: MEDIAMTX_BIN is not set")]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        async with (
            camera_farm(CAMERAS) as (port, _),
            mediamtx_beside(root / "mtx") as server,
            running_daemon(site := site_beside(root / "site", server)) as daemon,
            logged_in(site) as admin,
        ):
            for number in range(CAMERAS):
                url = f"rtsp://127.0.0.1:{port}/c{number}"
                await admin.add_camera(f"cam{number}", url, skip_probe=True)
            for number in range(CAMERAS):
                await admin.wait_state(f"cam{number}", "recording", 60)
            await asyncio.sleep(SETTLE_S)
            assert server.process is not None
            ours, theirs = await asyncio.gather(
                watch([daemon.pid], WINDOW_S), watch([server.process.pid], WINDOW_S)
            )
            direct, through = await compare_segments(site, server, admin)
    ratio = statistics.median(b / a for a, b in zip(direct, through, strict=True))
    return [
        Row(
            f"daemon beside MediaMTX, {CAMERAS} recorded, nobody watching: CPU",
            f"{ours.cpu_percent:.1f} %",
            f"MediaMTX {theirs.cpu_percent:.1f} %",
            ours.cpu_percent / theirs.cpu_percent,
            "≤ 2 % of a core",
            ours.cpu_percent <= 2,
        ),
        Row(
            f"daemon beside MediaMTX, {CAMERAS} recorded, nobody watching: memory (PSS)",
            f"{ours.pss_mb:.0f} MB",
            f"MediaMTX {theirs.pss_mb:.0f} MB",
            ours.pss_mb / theirs.pss_mb,
            "≤ 150 MB",
            ours.pss_mb <= 150,
        ),
        Row(
            f"gateway, live segments of {SPEC.width}×{SPEC.height}, peer MediaMTX itself",
            f"{statistics.median(through):.0f} MB/s",
            f"{statistics.median(direct):.0f} MB/s",
            ratio,
        ),
    ]


async def compare_segments(
    site: Site, server: ShippedMediaMtx, admin: Client
) -> tuple[list[float], list[float]]:
    """Return MB/s of MediaMTX itself and through the gateway, round by round."""
    jar = aiohttp.DummyCookieJar()
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with aiohttp.ClientSession(headers=headers, cookie_jar=jar) as mediamtx:
        index = f"http://127.0.0.1:{server.ports[1]}/cam0_rec/index.m3u8"
        own = f"{site.url}/stream/cam0_rec/index.m3u8"
        direct: list[float] = []
        through: list[float] = []
        for _ in range(ROUNDS):
            direct.append(await fetch(mediamtx, index))
            through.append(await fetch(admin.session, own))
    return direct[1:], through[1:]  # the first round makes the muxer


async def fetch(session: aiohttp.ClientSession, index: str) -> float:
    """Fetch the newest segments again and again for a while; return MB/s."""
    segments = await newest_segments(session, index)
    started, received = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < ROUND_S:
        for url in segments:
            async with session.get(url) as answer:
                assert answer.status == 200, (answer.status, url)
                received += len(await answer.read())
    return received / elapsed / 1e6


async def newest_segments(session: aiohttp.ClientSession, index: str) -> list[str]:
    """Return the addresses of the last three segments of the first video playlist of *index*."""
    async with asyncio.timeout(30):
        while True:
            playlist = await media_playlist(session, index)
            found = [urljoin(playlist[0], line) for line in playlist[1] if line.endswith(".mp4")]
            if len(found) >= 3:
                return found[-3:]
            await asyncio.sleep(0.5)


async def media_playlist(session: aiohttp.ClientSession, index: str) -> tuple[str, list[str]]:
    async with session.get(index) as answer:
        lines = (await answer.text()).splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    if answer.status != 200 or not names:
        return index, []
    url = urljoin(index, names[0])
    async with session.get(url) as answer:
        text = await answer.text()
    return url, [line for line in text.splitlines() if line and not line.startswith("#")]
