"""The index of finished segments: all SQL about them, and the questions the other parts ask.

Rows follow files, never the other way round; ``DESIGN.md`` beside this file says which states of the two are allowed.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.errors import UnknownSegmentError
from gtvision_edge.recordings.groups import pack_groups, unpack_groups
from gtvision_edge.recordings.model import (
    CameraNo,
    RecordedCamera,
    Segment,
    SegmentFormat,
    SegmentId,
    Span,
)
from gtvision_edge.storage import Database, Row, Transaction

MAX_SEGMENT_US: Final = 25 * 3600 * 1_000_000
"""No row is longer: the media servers close a segment after 24 h at the latest."""
DAY_US: Final = 86_400_000_000
_MANY: Final = 500
"""Parameters in one statement; SQLite takes more, and plans long lists slowly."""

_CAMERA: Final = "camera_no, camera_uuid, camera_id, name, tenant_id, directory, removed_us"
_SEGMENT: Final = (
    "s.segment_id, s.camera_no, s.name_us, s.start_us, s.end_us, s.media_us, s.size_bytes, s.init_bytes, s.groups,"
    " s.continues, s.is_cut, s.sha256, s.held, f.video, f.width, f.height, f.audio"
)
_LEAN: Final = "segment_id, camera_no, name_us, start_us, end_us, size_bytes, sha256"
_OVERLAPS: Final = (
    "s.camera_no = :camera_no AND s.start_us < :end_us AND s.start_us > :start_us - :longest"
    " AND s.end_us > :start_us AND s.doomed = 0"
)
_HELD_BY_INCIDENT: Final = (
    "EXISTS (SELECT 1 FROM incident_cameras c JOIN incidents i USING (incident_id)"
    " WHERE c.camera_no = {camera_no} AND i.released_us IS NULL AND i.start_us < {end_us} AND i.end_us > {start_us})"
)


@dataclass(frozen=True, slots=True)
class SegmentWritten:
    """A finished segment is in the index now."""

    camera_uuid: str
    segment_id: SegmentId
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class SegmentSpan:
    """A row of the index without its groups: what a timeline needs. ``video`` and ``audio`` as in SegmentFormat."""

    segment_id: SegmentId
    start_us: int
    end_us: int
    size_bytes: int
    held: bool
    continues: bool
    video: str
    audio: str


@dataclass(frozen=True, slots=True)
class LeanSegment:
    """What deleting, counting and sealing need of a segment."""

    segment_id: SegmentId
    camera_no: CameraNo
    name_us: int
    start_us: int
    end_us: int
    size_bytes: int
    sha256: bytes | None


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


class Growing(Protocol):
    """Knows the files that are being written."""

    def last_seen(self, camera_no: CameraNo) -> Segment | None: ...

    async def look(self, camera: RecordedCamera) -> Segment | None: ...


class SegmentIndex:
    """Asks the index; reads committed rows only. Writing is done by the functions below, inside a transaction."""

    def __init__(self, database: Database, *, root: Path, growing: Growing | None = None) -> None:
        self._database = database
        self._root = root
        self._growing = growing

    async def cameras(self) -> Sequence[RecordedCamera]:
        """Return every camera of which there is, or may be, footage, removed ones too."""
        rows = await self._database.fetch_all(
            f"SELECT {_CAMERA} FROM recorded_cameras ORDER BY camera_id, camera_no"  # noqa: S608 -- column names of ours
        )
        return [_camera(row) for row in rows]

    async def camera_by_id(self, camera_id: str) -> RecordedCamera | None:
        """Return the camera that has that id now; None when there is none, or it is quite new."""
        row = await self._database.fetch_one(
            f"SELECT {_CAMERA} FROM recorded_cameras WHERE camera_id = ? AND removed_us IS NULL"  # noqa: S608
            " ORDER BY camera_no DESC LIMIT 1",
            (camera_id,),
        )
        return _camera(row) if row else None

    async def camera_by_no(self, camera_no: CameraNo) -> RecordedCamera | None:
        row = await self._database.fetch_one(
            f"SELECT {_CAMERA} FROM recorded_cameras WHERE camera_no = ?",  # noqa: S608
            (camera_no,),
        )
        return _camera(row) if row else None

    async def find_segments(
        self, camera_no: CameraNo, span: Span, *, limit: int | None = None
    ) -> list[Segment]:
        """Return the finished segments that overlap *span*, by start; none that is being deleted."""
        rows = await self._database.fetch_all(
            f"SELECT {_SEGMENT} FROM segments s JOIN segment_formats f USING (format_id) WHERE {_OVERLAPS}"  # noqa: S608
            " ORDER BY s.start_us, s.segment_id LIMIT :limit",
            {**_span(camera_no, span), "limit": -1 if limit is None else limit},
        )
        if len(rows) > 64:  # a day's groups take some 15 ms to unpack
            return await asyncio.to_thread(lambda: [_segment(row) for row in rows])
        return [_segment(row) for row in rows]

    async def get_segment(self, segment_id: SegmentId) -> tuple[Segment, RecordedCamera]:
        """Return a finished segment and whose it is.

        Raises:
            UnknownSegmentError: there is none, or it is being deleted.

        """
        row = await self._database.fetch_one(
            f"SELECT {_SEGMENT} FROM segments s JOIN segment_formats f USING (format_id)"  # noqa: S608
            " WHERE s.segment_id = ? AND s.doomed = 0",
            (segment_id,),
        )
        camera = await self.camera_by_no(row["camera_no"]) if row else None
        if row is None or camera is None:
            raise UnknownSegmentError("There is no such segment.", segment_id=segment_id)
        return _segment(row), camera

    async def get_named(self, camera_no: CameraNo, name_us: int) -> tuple[Segment, RecordedCamera]:
        """Return the finished segment of a camera whose file is named after *name_us*, and whose it is.

        Raises:
            UnknownSegmentError: there is none, or it is being deleted.

        """
        row = await self._database.fetch_one(
            "SELECT segment_id FROM segments WHERE camera_no = ? AND name_us = ?",
            (camera_no, name_us),
        )
        return await self.get_segment(SegmentId(row["segment_id"] if row else 0))

    async def spans(self, camera_no: CameraNo, span: Span) -> list[SegmentSpan]:
        """Return what :meth:`find_segments` would, without the groups."""
        rows = await self._database.fetch_all(
            "SELECT s.segment_id, s.start_us, s.end_us, s.size_bytes, s.held, s.continues, f.video, f.audio"  # noqa: S608
            f" FROM segments s JOIN segment_formats f USING (format_id) WHERE {_OVERLAPS}"
            " ORDER BY s.start_us, s.segment_id",
            _span(camera_no, span),
        )
        return [
            SegmentSpan(
                row["segment_id"],
                row["start_us"],
                row["end_us"],
                row["size_bytes"],
                bool(row["held"]),
                bool(row["continues"]),
                row["video"],
                row["audio"],
            )
            for row in rows
        ]

    async def extent(self, camera_no: CameraNo) -> Span | None:
        """Return from where to where there is footage; None when there is none."""
        row = await self._database.fetch_one(
            "SELECT (SELECT min(start_us) FROM segments WHERE camera_no = ?1) AS first_us,"
            " (SELECT end_us FROM segments WHERE camera_no = ?1 ORDER BY start_us DESC LIMIT 1) AS last_us",
            (camera_no,),
        )
        if row is None or row["first_us"] is None:
            return None
        return Span(row["first_us"], row["last_us"])

    async def oldest_deletable(
        self,
        *,
        limit: int,
        camera_nos: Sequence[CameraNo] | None = None,
        before_us: int | None = None,
    ) -> list[LeanSegment]:
        """Return the oldest segments that are neither held nor being deleted, oldest first.

        Only those of *camera_nos* (None = all), only those that ended by *before_us* (None = any). To delete them, pass
        them through :func:`doom_segments`: what is held by then, it spares.
        """
        found: list[LeanSegment] = []
        for sql, parameters in _deletable(camera_nos, before_us, limit):
            rows = await self._database.fetch_all(sql, parameters)
            found += [_lean(row) for row in rows]
        return sorted(found, key=lambda segment: segment.start_us)[:limit]

    async def doomed(self, limit: int) -> list[LeanSegment]:
        """Return segments whose deletion was begun."""
        rows = await self._database.fetch_all(
            f"SELECT {_LEAN} FROM segments WHERE doomed = 1 ORDER BY segment_id LIMIT ?",  # noqa: S608
            (limit,),
        )
        return [_lean(row) for row in rows]

    def growing(self, camera_no: CameraNo) -> Segment | None:
        """Return the file being written as it was last seen (see :meth:`look_at_growing`); ``segment_id`` is 0."""
        return self._growing.last_seen(camera_no) if self._growing else None

    async def look_at_growing(self, camera: RecordedCamera) -> Segment | None:
        """Return the file being written, up to its last whole part as of a second ago at most; None when nothing grows."""
        return await self._growing.look(camera) if self._growing else None

    def path_of(self, camera: RecordedCamera, segment: Segment | LeanSegment) -> Path:
        """Return the file of *segment*, finished or growing; whether it is there is not looked at.

        Raises:
            UnknownSegmentError: the camera has no directory on the volume any more.

        """
        if camera.directory is None:
            raise UnknownSegmentError("The camera's footage is gone.")
        return self._root / camera.directory / segment_file(segment.name_us)


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


def insert_segment(transaction: Transaction, segment: Segment) -> SegmentId:
    """Add a finished segment and count it; whether it is held is looked up here, ``segment.held`` is not believed.

    A row of the same file that is there already stays as it is; its id is returned.
    """
    known = transaction.execute(
        "SELECT segment_id FROM segments WHERE camera_no = ? AND name_us = ?",
        (segment.camera_no, segment.name_us),
    ).fetchone()
    if known is not None:
        return SegmentId(known["segment_id"])
    inserted = transaction.execute(
        "INSERT INTO segments (camera_no, name_us, start_us, end_us, media_us, size_bytes, format_id, init_bytes,"  # noqa: S608
        " groups, continues, is_cut, sha256, held) VALUES (:camera_no, :name_us, :start_us, :end_us, :media_us,"
        " :size_bytes, :format_id, :init_bytes, :groups, :continues, :is_cut, :sha256,"
        f" {_HELD_BY_INCIDENT.format(camera_no=':camera_no', start_us=':start_us', end_us=':end_us')})",
        {
            "camera_no": segment.camera_no,
            "name_us": segment.name_us,
            "start_us": segment.start_us,
            "end_us": segment.end_us,
            "media_us": segment.media_us,
            "size_bytes": segment.size_bytes,
            "format_id": _format_id(transaction, segment.format),
            "init_bytes": segment.init_bytes,
            "groups": pack_groups(segment.groups, init_bytes=segment.init_bytes),
            "continues": segment.continues,
            "is_cut": segment.is_cut,
            "sha256": segment.sha256,
        },
    )
    _count(
        transaction,
        segment.camera_no,
        segment.start_us // DAY_US,
        (1, segment.size_bytes, segment.end_us - segment.start_us),
    )
    return SegmentId(inserted.lastrowid or 0)


def doom_segments(transaction: Transaction, segment_ids: Iterable[SegmentId]) -> list[SegmentId]:
    """Begin the deletion of those that no open incident holds; return them. The one gate: nothing else may set ``doomed``.

    Their files may be deleted once the transaction is committed; then :func:`delete_doomed`.
    """
    free = _HELD_BY_INCIDENT.format(
        camera_no="segments.camera_no", start_us="segments.start_us", end_us="segments.end_us"
    )
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
        _uncount(transaction, rows)
        count += len(rows)
    return count


def oldest_deletable(
    transaction: Transaction,
    *,
    limit: int,
    camera_nos: Sequence[CameraNo] | None = None,
    before_us: int | None = None,
) -> list[LeanSegment]:
    """Return what :meth:`SegmentIndex.oldest_deletable` does, as of inside *transaction*."""
    found = [
        _lean(row)
        for sql, parameters in _deletable(camera_nos, before_us, limit)
        for row in transaction.execute(sql, parameters)
    ]
    return sorted(found, key=lambda segment: segment.start_us)[:limit]


def _deletable(
    camera_nos: Sequence[CameraNo] | None, before_us: int | None, limit: int
) -> list[tuple[str, tuple[Any, ...]]]:
    # One query per camera: each takes its rows from the front of a partial index. A list of cameras in one query would
    # make SQLite sort everything they have, or walk everybody else's.
    before, values = ("", ()) if before_us is None else (" AND end_us <= ?", (before_us,))
    rest = f"held = 0 AND doomed = 0{before} ORDER BY start_us LIMIT ?"
    if camera_nos is None:
        return [(f"SELECT {_LEAN} FROM segments WHERE {rest}", (*values, limit))]  # noqa: S608
    return [
        (f"SELECT {_LEAN} FROM segments WHERE camera_no = ? AND {rest}", (no, *values, limit))  # noqa: S608
        for no in camera_nos
    ]


def _format_id(transaction: Transaction, kind: SegmentFormat) -> int:
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


def _count(transaction: Transaction, camera_no: int, day: int, sums: tuple[int, int, int]) -> None:
    transaction.execute(
        "INSERT INTO camera_days (camera_no, day, segments, bytes, recorded_us) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (camera_no, day) DO UPDATE SET segments = segments + excluded.segments,"
        " bytes = bytes + excluded.bytes, recorded_us = recorded_us + excluded.recorded_us",
        (camera_no, day, *sums),
    )


def _uncount(transaction: Transaction, rows: Iterable[Row]) -> None:
    sums: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        day = sums.setdefault((row["camera_no"], row["start_us"] // DAY_US), [0, 0, 0])
        day[0] -= 1
        day[1] -= row["size_bytes"]
        day[2] -= row["end_us"] - row["start_us"]
    for (camera_no, day_no), (segments, size_bytes, recorded_us) in sums.items():
        _count(transaction, camera_no, day_no, (segments, size_bytes, recorded_us))
        transaction.execute(
            "DELETE FROM camera_days WHERE camera_no = ? AND day = ? AND segments = 0",
            (camera_no, day_no),
        )


def _portions(segment_ids: Iterable[SegmentId]) -> Iterable[list[SegmentId]]:
    ids = list(segment_ids)
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))


def _marks(some: Sequence[object]) -> str:
    return ", ".join("?" * len(some))


def _span(camera_no: CameraNo, span: Span) -> dict[str, Any]:
    return {
        "camera_no": camera_no,
        "start_us": span.start_us,
        "end_us": span.end_us,
        "longest": MAX_SEGMENT_US,
    }


def _camera(row: Row) -> RecordedCamera:
    return RecordedCamera(*row)


def _lean(row: Row) -> LeanSegment:
    return LeanSegment(*row)


def _segment(row: Row) -> Segment:
    return Segment(
        segment_id=row["segment_id"],
        camera_no=row["camera_no"],
        name_us=row["name_us"],
        start_us=row["start_us"],
        end_us=row["end_us"],
        media_us=row["media_us"],
        size_bytes=row["size_bytes"],
        format=SegmentFormat(row["video"], row["width"], row["height"], row["audio"]),
        init_bytes=row["init_bytes"],
        groups=unpack_groups(row["groups"], init_bytes=row["init_bytes"]),
        continues=bool(row["continues"]),
        is_cut=bool(row["is_cut"]),
        sha256=row["sha256"],
        held=bool(row["held"]),
    )
