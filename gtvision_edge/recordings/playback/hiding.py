"""Take the sound out of bytes on their way, without moving any: its boxes are named ``free``.

Browsers refuse a whole stream for PCM audio, which is what MediaMTX makes of G.711. ``trak``, ``trex`` and each ``traf`` of such
a track become ``free`` boxes of the same size, so that byte ranges stay right; the file is untouched.
"""

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator

from gtvision_edge.media.boxes import find_boxes, iter_boxes
from gtvision_edge.recordings.model import Segment

FREE = b"free"
_MAX_MOOF = 4 * 2**20
_HEAD = 16


def hide_audio(descriptor: int, segment: Segment, start: int, data: bytearray) -> None:
    """Rename the audio's boxes in *data*, which are the bytes of the file from *start* on. Blocks: it reads the file.

    Raises:
        OSError: the file cannot be read.

    """
    end = start + len(data)
    for offset in _names(descriptor, segment, start, end):
        for n, letter in enumerate(FREE, offset):
            if start <= n < end:
                data[n - start] = letter


def _names(descriptor: int, segment: Segment, start: int, end: int) -> Iterator[int]:
    """Yield where the names of hidden boxes stand that lie, at least in part, between *start* and *end*."""
    init = os.pread(descriptor, segment.init_bytes, 0)
    hidden = _audio_tracks(init)
    yield from (name for name in hidden.values() if name + 4 > start)
    yield from (name for name in _extends(init, hidden) if name + 4 > start)
    for offset in _fragments(descriptor, segment, start, end):
        head = os.pread(descriptor, 8, offset)
        (size,) = struct.unpack_from(">I", head)
        if size > _MAX_MOOF:
            return
        moof = os.pread(descriptor, size, offset)
        for traf in find_boxes(moof, b"traf", 8):
            for tfhd in find_boxes(moof, b"tfhd", traf.body, traf.end):
                if _u32(moof, tfhd.body + 4) in hidden:
                    yield offset + traf.start + 4


def _fragments(descriptor: int, segment: Segment, start: int, end: int) -> Iterator[int]:
    """Yield where the ``moof`` boxes lie from the last known box before *start* to *end*."""
    known = [segment.init_bytes, *(group.offset for group in segment.groups)]
    offset = known[max(bisect_right(known, start) - 1, 0)]
    while offset < end:
        head = os.pread(descriptor, _HEAD, offset)
        if len(head) < _HEAD:
            return
        size, kind = struct.unpack_from(">I4s", head)
        if kind == b"moof":
            yield offset
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, 8)
        if size < 8:
            return
        offset += size


def _audio_tracks(init: bytes) -> dict[int, int]:
    """Return where the names of the audio tracks' ``trak`` boxes stand, by track id."""
    tracks = {}
    for moov in find_boxes(init, b"moov"):
        for trak in find_boxes(init, b"trak", moov.body, moov.end):
            track_id, handler = 0, b""
            for box in iter_boxes(init, trak.body, trak.end):
                if box.kind == b"tkhd":
                    track_id = _u32(init, box.body + (20 if init[box.body] else 12))
                elif box.kind == b"mdia":
                    for hdlr in find_boxes(init, b"hdlr", box.body, box.end):
                        handler = init[hdlr.body + 8 : hdlr.body + 12]
            if handler == b"soun":
                tracks[track_id] = trak.start + 4
    return tracks


def _extends(init: bytes, hidden: dict[int, int]) -> Iterator[int]:
    for moov in find_boxes(init, b"moov"):
        for mvex in find_boxes(init, b"mvex", moov.body, moov.end):
            for trex in find_boxes(init, b"trex", mvex.body, mvex.end):
                if _u32(init, trex.body + 4) in hidden:
                    yield trex.start + 4


def _u32(data: bytes, offset: int) -> int:
    (value,) = struct.unpack_from(">I", data, offset)
    return int(value)
