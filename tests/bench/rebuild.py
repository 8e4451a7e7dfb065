"""How long it takes to make the index of half a million files again. ``BENCH_FILES`` changes their number."""

import asyncio
import os
import resource
import struct
import tempfile
from pathlib import Path

from gtvision_edge.audit import AuditLog
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.rebuilding.service import rebuild
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.storage import open_database
from tests.bench.table import Row
from tests.fakes.footage import START_US
from tests.fakes.recordings import Recording, mark_directory

FILES = int(os.environ.get("BENCH_FILES", "500_000"))
CAMERAS = 64
MINUTE_US = 60_000_000
BUDGET_S = 60.0 * FILES / 500_000
SIZE = 30_000_000


async def run() -> list[Row]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        root = Path(folder) / "volume"
        await asyncio.to_thread(_write, root)
        clock = SystemClock()
        async with open_database(Path(folder) / "edge.db") as database:
            before = _cpu_s()
            rebuilt = await rebuild(root, database, [], audit=AuditLog(clock), clock=clock)
            cpu_s = _cpu_s() - before
    assert rebuilt.added == rebuilt.files == FILES // CAMERAS * CAMERAS
    return [
        Row(
            f"rebuild-index of {FILES / 1e6:g} M files",
            f"{rebuilt.seconds:.1f} s ({cpu_s:.1f} s of CPU)",
            budget=f"< {BUDGET_S:g} s",
            holds=rebuilt.seconds < BUDGET_S,
        )
    ]


def _write(root: Path) -> None:
    """Write files that begin as real ones of a minute do, and are as long: what follows the first part is a hole."""
    recording = Recording(seconds=60, fps=25, audio=True)
    part = recording.parts()[0]
    for camera in range(CAMERAS):
        directory = mark_directory(root, f"cam{camera:02}_rec", f"uuid{camera}", f"cam{camera:02}")
        head = bytearray(recording.init(START_US))
        for n in range(FILES // CAMERAS):
            name_us = START_US + n * MINUTE_US
            path = directory / segment_file(name_us)
            if n % 1440 == 0:
                path.parent.mkdir()
            at = head.rindex(b"mtxi") + 24
            struct.pack_into(">Qqq", head, at, n, 0, name_us * 1000)
            with path.open("wb", buffering=0) as file:
                file.write(bytes(head) + part)
                file.truncate(SIZE)
            os.utime(path, ns=((name_us + MINUTE_US) * 1000,) * 2)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
