"""The audit log as everyone else uses it."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gtvision_edge.audit import repository
from gtvision_edge.audit.chain import (
    GENESIS,
    SALT_BYTES,
    canonical_json,
    check_stretch,
    entry_hash,
)
from gtvision_edge.audit.model import (
    Actor,
    AuditEntry,
    AuditFilter,
    AuditPage,
    Checkpoint,
    Verification,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

_CHUNK: Final = 1000
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


class AuditLog:
    """Append-only, hash-chained: each entry names the hash of the one before it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def append(
        self,
        transaction: Transaction,
        *,
        actor: Actor,
        action: str,
        subject: str = "",
        tenant_id: str | None = None,
        details: Mapping[str, object] = _NOTHING,
    ) -> int:
        """Add an entry inside the caller's *transaction*, so that the act and its entry share one fate; return its seq.

        *action* is a stable dotted name (``camera.created``), *subject* ``kind:id``, *tenant_id* whose business it is
        (None = the site's), *details* JSON facts and never a secret. Runs in the database's writer thread.
        """
        seq, previous = repository.find_head(transaction) or (0, GENESIS)
        unsealed = AuditEntry(
            seq=seq + 1,
            at_us=self._clock.now_us(),
            actor=actor.user_id,
            actor_name=_storable(actor.name),
            tenant_id=tenant_id,
            action=action,
            subject=_storable(subject),
            address=_storable(actor.address),
            details=canonical_json(dict(details)),
            salt=os.urandom(SALT_BYTES),
            previous_hash=previous,
            hash=b"",
        )
        repository.insert_entry(transaction, _sealed(unsealed))
        return unsealed.seq

    async def verify(
        self, database: Database, *, checkpoint: Checkpoint | None = None
    ) -> Verification:
        """Read the whole log in chunks, hashing outside the loop; tell where it first differs from what was written.

        Finds an edit, a removal, a swap and a cut-off beginning. A cut-off end needs a *checkpoint* from elsewhere.
        """
        seq, head, fault = 0, GENESIS, ""
        while not fault:
            chunk = await repository.entries_after(database, seq, _CHUNK)
            if not chunk:
                break
            seq, head, fault = await asyncio.to_thread(check_stretch, chunk, seq=seq, head=head)
            if not fault and checkpoint is not None and chunk[0].seq <= checkpoint.seq <= seq:
                kept = chunk[checkpoint.seq - chunk[0].seq]
                if kept.hash != checkpoint.hash:
                    return Verification(
                        seq, head, checkpoint.seq, "is not the one the checkpoint saw"
                    )
        if fault:
            return Verification(seq, head, seq + 1, fault)
        if checkpoint is not None and seq < checkpoint.seq:
            return Verification(seq, head, seq + 1, "is missing, and a checkpoint saw it")
        return Verification(seq, head)

    async def page(
        self,
        database: Database,
        *,
        tenant_id: str | None = None,
        wanted: AuditFilter = AuditFilter(),
        before_seq: int | None = None,
        limit: int = 100,
    ) -> AuditPage:
        """Return entries, newest first; of *tenant_id* alone, or of the site and every tenant when it is None."""
        entries = await repository.entries_before(
            database, before_seq, limit + 1, tenant_id=tenant_id, wanted=wanted
        )
        more = len(entries) > limit
        return AuditPage(entries[:limit], entries[limit - 1].seq if more else None)


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _sealed(entry: AuditEntry) -> AuditEntry:
    return replace(entry, hash=entry_hash(entry))
