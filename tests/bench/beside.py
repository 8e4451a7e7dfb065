"""Beside MediaMTX: what the daemon costs with 64 recorded cameras and nobody watching, and the gateway against MediaMTX itself.

The daemon's processor time is told apart by thread. What keeps the site running (paths, states, index, disk, clock) is one row and has the
budget; what is made ahead of being asked for, by threads that stand back (thumbnails, hashes), is a row each, and all together another.
Those threads do less on a busy machine, so their rows say how much they did and what the whole of it would take.

The last row measures the same HLS segments of the same live camera, asked of MediaMTX directly (with its secret) and through us
(with a login), in turns.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from tests.bench.camera_farm import SPEC
from tests.bench.embedded import camera_farm
from tests.bench.processes import Use, watch, watch_threads
from tests.bench.table import Row
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import SECRET, ShippedMediaMtx, mediamtx_beside, site_beside

CAMERAS = 64
SETTLE_S = 20.0
WINDOW_S = 60.0
"""A whole minute: each camera finishes one file in it, which is indexed and gets its thumbnails."""
THUMBNAIL_INTERVAL_S = 10.0
"""As ``recordings.thumbnail_interval`` has it where nothing is set."""
ROUNDS = 7
ROUND_S = 1.5
TRIES = 5


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
            before = await counts(admin)
            ours, threads, theirs = await asyncio.gather(
                watch([daemon.pid], WINDOW_S),
                watch_threads(daemon.pid, WINDOW_S),
                watch([server.process.pid], WINDOW_S),
            )
            after = await counts(admin)
            direct, through = await compare_segments(site, server, admin)
    ratio = statistics.median(b / a for a, b in zip(direct, through, strict=True))
    done = Counts(after.thumbnails - before.thumbnails, after.hashed_mb - before.hashed_mb)
    return [
        *daemon_rows(ours, threads, theirs, done),
        Row(
            f"gateway, live segments of {SPEC.width}×{SPEC.height}, peer MediaMTX itself",
            f"{statistics.median(through):.0f} MB/s",
            f"{statistics.median(direct):.0f} MB/s",
            ratio,
        ),
    ]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the threads that stand back have done since the start."""

    thumbnails: float
    hashed_mb: float


async def counts(admin: Client) -> Counts:
    async with admin.session.get(f"{admin.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return Counts(
        float(found.get('gtvision_edge_thumbnails_total{how="ahead"}', 0)),
        float(found["gtvision_edge_footage_hashed_bytes_total"]) / 1e6,
    )


def daemon_rows(ours: Use, threads: Mapping[str, float], theirs: Use, done: Counts) -> list[Row]:
    """Return what the daemon took; *threads* are per cent of a core by thread name."""
    pictures, hashes = threads.get("thumbnails", 0.0), threads.get("footage-hash", 0.0)
    running = sum(threads.values()) - pictures - hashes
    name = f"daemon beside MediaMTX, {CAMERAS} recorded, nobody watching"
    load = f"load {os.getloadavg()[0] / (os.cpu_count() or 1):.1f} per core"
    peer = f"MediaMTX {theirs.cpu_percent:.1f} %"
    due = CAMERAS * WINDOW_S / THUMBNAIL_INTERVAL_S
    recorded_mb = CAMERAS * WINDOW_S * SPEC.bitrate_bps / 8e6

    def share(percent: float, count: float, of: float, unit: str) -> str:
        """Say how much was done, and what the whole of it takes by that: nothing done tells nothing."""
        if not count:
            return f" (0 of {of:.0f} {unit} at {load}: not measured)"
        each_ms = percent * WINDOW_S * 10 / count
        whole = each_ms * of / WINDOW_S / 10
        return f" ({count:.0f} of {of:.0f} {unit} at {load}, {each_ms:.2f} ms each; all would be {whole:.1f} %)"

    def row(what: str, percent: float, *, figure: str = "", budget: float | None = None) -> Row:
        return Row(
            f"{name}: {what}",
            f"{percent:.2f} %{figure}",
            peer,
            percent / theirs.cpu_percent,
            "" if budget is None else f"≤ {budget:g} % of a core",
            None if budget is None else percent <= budget,
        )

    return [
        row("CPU without thumbnails and hashes", running, figure=f" at {load}", budget=2),
        row(
            "CPU of thumbnails made ahead",
            pictures,
            figure=share(pictures, done.thumbnails, due, "pictures"),
        ),
        row(
            "CPU of hashing what was recorded",
            hashes,
            figure=share(hashes, done.hashed_mb, recorded_mb, "MB"),
        ),
        row("CPU of all it did", ours.cpu_percent),
        Row(
            f"{name}: memory (PSS)",
            f"{ours.pss_mb:.0f} MB",
            f"MediaMTX {theirs.pss_mb:.0f} MB",
            ours.pss_mb / theirs.pss_mb,
            "≤ 150 MB",
            ours.pss_mb <= 150,
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
    """Fetch the newest segments again and again for a while; return MB/s.

    On a busy machine a camera may be lost and come back, and then MediaMTX knows its old segments no more (401, 404): the list is
    asked for again, and that time counts for nobody.
    """
    for _ in range(TRIES):
        segments = await newest_segments(session, index)
        started, received, is_gone = time.perf_counter(), 0, False
        while not is_gone and (elapsed := time.perf_counter() - started) < ROUND_S:
            for url in segments:
                async with session.get(url) as answer:
                    assert answer.status in (200, 401, 404), (answer.status, url)
                    is_gone = is_gone or answer.status != 200
                    received += len(await answer.read())
        if not is_gone:
            return received / elapsed / 1e6
    raise AssertionError(f"the segments of {index} went away {TRIES} times")


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
