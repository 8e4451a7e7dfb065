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
LEAST_FREE: Final = 64 * 2**20
"""With less than this free nothing is reserved: the reserve must not be what fills the disk."""
TRY_EVERY_S: Final = 60.0


class Reserve:
    """The file that holds up to *most_bytes* of room; 0 = none is wanted. For one thread; blocks."""

    def __init__(self, directory: Path, most_bytes: int) -> None:
        self._path = directory / NAME
        self._most_bytes = most_bytes
        self._tried_at: float | None = None

    def keep(self) -> None:
        """Reserve what is lacking as far as there is room; looks once a minute at most."""
        now = time.monotonic()
        if not self._most_bytes or (
            self._tried_at is not None and now - self._tried_at < TRY_EVERY_S
        ):
            return
        self._tried_at = now
        try:
            self._keep()
        except (
            OSError
        ) as error:  # such as a file system that cannot reserve: we live without, as before
            log.info("no_disk_reserve", error=str(error))

    def _keep(self) -> None:
        usage = os.statvfs(self._path.parent)
        free = usage.f_bavail * usage.f_frsize
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            held = os.fstat(handle).st_blocks * 512  # a kill may have left less than its size says
            wanted = min(self._most_bytes, (free + held) // 16)
            if free >= LEAST_FREE and held < wanted:
                os.posix_fallocate(handle, 0, wanted)
            elif not held:
                self._path.unlink()
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)

    def give(self) -> bool:
        """Give the room back to the disk; False when there is none to give."""
        try:
            is_some = self._path.stat().st_blocks > 0
            self._path.unlink()
        except OSError:
            return False
        self._tried_at = time.monotonic()  # not at once again: what it was given for takes its time
        if is_some:
            log.warning("disk_reserve_given", path=str(self._path))
        return is_some
