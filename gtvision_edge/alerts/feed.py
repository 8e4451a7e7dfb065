"""Tells all who watch of each reading and alert, in the order in which they were committed, each once.

The table ``feed`` is the truth, and a client's cursor is the last ``seq`` that it was sent. One reader follows the table and
hands each entry to every seat that may see it; the bus only says that there is something to read. A seat whose client takes
too slowly is emptied and goes back to the table at its own cursor: it waits for nobody and nobody waits for it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.alerts import repository
from gtvision_edge.alerts.model import AlertAcknowledged, AlertReopened, Audience, Entry, FeedPage
from gtvision_edge.audit import SealedWords
from gtvision_edge.detections.model import PictureCame, PlateRead
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database

HEARTBEAT_S: Final = 15.0
WAITING: Final = 500
"""Entries that a client may be behind before it is read to from the table again; two seconds and a half at 200 a second."""
PAGE: Final = 200
WINDOW: Final = 5000
"""Entries looked through at a time for somebody who may see few of them; bounds how long other readers wait."""
PACE_S: Final = 0.015
"""What comes so soon after another is handed out together with it: most of what a client costs is the waking and the sending."""
_ALL: Final = 2**62


class Seat:
    """A client's place in the feed; made by :meth:`Feed.sit`."""

    def __init__(self, audience: Audience, since: int, *, missed: bool, waiting: int) -> None:
        self.audience = audience
        self.cursor = since
        """The last seq that it was given, or that was not for it."""
        self.missed = missed
        """What came right after the cursor it brought is no longer kept, or never was here."""
        self.is_live = False
        """Entries are put into its queue; else it reads them from the table."""
        self._waiting: deque[Entry] = deque()
        self._most = waiting
        self._passed = since
        self._is_beat_due = False
        self._arrived = asyncio.Event()

    def go_live(self) -> None:
        self._passed = self.cursor
        self.is_live = True

    def offer(self, entry: Entry) -> bool:
        """Take *entry*, which comes after all that were offered before; False: the queue was full and is given up."""
        if not self.is_live or entry.seq <= self._passed:
            return True
        self._passed = entry.seq
        if not self.audience.takes(entry):
            return True
        self._arrived.set()
        if len(self._waiting) < self._most:
            self._waiting.append(entry)
            return True
        self._waiting.clear()
        self.is_live = False
        return False

    def beat(self) -> None:
        self._is_beat_due = True
        self._arrived.set()

    def take(self) -> Sequence[Entry] | None:
        """Return what waits, nothing for a heartbeat, None when there is neither."""
        if not self.is_live:
            return None
        batch = list(self._waiting)
        self._waiting.clear()
        self._arrived.clear()
        self.cursor = self._passed
        if not batch and not self._is_beat_due:
            return None
        self._is_beat_due = False
        return batch

    async def wait(self) -> None:
        await self._arrived.wait()


class Feed:
    """Hands out what is told. Run :meth:`follow` and :meth:`beat` as services."""

    def __init__(
        self,
        database: Database,
        bus: EventBus,
        clock: Clock,
        *,
        words: SealedWords,
        waiting: int = WAITING,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._words = words
        self._waiting = waiting
        self._position = 0
        """The last seq that was handed out."""
        self._seats: list[Seat] = []
        self._handing_out = asyncio.Lock()
        self._given_up = Counter(
            "gtvision_edge_feed_fell_behind",
            "Times a client of the feed took too slowly and was read to from the database again",
            registry=registry or CollectorRegistry(),
        )

    async def follow(self) -> None:
        """Hand out what is committed as soon as the bus tells of it, until cancelled."""
        # One place is enough: whatever was committed is read, however many events told of it.
        news = (PlateRead, PictureCame, AlertAcknowledged, AlertReopened)
        with self._bus.listen(*news, size=1) as mailbox:
            await self._hand_out()
            async for _ in mailbox:
                await self._hand_out()
                await asyncio.sleep(
                    PACE_S
                )  # spares the processor, decides nothing: no Clock needed

    async def beat(self) -> None:
        """Give every client a sign of life, until cancelled; what the bus did not tell of is handed out, too."""
        while True:
            await self._clock.sleep(HEARTBEAT_S)
            await (
                self._hand_out()
            )  # a sender that went away was answered by nobody, and its reading is on disk
            for seat in self._seats:
                seat.beat()

    async def load(self) -> None:
        """Start with what is committed from now on; before :meth:`follow`."""
        _, self._position = await repository.feed_bounds(self._database)

    @asynccontextmanager
    async def sit(self, audience: Audience, *, since: int | None) -> AsyncIterator[Seat]:
        """Give a seat that starts after *since* (None = now) while the block is open."""
        first, head = await repository.feed_bounds(self._database)
        missed = since is not None and not first <= since <= head
        start = head if since is None else min(since, head)
        seat = Seat(audience, start, missed=missed, waiting=self._waiting)
        self._seats.append(seat)
        try:
            yield seat
        finally:
            self._seats.remove(seat)

    async def next_batch(self, seat: Seat) -> Sequence[Entry]:
        """Return what is next for *seat*, without gap or double; nothing = a heartbeat.

        What is returned counts as sent when the next batch is asked for.
        """
        while True:
            if not seat.is_live:
                page = await self._read(seat)
                seat.cursor = page.reached
                if page.entries:
                    return page.entries
                # No await between the look and the joining: nothing can be handed out in between.
                if seat.cursor >= self._position:
                    seat.go_live()
                continue
            batch = seat.take()
            if batch is not None:
                return batch
            await seat.wait()

    async def _read(self, seat: Seat) -> FeedPage:
        _, head = await repository.feed_bounds(self._database)
        upto = min(head, seat.cursor + WINDOW)
        entries = await repository.entries_between(
            self._database,
            seat.cursor,
            upto,
            PAGE,
            words=self._words,
            audience=seat.audience,
        )
        return FeedPage(entries, entries[-1].seq if len(entries) == PAGE else upto)

    async def _hand_out(self) -> None:
        async with self._handing_out:
            while True:
                if not self._seats:
                    _, head = await repository.feed_bounds(self._database)
                    if not self._seats:  # who comes now reads the table first
                        self._position = head
                        return
                entries = await repository.entries_between(
                    self._database, self._position, _ALL, PAGE, words=self._words
                )
                for entry in entries:
                    self._hand_to_all(entry)
                if len(entries) < PAGE:
                    return

    def _hand_to_all(self, entry: Entry) -> None:
        self._position = entry.seq
        for seat in self._seats:
            if not seat.offer(entry):
                self._given_up.inc()
