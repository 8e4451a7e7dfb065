"""kill -9 at each step of indexing: the next start ends with the same index, nothing twice and nothing missing."""

import asyncio
import hashlib
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from gtvision_edge.media.layout import segment_file
from tests.fakes.footage import START_US
from tests.fakes.recordings import Recording, mark_directory, write_recording
from tests.faults.indexing_process import CAMERA

pytestmark = pytest.mark.timeout(300)

DAYS = (0, 1)
PER_DAY = 2
DAY_US = 86_400_000_000


def record(root: Path) -> list[Path]:
    directory = mark_directory(root, "cam01_rec", CAMERA.camera_uuid)
    return [
        write_recording(
            directory,
            START_US + day * DAY_US + n * 7_000_000,
            Recording(number=n, run=bytes([day]) * 16),
        )
        for day in DAYS
        for n in range(PER_DAY)
    ]


async def index(directory: Path, dies_at: int) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.indexing_process", str(directory), str(dies_at)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode().splitlines()[-1] if output else ""


def contents(directory: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    with sqlite3.connect(directory / "edge.db") as database:
        rows = database.execute(
            "SELECT name_us, start_us, end_us, size_bytes, continues, is_cut, sha256 FROM segments ORDER BY name_us"
        ).fetchall()
        days = database.execute(
            "SELECT day, segments, bytes, recorded_us FROM camera_days ORDER BY day"
        ).fetchall()
        summed = database.execute(
            "SELECT start_us / 86400000000, count(*), sum(size_bytes), sum(end_us - start_us) FROM segments GROUP BY 1"
        ).fetchall()
    assert days == summed
    return rows, days


async def test_killed_at_any_step_the_next_start_ends_with_the_same_index(tmp_path: Path) -> None:
    unharmed = tmp_path / "unharmed"
    files = await asyncio.to_thread(record, unharmed / "volume")
    code, steps = await index(unharmed, 0)
    expected = await asyncio.to_thread(contents, unharmed)
    hashes = [hashlib.sha256(await asyncio.to_thread(path.read_bytes)).digest() for path in files]
    assert code == 0
    assert [row[-1] for row in expected[0]] == hashes
    assert sum(bool(row[4]) for row in expected[0]) == len(DAYS) * (PER_DAY - 1)

    for step in range(1, int(steps) + 1):
        directory = tmp_path / f"killed-{step}"
        await asyncio.to_thread(record, directory / "volume")
        code, _ = await index(directory, step)
        assert code == -signal.SIGKILL
        await asyncio.to_thread(contents, directory)  # whole in itself after each death
        code, _ = await index(directory, 0)
        assert code == 0
        assert await asyncio.to_thread(contents, directory) == expected, step


async def test_no_row_is_there_before_its_file_is_finished(tmp_path: Path) -> None:
    directory = tmp_path / "volume"
    files = await asyncio.to_thread(record, directory)
    open_file = directory / "cam01_rec" / segment_file(START_US + 9 * DAY_US)
    await asyncio.to_thread(
        write_recording, directory / "cam01_rec", START_US + 9 * DAY_US, Recording(is_closed=False)
    )
    code, _ = await index(tmp_path, 0)
    rows, _ = await asyncio.to_thread(contents, tmp_path)

    assert code == 0
    assert await asyncio.to_thread(open_file.exists)
    assert len(rows) == len(files)
