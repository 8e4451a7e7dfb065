"""Seals what was recorded, proves it, and finds what was changed since."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.audit import (
    SYSTEM,
    AuditLog,
    DamagedTreeError,
    TreeHead,
    UnknownEntryError,
)
from gtvision_edge.audit.tree import inclusion, nodes_over, root_over
from gtvision_edge.keys import SiteKey
from gtvision_edge.recordings.model import SegmentId
from gtvision_edge.recordings.seals import repository
from gtvision_edge.recordings.seals.model import (
    Seal,
    SealedFacts,
    SegmentProof,
    Unsealed,
)
from gtvision_edge.recordings.seals.proof import (
    ACTION,
    leaf_of,
    whole_segment_document,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

MAX_LEAVES: Final = 4096
"""Segments in one transaction: an hour of 64 cameras, some 50 ms of the writer's thread."""

_TOLD_UNPROVEN: Final = 10

_HOUR_S: Final = 3600
_HOUR_US: Final = _HOUR_S * 1_000_000
_PAST_THE_HOUR_S: Final = 60


class FootageSeals:
    """One seal an hour and tenant: an audit entry with the Merkle root over the hashes of what was recorded.

    A segment is sealed once it is hashed. Sealing is one transaction: entry, seal and marks share one fate.
    """

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        key: SiteKey,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._key = key
        self._sealed = Counter(
            "gtvision_edge_segments_sealed",
            "Segments whose hash went into the audit log.",
            registry=registry or CollectorRegistry(),
        )

    async def run(self) -> None:
        """Seal at once, what the last run left, and then a minute past each hour."""
        await self._audit.fill_tree(self._database)
        while True:
            await self.seal_now()
            await self._database.write(repository.drop_leaves)
            past_s = self._clock.now_us() / 1_000_000 % _HOUR_S
            await self._clock.sleep((_PAST_THE_HOUR_S - past_s) % _HOUR_S or _HOUR_S)

    async def seal_now(self) -> int:
        """Seal every hashed segment that has no seal; return how many. An export calls it for its newest segments."""
        total = 0
        while count := await self._database.write(self._seal_some):
            total += count
            self._sealed.inc(count)
        if total:
            log.info("footage_sealed", segments=total)
        return total

    async def prove(
        self, segment_ids: Sequence[SegmentId], head: TreeHead
    ) -> dict[SegmentId, dict[str, Any]]:
        """Return by id the documents that prove segments in the log as of *head*; what is not sealed there is left out.

        ``check_whole_segment`` reads them.
        """
        documents: dict[SegmentId, dict[str, Any]] = {}
        by_entry = groupby(await self.prove_segments(segment_ids), key=lambda each: each.audit_seq)
        for seq, proofs in by_entry:
            try:
                entry = await self._audit.prove_entry(self._database, seq, head=head)
            except (UnknownEntryError, DamagedTreeError) as error:
                log.warning("seal_not_proven", audit_seq=seq, reason=error.code)
                continue
            documents |= {each.segment_id: whole_segment_document(each, entry) for each in proofs}
        return documents

    async def prove_segments(self, segment_ids: Sequence[SegmentId]) -> list[SegmentProof]:
        """Return the ways from segments to the audit entries that name their seals' roots, those of one seal together.

        What is not sealed yet, or no longer what was sealed, is left out and told in the log. Each seal is read once,
        and its tree is built once: that is what takes the time.
        """
        proofs: list[SegmentProof] = []
        sealed = await repository.fetch_sealed(self._database, segment_ids)
        for seal_id, facts in sorted(sealed.items()):
            seal = await repository.find_seal(self._database, seal_id)
            if seal is not None:
                proofs += await asyncio.to_thread(_proofs, seal, facts)
        unproven = set(segment_ids) - {each.segment_id for each in proofs}
        if unproven:
            log.warning(
                "segments_not_proven", count=len(unproven), first=sorted(unproven)[:_TOLD_UNPROVEN]
            )
        return proofs

    def _seal_some(self, transaction: Transaction) -> int:
        waiting = repository.unsealed_segments(transaction, MAX_LEAVES)
        waiting.sort(key=lambda each: each.tenant_id or "")  # stable: by time within a tenant
        for tenant_id, group in groupby(waiting, key=lambda each: each.tenant_id):
            self._seal(transaction, tenant_id, list(group))
        return len(waiting)

    def _seal(
        self, transaction: Transaction, tenant_id: str | None, segments: list[Unsealed]
    ) -> None:
        now_us = self._clock.now_us()
        leaves = tuple(leaf_of(each.facts) for each in segments)
        root = root_over(leaves)
        seal_id = repository.next_seal_id(transaction)
        seq = self._audit.append(
            transaction,
            actor=SYSTEM,
            action=ACTION,
            subject=f"seal:{seal_id}",
            tenant_id=tenant_id,
            details={
                "root": root.hex(),
                "segments": len(leaves),
                "first": to_rfc3339(segments[0].facts.name_us),
                "last": to_rfc3339(segments[-1].facts.name_us),
            },
        )
        seal = Seal(seal_id, tenant_id, now_us, root, leaves, seq)
        repository.insert_seal(transaction, seal, hour_us=now_us - now_us % _HOUR_US)
        repository.mark_sealed(transaction, seal_id, [each.segment_id for each in segments])


def _proofs(seal: Seal, facts: Mapping[SegmentId, SealedFacts]) -> list[SegmentProof]:
    """Return the proofs of those segments of *seal* that are what was sealed."""
    index_of = {leaf: index for index, leaf in enumerate(seal.leaves)}
    nodes = nodes_over(seal.leaves)
    proofs = []
    for segment_id, each in facts.items():
        index = index_of.get(leaf_of(each))
        if index is None:
            continue
        path = inclusion(index, len(seal.leaves), nodes)
        proofs.append(
            SegmentProof(
                segment_id,
                each,
                index,
                len(seal.leaves),
                tuple(path),
                seal.root,
                seal.sealed_us,
                seal.audit_seq,
            )
        )
    return proofs
