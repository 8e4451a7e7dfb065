"""The way by which a media server reaches the volume; it leads nowhere while the volume is away.

MediaMTX makes every directory of a record path that is missing (Go's ``os.MkdirAll``), so also in a bare mount point.
Therefore it records through a link that leads over a directory which only the mounted volume has::

    <state>/mounted-volume -> <volume>/.gtvision-<site>/..

Without that directory the link dangles: nothing can be made through it, and its own name is taken. When the disk is back
it leads there again, by itself. The link is never followed by us, and the volume needs no file system that knows links.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from gtvision_edge.recordings.markers import VOLUME_MARKER

LINK: Final = "mounted-volume"
"""In the state directory."""


def guard_name(site_id: str) -> str:
    """Return the name of the empty directory on the site's volume over which the link leads."""
    return f".gtvision-{site_id}"


class RecordLink:
    """All methods block. The site's id is in the name: the disk of another site is not recorded to either."""

    def __init__(self, root: Path, *, state_dir: Path, site_id: str) -> None:
        self._root = root
        self._guard = guard_name(site_id)
        self.path = state_dir / LINK

    def lay(self) -> None:
        """Make the link, or mend it; whether the volume is there does not matter.

        Raises:
            OSError: the state directory takes no link, or what bears its name is none and stays.

        """
        target = f"{self._root}/{self._guard}/.."
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(self.path) == target:  # noqa: PTH115 -- a Path would keep no trailing ".."
                return
        fresh = self.path.with_name(f"{LINK}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self.path)

    def connect(self) -> None:
        """Make the directory over which the link leads, on the volume that was found to be the site's.

        Raises:
            OSError: it cannot be made.

        """
        # By descriptor: unmounted since it was looked at, the volume gets it nevertheless, and the mount point does not.
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.stat(VOLUME_MARKER, dir_fd=descriptor, follow_symlinks=False)
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._guard, 0o755, dir_fd=descriptor)
        finally:
            os.close(descriptor)

    def disconnect(self) -> None:
        """Take that directory out of a bare mount point, which has it if the site began before its disk was mounted."""
        with contextlib.suppress(OSError):
            (self._root / self._guard).rmdir()
