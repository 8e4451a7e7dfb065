"""From what a file says of itself to a row of the index: believed as far as name, clock and size bear it out."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gtvision_edge.recordings.indexing.fmp4 import Head, Part, Reading, read_file
from gtvision_edge.recordings.model import (
    MAX_SEGMENT_US,
    CameraNo,
    Group,
    RecorderRun,
    Segment,
    SegmentFormat,
    SegmentId,
)

SECOND_US: Final = 1_000_000
NAME_TOLERANCE_US: Final = 2 * SECOND_US
"""The recorders name a file after the clock that they also write into it."""
ZONE_STEP_US: Final = 900 * SECOND_US
MAX_ZONE_US: Final = 14 * 3600 * SECOND_US
LATE_VIDEO_US: Final = 60 * SECOND_US
"""Sound may come first for a group of pictures; what claims to begin later lies."""
WRITTEN_WITHIN_US: Final = 10 * SECOND_US
"""A file was last written to so soon after its last picture at the latest."""
DRIFT_US: Final = 6 * SECOND_US
"""MediaMTX starts a new file when the camera's time has run 5 s away from ours."""
JITTER_US: Final = 1_500_000


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file as the disk tells of it."""

    name_us: int
    size: int
    mtime_us: int


@dataclass(frozen=True, slots=True)
class Described:
    """A file's row, and which file of which run of its recorder it is; not ``is_read``: its groups are not known yet."""

    segment: Segment
    run: RecorderRun | None
    is_read: bool = True


def read_path(path: Path | str, name_us: int) -> tuple[RecordedFile, Reading]:
    """Open and read a file that is not written to any more. Blocks.

    Raises:
        OSError: it is gone, or the disk failed.

    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        file = RecordedFile(name_us, found.st_size, found.st_mtime_ns // 1000)
        return file, read_file(descriptor, found.st_size)
    finally:
        os.close(descriptor)


def describe(
    file: RecordedFile, reading: Reading, camera_no: CameraNo, *, is_read: bool = True
) -> Described:
    """Return the row of a file. One without a picture that can be shown gets no codec and no length.

    *is_read* is handed on: False says that *reading* only pretends to know the parts.
    """
    head = reading.head
    parts = list(_with_video(reading.parts))
    video = head.video if head else None
    if head is None or video is None or not any(part.key_us is not None for part in parts):
        begin_us = file.name_us if head is None else _begin(file, head)
        kind = SegmentFormat("", 0, 0, head.audio.codec if head and head.audio else "")
        return Described(_row(file, camera_no, begin_us, 0, kind, reading, ()), _run(head))
    first_us = parts[0].video_us or 0
    lead_us = first_us if first_us <= LATE_VIDEO_US else 0
    start_us = _begin(file, head) + lead_us
    longest_us = MAX_SEGMENT_US
    if 0 <= file.mtime_us - start_us < MAX_SEGMENT_US:
        # Else a clock stepped, or the file was copied.
        longest_us = min(file.mtime_us - start_us + WRITTEN_WITHIN_US, MAX_SEGMENT_US)
    groups = tuple(_groups(reading.parts, first_us, longest_us))
    media_us = groups[-1].start_us + groups[-1].length_us
    kind = SegmentFormat(
        video.codec, video.width, video.height, head.audio.codec if head.audio else ""
    )
    row = _row(file, camera_no, start_us, media_us, kind, reading, groups)
    late_us = file.mtime_us - row.end_us
    if head.is_mediamtx and head.closed_ms and JITTER_US < late_us <= DRIFT_US:
        # The camera stamps fewer seconds than pass. A camera that froze is told by 10 s, not by five.
        row = replace(row, end_us=file.mtime_us)
    return Described(row, _run(head), is_read)


def _begin(file: RecordedFile, head: Head) -> int:
    """Return the wall clock of the file's first sample."""
    if head.clock is None:
        return file.name_us
    clock_us = head.clock.ntp_ns // 1000
    apart_us = abs(clock_us - file.name_us)
    if apart_us <= NAME_TOLERANCE_US:
        return clock_us
    odd_us = apart_us % ZONE_STEP_US
    if apart_us <= MAX_ZONE_US and min(odd_us, ZONE_STEP_US - odd_us) <= NAME_TOLERANCE_US:
        return clock_us  # the name is in local time: a media server that does not run in UTC
    length_us = head.closed_ms * 1000
    if abs(clock_us + length_us - file.mtime_us) < abs(file.name_us + length_us - file.mtime_us):
        return clock_us
    return file.name_us


def _with_video(parts: Iterable[Part]) -> Iterator[Part]:
    return (part for part in parts if part.video_us is not None)


def _groups(parts: Iterable[Part], first_us: int, longest_us: int) -> Iterator[Group]:
    """Yield the groups; their times only rise and end by *longest_us*, whatever the file says."""
    offset = size = start_us = key_us = end_us = 0
    for part in parts:
        begins, ends = end_us, end_us
        if part.video_us is not None:
            begins = min(max(part.video_us - first_us, end_us), longest_us)
            ends = min(begins + part.length_us, longest_us)
        if part.key_us is not None:
            if size:
                yield Group(offset, size, start_us, key_us, end_us - start_us)
            offset, size, start_us = part.offset, 0, begins
            key_us = min(max(part.key_us - first_us, begins), max(ends, begins))
        elif size == 0:
            end_us = ends
            continue  # nothing can be shown before the first key frame
        size = part.offset + part.size - offset
        end_us = ends
    yield Group(offset, size, start_us, key_us, end_us - start_us)


def _row(
    file: RecordedFile,
    camera_no: CameraNo,
    start_us: int,
    media_us: int,
    kind: SegmentFormat,
    reading: Reading,
    groups: tuple[Group, ...],
) -> Segment:
    head = reading.head
    return Segment(
        segment_id=SegmentId(0),
        camera_no=camera_no,
        name_us=file.name_us,
        start_us=start_us,
        end_us=start_us + max(media_us, 1),
        media_us=media_us,
        size_bytes=file.size,
        format=kind,
        init_bytes=head.size if head else 0,
        groups=groups,
        is_cut=head is None or head.closed_ms == 0 or reading.end < file.size,
    )


def _run(head: Head | None) -> RecorderRun | None:
    if head is None or head.clock is None:
        return None
    return RecorderRun(
        int.from_bytes(head.clock.stream_id[:8], "big", signed=True),
        min(head.clock.number, 2**62),
    )
