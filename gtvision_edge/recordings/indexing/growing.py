"""The file a camera is being recorded to, as far as it is whole: read only when somebody asks."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeHangsError
from gtvision_edge.recordings.indexing.fmp4 import Reading, read_file
from gtvision_edge.recordings.indexing.reading import Described, RecordedFile, describe
from gtvision_edge.recordings.indexing.repository import fetch_last_run
from gtvision_edge.recordings.indexing.survey import OpenFile
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, RecorderRun, Segment
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database

FRESH_S = 1.0
"""So long one reading serves everybody; parts are half a second or a second long."""


@dataclass(slots=True)
class _Known:
    """What is known of a camera's file; ``asked_at`` is monotonic."""

    name_us: int
    reading: Reading = field(default_factory=Reading)
    segment: Segment | None = None
    asked_at: float = float("-inf")
    before: RecorderRun | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class GrowingFiles:
    """Reads what came since the last time; two threads, and a disk that hangs makes nobody wait but who asked."""

    def __init__(
        self,
        root: Path,
        database: Database,
        newest_open: Callable[[CameraNo], OpenFile | None],
        *,
        clock: Clock,
    ) -> None:
        self._root = root
        self._database = database
        self._newest_open = newest_open
        self._clock = clock
        self._threads = DiskThreads("growing", threads=2)
        self._known: dict[CameraNo, _Known] = {}

    def last_seen(self, camera_no: CameraNo) -> Segment | None:
        """Return the file as it was when somebody looked last, None when nothing grows or nobody looked."""
        open_file, known = self._newest_open(camera_no), self._known.get(camera_no)
        if open_file is None or known is None or known.name_us != open_file.name_us:
            return None
        return known.segment

    async def look(self, camera: RecordedCamera) -> Segment | None:
        """Return the file up to its last whole part, as of a second ago at most; None when nothing grows that can be shown."""
        open_file = self._newest_open(camera.camera_no)
        if open_file is None:
            self._known.pop(camera.camera_no, None)
            return None
        known = self._known.get(camera.camera_no)
        if known is None or known.name_us != open_file.name_us:
            known = self._known[camera.camera_no] = _Known(open_file.name_us)
            known.before = await fetch_last_run(self._database, camera.camera_no)
        async with known.turn:
            if self._clock.monotonic() - known.asked_at >= FRESH_S:
                await self._read(camera.camera_no, open_file, known)
            return known.segment

    def close(self) -> None:
        """Let the threads go."""
        self._threads.close()

    async def _read(self, camera_no: CameraNo, open_file: OpenFile, known: _Known) -> None:
        path = self._root / open_file.directory / segment_file(known.name_us)
        reading = known.reading
        try:
            described = await self._threads.run(
                lambda: _describe(path, camera_no, known.name_us, reading)
            )
        except VolumeHangsError:
            known.reading = Reading()  # that thread may still work on the old one
            return
        except OSError:
            known.segment = None
            return
        known.asked_at = self._clock.monotonic()
        segment, run = described.segment, described.run
        continues = (
            run is not None
            and known.before is not None
            and (known.before.run, known.before.number + 1) == (run.run, run.number)
        )
        known.segment = (
            replace(segment, continues=continues, is_cut=False) if segment.format.video else None
        )


def _describe(path: Path, camera_no: CameraNo, name_us: int, reading: Reading) -> Described:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        read_file(descriptor, found.st_size, reading)
    finally:
        os.close(descriptor)
    # Not the file's size: what is not whole yet is nobody's business.
    return describe(
        RecordedFile(name_us, reading.end, found.st_mtime_ns // 1000), reading, camera_no
    )
