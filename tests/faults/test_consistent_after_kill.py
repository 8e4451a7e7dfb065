"""kill -9 at each step of index commit, purge and export; then a start; then ``gtvision-edge check --deep`` finds a consistent box."""

import asyncio
import json
import os
import shutil
import signal
import struct
import sys
import time
from pathlib import Path

import pytest

from gtvision_edge.accounts import ensure_site
from gtvision_edge.media.embedded.boxes import duration_offset
from gtvision_edge.recordings.markers import (
    VOLUME_MARKER,
    VolumeMarker,
    VolumeNote,
    write_marker,
)
from gtvision_edge.recordings.volume import KNOWN_VOLUME
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.storage import open_database
from tests.e2e.daemon import PROGRAM
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import record
from tests.fakes.recordings import mark_directory
from tests.faults.surviving_process import CAMERA

pytestmark = pytest.mark.timeout(1800)

SPEC = ClipSpec(fps=10, seconds=4.0)
SEGMENTS = 7
STEP_US = 4_000_000
RUNS_AT_MOST = 200


def lay_out(directory: Path, site_id: str) -> None:
    """Make a volume with files that are not indexed yet, all finished an hour ago and more."""
    root = directory / "recordings"
    mark_directory(root, f"{CAMERA.camera_id}_rec", CAMERA.camera_uuid, CAMERA.camera_id)
    write_marker(root / VOLUME_MARKER, VolumeMarker("volume-1", site_id))
    write_marker(directory / KNOWN_VOLUME, VolumeNote("volume-1", is_mount=False))
    begin_us = (time.time_ns() // 1000 - 3_600_000_000) // 1_000_000 * 1_000_000
    for n in range(SEGMENTS):
        start_us = begin_us + n * STEP_US
        path = record(root / f"{CAMERA.camera_id}_rec", SPEC, start_us=start_us).path
        content = bytearray(path.read_bytes())
        struct.pack_into(">I", content, duration_offset(bytes(content)), STEP_US // 1000)
        path.write_bytes(content)
        os.utime(path, ns=((start_us + STEP_US) * 1000,) * 2)


async def prepare(directory: Path) -> Path:
    """Return a site with a tenant and files; the index is empty."""
    directory.mkdir()
    async with open_database(directory / "edge.db") as database:
        site_id = await ensure_site(database, SystemClock())
        await database.write(
            lambda transaction: transaction.execute(
                "INSERT OR IGNORE INTO tenants (tenant_id, name, created_us) VALUES (?, 'Prefeitura', 0)",
                (CAMERA.tenant_id,),
            )
        )
    await asyncio.to_thread(lay_out, directory, site_id)
    return directory


async def do(directory: Path, work: str, dies_at: int = 0) -> int:
    """Do *work* in a process of its own; return its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.surviving_process"),
        *(str(directory), work, str(dies_at)),
        stdout=asyncio.subprocess.PIPE,
    )
    await process.communicate()
    return process.returncode or 0


async def check(directory: Path) -> tuple[int, dict[str, object]]:
    """Ask the installed program."""
    process = await asyncio.create_subprocess_exec(
        *(str(PROGRAM), "check", "--deep", "--json", "--state", str(directory)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, json.loads(output)


@pytest.mark.parametrize(("work", "least"), [("index", 20), ("purge", 20), ("export", 10)])
async def test_killed_at_any_step_the_box_is_consistent_after_the_next_start(
    work: str, least: int, tmp_path: Path
) -> None:
    whole = await prepare(tmp_path / "whole")
    if work != "index":
        assert await do(whole, "index") == 0
    killed = 0
    for dies_at in range(1, RUNS_AT_MOST):
        now = tmp_path / "now"
        await asyncio.to_thread(shutil.copytree, whole, now)
        code = await do(now, work, dies_at)
        if code == -signal.SIGKILL:
            killed += 1
            code = await do(now, work)
        assert code == 0
        code, report = await check(now)
        assert (code, report["findings"]) == (0, []), (work, dies_at)
        assert report["rows"] == report["files"] == report["hashed_files"], (work, dies_at)
        assert report["rows"] == (4 if work == "purge" else SEGMENTS)
        await asyncio.to_thread(shutil.rmtree, now)
        if killed < dies_at:
            break
    assert killed >= least


async def test_a_check_that_finds_something_says_so_and_ends_with_one(tmp_path: Path) -> None:
    site = await prepare(tmp_path / "site")
    assert await do(site, "index") == 0
    files = sorted((site / "recordings").rglob("*.mp4"))
    content = bytearray(files[3].read_bytes())
    content[-1] ^= 1
    files[3].write_bytes(content)
    files[5].unlink()

    code, report = await check(site)

    assert code == 1
    found = {each["kind"]: each["count"] for each in report["findings"]}  # type: ignore[attr-defined]
    assert found == {"hash_differs": 1, "file_missing": 1}


async def test_without_the_volume_it_cannot_be_checked(tmp_path: Path) -> None:
    site = await prepare(tmp_path / "site")
    assert await do(site, "index") == 0
    (site / "recordings").rename(tmp_path / "away")
    (site / "recordings").mkdir()

    code, report = await check(site)

    assert code == 2
    assert [each["kind"] for each in report["findings"]] == ["volume_away"]  # type: ignore[attr-defined]
