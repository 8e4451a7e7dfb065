"""Compares the whole volume with the index and makes the index follow; the daemon must not run meanwhile.

A row that fits its file (name and size) stays as it is, with its number, hash and seal. A file without row gets the one it had before it
was missing, else one made from its head; where its groups lie is read when somebody asks for them. No row that tells what a file
was is ever deleted: one whose file is gone is kept apart, one whose file is another now stays and is said, and so does all that the disk does not give.
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
from itertools import zip_longest
from pathlib import Path
from typing import Final, TypeVar

import structlog

from gtvision_edge.audit import COMMAND_LINE, AuditLog
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.index import CameraOfSite, SegmentIndex, miss_segments
from gtvision_edge.recordings.indexing.repository import (
    is_continued,
    keep_cameras,
    link_neighbours,
    place_cameras,
)
from gtvision_edge.recordings.indexing.survey import Place
from gtvision_edge.recordings.integrity.listing import (
    Directories,
    list_days,
    list_directories,
    list_paths,
    still_gone,
)
from gtvision_edge.recordings.integrity.model import Finding, Kind, Report
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, SegmentId
from gtvision_edge.recordings.rebuilding.heads import HeadReader, HeadRow
from gtvision_edge.recordings.rebuilding.repository import (
    KnownDay,
    count_segments,
    fetch_day,
    fetch_row_days,
    hold_again,
    insert_heads,
    renew_segments,
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
_Gone = tuple[SegmentId, Path]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: days are directories of one camera's day."""

    days: int
    days_done: int
    files: int


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done. The rows of ``set_apart`` had no file; ``missing`` ones neither, but stay: see :func:`rebuild`.

    *report* says what a person must look at: what the disk did not give, and files that are not what their rows say.
    """

    cameras: int
    files: int
    unchanged: int
    added: int
    renewed: int
    set_apart: int
    missing: int
    seconds: float
    report: Report


@dataclass(frozen=True, slots=True)
class _Day:
    """What one day of a camera gives."""

    camera_no: CameraNo
    files: int
    unchanged: int
    rows: list[HeadRow]
    gone: list[_Gone]
    grown: list[SegmentId]
    """Rows without hash whose file has another size: nothing is lost when they are made anew."""
    findings: list[Finding]
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

    Rows without file are kept apart, as by a comparison, and rows without hash whose file grew go (the daemon takes the file up again); none of
    both when they are more than half of the index, unless *forget_missing*: rather is something wrong with the disk. May be broken off at any
    time and begun again.

    Raises:
        OSError: the volume cannot be read.
        VolumeError: it went away meanwhile.

    """
    began = clock.monotonic()
    work = _Rebuild(root, database)
    try:
        places = await work.find_places(cameras, clock.now_us())
        total = await count_segments(database)
        days = files = unchanged = added = 0
        gone: list[_Gone] = []
        grown: list[SegmentId] = []
        seams: list[tuple[CameraNo, int]] = []
        planned = await work.plan(places)
        batch: list[HeadRow] = []
        async for day in work.read(planned):
            days += 1
            files += day.files
            unchanged += day.unchanged
            added += len(day.rows)
            gone += day.gone
            grown += day.grown
            batch += day.rows
            work.note(day.findings)
            seams += [(day.camera_no, name_us) for name_us in day.seams]
            if len(batch) >= ROWS_AT_ONCE:
                await database.write(partial(insert_heads, rows=batch))
                batch = []
            progress(Progress(len(planned), days, files))
        await database.write(partial(insert_heads, rows=batch))
        gone += await work.rows_elsewhere(planned)
        await database.write(hold_again)
        renewed = set_apart = 0
        if forget_missing or 2 * (len(gone) + len(grown)) <= total:
            renewed = await work.renew(grown)
            set_apart = await work.set_apart(gone, found_us=clock.now_us())
        await work.link(seams)
        rebuilt = Rebuilt(
            cameras=len(places),
            files=files,
            unchanged=unchanged,
            added=added,
            renewed=renewed,
            set_apart=set_apart,
            missing=len(gone) + len(grown) - set_apart - renewed,
            seconds=round(clock.monotonic() - began, 1),
            report=work.report,
        )
        await database.write(partial(_finish, audit=audit, rebuilt=rebuilt))
        return rebuilt
    finally:
        work.close()


class _Rebuild:
    """The steps; file work in four threads, which wait for the disk most of the time."""

    def __init__(self, root: Path, database: Database) -> None:
        self.report = Report(mends=True)
        self._root = root
        self._database = database
        self._threads = ThreadPoolExecutor(THREADS, "rebuild")
        self._local = threading.local()
        self._directories = Directories({}, [], [])
        self._cameras: dict[CameraNo, RecordedCamera] = {}
        self._unread: set[CameraNo] = set()
        """Cameras of which it is not known what lies on the disk: their rows stay."""

    async def find_places(
        self, cameras: Sequence[CameraOfSite], now_us: int
    ) -> list[tuple[Place, CameraNo]]:
        # Before the cameras are placed: afterwards nothing tells where one lay that is not found.
        known = await SegmentIndex(self._database, root=self._root).cameras()
        self._cameras = {camera.camera_no: camera for camera in known}
        found = self._directories = await self._run(partial(list_directories, self._root))
        self.note(Finding(Kind.DIRECTORY_UNOWNED, file=name) for name in found.unowned)
        self.note(Finding(Kind.DIRECTORY_TWICE, file=name) for name in found.twice)
        self._unread |= {each.camera_no for each in known if found.may_lie_unowned(each)}

        def work(transaction: Transaction) -> Mapping[str, CameraNo]:
            keep_cameras(transaction, cameras, now_us=now_us)
            places = [(place.directory, place.marker) for place in found.owned.values()]
            return place_cameras(transaction, places, now_us=now_us)

        numbers = await self._database.write(work)
        return [(place, numbers[uuid]) for uuid, place in found.owned.items()]

    async def plan(self, places: Iterable[tuple[Place, CameraNo]]) -> list[_Plan]:
        planned: list[_Plan] = []
        for place, camera_no in places:
            try:
                days = await self._run(partial(list_days, self._root / place.directory))
            except OSError as error:
                self._unread.add(camera_no)
                self.note([_unreadable(place, place.directory, error)])
                continue
            planned += [(camera_no, place, day_us) for day_us in days]
        return planned

    def note(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.report.add(finding)
            log.warning("rebuild_found", kind=finding.kind, file=finding.file, what=finding.detail)

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

    async def rows_elsewhere(self, planned: Iterable[_Plan]) -> list[_Gone]:
        """Return the rows of days of which there is no directory, where it is known that there is none."""
        there = {(camera_no, day_us) for camera_no, _, day_us in planned}
        found: list[_Gone] = []
        for camera_no, day_us in await fetch_row_days(self._database):
            if (camera_no, day_us) in there or camera_no in self._unread:
                continue
            known = await fetch_day(self._database, camera_no, day_us)
            directory = self._directory(camera_no)
            found += [
                (row.segment_id, directory / segment_file(name_us))
                for name_us, row in known.rows.items()
                if not row.is_doomed
            ]
        return found

    async def set_apart(self, gone: Sequence[_Gone], *, found_us: int) -> int:
        """Keep apart the rows whose files, looked for once more, are gone for certain; return how many."""
        count = 0
        for start in range(0, len(gone), CHANGES_AT_ONCE):
            some = gone[start : start + CHANGES_AT_ONCE]
            ids = await self._run(partial(still_gone, self._root, some))
            count += await self._database.write(
                partial(miss_segments, segment_ids=ids, found_us=found_us)
            )
        return count

    async def renew(self, grown: Sequence[SegmentId]) -> int:
        count = 0
        for start in range(0, len(grown), CHANGES_AT_ONCE):
            some = grown[start : start + CHANGES_AT_ONCE]
            count += await self._database.write(partial(renew_segments, segment_ids=some))
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

    def _directory(self, camera_no: CameraNo) -> Path:
        """Return where a camera's footage lies, or lay."""
        camera = self._cameras[camera_no]
        place = self._directories.owned.get(camera.camera_uuid)
        name = place.directory if place else camera.directory or f"{camera.camera_id}_rec"
        return self._root / name

    def _read_day(self, camera_no: CameraNo, place: Place, day_us: int, known: KnownDay) -> _Day:
        heads: HeadReader | None = getattr(self._local, "heads", None)
        if heads is None:
            heads = self._local.heads = HeadReader()
        day = _Day(camera_no, 0, 0, [], [], [], [], [])
        directory = self._root / place.directory
        try:
            paths = list_paths(directory, day_us)
            unchanged = _compare(day, place, directory, paths=paths, known=known)
        except OSError as error:
            file = f"{place.directory}/{segment_file(day_us).parent}"
            return replace(day, findings=[_unreadable(place, file, error)])
        for name_us, path in paths.items():
            if name_us in known.rows:
                continue
            try:
                row = heads.read(path, name_us, camera_no)
            except OSError as error:
                file = f"{place.directory}/{segment_file(name_us)}"
                day.findings.append(_unreadable(place, file, error))
                continue
            if row is None or (row.is_cut and _is_fresh(path)):
                continue
            day.rows.append(row)
            lost = known.lost.get(name_us, ())
            if lost and row.size_bytes not in lost:
                day.findings.append(_differs(place, name_us, row.size_bytes, lost[-1]))
        seams = [day_us, *([row.name_us for row in day.rows] if known.rows else [])]
        return replace(
            day, files=len(paths), unchanged=unchanged, rows=_linked(day.rows), seams=seams
        )


def _compare(
    day: _Day, place: Place, directory: Path, *, paths: Mapping[int, str], known: KnownDay
) -> int:
    """Note in *day* which of the rows are not those of the files; return how many are.

    Raises:
        OSError: what the disk says of a file.

    """
    unchanged = 0
    for name_us, row in known.rows.items():
        if row.is_doomed:
            continue  # its deletion ends by itself
        size = _size_of(paths.get(name_us))
        if size == row.size_bytes:
            unchanged += 1
        elif size is None:
            day.gone.append((row.segment_id, directory / segment_file(name_us)))
        elif row.is_proof:
            day.findings.append(
                _differs(place, name_us, size, row.size_bytes, segment_id=row.segment_id)
            )
        else:
            day.grown.append(row.segment_id)
    return unchanged


def _size_of(path: str | None) -> int | None:
    try:
        return None if path is None else os.lstat(path).st_size
    except FileNotFoundError:
        return None  # deleted just now


def _unreadable(place: Place, file: str, error: OSError) -> Finding:
    return Finding(Kind.UNREADABLE, place.marker.camera_id, file, detail=error.strerror or "")


def _differs(
    place: Place, name_us: int, size: int, former: int, *, segment_id: SegmentId | None = None
) -> Finding:
    """Say that a file is not the one whose hash or seal is known; without row it was missing in between."""
    file = f"{place.directory}/{segment_file(name_us)}"
    detail = f"{size} bytes, indexed with {former}"
    return Finding(Kind.SIZE_DIFFERS, place.marker.camera_id, file, segment_id, detail)


def _linked(rows: Sequence[HeadRow]) -> list[HeadRow]:
    """Let the files of a day follow one another where their recorder says so."""
    linked: list[HeadRow] = []
    continues = False
    for row, after in zip_longest(rows, rows[1:]):
        goes_on = after is not None and is_continued(
            (row.run, row.run_no),
            (after.run, after.run_no),
            apart_us=after.start_us - row.start_us,
            media_us=row.media_us,
        )
        end_us = after.start_us if goes_on else row.end_us
        linked.append(HeadRow._make((*row[:3], end_us, *row[4:11], continues, row.is_cut)))
        continues = goes_on
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
            "cameras": rebuilt.cameras,
            "files": rebuilt.files,
            "unchanged": rebuilt.unchanged,
            "added": rebuilt.added,
            "renewed": rebuilt.renewed,
            "set_apart": rebuilt.set_apart,
            "missing": rebuilt.missing,
            "findings": {kind.value: tally.count for kind, tally in rebuilt.report.findings},
        },
    )


def _is_fresh(path: str) -> bool:
    try:
        return abs(time.time() - os.lstat(path).st_mtime) < FRESH_S
    except OSError:
        return True
