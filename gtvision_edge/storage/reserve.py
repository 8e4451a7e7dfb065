"""Room on the disk that is ours already, for the day when another program takes all the rest.

Without it a full disk could not be emptied: what is deleted must first be written down. The file holds nothing.
"""

import os
import time
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

NAME: Final = "edge.reserve"
MOST_BYTES: Final = 64 * 2**20
LEAST_FREE: Final = 64 * 2**20
"""With less than this free nothing is reserved: the reserve must not be what fills the disk."""
TRY_EVERY_S: Final = 60.0


class Reserve:
    """The file that holds the room. For one thread; blocks."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._tried_at: float | None = None

    def keep(self) -> None:
        """Reserve room if there is none and enough is free; looks once a minute at most."""
        now = time.monotonic()
        if self._tried_at is not None and now - self._tried_at < TRY_EVERY_S:
            return
        self._tried_at = now
        try:
            self._keep()
        except (
            OSError
        ) as error:  # such as a file system that cannot reserve: we live without, as before
            log.info("no_disk_reserve", error=str(error))

    def _keep(self) -> None:
        if self._path.exists():
            return
        usage = os.statvfs(self._path.parent)
        free = usage.f_bavail * usage.f_frsize
        if free < LEAST_FREE:
            return
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, min(MOST_BYTES, free // 16))
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)

    def give(self) -> bool:
        """Give the room back to the disk; False when there is none to give."""
        try:
            self._path.unlink()
        except OSError:
            return False
        self._tried_at = time.monotonic()  # not at once again: what it was given for takes its time
        log.warning("disk_reserve_given", path=str(self._path))
        return True
