"""The file system that holds recordings: is it the right one, is it there, and whose is each directory.

Two markers answer that: ``.gtvision-volume.json`` at the root and ``.camera.json`` in each camera's directory. A
mount point whose disk is away looks like an empty directory; without the first marker the site would be recorded onto the
system disk. Without the second a camera added under an old name would inherit the footage of the old one.
"""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from gtvision_edge.recordings.errors import (
    VolumeError,
    VolumeForeignError,
    VolumeHangsError,
    VolumeMissingError,
    VolumeUnwritableError,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.ids import new_uuid7

log = structlog.get_logger(__name__)

T = TypeVar("T")

VOLUME_MARKER = ".gtvision-volume.json"
CAMERA_MARKER = ".camera.json"
KNOWN_VOLUME = "volume.json"
"""In the state directory: which volume this site records to."""

CHECK_INTERVAL_S = 2.0
HANGS_AFTER_S = 10.0
CLAIM_AGAIN_S = 60.0
"""So long a claim is trusted before the marker is looked at again."""


class RecordedCamera(Protocol):
    """The part of a camera that names its directory."""

    @property
    def camera_id(self) -> str: ...
    @property
    def camera_uuid(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of the file system; ``free`` is what a user without privileges may still write."""

    total: int
    used: int
    free: int


@dataclass(frozen=True, slots=True)
class VolumeLost:
    """Nothing can be recorded from now on; ``error`` is the code of the reason."""

    error: str


@dataclass(frozen=True, slots=True)
class VolumeFound:
    """The volume is usable, for the first time or again."""

    volume_id: str


class Volume:
    """Watches one volume and hands out camera directories on it. All file work runs in a thread of its own.

    One thread on purpose: a disk that hangs takes one thread with it and no more; further work then fails with
    VolumeHangsError instead of queueing.
    """

    def __init__(
        self, root: Path, *, state_dir: Path, site_id: str, clock: Clock, bus: EventBus
    ) -> None:
        self._root = root
        self._known = state_dir / KNOWN_VOLUME
        self._site_id = site_id
        self._clock = clock
        self._bus = bus
        self._thread = ThreadPoolExecutor(1, "volume")
        self._pending: asyncio.Future[Any] | None = None
        self._error: VolumeError | None = VolumeMissingError("The volume was not looked at yet.")
        self._volume_id = ""
        self._usage: Usage | None = None
        self._claims: dict[str, tuple[str, float]] = {}

    @property
    def root(self) -> Path:
        return self._root

    @property
    def error(self) -> VolumeError | None:
        """Return why nothing can be recorded, None when all is well."""
        return self._error

    @property
    def usage(self) -> Usage | None:
        """Return the sizes as of the last check; None before the first and while the volume is away."""
        return self._usage

    def is_present(self) -> bool:
        """Tell whether the right volume was there at the last check."""
        return self._error is None

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
        self._usage = usage
        self._note_found(volume_id)

    async def claim_directory(self, camera: RecordedCamera) -> bool:
        """Make ``<camera_id>_rec`` the directory of this very camera.

        A directory whose marker names another camera is renamed to ``<camera_id>_rec.<8 digits of its uuid>.aside``;
        True tells that this was done. A directory without marker becomes this camera's as it is.

        Raises:
            VolumeError: the volume is away, foreign, hanging or cannot be written.

        """
        if self._error is not None:
            raise self._error
        uuid, until = self._claims.get(camera.camera_id, ("", 0.0))
        now = self._clock.monotonic()
        if uuid == camera.camera_uuid and now < until:
            return False
        set_aside = await self._in_thread(lambda: self._claim(camera.camera_id, camera.camera_uuid))
        self._claims[camera.camera_id] = (camera.camera_uuid, now + CLAIM_AGAIN_S)
        if set_aside:
            log.info("recordings_set_aside", camera_id=camera.camera_id, directory=set_aside)
        return bool(set_aside)

    async def start_new(self) -> None:
        """Take whatever is mounted now as this site's volume: after a disk was replaced by an empty one.

        Raises:
            VolumeError: it cannot be written.

        """
        await self._in_thread(lambda: self._known.unlink(missing_ok=True))
        await self.check()
        if self._error is not None:
            raise self._error

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._pending is not None and not self._pending.done():
            # Claims and checks take turns; only work that does not end is a disk that hangs.
            await asyncio.wait({self._pending}, timeout=HANGS_AFTER_S)
            if not self._pending.done():
                raise VolumeHangsError("The volume does not answer.")
        self._pending = asyncio.get_running_loop().run_in_executor(self._thread, work)
        await asyncio.wait({self._pending}, timeout=HANGS_AFTER_S)
        if not self._pending.done():
            raise VolumeHangsError("The volume does not answer.")
        return self._pending.result()  # type: ignore[no-any-return]  # the future of this very work

    def _look(self) -> tuple[str, Usage]:
        try:
            known = _read_marker(self._known)
            marker = _read_marker(self._root / VOLUME_MARKER)
            if marker is None:
                if known is not None:
                    raise VolumeMissingError(
                        "The recordings volume is not mounted, or was emptied.",
                        volume=str(self._root),
                    )
                marker = self._begin()
            elif known is None or known["volume_id"] != marker["volume_id"]:
                self._adopt(marker, known)
            sizes = shutil.disk_usage(self._root)
        except OSError as error:
            raise _unwritable(self._root) from error
        return str(marker["volume_id"]), Usage(sizes.total, sizes.used, sizes.free)

    def _begin(self) -> dict[str, Any]:
        """Mark the directory as this site's volume."""
        self._root.mkdir(parents=True, exist_ok=True)
        marker = {"volume_id": new_uuid7(self._clock), "site": self._site_id}
        write_json(self._root / VOLUME_MARKER, marker)
        write_json(self._known, {"volume_id": marker["volume_id"]})
        return marker

    def _adopt(self, marker: dict[str, Any], known: dict[str, Any] | None) -> None:
        """Accept another volume of this site; without a known one any volume, for the state may have been lost."""
        if known is not None and marker.get("site") != self._site_id:
            raise VolumeForeignError(
                "The mounted volume belongs to another site.", volume=str(self._root)
            )
        write_json(self._known, {"volume_id": marker["volume_id"]})

    def _claim(self, camera_id: str, camera_uuid: str) -> str:
        directory = self._root / f"{camera_id}_rec"
        if not (self._root / VOLUME_MARKER).is_file():  # unmounted since the last check
            raise VolumeMissingError("The recordings volume is not mounted.")
        set_aside = ""
        try:
            marker = _read_marker(directory / CAMERA_MARKER)
            if marker is not None and marker["camera_uuid"] == camera_uuid:
                return ""
            if marker is not None:
                set_aside = _free_name(directory, str(marker["camera_uuid"]))
                directory.rename(directory.with_name(set_aside))
            directory.mkdir(exist_ok=True)
            write_json(
                directory / CAMERA_MARKER, {"camera_uuid": camera_uuid, "camera_id": camera_id}
            )
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
    root: Path, *, state_dir: Path, site_id: str, clock: Clock, bus: EventBus
) -> AsyncIterator[Volume]:
    """Look at the volume at *root* for the first time and give it out; see :attr:`Volume.error` for what was found."""
    volume = Volume(root, state_dir=state_dir, site_id=site_id, clock=clock, bus=bus)
    try:
        await volume.check()
        yield volume
    finally:
        volume.close()


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write *content* so that after a power cut the file is either as before or whole."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read_marker(path: Path) -> dict[str, Any] | None:
    """Return a marker; None when absent or not ours to read (damaged counts as absent)."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError):
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict) and ("volume_id" in content or "camera_uuid" in content):
            return content
    return None


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
