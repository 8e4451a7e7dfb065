"""Reads what a recorded fMP4 file says of itself: its head, and the head of every part. Media data is skipped.

The file may be growing, cut off anywhere, or be anything else: nothing raises but the disk (OSError), and what is read, kept
and looped over is bounded by the constants below.
"""

import os
import struct
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final

from gtvision_edge.media.boxes import Box, find_boxes, iter_boxes
from gtvision_edge.recordings.indexing.codecs import audio_codec, video_codec

AHEAD: Final = 4096
"""Read at once where a head is expected: it holds the whole of most."""
MAX_HEAD: Final = 2**20
MAX_MOOF: Final = 4 * 2**20
MAX_MOOFS: Final = 256 * 2**20
"""Bytes of part heads in one file; a day at 60 frames a second has 170 MB."""
MAX_PARTS: Final = 400_000
MAX_STRANGERS: Final = 1000
"""Boxes between parts that are none of ours."""
MAX_RUNS: Final = 64
MAX_BARE_RUN: Final = 4096
"""Samples of a run that has no table: nothing in the file bounds their number."""
_NO_SYNC: Final = 0x10000
_MEDIAMTX_NEXT_TRACK: Final = 0xFFFFFFFF
_HUGE: Final = 2**63


@dataclass(frozen=True, slots=True)
class Track:
    """``kind`` is ``vide``, ``soun`` or what else the handler says; ``codec`` as in SegmentFormat."""

    track_id: int
    kind: str
    timescale: int
    codec: str
    width: int
    height: int
    default_duration: int
    default_flags: int


@dataclass(frozen=True, slots=True)
class RecorderClock:
    """The box ``mtxi``: which run of the recorder, which file of it, and the wall clock (UTC ns) of the first sample."""

    stream_id: bytes
    number: int
    ntp_ns: int


@dataclass(frozen=True, slots=True)
class Head:
    """``ftyp`` and ``moov``. ``closed_ms`` is the length its recorder wrote at the end; 0 = not closed.

    ``is_mediamtx`` is told by the odd next track id that its muxer writes (seen up to 1.20.1).
    """

    size: int
    tracks: dict[int, Track]
    clock: RecorderClock | None
    closed_ms: int
    is_mediamtx: bool

    @property
    def video(self) -> Track | None:
        return next((track for track in self.tracks.values() if track.kind == "vide"), None)

    @property
    def audio(self) -> Track | None:
        return next((track for track in self.tracks.values() if track.kind == "soun"), None)


@dataclass(frozen=True, slots=True)
class Part:
    """A whole moof + mdat. Times in µs of the file's own line; None where the part has no picture, or no key frame."""

    offset: int
    size: int
    video_us: int | None
    key_us: int | None
    length_us: int


@dataclass(slots=True)
class Reading:
    """What was read so far. ``end`` is where the next part will begin; ``is_done`` = more can never follow."""

    head: Head | None = None
    parts: list[Part] = field(default_factory=list)
    end: int = 0
    is_done: bool = False
    moof_bytes: int = 0
    strangers: int = 0


def read_file(descriptor: int, size: int, reading: Reading | None = None) -> Reading:
    """Read the whole parts of the first *size* bytes; with *reading*, those that came since.

    Raises:
        OSError: the disk failed.

    """
    reading = reading or Reading()
    if reading.head is None:
        _read_head(descriptor, size, reading)
    if reading.head is not None:
        _read_parts(descriptor, size, reading, reading.head)
    return reading


def parse_head(data: bytes) -> Head | None:
    """Return the head at the begin of *data*; None when it is not whole, or none."""
    boxes = {box.kind: box for box in iter_boxes(data[:MAX_HEAD])}
    ftyp, moov = boxes.get(b"ftyp"), boxes.get(b"moov")
    if ftyp is None or moov is None or ftyp.start != 0:
        return None
    try:
        return _head(data, moov)
    except (struct.error, IndexError):
        return None


def parse_moof(data: bytes, head: Head) -> tuple[int | None, int | None, int]:
    """Return a part's (begin of its video, its first key frame, length of its video) in µs from *data*, the moof's bytes."""
    video_us, key_us, length_us = None, None, 0
    for moof in find_boxes(data, b"moof"):
        for traf in find_boxes(data, b"traf", moof.body, moof.end)[:MAX_RUNS]:
            try:
                found = _run(data, traf, head)
            except (struct.error, IndexError):
                continue
            if found is not None:
                video_us, key_us, length_us = found
    return video_us, key_us, length_us


def _read_head(descriptor: int, size: int, reading: Reading) -> None:
    data = os.pread(descriptor, min(size, AHEAD), 0)
    need = 0
    for kind in (b"ftyp", b"moov"):
        if len(data) < need + 8:
            return
        length, found = struct.unpack_from(">I4s", data, need)
        if found != kind or length < 8 or need + length > MAX_HEAD:
            reading.is_done = True
            return
        need += length
    if need > size:
        return
    if need > len(data):
        data += os.pread(descriptor, need - len(data), len(data))
    if len(data) < need:  # it was cut while we read
        return
    reading.head = parse_head(data[:need])
    reading.end = need
    reading.is_done = reading.head is None


def _read_parts(descriptor: int, size: int, reading: Reading, head: Head) -> None:
    while not reading.is_done:
        start = reading.end
        data = os.pread(descriptor, AHEAD, start) if start + 16 <= size else b""
        if len(data) < 16:
            return
        length, kind, body = _box_head(data, 0)
        if length < body or start + length > size:
            reading.is_done = length < body
            return
        if kind != b"moof":
            reading.strangers += 1
            reading.is_done = reading.strangers > MAX_STRANGERS
            reading.end = start + length
            continue
        reading.moof_bytes += length
        if length > MAX_MOOF or reading.moof_bytes > MAX_MOOFS or len(reading.parts) >= MAX_PARTS:
            reading.is_done = True
            return
        if len(data) < length + 16:
            data += os.pread(descriptor, length + 16 - len(data), start + len(data))
        if len(data) < length + 8:
            return
        media, kind, body = _box_head(data, length)
        if kind != b"mdat" or media < body:
            reading.is_done = True
            return
        if start + length + media > size:
            return
        video_us, key_us, length_us = parse_moof(data[:length], head)
        reading.parts.append(Part(start, length + media, video_us, key_us, length_us))
        reading.end = start + length + media


def _box_head(data: bytes, at: int) -> tuple[int, bytes, int]:
    length, kind = struct.unpack_from(">I4s", data, at)
    if length != 1:
        return length, kind, 8
    if len(data) < at + 16:
        return 0, kind, 16
    return struct.unpack_from(">Q", data, at + 8)[0], kind, 16


def _head(data: bytes, moov: Box) -> Head:
    inside = list(iter_boxes(data, moov.body, moov.end))
    defaults = {}
    for mvex in (box for box in inside if box.kind == b"mvex"):
        for trex in find_boxes(data, b"trex", mvex.body, mvex.end):
            track_id, _, duration, _, flags = struct.unpack_from(">5I", data, trex.body + 4)
            defaults[track_id] = (duration, flags)
    tracks = {}
    for trak in (box for box in inside if box.kind == b"trak"):
        track = _track(data, trak, defaults)
        if track is not None:
            tracks[track.track_id] = track
    closed_ms, next_track = 0, 0
    clock = None
    for box in inside:
        if box.kind == b"mvhd":
            wide = data[box.body] == 1
            form, at = (">IQ", 20) if wide else (">II", 12)
            timescale, duration = struct.unpack_from(form, data, box.body + at)
            closed_ms = duration * 1000 // timescale if timescale else 0
            (next_track,) = struct.unpack_from(">I", data, box.end - 4)
        elif box.kind == b"udta":
            for mtxi in find_boxes(data, b"mtxi", box.body, box.end):
                number, _, ntp_ns = struct.unpack_from(">Qqq", data, mtxi.body + 20)
                clock = RecorderClock(data[mtxi.body + 4 : mtxi.body + 20], number, ntp_ns)
    return Head(moov.end, tracks, clock, closed_ms, next_track == _MEDIAMTX_NEXT_TRACK)


def _track(data: bytes, trak: Box, defaults: dict[int, tuple[int, int]]) -> Track | None:
    def first(kind: bytes, within: Box | None) -> Box | None:
        if within is None:
            return None
        return next(iter(find_boxes(data, kind, within.body, within.end)), None)

    tkhd, mdia = first(b"tkhd", trak), first(b"mdia", trak)
    mdhd, hdlr = first(b"mdhd", mdia), first(b"hdlr", mdia)
    stsd = first(b"stsd", first(b"stbl", first(b"minf", mdia)))
    if tkhd is None or mdhd is None or hdlr is None or stsd is None:
        return None
    (track_id,) = struct.unpack_from(">I", data, tkhd.body + (20 if data[tkhd.body] == 1 else 12))
    (timescale,) = struct.unpack_from(">I", data, mdhd.body + (20 if data[mdhd.body] == 1 else 12))
    kind = data[hdlr.body + 8 : hdlr.body + 12].decode("ascii", "replace")
    entry = next(iter_boxes(data, stsd.body + 8, stsd.end), None)
    if entry is None or timescale == 0:
        return None
    codec, width, height = "", 0, 0
    body = data[entry.body : entry.end]
    if kind == "vide":
        codec = video_codec(entry.kind, body)
        width, height = struct.unpack_from(">HH", body, 24)
    elif kind == "soun":
        codec = audio_codec(entry.kind, body)
    duration, flags = defaults.get(track_id, (0, 0))
    return Track(track_id, kind, timescale, codec, width, height, duration, flags)


def _run(data: bytes, traf: Box, head: Head) -> tuple[int, int | None, int] | None:
    """Return (begin, first key frame, length) in µs of a traf's video; None when it has none."""
    boxes = {box.kind: box for box in reversed(list(iter_boxes(data, traf.body, traf.end)))}
    tfhd, tfdt = boxes.get(b"tfhd"), boxes.get(b"tfdt")
    if tfhd is None or tfdt is None:
        return None
    header, track_id = struct.unpack_from(">II", data, tfhd.body)
    track = head.tracks.get(track_id)
    if track is None or track.kind != "vide":
        return None
    at = tfhd.body + 8 + (8 if header & 1 else 0) + (4 if header & 2 else 0)
    duration, flags = track.default_duration, track.default_flags
    if header & 8:
        (duration,) = struct.unpack_from(">I", data, at)
        at += 4
    at += 4 if header & 0x10 else 0
    if header & 0x20:
        (flags,) = struct.unpack_from(">I", data, at)
    (begin,) = struct.unpack_from(">Q" if data[tfdt.body] == 1 else ">I", data, tfdt.body + 4)
    if begin >= _HUGE:
        return None
    time, key = begin, None
    count = 0
    for trun in find_boxes(data, b"trun", traf.body, traf.end)[:MAX_RUNS]:
        durations, samples_flags = _samples(data, trun, duration, flags)
        count += len(durations)
        if key is None:
            for position, sample_flags in enumerate(samples_flags):
                if not sample_flags & _NO_SYNC:
                    key = time + sum(durations[:position])
                    break
        time += sum(durations)
    if count == 0:
        return None

    def micros(ticks: int) -> int:
        return ticks * 1_000_000 // track.timescale

    return micros(begin), None if key is None else micros(key), micros(time) - micros(begin)


def _samples(
    data: bytes, trun: Box, duration: int, flags: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the durations and the flags of a run's samples."""
    form, count = struct.unpack_from(">II", data, trun.body)
    at = trun.body + 8 + (4 if form & 1 else 0)
    first_flags = None
    if form & 4:
        (first_flags,) = struct.unpack_from(">I", data, at)
        at += 4
    fields = [bool(form & bit) for bit in (0x100, 0x200, 0x400, 0x800)]
    width = sum(fields)
    if width == 0:
        count = min(count, MAX_BARE_RUN)
    table = struct.unpack_from(f">{count * width}I", data, at) if width else ()
    durations = table[0::width] if fields[0] else tuple(repeat(duration, count))
    every = table[fields[0] + fields[1] :: width] if fields[2] else tuple(repeat(flags, count))
    if first_flags is not None and every:
        every = (first_flags, *every[1:])
    return durations, every
