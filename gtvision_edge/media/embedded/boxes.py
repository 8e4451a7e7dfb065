"""ISO base media boxes (ISO/IEC 14496-12): the few that a fragmented MP4 needs, written and read."""

import struct
from collections.abc import Iterator
from typing import NamedTuple


class Box(NamedTuple):
    """Where a box lies in a buffer."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the whole boxes of ``data[start:end]``; stops at the first that is cut off."""
    limit = len(data) if end is None else end
    while start + 8 <= limit:
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1 and start + 16 <= limit:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        if size < body - start or start + size > limit:
            return
        yield Box(kind, start, body, start + size)
        start += size


def find(data: bytes, *path: bytes) -> Box | None:
    """Return the first box at *path*, such as ``(b"moov", b"mvhd")``."""
    start, end = 0, len(data)
    found: Box | None = None
    for kind in path:
        found = next((box for box in walk(data, start, end) if box.kind == kind), None)
        if found is None:
            return None
        start, end = found.body, found.end
    return found


def duration_offset(header: bytes) -> int:
    """Return where in *header* (ftyp + moov) the 32-bit duration of ``mvhd`` (version 0) stands."""
    mvhd = find(header, b"moov", b"mvhd")
    if mvhd is None:
        raise ValueError("there is no mvhd")
    return mvhd.body + 16
