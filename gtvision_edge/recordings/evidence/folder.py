"""The folder of finished bundles. Everything here blocks: call it in a thread."""

import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

import structlog

from gtvision_edge.recordings.evidence.errors import ExportNoSpaceError
from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.runtime.durable import sync_directory
from gtvision_edge.settings import VolumeSettings

log = structlog.get_logger(__name__)

DEFAULT_NAME: Final = ".exports"
OF_EXPORTS: Final = re.compile(r"[0-9a-f-]{36}\.(draft|zip)")


class ExportFolder:
    """Bundles are ``<export id>.zip`` when they are whole, ``.draft`` before; nothing else in the folder is touched."""

    def __init__(self, path: Path, *, thresholds: VolumeSettings) -> None:
        """No bundle may fill its file system so far that footage would be deleted to make room again."""
        self.path = path
        self._thresholds = thresholds

    def open(self) -> None:
        """Make the folder if it is not there; not the ones above it."""
        self.path.mkdir(mode=0o700, exist_ok=True)

    def draft(self, export_id: str) -> Path:
        return self.path / f"{export_id}.draft"

    def bundle(self, export_id: str) -> Path:
        return self.path / f"{export_id}.zip"

    def require_room(self, needed_bytes: int) -> None:
        """Return if a bundle of that size leaves enough free.

        Raises:
            ExportNoSpaceError: it does not.

        """
        usage = shutil.disk_usage(self.path)
        free = usage.free - waters(self._thresholds, usage).high
        if needed_bytes > free:
            raise ExportNoSpaceError(
                "The export folder has no room for the bundle.",
                needed_bytes=needed_bytes,
                free_bytes=max(free, 0),
            )

    def publish(self, export_id: str) -> None:
        """Give the finished draft its name; it is on disk under it when this returns."""
        self.draft(export_id).rename(self.bundle(export_id))
        sync_directory(self.path)

    def remove(self, export_id: str) -> None:
        """Remove draft and bundle, if there are any."""
        self.draft(export_id).unlink(missing_ok=True)
        self.bundle(export_id).unlink(missing_ok=True)

    def sweep(self, finished: Collection[str]) -> list[str]:
        """Remove what a kill left: drafts, and bundles of no *finished* export; return their names."""
        removed = []
        for path in self.path.iterdir():
            if OF_EXPORTS.fullmatch(path.name) and not (
                path.suffix == ".zip" and path.stem in finished
            ):
                path.unlink(missing_ok=True)
                removed.append(path.name)
        return removed
