"""The index made again from the volume alone is the one that was lost."""

import asyncio
import errno
import os
import struct
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gtvision_edge.audit import AuditLog
from gtvision_edge.media.layout import segment_file
from gtvision_edge.media.model import PathView
from gtvision_edge.recordings.groups import UNREAD
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.filling import GroupFiller
from gtvision_edge.recordings.indexing.indexer import Indexer
from gtvision_edge.recordings.indexing.reading import describe, read_path
from gtvision_edge.recordings.indexing.repository import segment_values
from gtvision_edge.recordings.integrity.model import Kind
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    CameraMarker,
    VolumeMarker,
    write_marker,
)
from gtvision_edge.recordings.model import CameraNo, Segment, SegmentId
from gtvision_edge.recordings.rebuilding.heads import HeadReader
from gtvision_edge.recordings.rebuilding.service import Progress, Rebuilt, rebuild
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, open_database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import START_US, hold
from tests.fakes.recordings import RUN, Recording, mark_directory, write_recording

CAMERA = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000aaaa", camera_id="cam01")
S = 1_000_000
MIDNIGHT_US = START_US + 86_400 * S


class Volume:
    """A camera's day and a bit: runs of files, a pause, sound that leads, a cut file, one across midnight."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = mark_directory(root, "cam01_rec", CAMERA.camera_uuid)
        note = CameraMarker(CAMERA.camera_uuid, "cam01", "town", "Portão")
        write_marker(self.directory / CAMERA_MARKER, note)
        write_marker(root / VOLUME_MARKER, VolumeMarker("v1", "site"))
        other = RUN[::-1]
        for n in range(5):
            self.write(START_US + n * 7 * S, Recording(number=n))
        for n in range(3):
            self.write(START_US + (100 + n * 6) * S, Recording(number=n, run=other, audio=True))
        cut = self.write(START_US + 200 * S, Recording(is_closed=False, run=RUN[:8] * 2))
        os.truncate(cut, cut.stat().st_size - 10)
        os.utime(cut, (START_US / S + 206, START_US / S + 206))
        self.write(MIDNIGHT_US - 6 * S, Recording(number=0, run=other[:8] * 2))
        self.write(MIDNIGHT_US, Recording(number=1, run=other[:8] * 2))

    def write(self, name_us: int, recording: Recording = Recording()) -> Path:
        return write_recording(self.directory, name_us, recording)


@pytest.fixture
async def volume(tmp_path: Path) -> Volume:
    return await asyncio.to_thread(Volume, tmp_path / "volume")


async def rebuilt(
    volume: Volume, database: Database, clock: FakeClock, *, forget_missing: bool = False
) -> Rebuilt:
    return await rebuild(
        volume.root,
        database,
        [CAMERA],
        audit=AuditLog(clock),
        clock=clock,
        forget_missing=forget_missing,
    )


async def rows(volume: Volume, database: Database) -> list[Segment]:
    filler = GroupFiller(volume.root, database)
    index = SegmentIndex(database, root=volume.root, filler=filler)
    found = await database.fetch_all("SELECT segment_id FROM segments ORDER BY name_us")
    segments = [(await index.get_segment(row["segment_id"]))[0] for row in found]
    filler.close()
    return segments


async def totals(database: Database) -> list[tuple[object, ...]]:
    sql = "SELECT day, segments, bytes, recorded_us FROM camera_days ORDER BY day"
    return [tuple(row) for row in await database.fetch_all(sql)]


def without_ids(segments: Sequence[Segment]) -> list[Segment]:
    return [
        replace(segment, segment_id=SegmentId(0), camera_no=CameraNo(0)) for segment in segments
    ]


async def test_it_is_what_the_daemon_would_have_made(
    volume: Volume, database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    async with open_database(tmp_path / "daemons.db") as daemons:
        indexer = Indexer(
            volume.root,
            daemons,
            _Site(),
            is_present=lambda: True,
            view=lambda _: PathView(available=False, receiving=False, recording=False),
            bus=EventBus(),
            clock=clock,
        )
        looking = asyncio.create_task(indexer.look_everywhere())
        while not looking.done():
            await clock.advance(0.1)
            await asyncio.sleep(0.001)
        await clock.advance(60)
        await indexer.look()
        indexer.close()
        expected = await rows(volume, daemons)
        expected_totals = await totals(daemons)

    outcome = await rebuilt(volume, database, clock)
    found = await rows(volume, database)

    assert (outcome.files, outcome.added, outcome.missing) == (11, 11, 0)
    assert without_ids(found) == without_ids(expected)
    assert await totals(database) == expected_totals
    assert sum(segment.continues for segment in found) == 4 + 2 + 1
    (camera,) = await SegmentIndex(database, root=volume.root).cameras()
    assert (camera.camera_id, camera.directory) == ("cam01", "cam01_rec")


class _Site:
    def all_cameras(self) -> list[FakeCamera]:
        return [CAMERA]


async def test_what_fits_its_file_stays_with_number_and_hash(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuilt(volume, database, clock)
    before = await rows(volume, database)
    await database.write(
        lambda transaction: transaction.execute("UPDATE segments SET sha256 = zeroblob(32)")
    )
    await asyncio.to_thread(volume.write, START_US + 35 * S, Recording(number=5))

    outcome = await rebuilt(volume, database, clock)

    after = {segment.segment_id: segment for segment in await rows(volume, database)}
    assert (outcome.unchanged, outcome.added) == (11, 1)
    for segment in before:
        assert after[segment.segment_id].sha256 == bytes(32)
    (new,) = [segment for segment in after.values() if segment.sha256 is None]
    assert new.continues


async def tables(database: Database) -> tuple[int, int]:
    row = await database.fetch_one(
        "SELECT (SELECT count(*) FROM segments), (SELECT count(*) FROM missing_segments)"
    )
    assert row is not None
    return row[0], row[1]


async def facts(database: Database, table: str = "segments") -> list[tuple[int, bytes, int]]:
    """Return number, hash and size of the rows that have a hash."""
    rows = await database.fetch_all(
        f"SELECT segment_id, sha256, size_bytes FROM {table} WHERE sha256 IS NOT NULL ORDER BY 1"  # noqa: S608
    )
    return [(row[0], bytes(row[1]), row[2]) for row in rows]


async def hash_all(database: Database) -> None:
    await database.write(
        lambda transaction: transaction.execute("UPDATE segments SET sha256 = zeroblob(32)")
    )


def found(outcome: Rebuilt) -> dict[Kind, int]:
    return {kind: tally.count for kind, tally in outcome.report.findings}


async def test_rows_without_file_are_kept_apart_unless_they_are_most_of_all(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuilt(volume, database, clock)
    await hash_all(database)
    first, second, third, *_ = await rows(volume, database)
    await hold(database, second.camera_no, second.start_us, second.start_us + 1)

    def delete(*segments: Segment) -> None:
        for segment in segments:
            (volume.directory / segment_file(segment.name_us)).unlink()

    await asyncio.to_thread(delete, first, second)
    outcome = await rebuilt(volume, database, clock)

    assert (outcome.set_apart, outcome.missing, found(outcome)) == (2, 0, {})
    assert await facts(database, "missing_segments") == [
        (each.segment_id, bytes(32), each.size_bytes) for each in (first, second)
    ]

    left = await rows(volume, database)
    await asyncio.to_thread(delete, third, *left[2:])
    outcome = await rebuilt(volume, database, clock)
    assert (outcome.set_apart, outcome.missing) == (0, 8)
    assert await tables(database) == (9, 2)

    outcome = await rebuilt(volume, database, clock, forget_missing=True)
    assert (outcome.set_apart, outcome.missing) == (8, 0)
    assert await tables(database) == (1, 10)
    assert [total[1] for total in await totals(database)] == [1]


async def test_a_file_that_is_back_has_its_number_and_hash_again(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuilt(volume, database, clock)
    await hash_all(database)
    before = await facts(database)
    (first, *_) = await rows(volume, database)
    path = volume.directory / segment_file(first.name_us)
    await asyncio.to_thread(path.rename, volume.root / "away.mp4")
    assert (await rebuilt(volume, database, clock)).set_apart == 1
    await asyncio.to_thread((volume.root / "away.mp4").rename, path)

    await rebuilt(volume, database, clock)

    assert await facts(database) == before
    assert await tables(database) == (11, 0)


async def test_another_file_where_one_was_missing_is_said_and_the_old_hash_stays(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuilt(volume, database, clock)
    await hash_all(database)
    (first, *_) = await rows(volume, database)
    path = volume.directory / segment_file(first.name_us)
    content = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.unlink)
    await rebuilt(volume, database, clock)
    await asyncio.to_thread(path.write_bytes, content[:-10])

    outcome = await rebuilt(volume, database, clock)

    assert found(outcome) == {Kind.SIZE_DIFFERS: 1}
    assert await facts(database, "missing_segments") == [
        (first.segment_id, bytes(32), first.size_bytes)
    ]


@pytest.mark.parametrize("which", ["root", "day"])
async def test_a_directory_that_cannot_be_read_is_said_and_its_rows_stay(
    volume: Volume,
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    which: str,
) -> None:
    await rebuilt(volume, database, clock)
    await hash_all(database)
    before = await facts(database)
    directories = await asyncio.to_thread(
        lambda: sorted(each for each in volume.directory.iterdir() if each.is_dir())
    )
    broken = volume.directory if which == "root" else directories[-1]
    real = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path) == broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    outcome = await rebuilt(volume, database, clock, forget_missing=True)

    assert found(outcome) == {Kind.UNREADABLE: 1}
    assert (outcome.set_apart, outcome.missing) == (0, 0)
    assert await facts(database) == before
    (entry,) = await database.fetch_all("SELECT details FROM audit_log ORDER BY seq DESC LIMIT 1")
    assert '"unreadable":1' in entry["details"].replace(" ", "")


async def test_a_camera_whose_marker_cannot_be_read_keeps_its_rows(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuilt(volume, database, clock)
    await hash_all(database)
    before = await facts(database)
    await asyncio.to_thread((volume.directory / CAMERA_MARKER).write_bytes, b"\0\0")

    outcome = await rebuilt(volume, database, clock, forget_missing=True)

    assert found(outcome) == {Kind.DIRECTORY_UNOWNED: 1}
    assert await facts(database) == before


@pytest.mark.parametrize("content", [b"", b"other"])
async def test_a_file_of_another_size_is_said_and_its_row_keeps_the_hash(
    volume: Volume, database: Database, clock: FakeClock, content: bytes
) -> None:
    await rebuilt(volume, database, clock)
    await hash_all(database)
    before = await facts(database)
    (first, *_) = await rows(volume, database)
    path = volume.directory / segment_file(first.name_us)
    await asyncio.to_thread(path.write_bytes, content)

    for _ in range(2):
        outcome = await rebuilt(volume, database, clock, forget_missing=True)

        assert found(outcome) == {Kind.SIZE_DIFFERS: 1}
        assert outcome.report.tallies[Kind.SIZE_DIFFERS].examples[0].segment_id == first.segment_id
        assert await facts(database) == before


async def test_a_row_of_a_file_that_grew_before_it_was_hashed_is_made_anew(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuilt(volume, database, clock)
    (first, *_) = await rows(volume, database)
    path = volume.directory / segment_file(first.name_us)
    await asyncio.to_thread(path.write_bytes, await asyncio.to_thread(path.read_bytes) + bytes(20))

    outcome = await rebuilt(volume, database, clock)
    assert (outcome.renewed, outcome.missing, found(outcome)) == (1, 0, {})

    outcome = await rebuilt(volume, database, clock)
    assert (outcome.added, outcome.unchanged) == (1, 10)


async def test_a_deletion_that_was_broken_off_is_left_to_the_deleter(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuilt(volume, database, clock)
    (first, *_) = await rows(volume, database)
    await database.write(
        lambda transaction: transaction.execute(
            "UPDATE segments SET doomed = 1 WHERE segment_id = ?", (first.segment_id,)
        )
    )
    await asyncio.to_thread((volume.directory / segment_file(first.name_us)).unlink)

    outcome = await rebuilt(volume, database, clock)

    assert (outcome.set_apart, outcome.missing) == (0, 0)
    assert await tables(database) == (11, 0)


async def test_incidents_hold_again(volume: Volume, database: Database, clock: FakeClock) -> None:
    await rebuilt(volume, database, clock)
    (first, *_) = await rows(volume, database)
    await database.write(lambda transaction: transaction.execute("DELETE FROM segments"))
    await hold(database, first.camera_no, START_US + 8 * S, START_US + 9 * S)

    await rebuilt(volume, database, clock)

    held = [segment.start_us for segment in await rows(volume, database) if segment.held]
    assert held == [START_US + 7 * S]


async def test_a_camera_that_the_site_does_not_know_is_restored_from_its_marker(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    await rebuild(volume.root, database, [], audit=AuditLog(clock), clock=clock)

    (camera,) = await SegmentIndex(database, root=volume.root).cameras()
    assert (camera.camera_uuid, camera.name, camera.tenant_id) == (
        CAMERA.camera_uuid,
        "Portão",
        "town",
    )
    assert camera.removed_us is not None


async def test_what_may_be_being_written_is_left_to_the_daemon(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    def write() -> None:
        path = volume.write(START_US + 300 * S, Recording(is_closed=False))
        os.utime(path, (time.time(), time.time()))

    await asyncio.to_thread(write)

    outcome = await rebuilt(volume, database, clock)

    assert (outcome.files, outcome.added) == (12, 11)


async def test_it_says_how_far_it_is_and_is_audited(
    volume: Volume, database: Database, clock: FakeClock
) -> None:
    seen: list[Progress] = []

    await rebuild(
        volume.root, database, [CAMERA], audit=AuditLog(clock), clock=clock, progress=seen.append
    )

    assert seen == [Progress(2, 1, 10), Progress(2, 2, 11)]
    rows = await database.fetch_all("SELECT action, actor FROM audit_log")
    assert [tuple(row) for row in rows] == [("index.rebuilt", "cli")]


@pytest.mark.parametrize(
    "recording",
    [
        Recording(),
        Recording(audio=True),
        Recording(mediamtx=True),
        Recording(is_closed=False),
        Recording(ntp_us=START_US + 90_000),
    ],
)
def test_a_head_alone_tells_what_the_whole_file_does(tmp_path: Path, recording: Recording) -> None:
    heads = HeadReader()
    for n in range(3):
        ntp = None if recording.ntp_us is None else recording.ntp_us + n * 10 * S
        path = write_recording(
            tmp_path, START_US + n * 10 * S, replace(recording, number=n, ntp_us=ntp)
        )
        name_us = START_US + n * 10 * S
        whole = describe(*read_path(path, name_us), CameraNo(1))

        found = heads.read(str(path), name_us, CameraNo(1))

        assert found is not None
        assert (found.groups == UNREAD) is recording.is_closed
        run = (whole.run.run, whole.run.number) if whole.run else (None, None)
        assert (found.run, found.run_no) == run
        expected = segment_values(whole.segment, whole.run, 7)
        values = (*found[:6], 7, *found[7:], None)
        assert found.format == whole.segment.format
        assert values[:8] + values[9:] == expected[:8] + expected[9:]


def test_heads_that_lie_where_the_clock_usually_stands_are_read_whole(tmp_path: Path) -> None:
    path = write_recording(tmp_path, START_US)
    data = bytearray(path.read_bytes())
    at = data.index(b"mtxi")
    data[at : at + 4] = b"free"
    data += struct.pack(">I4s", 16, b"free") + b"mtximtxi"
    path.write_bytes(data)

    found = HeadReader().read(str(path), START_US, CameraNo(1))

    assert found is not None
    assert found.run is None
    assert found.start_us == START_US
