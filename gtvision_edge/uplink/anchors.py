"""Anchors: the head of the audit log, told to the hub, so that nobody on the box can write the log anew (I5).

Each one carries a signed checkpoint and the proof that the log of the one before is the beginning of this one. It is told
within the hour in which the log grew, at once when it grew by :data:`ENTRIES`, and once a day in any case.
"""

from typing import Final

import structlog

from gtvision_edge.audit import (
    AuditLog,
    DamagedTreeError,
    TreeHead,
    UnknownEntryError,
    write_checkpoint,
)
from gtvision_edge.keys import SiteKey
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import repository
from gtvision_edge.uplink.outbox import ANCHORS, Message, Outbox

log = structlog.get_logger(__name__)

LOOK_S: Final = 60.0
HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
ENTRIES: Final = 1000
KIND: Final = "br.gtvision.auditoria.ancora.v1"
SCHEMA: Final = "auditoria.ancora.v1.json"


class Anchors:
    """Looks at the log every minute and tells the hub of it when it is time."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, *, outbox: Outbox, key: SiteKey
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._outbox = outbox
        self._key = key

    async def run(self) -> None:
        """Look until cancelled. A log that is damaged is told once; ``audit verify`` says where."""
        is_told = False
        while True:
            try:
                await self.look()
                is_told = False
            except DamagedTreeError as error:
                if not is_told:
                    log.error("audit_not_anchored", code=error.code)  # noqa: TRY400 -- foreseen
                is_told = True
            await self._clock.sleep(LOOK_S)

    async def look(self) -> bool:
        """Tell the hub of the log if it is time; return whether it was.

        Raises:
            DamagedTreeError: the tree over the log lacks a part.

        """
        head = await self._audit.tree_head(self._database)
        before = await repository.fetch_anchor(self._database)
        now_us = self._clock.now_us()
        if not head.size or not _is_time(head, before, now_us):
            return False
        message = await self._message(head, before[0] if before else None, now_us)

        def write(transaction: Transaction) -> None:
            self._outbox.add(transaction, message)
            repository.put_anchor(transaction, head, now_us)

        await self._database.write(write)
        return True

    async def _message(self, head: TreeHead, before: TreeHead | None, now_us: int) -> Message:
        proof: tuple[bytes, ...] = ()
        if before is not None:
            try:
                proof = await self._audit.prove_growth(self._database, before.size, head)
            except UnknownEntryError:
                # The log is shorter than what the hub was told: it was cut off. The hub sees that by the sizes.
                log.error("audit_log_shorter", before=before.size, now=head.size)  # noqa: TRY400 -- foreseen
        message_id = new_uuid7(self._clock)
        return Message(
            message_id=message_id,
            kind=KIND,
            routing_key=ANCHORS,
            lane=ANCHORS,
            subject="auditoria",
            time_us=now_us,
            schema=SCHEMA,
            data={
                "id": message_id,
                "em": to_rfc3339(now_us),
                "entradas": head.size,
                "raiz": head.root.hex(),
                "checkpoint": write_checkpoint(head, self._key),
                "chave": self._key.public.openssh,
                "entradas_antes": before.size if before else None,
                "raiz_antes": before.root.hex() if before else None,
                "prova": [each.hex() for each in proof],
            },
        )


def _is_time(head: TreeHead, before: tuple[TreeHead, int] | None, now_us: int) -> bool:
    if before is None:
        return True
    told, told_us = before
    grown = head.size - told.size
    if grown < 0 or grown >= ENTRIES:
        return True
    # A clock that was set back makes a long pause of this at most.
    waited_us = abs(now_us - told_us)
    return waited_us >= (HOUR_US if grown else DAY_US)
