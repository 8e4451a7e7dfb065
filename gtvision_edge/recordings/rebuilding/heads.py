"""Rows from the first bytes of files alone, for many files at once: where the groups lie is read when somebody asks.

A minute's file has some hundred part heads; half a million files of them would take an hour. Its first kilobytes say when it
begins, how long it is and what is in it, as long as its recorder closed it.
"""

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gtvision_edge.recordings.indexing.fmp4 import Head, Part, Reading, RecorderClock, parse_head
from gtvision_edge.recordings.indexing.reading import (
    Described,
    RecordedFile,
    describe,
    read_path,
)
from gtvision_edge.recordings.model import CameraNo

FIRST: Final = 8192
MAX_KNOWN: Final = 256
_CLOCK: Final = struct.Struct(">16sQqq")
_BOX: Final = struct.Struct(">I4s")
_TFHD: Final = struct.Struct(">I4sII")
_TFDT: Final = struct.Struct(">I4sI")
_DURATION_AT: Final = 20
"""From the letters of ``mvhd`` (version 0) to its duration."""


@dataclass(slots=True)
class HeadReader:
    """Reads heads; those of one stream differ in length and clock only, so the rest is parsed once. For one thread."""

    _known: dict[bytes, Head] = field(default_factory=dict)

    def describe(self, path: str, name_us: int, camera_no: CameraNo) -> Described | None:
        """Return the row of a file, with ``is_read`` only if the whole file had to be read; None for an empty file.

        Raises:
            OSError: it is gone, or the disk failed.

        """
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            found = os.fstat(descriptor)
            data = os.pread(descriptor, FIRST, 0)
        finally:
            os.close(descriptor)
        file = RecordedFile(name_us, found.st_size, found.st_mtime_ns // 1000)
        head = self._head(data)
        start_us = _first_video(data, head) if head is not None and head.closed_ms else None
        if head is None or start_us is None:
            file, reading = read_path(Path(path), name_us)
            return describe(file, reading, camera_no) if file.size else None
        length_us = max(head.closed_ms * 1000 - start_us, 1)
        whole = Part(head.size, found.st_size - head.size, start_us, start_us, length_us)
        return describe(file, Reading(head, [whole], found.st_size), camera_no, is_read=False)

    def _head(self, data: bytes) -> Head | None:
        split = _split(data)
        if split is None:
            return parse_head(data)
        key, closed_ms, clock = split
        known = self._known.get(key)
        if known is None:
            known = parse_head(data)
            if known is None or (known.closed_ms, known.clock) != (closed_ms, clock):
                return known  # its length and clock are not where they usually are
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[key] = known
        return Head(known.size, known.tracks, clock, closed_ms, known.is_mediamtx)


def _split(data: bytes) -> tuple[bytes, int, RecorderClock] | None:
    """Return the head without length and clock, and these two as they stand where they usually do."""
    try:
        (ftyp,) = struct.unpack_from(">I", data)
        (moov,) = struct.unpack_from(">I", data, ftyp)
        size = ftyp + moov
        mvhd = data.find(b"mvhd", ftyp, size)
        mtxi = data.rfind(b"mtxi", ftyp, size)
        if mvhd < 0 or mtxi < mvhd or size > len(data):
            return None
        duration_at, clock_at = mvhd + _DURATION_AT, mtxi + 8
        timescale, duration = struct.unpack_from(">II", data, duration_at - 4)
        stream_id, number, _, ntp_ns = _CLOCK.unpack_from(data, clock_at)
        if timescale == 0:
            return None
    except struct.error:
        return None
    key = data[:duration_at] + data[duration_at + 4 : clock_at] + data[clock_at + 40 : size]
    return key, duration * 1000 // timescale, RecorderClock(stream_id, number, ntp_ns)


def _first_video(data: bytes, head: Head) -> int | None:
    """Return when the video of the first part begins (µs of the file's line); None when that is not within *data*.

    By hand and not with the box reader: a file costs a few microseconds here, and there are half a million.
    """
    video = head.video
    if video is None:
        return None
    try:
        length, kind = _BOX.unpack_from(data, head.size)
        if kind != b"moof":
            return None
        at, end = head.size + 8, head.size + length
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
    (time,) = struct.unpack_from(">Q" if version >> 24 == 1 else ">I", data, at + 12)
    return int(time) * 1_000_000 // timescale
