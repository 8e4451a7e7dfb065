"""Reads the byte ranges that a film is made of. Blocks."""

import os
from collections.abc import Iterator
from typing import Final

from gtvision_edge.recordings.evidence.errors import DamagedFootageError, UnreadableFootageError
from gtvision_edge.recordings.evidence.viewing import Part, Piece

_CHUNK: Final = 2**20


def read_part(part: Part) -> Iterator[bytes]:
    """Yield the bytes of *part* in order, in pieces of at most 1 MiB.

    Raises:
        DamagedFootageError: a recorded file is shorter than its index says.
        OSError: a file is not there, or cannot be read.

    """
    yield part.head
    for piece in part.pieces:
        yield from read_piece(piece)


def read_piece(piece: Piece) -> Iterator[bytes]:
    source = _open(piece)
    try:
        at, end = piece.offset, piece.offset + piece.size
        while at < end:
            data = os.pread(source, min(_CHUNK, end - at), at)
            if not data:
                raise DamagedFootageError("A recorded file is shorter than its index says.")
            yield data
            at += len(data)
    finally:
        os.close(source)


def pieces_of(fd: int) -> Iterator[bytes]:
    """Yield what is in the file open as *fd*.

    Raises:
        UnreadableFootageError: its disk does not give it; errors of reading are told from those of writing the bundle.

    """
    while True:
        try:
            piece = os.read(fd, _CHUNK)
        except OSError as error:
            raise UnreadableFootageError(str(error.strerror)) from error
        if not piece:
            return
        yield piece


def _open(piece: Piece) -> int:
    return os.open(piece.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
