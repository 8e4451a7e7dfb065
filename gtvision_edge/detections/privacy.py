"""Readings live as long as the site says; then plate and pictures are gone, and what remains is that something passed.

Gone means from the file, too: the writer overwrites what it deletes (``secure_delete``), what finds readings by plate is written
anew, since SQLite leaves copies in pages that it splits, and the write-ahead log is cut to nothing. All that in small commits:
others that write get their turn between any two of them. Rows of ``detections`` keep
their length whatever becomes of them (:func:`repository.changed`), so that their pages are neither split nor joined.
"""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.detections import repository
from gtvision_edge.detections.by_vehicle import repository as by_vehicle
from gtvision_edge.detections.model import Detection
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.pictures import repository as picture_files
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.detections.watchlist import repository as watchlist
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

BATCH: Final = 50
"""Readings in one commit: so long a reading that comes meanwhile waits, and no longer."""
MOVED: Final = 250
"""Likewise, of plates that are written anew."""
FIRST_AFTER_S: Final = 900.0
NIGHT: Final = time(3, 30)
"""Of the site's day: for millions of readings it is minutes of work."""
APART: Final = timedelta(hours=6)
DOUBT_S: Final = 600.0
_WORD: Final = re.compile(r"[A-Za-z_]{1,16}")

Forget = Callable[[Transaction, Sequence[str]], int]
"""Takes what else holds the plates of these detections out of the database; returns how many rows that were."""
ForgetWords = Callable[[Transaction, Sequence[str]], None]
"""Takes away what people wrote about these detections."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round took away."""

    readings: int = 0
    pictures: int = 0
    unsent: int = 0
    """Messages that still waited for the hub and never reached it."""


class Anonymiser:
    """Takes away what is older than *keep_s*; *trusts_clock* False: nothing is judged by its age now.

    *held*: the condition, in SQL over a row of ``detections``, that an incident keeps it; it goes when that is released.
    """

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        pictures: PictureStore,
        forget_unsent: Forget,
        forget_words: ForgetWords,
        held: str,
        keep_s: float,
        zone: ZoneInfo,
        trusts_clock: Callable[[], bool],
        copies: Copies = NO_COPIES,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._pictures = pictures
        self._forget_unsent = forget_unsent
        self._forget_words = forget_words
        self._held = held
        self._keep_s = keep_s
        self._zone = zone
        self._trusts_clock = trusts_clock
        self._copies = copies
        self._last_us: int | None = None
        self._next_us: int | None = None

    @property
    def keep_s(self) -> float:
        """How long readings live, in seconds."""
        return self._keep_s

    @property
    def last_round_us(self) -> int | None:
        """When a round last came to its end; None: not since the start."""
        return self._last_us

    @property
    def next_round_us(self) -> int | None:
        """When the next one is due; None: while one is going on, while the clock is in doubt, and before :meth:`run`."""
        return self._next_us

    async def run(self) -> None:
        """Go round soon after the start, then once a day, at night, until cancelled."""
        await self._rest(FIRST_AFTER_S)
        while True:
            while not self._trusts_clock():
                await self._clock.sleep(DOUBT_S)
            done = await self.go_round()
            if done.readings:
                log.info("readings_anonymised", readings=done.readings, pictures=done.pictures)
            await self._rest(self._until_night_s())

    async def _rest(self, seconds: float) -> None:
        self._next_us = self._clock.now_us() + round(seconds * 1e6)
        await self._clock.sleep(seconds)
        self._next_us = None

    def _until_night_s(self) -> float:
        now = datetime.fromtimestamp(self._clock.now_us() / 1e6, self._zone)
        night = datetime.combine(now.date(), NIGHT, self._zone)
        while night < now + APART:
            night += timedelta(days=1)
        return night.timestamp() - now.timestamp()

    async def go_round(self) -> Round:
        """Anonymise all that is due; each batch is one commit with its audit entries. May be cut off anywhere and called again.

        Raises:
            StorageError, OSError: the disk failed; what was done so far stays done.

        """
        until_us = self._clock.now_us() - round(self._keep_s * 1e6)
        total = Round()
        from_us = 0
        while batch := await repository.fetch_due(
            self._database, from_us, until_us, BATCH, held=self._held
        ):
            done = await self._take_away(batch, until_us)
            from_us = min(batch[-1].captured_us, batch[-1].received_us)
            total = Round(
                total.readings + done.readings,
                total.pictures + done.pictures,
                total.unsent + done.unsent,
            )
        await self._write_plates_anew()
        await self._database.write(watchlist.rebuild_watchlist)
        # Also when nothing was due: the cut of a round before may have met a reader.
        await self._database.cut_log()
        self._last_us = self._clock.now_us()
        return total

    async def _write_plates_anew(self) -> None:
        """Leave no copy of a plate that went where readings are found by plate; half done, it is gone on with at the next round."""
        await self._move_plates()  # of a round that was cut off
        if await by_vehicle.has_traces(self._database):
            await self._database.write(by_vehicle.turn_plates)
            await self._move_plates()

    async def _move_plates(self) -> None:
        while await self._database.write(lambda each: by_vehicle.move_plates(each, MOVED)):
            pass

    async def _take_away(self, found: Sequence[Detection], until_us: int) -> Round:
        # An incident that was opened since they were found keeps them; one that comes after this commit comes too late.
        taken = await self._database.write(
            lambda transaction: repository.take_plates(
                transaction, [each.detection_id for each in found], held=self._held
            )
        )
        batch = [each for each in found if each.detection_id in taken]
        if not batch:
            return Round()
        ids = [each.detection_id for each in batch]
        names = sorted({name for each in batch for name in (each.scene, each.crop) if name})
        async with self._pictures.claims.removing(names) as free:
            lonely = await repository.only_in(self._database, free, ids)
            # The files first: what is cut off here comes again, for the row still names them.
            await asyncio.to_thread(self._pictures.remove, lonely)
            return await self._forget(batch, ids, lonely, until_us)

    async def _forget(
        self,
        batch: Sequence[Detection],
        ids: Sequence[str],
        lonely: Sequence[str],
        until_us: int,
    ) -> Round:

        def write(transaction: Transaction) -> int:
            now_us = self._clock.now_us()
            for each in batch:
                repository.anonymise(
                    transaction, each.detection_id, facts=remaining_facts(each.facts), now_us=now_us
                )
                repository.count_anonymised(transaction, each, day=self._day(each.captured_us))
            picture_files.forget_files(transaction, lonely, self._copies)
            unsent = self._forget_unsent(transaction, ids)
            self._forget_words(transaction, ids)
            for tenant_id, count in Counter(each.tenant_id for each in batch).items():
                self._note(transaction, tenant_id, count, batch, until_us, unsent, len(lonely))
            return unsent

        unsent = await self._database.write(write)
        return Round(len(batch), len(lonely), unsent)

    def _note(
        self,
        transaction: Transaction,
        tenant_id: str,
        count: int,
        batch: Sequence[Detection],
        until_us: int,
        unsent: int,
        pictures: int,
    ) -> None:
        ids = sorted(each.detection_id for each in batch if each.tenant_id == tenant_id)
        self._audit.append(
            transaction,
            actor=SYSTEM,
            action="plates.anonymised",
            tenant_id=tenant_id,
            details={
                "readings": count,
                "until_us": until_us,
                "keep_s": round(self._keep_s),
                "ids_sha256": hashlib.sha256("\n".join(ids).encode()).hexdigest(),
                # Of the whole batch, which may be of several tenants.
                "batch_pictures": pictures,
                "batch_unsent": unsent,
            },
        )

    def _day(self, time_us: int) -> str:
        return datetime.fromtimestamp(time_us / 1e6, self._zone).date().isoformat()


def remaining_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may stay: lane, speed, and words that cannot be a plate, for those have digits."""
    vehicle = facts.get("vehicle", {})
    kind = vehicle.get("kind", "") if isinstance(vehicle, dict) else ""
    kept = {
        "lane": facts.get("lane"),
        "speed_kmh": facts.get("speed_kmh"),
        "direction": _plain(facts.get("direction", "")),
        "vehicle": {"kind": _plain(kind)} if _plain(kind) else {},
    }
    return {name: value for name, value in kept.items() if value not in (None, "", {})}


def _plain(word: object) -> str:
    return word if isinstance(word, str) and _WORD.fullmatch(word) else ""
