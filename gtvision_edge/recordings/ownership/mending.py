"""A marker that is cut, damaged or gone makes a directory nobody's, and its footage unreachable.

Whose it was the index knows: the names of files are times in µs, and with their sizes they are like no other camera's. The
marker is written anew only if one camera alone has such files, most of those looked at, and no other directory. Else somebody
must look, and is told.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Protocol, TypeVar

import structlog

from gtvision_edge.media.layout import parse_camera_directory, parse_day, parse_segment
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    CameraMarker,
    OddMarkerError,
    read_camera_marker,
    write_marker,
)
from gtvision_edge.recordings.ownership.repository import fetch_claims
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.storage import Database

log = structlog.get_logger(__name__)

T = TypeVar("T")

SAMPLE: Final = 400
SAMPLE_OF_DAY: Final = 40
"""Files looked at: some of each day, the newest days first."""
AGAIN_S: Final = 60.0
"""A directory whose owner could not be told is looked at again after so long."""


class DiskRunner(Protocol):
    """Runs what blocks in the thread of whoever asks, by his rules for a disk that hangs."""

    async def __call__(self, work: Callable[[], T], /) -> T: ...


class Outcome(Enum):
    MENDED = "mended"
    UNKNOWN = "unknown"
    """There is footage, and nobody can tell whose."""
    NOTHING = "nothing"
    """No footage, or a good marker by now."""


@dataclass(frozen=True, slots=True)
class _Contents:
    identity: tuple[int, int]
    sizes: dict[int, int]
    """Bytes of some segments, by the time in their names."""


class MarkerMender:
    """Mends markers, and says which directories' footage is unreachable because it could not."""

    def __init__(self, root: Path, database: Database, clock: Clock) -> None:
        self._root = root
        self._database = database
        self._clock = clock
        self._tried: dict[str, tuple[Outcome, float]] = {}

    def findings(self) -> list[Finding]:
        """Return an alarm for each directory whose footage nobody can reach."""
        return [
            Finding("footage_unreachable", Severity.ALARM, {"directory": directory})
            for directory, (outcome, _) in sorted(self._tried.items())
            if outcome is Outcome.UNKNOWN
        ]

    async def look(self, directories: Iterable[str], run: DiskRunner) -> bool:
        """Mend what can be mended of *directories*, which are all that have no good marker; return whether anything was."""
        now, unmarked = self._clock.monotonic(), list(directories)
        self._tried = {name: tried for name, tried in self._tried.items() if name in unmarked}
        is_mended = False
        for directory in unmarked:
            _, tried_at = self._tried.get(directory, (None, float("-inf")))
            if now - tried_at >= AGAIN_S:
                outcome = await self.mend(directory, run)
                is_mended |= outcome is Outcome.MENDED
        return is_mended

    async def mend(self, directory: str, run: DiskRunner) -> Outcome:
        """Write the marker of *directory* anew if it is certain whose it is.

        Raises:
            StorageError: the index cannot be asked.

        """
        outcome = await self._mended(directory, run)
        if outcome is Outcome.MENDED:
            self._tried.pop(directory, None)
        else:
            self._tried[directory] = outcome, self._clock.monotonic()
        return outcome

    async def _mended(self, directory: str, run: DiskRunner) -> Outcome:
        found = await run(lambda: _look_into(self._root / directory))
        if found is None or not found.sizes:
            return Outcome.NOTHING
        claims = await fetch_claims(self._database, found.sizes)
        if len(claims) != 1 or claims[0].files * 2 < len(found.sizes):
            return Outcome.UNKNOWN
        marker = claims[0].marker
        if not await run(lambda: _write(self._root, directory, found.identity, marker)):
            return Outcome.UNKNOWN
        log.warning("camera_marker_mended", directory=directory, camera_id=marker.camera_id)
        return Outcome.MENDED


def is_unmarked(directory: Path) -> bool:
    """Tell whether *directory* does not say whose it is."""
    return _marker_of(directory) is None


def _look_into(directory: Path) -> _Contents | None:
    """Return what lies in an unmarked directory; None when it is marked, gone or cannot be read."""
    try:
        found = directory.lstat()
        if not directory.is_dir() or directory.is_symlink() or not is_unmarked(directory):
            return None
        days = sorted(
            ((day, each) for each in directory.iterdir() if (day := parse_day(each.name))),
            reverse=True,
        )
        sizes: dict[int, int] = {}
        for day_us, home in days:
            sizes |= _sizes(day_us, home)
            if len(sizes) >= SAMPLE:
                break
    except OSError:
        return None
    return _Contents((found.st_dev, found.st_ino), sizes)


def _sizes(day_us: int, home: Path) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for file in sorted(home.iterdir()):
        name_us = parse_segment(day_us, file.name)
        if name_us is not None:
            sizes[name_us] = file.lstat().st_size
        if len(sizes) == SAMPLE_OF_DAY:
            break
    return sizes


def _write(root: Path, name: str, identity: tuple[int, int], marker: CameraMarker) -> bool:
    """Write *marker* if nothing changed since the directory was looked into, and the camera has no other one."""
    directory = root / name
    try:
        if not (root / VOLUME_MARKER).is_file() or not is_unmarked(directory):
            return False
        found = directory.lstat()
        if (found.st_dev, found.st_ino) != identity:
            return False
        others = [each for each in root.iterdir() if parse_camera_directory(each.name)]
        known = [_marker_of(each) for each in others]
        if any(each is not None and each.camera_uuid == marker.camera_uuid for each in known):
            return False
        write_marker(directory / CAMERA_MARKER, marker)
    except OSError:
        return False
    return True


def _marker_of(directory: Path) -> CameraMarker | None:
    try:
        return read_camera_marker(directory / CAMERA_MARKER)
    except (OSError, OddMarkerError):
        return None
