"""The tables ``audit_log`` and ``audit_tree``: rows are added and read, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

from gtvision_edge.audit.model import AuditEntry, AuditFilter
from gtvision_edge.audit.tree import Place, leaf_hash, nodes_after
from gtvision_edge.storage import Database, Row, Transaction

_COLUMNS = (
    "seq, at_us, actor, actor_name, tenant_id, action, subject, address,"
    " details, salt, previous_hash, hash"
)

_NEWEST_LEAF = "SELECT position FROM audit_tree WHERE level = 0 ORDER BY position DESC LIMIT 1"

# A row that somebody damaged is no JSON; the check of the chain tells of it, reading goes on.
_OF_CAMERA = (
    "(subject = ? OR CASE WHEN json_valid(details)"
    " THEN EXISTS (SELECT 1 FROM json_each(details, '$.cameras') WHERE value = ?) ELSE 0 END)"
)


def find_head(transaction: Transaction) -> tuple[int, bytes] | None:
    """Return seq and hash of the newest entry, or None for an empty log."""
    row = transaction.execute(
        "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return (row[0], bytes(row[1])) if row else None


def insert_entry(transaction: Transaction, entry: AuditEntry) -> None:
    transaction.execute(
        f"INSERT INTO audit_log ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- a constant
        astuple(entry),
    )


async def entries_after(database: Database, seq: int, limit: int) -> list[AuditEntry]:
    """Return up to *limit* entries above *seq*, oldest first."""
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM audit_log WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 -- a constant
        (seq, limit),
    )
    return [_to_entry(row) for row in rows]


async def entries_before(
    database: Database,
    seq: int | None,
    limit: int,
    *,
    tenant_id: str | None,
    wanted: AuditFilter,
) -> list[AuditEntry]:
    """Return up to *limit* entries below *seq* (None = from the newest), newest first."""
    conditions: list[tuple[str, Any]] = [
        ("seq < ?", seq),
        ("tenant_id = ?", tenant_id),
        ("actor = ?", wanted.actor),
        ("subject = ?", wanted.subject),
        ("at_us >= ?", wanted.start_us),
        ("at_us < ?", wanted.end_us),
    ]
    used: list[tuple[str, tuple[Any, ...]]] = [
        (condition, (value,)) for condition, value in conditions if value is not None
    ]
    if wanted.action is not None:
        acts = tuple(wanted.action.split(","))
        each = ["instr(action, ?) = 1" if act.endswith(".") else "action = ?" for act in acts]
        used.append((f"({' OR '.join(each)})", acts))
    if wanted.camera_id is not None:
        used.append((_OF_CAMERA, (f"camera:{wanted.camera_id}", wanted.camera_id)))
    where = " AND ".join(condition for condition, _ in used)
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM audit_log {'WHERE ' + where if where else ''}"  # noqa: S608 -- values are bound
        " ORDER BY seq DESC LIMIT ?",
        (*(value for _, values in used for value in values), limit),
    )
    return [_to_entry(row) for row in rows]


async def find_entry(database: Database, seq: int) -> AuditEntry | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM audit_log WHERE seq = ?",  # noqa: S608 -- a constant
        (seq,),
    )
    return _to_entry(row) if row else None


def tree_size(transaction: Transaction) -> int:
    """Return how many entries the tree covers."""
    row = transaction.execute(_NEWEST_LEAF).fetchone()
    return row[0] + 1 if row else 0


async def read_sizes(database: Database) -> tuple[int, int]:
    """Return how many entries the log has and how many the tree covers, as of one moment."""
    row = await database.fetch_one(
        f"SELECT (SELECT MAX(seq) FROM audit_log), ({_NEWEST_LEAF})"  # noqa: S608 -- a constant
    )
    assert row is not None  # noqa: S101 -- such a query always has one
    return row[0] or 0, 0 if row[1] is None else row[1] + 1


def insert_leaf(transaction: Transaction, seq: int, entry_hash: bytes) -> None:
    """Add the entry *seq*, the next one, to the tree.

    Raises:
        LookupError: a subtree that it completes lacks its left half.

    """

    def node_at(place: Place) -> bytes:
        row = transaction.execute(
            "SELECT hash FROM audit_tree WHERE level = ? AND position = ?", place
        ).fetchone()
        if row is None:
            raise LookupError(place)
        return bytes(row[0])

    transaction.executemany(
        "INSERT INTO audit_tree (level, position, hash) VALUES (?, ?, ?)",
        [
            (level, position, node)
            for (level, position), node in nodes_after(seq - 1, leaf_hash(entry_hash), node_at)
        ],
    )


def hashes_after(transaction: Transaction, seq: int, limit: int) -> list[tuple[int, bytes]]:
    """Return seq and hash of up to *limit* entries above *seq*, oldest first."""
    rows = transaction.execute(
        "SELECT seq, hash FROM audit_log WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    )
    return [(row[0], bytes(row[1])) for row in rows]


async def read_hashes(database: Database, seq: int, limit: int) -> list[bytes]:
    """Return the hashes of up to *limit* entries above *seq*, oldest first."""
    rows = await database.fetch_all(
        "SELECT hash FROM audit_log WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    )
    return [bytes(row[0]) for row in rows]


async def read_nodes(database: Database, places: Iterable[Place]) -> dict[Place, bytes]:
    """Return the subtrees at *places*, as far as there are any."""
    found = {}
    for place in places:
        row = await database.fetch_one(
            "SELECT hash FROM audit_tree WHERE level = ? AND position = ?", place
        )
        if row is not None:
            found[place] = bytes(row[0])
    return found


async def nodes_between(database: Database, old: int, new: int) -> dict[Place, bytes]:
    """Return the subtrees that the entries after the first *old* and up to the first *new* completed."""
    found = {}
    for level in range(new.bit_length()):
        rows: Sequence[Row] = await database.fetch_all(
            "SELECT position, hash FROM audit_tree"
            " WHERE level = ? AND position >= ? AND position < ?",
            (level, old >> level, new >> level),
        )
        found.update({(level, row[0]): bytes(row[1]) for row in rows})
    return found


def _to_entry(row: Row) -> AuditEntry:
    return AuditEntry(*row)
