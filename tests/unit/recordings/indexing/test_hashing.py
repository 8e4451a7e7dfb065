"""Each segment gets the hash of the file as it was indexed, and no other."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gtvision_edge.recordings.indexing.hashing import (
    AGAIN_S,
    AT_ONCE,
    BUSY_LOAD,
    BUSY_REST,
    DUE_REST,
    DUE_S,
    PROMISED_S,
    Hasher,
    rest_after,
)
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


async def test_what_waits_is_hashed_from_both_ends(
    tmp_path: Path, database: Database, camera_no: CameraNo, hasher: Hasher
) -> None:
    paths = [
        await record(tmp_path, database, camera_no, START_US + n * MINUTE_US)
        for n in range(AT_ONCE + 2)
    ]

    assert await hasher.hash_some() == AT_ONCE
    assert [n for n, each in enumerate(await hashes(database)) if each is None] == [8, 9]
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


def a_hasher(
    tmp_path: Path, database: Database, clock: FakeClock, load: Callable[[], float]
) -> Hasher:
    return Hasher(tmp_path, database, is_present=lambda: True, clock=clock, load=load)


async def test_a_box_that_is_busy_for_ever_hashes_all_the_same(
    tmp_path: Path, database: Database, camera_no: CameraNo, clock: FakeClock
) -> None:
    for n in range(AT_ONCE + 2):
        await record(tmp_path, database, camera_no, START_US + n * MINUTE_US)
    hasher = a_hasher(tmp_path, database, clock, lambda: 10 * BUSY_LOAD)

    running = asyncio.create_task(hasher.run())
    began = clock.monotonic()
    while None in await hashes(database):
        await clock.until_asleep()
        await clock.advance(1)
    running.cancel()
    hasher.close()

    assert clock.monotonic() - began < 60


class SlowClock(FakeClock):
    """A second goes by from one look at it to the next; it notes for how long others slept."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        self._move_to(self._monotonic + 1)
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await super().sleep(seconds)


@pytest.mark.parametrize(("load", "rest"), [(BUSY_LOAD, 0), (BUSY_LOAD + 1, BUSY_REST)])
async def test_after_a_piece_of_work_a_busy_box_rests_and_a_calm_one_goes_on(
    tmp_path: Path, database: Database, camera_no: CameraNo, load: float, rest: float
) -> None:
    await record(tmp_path, database, camera_no)
    clock = SlowClock()
    hasher = a_hasher(tmp_path, database, clock, lambda: load)

    running = asyncio.create_task(hasher.run())
    await clock.until_asleep()
    running.cancel()
    hasher.close()

    worked_s = 2  # the work itself looks once
    assert clock.sleeps == [worked_s * rest]


def test_a_busy_box_gives_a_fifth_of_the_time_and_half_of_it_to_what_is_due() -> None:
    calm, busy = BUSY_LOAD, BUSY_LOAD + 0.1

    assert rest_after(2.0, load=calm, waited_s=0) == 0
    assert rest_after(2.0, load=calm, waited_s=2 * DUE_S) == 0
    assert rest_after(2.0, load=busy, waited_s=DUE_S - 1) == 2.0 * BUSY_REST == 8.0
    assert rest_after(2.0, load=busy, waited_s=DUE_S) == 2.0 * DUE_REST == 2.0


async def test_a_file_that_waits_for_over_an_hour_is_found_until_it_is_hashed(
    tmp_path: Path, database: Database, camera_no: CameraNo, clock: FakeClock
) -> None:
    for n in range(AT_ONCE + 1):
        await record(tmp_path, database, camera_no, START_US + n * MINUTE_US)
    hasher = a_hasher(tmp_path, database, clock, lambda: 0.0)
    await clock.advance(60 + PROMISED_S)

    await hasher.look()
    assert hasher.findings() == []
    await clock.advance(1)
    (late,) = hasher.findings()
    assert (late.code, late.facts) == ("hashing_behind", {"hours": 1})
    await clock.advance(3600)
    assert hasher.findings()[0].facts == {"hours": 2}

    while await hasher.hash_some():
        await hasher.look()
    hasher.close()
    assert hasher.findings() == []


async def test_what_cannot_be_read_is_no_reason_to_call_hashing_late(
    tmp_path: Path, database: Database, camera_no: CameraNo, clock: FakeClock
) -> None:
    await record(tmp_path, database, camera_no, size_bytes=5)
    hasher = a_hasher(tmp_path, database, clock, lambda: 0.0)
    await clock.advance(2 * PROMISED_S)

    await hasher.hash_some()
    await hasher.look()
    hasher.close()

    assert hasher.findings() == []


async def test_without_the_volume_nothing_is_said_of_hashing(
    tmp_path: Path, database: Database, camera_no: CameraNo, clock: FakeClock
) -> None:
    await record(tmp_path, database, camera_no)
    hasher = Hasher(tmp_path, database, is_present=lambda: False, clock=clock)
    await clock.advance(2 * PROMISED_S)

    await hasher.look()
    hasher.close()

    assert hasher.findings() == []
