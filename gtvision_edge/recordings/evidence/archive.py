"""Writes a bundle's zip: nothing compressed, so that every file lies in it as it is. Blocks."""

import hashlib
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.timestamps import to_rfc3339

_REGULAR_FILE: Final = 0o100644 << 16
_MUCH: Final = 8 * 2**20
_PIECES_AHEAD: Final = 4


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the bundle; its bytes begin at ``offset`` of the zip."""

    path: str
    offset: int
    size_bytes: int
    sha256: bytes


class Archive:
    """Files are added one after another; each is hashed as it goes by. *moved* hears of every piece written, in bytes."""

    def __init__(
        self, file: BinaryIO, *, created_us: int, moved: Callable[[int], None] = lambda _: None
    ) -> None:
        self._file = file
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        stamp = to_rfc3339(created_us)  # UTC, as the manifest says
        self._date = (
            max(int(stamp[:4]), 1980),
            int(stamp[5:7]),
            int(stamp[8:10]),
            int(stamp[11:13]),
            int(stamp[14:16]),
            int(stamp[17:19]),
        )
        self._moved = moved
        self.files: list[Stored] = []

    def add(self, path: str, pieces: Iterable[bytes], size_bytes: int) -> Stored:
        """Add a file of *size_bytes* (a bound is enough) made of *pieces*.

        When *pieces* break off with an error of our own, the archive is as if the file had never been begun.
        """
        entry = zipfile.ZipInfo(path, self._date)
        entry.create_system = 3  # Unix, for the mode
        entry.external_attr = _REGULAR_FILE
        entry.file_size = size_bytes  # decides whether the entry can be large
        digest, written = hashlib.sha256(), 0
        try:
            with (
                self._zip.open(entry, "w") as target,
                _beside(digest.update, size_bytes) as hash_piece,
            ):
                offset = self._file.tell()
                for piece in pieces:
                    hash_piece(piece)
                    target.write(piece)
                    written += len(piece)
                    self._moved(len(piece))
        except EdgeError:
            self._take_back(entry)
            raise
        stored = Stored(path, offset, written, digest.digest())
        self.files.append(stored)
        return stored

    def add_bytes(self, path: str, content: bytes) -> Stored:
        return self.add(path, [content], len(content))

    def _take_back(self, entry: zipfile.ZipInfo) -> None:
        """Remove the last entry, which was only half written."""
        self._zip.filelist.remove(entry)
        del self._zip.NameToInfo[entry.filename]
        self._zip.start_dir = entry.header_offset
        self._file.seek(entry.header_offset)
        self._file.truncate()

    def close(self) -> None:
        """Write the table of contents."""
        self._zip.close()


@contextmanager
def _beside(work: Callable[[bytes], None], size_bytes: int) -> Iterator[Callable[[bytes], None]]:
    """Yield what does *work* with one piece after another: in a thread of its own when there is much of it.

    On leaving all of it is done. Hashing takes about as long as reading and writing do.
    """
    if size_bytes < _MUCH:
        yield work
        return
    waiting: deque[Future[None]] = deque()
    with ThreadPoolExecutor(1, "sha256") as thread:

        def hand_over(piece: bytes) -> None:
            waiting.append(thread.submit(work, piece))
            if len(waiting) > _PIECES_AHEAD:
                waiting.popleft().result()

        yield hand_over
        for done in waiting:
            done.result()


@contextmanager
def open_archive(
    path: Path, *, created_us: int, moved: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[Archive, BinaryIO]]:
    """Make the zip at *path*, which must not exist; on leaving it is complete and on disk. Yields the file itself too."""
    with path.open("x+b") as file:
        archive = Archive(file, created_us=created_us, moved=moved)
        yield archive, file
        archive.close()
        file.flush()
