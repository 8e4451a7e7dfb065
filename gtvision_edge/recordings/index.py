"""The index of finished segments: the questions that the other parts ask, and (imported) what they may change.

Rows follow files, never the other way round; ``indexing/DESIGN.md`` says which states of the two are allowed.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

from gtvision_edge.accounts import Principal
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.errors import UnknownSegmentError
from gtvision_edge.recordings.groups import UNREAD, unpack_groups
from gtvision_edge.recordings.indexing.repository import (
    LEAN_COLUMNS,
    CameraOfSite,
    deletable_queries,
    delete_doomed,
    doom_segments,
    end_segment,
    held_among_doomed,
    insert_segment,
    keep_cameras,
    lean_segment,
    miss_segments,
    oldest_of,
    spare_doomed,
)
from gtvision_edge.recordings.model import (
    MAX_SEGMENT_US,
    CameraNo,
    Footage,
    LeanSegment,
    RecordedCamera,
    Segment,
    SegmentFormat,
    SegmentId,
    SegmentSpan,
    SegmentWritten,
    Span,
)
from gtvision_edge.recordings.naming import by_name, may_see
from gtvision_edge.runtime.tasks import aside
from gtvision_edge.storage import Database, Row

__all__ = [
    "CameraOfSite",
    "LeanSegment",
    "SegmentIndex",
    "SegmentSpan",
    "SegmentWritten",
    "delete_doomed",
    "doom_segments",
    "end_segment",
    "held_among_doomed",
    "insert_segment",
    "keep_cameras",
    "miss_segments",
    "spare_doomed",
]


_CAMERA: Final = "camera_no, camera_uuid, camera_id, name, tenant_id, directory, removed_us"
_SEGMENT: Final = (
    "s.segment_id, s.camera_no, s.name_us, s.start_us, s.end_us, s.media_us, s.size_bytes, s.init_bytes, s.groups,"
    " s.continues, s.is_cut, s.sha256, s.held, f.video, f.width, f.height, f.audio"
)
_SHORT_US: Final = 120_000_000
"""Segments longer than this have an index of their own (``segments_long``): the others need no looking back for a day."""
_OF_CAMERA: Final = "camera_no = :camera_no AND end_us > :start_us AND doomed = 0"
_ROW: Final = (
    "segment_id, camera_no, name_us, start_us, end_us, media_us, size_bytes, format_id, init_bytes, groups, continues, is_cut,"
    " sha256, held"
)
_LEAN_ROW: Final = "segment_id, start_us, end_us, size_bytes, held, continues, format_id"
"""All of it lies in ``segments_by_camera``: a day of a camera is read without touching its rows, which lie far apart."""


def _overlapping(columns: str) -> str:
    """Return the rest of a query, from FROM on, for the segments with a picture over a span of a camera, in their order."""
    return (
        f"FROM (SELECT {columns} FROM segments WHERE {_OF_CAMERA}"  # noqa: S608 -- names of ours
        f" AND start_us < :end_us AND start_us >= :start_us - {_SHORT_US}"
        f" UNION ALL SELECT {columns} FROM segments INDEXED BY segments_long WHERE {_OF_CAMERA}"
        f" AND end_us - start_us > {_SHORT_US} AND start_us < :start_us - {_SHORT_US} AND start_us > :start_us - :longest) s"
        " CROSS JOIN segment_formats f USING (format_id) WHERE f.video <> '' ORDER BY s.start_us, s.segment_id"
    )


class Growing(Protocol):
    """Knows the files that are being written."""

    def last_seen(self, camera_no: CameraNo) -> Segment | None: ...

    async def look(self, camera: RecordedCamera) -> Segment | None: ...


class Filler(Protocol):
    """Reads the groups of segments that were indexed by their heads alone."""

    async def fill(
        self, camera: RecordedCamera, segments: Sequence[Segment]
    ) -> Mapping[SegmentId, Segment]: ...


class SegmentIndex:
    """Asks the index; reads committed rows only. Writing is done by the functions below, inside a transaction."""

    def __init__(
        self,
        database: Database,
        *,
        root: Path,
        growing: Growing | None = None,
        filler: Filler | None = None,
    ) -> None:
        self._database = database
        self._root = root
        self._growing = growing
        self._filler = filler

    async def cameras(self) -> Sequence[RecordedCamera]:
        """Return every camera of which there is, or may be, footage, removed ones too."""
        rows = await self._database.fetch_all(
            f"SELECT {_CAMERA} FROM recorded_cameras ORDER BY camera_id, camera_no"  # noqa: S608 -- column names of ours
        )
        return [_camera(row) for row in rows]

    async def visible(self, principal: Principal) -> list[RecordedCamera]:
        """Return those of :meth:`cameras` that there are for *principal*."""
        return [
            camera
            for camera in await self.cameras()
            if may_see(principal, camera.camera_id, camera.tenant_id)
        ]

    async def named(self, principal: Principal, names: Sequence[str]) -> list[RecordedCamera]:
        """Return the cameras of these ids, or uuids; each once, however often and by whichever name.

        Raises:
            UnknownCameraError: one of them is none that *principal* may see, or the id of a removed one.

        """
        known = by_name(await self.visible(principal))
        found: dict[CameraNo, RecordedCamera] = {}
        for name in names:
            camera = known.get(name)
            if camera is None:
                raise UnknownCameraError("There is no such camera.", camera_id=name[:40])
            found[camera.camera_no] = camera
        return list(found.values())

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
        """Return the finished segments that overlap *span*, by start; none that is being deleted, or has no picture.

        Of rows that were made from heads alone it reads the files, and notes the groups: after a rebuild that takes as long as the
        disk does. Who needs no groups asks :meth:`spans`, or :meth:`get_named` for one file.

        Raises:
            VolumeHangsError: the disk does not answer, or too many ask.

        """
        rows = await self._database.fetch_all(
            f"SELECT {_SEGMENT} {_overlapping(_ROW)} LIMIT :limit",
            {**_span(camera_no, span), "limit": -1 if limit is None else limit},
        )
        found = await aside(lambda: [_segment(row) for row in rows], len(rows))
        unread = [
            segment for segment, row in zip(found, rows, strict=True) if row["groups"] == UNREAD
        ]
        if not unread:
            return found
        filled = await self._fill(camera_no, unread)
        return [filled.get(segment.segment_id, segment) for segment in found]

    async def get_segment(self, segment_id: SegmentId) -> tuple[Segment, RecordedCamera]:
        """Return a finished segment and whose it is.

        Raises:
            UnknownSegmentError: there is none, or it is being deleted.
            VolumeHangsError: its groups had to be read, as for :meth:`find_segments`.

        """
        row = await self._database.fetch_one(
            f"SELECT {_SEGMENT} FROM segments s JOIN segment_formats f USING (format_id)"  # noqa: S608
            " WHERE s.segment_id = ? AND s.doomed = 0",
            (segment_id,),
        )
        camera = await self.camera_by_no(row["camera_no"]) if row else None
        if row is None or camera is None:
            raise UnknownSegmentError("There is no such segment.", segment_id=segment_id)
        segment = _segment(row)
        if row["groups"] == UNREAD:
            filled = await self._fill(camera.camera_no, [segment])
            segment = filled.get(segment_id, segment)
        return segment, camera

    async def get_named(self, camera_no: CameraNo, name_us: int) -> tuple[Segment, RecordedCamera]:
        """Return the finished segment of a camera whose file is named after *name_us*, and whose it is.

        Raises:
            UnknownSegmentError, VolumeHangsError: as for :meth:`get_segment`.

        """
        row = await self._database.fetch_one(
            "SELECT segment_id FROM segments WHERE camera_no = ? AND name_us = ?",
            (camera_no, name_us),
        )
        return await self.get_segment(SegmentId(row["segment_id"] if row else 0))

    async def spans(self, camera_no: CameraNo, span: Span) -> list[SegmentSpan]:
        """Return what :meth:`find_segments` would, without the groups and without a look at the disk."""
        rows = await self._database.fetch_all(
            "SELECT s.segment_id, s.start_us, s.end_us, s.size_bytes, s.held, s.continues, f.video, f.audio"
            f" {_overlapping(_LEAN_ROW)}",
            _span(camera_no, span),
        )
        return [
            SegmentSpan(number, start_us, end_us, size, bool(held), bool(continues), video, audio)
            for number, start_us, end_us, size, held, continues, video, audio in rows
        ]

    async def footage(self, camera_no: CameraNo, span: Span) -> list[Footage]:
        """Return as :meth:`spans` does, by the index of the table alone."""
        rows = await self._database.fetch_all(
            f"SELECT s.start_us, s.end_us, s.held, s.continues, f.video {_overlapping(_LEAN_ROW)}",
            _span(camera_no, span),
        )
        return [
            Footage(start_us, end_us, held == 1, continues == 1, video)
            for start_us, end_us, held, continues, video in rows
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
        after_us: int | None = None,
    ) -> list[LeanSegment]:
        """Return the oldest segments that are neither held nor being deleted, oldest first.

        What a wrong clock named counts from when it was indexed (``aging``). Only those of *camera_nos* (None = all), only
        those that ended by *before_us* (None = any); with *after_us*, those that by their own times lie between the two. To delete them, pass them through :func:`doom_segments`: what is held by
        then, it spares.
        """
        rows: list[Row] = []
        for sql, parameters in deletable_queries(camera_nos, before_us, limit, after_us=after_us):
            rows += await self._database.fetch_all(sql, parameters)
        return oldest_of(rows, limit)

    async def doomed(self, limit: int) -> list[LeanSegment]:
        """Return segments whose deletion was begun."""
        rows = await self._database.fetch_all(
            f"SELECT {LEAN_COLUMNS} FROM segments WHERE doomed = 1 ORDER BY segment_id LIMIT ?",  # noqa: S608
            (limit,),
        )
        return [lean_segment(row) for row in rows]

    def growing(self, camera_no: CameraNo) -> Segment | None:
        """Return the file being written as it was last seen (see :meth:`look_at_growing`); ``segment_id`` is 0."""
        return self._growing.last_seen(camera_no) if self._growing else None

    async def look_at_growing(self, camera: RecordedCamera) -> Segment | None:
        """Return the file being written, up to its last whole part as of a second ago at most; None when nothing grows."""
        return await self._growing.look(camera) if self._growing else None

    async def _fill(
        self, camera_no: CameraNo, segments: Sequence[Segment]
    ) -> Mapping[SegmentId, Segment]:
        camera = await self.camera_by_no(camera_no)
        if self._filler is None or camera is None:
            return {}
        return await self._filler.fill(camera, segments)

    def path_of(self, camera: RecordedCamera, segment: Segment | LeanSegment) -> Path:
        """Return the file of *segment*, finished or growing; whether it is there is not looked at.

        Raises:
            UnknownSegmentError: the camera has no directory on the volume any more.

        """
        if camera.directory is None:
            raise UnknownSegmentError("The camera's footage is gone.")
        return self._root / camera.directory / segment_file(segment.name_us)


def _span(camera_no: CameraNo, span: Span) -> dict[str, Any]:
    return {
        "camera_no": camera_no,
        "start_us": span.start_us,
        "end_us": span.end_us,
        "longest": MAX_SEGMENT_US,
    }


def _camera(row: Row) -> RecordedCamera:
    return RecordedCamera(*row)


@lru_cache(maxsize=256)
def _format(video: str, width: int, height: int, audio: str) -> SegmentFormat:
    return SegmentFormat(video, width, height, audio)


def _segment(row: Row) -> Segment:
    # By place and not by name: a camera with a file a second has thousands of them in an hour.
    number, camera_no, name_us, start_us, end_us, media_us, size, init, groups, *rest = row
    continues, is_cut, sha256, held, video, width, height, audio = rest
    return Segment(
        number,
        camera_no,
        name_us,
        start_us,
        end_us,
        media_us,
        size,
        _format(video, width, height, audio),
        init,
        () if groups == UNREAD else unpack_groups(groups, init_bytes=init),
        bool(continues),
        bool(is_cut),
        sha256,
        bool(held),
    )
