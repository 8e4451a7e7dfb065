"""The SQL of rebuilding the index."""

from collections.abc import Iterable

from gtvision_edge.recordings.indexing.reading import Described
from gtvision_edge.recordings.indexing.repository import (
    INSERT_SEGMENT,
    count_days,
    format_id,
    segment_values,
    uncount_days,
)
from gtvision_edge.recordings.model import DAY_US, CameraNo, SegmentFormat, SegmentId
from gtvision_edge.storage import Database, Transaction


async def fetch_day(
    database: Database, camera_no: CameraNo, day_us: int
) -> dict[int, tuple[SegmentId, int]]:
    """Return number and size of the rows of a day's files, by the time in their names."""
    rows = await database.fetch_all(
        "SELECT name_us, segment_id, size_bytes FROM segments WHERE camera_no = ? AND name_us >= ? AND name_us < ?",
        (camera_no, day_us, day_us + DAY_US),
    )
    return {row["name_us"]: (SegmentId(row["segment_id"]), row["size_bytes"]) for row in rows}


async def fetch_row_days(database: Database) -> list[tuple[CameraNo, int]]:
    """Return of which days (their begin) of which cameras there are rows."""
    rows = await database.fetch_all(
        "SELECT DISTINCT camera_no, name_us / 86400000000 AS day FROM segments"
    )
    return [(CameraNo(row["camera_no"]), row["day"] * DAY_US) for row in rows]


async def count_segments(database: Database) -> int:
    row = await database.fetch_one("SELECT count(*) AS n FROM segments")
    return int(row["n"]) if row else 0


def insert_heads(transaction: Transaction, rows: Iterable[Described]) -> None:
    """Add many finished segments of which there are no rows. What they are to their neighbours is as *rows* say."""
    formats: dict[SegmentFormat, int] = {}
    days: dict[tuple[CameraNo, int], list[int]] = {}
    values = []
    for row in rows:
        segment = row.segment
        if segment.format not in formats:
            formats[segment.format] = format_id(transaction, segment.format)
        values.append(
            segment_values(segment, row.run, formats[segment.format], is_read=row.is_read)
        )
        sums = days.setdefault((segment.camera_no, segment.start_us // DAY_US), [0, 0, 0])
        sums[0] += 1
        sums[1] += segment.size_bytes
        sums[2] += segment.end_us - segment.start_us
    transaction.executemany(INSERT_SEGMENT, values)
    for (camera_no, day), (count, size_bytes, recorded_us) in days.items():
        count_days(transaction, camera_no, day, (count, size_bytes, recorded_us))


def forget_segments(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> int:
    """Remove rows whose files are not there, or other ones; what is held stays. Return how many went."""
    gone = 0
    for segment_id in segment_ids:
        rows = transaction.execute(
            "DELETE FROM segments WHERE segment_id = ? AND held = 0"
            " RETURNING camera_no, start_us, end_us, size_bytes",
            (segment_id,),
        ).fetchall()
        uncount_days(transaction, rows)
        gone += len(rows)
    return gone


def hold_again(transaction: Transaction) -> None:
    """Mark what open incidents hold."""
    transaction.execute(
        "UPDATE segments SET held = 1 WHERE held = 0 AND segment_id IN (SELECT s.segment_id FROM incidents i"
        " JOIN incident_cameras c USING (incident_id) JOIN segments s ON s.camera_no = c.camera_no"
        " AND s.start_us < i.end_us AND s.end_us > i.start_us WHERE i.released_us IS NULL)"
    )


def sum_days(transaction: Transaction) -> None:
    """Make the running totals of the days anew."""
    transaction.execute("DELETE FROM camera_days")
    transaction.execute(
        "INSERT INTO camera_days (camera_no, day, segments, bytes, recorded_us) SELECT camera_no,"
        " start_us / 86400000000, count(*), sum(size_bytes), sum(end_us - start_us) FROM segments GROUP BY 1, 2"
    )
