"""Mends what a comparison found, and loses nothing by it: rows are added, kept apart or corrected, files are only ever moved."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.index import insert_segment, miss_segments
from gtvision_edge.recordings.integrity import repository
from gtvision_edge.recordings.integrity.checking import Outcome, StrayFile
from gtvision_edge.recordings.integrity.listing import set_aside, still_gone
from gtvision_edge.recordings.integrity.model import Finding, Kind, Report
from gtvision_edge.recordings.model import SegmentId
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

AT_ONCE: Final = 250


class Mender:
    """Works through an outcome of the checker. What changed since it looked is left alone."""

    def __init__(
        self,
        root: Path,
        database: Database,
        clock: Clock,
        *,
        threads: DiskThreads,
        volume_error: Callable[[], VolumeError | None],
    ) -> None:
        self._root = root
        self._database = database
        self._clock = clock
        self._threads = threads
        self._volume_error = volume_error

    async def mend(self, report: Report, outcome: Outcome) -> None:
        """Mend what can be mended and count it in *report*.

        When over half of the rows or files would go, only what incidents keep is marked so: that loses nothing on any disk.

        A volume that goes away meanwhile stops it, and is reported.
        """
        unsound = [stray for stray in outcome.strays if stray.described is None]
        for count, total, what in (
            (outcome.missing_rows, report.rows, "rows"),
            (len(unsound), report.files, "files"),
        ):
            if 2 * count > total:
                detail = f"{count} of {total} {what} would go: is this the right disk, and whole?"
                report.add(Finding(Kind.REFUSED, detail=detail))
        if report.has(Kind.DATABASE_DAMAGED):
            return
        await self._hold(report, outcome)
        if report.has(Kind.REFUSED):
            return
        await self._let_go(report, outcome)
        try:
            await self._index(report, [each for each in outcome.strays if each.described])
            await self._set_aside(report, unsound)
            for directory, pairs in outcome.missing:
                await self._miss(report, directory, pairs)
        except VolumeError as error:
            report.add(Finding(Kind.VOLUME_AWAY, detail=error.code))
        await self._sum(report, outcome)

    async def _hold(self, report: Report, outcome: Outcome) -> None:
        await self._database.write(partial(repository.hold, segment_ids=outcome.not_held))
        report.mend(Kind.NOT_HELD, len(outcome.not_held))

    async def _let_go(self, report: Report, outcome: Outcome) -> None:
        await self._database.write(partial(repository.let_go, segment_ids=outcome.held_by_nobody))
        report.mend(Kind.HELD_BY_NOBODY, len(outcome.held_by_nobody))

    async def _sum(self, report: Report, outcome: Outcome) -> None:
        for camera_no, day in outcome.totals:
            await self._database.write(partial(repository.sum_day, camera_no=camera_no, day=day))
            report.mend(Kind.TOTALS_DIFFER)

    async def _index(self, report: Report, strays: Sequence[StrayFile]) -> None:
        for start in range(0, len(strays), AT_ONCE):
            some = strays[start : start + AT_ONCE]
            self._require_volume()
            await self._database.write(partial(_insert, strays=some))
            report.mend(Kind.FILE_NOT_INDEXED, len(some))

    async def _set_aside(self, report: Report, strays: Sequence[StrayFile]) -> None:
        for stray in strays:
            self._require_volume()
            if await repository.is_indexed(self._database, stray.camera.camera_no, stray.name_us):
                continue
            try:
                where = await self._threads.run(
                    partial(set_aside, self._root, stray.directory, stray.name_us)
                )
            except OSError as error:
                log.warning("file_not_set_aside", file=stray.file, error=error.strerror)
                continue
            log.info("file_set_aside", file=stray.file, now=where)
            report.mend(Kind.FILE_UNSOUND)

    async def _miss(self, report: Report, directory: str, pairs: Sequence[int]) -> None:
        path = self._root / directory
        for start in range(0, len(pairs), 2 * AT_ONCE):
            some = pairs[start : start + 2 * AT_ONCE]
            files = [
                (SegmentId(some[n]), path / segment_file(some[n + 1]))
                for n in range(0, len(some), 2)
            ]
            self._require_volume()
            gone = await self._threads.run(partial(still_gone, self._root, files))
            marked = await self._database.write(
                partial(miss_segments, segment_ids=gone, found_us=self._clock.now_us())
            )
            report.mend(Kind.FILE_MISSING, marked)

    def _require_volume(self) -> None:
        if error := self._volume_error():
            raise error


def _insert(transaction: Transaction, strays: Sequence[StrayFile]) -> None:
    for stray in strays:
        if stray.described is not None:
            insert_segment(transaction, stray.described.segment, stray.described.run)
