"""Compares the rows of footage with their seals, and the seals with the audit log. Files are not read."""

import asyncio
import json
from typing import Final

from gtvision_edge.audit import AuditFilter, AuditLog
from gtvision_edge.audit.tree import root_over
from gtvision_edge.recordings.seals import repository
from gtvision_edge.recordings.seals.model import Seal, SealFault, SealReport
from gtvision_edge.recordings.seals.proof import ACTION, leaf_of
from gtvision_edge.storage import Database

_CHUNK: Final = 20
_PAGE: Final = 500
_MAX_FAULTS: Final = 100


LATE_US: Final = 2 * 3_600_000_000
"""A seal that comes so long after a segment's end is late: they are made each hour."""


async def check_seals(database: Database, audit: AuditLog, *, now_us: int) -> SealReport:
    """Compare every segment's row with its seal, and every seal with its audit entry; tell what was sealed late, or is not.

    Together with a check of the audit log this finds whoever changed a file *and* its row, and its seal.
    """
    seals = segments = last = late = 0
    faults = await _missing_seals(database, audit)
    while chunk := await repository.seals_after(database, last, _CHUNK):
        last = chunk[-1].seal_id
        for seal in chunk:
            rows = await repository.sealed_segments(database, seal.seal_id)
            seals, segments = seals + 1, segments + len(rows)
            late += await repository.count_late(database, seal, LATE_US)
            known = frozenset(seal.leaves)
            faults += await _faults_of(database, audit, seal)
            faults += [
                SealFault("row_changed", seal.audit_seq, segment_id)
                for segment_id, facts in rows
                if leaf_of(facts) not in known
            ]
        if len(faults) >= _MAX_FAULTS:
            break
    waiting = await repository.fetch_waiting(database, now_us - LATE_US, _MAX_FAULTS)
    return SealReport(seals, segments, tuple(faults[:_MAX_FAULTS]), late, tuple(waiting))


async def _faults_of(database: Database, audit: AuditLog, seal: Seal) -> list[SealFault]:
    if await asyncio.to_thread(root_over, seal.leaves) != seal.root:
        return [SealFault("leaves_changed", seal.audit_seq)]
    entry = await audit.find_entry(database, seal.audit_seq)
    if entry is None or entry.action != ACTION:
        return [SealFault("entry_missing", seal.audit_seq)]
    named = json.loads(entry.details)
    if (named.get("root"), named.get("segments")) != (seal.root.hex(), len(seal.leaves)):
        return [SealFault("root_changed", seal.audit_seq)]
    return []


async def _missing_seals(database: Database, audit: AuditLog) -> list[SealFault]:
    faults: list[SealFault] = []
    before: int | None = None
    while True:
        page = await audit.page(
            database, wanted=AuditFilter(action=ACTION), before_seq=before, limit=_PAGE
        )
        seqs = [entry.seq for entry in page.entries]
        if seqs:
            there = await repository.seals_of_entries(database, seqs[-1], seqs[0])
            faults += [SealFault("seal_missing", seq) for seq in seqs if seq not in there]
        if page.before_seq is None or len(faults) >= _MAX_FAULTS:
            return faults
        before = page.before_seq
