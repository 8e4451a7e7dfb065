"""The audit log as everyone else uses it."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import structlog

from gtvision_edge.audit import repository, tree
from gtvision_edge.audit.chain import (
    GENESIS,
    SALT_BYTES,
    canonical_json,
    check_stretch,
    entry_hash,
)
from gtvision_edge.audit.errors import DamagedTreeError, UnknownEntryError
from gtvision_edge.audit.model import (
    Actor,
    AuditEntry,
    AuditFilter,
    AuditPage,
    Checkpoint,
    EntryProof,
    TreeHead,
    Verification,
)
from gtvision_edge.audit.tree_check import TreeCheck
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

_CHUNK: Final = 1000
_FEW: Final = 100
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
        entry = _sealed(unsealed)
        repository.insert_entry(transaction, entry)
        _grow_tree(transaction, entry)
        return entry.seq

    async def fill_tree(self, database: Database) -> int:
        """Take entries into the tree that were written before there was one; return how many, 0 = it was complete."""
        filled = 0
        while added := await database.write(_fill_some):
            filled += added
        return filled

    async def tree_head(self, database: Database) -> TreeHead:
        """Return size and root of the log as it is now.

        Raises:
            DamagedTreeError: the tree lacks a part.

        """
        await self.fill_tree(database)
        _, size = await repository.read_sizes(database)
        nodes = await repository.read_nodes(database, tree.places_for_root(size))
        return TreeHead(size, tree.root(size, _lookup(nodes)))

    async def find_entry(self, database: Database, seq: int) -> AuditEntry | None:
        return await repository.find_entry(database, seq)

    async def prove_entry(
        self, database: Database, seq: int, *, head: TreeHead | None = None
    ) -> EntryProof:
        """Prove that entry *seq* is in the log as of *head* (None = as it is now).

        Raises:
            UnknownEntryError: there is no such entry, or it is younger than *head*.
            DamagedTreeError: the tree lacks a part.

        """
        head = head or await self.tree_head(database)
        entry = await repository.find_entry(database, seq)
        if entry is None or not 0 < seq <= head.size:
            raise UnknownEntryError("The log has no such entry.")
        nodes = await repository.read_nodes(database, tree.places_for_inclusion(seq - 1, head.size))
        path = tree.inclusion(seq - 1, head.size, _lookup(nodes))
        return EntryProof(entry, head, tuple(path))

    async def prove_growth(
        self, database: Database, old_size: int, head: TreeHead
    ) -> tuple[bytes, ...]:
        """Prove that the log as of *head* begins with the first *old_size* entries (RFC 6962 consistency).

        Raises:
            UnknownEntryError: *old_size* is not between 1 and the size of *head*.
            DamagedTreeError: the tree lacks a part.

        """
        if not 0 < old_size <= head.size:
            raise UnknownEntryError("The log has no such entry.")
        places = tree.places_for_consistency(old_size, head.size)
        nodes = await repository.read_nodes(database, places)
        return tuple(tree.consistency(old_size, head.size, _lookup(nodes)))

    async def verify(
        self,
        database: Database,
        *,
        checkpoint: Checkpoint | None = None,
        known: TreeHead | None = None,
    ) -> Verification:
        """Read the whole log in chunks, hashing outside the loop; tell where it first differs from what was written.

        Finds an edit, a removal, a swap, a cut-off beginning, and entries or subtrees that the tree has otherwise. A
        cut-off end whose tree was cut off too, or a history written anew with its hashes, needs a *checkpoint* or a
        *known* tree head from elsewhere.
        """
        found = await self._verify_chain(database, checkpoint)
        if not found.is_whole:
            return found
        return await TreeCheck(database, found, known, chunk=_CHUNK).run()

    async def _verify_chain(
        self, database: Database, checkpoint: Checkpoint | None
    ) -> Verification:
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


def _grow_tree(transaction: Transaction, entry: AuditEntry) -> None:
    """Take *entry* into the tree, and with it the few that it may lack.

    A tree that lacks more is left to ``fill_tree``, a damaged one to ``verify``: neither may keep an act from being logged.
    """
    size = repository.tree_size(transaction)
    missing = entry.seq - size
    if missing == 1:
        leaves = [(entry.seq, entry.hash)]
    elif 1 < missing <= _FEW:
        leaves = repository.hashes_after(transaction, size, missing)
    else:
        return
    _insert_leaves(transaction, leaves)


def _fill_some(transaction: Transaction) -> int:
    size = repository.tree_size(transaction)
    return _insert_leaves(transaction, repository.hashes_after(transaction, size, _CHUNK))


def _insert_leaves(transaction: Transaction, leaves: list[tuple[int, bytes]]) -> int:
    size = repository.tree_size(transaction)
    for number, (seq, leaf) in enumerate(leaves, 1):
        if seq != size + number:  # an entry was removed
            return number - 1
        try:
            repository.insert_leaf(transaction, seq, leaf)
        except LookupError:
            log.error("audit_tree_damaged", seq=seq)  # noqa: TRY400 -- verify says where
            return number - 1
    return len(leaves)


def _lookup(nodes: dict[tree.Place, bytes]) -> tree.NodeAt:
    def node_at(place: tree.Place) -> bytes:
        if place not in nodes:
            raise DamagedTreeError("The tree over the audit log lacks a part: run audit verify.")
        return nodes[place]

    return node_at


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _sealed(entry: AuditEntry) -> AuditEntry:
    return replace(entry, hash=entry_hash(entry))
