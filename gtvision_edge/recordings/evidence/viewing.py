"""The viewing copy: which samples of the recorded files it shows, in which order, at which time. Nothing is decoded.

A part is one plain MP4. A new part begins where the decoder's configuration changes (players do not expect that inside
a file), after :data:`MAX_PART_S` of footage (the tables in front must fit in memory), and after a gap that no sample can bridge.

It begins at the last key frame at or before the start that is asked for, and runs on behind the end into the next group of
pictures: cameras that sign their pictures sign a group in the next one, and one cut inside a group does not verify.
"""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from gtvision_edge.recordings.evidence.errors import DamagedFootageError
from gtvision_edge.recordings.evidence.movie import MovieTrack, build_head
from gtvision_edge.recordings.evidence.tracks import (
    MAX_INIT,
    FileTracks,
    Track,
    TrackConfig,
    file_reader,
    parts_of,
    read_tracks,
)
from gtvision_edge.recordings.model import Segment, Span

MAX_PART_S: Final = 6 * 3600
MAX_BRIDGED_S: Final = 8 * 3600
"""Longest gap inside a part: a duration of 32 bits at 90 kHz lasts 13 h."""
GAP_US: Final = 1_500_000
"""Neighbours less apart than this are one span, as in the timeline."""
_JOINT_US: Final = 200_000
_HANG_S: Final = 0.1
RUN_ON_S: Final = 1.0
"""How far the copy goes into the group of pictures behind the end."""

Gaps = Literal["keep", "collapse"]


@dataclass(frozen=True, slots=True)
class Source:
    """A recorded file and what the index says of it."""

    path: Path
    segment: Segment


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a file that are samples of a part."""

    path: Path
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one file gave to a part. Times of the part in µs from its begin; wall-clock times in UTC µs.

    Its pictures are *first* to before *last* of the file, counted over its whole parts.
    """

    path: Path
    first: int
    last: int
    at_us: int
    length_us: int
    start_us: int
    end_us: int


@dataclass(slots=True)
class Part:
    """One MP4 of the viewing copy: ``head``, then ``pieces`` in order."""

    head: bytes = b""
    pieces: list[Piece] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    video: TrackConfig | None = None
    audio: TrackConfig | None = None
    frames: int = 0
    length_us: int = 0

    @property
    def payload_bytes(self) -> int:
        return sum(piece.size for piece in self.pieces)

    @property
    def size(self) -> int:
        return len(self.head) + self.payload_bytes

    @property
    def start_us(self) -> int:
        return self.stretches[0].start_us


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file the copy has nothing of, and why: ``damaged``, or ``no_pictures``."""

    path: Path
    reason: str


def plan_viewing(
    sources: Sequence[Source],
    span: Span,
    *,
    gaps: Gaps = "keep",
    skipped: list[Skipped] | None = None,
) -> Iterator[Part]:
    """Yield the parts of the viewing copy of *sources*, which are one camera's files in order, for *span*.

    A source behind the span is used only as far as the copy runs on into it. Files that cannot be read are left out and
    put into *skipped*.

    Raises:
        OSError: the disk failed.

    """
    builder = _Builder(span, gaps)
    for source in sources:
        try:
            yield from builder.add(source)
        except DamagedFootageError:
            if skipped is not None:
                skipped.append(Skipped(source.path, "damaged"))
        if builder.is_complete:
            break
    yield from builder.finish()


@dataclass(frozen=True, slots=True)
class _Cut:
    """Which samples of a file are taken."""

    first: int
    last: int
    times: list[int]
    """Decode times of all of its pictures."""
    ends: bool
    """The copy ends here."""


class _Builder:
    def __init__(self, span: Span, gaps: Gaps) -> None:
        self._span = span
        self._gaps = gaps
        self._part = Part()
        self._video: MovieTrack | None = None
        self._audio: MovieTrack | None = None
        self._previous: Segment | None = None
        self._payload = 0
        self.is_complete = False

    def add(self, source: Source) -> Iterator[Part]:
        tracks = _read(source)
        video = tracks.video
        if video is None or not video.runs:
            return
        cut = self._cut(source.segment, video)
        if cut.last <= cut.first:
            self.is_complete = self.is_complete or cut.ends
            return
        if self._needs_new_part(source.segment, tracks):
            yield from self.finish()
        self._take(source, tracks, cut)
        self._previous = source.segment
        self.is_complete = cut.ends

    def finish(self) -> Iterator[Part]:
        """Yield the part being built, if there is one, and begin a new one."""
        if self._video is not None and self._video.count:
            tracks = [track for track in (self._video, self._audio) if track and track.count]
            part = self._part
            part.head = build_head(
                tracks, payload_bytes=self._payload, created_us=part.stretches[0].start_us
            )
            part.frames = self._video.count
            part.length_us = _us(self._video.end, self._video.config)
            yield part
        self._part, self._video, self._audio, self._payload = Part(), None, None, 0

    def _cut(self, segment: Segment, video: Track) -> _Cut:
        times = video.times()
        wall = Wall(segment, video, times)
        first = 0
        if self._previous is None and self._span.start_us > segment.start_us:
            at = bisect_right(times, wall.time_of(self._span.start_us))
            first = max((key for key in video.keys if key < at), default=0)
        joins = self._previous is not None and segment.continues
        if not joins and first not in video.keys:
            first = next((key for key in video.keys if key >= first), len(times))
        if segment.start_us >= self._span.end_us:  # only there to be run on into
            last = _run_on(first, times, video) if self._adjoins(segment) else first
            return _Cut(first, last, times, ends=True)
        end = wall.time_of(self._span.end_us)
        at = max(bisect_left(times, end), first + 1)
        key = next((key for key in video.keys if key >= at), None)
        if key is None:
            return _Cut(first, len(times), times, ends=False)
        return _Cut(first, _run_on(key, times, video), times, ends=True)

    def _adjoins(self, segment: Segment) -> bool:
        before = self._previous
        return before is not None and (
            segment.continues or segment.start_us - before.end_us <= GAP_US
        )

    def _needs_new_part(self, segment: Segment, tracks: FileTracks) -> bool:
        video, audio = self._video, self._audio
        if video is None or tracks.video is None:
            return False
        if video.config.decoding != tracks.video.config.decoding:
            return True
        sound = tracks.audio
        if sound and sound.runs and audio and audio.config.decoding != sound.config.decoding:
            return True
        gap_us = segment.start_us - (self._previous.end_us if self._previous else 0)
        lasts_us = _us(video.end, video.config)
        return lasts_us > MAX_PART_S * 1_000_000 or (
            self._gaps == "keep" and gap_us > MAX_BRIDGED_S * 1_000_000
        )

    def _take(self, source: Source, tracks: FileTracks, cut: _Cut) -> None:
        segment, video = source.segment, tracks.video
        assert video is not None  # noqa: S101 -- add() looked
        if self._video is None:
            self._video = MovieTrack(video.config)
            self._part.video = video.config
        wall = Wall(segment, video, cut.times)
        begin = cut.times[cut.first]
        at = self._place(segment)
        chunks = _append(self._video, video, (cut.first, cut.last), at - begin)
        finish = cut.times[cut.last] if cut.last < len(cut.times) else video.end
        sound = tracks.audio
        if sound and sound.runs:
            chunks += self._take_sound(sound, video, (begin, finish), at)
        self._lay_out(source.path, chunks)
        self._part.stretches.append(
            Stretch(
                source.path,
                cut.first,
                cut.last,
                _us(at, video.config),
                _us(finish - begin, video.config),
                wall.wall_of(begin),
                wall.wall_of(finish),
            )
        )

    def _place(self, segment: Segment) -> int:
        """Return where on the copy's line the next stretch stands, which is of *segment*."""
        assert self._video is not None  # noqa: S101 -- made just before
        before, video = self._previous, self._video
        if before is None or not video.count:
            return 0
        gap_us = segment.start_us - before.end_us
        if self._gaps == "collapse" or segment.continues or gap_us <= _JOINT_US:
            return video.end
        # From the end of what was there, not from the begin of the copy: small differences between a camera's
        # clock and ours must not show as stills.
        return video.end + gap_us * video.config.timescale // 1_000_000

    def _take_sound(
        self, sound: Track, video: Track, between: tuple[int, int], at: int
    ) -> list[tuple[int, int, MovieTrack, int]]:
        ratio = sound.config.timescale / video.config.timescale
        begin, finish = between[0] * ratio, between[1] * ratio
        times = sound.times()
        # At a joint sound and pictures do not end at once: what hangs over belongs to the neighbour.
        hang = _HANG_S * sound.config.timescale
        before = hang if self._audio is not None and between[0] == video.runs[0].time else 1
        after = hang if between[1] == video.end else 0
        first, last = bisect_left(times, begin - before), bisect_left(times, finish + after)
        if last <= first:
            return []
        if self._audio is None:
            self._audio = MovieTrack(sound.config)
            self._part.audio = sound.config
        return _append(self._audio, sound, (first, last), round(at * ratio - begin))

    def _lay_out(self, path: Path, chunks: list[tuple[int, int, MovieTrack, int]]) -> None:
        """Put *chunks* (offset, size, track, samples) into the part in the order of the file; what touches becomes one piece."""
        pieces = self._part.pieces
        for offset, size, track, samples in sorted(chunks, key=lambda chunk: chunk[0]):
            track.chunk_offsets.append(self._payload)
            track.chunk_samples.append(samples)
            self._payload += size
            last = pieces[-1] if pieces else None
            if last and last.path == path and last.offset + last.size == offset:
                pieces[-1] = Piece(path, last.offset, last.size + size)
            elif size:
                pieces.append(Piece(path, offset, size))


def _run_on(key: int, times: list[int], video: Track) -> int:
    """Return the first picture that is not taken any more when the copy ends in the group that begins with *key*."""
    limit = times[key] + int(RUN_ON_S * video.config.timescale)
    following = next((each for each in video.keys if each > key), len(times))
    return max(min(bisect_left(times, limit, lo=key), following), key + 1)


def _append(
    movie: MovieTrack, track: Track, between: tuple[int, int], shift: int
) -> list[tuple[int, int, MovieTrack, int]]:
    """Add samples to *movie*, moved by *shift* ticks; return their chunks."""
    first, last = between
    chunks = []
    for run in track.runs:
        begin, end = max(run.first, first), min(run.first + run.count, last)
        if begin >= end:
            continue
        skipped = slice(run.first, begin)
        movie.move_to(run.time + sum(track.durations[skipped]) + shift)
        offset = run.offset + sum(track.sizes[skipped])
        movie.take(track, begin, end)
        chunks.append((offset, sum(track.sizes[begin:end]), movie, end - begin))
    return chunks


class Wall:
    """Between a file's decode times and the wall clock: cameras' clocks run a little, sometimes much, differently."""

    def __init__(self, segment: Segment, video: Track, times: list[int]) -> None:
        self._start_us = segment.start_us
        self._zero = times[0]
        media_us = _us(max(video.end - times[0], 1), video.config)
        wall_us = segment.end_us - segment.start_us
        ratio = wall_us / media_us if media_us > 0 else 1.0
        self._us_per_tick = 1_000_000 / video.config.timescale * (ratio if 0.5 < ratio < 2 else 1.0)

    def wall_of(self, time: int) -> int:
        return self._start_us + round((time - self._zero) * self._us_per_tick)

    def time_of(self, wall_us: int) -> int:
        return self._zero + round((wall_us - self._start_us) / self._us_per_tick)


def _us(ticks: int, config: TrackConfig) -> int:
    return ticks * 1_000_000 // config.timescale


def _read(source: Source) -> FileTracks:
    segment = source.segment
    if segment.init_bytes > MAX_INIT:
        raise DamagedFootageError("The head of the file is too long.")
    fd = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        init = os.pread(fd, segment.init_bytes, 0)
        return read_tracks(file_reader(fd), init, parts_of(segment.groups))
    finally:
        os.close(fd)
