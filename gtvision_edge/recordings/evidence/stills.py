"""Snapshots of an export: key frames as JPEG, decoded from the recorded files. Blocks."""

import io
import os
from bisect import bisect_right
from typing import Final

import av

from gtvision_edge.recordings.evidence.errors import DamagedFootageError
from gtvision_edge.recordings.evidence.model import OrderedSegment
from gtvision_edge.recordings.evidence.movie import MovieTrack, build_head
from gtvision_edge.recordings.evidence.tracks import file_reader, parts_of, read_tracks
from gtvision_edge.recordings.evidence.viewing import Wall
from gtvision_edge.recordings.model import Span

_COUNT: Final = 6
_EVERY_US: Final = 10_000_000


def still_moments(span: Span) -> list[int]:
    """Return the moments to take snapshots of: evenly over *span*, at most one each 10 s, the begin among them."""
    count = max(min(_COUNT, span.length_us // _EVERY_US), 1)
    return [span.start_us + span.length_us * number // count for number in range(count)]


def still(source: OrderedSegment, moment_us: int) -> tuple[int, bytes] | None:
    """Return the last key frame of the file at or before *moment_us* (its first one if none is before) as a JPEG, and its time.

    None when the file cannot be read or decoded: a snapshot is a convenience.
    """
    segment = source.segment
    fd = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        read_at = file_reader(fd)
        init = read_at(segment.init_bytes, 0)
        video = read_tracks(read_at, init, parts_of(segment.groups)).video
        if video is None or not video.keys:
            return None
        times = video.times()
        wall = Wall(segment, video, times)
        keys = [times[key] for key in video.keys]
        key = video.keys[max(bisect_right(keys, wall.time_of(moment_us)) - 1, 0)]
        movie = MovieTrack(video.config)
        movie.take(video, key, key + 1)
        movie.chunk_offsets.append(0)
        movie.chunk_samples.append(1)
        (extent,) = video.extents(key, key + 1)
        sample = read_at(extent[1], extent[0])
        head = build_head([movie], payload_bytes=len(sample), created_us=segment.start_us)
        return wall.wall_of(times[key]), _decode(head + sample)
    except (DamagedFootageError, av.FFmpegError, StopIteration, ValueError):
        return None
    finally:
        os.close(fd)


def _decode(movie: bytes) -> bytes:
    with av.open(io.BytesIO(movie), "r", format="mp4") as container:
        frame = next(container.decode(video=0))
        file = io.BytesIO()
        frame.to_image().save(file, "JPEG", quality=90)  # type: ignore[no-untyped-call]  # PyAV types it not
        return file.getvalue()
