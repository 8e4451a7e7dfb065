"""The samples of a recorded file: what each is, when it is shown, and where its bytes lie. Reads heads only. Blocks."""

import os
import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Literal, TypeAlias

from gtvision_edge.media.embedded.boxes import Box, find, walk
from gtvision_edge.recordings.evidence.errors import DamagedFootageError
from gtvision_edge.recordings.model import Group

MAX_INIT: Final = 2**20
MAX_MOOF: Final = 8 * 2**20
MAX_SAMPLES: Final = 2**21
"""Of one track of one file. An hour of pictures or sound has 216,000; a list without table names millions in 20 bytes."""
_READ_AHEAD: Final = 4096
_NON_SYNC: Final = 0x10000

ReadAt = Callable[[int, int], bytes]
"""Reads up to so many bytes at an offset; fewer at the end of the file."""
Extent = tuple[int, int]
"""Offset and size in a file, bytes."""
Kind = Literal["video", "audio"]
Numbers: TypeAlias = "array[int]"


@dataclass(frozen=True, slots=True)
class TrackConfig:
    """What a player must know of a track before its first sample."""

    kind: Kind
    track_id: int
    timescale: int
    entry: bytes
    """The sample entry box, whole."""
    width: int
    height: int
    duration: int = 0
    """Defaults of ``trex``: length, size and flags of a sample whose fragment does not say."""
    size: int = 0
    flags: int = 0

    @property
    def sample_type(self) -> str:
        return self.entry[4:8].decode("latin-1")

    @property
    def decoding(self) -> tuple[object, ...]:
        """What two tracks must have in common to be one: what their decoder is configured with."""
        return (self.kind, self.timescale, self.sample_type, self.width, self.height, _setup(self))


@dataclass(frozen=True, slots=True)
class Run:
    """Samples *first* to *first + count* of a track, whose bytes lie in one piece at *offset*."""

    first: int
    count: int
    time: int
    """Decode time of the first one, in the track's time scale."""
    offset: int


@dataclass(slots=True)
class Track:
    """The samples of one track of one file, in decode order; the arrays run in parallel."""

    config: TrackConfig
    runs: list[Run] = field(default_factory=list)
    durations: Numbers = field(default_factory=lambda: array("I"))
    sizes: Numbers = field(default_factory=lambda: array("I"))
    shifts: Numbers = field(default_factory=lambda: array("i"))
    """Presentation time minus decode time."""
    keys: list[int] = field(default_factory=list)
    """Numbers of the samples that are sync samples."""

    def times(self) -> list[int]:
        """Return the decode time of each sample."""
        found: list[int] = []
        for run in self.runs:
            lengths = self.durations[run.first : run.first + run.count]
            found += list(accumulate(lengths, initial=run.time))[:-1]
        return found

    @property
    def end(self) -> int:
        """Where its last sample ends."""
        if not self.runs:
            return 0
        last = self.runs[-1]
        return last.time + sum(self.durations[last.first : last.first + last.count])

    def extents(self, first: int, last: int) -> Iterator[Extent]:
        """Yield where the samples *first* to before *last* lie, in decode order."""
        for run in self.runs:
            begin, end = max(run.first, first), min(run.first + run.count, last)
            if begin < end:
                offset = run.offset + sum(self.sizes[run.first : begin])
                yield offset, sum(self.sizes[begin:end])


def parts_of(groups: Sequence[Group]) -> list[Extent]:
    """Return the stretches of a file that its *groups* cover; neighbours are one stretch."""
    found: list[Extent] = []
    for group in groups:
        if found and sum(found[-1]) == group.offset:
            found[-1] = (found[-1][0], found[-1][1] + group.size)
        else:
            found.append((group.offset, group.size))
    return found


@dataclass(frozen=True, slots=True)
class FileTracks:
    """What a file holds; a track it does not have is None."""

    video: Track | None
    audio: Track | None


def read_configs(init: bytes) -> dict[int, TrackConfig]:
    """Return the tracks that *init* (ftyp + moov) declares, by id.

    Raises:
        DamagedFootageError: it declares none in a way we can read.

    """
    try:
        return _configs(init)
    except (struct.error, IndexError, ValueError) as error:
        raise DamagedFootageError("The head of the file cannot be read.") from error


def file_reader(fd: int) -> ReadAt:
    """Return a reader of the file open as *fd*."""
    return lambda size, offset: os.pread(fd, size, offset)


def read_tracks(read_at: ReadAt, init: bytes, parts: Iterable[Extent]) -> FileTracks:
    """Read the samples in *parts* of a file, each a run of whole moof and mdat boxes.

    Raises:
        DamagedFootageError: boxes that contradict one another or point outside their group.
        OSError: the disk failed.

    """
    configs = read_configs(init)
    tracks = {track_id: Track(config) for track_id, config in configs.items()}
    try:
        for part in parts:
            _read_part(read_at, part, tracks)
    except (struct.error, OverflowError) as error:
        raise DamagedFootageError("A part of the file cannot be read.") from error
    by_kind: dict[Kind, Track] = {}
    for track in tracks.values():
        by_kind.setdefault(track.config.kind, track)
    return FileTracks(by_kind.get("video"), by_kind.get("audio"))


def _configs(init: bytes) -> dict[int, TrackConfig]:
    moov = find(init, b"moov")
    if moov is None:
        raise ValueError("no moov")
    defaults: dict[int, tuple[int, int, int]] = {}
    for mvex in _inside(init, moov, b"mvex"):
        for trex in _inside(init, mvex, b"trex"):
            track_id, _, *values = struct.unpack_from(">5I", init, trex.body + 4)
            defaults[track_id] = (values[0], values[1], values[2])
    configs: dict[int, TrackConfig] = {}
    for trak in _inside(init, moov, b"trak"):
        config = _config(init, trak, defaults)
        if config is not None:
            configs[config.track_id] = config
    if not configs:
        raise ValueError("no track")
    return configs


def _config(
    init: bytes, trak: Box, defaults: dict[int, tuple[int, int, int]]
) -> TrackConfig | None:
    (tkhd,) = _inside(init, trak, b"tkhd")
    (mdia,) = _inside(init, trak, b"mdia")
    (mdhd,) = _inside(init, mdia, b"mdhd")
    (hdlr,) = _inside(init, mdia, b"hdlr")
    (minf,) = _inside(init, mdia, b"minf")
    (stbl,) = _inside(init, minf, b"stbl")
    (stsd,) = _inside(init, stbl, b"stsd")
    kinds: dict[bytes, Kind] = {b"vide": "video", b"soun": "audio"}
    kind = kinds.get(init[hdlr.body + 8 : hdlr.body + 12])
    if kind is None:
        return None
    is_long = init[tkhd.body] == 1
    (track_id,) = struct.unpack_from(">I", init, tkhd.body + (20 if is_long else 12))
    width, height = struct.unpack_from(">II", init, tkhd.end - 8)
    (timescale,) = struct.unpack_from(">I", init, mdhd.body + (20 if init[mdhd.body] == 1 else 12))
    entry = next(walk(init, stsd.body + 8, stsd.end), None)
    if entry is None or timescale == 0:
        raise ValueError("no sample entry")
    duration, size, flags = defaults.get(track_id, (0, 0, 0))
    return TrackConfig(
        kind,
        track_id,
        timescale,
        init[entry.start : entry.end],
        width >> 16,
        height >> 16,
        duration,
        size,
        flags,
    )


def _inside(data: bytes, parent: Box, kind: bytes) -> list[Box]:
    return [box for box in walk(data, parent.body, parent.end) if box.kind == kind]


def _setup(config: TrackConfig) -> bytes:
    """Return the decoder's configuration box of a sample entry; all of the entry where there is none we know."""
    head = 78 if config.kind == "video" else 28
    known = {b"avcC", b"hvcC", b"esds", b"pcmC"}
    for box in walk(config.entry, 8 + head):
        if box.kind in known:
            return config.entry[box.body : box.end]
    return config.entry


def _read_part(read_at: ReadAt, part: Extent, tracks: dict[int, Track]) -> None:
    position, end = part[0], part[0] + part[1]
    while position + 8 <= end:
        head = read_at(min(_READ_AHEAD, end - position), position)
        length, kind, header = _head(head)
        if length < header or position + length > end:
            raise DamagedFootageError("A box reaches beyond its part.")
        if kind == b"moof":
            if length > MAX_MOOF:
                raise DamagedFootageError("The list of a part is too long.")
            if len(head) < length:
                head += read_at(length - len(head), position + len(head))
            _read_moof(head[:length], position, end, tracks)
        position += length


def _head(data: bytes) -> tuple[int, bytes, int]:
    length, kind = struct.unpack_from(">I4s", data)
    if length == 1:
        return struct.unpack_from(">Q", data, 8)[0], kind, 16
    return length, kind, 8


def _read_moof(moof: bytes, position: int, end: int, tracks: dict[int, Track]) -> None:
    whole = next(walk(moof), None)
    if whole is None or whole.end != len(moof):
        raise DamagedFootageError("A part of the file is cut off.")
    for traf in _inside(moof, whole, b"traf"):
        _read_traf(moof, traf, position, end, tracks)


def _read_traf(moof: bytes, traf: Box, position: int, end: int, tracks: dict[int, Track]) -> None:
    headers = _inside(moof, traf, b"tfhd")
    times = _inside(moof, traf, b"tfdt")
    if len(headers) != 1 or len(times) != 1:
        raise DamagedFootageError("A part does not say when it begins.")
    (tfhd,), (tfdt,) = headers, times
    flags, track_id = struct.unpack_from(">II", moof, tfhd.body)
    track = tracks.get(track_id)
    if track is None:
        return
    at = tfhd.body + 8
    base = position
    if flags & 0x1:
        (base,) = struct.unpack_from(">Q", moof, at)
        at += 8
    at += 4 if flags & 0x2 else 0
    values = [track.config.duration, track.config.size, track.config.flags]
    for index, bit in enumerate((0x8, 0x10, 0x20)):
        if flags & bit:
            (values[index],) = struct.unpack_from(">I", moof, at)
            at += 4
    wide = moof[tfdt.body] == 1
    (time,) = struct.unpack_from(">Q" if wide else ">I", moof, tfdt.body + 4)
    offset = base
    for trun in _inside(moof, traf, b"trun"):
        time, offset = _read_trun(moof, trun, track, values, (time, base, offset))
        if not position <= offset <= end:
            raise DamagedFootageError("A sample lies outside its part.")


def _read_trun(
    moof: bytes, trun: Box, track: Track, defaults: list[int], place: tuple[int, int, int]
) -> tuple[int, int]:
    """Add the samples of a run; return where in time and in the file the next one goes on."""
    time, base, offset = place
    flags, count = struct.unpack_from(">II", moof, trun.body)
    at = trun.body + 8
    if flags & 0x1:
        offset = base + struct.unpack_from(">i", moof, at)[0]
        at += 4
    first_flags = None
    if flags & 0x4:
        (first_flags,) = struct.unpack_from(">I", moof, at)
        at += 4
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if at + 4 * len(columns) * count > trun.end:
        raise DamagedFootageError("A list of samples is cut off.")
    if len(track.sizes) + count > MAX_SAMPLES:
        raise DamagedFootageError("The file has too many samples.")
    table = struct.unpack_from(f">{len(columns) * count}I", moof, at)

    def column(bit: int, default: int) -> Numbers:
        if bit not in columns:
            return array("I", struct.pack("I", default) * count)
        return array("I", table[columns.index(bit) :: len(columns)])

    durations, sizes = column(0x100, defaults[0]), column(0x200, defaults[1])
    marks = column(0x400, defaults[2])
    if first_flags is not None and count:
        marks[0] = first_flags
    first = len(track.sizes)
    track.keys += [first + n for n, mark in enumerate(marks) if not mark & _NON_SYNC]
    track.durations += durations
    track.sizes += sizes
    track.shifts += array("i", column(0x800, 0).tobytes())  # the same 32 bits, signed
    if count:
        track.runs.append(Run(first, count, time, offset))
    return time + sum(durations), offset + sum(sizes)
