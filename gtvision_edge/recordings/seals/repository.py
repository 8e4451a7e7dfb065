"""The SQL of seals. What takes a transaction runs in the database's writer thread."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from gtvision_edge.audit.tree import HASH_BYTES
from gtvision_edge.recordings.model import SegmentId
from gtvision_edge.recordings.seals.model import Seal, SealedFacts, Unsealed
from gtvision_edge.storage import Database, Row, Transaction

_FACTS: Final = "c.camera_uuid, s.name_us, s.size_bytes, s.sha256"
_SEAL: Final = "seal_id, tenant_id, sealed_us, root, leaves, audit_seq"


def unsealed_segments(transaction: Transaction, limit: int) -> list[Unsealed]:
    """Return up to *limit* hashed segments without a seal, oldest first."""
    rows = transaction.execute(
        f"SELECT s.segment_id, c.tenant_id, {_FACTS} FROM segments s JOIN recorded_cameras c USING (camera_no)"  # noqa: S608
        " WHERE s.seal_id IS NULL AND s.sha256 IS NOT NULL AND s.doomed = 0"
        " ORDER BY s.start_us, s.segment_id LIMIT ?",
        (limit,),
    )
    return [Unsealed(SegmentId(row[0]), row[1], _facts(row, 2)) for row in rows]


def next_seal_id(transaction: Transaction) -> int:
    (number,) = transaction.execute(
        "SELECT COALESCE(MAX(seal_id), 0) + 1 FROM footage_seals"
    ).fetchone()
    return int(number)


def insert_seal(transaction: Transaction, seal: Seal, *, hour_us: int) -> None:
    transaction.execute(
        "INSERT INTO footage_seals (seal_id, tenant_id, hour_us, sealed_us, root, leaves, audit_seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            seal.seal_id,
            seal.tenant_id,
            hour_us,
            seal.sealed_us,
            seal.root,
            b"".join(seal.leaves),
            seal.audit_seq,
        ),
    )


def mark_sealed(transaction: Transaction, seal_id: int, segment_ids: Iterable[SegmentId]) -> None:
    transaction.executemany(
        "UPDATE segments SET seal_id = ? WHERE segment_id = ?",
        [(seal_id, segment_id) for segment_id in segment_ids],
    )


def drop_leaves(transaction: Transaction) -> int:
    """Empty the leaves of seals of which no segment is left; their roots stay in the log. Return how many."""
    return transaction.execute(
        "UPDATE footage_seals SET leaves = x'' WHERE length(leaves) > 0"
        " AND NOT EXISTS (SELECT 1 FROM segments WHERE segments.seal_id = footage_seals.seal_id)"
        " AND NOT EXISTS (SELECT 1 FROM missing_segments m WHERE m.seal_id = footage_seals.seal_id)"
    ).rowcount


async def seals_after(database: Database, seal_id: int, limit: int) -> list[Seal]:
    """Return up to *limit* seals above *seal_id* that still have leaves."""
    rows = await database.fetch_all(
        f"SELECT {_SEAL} FROM footage_seals WHERE seal_id > ? AND length(leaves) > 0"  # noqa: S608
        " ORDER BY seal_id LIMIT ?",
        (seal_id, limit),
    )
    return [_seal(row) for row in rows]


async def seals_of_entries(database: Database, first_seq: int, last_seq: int) -> set[int]:
    """Return which audit entries of that range have their seal."""
    rows = await database.fetch_all(
        "SELECT audit_seq FROM footage_seals WHERE audit_seq BETWEEN ? AND ?", (first_seq, last_seq)
    )
    return {row[0] for row in rows}


async def sealed_segments(database: Database, seal_id: int) -> list[tuple[SegmentId, SealedFacts]]:
    """Return the segments of a seal that are still there."""
    rows = await database.fetch_all(
        f"SELECT s.segment_id, {_FACTS} FROM segments s JOIN recorded_cameras c USING (camera_no)"  # noqa: S608
        " WHERE s.seal_id = ? AND s.doomed = 0",
        (seal_id,),
    )
    return [(SegmentId(row[0]), _facts(row, 1)) for row in rows]


async def count_late(database: Database, seal: Seal, late_us: int) -> int:
    """Return how many segments of a seal had ended *late_us* before it was made."""
    row = await database.fetch_one(
        "SELECT count(*) FROM segments WHERE seal_id = ? AND end_us < ?",
        (seal.seal_id, seal.sealed_us - late_us),
    )
    return int(row[0]) if row else 0


async def fetch_waiting(database: Database, before_us: int, limit: int) -> list[SegmentId]:
    """Return hashed segments that ended before *before_us* and have no seal, if none was made since then.

    Where seals are made, what waits was indexed only now, and is sealed within the hour.
    """
    rows = await database.fetch_all(
        "SELECT segment_id FROM segments WHERE seal_id IS NULL AND sha256 IS NOT NULL AND doomed = 0 AND start_us < ?1"
        " AND end_us < ?1 AND NOT EXISTS (SELECT 1 FROM footage_seals WHERE sealed_us > ?1) ORDER BY start_us LIMIT ?2",
        (before_us, limit),
    )
    return [SegmentId(row[0]) for row in rows]


async def fetch_sealed(
    database: Database, segment_ids: Sequence[SegmentId]
) -> dict[int, dict[SegmentId, SealedFacts]]:
    """Return the facts of those segments that have a seal, by the rows, under the number of their seal."""
    rows = await database.fetch_all(
        f"SELECT s.segment_id, s.seal_id, {_FACTS} FROM json_each(?) asked"  # noqa: S608
        " JOIN segments s ON s.segment_id = asked.value JOIN recorded_cameras c USING (camera_no)"
        " WHERE s.seal_id IS NOT NULL",
        (json.dumps(segment_ids),),
    )
    found: dict[int, dict[SegmentId, SealedFacts]] = {}
    for row in rows:
        found.setdefault(row[1], {})[SegmentId(row[0])] = _facts(row, 2)
    return found


async def find_seal(database: Database, seal_id: int) -> Seal | None:
    row = await database.fetch_one(
        f"SELECT {_SEAL} FROM footage_seals WHERE seal_id = ?",  # noqa: S608
        (seal_id,),
    )
    return _seal(row) if row else None


def _facts(row: Row, at: int) -> SealedFacts:
    sha256: Any = row[at + 3]
    return SealedFacts(row[at], row[at + 1], row[at + 2], bytes(sha256 or b""))


def _seal(row: Row) -> Seal:
    leaves = bytes(row[4])
    return Seal(
        seal_id=row[0],
        tenant_id=row[1],
        sealed_us=row[2],
        root=bytes(row[3]),
        leaves=tuple(leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES)),
        audit_seq=row[5],
    )
