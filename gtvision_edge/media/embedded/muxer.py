"""One fMP4 muxer per stream: samples in, an init and whole fragments out. No libav, no file, no lock."""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

from gtvision_edge.media.embedded.boxes import box, full_box
from gtvision_edge.media.embedded.model import (
    AudioTrack,
    Fragment,
    Stream,
    TrackTime,
    VideoTrack,
)

VIDEO_ID = 1
AUDIO_ID = 2
_KEY_SAMPLE = 0x02000000
_DELTA_SAMPLE = 0x01010000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def open_stream(video: VideoTrack, audio: AudioTrack | None) -> Stream:
    """Return a new stream of these tracks, with its own init."""
    return Stream(os.urandom(16), video, audio, build_init(video, audio))


class FragmentMuxer:
    """Gathers samples and cuts a fragment before a key frame, and at *fragment_s* between them.

    Feed samples in the order of arrival, decode times strictly rising per track. The last picture waits for the next
    one, whose time is its length. *wall_us* tells when a place on the line (µs) happened. Not thread-safe: it
    belongs to the session's thread.
    """

    def __init__(self, stream: Stream, fragment_s: float, wall_us: Callable[[int], int]) -> None:
        self.stream = stream
        self._wall_us = wall_us
        self._limit = int(fragment_s * stream.video.timescale)
        self._video = _Run(VIDEO_ID, stream.video.timescale)
        self._audio = _Run(AUDIO_ID, stream.audio.timescale) if stream.audio else None
        self._pending: tuple[int, int, bytes, int] | None = None
        self._usual = 3600
        self._sequence = 0

    def add_video(self, dts: int, pts: int, data: bytes, *, is_key: bool) -> Fragment | None:
        """Add a picture; returns the fragment that it closed, if it did."""
        fragment = None
        if self._pending is not None:
            self._settle(dts - self._pending[0])
            if self._is_due(dts, is_key=is_key):
                fragment = self._cut()
        if not self._video.samples and self._pending is None:
            self._video.start = dts
        flags = _KEY_SAMPLE if is_key else _DELTA_SAMPLE
        self._pending = (dts, pts - dts, data, flags)
        return fragment

    def add_audio(self, dts: int, data: bytes, duration: int) -> None:
        """Add an AAC frame of *duration* samples; it leaves with the pictures around it."""
        run = self._audio
        # Sound alone makes no fragment: without pictures the session is soon declared dead.
        if run is None or (self._pending is None and not self._video.samples):
            return
        if not run.samples:
            run.start = dts
        else:
            run.stretch(dts - run.end)
        run.add(duration, data, _KEY_SAMPLE, 0)

    def finish(self) -> Fragment | None:
        """Return what is left; the last picture gets the length of the one before."""
        if self._pending is None:
            return None
        self._settle(self._usual)
        return self._cut()

    def _is_due(self, dts: int, *, is_key: bool) -> bool:
        length = dts - self._video.start
        if length >= self._limit:
            return True
        # A key frame starts a fragment; only cameras with nothing but key frames would make one of each.
        starts_with_key = self._video.samples[0][2] == _KEY_SAMPLE
        return is_key and (not starts_with_key or 2 * length >= self._limit)

    def _settle(self, duration: int) -> None:
        if self._pending is None:
            return
        _, offset, data, flags = self._pending
        self._usual = duration
        self._video.add(duration, data, flags, offset)
        self._pending = None

    def _cut(self) -> Fragment:
        runs = [run for run in (self._video, self._audio) if run is not None and run.samples]
        moof, times = _build_moof(self._sequence, runs)
        fragment = Fragment(
            moof=moof,
            payload=tuple(piece for run in runs for piece in run.data),
            starts_with_key=self._video.samples[0][2] == _KEY_SAMPLE,
            start_us=self._wall_us(self._video.start * 1_000_000 // self._video.timescale),
            duration=Fraction(self._video.length, self._video.timescale),
            times=times,
        )
        self._sequence += 1
        for run in runs:
            run.clear()
        return fragment


@dataclass(slots=True)
class _Run:
    """The samples of one track in the fragment being gathered."""

    track_id: int
    timescale: int
    start: int = 0
    length: int = 0
    samples: list[tuple[int, int, int, int]] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.start + self.length

    def add(self, duration: int, data: bytes, flags: int, offset: int) -> None:
        self.samples.append((duration, len(data), flags, offset))
        self.data.append(data)
        self.length += duration

    def stretch(self, by: int) -> None:
        """Make the last sample end where the next begins: sound is missing, or the clock is not quite the rate."""
        if by == 0:
            return
        duration, size, flags, offset = self.samples[-1]
        by = max(by, 1 - duration)
        self.samples[-1] = (duration + by, size, flags, offset)
        self.length += by

    def clear(self) -> None:
        self.samples.clear()
        self.data.clear()
        self.length = 0


def _build_moof(sequence: int, runs: list[_Run]) -> tuple[bytes, tuple[TrackTime, ...]]:
    # Sizes are known beforehand: mfhd 16, tfhd 16, tfdt 20, trun 20 + 16 a sample.
    size = 8 + 16 + sum(8 + 16 + 20 + 20 + 16 * len(run.samples) for run in runs)
    data_offset = size + 8
    position = 8 + 16
    parts = [full_box(b"mfhd", 0, 0, struct.pack(">I", sequence))]
    times = []
    for run in runs:
        tfhd = full_box(b"tfhd", 0, 0x020000, struct.pack(">I", run.track_id))
        tfdt = full_box(b"tfdt", 1, 0, struct.pack(">Q", run.start))
        times.append(TrackTime(position + 8 + 16 + 12, run.start, run.timescale))
        trun = full_box(
            b"trun",
            1,
            0x000F01,
            struct.pack(">Ii", len(run.samples), data_offset),
            struct.pack(">" + "IIIi" * len(run.samples), *chain.from_iterable(run.samples)),
        )
        traf = box(b"traf", tfhd, tfdt, trun)
        parts.append(traf)
        position += len(traf)
        data_offset += sum(sample[1] for sample in run.samples)
    return box(b"moof", *parts), tuple(times)


def build_init(video: VideoTrack, audio: AudioTrack | None, extra: bytes = b"") -> bytes:
    """Return ftyp + moov of these tracks; *extra* is put at the end of moov."""
    ftyp = box(b"ftyp", b"mp42", struct.pack(">I", 1), b"mp41mp42isomhlsf")
    mvhd = full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">IIIIIHHII", 0, 0, 1000, 0, 0x10000, 0x100, 0, 0, 0),
        _MATRIX,
        bytes(24),
        struct.pack(">I", AUDIO_ID + 1),
    )
    traks = [_video_trak(video)]
    extends = [_trex(VIDEO_ID)]
    if audio is not None:
        traks.append(_audio_trak(audio))
        extends.append(_trex(AUDIO_ID))
    return ftyp + box(b"moov", mvhd, *traks, box(b"mvex", *extends), extra)


def _trex(track_id: int) -> bytes:
    return full_box(b"trex", 0, 0, struct.pack(">IIIII", track_id, 1, 0, 0, 0))


def _trak(
    track_id: int,
    timescale: int,
    *,
    size: tuple[int, int],
    volume: int,
    handler: bytes,
    media_header: bytes,
    entry: bytes,
) -> bytes:
    tkhd = full_box(
        b"tkhd",
        0,
        3,
        struct.pack(">IIIIIIIHHHH", 0, 0, track_id, 0, 0, 0, 0, 0, 0, volume, 0),
        _MATRIX,
        struct.pack(">II", size[0] << 16, size[1] << 16),
    )
    mdhd = full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, 0x55C4, 0))
    hdlr = full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, handler), b"\x00")
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    stbl = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", media_header, dinf, stbl)))


def _video_trak(track: VideoTrack) -> bytes:
    picture, sets = track.picture, track.sets
    fields = (
        bytes(6)
        + struct.pack(">H16xHHIIIH", 1, picture.width, picture.height, 0x480000, 0x480000, 0, 1)
        + bytes(32)
        + struct.pack(">Hh", 24, -1)
    )
    if sets.codec == "h264":
        entry = box(b"avc1", fields, box(b"avcC", _avc_configuration(track)))
    else:
        # hvc1, not hev1: Apple's players refuse the latter.
        entry = box(b"hvc1", fields, box(b"hvcC", _hevc_configuration(track)))
    return _trak(
        VIDEO_ID,
        track.timescale,
        size=(picture.width, picture.height),
        volume=0,
        handler=b"vide",
        media_header=full_box(b"vmhd", 0, 1, bytes(8)),
        entry=entry,
    )


def _avc_configuration(track: VideoTrack) -> bytes:
    sets, picture = track.sets, track.picture
    parts = [b"\x01", picture.profile_level, b"\xff\xe1", _with_length(sets.sps)]
    parts.append(bytes([len(sets.pps)]))
    parts.extend(_with_length(pps) for pps in sets.pps)
    if picture.profile_level[0] in (100, 110, 122, 144):
        parts.append(
            bytes(
                [
                    0xFC | picture.chroma_format,
                    0xF8 | picture.luma_bits - 8,
                    0xF8 | picture.chroma_bits - 8,
                    0,
                ]
            )
        )
    return b"".join(parts)


def _hevc_configuration(track: VideoTrack) -> bytes:
    sets, picture = track.sets, track.picture
    arrays = [(32, (sets.vps,)), (33, (sets.sps,)), (34, sets.pps)]
    head = b"\x01" + picture.profile_level + b"\xf0\x00\xfc"
    head += bytes(
        [
            0xFC | picture.chroma_format,
            0xF8 | picture.luma_bits - 8,
            0xF8 | picture.chroma_bits - 8,
            0,
            0,
            0x0F,  # one temporal layer, nested, four-byte lengths
            len(arrays),
        ]
    )
    body = b"".join(
        bytes([0x80 | kind])
        + struct.pack(">H", len(units))
        + b"".join(_with_length(unit) for unit in units)
        for kind, units in arrays
    )
    return head + body


def _audio_trak(track: AudioTrack) -> bytes:
    fields = bytes(6) + struct.pack(
        ">H8xHHIHH", 1, track.channels, 16, 0, min(track.timescale, 0xFFFF), 0
    )
    decoder = _descriptor(4, bytes([0x40, 0x15]) + bytes(11) + _descriptor(5, track.config))
    esds = full_box(
        b"esds",
        0,
        0,
        _descriptor(3, struct.pack(">HB", AUDIO_ID, 0) + decoder + _descriptor(6, b"\x02")),
    )
    return _trak(
        AUDIO_ID,
        track.timescale,
        size=(0, 0),
        volume=0x0100,
        handler=b"soun",
        media_header=full_box(b"smhd", 0, 0, bytes(4)),
        entry=box(b"mp4a", fields, esds),
    )


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def _with_length(unit: bytes) -> bytes:
    return struct.pack(">H", len(unit)) + unit
