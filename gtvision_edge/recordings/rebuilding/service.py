"""Compares the whole volume with the index and makes the index follow; the daemon must not run meanwhile.

A row that fits its file (name and size) stays as it is, with its number, hash and seal. Everything else is made anew from the file's
head; where its groups lie is read when somebody asks for them.
"""

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

from gtvision_edge.audit import COMMAND_LINE, AuditLog
from gtvision_edge.media.layout import parse_segment
from gtvision_edge.recordings.index import CameraOfSite
from gtvision_edge.recordings.indexing.reading import Described
from gtvision_edge.recordings.indexing.repository import (
    is_continued,
    keep_cameras,
    link_neighbours,
    place_cameras,
)
from gtvision_edge.recordings.indexing.survey import Place, Survey
from gtvision_edge.recordings.model import CameraNo, SegmentId
from gtvision_edge.recordings.rebuilding.heads import HeadReader
from gtvision_edge.recordings.rebuilding.repository import (
    count_segments,
    fetch_day,
    fetch_row_days,
    forget_segments,
    hold_again,
    insert_heads,
    sum_days,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

THREADS: Final = 4
ROWS_AT_ONCE: Final = 5000
CHANGES_AT_ONCE: Final = 1000
FRESH_S: Final = 120.0
"""A file that was not closed and changed so lately may be written to: the media server runs without the daemon."""

T = TypeVar("T")
_Plan = tuple[CameraNo, Place, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: days are directories of one camera's day."""

    days: int
    days_done: int
    files: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was found. ``forgotten`` rows had no file, or another; ``missing`` ones neither, but stay: see :func:`rebuild`."""

    cameras: int
    files: int
    unchanged: int
    added: int
    unreadable: int
    forgotten: int
    missing: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Day:
    """What one day of a camera gives."""

    camera_no: CameraNo
    files: int
    unchanged: int
    unreadable: int
    rows: list[Described]
    missing: list[SegmentId]
    seams: list[int]
    """Names after which the day's files may continue rows that were not made with them."""


async def rebuild(
    root: Path,
    database: Database,
    cameras: Sequence[CameraOfSite],
    *,
    audit: AuditLog,
    clock: Clock,
    progress: Callable[[Progress], None] = lambda _: None,
    forget_missing: bool = False,
) -> Rebuilt:
    """Make the index follow the volume at *root*; *cameras* are those of the site.

    Rows without file, or of one that changed, go (the daemon takes the latter up again), but never one that an open incident holds, and none at all when they are more than half of the
    index, unless *forget_missing*: rather is something wrong with the disk. May be broken off at any time and begun again.

    Raises:
        OSError: the volume cannot be read.

    """
    began = clock.monotonic()
    work = _Rebuild(root, database)
    try:
        places = await work.find_places(cameras, clock.now_us())
        total = await count_segments(database)
        days = files = unchanged = added = unreadable = 0
        missing: list[SegmentId] = []
        seams: list[tuple[CameraNo, int]] = []
        planned = await work.plan(places)
        batch: list[Described] = []
        async for day in work.read(planned):
            days += 1
            files += day.files
            unchanged += day.unchanged
            unreadable += day.unreadable
            added += len(day.rows)
            missing += day.missing
            batch += day.rows
            seams += [(day.camera_no, name_us) for name_us in day.seams]
            if len(batch) >= ROWS_AT_ONCE:
                await database.write(partial(insert_heads, rows=batch))
                batch = []
            progress(Progress(len(planned), days, files))
        await database.write(partial(insert_heads, rows=batch))
        missing += await work.rows_elsewhere(planned)
        await database.write(hold_again)
        forgotten = 0
        if forget_missing or 2 * len(missing) <= total:
            forgotten = await work.forget(missing)
        await work.link(seams)
        rebuilt = Rebuilt(
            cameras=len(places),
            files=files,
            unchanged=unchanged,
            added=added,
            unreadable=unreadable,
            forgotten=forgotten,
            missing=len(missing) - forgotten,
            seconds=round(clock.monotonic() - began, 1),
        )
        await database.write(partial(_finish, audit=audit, rebuilt=rebuilt))
        return rebuilt
    finally:
        work.close()


class _Rebuild:
    """The steps; file work in four threads, which wait for the disk most of the time."""

    def __init__(self, root: Path, database: Database) -> None:
        self._survey = Survey(root)
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, "rebuild")
        self._local = threading.local()

    async def find_places(
        self, cameras: Sequence[CameraOfSite], now_us: int
    ) -> list[tuple[Place, CameraNo]]:
        places = await self._run(self._survey.places)

        def work(transaction: Transaction) -> Mapping[str, CameraNo]:
            keep_cameras(transaction, cameras, now_us=now_us)
            found = [(place.directory, place.marker) for place in places]
            return place_cameras(transaction, found, now_us=now_us)

        numbers = dict(await self._database.write(work))
        # Of two directories with one uuid the first counts, as for the daemon.
        return [
            (place, numbers.pop(place.marker.camera_uuid))
            for place in places
            if place.marker.camera_uuid in numbers
        ]

    async def plan(self, places: Iterable[tuple[Place, CameraNo]]) -> list[_Plan]:
        return [
            (camera_no, place, day_us)
            for place, camera_no in places
            for day_us in reversed(await self._run(partial(self._survey.days, place)))
        ]

    async def read(self, planned: Iterable[_Plan]) -> AsyncIterator[_Day]:
        """Yield the days in the order of *planned*; a few are read ahead."""
        ahead: deque[asyncio.Future[_Day]] = deque()
        for camera_no, place, day_us in planned:
            known = await fetch_day(self._database, camera_no, day_us)
            ahead.append(
                asyncio.ensure_future(
                    self._run(partial(self._read_day, camera_no, place, day_us, known))
                )
            )
            if len(ahead) > 2 * THREADS:
                yield await ahead.popleft()
        while ahead:
            yield await ahead.popleft()

    async def rows_elsewhere(self, planned: Iterable[_Plan]) -> list[SegmentId]:
        """Return the rows of days of which there is no directory."""
        there = {(camera_no, day_us) for camera_no, _, day_us in planned}
        found: list[SegmentId] = []
        for camera_no, day_us in await fetch_row_days(self._database):
            if (camera_no, day_us) not in there:
                rows = await fetch_day(self._database, camera_no, day_us)
                found += [segment_id for segment_id, _ in rows.values()]
        return found

    async def forget(self, missing: Sequence[SegmentId]) -> int:
        count = 0
        for start in range(0, len(missing), CHANGES_AT_ONCE):
            some = missing[start : start + CHANGES_AT_ONCE]
            count += await self._database.write(partial(forget_segments, segment_ids=some))
        return count

    async def link(self, seams: Sequence[tuple[CameraNo, int]]) -> None:
        """Let files continue one another where rows that were made apart meet."""
        for start in range(0, len(seams), CHANGES_AT_ONCE):
            some = seams[start : start + CHANGES_AT_ONCE]
            await self._database.write(partial(_link, seams=some))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _read_day(
        self,
        camera_no: CameraNo,
        place: Place,
        day_us: int,
        known: Mapping[int, tuple[SegmentId, int]],
    ) -> _Day:
        heads: HeadReader | None = getattr(self._local, "heads", None)
        if heads is None:
            heads = self._local.heads = HeadReader()
        directory = self._survey.directory(place.directory, day_us)
        names = _names(directory, day_us)
        missing = [segment_id for name_us, (segment_id, _) in known.items() if name_us not in names]
        unchanged = unreadable = 0
        rows: list[Described] = []
        for name_us, name in sorted(names.items()):
            path = f"{directory}/{name}"
            try:
                if name_us in known:
                    segment_id, size = known[name_us]
                    if os.lstat(path).st_size == size:
                        unchanged += 1
                    else:
                        missing.append(segment_id)
                    continue
                row = heads.describe(path, name_us, camera_no)
            except OSError:
                unreadable += 1
                continue
            if row is not None and not (row.segment.is_cut and _is_fresh(path)):
                rows.append(row)
        seams = [day_us, *([row.segment.name_us for row in rows] if known else [])]
        return _Day(camera_no, len(names), unchanged, unreadable, _linked(rows), missing, seams)


def _names(directory: Path, day_us: int) -> dict[int, str]:
    """Return the segments in a day's directory, by the time in their names; none when it is gone."""
    try:
        with os.scandir(directory) as entries:
            names = [(parse_segment(day_us, entry.name), entry.name) for entry in entries]
    except OSError:
        return {}
    return {name_us: name for name_us, name in names if name_us is not None}


def _linked(rows: Sequence[Described]) -> list[Described]:
    """Let the files of a day follow one another where their recorder says so."""
    goes_on = [
        is_continued(
            before.run,
            after.run,
            apart_us=after.segment.start_us - before.segment.start_us,
            media_us=before.segment.media_us,
        )
        for before, after in pairwise(rows)
    ]
    linked = []
    for position, row in enumerate(rows):
        continues = position > 0 and goes_on[position - 1]
        end_us = row.segment.end_us
        if position < len(goes_on) and goes_on[position]:
            end_us = rows[position + 1].segment.start_us
        segment = replace(row.segment, continues=continues, end_us=end_us)
        linked.append(Described(segment, row.run, row.is_read))
    return linked


def _link(transaction: Transaction, seams: Iterable[tuple[CameraNo, int]]) -> None:
    for camera_no, name_us in seams:
        link_neighbours(transaction, camera_no, name_us)


def _finish(transaction: Transaction, audit: AuditLog, rebuilt: Rebuilt) -> None:
    hold_again(transaction)  # a neighbour may have moved an end into an incident
    sum_days(transaction)
    audit.append(
        transaction,
        actor=COMMAND_LINE,
        action="index.rebuilt",
        details={
            name: getattr(rebuilt, name)
            for name in (
                "cameras",
                "files",
                "unchanged",
                "added",
                "unreadable",
                "forgotten",
                "missing",
            )
        },
    )


def _is_fresh(path: str) -> bool:
    try:
        return abs(time.time() - os.lstat(path).st_mtime) < FRESH_S
    except OSError:
        return True
