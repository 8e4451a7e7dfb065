"""The file system that holds recordings: is it the right one, is it there, and whose is each directory.

Two markers answer that: ``.gtvision-volume.json`` at the root and ``.camera.json`` in each camera's directory. A
mount point whose disk is away looks like an empty directory; without the first marker the site would be recorded onto the
system disk. Without the second a camera added under an old name would inherit the footage of the old one.
``DESIGN.md`` beside this file says what each wrong thing means and how it is mended.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import structlog

from gtvision_edge.media.layout import camera_directory
from gtvision_edge.recordings.errors import (
    VolumeError,
    VolumeForeignError,
    VolumeFullError,
    VolumeHangsError,
    VolumeMarkerOddError,
    VolumeMissingError,
    VolumeNoteDamagedError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    MAX_NAME,
    VOLUME_MARKER,
    CameraMarker,
    OddMarkerError,
    VolumeMarker,
    VolumeNote,
    read_camera_marker,
    read_volume_marker,
    read_volume_note,
    write_marker,
)
from gtvision_edge.recordings.ownership.mending import MarkerMender, is_unmarked
from gtvision_edge.recordings.record_link import RecordLink
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.ids import new_uuid7

log = structlog.get_logger(__name__)

T = TypeVar("T")

KNOWN_VOLUME = "volume.json"
"""In the state directory: which volume this site records to."""

_UNKNOWN = "unknown"

CHECK_INTERVAL_S = 1.0
"""Each look reads two small files."""
HANGS_AFTER_S = 10.0
TURN_PATIENCE_S = 4 * HANGS_AFTER_S
TRUSTED_S = 30.0
"""What the last look found counts for so long; whatever keeps us from looking, nothing is recorded blindly after it."""
CLAIM_AGAIN_S = 10.0
"""So long a claim is trusted before the marker is looked at again."""
_KEEPS_US_OUT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
FULL_BYTES = 256 * 2**20
FULL_SHARE = 0.01
"""Full is less free than either: 256 MiB on a disk, one per cent on a small one."""


class Claimant(Protocol):
    """The part of a camera that names its directory."""

    @property
    def camera_id(self) -> str: ...
    @property
    def camera_uuid(self) -> str: ...
    @property
    def tenant_id(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of the file system; ``free`` is what a user without privileges may still write."""

    total: int
    used: int
    free: int

    @property
    def is_full(self) -> bool:
        """Tell whether recording is about to fail for want of space, or does already."""
        return self.free < min(FULL_BYTES, self.total * FULL_SHARE)


def measure(root: Path) -> Usage:
    """Return what the file system of *root* has. Where it is shorter of inodes than of bytes, those count, as bytes.

    Raises:
        OSError: it cannot be told.

    """
    found = os.statvfs(root)
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    free = found.f_bavail * found.f_frsize
    if found.f_files:  # some file systems make as many as they need and tell none
        room = used + free
        free = min(free, room * found.f_favail // found.f_files)
        used = room - free
    return Usage(found.f_blocks * found.f_frsize, used, free)


@dataclass(frozen=True, slots=True)
class VolumeLost:
    """Nothing can be recorded from now on; ``error`` is the code of the reason."""

    error: str


@dataclass(frozen=True, slots=True)
class VolumeFound:
    """The volume is usable, for the first time or again."""

    volume_id: str


class _Owner(NamedTuple):
    """Whose a directory is by its marker, '' = nobody's; *stamp* is the marker's device, inode and time of change."""

    stamp: tuple[int, int, int]
    camera_uuid: str
    directory: Path


class Volume:
    """Watches one volume and hands out camera directories on it. All file work runs in a thread of its own.

    One thread on purpose: a disk that hangs takes one thread with it and no more; further work then fails with
    VolumeHangsError instead of queueing.
    """

    def __init__(
        self,
        root: Path,
        *,
        state_dir: Path,
        site_id: str,
        clock: Clock,
        bus: EventBus,
        mender: MarkerMender | None = None,
    ) -> None:
        self._root = root
        self._mender = mender
        self._known = state_dir / KNOWN_VOLUME
        self._site_id = site_id
        self._link: RecordLink | None = RecordLink(root, state_dir=state_dir, site_id=site_id)
        self._clock = clock
        self._bus = bus
        self._thread = ThreadPoolExecutor(1, "volume")
        self._turn = asyncio.Lock()
        self._hanging: asyncio.Future[Any] | None = None
        self._error: VolumeError | None = VolumeError("The volume was not looked at yet.")
        self._volume_id = ""
        self._usage: Usage | None = None
        self._looked_at = float("-inf")
        self._claims: dict[str, tuple[CameraMarker, float]] = {}
        self._owners: dict[str, _Owner] = {}

    @property
    def root(self) -> Path:
        return self._root

    @property
    def record_root(self) -> Path:
        """Return by which name of the volume is recorded to it: one that leads nowhere while it is away, if it can be had."""
        return self._link.path if self._link else self._root

    @property
    def error(self) -> VolumeError | None:
        """Return why nothing can be recorded, None when the right volume is there (even if it is full)."""
        if self._error is None and self._clock.monotonic() - self._looked_at > TRUSTED_S:
            return VolumeHangsError("The volume was not looked at for long.")
        return self._error

    @property
    def usage(self) -> Usage | None:
        """Return the sizes as of the last check; None before the first and while the volume is away."""
        return self._usage if self.error is None else None

    @property
    def trouble(self) -> str:
        """Return the code of what keeps recordings from being made: of :attr:`error`, or ``volume_full``; '' for none."""
        error, usage = self.error, self.usage
        if error is not None:
            return error.code
        return VolumeFullError.code if usage is not None and usage.is_full else ""

    def is_present(self) -> bool:
        """Tell whether the right volume was there at the last check."""
        return self.error is None

    def require_present(self) -> None:
        """Return when the right volume is there, even if it is full.

        Raises:
            VolumeError: it is not.

        """
        if error := self.error:
            raise error

    async def require(self) -> None:
        """Return when recordings can be made.

        Raises:
            VolumeError: they cannot; says why.

        """
        if error := self.error:
            raise error
        if self.trouble:
            raise VolumeFullError("The recordings volume is full.", volume=str(self._root))

    async def lay_link(self) -> None:
        """Settle :attr:`record_root`, once and for all: changing it later would split what is being recorded."""
        if (link := self._link) is None:
            return
        try:
            await self._in_thread(link.lay)
        except OSError as error:
            log.warning("record_link_impossible", link=str(link.path), error=error.strerror)
            self._link = None

    async def run(self) -> None:
        """Check the volume until cancelled."""
        while True:
            await self.check()
            await self._clock.sleep(CHECK_INTERVAL_S)

    async def check(self) -> None:
        """Look at the marker once. At a site's very first start this writes it.

        What is wrong is a state (:attr:`error`, events VolumeLost and VolumeFound), never raised.
        """
        try:
            volume_id, usage = await self._in_thread(self._look)
        except VolumeError as error:
            self._note_lost(error)
            return
        self._usage, self._looked_at = usage, self._clock.monotonic()
        self._note_found(volume_id)

    async def claim_directory(self, camera: Claimant, *, may_set_aside: bool = True) -> bool:
        """Make ``<camera_id>_rec`` the directory of this very camera; return whether it is.

        A directory whose marker names another camera is renamed to ``<camera_id>_rec.<8 digits of its uuid>.aside``,
        one whose marker cannot be read, nor mended, to ``<camera_id>_rec.unknown.aside``. Without *may_set_aside* it is left
        alone (False): who still records by that name would go on in the new directory. A directory without marker becomes
        this camera's as it is, unless the index knows its files as another's.

        Raises:
            VolumeError: the volume is away, foreign, hanging or cannot be written.

        """
        if error := self.error:
            raise error
        wanted = CameraMarker(
            camera.camera_uuid, camera.camera_id, camera.tenant_id, camera.name[:MAX_NAME]
        )
        claimed, until = self._claims.get(camera.camera_id, (None, 0.0))
        now = self._clock.monotonic()
        if claimed == wanted and now < until:
            return True
        directory = self._root / camera_directory(camera.camera_id)
        if (mender := self._mender) is not None:
            is_nobodys = await self._in_thread(lambda: is_unmarked(directory))
            if is_nobodys:
                await mender.mend(directory.name, self._in_thread)
        set_aside = await self._in_thread(lambda: self._claim(wanted, may_set_aside=may_set_aside))
        if set_aside is None:
            return False
        self._claims[camera.camera_id] = (wanted, now + CLAIM_AGAIN_S)
        if set_aside:
            log.info("recordings_set_aside", camera_id=camera.camera_id, directory=set_aside)
        return True

    def directory_of(self, camera: Claimant) -> Path | None:
        """Return the directory with this very camera's footage, None where there is none. Blocks; for any thread.

        What lies under the camera's name is not its own until it was claimed: it may be its predecessor's.
        """
        # It is asked of each camera each second: text and not Path, and the marker is not read each time.
        directory = f"{self._root}/{camera_directory(camera.camera_id)}"
        marker = f"{directory}/{CAMERA_MARKER}"
        try:
            found = os.lstat(marker)
            stamp = (found.st_dev, found.st_ino, found.st_mtime_ns)
            known = self._owners.get(camera.camera_id)
            if known is None or known.stamp != stamp:
                content = read_camera_marker(Path(marker))
                uuid = content.camera_uuid if content else ""
                known = self._owners[camera.camera_id] = _Owner(stamp, uuid, Path(directory))
        except (OSError, OddMarkerError):
            return None
        return known.directory if known.camera_uuid == camera.camera_uuid else None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run *work* in the disk's thread; claims and checks take turns, and only work that does not end is a hang."""
        try:
            async with asyncio.timeout(TURN_PATIENCE_S):
                await self._turn.acquire()
        except TimeoutError as error:
            raise VolumeHangsError("The volume does not answer.") from error
        try:
            if self._hanging is not None and not self._hanging.done():
                raise VolumeHangsError("The volume does not answer.")
            job = asyncio.get_running_loop().run_in_executor(self._thread, work)
            await asyncio.wait({job}, timeout=HANGS_AFTER_S)
            if not job.done():
                self._hanging = job
                raise VolumeHangsError("The volume does not answer.")
            return job.result()
        finally:
            self._turn.release()

    def _look(self) -> tuple[str, Usage]:
        try:
            marker = self._read_marker()
            note = self._read_note(marker)
            is_mount = self._root.is_mount()
            if marker is None:
                if note is not None:
                    raise self._missing()
                marker = self._begin(is_mount=is_mount)
            elif note is None or note.volume_id != marker.volume_id:
                self._adopt(marker, note, is_mount=is_mount)
            elif note.is_mount and not is_mount:
                if self._link:
                    self._link.disconnect()
                raise self._missing()  # a marker of ours lies in the bare mount point
            elif is_mount and not note.is_mount:
                write_marker(self._known, VolumeNote(marker.volume_id, is_mount=True))
            self._keep_connected()
            usage = measure(self._root)
        except OSError as error:
            raise _unwritable(self._root) from error
        return marker.volume_id, usage

    def _keep_connected(self) -> None:
        if self._link is None:
            return
        try:
            self._link.lay()
        except OSError as error:
            raise VolumeUnwritableError(
                f"{self._link.path} must be a link to the recordings volume and is something else. Move it away.",
                volume=str(self._root),
            ) from error
        try:
            self._link.connect()
        except OSError as error:
            # Nothing can be recorded now; what is there is played and deleted all the same.
            if error.errno not in _KEEPS_US_OUT:
                raise

    def _read_marker(self) -> VolumeMarker | None:
        try:
            return read_volume_marker(self._root / VOLUME_MARKER)
        except OddMarkerError as error:
            raise VolumeMarkerOddError(
                f"The volume's {VOLUME_MARKER} is damaged. If the disk is this site's, remove that file and run "
                "`gtvision-edge volume adopt`; recording then goes on on it.",
                volume=str(self._root),
            ) from error

    def _read_note(self, marker: VolumeMarker | None) -> VolumeNote | None:
        """Return which volume is ours; None at a first start, and to adopt what is mounted when the note is damaged."""
        try:
            return read_volume_note(self._known)
        except OddMarkerError as error:
            if marker is not None and marker.site == self._site_id:
                log.warning("volume_note_damaged", adopted=marker.volume_id)
                return None
            raise VolumeNoteDamagedError(
                f"{self._known} is damaged. Mount this site's recordings volume, and recording begins by itself; "
                "a new disk is taken by `gtvision-edge volume adopt`.",
                volume=str(self._root),
            ) from error

    def _begin(self, *, is_mount: bool) -> VolumeMarker:
        """Mark the directory as this site's volume."""
        self._root.mkdir(parents=True, exist_ok=True)
        marker = VolumeMarker(new_uuid7(self._clock), self._site_id)
        write_marker(self._root / VOLUME_MARKER, marker)
        write_marker(self._known, VolumeNote(marker.volume_id, is_mount=is_mount))
        return marker

    def _adopt(self, marker: VolumeMarker, note: VolumeNote | None, *, is_mount: bool) -> None:
        """Accept another volume of this site; without a known one any volume, for the state may have been lost."""
        if note is not None and marker.site != self._site_id:
            raise VolumeForeignError(
                "The mounted volume belongs to another site.", volume=str(self._root)
            )
        if note is not None and note.is_mount and not is_mount:
            raise self._missing()
        write_marker(self._known, VolumeNote(marker.volume_id, is_mount=is_mount))

    def _missing(self) -> VolumeMissingError:
        return VolumeMissingError(
            "The recordings volume is not mounted, or was emptied. Mount it, and recording begins by itself; a new disk "
            "is taken by `gtvision-edge volume adopt`.",
            volume=str(self._root),
        )

    def _claim(self, wanted: CameraMarker, *, may_set_aside: bool) -> str | None:
        """Return what the directory of another camera is called now, '' when there was none, None when it is in the way."""
        directory = self._root / camera_directory(wanted.camera_id)
        if not (self._root / VOLUME_MARKER).is_file():  # unmounted since the last check
            raise VolumeMissingError("The recordings volume is not mounted.")
        set_aside = ""
        try:
            found = _marker(directory)
            if found == wanted:
                return ""
            if found is not None and found.camera_uuid != wanted.camera_uuid:
                if not may_set_aside:
                    return None
                set_aside = _free_name(directory, found.camera_uuid)
                directory.rename(directory.with_name(set_aside))
            directory.mkdir(exist_ok=True)
            write_marker(directory / CAMERA_MARKER, wanted)
        except OSError as error:
            raise _unwritable(directory) from error
        return set_aside

    def _note_found(self, volume_id: str) -> None:
        if self._error is None and volume_id == self._volume_id:
            return
        self._error, self._volume_id, self._claims = None, volume_id, {}
        log.info("volume_found", volume_id=volume_id)
        self._bus.publish(VolumeFound(volume_id))

    def _note_lost(self, error: VolumeError) -> None:
        changed = self._error is None or self._error.code != error.code
        self._error, self._usage, self._claims = error, None, {}
        if changed:
            log.error("volume_lost", code=error.code, volume=str(self._root))
            self._bus.publish(VolumeLost(error.code))

    def close(self) -> None:
        """Let the thread go. Not waited for: a disk that hangs must not hang the shutdown."""
        self._thread.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def open_volume(
    root: Path,
    *,
    state_dir: Path,
    site_id: str,
    clock: Clock,
    bus: EventBus,
    mender: MarkerMender | None = None,
) -> AsyncIterator[Volume]:
    """Look at the volume at *root* for the first time and give it out; see :attr:`Volume.error` for what was found."""
    volume = Volume(root, state_dir=state_dir, site_id=site_id, clock=clock, bus=bus, mender=mender)
    try:
        await volume.lay_link()
        await volume.check()
        yield volume
    finally:
        volume.close()


def _marker(directory: Path) -> CameraMarker | None:
    """Return whose a camera's directory is: of uuid ``unknown`` if that cannot be read, None if nobody's."""
    try:
        return read_camera_marker(directory / CAMERA_MARKER)
    except OddMarkerError:
        return CameraMarker(_UNKNOWN, "")


def _free_name(directory: Path, camera_uuid: str) -> str:
    # UUIDv7 begins with the time: cameras added in one minute share their first digits. The last ones are random.
    name = f"{directory.name}.{camera_uuid[-8:]}.aside"
    number = 1
    while directory.with_name(name).exists():
        number += 1
        name = f"{directory.name}.{camera_uuid[-8:]}.aside{number}"
    return name


def _unwritable(path: Path) -> VolumeUnwritableError:
    return VolumeUnwritableError("The recordings volume cannot be written.", volume=str(path))
