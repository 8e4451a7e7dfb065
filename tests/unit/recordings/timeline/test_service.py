"""What a timeline tells beside the footage itself."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.accounts import Principal, Role
from gtvision_edge.recordings.errors import SpanTooLongError
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, Segment, Span
from gtvision_edge.recordings.retention.model import PurgeKind
from gtvision_edge.recordings.retention.repository import update_breaker
from gtvision_edge.recordings.timeline.model import ClockStep, GapCause, Timeline
from gtvision_edge.recordings.timeline.repository import fetch_breaker
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.storage import Database, Transaction
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep
from tests.fakes.people import viewer

DAY_US = 86_400_000_000
ADMIN = viewer("root", None, role=Role.ADMIN)


class FixedGrowing:
    """A file that grows as the test says."""

    def __init__(self) -> None:
        self.segment: Segment | None = None

    def last_seen(self, camera_no: CameraNo) -> Segment | None:
        return self.segment

    async def look(self, camera: RecordedCamera) -> Segment | None:
        return self.segment


class Site:
    def __init__(self, database: Database, clock: FakeClock, root: Path) -> None:
        self.database = database
        self.growing = FixedGrowing()
        self.index = SegmentIndex(database, root=root, growing=self.growing)
        self.timelines = TimelineService(
            self.index, database, clock, zone=ZoneInfo("America/Sao_Paulo")
        )
        self.camera: RecordedCamera
        self.other: RecordedCamera

    async def open(self) -> None:
        one = FakeCamera("cam01", camera_uuid="u1", tenant_id="a")
        two = FakeCamera("cam02", camera_uuid="u2", tenant_id="a")
        numbers = await keep(self.database, one, two)
        found = [await self.index.camera_by_no(number) for number in numbers]
        assert found[0] is not None
        assert found[1] is not None
        self.camera, self.other = found[0], found[1]

    async def minutes(self, *numbers: int) -> None:
        camera_no = self.camera.camera_no
        await add(self.database, *(a_segment(camera_no, START_US + n * MINUTE_US) for n in numbers))

    async def sql(self, text: str, *values: object) -> None:
        def work(transaction: Transaction) -> None:
            transaction.execute(text, values)

        await self.database.write(work)

    async def incident(self, name: str, start: int, end: int, *camera_nos: int) -> None:
        await self.sql("INSERT OR IGNORE INTO tenants VALUES ('a', 'A', 0)")
        await self.sql(
            "INSERT INTO incidents (incident_id, tenant_id, start_us, end_us, reason, reference, created_by,"
            " created_by_name, created_us) VALUES (?, 'a', ?, ?, 'why not', '', 'u', 'u', 0)",
            name,
            START_US + start * MINUTE_US,
            START_US + end * MINUTE_US,
        )
        for number in camera_nos:
            await self.sql("INSERT INTO incident_cameras VALUES (?, ?)", name, number)

    async def timeline(self, minutes: int = 60, principal: Principal = ADMIN) -> Timeline:
        span = Span(START_US, START_US + minutes * MINUTE_US)
        return await self.timelines.timeline(principal, self.camera, span, since_us=None)


@pytest.fixture
async def site(database: Database, clock: FakeClock, tmp_path: Path) -> Site:
    clock.step_wall(3600)
    made = Site(database, clock, tmp_path)
    await made.open()
    return made


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (PurgeKind.AGE, GapCause.DELETED),
        (PurgeKind.QUOTA, GapCause.DELETED_FOR_ROOM),
        (PurgeKind.PRESSURE, GapCause.DELETED_FOR_ROOM),
        (PurgeKind.INCIDENT_OVERRIDE, GapCause.DELETED_FOR_ROOM),
        (PurgeKind.MANUAL, GapCause.DELETED_BY_ORDER),
        (PurgeKind.CAMERA_REMOVED, GapCause.DELETED_BY_ORDER),
    ],
)
async def test_footage_that_a_purge_took_is_said(
    site: Site, kind: PurgeKind, cause: GapCause
) -> None:
    await site.minutes(0, 5)
    await site.sql(
        "INSERT INTO purges (purge_id, kind, started_us, policy, actor, actor_name, reason)"
        " VALUES ('p', ?, 0, '{}', 'system', 'system', '')",
        kind.value,
    )
    await site.sql(
        "INSERT INTO purged_segments VALUES ('p', 0, 1, ?, ?, ?, 1, NULL)",
        site.camera.camera_no,
        START_US + MINUTE_US,
        START_US + 5 * MINUTE_US,
    )

    timeline = await site.timeline(6)

    assert [gap.cause for gap in timeline.gaps] == [cause]


async def breaker_turns(database: Database, *turns: tuple[bool, int]) -> None:
    """Open (True) and close the breaker at these times."""

    def work(transaction: Transaction) -> None:
        for is_open, at_us in turns:
            update_breaker(transaction, is_open=is_open, at_us=at_us, reason="nearly_full")

    await database.write(work)


async def test_a_disk_that_was_nearly_full_is_said(site: Site, database: Database) -> None:
    await site.minutes(0, 5)
    await breaker_turns(database, (True, START_US + MINUTE_US), (False, START_US + 5 * MINUTE_US))

    timeline = await site.timeline(6)

    assert [gap.cause for gap in timeline.gaps] == [GapCause.BREAKER]


@pytest.mark.parametrize("day", range(7))
async def test_a_disk_that_was_nearly_full_for_a_week_is_said_on_each_day(
    database: Database, day: int
) -> None:
    await breaker_turns(database, (True, START_US), (False, START_US + 7 * DAY_US))
    await breaker_turns(database, (True, START_US + 9 * DAY_US))

    found = await fetch_breaker(
        database, Span(START_US + day * DAY_US, START_US + (day + 1) * DAY_US)
    )

    assert found == [Span(START_US, START_US + 7 * DAY_US)]


async def test_a_breaker_that_is_open_is_so_up_to_the_end(database: Database) -> None:
    await breaker_turns(database, (True, START_US), (True, START_US + 5))

    for day in (0, 3):
        span = Span(START_US + day * DAY_US, START_US + (day + 1) * DAY_US)
        assert await fetch_breaker(database, span) == [Span(START_US, span.end_us)]
    assert await fetch_breaker(database, Span(START_US - DAY_US, START_US)) == []


async def test_a_breaker_that_an_older_program_closed_is_not_open_for_ever(
    database: Database,
) -> None:
    await breaker_turns(database, (True, START_US))
    await database.write(
        lambda transaction: transaction.execute(
            "UPDATE volume_guard SET breaker = 'closed', breaker_us = ?", (START_US + DAY_US,)
        )
    )
    whole = Span(START_US, START_US + 9 * DAY_US)
    before = await fetch_breaker(database, whole)
    await breaker_turns(database, (True, START_US + 3 * DAY_US), (False, START_US + 4 * DAY_US))

    assert before == [Span(START_US, START_US + DAY_US)]
    assert await fetch_breaker(database, whole) == [
        Span(START_US, START_US + DAY_US),
        Span(START_US + 3 * DAY_US, START_US + 4 * DAY_US),
    ]


async def test_incidents_are_shown_to_who_may_see_all_their_cameras(site: Site) -> None:
    await site.minutes(0, 1)
    await site.incident("mine", 0, 1, site.camera.camera_no)
    await site.incident("both", 0, 1, site.camera.camera_no, site.other.camera_no)
    await site.incident("elsewhere", 0, 1, site.other.camera_no)
    await site.incident("later", 50, 51, site.camera.camera_no)

    whole = await site.timeline(2, viewer("ana", "a"))
    narrow = await site.timeline(2, viewer("bia", "a", frozenset({"cam01"})))

    assert [mark.incident_id for mark in whole.incidents] == ["both", "mine"]
    assert [mark.incident_id for mark in narrow.incidents] == ["mine"]


async def test_steps_of_the_clock_are_shown(site: Site) -> None:
    await site.sql("INSERT INTO clock_log VALUES (?, 'step', -7200000000, 'kernel')", START_US + 5)
    await site.sql("INSERT INTO clock_log VALUES (?, 'start', 0, '')", START_US + 6)

    assert (await site.timeline()).clock_steps == [ClockStep(START_US + 5, -7_200_000_000)]


async def test_nothing_is_missing_before_the_camera_came_or_after_now(
    site: Site, clock: FakeClock
) -> None:
    await site.minutes(10)
    clock.step_wall(-3600 + 20 * 60)

    timeline = await site.timeline()

    (gap,) = timeline.gaps
    assert (gap.start_us, gap.end_us) == (START_US + 11 * MINUTE_US, clock.now_us())


async def test_a_file_that_grows_is_footage_and_its_newest_seconds_are_no_gap(
    site: Site, clock: FakeClock
) -> None:
    clock.step_wall(-3600 + 2 * 60 + 5)
    await site.minutes(0)
    site.growing.segment = a_segment(site.camera.camera_no, START_US + MINUTE_US)

    timeline = await site.timeline()

    assert [(each.start_us, each.end_us) for each in timeline.spans] == [
        (START_US, START_US + 2 * MINUTE_US)
    ]
    assert timeline.gaps == []
    assert timeline.growing_us == timeline.last_us == START_US + 2 * MINUTE_US


async def test_between_two_files_the_newest_seconds_are_no_gap_either(
    site: Site, clock: FakeClock
) -> None:
    """MediaMTX makes the next file when its first part is whole; until then nothing grows."""
    await site.minutes(0)
    clock.step_wall(-3600 + 60 + 14)
    young = await site.timeline()
    clock.step_wall(2)
    stopped = await site.timeline()

    assert young.gaps == []
    assert [(gap.start_us, gap.end_us) for gap in stopped.gaps] == [
        (START_US + MINUTE_US, clock.now_us())
    ]


async def test_spans_go_on_over_the_slices_in_which_they_are_read(site: Site) -> None:
    before = 24 * 60 - 1
    await site.minutes(before, before + 1)

    timeline = await site.timeline(2 * 24 * 60)

    assert [(each.start_us, each.end_us) for each in timeline.spans] == [
        (START_US + before * MINUTE_US, START_US + (before + 2) * MINUTE_US)
    ]


async def test_more_than_a_month_is_refused(site: Site) -> None:
    with pytest.raises(SpanTooLongError):
        await site.timeline(32 * 24 * 60)


async def test_a_day_is_held_where_an_incident_touches_it(site: Site) -> None:
    await site.minutes(12 * 60, 36 * 60)
    await site.incident("mine", 36 * 60, 36 * 60 + 1, site.camera.camera_no)

    days = await site.timelines.days(site.camera, date(2026, 1, 1))

    assert [(each.day, each.held) for each in days] == [("2026-01-01", False), ("2026-01-02", True)]
