"""The whole daemon with its embedded media server against one ``ffmpeg -c copy`` a camera, recording the same streams.

Cameras are 1080p25 at 4 Mbit/s with AAC, served by a process of their own. Watched cameras also have HLS (2 s × 10) kept
up on both sides: a playlist is asked for every few seconds, as a viewer's player would, and ffmpeg writes one. MediaMTX
stands beside them where ``MEDIAMTX_BIN`` names it.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.processes import Use, started, watch
from tests.bench.table import Row
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.ports import free_ports

SETTLE_S = 12.0
WINDOW_S = 25.0
SIZES = ((1, 1), (8, 8), (32, 8))
"""Cameras recorded, and how many of them are watched."""


@dataclass(frozen=True, slots=True)
class Measured:
    use: Use
    written_share: float
    """Bytes that reached the disk in the window, as a share of what the cameras sent."""
    lag_p99_ms: float | None = None


async def run() -> list[Row]:
    rows = [await baseline()]
    for count, watched in SIZES:
        async with camera_farm(count) as (port, bits_per_s):
            expected = bits_per_s / 8 * WINDOW_S * count
            ours = await measure_daemon(port, count, watched, expected)
            peer = await measure_ffmpeg(port, count, watched, expected)
            mediamtx = await measure_mediamtx(port, count, watched, expected)
        rows += report(count, watched, ours, peer, mediamtx)
    return rows


async def baseline() -> Row:
    """Measure the daemon with no camera at all: console, database, pulse, what the embedded server costs idle."""
    idle = await measure_daemon(0, 0, 0, expected=1)
    return Row(
        "daemon, no camera: CPU, memory (PSS)",
        f"{idle.use.cpu_percent:.1f} %, {idle.use.pss_mb:.0f} MB",
    )


def report(
    count: int, watched: int, ours: Measured, peer: Measured, mediamtx: Measured | None
) -> list[Row]:
    what = f"{count} recorded, {watched} watched"
    cpu_ratio = ours.use.cpu_percent / peer.use.cpu_percent
    pss_ratio = ours.use.pss_mb / peer.use.pss_mb
    lag = ours.lag_p99_ms or 0.0
    large = count == 32
    rows = [
        Row(
            f"daemon, {what}: CPU",
            f"{ours.use.cpu_percent:.1f} % ({ours.written_share:.0%} written)",
            f"ffmpeg {peer.use.cpu_percent:.1f} % ({peer.written_share:.0%} written)",
            cpu_ratio,
            "≤ 1.2 at 32",
            cpu_ratio <= 1.2 if large else None,
        ),
        Row(
            f"daemon, {what}: memory (PSS)",
            f"{ours.use.pss_mb:.0f} MB",
            f"ffmpeg {peer.use.pss_mb:.0f} MB",
            pss_ratio,
            "≤ 0.5 at 32",
            pss_ratio <= 0.5 if large else None,
        ),
        Row(f"daemon, {what}: loop lag p99", f"< {lag:g} ms", budget="< 10 ms", holds=lag <= 10),
    ]
    if mediamtx is not None:
        rows.append(
            Row(
                f"MediaMTX, {what}: CPU, memory",
                f"{mediamtx.use.cpu_percent:.1f} %, {mediamtx.use.pss_mb:.0f} MB",
                f"ffmpeg {peer.use.cpu_percent:.1f} %",
                mediamtx.use.cpu_percent / peer.use.cpu_percent,
            )
        )
    return rows


@asynccontextmanager
async def camera_farm(count: int) -> AsyncIterator[tuple[int, int]]:
    """Run *count* cameras; give their port and the bits per second of one."""
    command = (sys.executable, "-m", "tests.bench.camera_farm", str(count))
    async with started(*command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port, bits_per_s = map(int, (await asyncio.wait_for(process.stdout.readline(), 60)).split())
        yield port, bits_per_s


async def measure_daemon(port: int, count: int, watched: int, expected: float) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder) / "site")
        async with running_daemon(site) as daemon, logged_in(site) as admin:
            for number in range(count):
                url = f"rtsp://127.0.0.1:{port}/c{number}"
                await admin.add_camera(f"cam{number}", url, skip_probe=True)
            hls = f"http://127.0.0.1:{site.ports[2]}"
            paths = [f"cam{number}_rec" for number in range(watched)]
            async with kept_watched(hls, paths):
                await asyncio.sleep(SETTLE_S)
                beats = await lag_buckets(site.url)
                before = await asyncio.to_thread(bytes_under, site.volume)
                use = await watch([daemon.pid], WINDOW_S)
                after = await asyncio.to_thread(bytes_under, site.volume)
                p99_ms = lag_p99_ms(beats, await lag_buckets(site.url))
            return Measured(use, (after - before) / expected, p99_ms)


@asynccontextmanager
async def kept_watched(hls: str, paths: list[str]) -> AsyncIterator[None]:
    """Ask for each path's playlist every five seconds, so that its HLS is kept up."""

    async def ask() -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                for path in paths:
                    try:
                        async with session.get(f"{hls}/{path}/index.m3u8") as answer:
                            await answer.read()
                    except aiohttp.ClientError:
                        pass
                await asyncio.sleep(5)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.wait({asking})


async def lag_buckets(url: str) -> dict[float, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        text = await answer.text()
    found = re.findall(
        r'^gtvision_edge_loop_lag_seconds_bucket{le="([^"]+)"} (\S+)$', text, re.MULTILINE
    )
    assert found, "the daemon shows no loop lag"
    return {float(bound): float(value) for bound, value in found}


def lag_p99_ms(before: dict[float, float], after: dict[float, float]) -> float:
    """Return the smallest bucket bound, in ms, under which 99 % of the beats between the two readings fell."""
    beats = {bound: after[bound] - before[bound] for bound in after}
    total = max(beats.values())
    return min(bound for bound, value in beats.items() if value >= 0.99 * total) * 1000


async def measure_ffmpeg(port: int, count: int, watched: int, expected: float) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            pids = []
            for number in range(count):
                target = Path(folder) / f"c{number}"
                await asyncio.to_thread(target.mkdir)
                command = ffmpeg_command(port, number, target, with_hls=number < watched)
                pids.append((await stack.enter_async_context(started(*command))).pid)
            await asyncio.sleep(SETTLE_S)
            before = await asyncio.to_thread(bytes_under, Path(folder), "rec*")
            use = await watch(pids, WINDOW_S)
            after = await asyncio.to_thread(bytes_under, Path(folder), "rec*")
        return Measured(use, (after - before) / expected)


def ffmpeg_command(port: int, number: int, target: Path, *, with_hls: bool) -> list[str]:
    source = f"rtsp://127.0.0.1:{port}/c{number}"
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", source]
    command += ["-c", "copy", "-f", "segment", "-segment_time", "60"]
    command += ["-segment_format_options", "movflags=frag_keyframe+empty_moov"]
    command += [str(target / "rec%04d.mp4")]
    if with_hls:
        command += ["-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_list_size", "10"]
        command += ["-hls_flags", "delete_segments", "-hls_segment_type", "fmp4"]
        command += [str(target / "index.m3u8")]
    return command


async def measure_mediamtx(port: int, count: int, watched: int, expected: float) -> Measured | None:
    binary = os.environ.get("MEDIAMTX_BIN")
    if not binary:
        return None
    api, hls = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mediamtx.yml"
        paths = "".join(
            f"  cam{number}_rec:\n    source: rtsp://127.0.0.1:{port}/c{number}\n"
            for number in range(count)
        )
        await asyncio.to_thread(
            config.write_text,
            f"logLevel: error\napi: yes\napiAddress: 127.0.0.1:{api}\n"
            f"hlsAddress: 127.0.0.1:{hls}\nhlsVariant: fmp4\nhlsSegmentCount: 10\n"
            "hlsSegmentDuration: 2s\nrtsp: no\nrtmp: no\nsrt: no\nwebrtc: no\nmoq: no\n"
            f"pathDefaults:\n  rtspTransport: tcp\n  record: yes\n  recordDeleteAfter: 0s\n"
            f"  recordPath: {folder}/%path/%Y-%m-%d_%H-%M-%S-%f\n  recordSegmentDuration: 60s\n"
            f"paths:\n{paths}",
        )
        async with started(binary, str(config)) as process:
            watched_paths = [f"cam{number}_rec" for number in range(watched)]
            async with kept_watched(f"http://127.0.0.1:{hls}", watched_paths):
                await asyncio.sleep(SETTLE_S)
                before = await asyncio.to_thread(bytes_under, Path(folder))
                use = await watch([process.pid], WINDOW_S)
                after = await asyncio.to_thread(bytes_under, Path(folder))
        return Measured(use, (after - before) / expected)


def bytes_under(folder: Path, pattern: str = "*.mp4") -> int:
    return sum(path.stat().st_size for path in folder.rglob(pattern))
