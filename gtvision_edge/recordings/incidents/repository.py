"""All SQL about incidents, and the flag ``segments.held`` that follows from them."""

from collections.abc import Iterable
from typing import Final

from gtvision_edge.recordings.evidence.states import ALIVE_SQL
from gtvision_edge.recordings.holding import held_by_incident, holds_moment
from gtvision_edge.recordings.incidents.model import Coverage, Incident, Release
from gtvision_edge.recordings.model import MAX_SEGMENT_US, CameraNo, IncidentId, Span
from gtvision_edge.recordings.timeline.merging import CONTINUES_US, NEIGHBOURS_US
from gtvision_edge.storage import Database, Row, Transaction

_INCIDENT = (
    "SELECT i.incident_id, i.tenant_id, i.start_us, i.end_us, i.reason, i.reference, i.review_us, i.created_by,"
    " i.created_by_name, i.created_us, i.released_us, i.released_by, i.release_reason,"
    " (SELECT group_concat(camera_no) FROM incident_cameras c WHERE c.incident_id = i.incident_id) AS cameras"
    " FROM incidents i"
)

_ROWS = (
    "WITH found AS MATERIALIZED (SELECT s.segment_id, max(s.start_us, :start_us) AS start_us,"
    " min(s.end_us, :end_us) AS end_us, s.size_bytes, s.continues FROM segments s"
    " JOIN segment_formats f USING (format_id) WHERE s.camera_no = :camera_no AND s.start_us < :end_us"
    " AND s.start_us > :start_us - :longest AND s.end_us > :start_us AND s.doomed = 0 AND f.video <> '')"
)
MOST_GAPS: Final = 1000
"""Of one camera, in one incident: a list for people."""


def insert_incident(transaction: Transaction, incident: Incident) -> None:
    """Add an open incident. From the commit on it holds: deletion asks the incidents themselves."""
    transaction.execute(
        "INSERT INTO incidents (incident_id, tenant_id, start_us, end_us, reason, reference, review_us, created_by,"
        " created_by_name, created_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            incident.incident_id,
            incident.tenant_id,
            incident.start_us,
            incident.end_us,
            incident.reason,
            incident.reference,
            incident.review_us,
            incident.created_by,
            incident.created_by_name,
            incident.created_us,
        ),
    )
    transaction.executemany(
        "INSERT INTO incident_cameras (incident_id, camera_no) VALUES (?, ?)",
        [(incident.incident_id, camera_no) for camera_no in incident.cameras],
    )


def preserves(transaction: Transaction, camera_uuid: str, at_us: int) -> bool:
    """Tell whether an open incident holds what was at a camera at that moment, footage or not."""
    condition = holds_moment(camera_uuid=":uuid", time_us=":at_us")
    row = transaction.execute(
        f"SELECT 1 WHERE {condition}",
        {"uuid": camera_uuid, "at_us": at_us},
    ).fetchone()
    return row is not None


FLAGGED_AT_A_TIME: Final = 2000
"""A month of many cameras is hundreds of thousands of rows, and all other commits wait for one."""


def hold_some(transaction: Transaction, incident: Incident) -> int:
    """Flag some of what *incident* holds and bears no flag yet, so that no query for something to delete finds it.

    Return how many; 0 = all are flagged, or it was released meanwhile. Deletion asks the incidents themselves: the flag
    only spares it the looking.
    """
    count = 0
    for camera_no in incident.cameras:
        count += transaction.execute(
            "UPDATE segments SET held = 1 WHERE segment_id IN (SELECT segment_id FROM segments WHERE camera_no = ?"  # noqa: S608
            f" AND start_us < ? AND end_us > ? AND held = 0 AND doomed = 0 AND {held_by_incident()} LIMIT ?)",
            (camera_no, incident.end_us, incident.start_us, FLAGGED_AT_A_TIME - count),
        ).rowcount
        if count >= FLAGGED_AT_A_TIME:
            break
    return count


def free_some(transaction: Transaction, incident: Incident) -> int:
    """Take the flag off some of what only *incident* held, which is released; return how many, 0 = none bears it any more."""
    count = 0
    for camera_no in incident.cameras:
        count += transaction.execute(
            "UPDATE segments SET held = 0 WHERE segment_id IN (SELECT segment_id FROM segments WHERE camera_no = ?1"  # noqa: S608
            f" AND start_us < ?2 AND end_us > ?3 AND held = 1 AND NOT {held_by_incident()} LIMIT ?4)",
            (camera_no, incident.end_us, incident.start_us, FLAGGED_AT_A_TIME - count),
        ).rowcount
        if count >= FLAGGED_AT_A_TIME:
            break
    return count


def update_incident(transaction: Transaction, incident: Incident) -> None:
    """Write what may change of an open incident."""
    release = incident.release
    transaction.execute(
        "UPDATE incidents SET reason = ?, reference = ?, review_us = ?, end_us = ?, start_us = ?, released_us = ?,"
        " released_by = ?, release_reason = ? WHERE incident_id = ?",
        (
            incident.reason,
            incident.reference,
            incident.review_us,
            incident.end_us,
            incident.start_us,
            release.at_us if release else None,
            release.by if release else None,
            release.reason if release else None,
            incident.incident_id,
        ),
    )


def get_incident_row(transaction: Transaction, incident_id: str) -> Incident | None:
    row = transaction.execute(f"{_INCIDENT} WHERE i.incident_id = ?", (incident_id,)).fetchone()
    return _to_incident(row) if row else None


async def find_incident(database: Database, incident_id: str) -> Incident | None:
    row = await database.fetch_one(f"{_INCIDENT} WHERE i.incident_id = ?", (incident_id,))
    return _to_incident(row) if row else None


async def incidents_before(
    database: Database, incident_id: str, limit: int, *, tenant_id: str | None, is_open: bool | None
) -> list[Incident]:
    """Return up to *limit* incidents, newest first, made before *incident_id* ('' = from the newest)."""
    rows = await database.fetch_all(
        f"{_INCIDENT} WHERE (?1 = '' OR i.incident_id < ?1) AND (?2 IS NULL OR i.tenant_id = ?2)"
        " AND (?3 IS NULL OR (i.released_us IS NULL) = ?3) ORDER BY i.incident_id DESC LIMIT ?4",
        (incident_id, tenant_id, is_open, limit),
    )
    return [_to_incident(row) for row in rows]


async def fetch_coverage(database: Database, camera_no: CameraNo, span: Span) -> Coverage:
    """Return what finished files there are of *span*; neighbours and gaps are told apart as the timeline does.

    SQLite counts, for a month has 44,000 files of each camera: as objects here they would hold up the loop.
    """
    facts = {
        "camera_no": camera_no,
        "start_us": span.start_us,
        "end_us": span.end_us,
        "longest": MAX_SEGMENT_US,
    }
    (total,) = await database.count_all(
        f"{_ROWS} SELECT count(*) AS segments, ifnull(sum(size_bytes), 0) AS size_bytes,"  # noqa: S608 -- texts of ours
        " min(start_us) AS first_us, max(end_us) AS last_us FROM found",
        facts,
    )
    if not total["segments"]:
        return Coverage(0, 0, None, (), 0)
    gaps = await database.count_all(
        f"{_ROWS}, reached AS (SELECT start_us, continues, max(end_us) OVER (ORDER BY start_us, segment_id"  # noqa: S608 -- likewise
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_us FROM found)"
        " SELECT before_us, start_us, sum(start_us - before_us) OVER () AS missing_us FROM reached"
        " WHERE start_us - before_us > :neighbours AND NOT (continues AND start_us - before_us <= :continues)"
        " ORDER BY start_us LIMIT :limit",
        {
            **facts,
            "neighbours": NEIGHBOURS_US,
            "continues": CONTINUES_US,
            "limit": MOST_GAPS,
        },
    )
    return Coverage(
        segments=total["segments"],
        size_bytes=total["size_bytes"],
        extent=Span(total["first_us"], total["last_us"]),
        gaps=tuple(Span(row["before_us"], row["start_us"]) for row in gaps),
        missing_us=gaps[0]["missing_us"] if gaps else 0,
    )


async def fetch_unsettled(database: Database, since_us: int) -> list[Incident]:
    """Return the open incidents, and those released since: a kill may have come before all their flags were right."""
    rows = await database.fetch_all(
        f"{_INCIDENT} WHERE i.released_us IS NULL OR i.released_us >= ? ORDER BY i.incident_id",
        (since_us,),
    )
    return [_to_incident(row) for row in rows]


def is_being_exported(transaction: Transaction, incident_id: str) -> bool:
    found = transaction.execute(
        f"SELECT 1 FROM exports WHERE incident_id = ? AND state IN ({ALIVE_SQL}) LIMIT 1",  # noqa: S608 -- a constant
        (incident_id,),
    )
    return found.fetchone() is not None


def exists_tenant(transaction: Transaction, tenant_id: str) -> bool:
    found = transaction.execute("SELECT 1 FROM tenants WHERE tenant_id = ?", (tenant_id,))
    return found.fetchone() is not None


def _to_incident(row: Row) -> Incident:
    released_us = row["released_us"]
    return Incident(
        incident_id=IncidentId(row["incident_id"]),
        tenant_id=row["tenant_id"],
        start_us=row["start_us"],
        end_us=row["end_us"],
        cameras=tuple(sorted(_numbers((row["cameras"] or "").split(",")))),
        reason=row["reason"],
        reference=row["reference"],
        review_us=row["review_us"],
        created_by=row["created_by"],
        created_by_name=row["created_by_name"],
        created_us=row["created_us"],
        release=Release(released_us, row["released_by"], row["release_reason"])
        if released_us is not None
        else None,
    )


def _numbers(texts: Iterable[str]) -> list[CameraNo]:
    return [CameraNo(int(text)) for text in texts if text]
