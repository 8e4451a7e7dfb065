"""Looking through footage: a day's timeline and an hour's playlist over 5 M rows, thumbnails, and the bytes of a file.

``BENCH_ROWS`` changes the number of rows, ``BENCH_DIR`` where they are put (2.5 GB).
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from gtvision_edge.accounts import THE_BOX
from gtvision_edge.alerts.marks import MOST, ReadingMarks
from gtvision_edge.api.reading_marks import reading_mark_answers
from gtvision_edge.audit import AuditLog
from gtvision_edge.media.paths import PathUse
from gtvision_edge.media.posters import Posters
from gtvision_edge.media.upstream import Upstream, open_lines
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, Span
from gtvision_edge.recordings.playback.service import Playback, Viewer
from gtvision_edge.recordings.playback.serving import SegmentServer
from gtvision_edge.recordings.playback.viewings import FootageViewings
from gtvision_edge.recordings.thumbnails.service import Thumbnails
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.collector import spare_the_started
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, open_database
from tests.bench.many_readings import READINGS, WANTED, fill_readings
from tests.bench.many_segments import BEGIN_US, CAMERAS, MINUTE_US, fill
from tests.bench.table import Row, percentile
from tests.contract.playing import read_recorded
from tests.fakes.cameras import FakeCamera
from tests.fakes.clips import ClipSpec
from tests.fakes.clock import FakeClock
from tests.fakes.footage import add, keep, place
from tests.fakes.recorded import START_US, record

ROWS = int(os.environ.get("BENCH_ROWS", "5_000_000"))
ROUNDS = 300
_DICE = random.Random(7)  # noqa: S311 -- moments to look at, the same in each run
DAY_US = 1440 * MINUTE_US
SPEC = ClipSpec(
    width=1920, height=1080, fps=25, key_every_s=2.0, seconds=4.0, bitrate_bps=4_000_000, noise=True
)


async def run() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        directory = Path(folder)
        async with open_database(directory / "edge.db"):
            pass
        end_us = await asyncio.to_thread(fill, directory / "edge.db", ROWS)
        async with open_database(directory / "edge.db") as database:
            rows = await _index_rows(database, directory, end_us)
        async with open_database(directory / "small.db") as database:
            return rows + await _picture_rows(database, directory / "volume")


async def _index_rows(database: Database, root: Path, end_us: int) -> list[Row]:
    clock = SystemClock()
    index = SegmentIndex(database, root=root)
    timelines = TimelineService(index, database, clock, zone=ZoneInfo("America/Sao_Paulo"))
    viewings = FootageViewings(database, AuditLog(clock), clock)
    server = SegmentServer()
    playback = Playback(index, lambda _: None, viewings, server)
    viewer = Viewer(THE_BOX, THE_BOX.actor(), "bench")
    cameras = await index.cameras()
    await viewings.open("bench", viewer.actor, cameras[0], Span(0, end_us))

    marks = ReadingMarks(database)

    async def timeline() -> None:
        start_us = _DICE.randrange(BEGIN_US, max(end_us - DAY_US, BEGIN_US + 1), MINUTE_US)
        camera = _DICE.choice(cameras)
        await timelines.timeline(
            THE_BOX, camera, Span(start_us, start_us + DAY_US), since_us=BEGIN_US
        )

    async def timeline_with_readings() -> None:
        start_us = end_us - DAY_US - _DICE.randrange(0, 60 * MINUTE_US)
        span = Span(start_us, start_us + DAY_US)
        await timelines.timeline(THE_BOX, cameras[0], span, since_us=BEGIN_US)
        found = await marks.find(
            THE_BOX,
            cameras[0].camera_id,
            cameras[0].camera_uuid,
            start_us=span.start_us,
            end_us=span.end_us,
        )
        assert len(found) > MOST
        reading_mark_answers(found)

    async def playlist() -> None:
        start_us = _DICE.randrange(BEGIN_US, end_us - 60 * MINUTE_US, MINUTE_US)
        span = Span(start_us, start_us + 60 * MINUTE_US)
        await playback.playlist(viewer, cameras[0], span, base="/api/v1/segments/")

    named = f"{ROWS / 1e6:g} M rows of {CAMERAS} cameras"
    of_day, of_hour = await _measured(timeline), await _measured(playlist)
    await database.write(
        lambda transaction: fill_readings(
            transaction, cameras[0].camera_uuid, cameras[0].camera_id, end_us
        )
    )
    of_readings = await _measured(timeline_with_readings)
    server.close()
    return [
        _row(f"timeline of a day, {named}, p99", of_day.taken, 99, 20, cpu=of_day.cpu),
        _row(
            f"timeline of a day with {READINGS:,} readings, {WANTED} of them wanted, {named}, p99",
            of_readings.taken,
            99,
            20,
            cpu=of_readings.cpu,
        ),
        _row(f"playlist of an hour, {named}, p99", of_hour.taken, 99, 20, cpu=of_hour.cpu),
    ]


async def _picture_rows(database: Database, volume: Path) -> list[Row]:
    (number,) = await keep(database, FakeCamera())
    await place(database, number, "cam01_rec")
    await asyncio.to_thread(record, volume / "cam01_rec", SPEC, loops=15)
    segments = await asyncio.to_thread(read_recorded, volume / "cam01_rec", CameraNo(number))
    await add(database, *segments)
    index = SegmentIndex(database, root=volume)
    camera = await index.camera_by_no(number)
    assert camera is not None
    rows = [_row("snapshot of now from the recording, 1080p, p50", await _of_now(volume), 50, 150)]
    for what, times, make, budget_ms in (
        ("thumbnail on demand, 1080p", range(0, 60, 10), _thumbnail, 150),
        (
            "snapshot of a moment, 1080p, 25 frames after its key frame",
            range(1, 60, 2),
            _moment,
            None,
        ),
    ):
        taken = []
        for at_s in times:
            # Each with a store of its own: nothing is remembered.
            thumbnails = Thumbnails(index, EventBus(), SystemClock(), interval_s=10)
            began = time.perf_counter()
            await make(thumbnails, camera, START_US + at_s * 1_000_000)
            taken.append(time.perf_counter() - began)
            await thumbnails.close()
        rows.append(_row(f"{what}, p50", taken, 50, budget_ms))
    return rows


async def _of_now(volume: Path) -> list[float]:
    """Return how long the newest picture takes where only a file is there, as beside MediaMTX with nobody watching."""

    async def nothing_live() -> None:
        return None

    taken = []
    async with open_lines() as lines:
        for _ in range(20):
            posters = Posters(
                Upstream("http://127.0.0.1:9", lines, None),
                recordings=lambda _: volume / "cam01_rec",
                clock=FakeClock(START_US + MINUTE_US),
            )
            began = time.perf_counter()
            found = await posters.picture(
                FakeCamera(), PathUse.RECORD, nothing_live, has_memory=False
            )
            taken.append(time.perf_counter() - began)
            assert found is not None
            await posters.close()
    return taken


async def _thumbnail(thumbnails: Thumbnails, camera: RecordedCamera, time_us: int) -> None:
    await thumbnails.thumbnail(camera, time_us, width=320)


async def _moment(thumbnails: Thumbnails, camera: RecordedCamera, time_us: int) -> None:
    await thumbnails.moment(camera, time_us, width=1920)


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock, and of the processor: the second tells what the first hides on a busy machine."""

    taken: list[float]
    cpu: list[float]


async def _measured(work: Callable[[], Awaitable[None]]) -> Measured:
    for _ in range(20):
        await work()
    spare_the_started()  # as the daemon does when it is up
    measured = Measured([], [])
    for _ in range(ROUNDS):
        began, cpu = time.perf_counter(), time.process_time()
        await work()
        measured.taken.append(time.perf_counter() - began)
        measured.cpu.append(time.process_time() - cpu)
    return measured


def _row(
    what: str,
    taken: list[float],
    share: int,
    budget_ms: float | None,
    *,
    cpu: list[float] | None = None,
) -> Row:
    figure_ms = 1000 * percentile(taken, share / 100)
    figure = f"{figure_ms:.1f} ms (median {1000 * statistics.median(taken):.1f}"
    if cpu is not None:
        figure += f"; CPU {1000 * percentile(cpu, share / 100):.1f}, median {1000 * statistics.median(cpu):.1f}"
    return Row(
        what,
        figure + ")",
        budget="" if budget_ms is None else f"< {budget_ms:g} ms",
        holds=None if budget_ms is None else figure_ms < budget_ms,
    )
