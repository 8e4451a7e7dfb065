"""What lies on the volume, for comparing. Unlike the scanner's survey it never takes what cannot be read for what is not there.

Everything here blocks.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Final

from gtvision_edge.media.layout import (
    is_impossible_day,
    is_set_aside,
    parse_camera_directory,
    parse_day,
    parse_segment,
    segment_file,
)
from gtvision_edge.recordings.errors import (
    VolumeError,
    VolumeForeignError,
    VolumeMarkerOddError,
    VolumeMissingError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.indexing.reading import Described, describe, read_path
from gtvision_edge.recordings.indexing.survey import Place
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    OddMarkerError,
    read_camera_marker,
    read_volume_marker,
    read_volume_note,
)
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, SegmentId
from gtvision_edge.recordings.volume import KNOWN_VOLUME
from gtvision_edge.runtime.durable import sync_directory

FRESH_US: Final = 900_000_000
"""A file that changed so lately may be written to, or wait for the index: the scanner leaves some alone for ten minutes."""
SET_ASIDE: Final = ".set-aside"
"""At the volume's root: files that were moved out of the way; nobody deletes them but a person."""


@dataclass(frozen=True, slots=True)
class Directories:
    """The directories of cameras: *owned* ones by the camera's uuid."""

    owned: dict[str, Place]
    unowned: list[str]
    twice: list[str]

    def may_lie_unowned(self, camera: RecordedCamera) -> bool:
        """Tell whether one without a readable marker can be that of *camera*, which has no other."""
        mine = {camera.directory, f"{camera.camera_id}_rec"}
        return camera.camera_uuid not in self.owned and any(
            name in mine or name.startswith(f"{camera.camera_id}_rec.") for name in self.unowned
        )


@dataclass(frozen=True, slots=True)
class Stray:
    """A file without a row. *described* None = there is nothing recorded in it; *is_fresh* = changed a moment ago."""

    described: Described | None
    is_fresh: bool


def find_volume_error(root: Path, *, state_dir: Path, site_id: str) -> VolumeError | None:
    """Return why what is at *root* is not the site's volume, None when it is; the daemon's watch without its writing."""
    try:
        marker = read_volume_marker(root / VOLUME_MARKER)
        note = read_volume_note(state_dir / KNOWN_VOLUME)
        is_mount = root.is_mount()
    except OddMarkerError:
        return VolumeMarkerOddError("The marker or the note of the volume is damaged.")
    except OSError as error:
        return VolumeUnwritableError(f"The volume cannot be read: {error.strerror}.")
    if marker is None or (note is not None and note.is_mount and not is_mount):
        return VolumeMissingError("The recordings volume is not mounted.")
    if marker.site != site_id:
        return VolumeForeignError("The mounted volume belongs to another site.")
    return None


def list_directories(root: Path) -> Directories:
    """Return the directories of cameras; of two of one camera the one that is recorded to, else the first.

    Raises:
        OSError: the volume cannot be read.

    """
    with os.scandir(root) as entries:
        names = [entry.name for entry in entries if parse_camera_directory(entry.name)]
    found = Directories({}, [], [])
    for name in sorted(names, key=lambda name: (is_set_aside(name), name)):
        try:
            marker = read_camera_marker(root / name / CAMERA_MARKER)
        except (OddMarkerError, OSError):
            marker = None
        if marker is None:
            found.unowned.append(name)
        elif marker.camera_uuid in found.owned:
            found.twice.append(name)
        else:
            found.owned[marker.camera_uuid] = Place(name, marker)
    return found


def list_days(directory: Path) -> list[int]:
    """Return the begins of the days of which there is a directory, oldest first.

    Raises:
        OSError: it cannot be read.

    """
    try:
        with os.scandir(directory) as entries:
            days = [parse_day(entry.name) for entry in entries]
    except FileNotFoundError:
        return []
    return sorted(day for day in days if day is not None)


def list_impossible_days(directory: Path) -> list[str]:
    """Return the names of directories of days that cannot have been, in order.

    Raises:
        OSError: it cannot be read.

    """
    try:
        with os.scandir(directory) as entries:
            return sorted(entry.name for entry in entries if is_impossible_day(entry.name))
    except FileNotFoundError:
        return []


def list_day(directory: Path, day_us: int) -> dict[int, int]:
    """Return the sizes of a day's segments by the time in their names; none when the day is gone.

    Raises:
        OSError: it cannot be read.

    """
    found: dict[int, int] = {}
    for name_us, entry in _segments(directory, day_us):
        with suppress(FileNotFoundError):  # deleted just now
            found[name_us] = entry.stat(follow_symlinks=False).st_size
    return found


def list_paths(directory: Path, day_us: int) -> dict[int, str]:
    """Return the paths of a day's segments by the time in their names, in order; none when the day is gone.

    Raises:
        OSError: it cannot be read.

    """
    return {
        name_us: entry.path
        for name_us, entry in sorted(_segments(directory, day_us), key=itemgetter(0))
    }


def _segments(directory: Path, day_us: int) -> Iterator[tuple[int, os.DirEntry[str]]]:
    try:
        with os.scandir(directory / segment_file(day_us).parent) as entries:
            for entry in entries:
                name_us = parse_segment(day_us, entry.name)
                if name_us is not None and entry.is_file(follow_symlinks=False):
                    yield name_us, entry
    except FileNotFoundError:
        return


def look_at_stray(
    directory: Path, name_us: int, camera_no: CameraNo, *, now_us: int
) -> Stray | None:
    """Return what a file without a row is; None when it is gone.

    Raises:
        OSError: it cannot be read.

    """
    try:
        file, reading = read_path(directory / segment_file(name_us), name_us)
    except FileNotFoundError:
        return None
    is_fresh = abs(file.mtime_us - now_us) < FRESH_US
    if not reading.parts:
        return Stray(None, is_fresh)
    return Stray(describe(file, reading, camera_no), is_fresh)


def still_gone(root: Path, files: Sequence[tuple[SegmentId, Path]]) -> list[SegmentId]:
    """Return those ids whose file is not there for certain; the volume must be there before and after.

    Raises:
        VolumeError: the volume went away meanwhile.

    """
    device = device_of(root)
    gone = []
    for segment_id, file in files:
        try:
            file.lstat()
        except FileNotFoundError:
            gone.append(segment_id)
        except OSError:
            continue
    if device_of(root) != device:
        raise VolumeError("The volume changed while it was compared.")
    return gone


def device_of(root: Path) -> int:
    """Return which file system the volume is.

    Raises:
        VolumeError: its marker is not there.

    """
    try:
        return (root / VOLUME_MARKER).stat().st_dev
    except OSError as error:
        raise VolumeError("The volume went away.") from error


def set_aside(root: Path, directory: str, name_us: int) -> str:
    """Move a file out of its camera's directory, never over another; return where it is now, relative to *root*.

    Raises:
        OSError: it cannot be moved; it is where it was.

    """
    file = segment_file(name_us)
    place = root / SET_ASIDE / directory / file.parent
    place.mkdir(parents=True, exist_ok=True)
    target, number = place / file.name, 1
    while True:
        try:
            os.link(root / directory / file, target, follow_symlinks=False)
            break
        except FileExistsError:
            target, number = place / f"{file.stem}.{number}{file.suffix}", number + 1
    sync_directory(place)
    (root / directory / file).unlink()
    sync_directory((root / directory / file).parent)
    return str(target.relative_to(root))
