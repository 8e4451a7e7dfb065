"""The file beside a segment that holds its thumbnails. It lives and dies with the segment; see ``media/layout.py`` for its name.

Layout, big-endian: ``GTVT``, version (1), three zero bytes, number of pictures (u32), size of the whole file (u32); per picture its
key frame's time (i64, µs of media since the segment's start), offset (u32) and size (u32); then the JPEGs. A file whose size is not the one it says was cut while it was
written, and is made again.
"""

import contextlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAGIC: Final = b"GTVT\x01\0\0\0"
_COUNTS: Final = struct.Struct(">II")
_ENTRY: Final = struct.Struct(">qII")
MAX_FILE: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG and the time of its key frame as in :class:`Group`: µs of media, whatever the wall clock is found to be later."""

    key_us: int
    jpeg: bytes


def pack(thumbnails: Sequence[Thumbnail]) -> bytes:
    """Return *thumbnails* as a file holds them."""
    offset = len(MAGIC) + _COUNTS.size + _ENTRY.size * len(thumbnails)
    entries = []
    for each in thumbnails:
        entries.append(_ENTRY.pack(each.key_us, offset, len(each.jpeg)))
        offset += len(each.jpeg)
    counts = _COUNTS.pack(len(thumbnails), offset)
    return b"".join([MAGIC, counts, *entries, *(each.jpeg for each in thumbnails)])


def unpack(data: bytes) -> list[Thumbnail] | None:
    """Return what :func:`pack` was given; None for anything it did not make, or that is cut."""
    if not data.startswith(MAGIC) or len(data) < len(MAGIC) + _COUNTS.size:
        return None
    count, size = _COUNTS.unpack_from(data, len(MAGIC))
    start = len(MAGIC) + _COUNTS.size
    if size != len(data) or start + count * _ENTRY.size > size:
        return None
    entries = _ENTRY.iter_unpack(data[start : start + count * _ENTRY.size])
    return [Thumbnail(key_us, data[at : at + length]) for key_us, at, length in entries]


def read(path: Path) -> list[Thumbnail] | None:
    """Return the thumbnails in *path*; None when there are none. Blocks.

    Raises:
        OSError: the disk failed.

    """
    try:
        with path.open("rb") as file:
            return unpack(file.read(MAX_FILE))
    except FileNotFoundError:
        return None


def write(path: Path, segment: Path, thumbnails: Sequence[Thumbnail]) -> None:
    """Write *thumbnails* beside *segment*; where that was deleted meanwhile, nothing stays. Blocks.

    Raises:
        OSError: the disk failed or is full; nothing stays either.

    """
    try:
        path.write_bytes(pack(thumbnails))
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    if not segment.exists():
        path.unlink(missing_ok=True)
