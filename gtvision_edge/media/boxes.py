"""The few MP4 boxes (ISO/IEC 14496-12) that the gateway must understand to cut and shift fragments."""

import struct
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct(">I4s")


class Box(NamedTuple):
    """Where a box lies: ``start`` of its header, ``body`` of its content, ``end``.

    A tuple, for each recorded file has a thousand of them: a frozen dataclass takes four times as long to make.
    """

    kind: bytes
    start: int
    body: int
    end: int


def iter_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the whole boxes between *start* and *end*; stops at the first that is cut off or damaged."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = _HEADER.unpack_from(data, start)
        body = start + 8
        if size == 1:
            if start + 16 > end:
                return
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            return
        yield Box(kind, start, body, start + size)
        start += size


def patch_decode_times(fragment: bytes, decode_times: Mapping[int, int]) -> bytes:
    """Return *fragment* (moof+mdat) with each track moved to its time in *decode_times*, by track id, in its own time scale."""
    patched = bytearray(fragment)
    for moof in find_boxes(fragment, b"moof"):
        for traf in find_boxes(fragment, b"traf", moof.body, moof.end):
            (tfhd,) = find_boxes(fragment, b"tfhd", traf.body, traf.end)
            (track_id,) = struct.unpack_from(">I", fragment, tfhd.body + 4)
            for tfdt in find_boxes(fragment, b"tfdt", traf.body, traf.end):
                wide = fragment[tfdt.body] == 1
                struct.pack_into(
                    ">Q" if wide else ">I", patched, tfdt.body + 4, decode_times[track_id]
                )
    return bytes(patched)


def find_boxes(data: bytes, kind: bytes, start: int = 0, end: int | None = None) -> list[Box]:
    """Return the boxes of one kind at one level."""
    return [box for box in iter_boxes(data, start, end) if box.kind == kind]
