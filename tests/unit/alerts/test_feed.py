"""Everybody who watches is told of everything that is theirs, in order and once, however slow they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.alerts.feed import HEARTBEAT_S, WINDOW, Feed, Seat
from gtvision_edge.alerts.model import Audience, Entry, FeedKind, Topic
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS
from tests.unit.alerts.conftest import KEPT, NARROW_A, OPERATOR_A, OPERATOR_B, SITE, Gate
from tests.waiting import becomes, patiently

ALL = frozenset(FeedKind)
READINGS = Topic.DETECTIONS.kinds


@asynccontextmanager
async def followed(feed: Feed) -> AsyncIterator[Feed]:
    """Run the feed's services while the block is open."""
    await feed.load()
    tasks = [asyncio.create_task(feed.follow()), asyncio.create_task(feed.beat())]
    await asyncio.sleep(0)  # the first turn of both: the mailbox is open
    try:
        yield feed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@pytest.fixture
async def feed(database: Database, bus: EventBus, clock: FakeClock) -> AsyncIterator[Feed]:
    async with followed(Feed(database, bus, clock, words=WORDS)) as running:
        yield running


async def next_of(feed: Feed, seat: Seat) -> list[Entry]:
    async with asyncio.timeout(patiently(5)):
        return list(await feed.next_batch(seat))


async def gather(feed: Feed, seat: Seat, count: int) -> list[Entry]:
    """Return what *seat* is told until it is *count* entries."""
    got: list[Entry] = []
    while len(got) < count:
        got += await next_of(feed, seat)
    return got


async def test_a_reading_and_its_alert_reach_who_may_see_them(
    feed: Feed, gate: Gate, desk: AlertDesk
) -> None:
    await gate.watch("ABC1234")
    async with (
        feed.sit(Audience(OPERATOR_A, ALL), since=None) as operator,
        feed.sit(Audience(NARROW_A, ALL), since=None) as narrow,
        feed.sit(Audience(OPERATOR_A, Topic.ALERTS.kinds), since=None) as alerts_only,
        feed.sit(Audience(OPERATOR_B, ALL), since=None) as stranger,
    ):
        there = await gate.passes("ABC1234", "cam02")
        here = await gate.passes("XYZ9999", "cam01")
        foreign = await gate.passes("ABC1234", "cam09", "b")
        (alert,), _ = await desk.latest(OPERATOR_A, limit=1)
        await desk.acknowledge(OPERATOR_A, alert.alert_id)

        assert [
            (entry.kind, entry.detection.detection_id) for entry in await gather(feed, operator, 4)
        ] == [
            (FeedKind.DETECTION, there),
            (FeedKind.ALERT, there),
            (FeedKind.DETECTION, here),
            (FeedKind.ALERT_ACKNOWLEDGED, there),
        ]
        assert [entry.detection.detection_id for entry in await gather(feed, narrow, 1)] == [here]
        assert [entry.kind for entry in await gather(feed, alerts_only, 2)] == [
            FeedKind.ALERT,
            FeedKind.ALERT_ACKNOWLEDGED,
        ]
        assert [e.detection.detection_id for e in await gather(feed, stranger, 1)] == [foreign]


async def test_who_was_away_goes_on_at_the_cursor(feed: Feed, gate: Gate) -> None:
    passed = [await gate.passes(f"ABC{number:04}") for number in range(6)]

    async with feed.sit(Audience(OPERATOR_A, READINGS), since=2) as seat:
        back = await gather(feed, seat, 4)
        passed.append(await gate.passes("ABC9999"))
        (live,) = await next_of(feed, seat)

    assert [entry.detection.detection_id for entry in [*back, live]] == passed[2:]
    assert seat.cursor == live.seq == 7


class TestUnderLoad:
    @pytest.fixture
    def kept(self) -> int:
        return 10_000

    async def test_nothing_is_missed_or_doubled_between_the_table_and_what_is_live(
        self, gate: Gate, database: Database, bus: EventBus, clock: FakeClock
    ) -> None:
        """Clients come at any moment of a burst, with queues far too small for it."""
        count, got = 150, dict[int, list[int]]()

        async def watch(feed: Feed, number: int) -> None:
            for _ in range(number * 3):
                await asyncio.sleep(0)
            since = 0 if number % 2 else len(gate.passed) // 2
            async with feed.sit(Audience(SITE, READINGS), since=since) as seat:
                start = seat.cursor
                wanted = count - start
                entries = await gather(feed, seat, wanted)
                got[number] = [entry.seq - start for entry in entries]

        async with (
            followed(Feed(database, bus, clock, words=WORDS, waiting=4)) as feed,
            asyncio.TaskGroup() as tasks,
        ):
            for number in range(12):
                tasks.create_task(watch(feed, number))
            for number in range(count):
                tasks.create_task(gate.passes(f"ABC{number:04}"))

        assert set(got) == set(range(12))
        for seqs in got.values():
            assert seqs == list(range(1, len(seqs) + 1))


async def test_who_takes_too_slowly_is_read_to_from_the_table_and_holds_back_nobody(
    gate: Gate, database: Database, bus: EventBus, clock: FakeClock
) -> None:
    registry = CollectorRegistry()
    async with (
        followed(Feed(database, bus, clock, words=WORDS, waiting=3, registry=registry)) as feed,
        feed.sit(Audience(OPERATOR_A, READINGS), since=None) as slow,
        feed.sit(Audience(OPERATOR_A, READINGS), since=None) as quick,
    ):
        waiting = asyncio.gather(next_of(feed, slow), next_of(feed, quick))
        await becomes(lambda: slow.is_live and quick.is_live, 5)
        first = await gate.passes("AAA0000")
        assert [entry.detection.detection_id for (entry,) in await waiting] == [first, first]
        passed = []
        for number in range(8):
            passed.append(await gate.passes(f"ABC{number:04}"))
            await gather(feed, quick, 1)

        assert not slow.is_live
        behind = await gather(feed, slow, len(passed))

    assert [entry.detection.detection_id for entry in behind] == passed
    assert registry.get_sample_value("gtvision_edge_feed_fell_behind_total") == 1


async def test_each_quarter_of_a_minute_a_sign_of_life_moves_the_cursor_past_what_is_foreign(
    feed: Feed, gate: Gate, clock: FakeClock
) -> None:
    await clock.until_asleep()
    async with feed.sit(Audience(OPERATOR_B, ALL), since=None) as seat:
        waiting = asyncio.create_task(next_of(feed, seat))
        await gate.passes("ABC1234")
        await clock.advance(HEARTBEAT_S)

        assert await waiting == []
        assert seat.cursor == 1


async def test_what_the_bus_did_not_tell_of_is_handed_out_with_the_next_sign_of_life(
    gate: Gate, database: Database, clock: FakeClock
) -> None:
    deaf = EventBus()
    async with (
        followed(Feed(database, deaf, clock, words=WORDS)) as feed,
        feed.sit(Audience(OPERATOR_A, ALL), since=None) as seat,
    ):
        await clock.until_asleep()
        waiting = asyncio.create_task(next_of(feed, seat))
        passed = await gate.passes("ABC1234")
        await clock.advance(HEARTBEAT_S)

        assert [entry.detection.detection_id for entry in await waiting] == [passed]


@pytest.mark.parametrize(("since", "missed"), [(2, True), (3, False), (10_000, True)])
async def test_who_was_away_too_long_or_comes_from_elsewhere_is_told(
    feed: Feed, gate: Gate, since: int, *, missed: bool
) -> None:
    for number in range(KEPT + 3):
        await gate.passes(f"ABC{number:04}")

    async with feed.sit(Audience(OPERATOR_A, ALL), since=since) as seat:
        assert seat.missed == missed
        later = await gate.passes("XYZ0001")
        entries = await gather(feed, seat, 1 if since > KEPT + 3 else KEPT)

    assert entries[-1].detection.detection_id == later


class TestLongStretches:
    @pytest.fixture
    def kept(self) -> int:
        return 1_000_000

    async def test_a_long_stretch_of_what_is_foreign_is_passed_over(
        self, feed: Feed, gate: Gate, database: Database
    ) -> None:
        await gate.passes("ABC1234")

        def repeat(transaction: Transaction) -> None:
            transaction.execute(
                "INSERT INTO feed (kind, detection_id, tenant_id, camera_id)"
                " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                " SELECT kind, detection_id, tenant_id, camera_id FROM feed, n",
                (2 * WINDOW,),
            )

        await database.write(repeat)
        own = await gate.passes("ABC1234", "cam09", "b")
        async with feed.sit(Audience(OPERATOR_B, ALL), since=0) as seat:
            assert [e.detection.detection_id for e in await gather(feed, seat, 1)] == [own]
