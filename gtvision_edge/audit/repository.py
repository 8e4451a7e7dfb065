"""The table ``audit_log``: rows are added and read, never changed."""

from dataclasses import astuple
from typing import Any

from gtvision_edge.audit.model import AuditEntry, AuditFilter
from gtvision_edge.storage import Database, Row, Transaction

_COLUMNS = (
    "seq, at_us, actor, actor_name, tenant_id, action, subject, address,"
    " details, salt, previous_hash, hash"
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
    is_family = wanted.action is not None and wanted.action.endswith(".")
    conditions: list[tuple[str, Any]] = [
        ("seq < ?", seq),
        ("tenant_id = ?", tenant_id),
        ("instr(action, ?) = 1" if is_family else "action = ?", wanted.action),
        ("actor = ?", wanted.actor),
        ("subject = ?", wanted.subject),
        ("at_us >= ?", wanted.start_us),
        ("at_us < ?", wanted.end_us),
    ]
    used = [(condition, value) for condition, value in conditions if value is not None]
    where = " AND ".join(condition for condition, _ in used)
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM audit_log {'WHERE ' + where if where else ''}"  # noqa: S608 -- values are bound
        " ORDER BY seq DESC LIMIT ?",
        (*(value for _, value in used), limit),
    )
    return [_to_entry(row) for row in rows]


def _to_entry(row: Row) -> AuditEntry:
    return AuditEntry(*row)
