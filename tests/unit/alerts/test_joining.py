"""The moment in which a client leaves the table for what is live: whatever is committed then reaches it once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from gtvision_edge.alerts.feed import Feed
from gtvision_edge.alerts.model import Audience, FeedKind
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS
from tests.unit.alerts.conftest import OPERATOR_A, Gate
from tests.unit.alerts.test_feed import followed, next_of
from tests.waiting import becomes

EVERYTHING = Audience(OPERATOR_A, frozenset(FeedKind))
Pause = Callable[[], Awaitable[object]]


class PausingDatabase:
    """The real one; between what a client's read, or the feed's own, found and the hearing of it something may happen."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.after_client: Pause | None = None
        self.after_feed: Pause | None = None

    async def fetch_one(self, sql: str, parameters: Any = ()) -> Any:
        return await self._database.fetch_one(sql, parameters)

    async def fetch_all(self, sql: str, parameters: Any) -> Any:
        found = await self._database.fetch_all(sql, parameters)
        is_client = parameters[4] is not None  # it asks for kinds; the feed reads all
        pause = self.after_client if is_client else self.after_feed
        if pause is not None:
            await pause()
        return found


async def test_what_is_handed_out_while_the_table_was_read_is_read_next(
    gate: Gate, database: Database, bus: EventBus, clock: FakeClock
) -> None:
    pausing = PausingDatabase(database)
    async with (
        followed(Feed(cast("Database", pausing), bus, clock, words=WORDS)) as feed,
        feed.sit(EVERYTHING, since=None) as seat,
        feed.sit(EVERYTHING, since=None) as other,
    ):
        waiting = asyncio.create_task(next_of(feed, other))
        await becomes(lambda: other.is_live, 5)
        passed = []

        async def pass_meanwhile() -> None:
            pausing.after_client = None
            passed.append(await gate.passes("ABC1234"))
            await waiting  # it was handed out

        pausing.after_client = pass_meanwhile
        entries = await next_of(feed, seat)

    assert [entry.detection.detection_id for entry in entries] == passed


async def test_what_was_read_before_it_is_handed_out_is_not_told_twice(
    gate: Gate, database: Database, bus: EventBus, clock: FakeClock
) -> None:
    pausing, held, release = PausingDatabase(database), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        held.set()
        await release.wait()

    async with (
        followed(Feed(cast("Database", pausing), bus, clock, words=WORDS)) as feed,
        feed.sit(EVERYTHING, since=None) as seat,
    ):
        pausing.after_feed = hold
        first = await gate.passes("ABC1234")
        await held.wait()
        read = await next_of(feed, seat)
        waiting = asyncio.create_task(next_of(feed, seat))
        await becomes(lambda: seat.is_live, 5)
        pausing.after_feed = None
        release.set()
        second = await gate.passes("XYZ1234")
        live = await waiting

    assert [entry.detection.detection_id for entry in [*read, *live]] == [first, second]
