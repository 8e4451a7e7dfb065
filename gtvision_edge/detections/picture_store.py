"""Pictures of detections: files named by the SHA-256 of what is in them. Everything here blocks."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gtvision_edge.runtime.durable import sync_directory, write_whole

_NAME: Final = re.compile(r"[0-9a-f]{64}")


class PictureStore:
    """Keeps JPEGs below *root*, two letters of the name to a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, jpeg: bytes) -> str:
        """Store *jpeg* so that it outlasts a power cut; return its name. What is there already stays.

        Raises:
            OSError: the disk failed.

        """
        name = hashlib.sha256(jpeg).hexdigest()
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

    def path_of(self, name: str) -> Path:
        """Return where the picture called *name* is, or would be.

        Raises:
            ValueError: that is no name.

        """
        if not _NAME.fullmatch(name):
            raise ValueError("no picture is called so")
        return self._root / name[:2] / f"{name}.jpg"
