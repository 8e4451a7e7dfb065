"""What the indexer writes to the index of segments, and the SQL of scanner, hasher and filler.

What takes a transaction runs inside its caller's; what takes a database reads committed rows.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, Protocol

from gtvision_edge.recordings.aging.repository import AGE, age_bounds, age_of_new
from gtvision_edge.recordings.groups import UNREAD, pack_groups
from gtvision_edge.recordings.holding import held_by_incident
from gtvision_edge.recordings.markers import CameraMarker
from gtvision_edge.recordings.model import (
    DAY_US,
    CameraNo,
    LeanSegment,
    RecorderRun,
    Segment,
    SegmentFormat,
    SegmentId,
)
from gtvision_edge.storage import Database, Row, Transaction

LIKELY_PAUSE_US: Final = 10_000_000
"""The wall clock of a run's next file is not believed beyond this, or twice the length of the file before."""
_MANY: Final = 500
"""Parameters in one statement; SQLite takes more, and plans long lists slowly."""

LEAN_COLUMNS: Final = "segment_id, camera_no, name_us, start_us, end_us, size_bytes, sha256"

INSERT_SEGMENT: Final = (
    "INSERT INTO segments (camera_no, name_us, start_us, end_us, media_us, size_bytes, format_id, init_bytes,"  # noqa: S608 -- names of ours
    " groups, run, run_no, continues, is_cut, sha256, aged_us, held) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
    f" ?12, ?13, ?14, {age_of_new('?3')}, {held_by_incident(camera_no='?1', start_us='?3', end_us='?4')})"
)
"""Its parameters are :func:`segment_values`."""


FileOfRun = tuple[int | None, int | None]
"""The columns ``run`` and ``run_no``."""

_MISSING_COLUMNS: Final = (
    "segment_id, camera_no, name_us, start_us, end_us, media_us, size_bytes, format_id, init_bytes, groups, run, run_no,"
    " continues, is_cut, sha256, seal_id, held, aged_us"
)


class CameraOfSite(Protocol):
    """The part of a camera that the index keeps."""

    @property
    def camera_id(self) -> str: ...
    @property
    def camera_uuid(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def tenant_id(self) -> str: ...


def keep_cameras(transaction: Transaction, cameras: Iterable[CameraOfSite], *, now_us: int) -> None:
    """Make the recorded cameras follow the site's: new ones added, changed ones renewed, missing ones removed at *now_us*."""
    present = {camera.camera_uuid: camera for camera in cameras}
    for camera in present.values():
        transaction.execute(
            "INSERT INTO recorded_cameras (camera_uuid, camera_id, name, tenant_id, directory, removed_us)"
            " VALUES (?, ?, ?, ?, NULL, NULL) ON CONFLICT (camera_uuid) DO UPDATE SET camera_id = excluded.camera_id,"
            " name = excluded.name, tenant_id = excluded.tenant_id, removed_us = NULL"
            " WHERE (camera_id, name, tenant_id) IS NOT (excluded.camera_id, excluded.name, excluded.tenant_id)"
            " OR removed_us IS NOT NULL",
            (camera.camera_uuid, camera.camera_id, camera.name, camera.tenant_id),
        )
    gone = [
        row["camera_no"]
        for row in transaction.execute(
            "SELECT camera_no, camera_uuid FROM recorded_cameras WHERE removed_us IS NULL"
        )
        if row["camera_uuid"] not in present
    ]
    transaction.executemany(
        "UPDATE recorded_cameras SET removed_us = ? WHERE camera_no = ?",
        [(now_us, camera_no) for camera_no in gone],
    )


def insert_segment(
    transaction: Transaction, segment: Segment, run: RecorderRun | None = None
) -> SegmentId:
    """Add a finished segment and count it; what it is to its neighbours is found out here, and whether it is held.

    A row of the same file that is there already stays as it is; its id is returned. So is that of a file which was missing
    and is back: it has its old hash and seal again, which tell whether it is still the same.
    """
    known = transaction.execute(
        "SELECT segment_id FROM segments WHERE camera_no = ? AND name_us = ?",
        (segment.camera_no, segment.name_us),
    ).fetchone()
    if known is not None:
        return SegmentId(known["segment_id"])
    returned = return_missing(
        transaction, segment.camera_no, segment.name_us, size_bytes=segment.size_bytes
    )
    if returned is not None:
        return returned
    inserted = transaction.execute(
        INSERT_SEGMENT,
        segment_values(segment, run, format_id(transaction, segment.format)),
    )
    length_us = segment.end_us - segment.start_us
    count_days(
        transaction,
        segment.camera_no,
        segment.start_us // DAY_US,
        (1, segment.size_bytes, length_us),
    )
    if run is not None:
        link_neighbours(transaction, segment.camera_no, segment.name_us)
    return SegmentId(inserted.lastrowid or 0)


def miss_segments(
    transaction: Transaction, segment_ids: Iterable[SegmentId], *, found_us: int
) -> int:
    """Keep the rows of files that are gone apart from the others, where nothing plays, counts or deletes them.

    One that is being deleted stays: its deletion ends by itself. Return how many went.
    """
    count = 0
    for some in _portions(segment_ids):
        wanted = f"segment_id IN ({_marks(some)}) AND doomed = 0"
        transaction.execute(
            f"INSERT OR REPLACE INTO missing_segments ({_MISSING_COLUMNS}, found_us)"  # noqa: S608 -- names of ours
            f" SELECT {_MISSING_COLUMNS}, ? FROM segments WHERE {wanted}",
            (found_us, *some),
        )
        rows = transaction.execute(
            f"DELETE FROM segments WHERE {wanted} RETURNING camera_no, start_us, end_us, size_bytes",  # noqa: S608
            some,
        ).fetchall()
        uncount_days(transaction, rows)
        count += len(rows)
    return count


def return_missing(
    transaction: Transaction, camera_no: CameraNo, name_us: int, *, size_bytes: int
) -> SegmentId | None:
    """Give a file that was missing its row again; None when it was not, or is another one by its size."""
    back = transaction.execute(
        f"INSERT INTO segments ({_MISSING_COLUMNS}) SELECT {_MISSING_COLUMNS} FROM missing_segments"  # noqa: S608
        " WHERE camera_no = ? AND name_us = ? AND size_bytes = ? ORDER BY segment_id DESC LIMIT 1"
        " RETURNING segment_id, camera_no, start_us, end_us, size_bytes",
        (camera_no, name_us, size_bytes),
    ).fetchone()
    if back is None:
        return None
    holding = held_by_incident()
    transaction.execute(
        f"UPDATE segments SET held = {holding} WHERE segment_id = ?",  # noqa: S608
        (back["segment_id"],),
    )
    transaction.execute("DELETE FROM missing_segments WHERE segment_id = ?", (back["segment_id"],))
    count_days(
        transaction,
        back["camera_no"],
        back["start_us"] // DAY_US,
        (1, back["size_bytes"], back["end_us"] - back["start_us"]),
    )
    return SegmentId(back["segment_id"])


def fill_groups(transaction: Transaction, segment_id: SegmentId, segment: Segment) -> None:
    """Note what reading the whole file told of a row that was made from its head."""
    row = transaction.execute(
        "SELECT start_us, end_us, media_us FROM segments WHERE segment_id = ? AND groups = ? AND size_bytes = ?",
        (segment_id, UNREAD, segment.size_bytes),
    ).fetchone()
    if row is None:
        return
    transaction.execute(
        "UPDATE segments SET groups = ?, media_us = ?, is_cut = ? WHERE segment_id = ?",
        (
            pack_groups(segment.groups, init_bytes=segment.init_bytes),
            segment.media_us,
            segment.is_cut,
            segment_id,
        ),
    )
    if row["end_us"] == row["start_us"] + row["media_us"]:  # its own length said so, no neighbour
        end_segment(transaction, segment_id, row["start_us"] + segment.end_us - segment.start_us)


def end_segment(transaction: Transaction, segment_id: SegmentId, end_us: int) -> None:
    """Move the end of a segment, and all that follows from it; what was held stays so."""
    before = transaction.execute(
        "SELECT camera_no, start_us, end_us FROM segments WHERE segment_id = ?", (segment_id,)
    ).fetchone()
    if before is None or before["end_us"] == end_us:
        return
    holding = held_by_incident(end_us=":end_us")
    transaction.execute(
        f"UPDATE segments SET end_us = :end_us, held = held OR {holding} WHERE segment_id = :segment_id",  # noqa: S608
        {"end_us": end_us, "segment_id": segment_id},
    )
    count_days(
        transaction,
        before["camera_no"],
        before["start_us"] // DAY_US,
        (0, 0, end_us - before["end_us"]),
    )


def doom_segments(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> list[SegmentId]:
    """Begin the deletion of those that no open incident holds; return them. The one gate: nothing else may set ``doomed``.

    Their files may be deleted once the transaction is committed; then :func:`delete_doomed`.
    """
    free = held_by_incident()
    doomed: list[SegmentId] = []
    for some in _portions(segment_ids):
        rows = transaction.execute(
            f"UPDATE segments SET doomed = 1 WHERE segment_id IN ({_marks(some)})"  # noqa: S608
            f" AND held = 0 AND doomed = 0 AND NOT {free} RETURNING segment_id",
            some,
        ).fetchall()
        doomed += [SegmentId(row["segment_id"]) for row in rows]
    return doomed


def delete_doomed(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> int:
    """Remove the rows of segments whose files are gone, and count them off; those not doomed stay. Return how many."""
    count = 0
    for some in _portions(segment_ids):
        rows = transaction.execute(
            f"DELETE FROM segments WHERE segment_id IN ({_marks(some)}) AND doomed = 1"  # noqa: S608
            " RETURNING camera_no, start_us, end_us, size_bytes",
            some,
        ).fetchall()
        uncount_days(transaction, rows)
        count += len(rows)
    return count


def spare_doomed(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> None:
    """Take back the deletion of segments whose files are still there; what an incident asked for meanwhile is held."""
    holding = held_by_incident()
    for some in _portions(segment_ids):
        transaction.execute(
            f"UPDATE segments SET doomed = 0, held = {holding} WHERE segment_id IN ({_marks(some)})"  # noqa: S608
            " AND doomed = 1",
            some,
        )


def held_among_doomed(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> set[SegmentId]:
    """Return which of these, whose deletion was begun, an open incident covers by now."""
    holding = held_by_incident()
    found: set[SegmentId] = set()
    for some in _portions(segment_ids):
        rows = transaction.execute(
            f"SELECT segment_id FROM segments WHERE segment_id IN ({_marks(some)}) AND doomed = 1 AND {holding}",  # noqa: S608
            some,
        )
        found |= {SegmentId(row["segment_id"]) for row in rows}
    return found


def deletable_queries(
    camera_nos: Sequence[CameraNo] | None,
    before_us: int | None,
    limit: int,
    *,
    after_us: int | None = None,
) -> list[tuple[str, tuple[Any, ...]]]:
    """Return the queries whose rows together are what :func:`oldest_of` chooses from."""
    # One query per camera: each takes its rows from the front of a partial index. A list of cameras in one query would
    # make SQLite sort everything they have, or walk everybody else's.
    bounds = age_bounds(before_us, after_us)
    values = tuple(us for _, some in bounds for us in some)
    given = "".join(f" AND {sql}" for sql, _ in bounds)
    rest = f"held = 0 AND doomed = 0{given} ORDER BY {AGE} LIMIT ?"
    columns = f"{LEAN_COLUMNS}, {AGE} AS age_us"
    if camera_nos is None:
        return [(f"SELECT {columns} FROM segments WHERE {rest}", (*values, limit))]  # noqa: S608
    sql = f"SELECT {columns} FROM segments WHERE camera_no = ? AND {rest}"  # noqa: S608
    return [(sql, (no, *values, limit)) for no in camera_nos]


def oldest_of(rows: Iterable[Row], limit: int) -> list[LeanSegment]:
    """Return the first *limit* of the rows of :func:`deletable_queries` by their age, those indexed first before others."""
    found = sorted(
        rows, key=itemgetter(7, 0)
    )  # by place: names of columns are slow, and the rows many
    return [LeanSegment(*row[:7]) for row in map(tuple, found[:limit])]


def is_continued(before: FileOfRun, after: FileOfRun, *, apart_us: int, media_us: int) -> bool:
    """Tell whether a file goes on where another one, *media_us* long, ended, their starts being *apart_us*."""
    run, number = before
    return (
        run is not None
        and number is not None
        and after == (run, number + 1)
        and 0 < apart_us <= max(2 * media_us, media_us + LIKELY_PAUSE_US)
    )


def link_neighbours(transaction: Transaction, camera_no: CameraNo, name_us: int) -> None:
    """Let the file of that name continue its predecessor, and its successor continue it, where their recorder says so.

    Between the two there is no gap then, whatever the camera's time stamps say of their length.
    """
    rows = transaction.execute(
        "SELECT * FROM (SELECT segment_id, name_us, start_us, media_us, run, run_no FROM segments WHERE camera_no = ?1"
        " AND name_us <= ?2 ORDER BY name_us DESC LIMIT 2) UNION ALL SELECT * FROM (SELECT segment_id, name_us,"
        " start_us, media_us, run, run_no FROM segments WHERE camera_no = ?1 AND name_us > ?2 ORDER BY name_us LIMIT 1)"
        " ORDER BY name_us",
        (camera_no, name_us),
    ).fetchall()
    for before, after in pairwise(rows):
        if is_continued(
            (before["run"], before["run_no"]),
            (after["run"], after["run_no"]),
            apart_us=after["start_us"] - before["start_us"],
            media_us=before["media_us"],
        ):
            end_segment(transaction, before["segment_id"], after["start_us"])
            transaction.execute(
                "UPDATE segments SET continues = 1 WHERE segment_id = ?", (after["segment_id"],)
            )


def format_id(transaction: Transaction, kind: SegmentFormat) -> int:
    """Return the key of a format; a new one is added."""
    values = (kind.video, kind.width, kind.height, kind.audio)
    find = (
        "SELECT format_id FROM segment_formats WHERE (video, width, height, audio) = (?, ?, ?, ?)"
    )
    row = transaction.execute(find, values).fetchone()
    if row is None:
        transaction.execute(
            "INSERT INTO segment_formats (video, width, height, audio) VALUES (?, ?, ?, ?)", values
        )
        row = transaction.execute(find, values).fetchone()
    return int(row["format_id"])


def count_days(
    transaction: Transaction, camera_no: int, day: int, sums: tuple[int, int, int]
) -> None:
    transaction.execute(
        "INSERT INTO camera_days (camera_no, day, segments, bytes, recorded_us) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (camera_no, day) DO UPDATE SET segments = segments + excluded.segments,"
        " bytes = bytes + excluded.bytes, recorded_us = recorded_us + excluded.recorded_us",
        (camera_no, day, *sums),
    )


def uncount_days(transaction: Transaction, rows: Iterable[Row]) -> None:
    """Take removed rows (camera_no, start_us, end_us, size_bytes) off the running totals."""
    sums: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        day = sums.setdefault((row["camera_no"], row["start_us"] // DAY_US), [0, 0, 0])
        day[0] -= 1
        day[1] -= row["size_bytes"]
        day[2] -= row["end_us"] - row["start_us"]
    for (camera_no, day_no), (segments, size_bytes, recorded_us) in sums.items():
        count_days(transaction, camera_no, day_no, (segments, size_bytes, recorded_us))
        transaction.execute(
            "DELETE FROM camera_days WHERE camera_no = ? AND day = ? AND segments = 0",
            (camera_no, day_no),
        )


def _portions(segment_ids: Iterable[SegmentId]) -> Iterable[list[SegmentId]]:
    ids = list(segment_ids)
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))


def _marks(some: Sequence[object]) -> str:
    return ", ".join("?" * len(some))


def lean_segment(row: Row) -> LeanSegment:
    return LeanSegment(*row)


def place_cameras(
    transaction: Transaction, places: Iterable[tuple[str, CameraMarker]], *, now_us: int
) -> dict[str, CameraNo]:
    """Note in which directory each camera's footage lies; return their numbers by uuid.

    A camera that is only known from its marker is added as one that was removed. Of two directories with one uuid the
    first counts.
    """
    numbers: dict[str, CameraNo] = {}
    rows = transaction.execute("SELECT camera_no, camera_uuid, directory FROM recorded_cameras")
    known = {row["camera_uuid"]: row for row in rows.fetchall()}
    for directory, marker in places:
        if marker.camera_uuid in numbers:
            continue
        row = known.pop(marker.camera_uuid, None)
        if row is None:
            added = transaction.execute(
                "INSERT INTO recorded_cameras (camera_uuid, camera_id, name, tenant_id, directory, removed_us)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    marker.camera_uuid,
                    marker.camera_id,
                    marker.name or marker.camera_id,
                    marker.tenant_id,
                    directory,
                    now_us,
                ),
            )
            numbers[marker.camera_uuid] = CameraNo(added.lastrowid or 0)
            continue
        numbers[marker.camera_uuid] = CameraNo(row["camera_no"])
        if row["directory"] != directory:
            _move(transaction, row["camera_no"], directory)
    for row in known.values():
        if row["directory"] is not None:
            _move(transaction, row["camera_no"], None)
    return numbers


def _move(transaction: Transaction, camera_no: int, directory: str | None) -> None:
    transaction.execute(
        "UPDATE recorded_cameras SET directory = ? WHERE camera_no = ?", (directory, camera_no)
    )


async def fetch_names(database: Database, camera_no: CameraNo, day_us: int) -> set[int]:
    """Return the names' times of a day's files that are in the index, those being deleted too."""
    rows = await database.fetch_all(
        "SELECT name_us FROM segments WHERE camera_no = ? AND name_us >= ? AND name_us < ?",
        (camera_no, day_us, day_us + DAY_US),
    )
    return {row["name_us"] for row in rows}


async def fetch_unhashed(
    database: Database, limit: int, *, oldest: bool = False
) -> list[tuple[LeanSegment, str, bool]]:
    """Return segments without hash, those found last first or the *oldest*, each with its directory and whether it was cut off."""
    rows = await database.fetch_all(
        "SELECT s.segment_id, s.camera_no, s.name_us, s.start_us, s.end_us, s.size_bytes, s.sha256, c.directory,"  # noqa: S608 -- words of ours
        " s.is_cut FROM segments s JOIN recorded_cameras c USING (camera_no) WHERE s.sha256 IS NULL AND s.doomed = 0"
        f" AND c.directory IS NOT NULL ORDER BY s.segment_id {'ASC' if oldest else 'DESC'} LIMIT ?",
        (limit,),
    )
    return [(LeanSegment(*tuple(row)[:7]), row["directory"], bool(row["is_cut"])) for row in rows]


async def count_unhashed(database: Database) -> int:
    """Return how many segments wait for their hash."""
    row = await database.fetch_one("SELECT count(*) AS n FROM segments WHERE sha256 IS NULL")
    return int(row["n"]) if row else 0


def set_hash(transaction: Transaction, segment: LeanSegment, sha256: bytes) -> None:
    """Note the hash of a segment, unless the row was renewed since *segment* was read."""
    transaction.execute(
        "UPDATE segments SET sha256 = ? WHERE segment_id = ? AND size_bytes = ? AND sha256 IS NULL",
        (sha256, segment.segment_id, segment.size_bytes),
    )


async def fetch_last_run(database: Database, camera_no: CameraNo) -> RecorderRun | None:
    """Return of which run a camera's last file is; None when it has none, or it does not say."""
    row = await database.fetch_one(
        "SELECT run, run_no FROM segments WHERE camera_no = ? ORDER BY name_us DESC LIMIT 1",
        (camera_no,),
    )
    return RecorderRun(row["run"], row["run_no"]) if row and row["run"] is not None else None


def segment_values(segment: Segment, run: RecorderRun | None, format_no: int) -> tuple[object, ...]:
    """Return the parameters of INSERT_SEGMENT."""
    return (
        segment.camera_no,
        segment.name_us,
        segment.start_us,
        segment.end_us,
        segment.media_us,
        segment.size_bytes,
        format_no,
        segment.init_bytes,
        pack_groups(segment.groups, init_bytes=segment.init_bytes),
        run.run if run else None,
        run.number if run else None,
        segment.continues,
        segment.is_cut,
        segment.sha256,
    )
