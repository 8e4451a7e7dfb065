"""Each segment gets the hash of the file as it was indexed, and no other."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gtvision_edge.recordings.indexing.hashing import AGAIN_S, AT_ONCE, Hasher
from gtvision_edge.recordings.model import CameraNo
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep, place
from tests.fakes.recordings import Recording, write_recording


@pytest.fixture
async def camera_no(database: Database) -> CameraNo:
    (camera_no,) = await keep(database, FakeCamera())
    await place(database, camera_no, "cam01_rec")
    return camera_no


@pytest.fixture
async def hasher(tmp_path: Path, database: Database, clock: FakeClock) -> AsyncIterator[Hasher]:
    hasher = Hasher(tmp_path, database, is_present=lambda: True, clock=clock)
    yield hasher
    hasher.close()


async def record(
    tmp_path: Path, database: Database, camera_no: CameraNo, start_us: int = START_US, **row: object
) -> Path:
    path = await asyncio.to_thread(
        write_recording, tmp_path / "cam01_rec", start_us, Recording(sample_bytes=50_000)
    )
    size = await asyncio.to_thread(lambda: path.stat().st_size)
    await add(database, a_segment(camera_no, start_us, **{"size_bytes": size, **row}))
    return path


async def hashes(database: Database) -> list[bytes | None]:
    rows = await database.fetch_all("SELECT sha256 FROM segments ORDER BY name_us")
    return [row["sha256"] for row in rows]


async def test_what_waits_is_hashed(
    tmp_path: Path, database: Database, camera_no: CameraNo, hasher: Hasher
) -> None:
    paths = [
        await record(tmp_path, database, camera_no, START_US + n * MINUTE_US)
        for n in range(AT_ONCE + 2)
    ]

    assert await hasher.hash_some() == AT_ONCE
    newest_first = await hashes(database)
    assert newest_first[:2] == [None, None]
    assert await hasher.hash_some() == 2
    assert await hasher.hash_some() == 0

    expected = [hashlib.sha256(await asyncio.to_thread(p.read_bytes)).digest() for p in paths]
    assert await hashes(database) == expected


async def test_a_file_that_is_not_as_indexed_gets_none_and_holds_nobody_up(
    tmp_path: Path, database: Database, camera_no: CameraNo, clock: FakeClock, hasher: Hasher
) -> None:
    await record(tmp_path, database, camera_no)
    await record(tmp_path, database, camera_no, START_US + MINUTE_US, size_bytes=5)
    gone = await record(tmp_path, database, camera_no, START_US + 2 * MINUTE_US)
    await asyncio.to_thread(gone.rename, tmp_path / "elsewhere")

    assert await hasher.hash_some() == 1
    first, *others = await hashes(database)
    assert first is not None
    assert others == [None, None]
    await asyncio.to_thread((tmp_path / "elsewhere").rename, gone)
    assert await hasher.hash_some() == 0
    await clock.advance(AGAIN_S)
    assert await hasher.hash_some() == 1


async def test_a_cut_file_is_hashed_when_it_has_long_rested(
    tmp_path: Path, database: Database, camera_no: CameraNo, clock: FakeClock, hasher: Hasher
) -> None:
    path = await record(tmp_path, database, camera_no, is_cut=True)
    await asyncio.to_thread(os.utime, path)

    assert await hasher.hash_some() == 0

    await asyncio.to_thread(os.utime, path, (0, 0))
    await clock.advance(AGAIN_S)
    assert await hasher.hash_some() == 1
