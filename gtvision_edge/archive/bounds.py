"""What is owed to the store does not grow for ever: copies that wait too long, or are too many, are given up, and that is written down.

Pictures go before evidence, which is only given up for its age. Removals are never given up by themselves: what is to be gone is
personal data.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import structlog

from gtvision_edge.archive import repository
from gtvision_edge.archive.model import AT_ONCE, Kind, Owed
from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.lines.bounds import BATCH, ROUND_S, give_up_excess
from gtvision_edge.lines.tally import Leaving, tally
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)


class ArchiveBounds:
    """Keeps what waits within ``keep`` and ``max_waiting``. While *trusts_clock* is False nothing is judged by its age."""

    def __init__(
        self,
        settings: ArchiveSettings,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        trusts_clock: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._database = database
        self._audit = audit
        self._clock = clock
        self._trusts_clock = trusts_clock

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        while True:
            await self.go_round()
            await self._clock.sleep(ROUND_S)

    async def go_round(self) -> int:
        """Give up what is past a bound; return how many copies. Each batch is one commit with its audit entry."""
        given_up = await give_up_excess(
            self._database,
            drop_aged=self._drop_aged,
            shrink=self._shrink,
            most=self._settings.max_waiting,
            trusts_clock=self._trusts_clock(),
        )
        if given_up:
            log.warning("archive_copies_given_up", copies=given_up)
        return given_up

    def _drop_aged(self, transaction: Transaction) -> int:
        until_us = self._clock.now_us() - round(self._settings.keep * 1e6)
        aged = repository.take_aged(transaction, until_us, BATCH)
        return self._write_down(transaction, aged, "age", round(self._settings.keep))

    def _shrink(self, transaction: Transaction, most: int) -> int:
        excess = repository.count_waiting(transaction) - most
        if excess <= 0:
            return 0
        oldest = repository.take_oldest_pictures(
            transaction, min(excess, BATCH), but_first=AT_ONCE[Kind.PICTURE]
        )
        return self._write_down(transaction, oldest, "count", self._settings.max_waiting)

    def _write_down(
        self,
        transaction: Transaction,
        given_up: Sequence[Owed],
        reason: Literal["age", "count"],
        bound: int,
    ) -> int:
        if not given_up:
            return 0
        repository.note_given_up(transaction, len(given_up), self._clock.now_us())
        self._audit.append(
            transaction,
            actor=SYSTEM,
            action="archive.copies_given_up",
            subject="archive",
            details={"reason": reason, "bound": bound, **facts_of(given_up)},
        )
        return len(given_up)


def facts_of(given_up: Sequence[Owed]) -> dict[str, object]:
    """Return what the audit log keeps of acts that are not done at the store."""
    leaving = [
        Leaving(
            name=f"{each.act.value} {each.key}",
            kind=f"{each.act.value} {each.kind.value}",
            size_bytes=each.size_bytes,
            since_us=each.queued_us,
        )
        for each in given_up
    ]
    told = tally(sorted(leaving, key=lambda each: each.name))
    return {
        "acts": told.count,
        "kinds": dict(told.kinds),
        "bytes": told.size_bytes,
        "first_us": told.first_us,
        "last_us": told.last_us,
        "exports": sorted(each.export_id for each in given_up if each.export_id)[:100],
        "keys_sha256": told.names_sha256,
    }
