"""Entries about what people were shown: nobody's picture goes dark because the log cannot be written, and no entry is lost."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gtvision_edge.audit.log import AuditLog
from gtvision_edge.audit.model import Actor
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database, StorageError, Transaction

log = structlog.get_logger(__name__)

MAX_OWED: Final = 10_000
"""Entries kept while the database cannot be written; beyond it the oldest goes."""


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry to be written; the fields are those of :meth:`AuditLog.append`."""

    actor: Actor
    action: str
    subject: str
    tenant_id: str | None
    details: Mapping[str, object]


class PatientAudit:
    """Writes entries at once, or keeps them in memory until it can; their own time goes along then (``late``, ``at``)."""

    def __init__(self, database: Database, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._owed: deque[ShownEntry] = deque(maxlen=MAX_OWED)

    async def write(self, entry: ShownEntry) -> None:
        """Have *entry* in the log when this returns, or owe it where the database refuses."""
        try:
            await self._write([entry])
        except StorageError as error:
            if not self._owed:
                log.exception("viewings_not_audited", code=error.code)
            self.owe(entry)

    def owe(self, entry: ShownEntry) -> None:
        """Keep *entry* for the next :meth:`pay`."""
        at = to_rfc3339(self._clock.now_us())
        details = {**entry.details, "late": True, "at": at}
        self._owed.append(replace(entry, details=details))

    async def pay(self) -> None:
        """Write down what is owed, if that goes now."""
        if not self._owed:
            return
        owed = list(self._owed)
        self._owed.clear()
        try:
            await self._write(owed)
        except StorageError:
            self._give_back(owed)
        except BaseException:
            self._give_back(owed)
            raise
        else:
            log.info("viewings_audited_late", entries=len(owed))

    def _give_back(self, owed: Sequence[ShownEntry]) -> None:
        self._owed = deque([*owed, *self._owed], maxlen=MAX_OWED)

    async def _write(self, entries: Sequence[ShownEntry]) -> None:
        def work(transaction: Transaction) -> None:
            for entry in entries:
                self._audit.append(
                    transaction,
                    actor=entry.actor,
                    action=entry.action,
                    subject=entry.subject,
                    tenant_id=entry.tenant_id,
                    details=entry.details,
                )

        await self._database.write(work)
