"""The index of segments: found, counted, held and doomed."""

from pathlib import Path

import pytest

from gtvision_edge.recordings.errors import UnknownSegmentError
from gtvision_edge.recordings.index import (
    SegmentIndex,
    delete_doomed,
    doom_segments,
)
from gtvision_edge.recordings.model import SegmentId, Span
from gtvision_edge.storage import Database, Row
from gtvision_edge.storage.database import Parameters
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, hold, keep, place

ONE = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000aaaa", camera_id="cam01")
TWO = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000bbbb", camera_id="cam02")


@pytest.fixture
def index(database: Database, tmp_path: Path) -> SegmentIndex:
    return SegmentIndex(database, root=tmp_path)


async def totals(database: Database) -> list[tuple[int, ...]]:
    return [
        tuple(row)
        for row in await database.fetch_all(
            "SELECT camera_no, day, segments, bytes, recorded_us FROM camera_days ORDER BY 1, 2"
        )
    ]


async def test_a_segment_comes_back_as_it_was_put_in(
    database: Database, index: SegmentIndex, tmp_path: Path
) -> None:
    (one,) = await keep(database, ONE)
    await place(database, one, "cam01_rec")
    segment = a_segment(one, continues=True, is_cut=True, sha256=b"x" * 32)

    (segment_id,) = await add(database, segment)
    found, camera = await index.get_segment(segment_id)

    assert found == a_segment(
        one, continues=True, is_cut=True, sha256=b"x" * 32, segment_id=segment_id
    )
    assert camera.camera_uuid == ONE.camera_uuid
    assert (
        index.path_of(camera, found)
        == tmp_path / "cam01_rec" / "2026-01-01" / "00-00-00-000000.mp4"
    )


async def test_a_span_finds_what_overlaps_it_and_nothing_else(
    database: Database, index: SegmentIndex
) -> None:
    one, two = await keep(database, ONE, TWO)
    ids = await add(
        database,
        *(a_segment(one, START_US + n * MINUTE_US) for n in range(5)),
        a_segment(two, START_US + MINUTE_US),
    )
    span = Span(START_US + MINUTE_US, START_US + 2 * MINUTE_US + 1)

    found = await index.find_segments(one, span)
    lean = await index.spans(one, span)

    assert [segment.segment_id for segment in found] == ids[1:3]
    assert [row.segment_id for row in lean] == ids[1:3]
    assert [s.segment_id for s in await index.find_segments(one, span, limit=1)] == ids[1:2]
    assert await index.extent(one) == Span(START_US, START_US + 5 * MINUTE_US)


async def test_a_days_timeline_is_read_from_the_index_of_the_table_alone(
    database: Database, index: SegmentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = await keep(database, ONE)
    await add(database, *(a_segment(one, START_US + n * MINUTE_US) for n in range(3)))
    span = Span(START_US, START_US + 3 * MINUTE_US)
    asked: list[tuple[str, Parameters]] = []
    fetch_all = database.fetch_all

    async def noted(sql: str, parameters: Parameters = ()) -> list[Row]:
        asked.append((sql, parameters))
        return await fetch_all(sql, parameters)

    monkeypatch.setattr(database, "fetch_all", noted)
    found = await index.footage(one, span)
    ((sql, parameters),) = asked

    assert [(each.start_us, each.end_us, each.video) for each in found] == [
        (each.start_us, each.end_us, each.video) for each in await index.spans(one, span)
    ]
    plan = [row["detail"] for row in await fetch_all(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    searches = [each for each in plan if each.startswith("SEARCH segments")]
    assert searches[0].startswith("SEARCH segments USING COVERING INDEX segments_by_camera")
    assert "segments_long" in searches[1]
    assert len(searches) == 2


async def test_a_file_is_indexed_once(database: Database) -> None:
    (one,) = await keep(database, ONE)

    first = await add(database, a_segment(one))
    again = await add(database, a_segment(one, end_us=START_US + 1))

    assert again == first
    assert await totals(database) == [(one, 20454, 1, 1_501_000, MINUTE_US)]


async def test_what_an_open_incident_overlaps_is_held_from_the_first_moment(
    database: Database, index: SegmentIndex
) -> None:
    one, two = await keep(database, ONE, TWO)
    await hold(database, one, START_US + MINUTE_US - 1, START_US + MINUTE_US)

    ids = await add(database, a_segment(one), a_segment(one, START_US + MINUTE_US), a_segment(two))

    held = [(await index.get_segment(segment_id))[0].held for segment_id in ids]
    assert held == [True, False, False]


async def test_nothing_held_is_doomed_even_when_its_flag_was_lost(database: Database) -> None:
    (one,) = await keep(database, ONE)
    ids = await add(database, a_segment(one), a_segment(one, START_US + 5 * MINUTE_US))
    await hold(database, one, START_US, START_US + 1)  # the rows' flags know nothing of it

    doomed = await database.write(lambda transaction: doom_segments(transaction, ids))

    assert doomed == ids[1:]


async def test_a_doomed_segment_is_gone_for_everybody_and_counted_off_with_its_row(
    database: Database, index: SegmentIndex
) -> None:
    (one,) = await keep(database, ONE)
    ids = await add(database, a_segment(one), a_segment(one, START_US + MINUTE_US))

    await database.write(lambda transaction: doom_segments(transaction, ids[:1]))

    everything = Span(0, START_US * 2)
    assert [s.segment_id for s in await index.find_segments(one, everything)] == ids[1:]
    assert [s.segment_id for s in await index.spans(one, everything)] == ids[1:]
    assert [s.segment_id for s in await index.doomed(10)] == ids[:1]
    assert [s.segment_id for s in await index.oldest_deletable(limit=10)] == ids[1:]
    with pytest.raises(UnknownSegmentError):
        await index.get_segment(ids[0])
    assert (await totals(database))[0][2] == 2

    gone = await database.write(lambda transaction: delete_doomed(transaction, ids))

    assert gone == 1  # the other one was not doomed
    assert await totals(database) == [(one, 20454, 1, 1_501_000, MINUTE_US)]
    await database.write(lambda transaction: doom_segments(transaction, ids))
    await database.write(lambda transaction: delete_doomed(transaction, ids))
    assert await totals(database) == []


async def test_the_oldest_go_first_of_those_asked_for(
    database: Database, index: SegmentIndex
) -> None:
    one, two = await keep(database, ONE, TWO)
    ids = await add(
        database,
        a_segment(one, START_US + MINUTE_US),
        a_segment(two, START_US + 2 * MINUTE_US),
        a_segment(one, START_US + 3 * MINUTE_US),
        a_segment(two, START_US),
    )

    async def asked(**which: object) -> list[SegmentId]:
        found = await index.oldest_deletable(limit=3, **which)  # type: ignore[arg-type]
        return [segment.segment_id for segment in found]

    assert await asked() == [ids[3], ids[0], ids[1]]
    assert await asked(camera_nos=[one]) == [ids[0], ids[2]]
    assert await asked(camera_nos=[one, two]) == [ids[3], ids[0], ids[1]]
    assert await asked(before_us=START_US + 2 * MINUTE_US) == [ids[3], ids[0]]


async def test_recorded_cameras_follow_the_site_and_outlive_it(
    database: Database, index: SegmentIndex
) -> None:
    one, two = await keep(database, ONE, TWO)
    renamed = FakeCamera(camera_uuid=TWO.camera_uuid, camera_id="portao")
    heir = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000cccc", camera_id="cam01")

    _, new = await keep(database, renamed, heir, now_us=START_US + 5)

    present = await index.camera_by_id("cam01")
    removed = await index.camera_by_no(one)
    assert present is not None
    assert present.camera_no == new
    assert removed is not None
    assert (removed.camera_id, removed.removed_us) == ("cam01", START_US + 5)
    assert [camera.camera_no for camera in await index.cameras()] == [one, new, two]
    assert await index.camera_by_id("cam02") is None
