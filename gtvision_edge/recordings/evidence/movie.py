"""The head of a plain MP4 (``ftyp``, ``moov``, begin of ``mdat``) for samples that already exist elsewhere.

A fragmented file plays badly where evidence is watched: some players do not seek in it, some do not open it. So the
viewing copy has all its tables in front, as any player expects.
"""

import struct
import sys
from array import array
from dataclasses import dataclass, field
from typing import Final

from gtvision_edge.media.embedded.boxes import box, full_box
from gtvision_edge.recordings.evidence.tracks import Numbers, Track, TrackConfig

MOVIE_SCALE: Final = 90_000
MAX_LENGTH: Final = 0xFFFF_FFFF
"""Longest duration of a sample, in its track's time scale."""
_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SINCE_1904_S: Final = 2_082_844_800
_FTYP: Final = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2mp41")


@dataclass(slots=True)
class MovieTrack:
    """The sample tables of a track being gathered. Times are in the track's time scale, 0 = begin of the movie."""

    config: TrackConfig
    start: int = 0
    """Where its first sample stands."""
    end: int = 0
    durations: Numbers = field(default_factory=lambda: array("I"))
    sizes: Numbers = field(default_factory=lambda: array("I"))
    shifts: Numbers = field(default_factory=lambda: array("i"))
    keys: Numbers = field(default_factory=lambda: array("I"))
    """Sync samples, counted from 1."""
    chunk_offsets: Numbers = field(default_factory=lambda: array("Q"))
    """From the begin of mdat's content."""
    chunk_samples: Numbers = field(default_factory=lambda: array("I"))

    @property
    def count(self) -> int:
        return len(self.sizes)

    def move_to(self, time: int) -> None:
        """Let the next sample stand at *time*: the last one is shown so long, or shorter if they overlap."""
        if not self.count:
            self.start = self.end = max(time, 0)
            return
        length = min(max(self.durations[-1] + time - self.end, 1), MAX_LENGTH)
        self.end += length - self.durations[-1]
        self.durations[-1] = length

    def take(self, track: Track, first: int, last: int) -> None:
        """Append the samples *first* to before *last* of a file's *track*."""
        already = self.count + 1 - first
        self.durations += track.durations[first:last]
        self.sizes += track.sizes[first:last]
        self.shifts += track.shifts[first:last]
        self.keys.extend(already + key for key in track.keys if first <= key < last)
        self.end += sum(track.durations[first:last])


def build_head(tracks: list[MovieTrack], *, payload_bytes: int, created_us: int) -> bytes:
    """Return everything before the samples of a movie whose ``mdat`` holds *payload_bytes*."""
    wide = payload_bytes + 2**26 > 0xFFFF_FFFF
    header = (
        struct.pack(">I4sQ", 1, b"mdat", payload_bytes + 16)
        if wide
        else struct.pack(">I4s", payload_bytes + 8, b"mdat")
    )
    # The tables hold offsets, and how long they are does not depend on the offsets: built twice.
    length = len(_moov(tracks, 0, created_us, wide=wide))
    base = len(_FTYP) + length + len(header)
    return _FTYP + _moov(tracks, base, created_us, wide=wide) + header


def _moov(tracks: list[MovieTrack], base: int, created_us: int, *, wide: bool) -> bytes:
    created = max(created_us // 1_000_000 + _SINCE_1904_S, 0)
    duration = max(
        (track.end * MOVIE_SCALE // track.config.timescale for track in tracks), default=0
    )
    mvhd = full_box(
        b"mvhd",
        1,
        0,
        struct.pack(">QQIQIHHII", created, created, MOVIE_SCALE, duration, 0x10000, 0x100, 0, 0, 0),
        _MATRIX,
        bytes(24),
        struct.pack(">I", len(tracks) + 1),
    )
    traks = [
        _trak(track, number, base, created, wide=wide) for number, track in enumerate(tracks, 1)
    ]
    return box(b"moov", mvhd, *traks)


def _trak(track: MovieTrack, number: int, base: int, created: int, *, wide: bool) -> bytes:
    config = track.config
    is_video = config.kind == "video"
    length = track.end - track.start
    shown = track.end * MOVIE_SCALE // config.timescale
    tkhd = full_box(
        b"tkhd",
        1,
        3,
        struct.pack(
            ">QQIIQ8xHHHH", created, created, number, 0, shown, 0, 0, 0 if is_video else 0x100, 0
        ),
        _MATRIX,
        struct.pack(">II", config.width << 16, config.height << 16),
    )
    mdhd = full_box(
        b"mdhd", 1, 0, struct.pack(">QQIQHH", created, created, config.timescale, length, 0x55C4, 0)
    )
    handler, name = (b"vide", b"video\x00") if is_video else (b"soun", b"sound\x00")
    hdlr = full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, handler), name)
    media_header = (
        full_box(b"vmhd", 0, 1, bytes(8)) if is_video else full_box(b"smhd", 0, 0, bytes(4))
    )
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    minf = box(b"minf", media_header, dinf, _stbl(track, base, wide=wide))
    return box(b"trak", tkhd, _edits(track, length), box(b"mdia", mdhd, hdlr, minf))


def _edits(track: MovieTrack, length: int) -> bytes:
    """Say what stands before the first sample, and where in it the show begins (B-frames are decoded before they are shown)."""
    scale = track.config.timescale
    edits = []
    if track.start:
        edits.append(struct.pack(">QqI", track.start * MOVIE_SCALE // scale, -1, 0x10000))
    shift = max(track.shifts[0], 0) if track.count else 0
    edits.append(struct.pack(">QqI", length * MOVIE_SCALE // scale, shift, 0x10000))
    return box(b"edts", full_box(b"elst", 1, 0, struct.pack(">I", len(edits)), *edits))


def _stbl(track: MovieTrack, base: int, *, wide: bool) -> bytes:
    parts = [
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), track.config.entry),
        _stts(track.durations),
    ]
    if any(track.shifts):
        parts.append(_ctts(track.shifts))
    if len(track.keys) < track.count:
        parts.append(full_box(b"stss", 0, 0, struct.pack(">I", len(track.keys)), _big(track.keys)))
    parts.append(_stsc(track.chunk_samples))
    parts.append(full_box(b"stsz", 0, 0, struct.pack(">II", 0, track.count), _big(track.sizes)))
    offsets = array("Q" if wide else "I", (base + offset for offset in track.chunk_offsets))
    kind = b"co64" if wide else b"stco"
    parts.append(full_box(kind, 0, 0, struct.pack(">I", len(offsets)), _big(offsets)))
    return box(b"stbl", *parts)


def _stts(durations: Numbers) -> bytes:
    runs = _run_lengths(durations)
    return full_box(b"stts", 0, 0, struct.pack(">I", len(runs) // 2), _big(runs))


def _ctts(shifts: Numbers) -> bytes:
    runs = _run_lengths(array("I", shifts.tobytes()))
    return full_box(b"ctts", 1, 0, struct.pack(">I", len(runs) // 2), _big(runs))


def _run_lengths(values: Numbers) -> Numbers:
    """Return (how many, which) after one another."""
    runs = array("I")
    count, current = 0, None
    for value in values:
        if value == current:
            count += 1
            continue
        if current is not None:
            runs.append(count)
            runs.append(current)
        count, current = 1, value
    if current is not None:
        runs.append(count)
        runs.append(current)
    return runs


def _stsc(chunk_samples: Numbers) -> bytes:
    entries = array("I")
    before = None
    for number, count in enumerate(chunk_samples, 1):
        if count != before:
            entries.extend((number, count, 1))
            before = count
    return full_box(b"stsc", 0, 0, struct.pack(">I", len(entries) // 3), _big(entries))


def _big(values: Numbers) -> bytes:
    """Return *values* with the most significant byte first, as MP4 has them."""
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()
