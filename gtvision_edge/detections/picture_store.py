"""Pictures of detections: files named by the SHA-256 of what is in them. What touches the disk blocks."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gtvision_edge.detections.pictures.claims import PictureClaims
from gtvision_edge.runtime.durable import sync_directory, write_whole

PREFIXES: Final = tuple(f"{number:02x}" for number in range(256))
_NAME: Final = re.compile(r"[0-9a-f]{64}")
_FILE: Final = re.compile(r"([0-9a-f]{64})\.jpg")


def name_of(jpeg: bytes) -> str:
    return hashlib.sha256(jpeg).hexdigest()


def name_of_file(file: str) -> str | None:
    """Return the picture's name, None = the file is no picture."""
    found = _FILE.fullmatch(file)
    return found[1] if found else None


class PictureStore:
    """Keeps JPEGs below *root*, two letters of the name to a directory. Who keeps or removes claims the names before."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.claims = PictureClaims()

    def keep(self, jpeg: bytes) -> str:
        """Store *jpeg* so that it outlasts a power cut; return its name. What is there already stays.

        Raises:
            OSError: the disk failed.

        """
        name = name_of(jpeg)
        path = self.path_of(name)
        if path.exists():
            return name
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_directory(path.parent.parent)
        write_whole(path, jpeg)
        return name

    def remove(self, names: Sequence[str]) -> None:
        """Remove pictures so that a power cut does not bring them back; those that are not there are no fault.

        Raises:
            OSError: the disk failed.

        """
        folders = set()
        for name in names:
            path = self.path_of(name)
            if path.exists():
                path.unlink()
                folders.add(path.parent)
        for folder in folders:
            sync_directory(folder)

    def read(self, name: str) -> bytes | None:
        """Return what is in a picture, None when it is not there.

        Raises:
            OSError: the disk failed.

        """
        try:
            return self.path_of(name).read_bytes()
        except FileNotFoundError:
            return None

    def disk_bytes(self) -> int:
        """Return the size of the disk that holds them.

        Raises:
            OSError: it cannot be asked.

        """
        return shutil.disk_usage(self._root if self._root.exists() else self._root.parent).total

    def missing(self, names: Iterable[str]) -> set[str]:
        """Return those of *names* that are not there."""
        return {name for name in names if not self.path_of(name).exists()}

    def files(self, prefix: str) -> dict[str, float]:
        """Return what is in the directory of names that begin with *prefix*, two letters: file names, and when they were written (Unix s).

        Raises:
            OSError: the disk failed.

        """
        try:
            with os.scandir(self._root / prefix) as entries:
                return {each.name: each.stat().st_mtime for each in entries if each.is_file()}
        except FileNotFoundError:
            return {}

    def remove_drafts(self, prefix: str, names: Sequence[str]) -> None:
        """Remove files of that directory that are no pictures: what writing left when it was cut off."""
        for name in names:
            if not _FILE.fullmatch(name):
                (self._root / prefix / name).unlink(missing_ok=True)

    def path_of(self, name: str) -> Path:
        """Return where the picture called *name* is, or would be.

        Raises:
            ValueError: that is no name.

        """
        if not _NAME.fullmatch(name):
            raise ValueError("no picture is called so")
        return self._root / name[:2] / f"{name}.jpg"
