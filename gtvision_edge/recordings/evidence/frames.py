"""Shows that a viewing copy holds the very pictures of the originals: one hash over all coded pictures, from either side.

It is the hash that ``ffmpeg -i FILE -map 0:v -c copy -f streamhash -hash sha256 -`` prints of the viewing copy.
"""

import hashlib
import struct
from array import array
from collections.abc import Iterator
from typing import Final, Protocol

from gtvision_edge.media.embedded.boxes import Box, walk
from gtvision_edge.recordings.evidence.errors import DamagedFootageError
from gtvision_edge.recordings.evidence.tracks import Extent, Numbers, ReadAt, Track

_CHUNK: Final = 2**20
MAX_MOOV: Final = 64 * 2**20
"""A part of six hours with 60 pictures and 50 pieces of sound a second has a head of 40 MiB."""


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


def hash_pictures(target: Hash, read_at: ReadAt, video: Track, *, first: int, last: int) -> None:
    """Add the pictures *first* to before *last* of a recorded file to *target*.

    Raises:
        DamagedFootageError: the file is shorter than its lists say.

    """
    for extent in video.extents(first, last):
        _hash_extent(target, read_at, extent)


def hash_movie(read_at: ReadAt, size: int) -> tuple[int, bytes]:
    """Return how many pictures the plain MP4 of *size* bytes holds, and their SHA-256 in decode order.

    Raises:
        DamagedFootageError: it is no such MP4.

    """
    try:
        moov = _find_moov(read_at, size)
        count, extents = _video_chunks(moov)
    except (struct.error, ValueError, IndexError, KeyError, StopIteration) as error:
        raise DamagedFootageError("The head of the viewing copy cannot be read.") from error
    found, room = hashlib.sha256(), size
    for extent in extents:
        room -= extent[1]
        if sum(extent) > size or room < 0:
            raise DamagedFootageError("A picture lies outside the viewing copy.")
        _hash_extent(found, read_at, extent)
    return count, found.digest()


def _hash_extent(target: Hash, read_at: ReadAt, extent: Extent) -> None:
    at, end = extent[0], sum(extent)
    while at < end:
        data = read_at(min(_CHUNK, end - at), at)
        if not data:
            raise DamagedFootageError("The file is shorter than its lists say.")
        target.update(data)
        at += len(data)


def _find_moov(read_at: ReadAt, size: int) -> bytes:
    at = 0
    while at + 8 <= size:
        head = read_at(16, at)
        length, kind = struct.unpack_from(">I4s", head)
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
        if length < 8 or at + length > size:
            raise ValueError("a box that reaches beyond the file")
        if kind == b"moov":
            if length > MAX_MOOV:
                raise ValueError("too long")
            return read_at(length, at)
        at += length
    raise ValueError("no moov")


def _video_chunks(moov: bytes) -> tuple[int, Iterator[Extent]]:
    whole = next(walk(moov))
    for trak in _inside(moov, whole, b"trak"):
        (mdia,) = _inside(moov, trak, b"mdia")
        (hdlr,) = _inside(moov, mdia, b"hdlr")
        if moov[hdlr.body + 8 : hdlr.body + 12] == b"vide":
            (minf,) = _inside(moov, mdia, b"minf")
            (stbl,) = _inside(moov, minf, b"stbl")
            tables = {box.kind: box for box in walk(moov, stbl.body, stbl.end)}
            sizes = _table(moov, tables[b"stsz"], 8)
            wide = b"co64" in tables
            offsets = _table(moov, tables[b"co64" if wide else b"stco"], 4, wide=wide)
            counts = _table(moov, tables[b"stsc"], 4)
            return len(sizes), _extents(sizes, offsets, counts)
    raise ValueError("no pictures")


def _extents(sizes: Numbers, offsets: Numbers, counts: Numbers) -> Iterator[Extent]:
    """Yield offset and size of each chunk; *counts* are triples: from which chunk on, how many samples, which description."""
    sample, entry = 0, 0
    for number, offset in enumerate(offsets, 1):
        if entry + 3 < len(counts) and counts[entry + 3] == number:
            entry += 3
        following = sample + counts[entry + 1]
        if following == sample:
            raise DamagedFootageError("The lists of the viewing copy contradict one another.")
        yield offset, sum(sizes[sample:following])
        sample = following
    if sample != len(sizes):
        raise DamagedFootageError("The lists of the viewing copy contradict one another.")


def _table(moov: bytes, box: Box, skip: int, *, wide: bool = False) -> Numbers:
    """Return the numbers of a table whose content begins *skip* bytes after version and flags."""
    content = moov[box.body + 4 + skip : box.end]
    values = array("Q" if wide else "I", content)
    values.byteswap()  # MP4 is big-endian; every machine we are made for is not
    return values


def _inside(data: bytes, parent: Box, kind: bytes) -> list[Box]:
    return [box for box in walk(data, parent.body, parent.end) if box.kind == kind]
