"""The SQL of comparing disk and index."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from gtvision_edge.recordings.holding import held_by_incident, is_in_incident
from gtvision_edge.recordings.integrity.model import StoredReport, Verdict
from gtvision_edge.recordings.model import DAY_US, CameraNo, SegmentId
from gtvision_edge.storage import Database, Row, Transaction

_REPORT: Final = "report_id, started_us, finished_us, asked_by, verdict, report"


@dataclass(frozen=True, slots=True)
class DayRow:
    """What comparing needs of a row."""

    segment_id: SegmentId
    size_bytes: int
    end_us: int
    is_doomed: bool


@dataclass(frozen=True, slots=True)
class HashedRow:
    """What reading a file again needs of its row."""

    segment_id: SegmentId
    camera_id: str
    directory: str
    name_us: int
    size_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class UnhashedRow:
    """What comparing a file without hash needs of its row; *groups* as the column holds them."""

    segment_id: SegmentId
    camera_id: str
    directory: str
    name_us: int
    size_bytes: int
    init_bytes: int
    groups: bytes


@dataclass(frozen=True, slots=True)
class Adopted:
    """That another disk took the place of the one before."""

    at_us: int
    former_id: str


async def count_rows(database: Database) -> tuple[int, int]:
    """Return how many rows there are, and how many are kept apart because their files are missing."""
    row = await database.fetch_one(
        "SELECT (SELECT count(*) FROM segments), (SELECT count(*) FROM missing_segments)"
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


async def fetch_day(database: Database, camera_no: CameraNo, day_us: int) -> dict[int, DayRow]:
    """Return the rows of a day's files by the time in their names."""
    rows = await database.fetch_all(
        "SELECT name_us, segment_id, size_bytes, end_us, doomed FROM segments"
        " WHERE camera_no = ? AND name_us >= ? AND name_us < ?",
        (camera_no, day_us, day_us + DAY_US),
    )
    return {row[0]: DayRow(SegmentId(row[1]), row[2], row[3], bool(row[4])) for row in rows}


async def is_indexed(database: Database, camera_no: CameraNo, name_us: int) -> bool:
    return (
        await database.fetch_one(
            "SELECT 1 FROM segments WHERE camera_no = ? AND name_us = ?", (camera_no, name_us)
        )
        is not None
    )


async def next_row_day(database: Database, camera_no: CameraNo, day_us: int) -> int | None:
    """Return the first day from *day_us* on of which there are rows; None when there is none."""
    row = await database.fetch_one(
        "SELECT min(name_us) FROM segments WHERE camera_no = ? AND name_us >= ?",
        (camera_no, day_us),
    )
    return row[0] // DAY_US * DAY_US if row and row[0] is not None else None


async def newest_name(database: Database, camera_no: CameraNo) -> int:
    """Return the latest time in the names of a camera's rows; -1 when it has none."""
    row = await database.fetch_one(
        "SELECT max(name_us) FROM segments WHERE camera_no = ?", (camera_no,)
    )
    return row[0] if row and row[0] is not None else -1


async def find_doomed(database: Database, segment_ids: Iterable[int]) -> list[int]:
    """Return which of these are being deleted."""
    found = []
    for segment_id in segment_ids:
        row = await database.fetch_one(
            "SELECT 1 FROM segments WHERE segment_id = ? AND doomed = 1", (segment_id,)
        )
        if row is not None:
            found.append(segment_id)
    return found


async def fetch_doomed(database: Database, limit: int) -> list[int]:
    rows = await database.fetch_all(
        "SELECT segment_id FROM segments WHERE doomed = 1 ORDER BY segment_id LIMIT ?", (limit,)
    )
    return [row[0] for row in rows]


async def fetch_not_held(database: Database) -> list[tuple[SegmentId, str]]:
    """Return what open incidents keep and is not marked so, with the camera's id."""
    rows = await database.fetch_all(
        "SELECT segments.segment_id, r.camera_id FROM segments JOIN recorded_cameras r USING (camera_no)"  # noqa: S608
        f" WHERE {is_in_incident('camera_no')} AND held = 0 AND doomed = 0 AND {held_by_incident()} ORDER BY segment_id"
    )
    return [(SegmentId(row[0]), row[1]) for row in rows]


async def fetch_held_by_nobody(database: Database) -> list[tuple[SegmentId, str]]:
    """Return what is marked as held and no open incident keeps, with the camera's id."""
    rows = await database.fetch_all(
        "SELECT segments.segment_id, r.camera_id FROM segments JOIN recorded_cameras r USING (camera_no)"  # noqa: S608
        f" WHERE held = 1 AND NOT {held_by_incident()} ORDER BY segment_id"
    )
    return [(SegmentId(row[0]), row[1]) for row in rows]


def hold(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> None:
    """Mark as held those of these that open incidents keep now."""
    transaction.executemany(
        f"UPDATE segments SET held = 1 WHERE segment_id = ? AND doomed = 0 AND {held_by_incident()}",  # noqa: S608
        [(segment_id,) for segment_id in segment_ids],
    )


def let_go(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> None:
    """Take the mark off those of these that no open incident keeps now."""
    transaction.executemany(
        f"UPDATE segments SET held = 0 WHERE segment_id = ? AND NOT {held_by_incident()}",  # noqa: S608
        [(segment_id,) for segment_id in segment_ids],
    )


async def totals_differ(database: Database, camera_no: CameraNo) -> list[int]:
    """Return the days (since 1970) of which the running totals are not the sum of the rows."""
    rows = await database.fetch_all(
        "SELECT day FROM (SELECT day, segments, bytes, recorded_us FROM camera_days WHERE camera_no = ?1 UNION ALL"
        " SELECT start_us / 86400000000, -count(*), -sum(size_bytes), -sum(end_us - start_us) FROM segments"
        " WHERE camera_no = ?1 GROUP BY 1) GROUP BY day HAVING sum(segments) <> 0 OR sum(bytes) <> 0 OR sum(recorded_us) <> 0",
        (camera_no,),
    )
    return [row["day"] for row in rows]


def sum_day(transaction: Transaction, camera_no: CameraNo, day: int) -> None:
    """Make the running totals of a camera's day anew."""
    transaction.execute("DELETE FROM camera_days WHERE camera_no = ? AND day = ?", (camera_no, day))
    transaction.execute(
        "INSERT INTO camera_days (camera_no, day, segments, bytes, recorded_us) SELECT ?1, ?2, count(*), sum(size_bytes),"
        " sum(end_us - start_us) FROM segments WHERE camera_no = ?1 AND start_us >= ?2 * 86400000000"
        " AND start_us < (?2 + 1) * 86400000000 HAVING count(*) > 0",
        (camera_no, day),
    )


async def fetch_hashed(database: Database, after: int, limit: int) -> list[HashedRow]:
    """Return the next segments that have a hash, by their number."""
    rows = await database.fetch_all(
        "SELECT s.segment_id, c.camera_id, c.directory, s.name_us, s.size_bytes, s.sha256 FROM segments s"
        " JOIN recorded_cameras c USING (camera_no) WHERE s.segment_id > ? AND s.sha256 IS NOT NULL AND s.doomed = 0"
        " AND c.directory IS NOT NULL ORDER BY s.segment_id LIMIT ?",
        (after, limit),
    )
    return [HashedRow(row[0], row[1], row[2], row[3], row[4], bytes(row[5])) for row in rows]


async def fetch_unhashed(database: Database, after: int, limit: int) -> list[UnhashedRow]:
    """Return the next segments that have no hash, by their number."""
    rows = await database.fetch_all(
        "SELECT s.segment_id, c.camera_id, c.directory, s.name_us, s.size_bytes, s.init_bytes, s.groups FROM segments s"
        " JOIN recorded_cameras c USING (camera_no) WHERE s.segment_id > ? AND s.sha256 IS NULL AND s.doomed = 0"
        " AND c.directory IS NOT NULL ORDER BY s.segment_id LIMIT ?",
        (after, limit),
    )
    return [UnhashedRow(*row) for row in rows]


async def is_as_indexed(database: Database, row: UnhashedRow) -> bool:
    """Tell whether the row is still there as it was read, and not being deleted."""
    found = await database.fetch_one(
        "SELECT 1 FROM segments WHERE segment_id = ? AND size_bytes = ? AND init_bytes = ? AND groups = ? AND doomed = 0",
        (row.segment_id, row.size_bytes, row.init_bytes, row.groups),
    )
    return found is not None


async def is_as_hashed(database: Database, row: HashedRow) -> bool:
    """Tell whether the row is still there with that hash, and not being deleted."""
    found = await database.fetch_one(
        "SELECT 1 FROM segments WHERE segment_id = ? AND sha256 = ? AND doomed = 0",
        (row.segment_id, row.sha256),
    )
    return found is not None


async def fetch_bundles(database: Database) -> list[tuple[str, str, int]]:
    """Return id, file name and size of the bundles that finished exports have."""
    rows = await database.fetch_all(
        "SELECT export_id, bundle, bundle_bytes FROM exports WHERE state = 'done' AND bundle IS NOT NULL"
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def find_adopted(database: Database) -> Adopted | None:
    """Return when another disk last took the place of a known one; None when that never was."""
    row = await database.fetch_one(
        # By subject, for which the log has an index: of years of acts this one is rare.
        "SELECT at_us, details FROM audit_log WHERE subject >= 'volume:' AND subject < 'volume;'"
        " AND action = 'volume.adopted' ORDER BY seq DESC LIMIT 1"
    )
    former_id = json.loads(row["details"]).get("former") if row else None
    return Adopted(row["at_us"], str(former_id)) if row and former_id else None


def insert_report(
    transaction: Transaction, report_id: str, *, started_us: int, asked_by: str
) -> None:
    transaction.execute(
        "INSERT INTO integrity_reports (report_id, started_us, asked_by) VALUES (?, ?, ?)",
        (report_id, started_us, asked_by),
    )


def finish_report(
    transaction: Transaction, report_id: str, *, finished_us: int, verdict: Verdict, text: str
) -> None:
    transaction.execute(
        "UPDATE integrity_reports SET finished_us = ?, verdict = ?, report = ? WHERE report_id = ?",
        (finished_us, verdict.value, text, report_id),
    )


def break_off(transaction: Transaction, *, at_us: int) -> int:
    """End the reports that a stop or a kill broke off; return how many."""
    return transaction.execute(
        "UPDATE integrity_reports SET finished_us = max(started_us, ?), verdict = ? WHERE finished_us IS NULL",
        (at_us, Verdict.BROKEN_OFF.value),
    ).rowcount


def forget_reports(transaction: Transaction, *, keep: int) -> None:
    """Forget all but the newest *keep* reports; the audit log keeps what each found."""
    transaction.execute(
        "DELETE FROM integrity_reports WHERE report_id NOT IN"
        " (SELECT report_id FROM integrity_reports ORDER BY report_id DESC LIMIT ?)",
        (keep,),
    )


async def fetch_reports(database: Database, before: str, limit: int) -> list[StoredReport]:
    """Return up to *limit* reports, newest first, begun before *before* ('' = from the newest)."""
    rows = await database.fetch_all(
        f"SELECT {_REPORT} FROM integrity_reports WHERE ?1 = '' OR report_id < ?1"  # noqa: S608 -- a constant
        " ORDER BY report_id DESC LIMIT ?2",
        (before, limit),
    )
    return [_stored(row) for row in rows]


async def find_report(database: Database, report_id: str) -> StoredReport | None:
    row = await database.fetch_one(
        f"SELECT {_REPORT} FROM integrity_reports WHERE report_id = ?",  # noqa: S608
        (report_id,),
    )
    return _stored(row) if row else None


async def find_last_whole(
    database: Database, *, asked_by: str | None = None
) -> StoredReport | None:
    """Return the newest report that was finished; only one that *asked_by* asked for, if given."""
    row = await database.fetch_one(
        f"SELECT {_REPORT} FROM integrity_reports WHERE verdict NOT IN ('', ?1) AND (?2 IS NULL OR asked_by = ?2)"  # noqa: S608
        " ORDER BY report_id DESC LIMIT 1",
        (Verdict.BROKEN_OFF.value, asked_by),
    )
    return _stored(row) if row else None


async def find_last_started(database: Database, asked_by: str) -> int | None:
    row = await database.fetch_one(
        "SELECT max(started_us) FROM integrity_reports WHERE asked_by = ?", (asked_by,)
    )
    return row[0] if row else None


def _stored(row: Row) -> StoredReport:
    document: dict[str, Any] = json.loads(row["report"])
    return StoredReport(
        row["report_id"],
        row["started_us"],
        row["finished_us"],
        row["asked_by"],
        row["verdict"],
        document,
    )
