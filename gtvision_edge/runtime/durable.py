"""Files that a power cut leaves as they were or whole; blocking, so off the loop."""

import os
from pathlib import Path

_OWNER_ONLY = 0o600


def write_whole(path: Path, content: bytes, *, mode: int = _OWNER_ONLY) -> None:
    """Write *content* to *path* so that after a power cut the file is as before or whole.

    The directory must be there. What an earlier attempt left beside it (``NAME.new``) is replaced.

    Raises:
        OSError: it could not be written; *path* is as before.

    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    draft.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make what was created, renamed or removed in *directory* outlast a power cut.

    Raises:
        OSError: the directory is not there, or the disk failed.

    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
