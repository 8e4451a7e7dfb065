"""What the RTSP server and the demo's cameras cost; the readers are a process of their own."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

import aiohttp
import av
from aiohttp import web

from gtvision_edge.cameras.model import Camera
from gtvision_edge.demo.cameras import StreetCamera, open_street_cameras
from gtvision_edge.demo.frames import open_frames
from gtvision_edge.demo.pushing import PlatePusher
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
        async with _readers(urls), _plates_told(cameras, zone) as told:
            await asyncio.sleep(5)
            share, lag_ms = await _measure()
    if not told:
        raise RuntimeError("no plate was told")
    return [
        Row(
            "four demo cameras, main streams read, plates and pictures told",
            f"{share:.1f} % of a core",
            budget="≤ 25 %",
            holds=share <= 25,
        ),
        Row("  loop lag p99 beside them", f"{lag_ms:.1f} ms"),
    ]


@asynccontextmanager
async def _plates_told(cameras: Sequence[StreetCamera], zone: ZoneInfo) -> AsyncIterator[list[int]]:
    """Have the cameras tell of their plates, and each picture fetched; yield the pictures' sizes. The receiver's work counts, too."""
    told: list[int] = []

    async def webhook(request: web.Request) -> web.Response:
        fetching.append(asyncio.create_task(fetch((await request.json())["imagem_url"])))
        return web.json_response({}, status=202)

    async def fetch(url: str) -> None:
        async with session.get(url) as answer:
            told.append(len(await answer.read()))

    async def secret_of(_: Camera) -> str:
        return "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    fetching: list[asyncio.Task[None]] = []
    application = web.Application()
    application.router.add_post("/api/v1/webhooks/lpr", webhook)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    clock = SystemClock()
    async with aiohttp.ClientSession() as session, open_frames(cameras, clock, port=0) as frames:
        pusher = PlatePusher(
            cameras,
            url=f"http://127.0.0.1:{runner.addresses[0][1]}",
            frames=frames,
            find=lambda _: cast("Camera", _Anybody()),
            secret_of=secret_of,
            zone=zone,
            clock=clock,
        )
        task = asyncio.create_task(pusher.run())
        try:
            yield told
            await asyncio.gather(*fetching)
        finally:
            task.cancel()
            await asyncio.wait({task})
            await runner.cleanup()


class _Anybody:
    camera_id = "cam01"


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
