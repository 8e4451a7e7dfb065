"""What it costs to choose and to delete footage, in an index of millions of rows, and what the loop feels of it."""

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from gtvision_edge.audit import AuditLog
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    CameraMarker,
    write_marker,
)
from gtvision_edge.recordings.model import CameraNo, LeanSegment
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.model import Order, PurgeKind
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.storage import Database, open_database
from tests.bench.many_segments import fill
from tests.bench.table import Row, percentile

ROWS = int(os.environ.get("BENCH_ROWS", "5000000"))
VICTIMS = 1000
DELETED = 10_000


async def run() -> list[Row]:
    directory = Path(await asyncio.to_thread(tempfile.mkdtemp))
    try:
        async with open_database(directory / "edge.db"):
            pass
        await asyncio.to_thread(fill, directory / "edge.db", ROWS)
        async with open_database(directory / "edge.db") as database:
            return await _measure(database, directory / "rec")
    finally:
        await asyncio.to_thread(shutil.rmtree, directory)


async def _measure(database: Database, root: Path) -> list[Row]:
    index = SegmentIndex(database, root=root)
    picks: list[float] = []
    for turn in range(50):
        started = time.perf_counter()
        camera_nos = None if turn % 2 else [CameraNo(turn % 64 + 1)]
        found = await index.oldest_deletable(limit=VICTIMS, camera_nos=camera_nos)
        picks.append((time.perf_counter() - started) * 1000)
        assert len(found) == VICTIMS
    victims = await index.oldest_deletable(limit=DELETED)
    await asyncio.to_thread(_make_files, root, victims)
    clock = SystemClock()
    deleter = Deleter(
        index,
        database,
        AuditLog(clock),
        clock,
        root=root,
        is_present=lambda: True,
        zone=ZoneInfo("UTC"),
    )
    lags: list[float] = []
    ticking = asyncio.create_task(_tick(lags))
    started = time.perf_counter()
    done = await deleter.delete(Order(PurgeKind.PRESSURE), victims)
    elapsed_s = time.perf_counter() - started
    ticking.cancel()
    deleter.close()
    assert done.segments == DELETED
    per_second = DELETED / elapsed_s
    lag_ms = percentile(lags, 0.99) * 1000
    pick_ms = statistics.median(picks)
    return [
        Row(
            f"choosing {VICTIMS} of {ROWS / 1e6:g} M segments to delete",
            f"{pick_ms:.1f} ms, p99 {percentile(picks, 0.99):.1f} ms",
            budget="< 10 ms",
            holds=pick_ms < 10,
        ),
        Row(
            f"deleting {DELETED} segments with their thumbnails, rows and records",
            f"{per_second:.0f}/s",
            budget="≥ 1000/s",
            holds=per_second >= 1000,
        ),
        Row(
            "the loop meanwhile",
            f"lag p99 {lag_ms:.1f} ms",
            budget="p99 < 20 ms",
            holds=lag_ms < 20,
        ),
    ]


def _make_files(root: Path, victims: list[LeanSegment]) -> None:
    root.mkdir()
    (root / VOLUME_MARKER).write_text("{}")
    for number in {each.camera_no for each in victims}:
        home = root / f"cam{number}_rec"
        home.mkdir()
        write_marker(home / CAMERA_MARKER, CameraMarker(f"uuid-{number}", f"cam{number}"))
    for each in victims:
        file = root / f"cam{each.camera_no}_rec" / segment_file(each.name_us)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 4096)
        file.with_suffix(".thumbs").write_bytes(b"t")


async def _tick(lags_s: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        lags_s.append(time.perf_counter() - before - 0.005)
