"""Rows from the first bytes of files alone, for many files at once: where the groups lie is read when somebody asks.

A minute's file has some hundred part heads; half a million files of them would take an hour. Its first kilobytes say when it
begins, how long it is and what is in it, as long as its recorder closed it.
"""

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from gtvision_edge.recordings.groups import UNREAD, pack_groups
from gtvision_edge.recordings.indexing.fmp4 import Head, Track, parse_head
from gtvision_edge.recordings.indexing.reading import (
    MAX_RUN_NO,
    Described,
    begin_of,
    describe,
    lead_of,
    longest_of,
    passed_end,
    read_path,
    run_of,
)
from gtvision_edge.recordings.model import CameraNo, SegmentFormat

FIRST: Final = 8192
MAX_KNOWN: Final = 256
_CLOCK: Final = struct.Struct(">16sQqq")
_LENGTH: Final = struct.Struct(">I")
_LENGTHS: Final = struct.Struct(">II")
_BOX: Final = struct.Struct(">I4s")
_TFHD: Final = struct.Struct(">I4sII")
_TFDT: Final = struct.Struct(">I4sI")
_TIME: Final = {0: struct.Struct(">I"), 1: struct.Struct(">Q")}
"""By the version of the ``tfdt``."""
_DURATION_AT: Final = 20
"""From the letters of ``mvhd`` (version 0) to its duration."""
_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class HeadRow(NamedTuple):
    """A file's row before its neighbours are known, in the order of INSERT_SEGMENT.

    A tuple, and made of numbers by hand: there are half a million, and each object that a row goes through takes seconds.
    ``groups`` is the column; ``run`` and ``run_no`` are None when the file does not say them.
    """

    camera_no: CameraNo
    name_us: int
    start_us: int
    end_us: int
    media_us: int
    size_bytes: int
    format: SegmentFormat
    init_bytes: int
    groups: bytes
    run: int | None
    run_no: int | None
    continues: bool
    is_cut: bool


class _Told(NamedTuple):
    """What one file's head says: of its stream, and of itself. ``ntp_us`` None = nothing of run and clock."""

    stream: "_Stream"
    closed_ms: int
    run: int | None
    run_no: int | None
    ntp_us: int | None


@dataclass(frozen=True, slots=True)
class _Stream:
    """What the heads of all files of one stream have in common."""

    size: int
    video: Track | None
    format: SegmentFormat
    is_mediamtx: bool


@dataclass(slots=True)
class HeadReader:
    """Reads heads; those of one stream differ in length and clock only, so the rest is parsed once. For one thread."""

    _known: dict[bytes, _Stream] = field(default_factory=dict)

    def read(self, path: str, name_us: int, camera_no: CameraNo) -> HeadRow | None:
        """Return the row of a file; its groups only if the whole file had to be read. None for an empty file.

        Raises:
            OSError: it is gone, or the disk failed.

        """
        descriptor = os.open(path, _OPEN)
        try:
            found = os.fstat(descriptor)
            data = os.pread(descriptor, FIRST, 0)
        finally:
            os.close(descriptor)
        told = self._told(data)
        first_us = _first_video(data, told.stream) if told is not None and told.closed_ms else None
        if told is None or first_us is None:
            file, reading = read_path(Path(path), name_us)
            return _row_of(describe(file, reading, camera_no)) if file.size else None
        stream, closed_ms, run, run_no, ntp_us = told
        mtime_us, length_us = found.st_mtime_ns // 1000, closed_ms * 1000
        start_us = name_us
        if ntp_us is not None:
            start_us = begin_of(name_us, mtime_us, clock_us=ntp_us, length_us=length_us)
        start_us += lead_of(first_us)
        media_us = min(max(length_us - first_us, 1), longest_of(start_us, mtime_us))
        end_us = start_us + media_us
        if stream.is_mediamtx:
            end_us = passed_end(end_us, mtime_us)
        return HeadRow(
            camera_no,
            name_us,
            start_us,
            end_us,
            media_us,
            found.st_size,
            stream.format,
            stream.size,
            UNREAD,
            run,
            run_no,
            continues=False,
            is_cut=False,
        )

    def _told(self, data: bytes) -> _Told | None:
        split = _split(data)
        if split is None:
            head = parse_head(data)
            return None if head is None else _told_by(head)
        key, closed_ms, stream_id, number, ntp_us = split
        stream = self._known.get(key)
        if stream is None:
            head = parse_head(data)
            if head is None:
                return None
            told = _told_by(head)
            if told[1:] != (closed_ms, run_of(stream_id), min(number, MAX_RUN_NO), ntp_us):
                return told  # its length and clock are not where they usually are
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            stream = self._known[key] = told.stream
        return _Told(stream, closed_ms, run_of(stream_id), min(number, MAX_RUN_NO), ntp_us)


def _row_of(described: Described) -> HeadRow:
    """Return the row of a file that was read whole."""
    segment, run = described.segment, described.run
    return HeadRow(
        segment.camera_no,
        segment.name_us,
        segment.start_us,
        segment.end_us,
        segment.media_us,
        segment.size_bytes,
        segment.format,
        segment.init_bytes,
        pack_groups(segment.groups, init_bytes=segment.init_bytes),
        run.run if run else None,
        run.number if run else None,
        segment.continues,
        segment.is_cut,
    )


def _told_by(head: Head) -> _Told:
    video, audio, clock = head.video, head.audio, head.clock
    kind = SegmentFormat("", 0, 0, audio.codec if audio else "")
    if video is not None:
        kind = SegmentFormat(video.codec, video.width, video.height, kind.audio)
    stream = _Stream(head.size, video, kind, head.is_mediamtx)
    if clock is None:
        return _Told(stream, head.closed_ms, None, None, None)
    number = min(clock.number, MAX_RUN_NO)
    return _Told(stream, head.closed_ms, run_of(clock.stream_id), number, clock.ntp_ns // 1000)


def _split(data: bytes) -> tuple[bytes, int, bytes, int, int] | None:
    """Return the head without length and clock, and these as they stand where they usually do: ms, run, its file, UTC µs."""
    try:
        (ftyp,) = _LENGTH.unpack_from(data)
        (moov,) = _LENGTH.unpack_from(data, ftyp)
        size = ftyp + moov
        mvhd = data.find(b"mvhd", ftyp, size)
        mtxi = data.rfind(b"mtxi", ftyp, size)
        if mvhd < 0 or mtxi < mvhd or size > len(data):
            return None
        duration_at, clock_at = mvhd + _DURATION_AT, mtxi + 8
        timescale, duration = _LENGTHS.unpack_from(data, duration_at - 4)
        stream_id, number, _, ntp_ns = _CLOCK.unpack_from(data, clock_at)
        if timescale == 0:
            return None
    except struct.error:
        return None
    key = data[:duration_at] + data[duration_at + 4 : clock_at] + data[clock_at + 40 : size]
    return key, duration * 1000 // timescale, stream_id, number, ntp_ns // 1000


def _first_video(data: bytes, stream: _Stream) -> int | None:
    """Return when the video of the first part begins (µs of the file's line); None when that is not within *data*.

    By hand and not with the box reader: a file costs a few microseconds here, and there are half a million.
    """
    video = stream.video
    if video is None:
        return None
    try:
        length, kind = _BOX.unpack_from(data, stream.size)
        if kind != b"moof":
            return None
        at, end = stream.size + 8, stream.size + length
        while at < end:
            length, kind = _BOX.unpack_from(data, at)
            if length < 8:
                return None
            if kind == b"traf":
                header, kind, _, track_id = _TFHD.unpack_from(data, at + 8)
                if kind != b"tfhd" or header < 16:
                    return None
                if track_id == video.track_id:
                    return _decode_time(data, at + 8 + header, video.timescale)
            at += length
    except struct.error:
        pass
    return None


def _decode_time(data: bytes, at: int, timescale: int) -> int | None:
    _, kind, version = _TFDT.unpack_from(data, at)
    if kind != b"tfdt":
        return None
    (time,) = _TIME[version >> 24 == 1].unpack_from(data, at + 12)
    return int(time) * 1_000_000 // timescale
