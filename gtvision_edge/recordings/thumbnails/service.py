"""Thumbnails of recordings: made ahead by a worker that knows when to hold back, or when somebody asks."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.errors import EdgeError
from gtvision_edge.media.layout import thumbnails_file
from gtvision_edge.media.posters import Picture
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import (
    NoFootageError,
    PicturesBusyError,
    VolumeUnwritableError,
)
from gtvision_edge.recordings.index import SegmentIndex, SegmentWritten
from gtvision_edge.recordings.model import RecordedCamera, Segment, SegmentId, Span
from gtvision_edge.recordings.playback.playlist import Piece, pieces_of
from gtvision_edge.recordings.thumbnails import store
from gtvision_edge.recordings.thumbnails.kept import KeptPictures
from gtvision_edge.recordings.thumbnails.keyframes import (
    Still,
    StillReader,
    frame_at,
    narrowed,
)
from gtvision_edge.recordings.thumbnails.store import Thumbnail
from gtvision_edge.runtime.background import step_back
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus

log = structlog.get_logger(__name__)

T = TypeVar("T")

WIDTHS: Final = (160, 240, 320)
STORED_WIDTH: Final = 320
SNAPSHOT_WIDTHS: Final = (320, 640, 1280, 1920, 3840)
GRID_US: Final = 10_000_000
"""How far apart pictures are where none are made ahead: what is asked for is snapped, so that they can be kept."""
NEAR_US: Final = 10_000_000
"""So long after its end a recording still has a picture for who asks."""
MAX_BACKLOG: Final = 2000
"""Segments that wait for their thumbnails; beyond it the oldest is left to be made when asked for."""
CROWDED: Final = 64
CATCH_UP_US: Final = 2 * 3_600_000_000
"""After a start the worker goes through so much of the past."""
MAX_PENDING: Final = 32
LATE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Pace:
    """How the worker works now: every *sparse*-th picture, and *rest* times as long a pause as the work took."""

    sparse: int
    rest: float


def pace_for(load: float, *, backlog: int, lag_s: float) -> Pace:
    """Return the pace at *load* (runnable threads per core), with *backlog* segments waiting and a loop *lag_s* late."""
    if load > 1.5 or lag_s > LATE_S * 5:
        return Pace(6, 10.0)
    if load > 0.9 or lag_s > LATE_S:
        return Pace(3, 4.0)
    return Pace(3, 1.0) if backlog > CROWDED else Pace(1, 1.0)


class Thumbnails:
    """Finds, decodes and keeps small pictures. *interval_s* 0 = none are made ahead.

    The worker's thread is nice (10) and rests as long as it worked; under load it makes fewer pictures and rests longer. On
    demand two threads decode; who comes while many wait is refused (``pictures_busy``), the same picture is decoded once.
    """

    def __init__(
        self,
        index: SegmentIndex,
        bus: EventBus,
        clock: Clock,
        *,
        interval_s: float,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._index = index
        self._bus = bus
        self._clock = clock
        self._interval_us = round(interval_s * 1_000_000)
        self._threads = DiskThreads("thumbnail", threads=2, waiting=MAX_PENDING * 2)
        self._worker = DiskThreads("thumbnailer", threads=1, waiting=1, patience_s=60)
        self._backlog: deque[SegmentId] = deque(maxlen=MAX_BACKLOG)
        self._arrived = asyncio.Event()
        self._kept = KeptPictures()
        self._pending: dict[tuple[int, int, int, int], asyncio.Task[Picture]] = {}
        self._lag_s = 0.0
        registry = registry or CollectorRegistry()
        self._made = Counter(
            "gtvision_edge_thumbnails",
            "Thumbnails made, ahead by the worker or on demand.",
            ["how"],
            registry=registry,
        )
        Gauge(
            "gtvision_edge_thumbnail_backlog",
            "Recorded files that wait for their thumbnails.",
            registry=registry,
        ).set_function(lambda: len(self._backlog))

    @property
    def interval_s(self) -> float:
        """How far apart the pictures are that are made ahead; 0 = none are."""
        return self._interval_us / 1e6

    async def close(self) -> None:
        """End what is being made on demand; a disk that hangs is not waited for."""
        pending = set(self._pending.values())
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)
        self._threads.close()
        self._worker.close()

    async def thumbnail(self, camera: RecordedCamera, time_us: int, *, width: int) -> Picture:
        """Return the picture at or before *time_us*, at most as wide as the next of ``WIDTHS``.

        Raises:
            NoFootageError: nothing was recorded then.
            PicturesBusyError: too many are waiting.
            VolumeError: the disk cannot be read.

        """
        wide = next((each for each in WIDTHS if each >= width), WIDTHS[-1])
        segment, following = await self._find(camera, time_us)
        pieces = chosen(segment, following, self._interval_us or GRID_US)
        if not pieces:
            raise NoFootageError("There is no picture of this moment.")
        piece = [each for each in pieces if each.key_us <= time_us][-1:] or pieces[:1]
        return await self._shared(
            (segment.camera_no, segment.name_us, piece[0].key_us, wide),
            lambda: self._thumbnail(camera, segment, piece[0], wide),
        )

    async def moment(self, camera: RecordedCamera, time_us: int, *, width: int) -> Picture:
        """Return the very picture that was shown at *time_us*, at most as wide as the next of ``SNAPSHOT_WIDTHS``.

        Raises:
            NoFootageError, PicturesBusyError, VolumeError: as for :meth:`thumbnail`.

        """
        wide = next((each for each in SNAPSHOT_WIDTHS if each >= width), SNAPSHOT_WIDTHS[-1])
        segment, following = await self._find(camera, time_us)
        pieces = list(pieces_of(segment, following))
        piece = [each for each in pieces if each.key_us <= time_us][-1:] or pieces[:1]
        if not piece:
            raise NoFootageError("There is no picture of this moment.")
        return await self._shared(
            (segment.camera_no, segment.name_us, time_us, -wide),
            lambda: self._moment(camera, segment, piece[0], time_us, wide),
        )

    async def run(self) -> None:
        """Make thumbnails of what is recorded from now on, and of the last hours, until cancelled."""
        if not self._interval_us:
            await asyncio.Event().wait()
        with self._bus.listen(SegmentWritten, size=MAX_BACKLOG) as mailbox:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._work_forever(), name="thumbnail-worker")
                await self._catch_up()
                async for event in mailbox:
                    assert isinstance(event, SegmentWritten)  # noqa: S101 -- nothing else is listened to
                    self._enqueue(event.segment_id)

    # On demand

    async def _find(self, camera: RecordedCamera, time_us: int) -> tuple[Segment, Segment | None]:
        """Return the file in which *time_us* lies, or that ended just before, and the one after it."""
        span = Span(time_us - NEAR_US, time_us + NEAR_US)
        found = [
            each
            for each in await self._index.find_segments(camera.camera_no, span)
            if each.format.video
        ]
        growing = await self._index.look_at_growing(camera)
        if growing is not None and growing.name_us not in {each.name_us for each in found}:
            found.append(growing)
        before = [
            n for n, each in enumerate(found) if each.start_us <= time_us < each.end_us + NEAR_US
        ]
        if not before:
            raise NoFootageError("Nothing was recorded then.")
        n = before[-1]
        return found[n], found[n + 1] if n + 1 < len(found) else None

    async def _shared(
        self, key: tuple[int, int, int, int], make: Callable[[], Coroutine[Any, Any, Picture]]
    ) -> Picture:
        kept = self._kept.find(key)
        if kept is not None:
            return kept
        task = self._pending.get(key)
        if task is None:
            if len(self._pending) >= MAX_PENDING:
                raise PicturesBusyError("Too many pictures are being made now.", retry_after_s=1)
            # Owned here until it is done, cancelled by close(): its first client may go away while others wait.
            task = asyncio.create_task(make(), name="thumbnail")
            self._pending[key] = task
            task.add_done_callback(lambda _: self._pending.pop(key, None))
        picture = await asyncio.shield(task)
        self._kept.keep(key, picture)
        return picture

    async def _thumbnail(
        self, camera: RecordedCamera, segment: Segment, piece: Piece, width: int
    ) -> Picture:
        path = self._index.path_of(camera, segment)

        def work() -> Still | None:
            if not segment.is_growing and self._interval_us:
                for each in store.read(thumbnails_file(path)) or ():
                    if each.key_us == piece.group.key_us:
                        return narrowed(each.jpeg, width)
            with _opened(path) as descriptor:
                return StillReader(descriptor, segment).still(piece.group, width=width)

        still = await self._on_demand(work)
        return Picture(still.jpeg, piece.key_us, still.width, still.height)

    async def _moment(
        self, camera: RecordedCamera, segment: Segment, piece: Piece, time_us: int, width: int
    ) -> Picture:
        path = self._index.path_of(camera, segment)
        rate = (piece.end_us - piece.start_us) / max(piece.group.length_us, 1)
        media_us = piece.group.start_us + round((time_us - piece.start_us) / (rate or 1.0))

        def work() -> tuple[Still, int] | None:
            with _opened(path) as descriptor:
                return frame_at(descriptor, segment, piece.group, media_us, width=width)

        still, shown_us = await self._on_demand(work)
        shown_us = piece.start_us + round((shown_us - piece.group.start_us) * (rate or 1.0))
        return Picture(still.jpeg, shown_us, still.width, still.height)

    async def _on_demand(self, work: Callable[[], T | None]) -> T:
        try:
            made = await self._threads.run(work)
        except FileNotFoundError as error:
            raise NoFootageError("This footage is no longer there.") from error
        except OSError as error:
            raise VolumeUnwritableError("The footage cannot be read.") from error
        if made is None:
            raise NoFootageError("There is no picture of this moment.")
        self._made.labels("on_demand").inc()
        return made

    # Ahead

    async def _catch_up(self) -> None:
        now_us = self._clock.now_us()
        recent = Span(now_us - CATCH_UP_US, now_us)
        rows: list[tuple[int, SegmentId]] = []
        for camera in await self._index.cameras():
            spans = await self._index.spans(camera.camera_no, recent)
            rows += [(row.start_us, row.segment_id) for row in spans if row.video]
        for _, segment_id in sorted(rows):
            self._enqueue(segment_id)

    def _enqueue(self, segment_id: SegmentId) -> None:
        self._backlog.append(segment_id)
        self._arrived.set()

    async def _work_forever(self) -> None:
        while True:
            while not self._backlog:
                self._arrived.clear()
                await self._arrived.wait()
            started = self._clock.monotonic()
            pace = pace_for(_load(), backlog=len(self._backlog), lag_s=self._lag_s)
            await self._work(self._backlog.pop(), pace)  # the newest first: people look there
            rest_s = (self._clock.monotonic() - started) * pace.rest
            due = self._clock.monotonic() + rest_s
            await self._clock.sleep(rest_s)
            self._lag_s = self._clock.monotonic() - due

    async def _work(self, segment_id: SegmentId, pace: Pace) -> None:
        try:
            segment, camera = await self._index.get_segment(segment_id)
            if segment.format.video and camera.directory is not None:
                made = await self._worker.run(lambda: self._make(camera, segment, pace))
                self._made.labels("ahead").inc(made)
        except (EdgeError, OSError) as error:  # deleted meanwhile, a full disk, no disk
            log.debug("thumbnails_not_made", segment_id=segment_id, error=str(error))

    def _make(self, camera: RecordedCamera, segment: Segment, pace: Pace) -> int:
        """Make the thumbnails of a segment that has none; return how many."""
        step_back("thumbnails")
        path = self._index.path_of(camera, segment)
        beside = thumbnails_file(path)
        if beside.exists():
            return 0
        made = []
        with _opened(path) as descriptor:
            reader = StillReader(descriptor, segment)
            for piece in chosen(segment, None, self._interval_us * pace.sparse):
                still = reader.still(piece.group, width=STORED_WIDTH)
                if still is not None:
                    made.append(Thumbnail(piece.group.key_us, still.jpeg))
        if made:
            store.write(beside, path, made)
        return len(made)


def chosen(segment: Segment, following: Segment | None, interval_us: int) -> list[Piece]:
    """Return the ranges of *segment* whose key frames are the first in each *interval_us* of media since its start."""
    found: list[Piece] = []
    for piece in pieces_of(segment, following):
        place = piece.group.key_us // interval_us
        if not found or place != found[-1].group.key_us // interval_us:
            found.append(piece)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _load() -> float:
    return os.getloadavg()[0] / (os.cpu_count() or 1)
