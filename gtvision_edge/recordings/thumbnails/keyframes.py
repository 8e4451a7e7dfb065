"""Pictures out of recorded files: reads one key frame's bytes and decodes nothing else. Everything here blocks."""

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import av
from PIL import Image

from gtvision_edge.media.boxes import Box, find_boxes, iter_boxes
from gtvision_edge.recordings.model import Group, Segment

QUALITY: Final = 75
MAX_SAMPLE: Final = 32 * 2**20
SHRUNK_FROM: Final = 960
"""Pictures at least so wide are made three times smaller or more: their blocks need no smoothing (see :func:`_decoder`)."""
MAX_GROUP: Final = 128 * 2**20
_MAX_MOOF: Final = 4 * 2**20
_ENTRY_FIELDS: Final = 78
_NO_SYNC: Final = 0x10000
_DECODERS: Final = {
    b"avc1": ("h264", b"avcC"),
    b"avc3": ("h264", b"avcC"),
    b"hvc1": ("hevc", b"hvcC"),
    b"hev1": ("hevc", b"hvcC"),
    b"av01": ("libdav1d", b"av1C"),
    b"vp09": ("vp9", b"vpcC"),
}


@dataclass(frozen=True, slots=True)
class Still:
    """A JPEG and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Video:
    """What decoding needs of the head: track, decoder, its configuration, and what runs leave out."""

    track_id: int
    decoder: str
    configuration: bytes
    default_size: int
    default_flags: int


class StillReader:
    """Decodes key frames of one file, one after the other, with one decoder."""

    def __init__(self, descriptor: int, segment: Segment) -> None:
        """Read the head.

        Raises:
            OSError: the disk failed.

        """
        self._descriptor = descriptor
        head = os.pread(descriptor, segment.init_bytes, 0)
        try:
            self._video = _video_of(head)
        except (struct.error, IndexError):
            self._video = None
        self._smooth = segment.format.width < SHRUNK_FROM
        self._decoder = _decoder(self._video, smooth=self._smooth) if self._video else None

    def still(self, group: Group, *, width: int) -> Still | None:
        """Return the group's first key frame, at most *width* wide; None where it cannot be decoded.

        Raises:
            OSError: the disk failed.

        """
        if self._video is None or self._decoder is None:
            return None
        sample = _key_sample(self._descriptor, group, self._video)
        if sample is None:
            return None
        try:
            frames = [*self._decoder.decode(av.Packet(sample)), *self._decoder.decode(None)]
            self._decoder.flush_buffers()
        except (av.FFmpegError, ValueError):
            self._decoder = _decoder(self._video, smooth=self._smooth)
            return None
        return encode(frames[0], width) if frames else None


def frame_at(
    descriptor: int, segment: Segment, group: Group, media_us: int, *, width: int
) -> tuple[Still, int] | None:
    """Return the picture shown at *media_us* (since the segment's start) and its own time; decodes up to it.

    Raises:
        OSError: the disk failed.

    """
    size = min(group.size, MAX_GROUP)
    data = os.pread(descriptor, segment.init_bytes, 0) + os.pread(descriptor, size, group.offset)
    best: av.VideoFrame | None = None
    best_us = 0
    try:
        with av.open(io.BytesIO(data), "r", format="mp4") as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            first: int | None = None
            for packet in container.demux(stream):
                if packet.pts is not None and first is None:
                    first = packet.pts
                for frame in packet.decode():
                    if frame.pts is None or first is None or frame.time_base is None:
                        continue
                    at_us = group.start_us + round(
                        (frame.pts - first) * frame.time_base * 1_000_000
                    )
                    if best is not None and at_us > media_us:
                        return encode(best, width), best_us
                    best, best_us = frame, at_us
    except (av.FFmpegError, ValueError, IndexError):
        pass
    return (encode(best, width), best_us) if best is not None else None


def encode(frame: av.VideoFrame, width: int) -> Still:
    """Return *frame* as a JPEG at most *width* wide."""
    size = fitting(frame.width, frame.height, width)
    image = frame.to_image(width=size[0], height=size[1])  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    return Still(_jpeg(image), *size)


def narrowed(jpeg: bytes, width: int) -> Still:
    """Return a JPEG of ours made narrower."""
    with Image.open(io.BytesIO(jpeg)) as image:
        size = fitting(image.width, image.height, width)
        if size == image.size:
            return Still(jpeg, *size)
        return Still(_jpeg(image.resize(size)), *size)


def fitting(width: int, height: int, wanted: int) -> tuple[int, int]:
    """Return the size at most *wanted* wide, never larger than the original."""
    if width <= wanted:
        return width, height
    return wanted, max(round(height * wanted / width / 2) * 2, 2)


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _decoder(video: _Video, *, smooth: bool) -> av.VideoCodecContext | None:
    """Return a decoder for key frames. Without *smooth* it leaves out the filter that hides the edges of blocks.

    No other picture is decoded from these, and within a key frame the standards predict from what is not filtered yet, so
    nothing drifts; the filter is a tenth to a quarter of the work at 1080p.
    """
    try:
        decoder = av.CodecContext.create(video.decoder, "r")
    except (av.FFmpegError, ValueError):
        return None
    assert isinstance(decoder, av.VideoCodecContext)  # noqa: S101 -- the table has video decoders only
    decoder.extradata = video.configuration
    decoder.thread_count = 1
    if not smooth:
        decoder.options = {"skip_loop_filter": "all"}
    return decoder


def _video_of(head: bytes) -> _Video | None:
    for moov in find_boxes(head, b"moov"):
        for trak in find_boxes(head, b"trak", moov.body, moov.end):
            found = _track(head, trak)
            if found is None:
                continue
            track_id, decoder, configuration = found
            size, flags = _defaults(head, moov, track_id)
            return _Video(track_id, decoder, configuration, size, flags)
    return None


def _track(head: bytes, trak: Box) -> tuple[int, str, bytes] | None:
    (tkhd,) = find_boxes(head, b"tkhd", trak.body, trak.end)[:1] or (None,)
    if tkhd is None:
        return None
    (track_id,) = struct.unpack_from(">I", head, tkhd.body + (20 if head[tkhd.body] else 12))
    inner = [trak]
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        inner = [box for outer in inner for box in find_boxes(head, kind, outer.body, outer.end)]
    for stsd in inner:
        for entry in iter_boxes(head, stsd.body + 8, stsd.end):
            if entry.kind not in _DECODERS:
                continue
            decoder, kind = _DECODERS[entry.kind]
            for box in find_boxes(head, kind, entry.body + _ENTRY_FIELDS, entry.end):
                configuration = b"" if kind == b"vpcC" else head[box.body : box.end]
                return track_id, decoder, configuration
    return None


def _defaults(head: bytes, moov: Box, track_id: int) -> tuple[int, int]:
    for mvex in find_boxes(head, b"mvex", moov.body, moov.end):
        for trex in find_boxes(head, b"trex", mvex.body, mvex.end):
            found, _, _, size, flags = struct.unpack_from(">5I", head, trex.body + 4)
            if found == track_id:
                return size, flags
    return 0, 0


def _key_sample(descriptor: int, group: Group, video: _Video) -> bytes | None:
    """Return the bytes of the first key frame of the group's first part."""
    (size,) = struct.unpack_from(">I", os.pread(descriptor, 8, group.offset).ljust(8, b"\0"))
    if not 8 <= size <= min(_MAX_MOOF, group.size):
        return None
    moof = os.pread(descriptor, size, group.offset)
    try:
        for traf in find_boxes(moof, b"traf", 8):
            for start, length, flags in _samples(moof, traf, video):
                if not flags & _NO_SYNC:
                    if not 0 < length <= min(MAX_SAMPLE, group.size):
                        return None
                    sample = os.pread(descriptor, length, group.offset + start)
                    return sample if len(sample) == length else None
    except struct.error:
        pass
    return None


def _samples(moof: bytes, traf: Box, video: _Video) -> Iterator[tuple[int, int, int]]:
    """Yield start (from the moof's), size and flags of the video's samples in *traf*."""
    for tfhd in find_boxes(moof, b"tfhd", traf.body, traf.end):
        form, track_id = struct.unpack_from(">II", moof, tfhd.body)
        if track_id != video.track_id or form & 1:  # an absolute base is none of our recorders'
            return
        size, flags = video.default_size, video.default_flags
        at = tfhd.body + 8 + (4 if form & 2 else 0) + (4 if form & 8 else 0)
        if form & 0x10:
            (size,) = struct.unpack_from(">I", moof, at)
            at += 4
        if form & 0x20:
            (flags,) = struct.unpack_from(">I", moof, at)
        for trun in find_boxes(moof, b"trun", traf.body, traf.end):
            yield from _run(moof, trun, size, flags)


def _run(moof: bytes, trun: Box, size: int, flags: int) -> Iterator[tuple[int, int, int]]:
    form, count = struct.unpack_from(">II", moof, trun.body)
    at, start, first_flags = trun.body + 8, 0, None
    if form & 1:
        (start,) = struct.unpack_from(">i", moof, at)
        at += 4
    if form & 4:
        (first_flags,) = struct.unpack_from(">I", moof, at)
        at += 4
    for n in range(min(count, len(moof))):
        at += 4 if form & 0x100 else 0
        length, own_flags = size, flags
        if form & 0x200:
            (length,) = struct.unpack_from(">I", moof, at)
            at += 4
        if form & 0x400:
            (own_flags,) = struct.unpack_from(">I", moof, at)
            at += 4
        at += 4 if form & 0x800 else 0
        yield start, length, first_flags if n == 0 and first_flags is not None else own_flags
        start += length
