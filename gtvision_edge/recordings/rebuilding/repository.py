"""The SQL of rebuilding the index."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gtvision_edge.recordings.holding import held_by_incident, is_in_incident
from gtvision_edge.recordings.indexing.repository import (
    INSERT_SEGMENT,
    count_days,
    format_id,
    return_missing,
    uncount_days,
)
from gtvision_edge.recordings.model import DAY_US, CameraNo, SegmentId
from gtvision_edge.recordings.rebuilding.heads import HeadRow
from gtvision_edge.storage import Database, Transaction


@dataclass(frozen=True, slots=True)
class KnownRow:
    """What rebuilding needs of a row. ``is_proof``: its hash or seal tells what its file was, or an incident wants it."""

    segment_id: SegmentId
    size_bytes: int
    is_doomed: bool
    is_proof: bool


@dataclass(frozen=True, slots=True)
class KnownDay:
    """A day of a camera by the times in its files' names: the rows, and the sizes of files that were missing before."""

    rows: Mapping[int, KnownRow]
    lost: Mapping[int, Sequence[int]]


async def fetch_day(database: Database, camera_no: CameraNo, day_us: int) -> KnownDay:
    span = (camera_no, day_us, day_us + DAY_US)
    rows = await database.fetch_all(
        "SELECT name_us, segment_id, size_bytes, doomed, sha256 IS NOT NULL OR seal_id IS NOT NULL OR held FROM segments"
        " WHERE camera_no = ? AND name_us >= ? AND name_us < ?",
        span,
    )
    lost = await database.fetch_all(
        "SELECT name_us, size_bytes FROM missing_segments WHERE camera_no = ? AND name_us >= ? AND name_us < ?"
        " ORDER BY segment_id",
        span,
    )
    sizes: dict[int, list[int]] = {}
    for row in lost:
        sizes.setdefault(row["name_us"], []).append(row["size_bytes"])
    return KnownDay(
        {row[0]: KnownRow(SegmentId(row[1]), row[2], bool(row[3]), bool(row[4])) for row in rows},
        sizes,
    )


async def fetch_row_days(database: Database) -> list[tuple[CameraNo, int]]:
    """Return of which days (their begin) of which cameras there are rows."""
    rows = await database.fetch_all(
        "SELECT DISTINCT camera_no, name_us / 86400000000 AS day FROM segments"
    )
    return [(CameraNo(row["camera_no"]), row["day"] * DAY_US) for row in rows]


async def count_segments(database: Database) -> int:
    row = await database.fetch_one("SELECT count(*) AS n FROM segments")
    return int(row["n"]) if row else 0


def insert_heads(transaction: Transaction, rows: Sequence[HeadRow]) -> None:
    """Add many finished segments of which there are no rows. What they are to their neighbours is as *rows* say.

    A file that was missing and is back has its old row again, with hash and seal.
    """
    kind, format_no = None, 0
    days: dict[tuple[CameraNo, int], list[int]] = {}
    values = []
    was_missing = _names_missing(transaction, rows)
    for row in rows:
        if (row.camera_no, row.name_us) in was_missing and (
            return_missing(transaction, row.camera_no, row.name_us, size_bytes=row.size_bytes)
            is not None
        ):
            continue
        if row.format is not kind:  # those of one stream share it
            kind, format_no = row.format, format_id(transaction, row.format)
        values.append((*row[:6], format_no, *row[7:], None))
        sums = days.setdefault((row.camera_no, row.start_us // DAY_US), [0, 0, 0])
        sums[0] += 1
        sums[1] += row.size_bytes
        sums[2] += row.end_us - row.start_us
    transaction.executemany(INSERT_SEGMENT, values)
    for (camera_no, day), (count, size_bytes, recorded_us) in days.items():
        count_days(transaction, camera_no, day, (count, size_bytes, recorded_us))


def _names_missing(transaction: Transaction, rows: Sequence[HeadRow]) -> set[tuple[CameraNo, int]]:
    """Return which files, by camera and name, were missing before: most often none, and that is one question for all."""
    names: dict[CameraNo, list[int]] = {}
    for row in rows:
        names.setdefault(row.camera_no, []).append(row.name_us)
    return {
        (camera_no, row["name_us"])
        for camera_no, of_camera in names.items()
        for row in transaction.execute(
            "SELECT name_us FROM missing_segments WHERE camera_no = ? AND name_us BETWEEN ? AND ?",
            (camera_no, min(of_camera), max(of_camera)),
        )
    }


def renew_segments(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> int:
    """Remove rows of files that grew before anything was noted of their content; return how many. The daemon adds them anew."""
    gone = 0
    for segment_id in segment_ids:
        rows = transaction.execute(
            "DELETE FROM segments WHERE segment_id = ? AND held = 0 AND doomed = 0 AND sha256 IS NULL AND seal_id IS NULL"
            " RETURNING camera_no, start_us, end_us, size_bytes",
            (segment_id,),
        ).fetchall()
        uncount_days(transaction, rows)
        gone += len(rows)
    return gone


def hold_again(transaction: Transaction) -> None:
    """Mark what open incidents hold."""
    transaction.execute(
        f"UPDATE segments SET held = 1 WHERE held = 0 AND doomed = 0 AND {is_in_incident('camera_no')}"  # noqa: S608
        f" AND {held_by_incident()}"
    )


def sum_days(transaction: Transaction) -> None:
    """Make the running totals of the days anew."""
    transaction.execute("DELETE FROM camera_days")
    transaction.execute(
        "INSERT INTO camera_days (camera_no, day, segments, bytes, recorded_us) SELECT camera_no,"
        " start_us / 86400000000, count(*), sum(size_bytes), sum(end_us - start_us) FROM segments GROUP BY 1, 2"
    )
