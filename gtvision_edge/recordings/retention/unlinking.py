"""Takes files off the volume, and says of which it is certain that they are gone. Everything here blocks.

A name proves nothing: a camera's directory may have been set aside a moment ago, and another one stand in its place. So the
directory is opened, its marker must name the camera, and files are deleted in what was opened, wherever it is moved meanwhile.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import structlog

from gtvision_edge.media.layout import parse_camera_directory, segment_file, thumbnails_file
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    OddMarkerError,
    read_camera_marker,
)
from gtvision_edge.recordings.model import SegmentId
from gtvision_edge.runtime.durable import sync_directory

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Victim:
    """A file to delete; ``directory`` is where the index saw its camera's files last, None = nowhere."""

    segment_id: SegmentId
    camera_uuid: str
    directory: str | None
    name_us: int


class _Fate(Enum):
    REMOVED = "removed"
    MISSING = "missing"
    STAYS = "stays"


def unlink_segments(
    root: Path, victims: Sequence[Victim], *, was_begun: bool = False
) -> set[SegmentId]:
    """Delete *victims* with their thumbnails and sync their directories; return whose file is gone for certain.

    What is not there is gone only if its camera's directory was there before and after. With *was_begun*, which says that all of
    this was begun before, a camera's files are gone with its directory too: an emptied one is removed.

    Raises:
        VolumeError: the volume went away meanwhile.

    """
    device = _device_of(root)
    gone: set[SegmentId] = set()
    by_camera = attrgetter("camera_uuid", "directory")
    for (uuid, directory), some in groupby(
        sorted(victims, key=lambda each: (each.camera_uuid, each.directory or "")), key=by_camera
    ):
        with _opened(root, uuid, directory) as home:
            if home is not None:
                gone |= _unlink_in(home, uuid, list(some))
            elif was_begun and not _unmarked(root):
                gone |= {each.segment_id for each in some}
    if _device_of(root) != device:
        raise VolumeError("The volume changed while footage was being deleted.")
    return gone


def present_segments(root: Path, victims: Sequence[Victim]) -> set[SegmentId]:
    """Return whose file is there, or may be: its camera's directory cannot be told.

    Raises:
        VolumeError: the volume is away.

    """
    _device_of(root)
    present: set[SegmentId] = set()
    for victim in victims:
        with _opened(root, victim.camera_uuid, victim.directory) as home:
            if home is None:
                if _unmarked(root):
                    present.add(victim.segment_id)
            elif (home / segment_file(victim.name_us)).exists():
                present.add(victim.segment_id)
    return present


def _unlink_in(home: Path, uuid: str, victims: Sequence[Victim]) -> set[SegmentId]:
    gone: set[SegmentId] = set()
    missing: set[SegmentId] = set()
    touched: set[Path] = set()
    for victim in victims:
        file = home / segment_file(victim.name_us)
        fate = _remove(file)
        if fate is _Fate.STAYS:
            continue
        (gone if fate is _Fate.REMOVED else missing).add(victim.segment_id)
        _remove(thumbnails_file(file))
        touched.add(file.parent)
    unsure = {directory for directory in touched if not _is_synced(directory)}
    if unsure:  # what may come back after a power cut is not deleted yet
        back = {
            each.segment_id
            for each in victims
            if (home / segment_file(each.name_us)).parent in unsure
        }
        gone, missing = gone - back, missing - back
    # Files that were carried to another disk, marker and all, were not deleted.
    return gone | missing if missing and _is_of(home, uuid) else gone


def _is_synced(directory: Path) -> bool:
    """Tell whether the removals in *directory* outlast a power cut; one that fails is its own trouble, not all deletion's."""
    try:
        sync_directory(directory)
    except FileNotFoundError:
        return True
    except OSError as error:
        log.warning("directory_not_synced", error=str(error))
        return False
    return True


@contextmanager
def _opened(root: Path, uuid: str, directory: str | None) -> Iterator[Path | None]:
    """Open the directory with a camera's marker, first where the index saw it; give out a path that follows it."""
    for name in [directory, *_names(root, but=directory)]:
        if name is None:
            continue
        try:
            handle = os.open(root / name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            home = Path(f"/proc/self/fd/{handle}")  # leads to the directory itself, not to its name
            if _is_of(home, uuid):
                yield home
                return
        finally:
            os.close(handle)
    yield None


def _names(root: Path, *, but: str | None = None) -> Iterator[str]:
    """Return the directories of cameras; looked for only when the first guess was wrong."""
    try:
        names = [each.name for each in root.iterdir()]
    except OSError as error:
        raise VolumeError("The volume cannot be read.") from error
    yield from sorted(name for name in names if name != but and parse_camera_directory(name))


def _is_of(home: Path, uuid: str) -> bool:
    try:
        marker = read_camera_marker(home / CAMERA_MARKER)
    except (OSError, OddMarkerError):
        return False
    return marker is not None and marker.camera_uuid == uuid


def _unmarked(root: Path) -> bool:
    """Tell whether there is a camera's directory of which nobody can tell whose it is."""
    for name in _names(root):
        try:
            if read_camera_marker(root / name / CAMERA_MARKER) is None and (root / name).is_dir():
                return True
        except (OSError, OddMarkerError):
            return True
    return False


def _device_of(root: Path) -> int:
    try:
        return (root / VOLUME_MARKER).stat().st_dev
    except OSError as error:
        raise VolumeError("The volume went away.") from error


def _remove(file: Path) -> _Fate:
    try:
        file.unlink()
    except FileNotFoundError:
        return _Fate.MISSING
    except OSError:
        return _Fate.STAYS
    return _Fate.REMOVED
