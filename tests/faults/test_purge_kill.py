"""kill -9 at each step of a purge: the next start ends it, and files, rows, totals and records agree."""

import asyncio
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from gtvision_edge.media.layout import segment_file
from gtvision_edge.storage import open_database
from tests.fakes.recorded_volume import SIZE, recorded_volume
from tests.faults.purging_process import SEGMENTS

pytestmark = pytest.mark.timeout(600)


async def prepare(directory: Path) -> None:
    directory.mkdir()
    async with open_database(directory / "edge.db") as database:
        volume = recorded_volume(directory / "rec", database)
        for camera_id in ("c1", "c2"):
            number = await volume.camera(camera_id)
            await volume.record(number, SEGMENTS // 2)


async def purge(directory: Path, last: int) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.purging_process", str(directory), str(last)),
        stdout=asyncio.subprocess.PIPE,
    )
    await process.communicate()
    return process.returncode or 0


def check(directory: Path) -> None:
    with sqlite3.connect(directory / "edge.db") as database:
        rows = database.execute(
            "SELECT directory, name_us, doomed FROM segments JOIN recorded_cameras USING (camera_no)"
        ).fetchall()
        deleted = database.execute("SELECT count(*) FROM purged_segments").fetchone()[0]
        purges = database.execute(
            "SELECT segments, bytes, root, finished_us FROM purges"
        ).fetchall()
        days = database.execute("SELECT sum(segments), sum(bytes) FROM camera_days").fetchone()
    assert not any(doomed for _, _, doomed in rows)
    named = {str(Path(owner) / segment_file(name_us)) for owner, name_us, _ in rows}
    root = directory / "rec"
    assert {str(each.relative_to(root)) for each in root.rglob("*.mp4")} == named
    assert len(list(root.rglob("*.thumbs"))) == len(rows)
    assert len(rows) == SEGMENTS // 2
    assert deleted == SEGMENTS - len(rows)
    assert days == (len(rows), len(rows) * SIZE)
    assert sum(segments for segments, *_ in purges) == deleted
    assert all(finished and root for _, _, root, finished in purges)


async def test_a_purge_that_is_killed_at_any_step_is_ended_by_the_next_start(
    tmp_path: Path,
) -> None:
    await prepare(tmp_path / "whole")
    killed = 0
    for last in range(1, 200):
        directory = tmp_path / "now"
        await asyncio.to_thread(shutil.copytree, tmp_path / "whole", directory)
        code = await purge(directory, last)
        if code == -signal.SIGKILL:
            killed += 1
            code = await purge(directory, 0)
            assert code == 0
        await asyncio.to_thread(check, directory)
        await asyncio.to_thread(shutil.rmtree, directory)
        if killed < last:
            break
    assert killed > 25
