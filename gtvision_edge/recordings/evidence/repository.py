"""All SQL about exports."""

import json
from collections.abc import Iterable
from typing import Any, Final

from gtvision_edge.recordings.evidence.model import Bundle, Export, ExportOptions, LegalRequest
from gtvision_edge.recordings.evidence.states import ALIVE_SQL, ExportState
from gtvision_edge.recordings.model import ExportId, Span
from gtvision_edge.storage import Database, Row, Transaction

_COLUMNS = (
    "export_id, incident_id, tenant_id, request, state, step, done_bytes, total_bytes, error, created_by, created_by_name,"
    " created_us, finished_us, expires_us, bundle, bundle_bytes, bundle_sha256"
)
_CHANGING: Final = frozenset(
    {
        "step",
        "done_bytes",
        "total_bytes",
        "error",
        "finished_us",
        "expires_us",
        "bundle",
        "bundle_bytes",
        "bundle_sha256",
    }
)
"""What may change together with an export's state."""


def incident_is_open(transaction: Transaction, incident_id: str) -> bool:
    found = transaction.execute(
        "SELECT 1 FROM incidents WHERE incident_id = ? AND released_us IS NULL", (incident_id,)
    ).fetchone()
    return found is not None


async def find_tenant_name(database: Database, tenant_id: str) -> str:
    row = await database.fetch_one("SELECT name FROM tenants WHERE tenant_id = ?", (tenant_id,))
    return str(row["name"]) if row else ""


async def find_export(database: Database, export_id: str) -> Export | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM exports WHERE export_id = ?",  # noqa: S608 -- a constant
        (export_id,),
    )
    return _export(row) if row else None


def read_export(transaction: Transaction, export_id: str) -> Export | None:
    """Return an export as *transaction* sees it."""
    row = transaction.execute(
        f"SELECT {_COLUMNS} FROM exports WHERE export_id = ?",  # noqa: S608 -- a constant
        (export_id,),
    ).fetchone()
    return _export(row) if row else None


async def exports_before(
    database: Database,
    export_id: str | None,
    limit: int,
    *,
    tenant_id: str | None,
    incident_id: str | None,
) -> list[Export]:
    """Return up to *limit* exports older than *export_id* (None = from the newest), newest first."""
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM exports WHERE (?1 IS NULL OR export_id < ?1)"  # noqa: S608
        " AND (?2 IS NULL OR tenant_id = ?2) AND (?3 IS NULL OR incident_id = ?3) ORDER BY export_id DESC LIMIT ?4",
        (export_id, tenant_id, incident_id, limit),
    )
    return [_export(row) for row in rows]


async def exports_in(database: Database, *states: ExportState) -> list[Export]:
    """Return the exports in these states, oldest first."""
    marks = ", ".join("?" * len(states))
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM exports WHERE state IN ({marks}) ORDER BY export_id",  # noqa: S608
        [state.value for state in states],
    )
    return [_export(row) for row in rows]


def count_waiting(transaction: Transaction) -> int:
    row = transaction.execute(
        f"SELECT count(*) AS n FROM exports WHERE state IN ({ALIVE_SQL})"  # noqa: S608 -- a constant
    ).fetchone()
    return int(row["n"])


def insert_export(transaction: Transaction, export: Export) -> None:
    request = {
        "camera_nos": export.camera_nos,
        "camera_ids": export.camera_ids,
        "start_us": export.span.start_us,
        "end_us": export.span.end_us,
        "gaps": export.options.gaps,
        "readings": export.options.readings,
        "snapshots": export.options.snapshots,
        "authority": export.request.authority,
        "reference": export.request.reference,
        "legal_basis": export.request.legal_basis,
        "purpose": export.request.purpose,
        "registration": export.operator_registration,
        "role": export.operator_role,
        "name": export.operator_name,
    }
    transaction.execute(
        "INSERT INTO exports (export_id, incident_id, tenant_id, request, state, total_bytes, created_by, created_by_name,"
        " created_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            export.export_id,
            export.incident_id,
            export.tenant_id,
            json.dumps(request, ensure_ascii=False),
            export.state.value,
            export.total_bytes,
            export.created_by,
            export.created_by_name,
            export.created_us,
        ),
    )


def move_state(
    transaction: Transaction,
    export_id: str,
    before: frozenset[ExportState],
    after: ExportState,
    **columns: Any,
) -> bool:
    """Change the state, and *columns* with it, if it is one of *before*; tell whether it was.

    Raises:
        ValueError: one of *columns* may not be changed with the state, or there is none of that name.

    """
    if unknown := columns.keys() - _CHANGING:
        raise ValueError(f"no such columns: {', '.join(sorted(unknown))}")
    sets = "".join(f", {name} = ?" for name in columns)
    marks = ", ".join("?" * len(before))
    changed = transaction.execute(
        f"UPDATE exports SET state = ?{sets} WHERE export_id = ? AND state IN ({marks})",  # noqa: S608 -- names of columns
        [
            after.value,
            *columns.values(),
            export_id,
            *(state.value for state in before),
        ],
    )
    return changed.rowcount == 1


async def fetch_clock_log(database: Database, span: Span) -> list[dict[str, Any]]:
    """Return what the clock did in *span*, and the last thing before it."""
    rows = await database.fetch_all(
        "SELECT at_us, kind, step_us, source FROM clock_log WHERE at_us < ?2 AND at_us >= coalesce("
        "(SELECT max(at_us) FROM clock_log WHERE at_us <= ?1), ?1) ORDER BY rowid",
        (span.start_us, span.end_us),
    )
    return [dict(row) for row in rows]


async def find_last_leap(
    database: Database, since_us: int, until_us: int, *, least_us: int
) -> int | None:
    """Return when the clock last stepped ahead by *least_us* or more within these times; None = it did not."""
    row = await database.fetch_one(
        "SELECT max(at_us) AS at_us FROM clock_log WHERE at_us BETWEEN ? AND ? AND kind = 'step' AND step_us >= ?",
        (since_us, until_us, least_us),
    )
    return None if row is None else row["at_us"]


async def fetch_acts(database: Database, subjects: Iterable[str]) -> list[int]:
    """Return the numbers of all audit entries about incidents and exports (*subjects*)."""
    found: list[int] = []
    for subject in subjects:
        rows = await database.fetch_all(
            "SELECT seq FROM audit_log WHERE subject = ? AND (action LIKE 'incident.%' OR action LIKE 'export.%')",
            (subject,),
        )
        found += [row["seq"] for row in rows]
    return found


async def fetch_viewings(
    database: Database, subject: str, tenant_id: str, *, before_seq: int, limit: int
) -> list[tuple[int, str]]:
    """Return number and details of audit entries of who watched *subject*, newest first, those before *before_seq*."""
    rows = await database.fetch_all(
        "SELECT seq, details FROM audit_log WHERE subject = ? AND seq < ? AND tenant_id = ?"
        " AND action IN ('footage.viewed', 'footage.view_ended') ORDER BY seq DESC LIMIT ?",
        (subject, before_seq, tenant_id, limit),
    )
    return [(row["seq"], row["details"]) for row in rows]


async def export_ids_of(database: Database, incident_id: str) -> list[str]:
    rows = await database.fetch_all(
        "SELECT export_id FROM exports WHERE incident_id = ?", (incident_id,)
    )
    return [row["export_id"] for row in rows]


def _export(row: Row) -> Export:
    request = json.loads(row["request"])
    bundle = None
    if row["bundle"] is not None:
        bundle = Bundle(row["bundle"], row["bundle_bytes"], bytes(row["bundle_sha256"]))
    return Export(
        export_id=ExportId(row["export_id"]),
        incident_id=row["incident_id"],
        tenant_id=row["tenant_id"],
        camera_nos=tuple(request["camera_nos"]),
        camera_ids=tuple(request["camera_ids"]),
        span=Span(request["start_us"], request["end_us"]),
        options=ExportOptions(request["gaps"], request["readings"], request["snapshots"]),
        request=LegalRequest(
            request["authority"],
            request["reference"],
            request["legal_basis"],
            request["purpose"],
        ),
        operator_registration=request["registration"],
        operator_role=request["role"],
        operator_name=request["name"],
        state=ExportState(row["state"]),
        step=row["step"],
        done_bytes=row["done_bytes"],
        total_bytes=row["total_bytes"],
        error=row["error"],
        created_by=row["created_by"],
        created_by_name=row["created_by_name"],
        created_us=row["created_us"],
        finished_us=row["finished_us"],
        expires_us=row["expires_us"],
        bundle=bundle,
    )
