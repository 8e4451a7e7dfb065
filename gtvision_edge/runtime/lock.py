"""One daemon per state folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class AlreadyRunningError(EdgeError):
    """Another daemon works in this state folder."""

    code: ClassVar[str] = "already_running"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class StateFolderError(EdgeError):
    """The state folder cannot be made or written."""

    code: ClassVar[str] = "state_folder_unusable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


@contextmanager
def sole_use(state_dir: Path) -> Iterator[None]:
    """Make *state_dir* (mode 0700 if new) and hold it while the block is open; the kernel lets go of it at any death.

    Raises:
        AlreadyRunningError: another process holds it.
        StateFolderError: it cannot be made or written.

    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(state_dir / "daemon.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateFolderError(
            f"The folder {state_dir} cannot be used: {error.strerror}.", path=str(state_dir)
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(
                f"Another gtvision-edge is running over {state_dir}.", path=str(state_dir)
            ) from error
        yield
    finally:
        os.close(handle)
