"""How many cameras a second can be asked, and what 200 that hang cost everybody else."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gtvision_edge.cameras.model import Camera, CameraId, CameraUuid, Place
from gtvision_edge.cameras.monitor import Ask, CameraMonitor, rtsp_ask
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.rtsp import describe
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import CameraSettings
from gtvision_edge.storage import open_database
from tests.bench.table import Row, percentile

TOGETHER = 64
SECONDS = 4.0
HANGING = 200
TIMEOUT_S = 5.0


@dataclass
class Cameras:
    """Cameras *c0*, *c1* … at one address, of which the media server knows nothing."""

    port: int
    count: int

    def all_cameras(self) -> Sequence[Camera]:
        return [
            Camera(
                camera_id=CameraId(f"c{number}"),
                camera_uuid=CameraUuid(f"u{number}"),
                name="",
                tenant_id="default",
                vendor="intelbras",
                host="127.0.0.1",
                rtsp_port=self.port,
                http_port=80,
                onvif_port=80,
                channel=1,
                username="admin",
                has_password=True,
                main_url=None,
                sub_url=None,
                record=True,
                enabled=True,
                place=Place(),
                main_profile=None,
                sub_profile=None,
                warnings=(),
                created_us=0,
                updated_us=0,
            )
            for number in range(self.count)
        ]

    def find_camera(self, camera_id: str) -> Camera | None:
        return next((each for each in self.all_cameras() if each.camera_id == camera_id), None)

    def stream_url(self, camera_id: str, profile: str) -> str:
        return f"rtsp://admin:pw@127.0.0.1:{self.port}/{camera_id}/{profile}"

    def path_view(self, camera_id: str) -> None:
        return None


@dataclass
class Round:
    """What one round of checks over hanging cameras cost."""

    ended_s: float = 0.0
    answers: int = 0
    lags_s: list[float] = field(default_factory=list)

    @property
    def lag_p99_ms(self) -> float:
        return percentile(self.lags_s, 0.99) * 1000


async def hanging_round(port: int, count: int, directory: Path, *, timeout_s: float) -> Round:
    """Let the monitor check *count* cameras that never answer once, and measure the loop meanwhile."""
    found = Round()
    cameras = Cameras(port, count)
    done = asyncio.Event()
    clock = SystemClock()
    async with (
        open_database(directory / "edge.db") as database,
        NameResolver(clock) as resolver,
    ):
        asking = rtsp_ask(resolver, timeout_s=timeout_s)
        monitor = CameraMonitor(
            cameras,
            database=database,
            media=cameras,
            ask=_counting(asking, found, count, done),
            bus=EventBus(),
            clock=clock,
            settings=CameraSettings(),
            first_spread_s=0,
        )
        started = time.perf_counter()
        ticking = asyncio.create_task(_tick(found.lags_s))
        running = asyncio.create_task(monitor.run())
        await done.wait()
        found.ended_s = time.perf_counter() - started
        for task in (ticking, running):
            task.cancel()
        await asyncio.wait({ticking, running})
    return found


async def run() -> list[Row]:
    async with _camera() as (answering, silent), NameResolver(SystemClock()) as resolver:
        per_second = await _describes_per_second(answering, resolver)
        directory = Path(await asyncio.to_thread(tempfile.mkdtemp))
        hanging = await hanging_round(silent, HANGING, directory, timeout_s=TIMEOUT_S)
    holds = hanging.ended_s < TIMEOUT_S + 1 and hanging.lag_p99_ms < 20
    return [
        Row(
            f"DESCRIBE with digest, {TOGETHER} together",
            f"{per_second:.0f}/s",
            budget="≥ 1000/s",
            holds=per_second >= 1000,
        ),
        Row(
            f"round of the monitor over {HANGING} cameras that hang",
            f"{hanging.ended_s:.2f} s, loop lag p99 {hanging.lag_p99_ms:.1f} ms",
            budget="5 s, p99 < 20 ms",
            holds=holds,
        ),
    ]


def _counting(ask: Ask, found: Round, count: int, done: asyncio.Event) -> Ask:
    async def counted(url: str) -> object:
        try:
            return await ask(url)
        finally:
            found.answers += 1
            if found.answers == count:
                done.set()

    return counted


async def _tick(lags_s: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        lags_s.append(time.perf_counter() - before - 0.005)


async def _describes_per_second(port: int, resolver: NameResolver) -> float:
    until = time.perf_counter() + SECONDS
    count = 0

    async def ask_on() -> None:
        nonlocal count
        while time.perf_counter() < until:
            url = f"rtsp://admin:pw@127.0.0.1:{port}/live"
            await describe(url, resolver=resolver, timeout_s=TIMEOUT_S)
            count += 1

    started = time.perf_counter()
    await asyncio.gather(*(ask_on() for _ in range(TOGETHER)))
    return count / (time.perf_counter() - started)


@asynccontextmanager
async def _camera() -> AsyncIterator[tuple[int, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.answering_camera", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        answering, silent = (await process.stdout.readline()).split()
        yield int(answering), int(silent)
    finally:
        process.kill()
        await process.wait()
