"""What else is known of an interval: holds, deletions, the breaker, the clock."""

from gtvision_edge.recordings.holding import open_over
from gtvision_edge.recordings.model import CameraNo, IncidentId, Span
from gtvision_edge.recordings.retention.model import PurgeKind
from gtvision_edge.recordings.timeline.model import ClockStep, IncidentMark
from gtvision_edge.runtime.tasks import aside
from gtvision_edge.storage import Database


async def fetch_deleted(
    database: Database, camera_no: CameraNo, span: Span
) -> list[tuple[Span, PurgeKind]]:
    """Return where deleted footage of the camera lay and what it was deleted for, in order of its start."""
    rows = await database.fetch_all(
        "SELECT s.start_us, s.end_us, p.kind FROM purged_segments s JOIN purges p USING (purge_id)"
        " WHERE s.camera_no = ?1 AND s.start_us > ?2 - 86400000000"
        " AND s.start_us < ?3 AND s.end_us > ?2 ORDER BY s.start_us",
        (camera_no, span.start_us, span.end_us),
    )
    # A month has 44,000 files: not on the loop, nor by name.
    return await aside(
        lambda: [(Span(start_us, end_us), PurgeKind(kind)) for start_us, end_us, kind in rows],
        len(rows),
    )


async def fetch_missing(database: Database, camera_no: CameraNo, span: Span) -> list[Span]:
    """Return where footage of the camera lay whose files are gone, in order of its start."""
    rows = await database.fetch_all(
        "SELECT start_us, end_us FROM missing_segments WHERE camera_no = ?1 AND start_us > ?2 - 86400000000"
        " AND start_us < ?3 AND end_us > ?2 ORDER BY start_us",
        (camera_no, span.start_us, span.end_us),
    )
    return await aside(lambda: [Span(start_us, end_us) for start_us, end_us in rows], len(rows))


async def fetch_open_incidents(
    database: Database, camera_no: CameraNo, span: Span
) -> list[tuple[IncidentMark, list[tuple[str, str | None]]]]:
    """Return the open incidents over *span*, each with camera id and tenant of all its cameras."""
    rows = await database.fetch_all(
        "SELECT i.incident_id, i.start_us, i.end_us, i.reason, c.camera_id, c.tenant_id FROM incidents i"  # noqa: S608 -- SQL of ours
        " JOIN incident_cameras mine ON mine.incident_id = i.incident_id AND mine.camera_no = ?1"
        " JOIN incident_cameras every ON every.incident_id = i.incident_id"
        " JOIN recorded_cameras c ON c.camera_no = every.camera_no"
        f" WHERE {open_over(start_us='?2', end_us='?3')}"
        " ORDER BY i.start_us, i.incident_id",
        (camera_no, span.start_us, span.end_us),
    )
    found: dict[str, tuple[IncidentMark, list[tuple[str, str | None]]]] = {}
    for row in rows:
        incident_id = IncidentId(row["incident_id"])
        mark = IncidentMark(incident_id, row["start_us"], row["end_us"], row["reason"])
        _, cameras = found.setdefault(incident_id, (mark, []))
        cameras.append((row["camera_id"], row["tenant_id"]))
    return list(found.values())


async def fetch_breaker(database: Database, span: Span) -> list[Span]:
    """Return when the disk's circuit breaker kept everything from being recorded, in order of its start."""
    rows = await database.fetch_all(
        "SELECT opened_us, coalesce(closed_us, CASE WHEN breaker = 'closed' THEN breaker_us ELSE ?2 END) AS until_us"
        " FROM breaker_openings CROSS JOIN volume_guard WHERE (closed_us IS NULL OR closed_us > ?1) AND opened_us < ?2"
        " ORDER BY opened_us",
        (span.start_us, span.end_us),
    )
    return [Span(opened_us, until_us) for opened_us, until_us in rows]


async def fetch_clock_steps(database: Database, span: Span) -> list[ClockStep]:
    rows = await database.fetch_all(
        "SELECT at_us, step_us FROM clock_log WHERE kind = 'step' AND at_us >= ? AND at_us < ? ORDER BY at_us",
        (span.start_us, span.end_us),
    )
    return [ClockStep(row["at_us"], row["step_us"]) for row in rows]


async def fetch_days(
    database: Database, camera_no: CameraNo, first_day: int, last_day: int
) -> list[tuple[int, int, int]]:
    """Return day (since 1970-01-01), recorded µs and bytes of the UTC days from *first_day* to *last_day*."""
    rows = await database.fetch_all(
        "SELECT day, recorded_us, bytes FROM camera_days WHERE camera_no = ? AND day BETWEEN ? AND ?"
        " AND segments > 0 ORDER BY day",
        (camera_no, first_day, last_day),
    )
    return [(row["day"], row["recorded_us"], row["bytes"]) for row in rows]
