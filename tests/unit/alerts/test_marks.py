"""Readings on a timeline: each told once, in its time, without its plate; of very many the first of each piece."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtvision_edge.alerts import marks as marking
from gtvision_edge.alerts.marks import ReadingMark, ReadingMarks
from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.storage import Database, Transaction
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.unit.alerts.conftest import OPERATOR_A, OPERATOR_B, SITE, Gate

S = 1_000_000
UUID = FakeCamera("cam01").camera_uuid


async def insert(database: Database, times_us: Sequence[int], tenant_id: str = "a") -> None:
    """Put readings of cam01 into the table, for they are more than anybody would push."""

    def write(transaction: Transaction) -> None:
        transaction.execute("DELETE FROM detections")
        transaction.executemany(
            "INSERT INTO detections (detection_id, camera_uuid, camera_id, tenant_id, captured_us, received_us, time_source,"
            " plate_sent, source, trust, is_late, passage_id, source_key, facts)"
            " VALUES (?1, ?2, 'cam01', ?3, ?4, ?4, 'camera', '', 'webhook', 'signed', 0, ?1, randomblob(32), '{}')",
            [(f"d{n:06}", UUID, tenant_id, at_us) for n, at_us in enumerate(times_us)],
        )

    await database.write(write)


async def test_a_reading_is_told_with_its_time_and_whether_it_was_wanted(
    gate: Gate, database: Database, clock: FakeClock
) -> None:
    marks = ReadingMarks(database)
    await gate.watch("ABC1D23")
    begin_us = clock.now_us()
    plain = await gate.passes("XYZ9A87")
    clock.step_wall(30)
    wanted = await gate.passes("ABC1D23", ago_s=10)
    end_us = clock.now_us() + 1

    found = await marks.find(OPERATOR_A, "cam01", UUID, start_us=begin_us, end_us=end_us)
    other = await marks.find(OPERATOR_A, "cam01", "another", start_us=begin_us, end_us=end_us)

    assert found == [
        ReadingMark(begin_us, begin_us, plain),
        ReadingMark(begin_us + 20 * S, begin_us + 20 * S, wanted, WatchLevel.CRITICAL),
    ]
    assert other == []  # of a camera that was called so before
    # Nothing in it could be a plate.
    assert ReadingMark._fields == ("start_us", "end_us", "detection_id", "level")


async def test_the_interval_has_its_start_and_not_its_end(
    gate: Gate, database: Database, clock: FakeClock
) -> None:
    await gate.watch("ABC1D23")
    now_us = clock.now_us()
    await gate.passes("ABC1D23")
    marks = ReadingMarks(database)

    at = await marks.find(SITE, "cam01", UUID, start_us=now_us, end_us=now_us + 1)
    before = await marks.find(SITE, "cam01", UUID, start_us=now_us - S, end_us=now_us)

    assert [each.level for each in at] == [WatchLevel.CRITICAL]
    assert before == []


@pytest.mark.parametrize(("who", "count"), [(OPERATOR_A, 1), (SITE, 1), (OPERATOR_B, 0)])
async def test_readings_are_those_of_the_tenant_whose_the_camera_was(
    gate: Gate, database: Database, clock: FakeClock, who: object, count: int
) -> None:
    await gate.watch("ABC1D23")
    await gate.passes("ABC1D23")
    now_us = clock.now_us()

    found = await ReadingMarks(database).find(
        who,  # type: ignore[arg-type]  # a Principal
        "cam01",
        UUID,
        start_us=now_us - S,
        end_us=now_us + S,
    )

    assert len(found) == count


async def test_wanted_ones_are_told_one_by_one_among_very_many(
    gate: Gate, database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "MOST", 5)
    await gate.watch("ABC1D23")
    begin_us = clock.now_us()
    for n in range(8):
        clock.step_wall(1)
        await gate.passes("ABC1D23" if n == 4 else f"XYZ9A8{n}")

    found = await ReadingMarks(database).find(
        SITE, "cam01", UUID, start_us=begin_us, end_us=begin_us + 10 * S
    )

    assert [(each.start_us - begin_us) // S for each in found if each.level is None] == [
        1,
        2,
        4,
        6,
        8,
    ]
    assert [each.detection_id for each in found if each.level] == [gate.passed[4]]
    assert found == sorted(found, key=lambda each: each.start_us)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    times=st.lists(st.integers(0, 400), min_size=0, max_size=60),
    start=st.integers(0, 200),
    length=st.integers(1, 250),
)
async def test_of_very_many_each_piece_tells_its_first(
    database: Database, times: list[int], start: int, length: int
) -> None:
    await insert(database, times)
    end = start + length
    marking_most, marking.MOST = marking.MOST, 10  # type: ignore[misc]  # put back below
    try:
        found = await ReadingMarks(database).find(SITE, "cam01", UUID, start_us=start, end_us=end)
    finally:
        marking.MOST = marking_most  # type: ignore[misc]

    inside = sorted(at for at in times if start <= at < end)
    if len(inside) <= 10:
        assert [each.start_us for each in found] == inside
        assert all(each.detection_id and each.end_us == each.start_us for each in found)
        return
    step = -(-length // 10)
    pieces = sorted({(at - start) // step for at in inside})
    assert [each.start_us for each in found] == [
        next(at for at in inside if (at - start) // step == piece) for piece in pieces
    ]
    assert all(each.start_us < each.end_us <= end and each.detection_id is None for each in found)
    assert all(any(each.start_us <= at < each.end_us for each in found) for at in inside)
