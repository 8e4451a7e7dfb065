"""The files to copy: read apart from the loop, and compared with the hash in their name before the store can have them whole."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from gtvision_edge.archive.errors import FileToCopyError
from gtvision_edge.archive.model import Kind, Owed
from gtvision_edge.archive.pace import Pace
from gtvision_edge.runtime.background import step_back

T = TypeVar("T")

PIECE: Final = 2**20
DISK_PATIENCE_S: Final = 60.0

PathOf = Callable[[str], Path]
"""Returns where a file is, or would be: of a picture by its name, of a bundle by its export's id."""


class FilesToCopy:
    """Reads files. Each kind has a thread of its own: where one lies on a disk that hangs, the other goes on."""

    def __init__(self, path_of: Mapping[Kind, PathOf], *, pace: Pace) -> None:
        self._path_of = path_of
        self._pace = pace
        self._threads = {
            kind: ThreadPoolExecutor(
                1, f"archive-{kind}", initializer=step_back, initargs=(f"archive-{kind}",)
            )
            for kind in path_of
        }

    def close(self) -> None:
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    async def read(self, owed: Owed) -> bytes:
        """Return a whole file.

        Raises:
            FileToCopyError: it is not there, not what it was, or cannot be read now.

        """
        path = self._path(owed)
        content, sha256 = await self._in_thread(owed.kind, path, lambda: _read_whole(path))
        if sha256 != owed.sha256:
            raise FileToCopyError("The file is not what it was.", reason="file_changed")
        await self._pace.pass_by(len(content))
        return content

    async def pieces(self, owed: Owed) -> AsyncIterator[bytes]:
        """Give a file piece by piece; the last one is held back until the hash of all is right.

        Raises:
            FileToCopyError: as :meth:`read`.

        """
        path = self._path(owed)
        digest = hashlib.sha256()
        file = await self._in_thread(owed.kind, path, lambda: path.open("rb"))
        try:
            held = await self._in_thread(owed.kind, path, lambda: _next(file, digest))
            while held:
                following = await self._in_thread(owed.kind, path, lambda: _next(file, digest))
                if not following and digest.hexdigest() != owed.sha256:
                    raise FileToCopyError("The file is not what it was.", reason="file_changed")
                await self._pace.pass_by(len(held))
                yield held
                held = following
        finally:
            self._threads[owed.kind].submit(file.close)

    def _path(self, owed: Owed) -> Path:
        return self._path_of[owed.kind](owed.export_id or owed.name)

    async def _in_thread(self, kind: Kind, path: Path, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DISK_PATIENCE_S):
                return await loop.run_in_executor(self._threads[kind], _told, path, work)
        except TimeoutError as error:
            raise FileToCopyError("The disk does not answer.", reason="file_unreadable") from error


def _read_whole(path: Path) -> tuple[bytes, str]:
    content = path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def _next(file: BinaryIO, digest: "hashlib._Hash") -> bytes:
    piece = file.read(PIECE)
    digest.update(piece)
    return piece


def _told(path: Path, work: Callable[[], T]) -> T:
    try:
        return work()
    except FileNotFoundError as error:
        # Where the folder itself is missing it is the disk that is not there, and it may come back.
        is_gone = path.parent.is_dir()
        reason = "file_gone" if is_gone else "file_unreadable"
        raise FileToCopyError("The file is not there.", reason=reason) from error
    except OSError as error:
        raise FileToCopyError("The file cannot be read.", reason="file_unreadable") from error
