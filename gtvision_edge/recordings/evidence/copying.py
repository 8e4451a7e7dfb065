"""Copies byte ranges between files inside the kernel. Blocks."""

import errno
import os
from collections.abc import Iterator
from typing import Final

from gtvision_edge.recordings.evidence.errors import DamagedFootageError, UnreadableFootageError
from gtvision_edge.recordings.evidence.viewing import Part, Piece

_CHUNK: Final = 2**20
_STEP: Final = 16 * 2**20
_NOT_HERE: Final = {errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM}


def write_part(part: Part, target: int) -> None:
    """Write *part* at the present end of the file open as *target*.

    Raises:
        DamagedFootageError: a recorded file is shorter than its index says.
        OSError: the disk failed or is full.

    """
    _write_all(target, part.head)
    for piece in part.pieces:
        source = _open(piece)
        try:
            _copy(source, target, piece)
        finally:
            os.close(source)


def read_part(part: Part) -> Iterator[bytes]:
    """Yield the bytes of *part* in order, in pieces of at most 1 MiB; raises as :func:`write_part`."""
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


def _copy(source: int, target: int, piece: Piece) -> None:
    at, end = piece.offset, piece.offset + piece.size
    in_kernel = True
    while at < end:
        if in_kernel:
            try:
                done = os.copy_file_range(source, target, min(_STEP, end - at), offset_src=at)
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                in_kernel = False
                continue
        else:
            done = os.sendfile(target, source, at, min(_STEP, end - at))
        if done == 0:
            raise DamagedFootageError("A recorded file is shorter than its index says.")
        at += done


def _write_all(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
