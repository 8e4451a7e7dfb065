"""What the RTSP server and the demo's cameras cost; the readers are a process of their own."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from urllib.parse import quote
from zoneinfo import ZoneInfo

import av

from gtvision_edge.demo.cameras import open_street_cameras
from gtvision_edge.media.embedded.rtsp import RtspServer
from gtvision_edge.runtime.clock import SystemClock
from tests.bench.camera_farm import SPEC, play
from tests.bench.table import Row, percentile
from tests.fakes.clips import render_clip

_STREAMS = 32
_SECONDS = 20.0


async def run() -> list[Row]:
    return [await _server_row(), *await _demo_rows()]


async def _server_row() -> Row:
    clip = await asyncio.to_thread(render_clip, SPEC)
    async with RtspServer() as server:
        publications = [server.publish(f"s{number}", clip.tracks) for number in range(_STREAMS)]
        players = [
            asyncio.create_task(play(clip, publication, number / _STREAMS))
            for number, publication in enumerate(publications)
        ]
        urls = [f"{server.url}/{publication.path}" for publication in publications]
        try:
            async with _readers(urls):
                await asyncio.sleep(3)
                share, _ = await _measure()
        finally:
            for player in players:
                player.cancel()
            await asyncio.gather(*players, return_exceptions=True)
    what = f"RTSP server, {_STREAMS} streams of 4 Mbit/s, a reader each"
    return Row(what, f"{share:.1f} % of a core", budget="≤ 20 %", holds=share <= 20)


async def _demo_rows() -> list[Row]:
    zone = ZoneInfo("America/Sao_Paulo")
    async with open_street_cameras(zone=zone, clock=SystemClock()) as cameras:
        urls = [
            camera.main_url.replace(
                "rtsp://", f"rtsp://{camera.username}:{quote(camera.password, safe='')}@"
            )
            for camera in cameras
        ]
        async with _readers(urls):
            await asyncio.sleep(5)
            share, lag_ms = await _measure()
    return [
        Row(
            "four demo cameras, main streams read",
            f"{share:.1f} % of a core",
            budget="≤ 25 %",
            holds=share <= 25,
        ),
        Row("  loop lag p99 beside them", f"{lag_ms:.1f} ms"),
    ]


async def _measure() -> tuple[float, float]:
    """Return this process' share of a core in percent, and the 99th percentile of lag in ms."""
    lags: list[float] = []
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() - began < _SECONDS:
        asleep = time.perf_counter()
        await asyncio.sleep(0.05)
        lags.append(time.perf_counter() - asleep - 0.05)
    share = 100 * (time.process_time() - used) / (time.monotonic() - began)
    return share, 1000 * percentile(lags, 0.99)


@asynccontextmanager
async def _readers(urls: Sequence[str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.streets", *urls, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield
        if process.returncode is not None:
            raise RuntimeError("the readers did not last")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _read(url: str) -> None:
    with av.open(url, options={"rtsp_transport": "tcp", "timeout": "5000000"}) as container:
        for _ in container.demux():
            pass
    raise RuntimeError("a stream ended")


async def _read_all(urls: Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(len(urls)) as threads:
        await asyncio.gather(*(loop.run_in_executor(threads, _read, url) for url in urls))


if __name__ == "__main__":
    asyncio.run(_read_all(sys.argv[1:]))
