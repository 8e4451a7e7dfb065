"""What lies on the volume: directories, days and files. Everything here blocks; it runs in the scanner's one thread."""

import os
import stat
import time
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from pathlib import Path

import structlog

from gtvision_edge.media.layout import (
    SEGMENT_SUFFIX,
    THUMBNAILS_SUFFIX,
    is_set_aside,
    parse_camera_directory,
    parse_day,
    parse_segment,
    segment_file,
)
from gtvision_edge.recordings.indexing.fmp4 import parse_head
from gtvision_edge.recordings.indexing.reading import Described, describe, read_path
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    CameraMarker,
    OddMarkerError,
    read_camera_marker,
)
from gtvision_edge.recordings.model import DAY_US, CameraNo

log = structlog.get_logger(__name__)

SETTLED_S = 2.0
"""A directory changed later than this before it was listed may have changed again within one tick of the file system."""
REPLACED_IDLE_S = 10.0
"""So long an unclosed file that has a successor must not have grown to count as cut off."""
LAST_IDLE_S = 60.0
"""Likewise the newest file of a camera that the media server does not record."""
STUCK_IDLE_S = 600.0
"""Likewise whatever the media server says."""
PAST_DAYS = 2
"""A day's directory may be removed when so many days have passed since it began, and it is empty."""


@dataclass(frozen=True, slots=True)
class Place:
    """A camera's directory and the marker in it."""

    directory: str
    marker: CameraMarker

    @property
    def is_set_aside(self) -> bool:
        return is_set_aside(self.directory)


@dataclass(frozen=True, slots=True)
class Listing:
    """The segments in a day's directory by their names' times."""

    place: Place
    day_us: int
    names: frozenset[int]


@dataclass(slots=True)
class OpenFile:
    """A file that is not in the index yet. ``grew_at`` is monotonic; ``order`` rises with the discovery."""

    camera_no: CameraNo
    camera_id: str
    directory: str
    name_us: int
    order: int
    size: int = -1
    mtime_ns: int = -1
    grew_at: float = float("-inf")


class Fate(Enum):
    """What became of an open file."""

    GROWS = "grows"
    FINISHED = "finished"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Judgement:
    """With FINISHED: the row that the file becomes."""

    open_file: OpenFile
    fate: Fate
    described: Described | None = None


class SurveyOverError(Exception):
    """Nobody waits for this survey any more: it hung, and another one looks instead."""


@dataclass(slots=True)
class _Marker:
    stamp: tuple[int, int, int]
    content: CameraMarker | None


@dataclass(slots=True)
class Survey:
    """Remembers what it saw, to look only where something changed."""

    root: Path
    monotonic: Callable[[], float] = time.monotonic
    shunned: Container[str] = ()
    """Directories of cameras that are not looked at: in each of them an earlier survey hangs."""
    at: str = ""
    """The camera's directory in which it looks just now, '' = none of a camera."""
    steps: int = 0
    """Rises with each thing that is looked at: while it does, a look is slow and does not hang."""
    is_over: bool = False
    """Set from outside: what it comes home with is not wanted, and it must touch nothing more."""
    unmarked: list[str] = field(default_factory=list)
    """Directories of cameras that did not say whose they are when :meth:`places` was asked last."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Directories, under the root, that are there and could not be read when they were asked for last, and why."""
    _names: tuple[int, list[str]] | None = None
    """The root's time of change, and the directories of cameras in it."""
    _markers: dict[str, _Marker] = field(default_factory=dict)
    _listed: dict[tuple[str, int], int] = field(default_factory=dict)
    """By directory and day: its time of change when it was listed last."""
    _days: dict[str, tuple[int, list[int]]] = field(default_factory=dict)
    """By directory: its time of change, and the days in it."""

    def places(self) -> list[Place]:
        """Return the directories of cameras, the present ones before those set aside.

        Raises:
            OSError: the volume cannot be read.

        """
        changed = os.stat(self.root).st_mtime_ns  # noqa: PTH116 -- see _day_path
        if self._names is None or self._names[0] != changed:
            with os.scandir(self.root) as entries:
                names = [entry.name for entry in entries if parse_camera_directory(entry.name)]
            names.sort(key=lambda name: (is_set_aside(name), name))
            for gone in self._markers.keys() - set(names):
                del self._markers[gone]
            for lost in [each for each in self.unreadable if each.split("/")[0] not in names]:
                del self.unreadable[lost]
            self._names = (changed if _is_settled(changed) else -1), names
        names = [name for name in self._names[1] if name not in self.shunned]
        markers = [(name, self._marker(name)) for name in names]
        self.unmarked = [name for name, marker in markers if marker is None]
        return [Place(name, marker) for name, marker in markers if marker is not None]

    def days(self, place: Place) -> list[int]:
        """Return the begins of the days of which a directory exists, newest first; none when that cannot be read."""
        self._enter(place.directory)
        directory = f"{self.root}/{place.directory}"
        try:
            changed = os.stat(directory).st_mtime_ns  # noqa: PTH116
            known = self._days.get(place.directory)
            if known is not None and known[0] == changed:
                self.unreadable.pop(place.directory, None)
                return known[1]
            with os.scandir(directory) as entries:
                days = [parse_day(entry.name) for entry in entries]
        except OSError as error:
            self._note(place.directory, error)
            return []
        self._note(place.directory, None)
        found = sorted((day for day in days if day is not None), reverse=True)
        there = {_day_of(place, day_us) for day_us in found}
        for lost in [each for each in self.unreadable if each.startswith(f"{place.directory}/")]:
            if lost not in there:
                del self.unreadable[lost]
        if _is_settled(changed):
            self._days[place.directory] = changed, found
        return found

    def changed(self, place: Place, days: Iterable[int]) -> list[Listing]:
        """List those of *days* that changed since they were listed last."""
        listings = []
        for day_us in days:
            self._enter(place.directory)
            try:
                changed = os.stat(self._day_path(place, day_us)).st_mtime_ns  # noqa: PTH116
            except OSError as error:
                self._note(_day_of(place, day_us), error)
                continue
            if self._listed.get((place.directory, day_us)) != changed:
                listing = self.listing(place, day_us)
                if listing is not None:
                    listings.append(listing)
        return listings

    def listing(self, place: Place, day_us: int) -> Listing | None:
        """List a day; None when it is gone, or cannot be read."""
        self._enter(place.directory)
        directory = self._day_path(place, day_us)
        key = (place.directory, day_us)
        try:
            changed = os.stat(directory).st_mtime_ns  # noqa: PTH116
            with os.scandir(directory) as entries:
                names = [parse_segment(day_us, entry.name) for entry in entries]
        except OSError as error:
            self._listed.pop(key, None)
            self._note(_day_of(place, day_us), error)
            return None
        self._note(_day_of(place, day_us), None)
        if _is_settled(changed):
            self._listed[key] = changed
        return Listing(place, day_us, frozenset(name for name in names if name is not None))

    def _enter(self, directory: str) -> None:
        if self.is_over:
            raise SurveyOverError
        self.at = directory
        self.steps += 1

    def _note(self, directory: str, error: OSError | None) -> None:
        """Remember that *directory* could not be read, or, None, that it could."""
        if error is None or isinstance(error, FileNotFoundError):
            self.unreadable.pop(directory, None)
        else:
            self.unreadable[directory] = error.strerror or str(error)

    def forget(self) -> None:
        """Look everywhere anew: what was seen before may have been lost, or be another disk."""
        self._names = None
        self._listed.clear()
        self._days.clear()
        self.unreadable.clear()

    def judge(self, files: Iterable[tuple[OpenFile, bool, bool]]) -> Iterator[Judgement]:
        """Look at each open file; with it comes whether it is its camera's newest, and whether that is being recorded."""
        for open_file, is_newest, is_recorded in files:
            if open_file.directory in self.shunned:
                yield Judgement(open_file, Fate.GROWS)
                continue
            self._enter(open_file.directory)
            try:
                yield self._judged(open_file, is_newest=is_newest, is_recorded=is_recorded)
            except FileNotFoundError:
                yield Judgement(open_file, Fate.GONE)
            except OSError as error:
                log.debug("segment_unreadable", camera=open_file.camera_id, error=error.strerror)
                yield Judgement(open_file, Fate.GROWS)  # the disk failed: again next time

    def path(self, directory: str, name_us: int) -> Path:
        return self.root / directory / segment_file(name_us)

    def directory(self, directory: str, day_us: int) -> Path:
        """Return where a day's files lie."""
        return self.root / directory / _day_name(day_us)

    def tidy(self, place: Place, now_us: int) -> int:
        """Remove the empty directories of past days, with thumbnails whose segments are gone; return how many."""
        removed = 0
        for day_us in self.days(place):
            self._enter(place.directory)
            directory = self.root / place.directory / _day_name(day_us)
            if day_us + PAST_DAYS * DAY_US > now_us:
                continue
            try:
                names = [entry.name for entry in directory.iterdir()]
                if any(name.endswith(SEGMENT_SUFFIX) for name in names):
                    continue
                for name in names:
                    if name.endswith((THUMBNAILS_SUFFIX, f"{THUMBNAILS_SUFFIX}.partial")):
                        (directory / name).unlink(missing_ok=True)
                directory.rmdir()  # refuses when something came meanwhile
            except OSError:
                continue
            removed += 1
            self._listed.pop((place.directory, day_us), None)
        return removed

    def remove_bare(self, place: Place) -> bool:
        """Remove the directory of a camera that is gone when nothing but its marker is left in it."""
        self._enter(place.directory)
        directory = self.root / place.directory
        try:
            if [entry.name for entry in directory.iterdir()] != [CAMERA_MARKER]:
                return False
            (directory / CAMERA_MARKER).unlink()
            directory.rmdir()
        except OSError:
            return False
        return True

    def _judged(self, open_file: OpenFile, *, is_newest: bool, is_recorded: bool) -> Judgement:
        path = f"{self.root}/{open_file.directory}/{_file_name(open_file.name_us)}"
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return Judgement(open_file, Fate.GONE)
        now = self.monotonic()
        if (found.st_size, found.st_mtime_ns) != (open_file.size, open_file.mtime_ns):
            is_new = open_file.size < 0
            open_file.size, open_file.mtime_ns = found.st_size, found.st_mtime_ns
            open_file.grew_at = now
            if is_newest and not is_new:
                return Judgement(open_file, Fate.GROWS)
        idle_s = now - open_file.grew_at
        limit_s = STUCK_IDLE_S if is_recorded else LAST_IDLE_S
        if not is_newest:
            limit_s = REPLACED_IDLE_S
        if idle_s < limit_s and not _is_closed(path):
            return Judgement(open_file, Fate.GROWS)
        file, reading = read_path(path, open_file.name_us)
        if (file.size, file.mtime_us) != (open_file.size, open_file.mtime_ns // 1000):
            return Judgement(open_file, Fate.GROWS)
        if not reading.parts and not reading.is_done:
            if is_newest:
                return Judgement(open_file, Fate.GROWS)
            size = reading.head.size if reading.head else 0
            if file.size == size:  # nothing was ever written but a head: a full disk leaves such
                os.unlink(path)  # noqa: PTH108 -- see _day_path
                log.info("segment_stub_removed", camera=open_file.camera_id, bytes=size)
                return Judgement(open_file, Fate.GONE)
        return Judgement(open_file, Fate.FINISHED, describe(file, reading, open_file.camera_no))

    def _day_path(self, place: Place, day_us: int) -> str:
        # Text and not Path, and os.stat: some hundred directories are looked at every two seconds, for ever.
        return f"{self.root}/{place.directory}/{_day_name(day_us)}"

    def _marker(self, directory: str) -> CameraMarker | None:
        self._enter(directory)
        path = f"{self.root}/{directory}/{CAMERA_MARKER}"
        try:
            found = os.lstat(path)
            stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
            known = self._markers.get(directory)
            if known is None or known.stamp != stamp:
                known = self._markers[directory] = _Marker(stamp, _read_marker(Path(path)))
        except OSError:
            return None
        return known.content


def _read_marker(path: Path) -> CameraMarker | None:
    try:
        return read_camera_marker(path)
    except OddMarkerError:
        return None  # nobody's, until a person has looked


def _is_closed(path: str) -> bool:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- see _day_path
        head = parse_head(file.read(8192))
    return head is not None and head.closed_ms > 0


def _is_settled(changed_ns: int) -> bool:
    return abs(time.time_ns() - changed_ns) > SETTLED_S * 1e9


@lru_cache(maxsize=1024)
def _file_name(name_us: int) -> str:
    return str(segment_file(name_us))


def _day_of(place: Place, day_us: int) -> str:
    return f"{place.directory}/{_day_name(day_us)}"


@lru_cache(maxsize=1024)
def _day_name(day_us: int) -> str:
    return segment_file(day_us).parent.name
