"""Has people told of troubles that last, and that they went: of cameras, of the volume, of the hub.

What was told stands in the database, so a restart tells nothing twice and forgets nothing that is over. What flaps is told
once an hour at most.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from gtvision_edge.push import repository
from gtvision_edge.push.model import Condition, Sighting, Topic
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

LOOK_S: Final = 5.0
STORAGE_SETTLES_S: Final = 10.0
"""When nothing at all is recorded, nobody should wait for long."""
QUIET_S: Final = 3600.0
"""Between two times that the same thing is told to have come."""

Look = Callable[[], Iterable[Sighting]]
"""Returns how everything is that is watched, at once; what is not named any more is forgotten and nobody is told."""
Key = tuple[Topic, str]


@dataclass(frozen=True, slots=True)
class _Told:
    reason: str
    since_us: int


@dataclass(slots=True)
class _Change:
    """It is otherwise than people were told, since *began* (monotonic)."""

    began: float
    since_us: int


@dataclass(frozen=True, slots=True)
class _News:
    key: Key
    is_over: bool
    reason: str
    since_us: int


class TroubleWatch:
    """Compares what is with what was told. Run :meth:`run` as a service."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        look: Look,
        settle_s: float,
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._look = look
        self._settle_s = settle_s
        self._wake = wake
        self._told: dict[Key, _Told] = {}
        self._changes: dict[Key, _Change] = {}
        self._last_told: dict[Key, float] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        await self.load()
        while True:
            await self.examine()
            await self._clock.sleep(LOOK_S)

    async def load(self) -> None:
        """Recall what was told."""
        rows = await repository.fetch_troubles(self._database)
        self._told = {
            (topic, subject): _Told(reason, since) for topic, subject, reason, since in rows
        }

    async def examine(self) -> None:
        """Look once, and queue what people should be told."""
        seen = {(each.topic, each.subject): each for each in self._look()}
        gone = [key for key in self._told if key not in seen]
        self._changes = {key: each for key, each in self._changes.items() if key in seen}
        news = [each for sighting in seen.values() if (each := self._judge(sighting))]
        if not news and not gone:
            return
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> int:
            for topic, subject in gone:
                repository.delete_trouble(transaction, topic, subject)
            return sum(_write(transaction, each, now_us) for each in news)

        queued = await self._database.write(write)
        self._remember(news, gone)
        if queued:
            self._wake()

    def _judge(self, sighting: Sighting) -> _News | None:
        key = (sighting.topic, sighting.subject)
        told = self._told.get(key)
        if sighting.condition is Condition.UNDECIDED:
            return None
        is_troubled = sighting.condition is Condition.TROUBLED
        if is_troubled == (told is not None):
            self._changes.pop(key, None)
            return None
        now = self._clock.monotonic()
        since_us = sighting.since_us or self._clock.now_us()
        change = self._changes.setdefault(key, _Change(now, since_us))
        if now - change.began < self._patience(sighting.topic):
            return None
        if told is not None:
            return _News(key, is_over=True, reason=told.reason, since_us=told.since_us)
        if now - self._last_told.get(key, float("-inf")) < QUIET_S:
            return None
        return _News(key, is_over=False, reason=sighting.reason, since_us=change.since_us)

    def _patience(self, topic: Topic) -> float:
        return min(STORAGE_SETTLES_S, self._settle_s) if topic is Topic.STORAGE else self._settle_s

    def _remember(self, news: Iterable[_News], gone: Iterable[Key]) -> None:
        for key in gone:
            del self._told[key]
        for each in news:
            self._changes.pop(each.key, None)
            if each.is_over:
                del self._told[each.key]
            else:
                self._told[each.key] = _Told(each.reason, each.since_us)
                self._last_told[each.key] = self._clock.monotonic()


def _write(transaction: Transaction, news: _News, now_us: int) -> int:
    topic, subject = news.key
    if news.is_over:
        repository.delete_trouble(transaction, topic, subject)
    else:
        repository.insert_trouble(
            transaction, topic, subject, reason=news.reason, since_us=news.since_us
        )
    return repository.queue_for_all(
        transaction,
        topic,
        subject,
        is_over=news.is_over,
        reason=news.reason,
        since_us=news.since_us,
        now_us=now_us,
    )
