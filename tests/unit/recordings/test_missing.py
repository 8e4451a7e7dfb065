"""What becomes of the rows of files that are gone, and of files that come back."""

from gtvision_edge.recordings.index import SegmentIndex, miss_segments
from gtvision_edge.recordings.model import CameraNo, SegmentId, Span
from gtvision_edge.recordings.timeline.repository import fetch_missing
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, hold, keep


async def miss(database: Database, *ids: SegmentId) -> int:
    return await database.write(lambda transaction: miss_segments(transaction, ids, found_us=7))


async def sums(database: Database) -> list[tuple[int, ...]]:
    rows = await database.fetch_all("SELECT segments, bytes, recorded_us FROM camera_days")
    return [tuple(row) for row in rows]


async def one_camera(database: Database) -> CameraNo:
    (number,) = await keep(database, FakeCamera("cam01", "u1", "t"))
    return number


async def test_a_row_without_file_is_out_of_the_index_and_its_time_remembered(
    database: Database,
) -> None:
    camera_no = await one_camera(database)
    segments = [a_segment(camera_no, START_US + n * MINUTE_US) for n in range(3)]
    ids = await add(database, *segments)

    assert await miss(database, ids[1]) == 1

    day = Span(START_US, START_US + 10 * MINUTE_US)
    index = SegmentIndex(database, root=database._path.parent)
    assert [each.segment_id for each in await index.spans(camera_no, day)] == [ids[0], ids[2]]
    assert await fetch_missing(database, camera_no, day) == [segments[1].span]
    assert await sums(database) == [(2, 2 * segments[0].size_bytes, 2 * MINUTE_US)]


async def test_a_file_that_comes_back_has_its_number_and_hash_again(database: Database) -> None:
    camera_no = await one_camera(database)
    segment = a_segment(camera_no, sha256=bytes(32))
    (segment_id,) = await add(database, segment)
    before = await sums(database)
    await miss(database, segment_id)
    await hold(database, camera_no, START_US, START_US + 1)

    assert await add(database, a_segment(camera_no)) == [segment_id]

    row = await database.fetch_one("SELECT sha256, held FROM segments")
    assert row is not None
    assert (bytes(row["sha256"]), row["held"]) == (bytes(32), 1)
    assert await sums(database) == before
    assert await database.fetch_all("SELECT * FROM missing_segments") == []


async def test_another_file_in_its_place_does_not_get_its_row(database: Database) -> None:
    camera_no = await one_camera(database)
    (segment_id,) = await add(database, a_segment(camera_no, sha256=bytes(32)))
    await miss(database, segment_id)

    (other,) = await add(database, a_segment(camera_no, size_bytes=77))

    assert other != segment_id
    assert len(await database.fetch_all("SELECT * FROM missing_segments")) == 1


async def test_a_second_loss_of_one_name_leaves_the_first_ones_hash(database: Database) -> None:
    camera_no = await one_camera(database)
    (first,) = await add(database, a_segment(camera_no, sha256=b"1" * 32))
    await miss(database, first)
    (second,) = await add(database, a_segment(camera_no, size_bytes=77, sha256=b"2" * 32))

    await miss(database, second)

    rows = await database.fetch_all("SELECT segment_id, sha256 FROM missing_segments ORDER BY 1")
    assert [tuple(row) for row in rows] == [(first, b"1" * 32), (second, b"2" * 32)]
    assert await add(database, a_segment(camera_no, size_bytes=77)) == [second]
    assert await miss(database, second) == 1
    assert await add(database, a_segment(camera_no)) == [first]


async def test_of_two_losses_alike_in_size_the_last_one_returns(database: Database) -> None:
    camera_no = await one_camera(database)
    segment_id = SegmentId(0)
    for hashed in (b"1" * 32, b"2" * 32):
        await database.write(
            lambda transaction: transaction.execute("UPDATE missing_segments SET size_bytes = 5")
        )
        (segment_id,) = await add(database, a_segment(camera_no, sha256=hashed))
        await miss(database, segment_id)
    await database.write(
        lambda transaction: transaction.execute("UPDATE missing_segments SET size_bytes = 5")
    )

    assert await add(database, a_segment(camera_no, size_bytes=5)) == [segment_id]
    assert len(await database.fetch_all("SELECT * FROM missing_segments")) == 1


async def test_what_is_being_deleted_is_left_to_the_deleter(database: Database) -> None:
    camera_no = await one_camera(database)
    (segment_id,) = await add(database, a_segment(camera_no))
    await database.write(lambda transaction: transaction.execute("UPDATE segments SET doomed = 1"))

    assert await miss(database, segment_id) == 0
