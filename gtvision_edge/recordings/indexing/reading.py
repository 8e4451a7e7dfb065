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
MAX_RUN_NO: Final = 2**62


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file as the disk tells of it."""

    name_us: int
    size: int
    mtime_us: int


@dataclass(frozen=True, slots=True)
class Described:
    """A file's row, and which file of which run of its recorder it is."""

    segment: Segment
    run: RecorderRun | None


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


def describe(file: RecordedFile, reading: Reading, camera_no: CameraNo) -> Described:
    """Return the row of a file. One without a picture that can be shown gets no codec and no length."""
    head = reading.head
    parts = list(_with_video(reading.parts))
    video = head.video if head else None
    if head is None or video is None or not any(part.key_us is not None for part in parts):
        begin_us = file.name_us if head is None else _begin(file, head)
        kind = SegmentFormat("", 0, 0, head.audio.codec if head and head.audio else "")
        return Described(_row(file, camera_no, begin_us, 0, kind, reading, ()), _run(head))
    first_us = parts[0].video_us or 0
    start_us = _begin(file, head) + lead_of(first_us)
    groups = tuple(_groups(reading.parts, first_us, longest_of(start_us, file.mtime_us)))
    media_us = groups[-1].start_us + groups[-1].length_us
    kind = SegmentFormat(
        video.codec, video.width, video.height, head.audio.codec if head.audio else ""
    )
    row = _row(file, camera_no, start_us, media_us, kind, reading, groups)
    if head.is_mediamtx and head.closed_ms:
        row = replace(row, end_us=passed_end(row.end_us, file.mtime_us))
    return Described(row, _run(head))


def begin_of(name_us: int, mtime_us: int, *, clock_us: int, length_us: int) -> int:
    """Return the wall clock of a file's first sample: what it says itself, *clock_us*, or what its name says."""
    apart_us = abs(clock_us - name_us)
    if apart_us <= NAME_TOLERANCE_US:
        return clock_us
    odd_us = apart_us % ZONE_STEP_US
    if apart_us <= MAX_ZONE_US and min(odd_us, ZONE_STEP_US - odd_us) <= NAME_TOLERANCE_US:
        return clock_us  # the name is in local time: a media server that does not run in UTC
    if abs(clock_us + length_us - mtime_us) < abs(name_us + length_us - mtime_us):
        return clock_us
    return name_us


def lead_of(first_us: int) -> int:
    """Return how long after the file's begin its video begins that says *first_us*."""
    return first_us if first_us <= LATE_VIDEO_US else 0


def longest_of(start_us: int, mtime_us: int) -> int:
    """Return how long the video of a file last written to at *mtime_us* can be."""
    if 0 <= mtime_us - start_us < MAX_SEGMENT_US:
        return min(mtime_us - start_us + WRITTEN_WITHIN_US, MAX_SEGMENT_US)
    return MAX_SEGMENT_US  # a clock stepped, or the file was copied


def passed_end(end_us: int, mtime_us: int) -> int:
    """Return when a file of MediaMTX that was closed ended: the camera may stamp fewer seconds than pass.

    A camera that froze is told by 10 s, not by five.
    """
    return mtime_us if JITTER_US < mtime_us - end_us <= DRIFT_US else end_us


def _begin(file: RecordedFile, head: Head) -> int:
    if head.clock is None:
        return file.name_us
    return begin_of(
        file.name_us,
        file.mtime_us,
        clock_us=head.clock.ntp_ns // 1000,
        length_us=head.closed_ms * 1000,
    )


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
    return RecorderRun(run_of(head.clock.stream_id), min(head.clock.number, MAX_RUN_NO))


def run_of(stream_id: bytes) -> int:
    """Return the number of the recorder's run that calls itself so."""
    return int.from_bytes(stream_id[:8], "big", signed=True)
