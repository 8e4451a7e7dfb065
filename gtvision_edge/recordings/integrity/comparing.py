"""One comparison from begin to end, by the daemon or by the command line."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prometheus_client import Counter

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.repository import place_cameras
from gtvision_edge.recordings.integrity.checking import PATIENCE_S, Checker
from gtvision_edge.recordings.integrity.hashes import HashChecker, Pace
from gtvision_edge.recordings.integrity.layouts import LayoutChecker
from gtvision_edge.recordings.integrity.listing import list_directories
from gtvision_edge.recordings.integrity.mending import Mender
from gtvision_edge.recordings.integrity.model import Kind, Report
from gtvision_edge.recordings.model import CameraNo, RecordedCamera
from gtvision_edge.runtime.background import step_back
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do: *reads* None = no file is read; *after*: the sample goes on after that segment."""

    deep: bool
    mends: bool
    reads: Pace | None = None
    after: int = 0


class Comparison:
    """Owns the one thread, of low priority, in which all reading of the volume is done."""

    def __init__(
        self,
        root: Path,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        is_running: bool,
        exports: Path,
        volume_error: Callable[[], VolumeError | None],
        on_missing: Callable[[], None] = lambda: None,
        read: Counter | None = None,
    ) -> None:
        self._root = root
        self._database = database
        self._clock = clock
        self._is_running = is_running
        self._volume_error = volume_error
        self._on_missing = on_missing
        self._index = SegmentIndex(database, root=root)
        self._threads = DiskThreads("integrity", threads=1, patience_s=PATIENCE_S)
        self._checker = Checker(
            root,
            database,
            audit,
            clock,
            threads=self._threads,
            is_running=is_running,
            exports=exports,
            volume_error=volume_error,
        )
        self._mender = Mender(
            root, database, clock, threads=self._threads, volume_error=volume_error
        )
        self._hashes = HashChecker(
            root, database, clock, threads=self._threads, volume_error=volume_error, read=read
        )
        self._layouts = LayoutChecker(
            root, database, threads=self._threads, volume_error=volume_error
        )

    async def run(self, wanted: Wanted) -> Report:
        """Compare, mend if wanted, and read files again if wanted."""
        report = Report(deep=wanted.deep, mends=wanted.mends, sample_after=wanted.after)
        await self._threads.run(partial(step_back, "integrity"))
        cameras = await self._cameras(places_them=wanted.mends and not self._is_running)
        outcome = await self._checker.check(report, cameras)
        if wanted.mends:
            await self._mender.mend(report, outcome)
            if report.has(Kind.FILE_MISSING):
                self._on_missing()
        if wanted.reads is not None and self._volume_error() is None:
            await self._hashes.check(report, after=wanted.after, pace=wanted.reads)
            if wanted.deep:
                await self._layouts.check(report)
        return report

    def close(self) -> None:
        self._threads.close()

    async def _cameras(self, *, places_them: bool) -> Sequence[RecordedCamera]:
        """Return the cameras of the index; *places_them* as the daemon's scanner would."""
        if places_them and self._volume_error() is None:
            with contextlib.suppress(OSError, VolumeError):  # the comparison will tell
                found = await self._threads.run(partial(list_directories, self._root))
                if not found.unowned:
                    places = [(place.directory, place.marker) for place in found.owned.values()]
                    now_us = self._clock.now_us()

                    def place(transaction: Transaction) -> dict[str, CameraNo]:
                        return place_cameras(transaction, places, now_us=now_us)

                    await self._database.write(place)
        return await self._index.cameras()
