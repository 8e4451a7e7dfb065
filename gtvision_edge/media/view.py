"""What the media server makes of each camera: is its stream there, do bytes come, does its recording grow."""

import asyncio
import errno
import os
import stat
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Gauge

from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.client import MediaServerClient, RuntimePath
from gtvision_edge.media.errors import MediaServerRefusedError, MediaServerUnavailableError
from gtvision_edge.media.model import CameraDirectory, CameraOnAir, PathView, RecordingsOf
from gtvision_edge.media.paths import PathUse, path_name
from gtvision_edge.runtime.clock import Clock

log = structlog.get_logger(__name__)

LOOK_INTERVAL_S = 1.0
CALM_AFTER_S = 15.0
"""When for so long no camera came, went or changed, it is looked every ``CALM_INTERVAL_S``: a site of 64 cameras is some 100 kB to parse."""
CALM_INTERVAL_S = 2.0
RECEIVING_FOR_S = 5.0
"""A stream counts as receiving for so long after its counter last grew."""
RECORDING_FOR_S = 10.0
"""A recording counts as growing for so long after its file last grew; parts are a second long, key frames may lie 10 s apart."""
STALE_AFTER_S = 10.0
"""Without an answer of the media server for so long we know nothing any more."""
DISK_PATIENCE_S = 2.0
MAX_DAYS = 5
"""Days of a camera of which the files are remembered: those around today, also after the clock was set by one."""
SETTLED_NS = 2_000_000_000
"""A directory changed later than this before it was listed may have changed again within one tick of the file system."""


@dataclass(slots=True)
class _Seen:
    """What was last seen of one camera; times are monotonic, -inf = never."""

    camera_uuid: str
    available: bool = False
    inbound_bytes: int = 0
    bytes_grew_at: float = float("-inf")
    file_grew_at: float = float("-inf")
    growth: "_Growth" = field(default_factory=lambda: _Growth())


@dataclass(slots=True)
class _Growth:
    """The newest file of a camera and its size; touched by the disk thread only."""

    newest: Path | None = None
    size: int = -1
    growing: Path | None = None
    """The file that was seen to grow last: what somebody lays beside it is newer by its date alone."""
    growing_size: int = -1
    days: "dict[str, _Day]" = field(default_factory=dict)
    fault: str = ""
    """The system's word for why the directory could not be looked at; it was logged."""


@dataclass(slots=True)
class _Day:
    """The files in a day's directory, and its time of change when they were listed; 0 = it may have changed again since."""

    changed_ns: int = 0
    names: set[str] = field(default_factory=set)


class MediaViews:
    """Asks the media server for its paths, and the disk for the newest file of each recording: each second, and every two in calm.

    A server that does not answer and a disk that hangs leave the last knowledge to age; they never make anybody wait.
    """

    def __init__(
        self,
        client: MediaServerClient,
        cameras: CameraDirectory,
        *,
        recordings: RecordingsOf,
        admissions: Admissions,
        clock: Clock,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._client = client
        self._admissions = admissions
        self._cameras = cameras
        self._recordings = recordings
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "recording-growth")
        self._looking: asyncio.Future[set[str]] | None = None
        self._seen: dict[str, _Seen] = {}
        self._answered_at = float("-inf")
        self._last: dict[str, PathView | None] = {}
        self._changed_at = float("-inf")
        registry = registry or CollectorRegistry()
        self._available = Gauge(
            "gtvision_edge_media_cameras_available",
            "Cameras whose main stream the media server has",
            registry=registry,
        )
        self._recording = Gauge(
            "gtvision_edge_media_cameras_recording",
            "Cameras whose recording grows",
            registry=registry,
        )

    def path_view(self, camera_id: str) -> PathView | None:
        """Return what is known of the camera's main stream; None when nothing is, as after a loss of the server."""
        seen = self._seen.get(camera_id)
        now = self._clock.monotonic()
        if seen is None or now - self._answered_at > STALE_AFTER_S:
            return None
        return PathView(
            available=seen.available,
            receiving=seen.available and now - seen.bytes_grew_at <= RECEIVING_FOR_S,
            recording=now - seen.file_grew_at <= RECORDING_FOR_S,
        )

    def inbound_bytes(self, camera_id: str) -> int:
        """Return the bytes received since the source last connected."""
        seen = self._seen.get(camera_id)
        return seen.inbound_bytes if seen else 0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            is_calm = self._clock.monotonic() - self._changed_at > CALM_AFTER_S
            await self._clock.sleep(CALM_INTERVAL_S if is_calm else LOOK_INTERVAL_S)

    async def look(self) -> None:
        """Look once at the media server and at the disk."""
        try:
            paths = await self._client.runtime_paths()
        except (MediaServerUnavailableError, MediaServerRefusedError):
            # The reconciler tells of a lost server; here the last view ages.
            self._changed_at = self._clock.monotonic()
            return
        self._answered_at = self._clock.monotonic()
        cameras = self._cameras.all_cameras()
        for gone in self._seen.keys() - {camera.camera_id for camera in cameras}:
            del self._seen[gone]
        for camera in cameras:
            seen = self._seen.get(camera.camera_id)
            if seen is None or seen.camera_uuid != camera.camera_uuid:
                seen = self._seen[camera.camera_id] = _Seen(camera.camera_uuid)
            is_own = self._admissions.admits(camera, PathUse.RECORD)
            path = paths.get(path_name(camera.camera_id, PathUse.RECORD)) if is_own else None
            self._note(seen, path)
        await self._look_at_disk(
            [
                (camera, self._seen[camera.camera_id].growth)
                for camera in cameras
                if camera.record and self._seen[camera.camera_id].available
            ]
        )
        seen_now = {camera_id: self.path_view(camera_id) for camera_id in self._seen}
        if seen_now != self._last:
            self._last, self._changed_at = seen_now, self._clock.monotonic()
        views = seen_now.values()
        self._available.set(sum(view.available for view in views if view))
        self._recording.set(sum(view.recording for view in views if view))

    def close(self) -> None:
        """Let the disk thread go without waiting for a disk that hangs."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _note(self, seen: _Seen, path: RuntimePath | None) -> None:
        inbound = path.inbound_bytes if path else 0
        if inbound != seen.inbound_bytes and inbound > 0:  # smaller = the source connected anew
            seen.bytes_grew_at = self._clock.monotonic()
        seen.inbound_bytes = inbound
        seen.available = path is not None and path.available
        if not seen.available:
            seen.bytes_grew_at = float("-inf")

    async def _look_at_disk(self, recordings: list[tuple[CameraOnAir, _Growth]]) -> None:
        if self._looking is None:
            today = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC).date()
            days = [str(today + timedelta(days=offset)) for offset in (1, 0, -1)]
            self._looking = asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: _grown(self._recordings, days, recordings)
            )
        await asyncio.wait({self._looking}, timeout=DISK_PATIENCE_S)
        if not self._looking.done():
            return
        looked, self._looking = self._looking, None  # also a look that failed is over
        grown = looked.result()
        now = self._clock.monotonic()
        for seen in self._seen.values():
            if seen.camera_uuid in grown:
                seen.file_grew_at = now


def _grown(
    recordings_of: RecordingsOf, days: list[str], cameras: Iterable[tuple[CameraOnAir, _Growth]]
) -> set[str]:
    """Return the uuids of cameras whose newest file grew, or which have a newer one, since the last look."""
    grown = set()
    for camera, growth in cameras:
        try:
            if _has_grown(recordings_of(camera), days, growth):
                grown.add(camera.camera_uuid)
        except (
            OSError
        ) as error:  # of one camera's directory; the others' are looked at all the same
            fault = errno.errorcode.get(error.errno or 0, "unknown")
            if fault != growth.fault:
                log.warning("recording_unreadable", camera_id=camera.camera_id, reason=fault)
            growth.fault = fault
        else:
            growth.fault = ""
    return grown


def _has_grown(directory: Path | None, days: list[str], growth: _Growth) -> bool:
    if directory is None:
        return False
    first_look = growth.newest is None
    if growth.newest is not None:
        size = _size(growth.newest)
        if size > growth.size:
            growth.size = growth.growing_size = size
            growth.growing = growth.newest
            return True
    if growth.growing is not None and growth.growing != growth.newest:
        size = _size(growth.growing)
        if size > growth.growing_size:
            growth.newest, growth.size, growth.growing_size = growth.growing, size, size
            return True
    newest = _new_file(directory, days, growth)
    if newest is None:
        return False
    growth.newest, growth.size = newest, _size(newest)
    return not first_look and growth.size > 0


def _new_file(directory: Path, days: Iterable[str], growth: _Growth) -> Path | None:
    """Return the file changed last of those that came into *days* since the last look.

    By change and not by name: after the clock was set back the growing file sorts before older ones. A day has 1440 files, and
    this runs for each camera whenever its file did not grow within a second: a directory that did not change is not listed, and
    of one that did only the new files are looked at. What is no file is none; a file that cannot be looked at is looked at again.

    Raises:
        OSError: a day could not be listed, and the others have nothing new.

    """
    stamped: list[tuple[int, Path]] = []
    failed: OSError | None = None
    for day in days:
        known = growth.days.setdefault(day, _Day())
        try:
            changed_ns = (directory / day).stat().st_mtime_ns
            if changed_ns == known.changed_ns:
                continue
            names = {name for name in os.listdir(directory / day) if name.endswith(".mp4")}  # noqa: PTH208 -- names, quickly
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            failed = error
            continue
        unseen = set()
        for name in names - known.names:
            try:
                changed_file_ns = _changed_ns(directory / day / name)
            except OSError:
                unseen.add(name)
                continue
            if changed_file_ns is not None:
                stamped.append((changed_file_ns, directory / day / name))
        is_settled = abs(time.time_ns() - changed_ns) > SETTLED_NS and not unseen
        growth.days[day] = _Day(changed_ns if is_settled else 0, names - unseen)
    while len(growth.days) > MAX_DAYS:
        del growth.days[min(growth.days)]
    if failed is not None and not stamped:
        raise failed
    return max(stamped)[1] if stamped else None


def newest_file(directory: Path, days: Iterable[str]) -> Path | None:
    """Return the file changed last in the first of *days* that has files; a few hundred ``stat`` calls at most a look.

    By change and not by name: after the clock was set back the growing file sorts before older ones.
    """
    for day in days:
        stamped: list[tuple[int, Path]] = []
        try:
            files = [file for file in (directory / day).iterdir() if file.suffix == ".mp4"]
        except OSError:
            continue
        for file in files:
            with suppress(OSError):  # of this one; the others are there
                changed_ns = _changed_ns(file)
                if changed_ns is not None:
                    stamped.append((changed_ns, file))
        if stamped:
            return max(stamped)[1]
    return None


def _changed_ns(file: Path) -> int | None:
    """Return when *file* changed last; None if it is no file, but a link or a pipe of its name."""
    found = file.lstat()
    return found.st_mtime_ns if stat.S_ISREG(found.st_mode) else None


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return -1
