"""The comparison itself: the database, the audit log and its seals, the directories, every row and every file."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from gtvision_edge.audit import AuditLog
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.evidence.folder import OF_EXPORTS
from gtvision_edge.recordings.indexing.reading import Described
from gtvision_edge.recordings.integrity import repository
from gtvision_edge.recordings.integrity.listing import (
    Directories,
    Stray,
    device_of,
    list_day,
    list_days,
    list_directories,
    list_impossible_days,
    look_at_stray,
)
from gtvision_edge.recordings.integrity.model import Finding, Kind, Report
from gtvision_edge.recordings.integrity.repository import Adopted, DayRow
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, SegmentId
from gtvision_edge.recordings.seals import check_seals
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database

PATIENCE_S: Final = 120.0
MAX_DOOMED: Final = 10_000


@dataclass(frozen=True, slots=True)
class StrayFile:
    """A file without a row that was found; *described* None = there is nothing in it."""

    camera: RecordedCamera
    directory: str
    name_us: int
    described: Described | None

    @property
    def file(self) -> str:
        return f"{self.directory}/{segment_file(self.name_us)}"


@dataclass(slots=True)
class Outcome:
    """What a comparison found that can be mended."""

    missing: list[tuple[str, "array[int]"]]
    """Of each camera: its directory, and number and name of each row whose file is gone, one after the other."""
    strays: list[StrayFile]
    not_held: list[SegmentId]
    held_by_nobody: list[SegmentId]
    totals: list[tuple[CameraNo, int]]

    @property
    def missing_rows(self) -> int:
        return sum(len(pairs) // 2 for _, pairs in self.missing)


class Checker:
    """Compares once, and changes nothing. *is_running*: the daemon indexes and deletes at the same time."""

    def __init__(
        self,
        root: Path,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        threads: DiskThreads,
        is_running: bool,
        exports: Path,
        volume_error: Callable[[], VolumeError | None],
    ) -> None:
        self._root = root
        self._database = database
        self._audit = audit
        self._clock = clock
        self._threads = threads
        self._is_running = is_running
        self._exports = exports
        self._volume_error = volume_error

    async def check(self, report: Report, cameras: Sequence[RecordedCamera]) -> Outcome:
        """Compare all but the content of the files; what is found is added to *report*."""
        outcome = Outcome([], [], [], [], [])
        await self._check_database(report)
        doomed = await repository.fetch_doomed(self._database, MAX_DOOMED)
        report.rows, report.missing_before = await repository.count_rows(self._database)
        report.cameras = len(cameras)
        await self._check_log(report)
        for segment_id, camera_id in await repository.fetch_not_held(self._database):
            report.add(Finding(Kind.NOT_HELD, camera_id, segment_id=segment_id))
            outcome.not_held.append(segment_id)
        for segment_id, camera_id in await repository.fetch_held_by_nobody(self._database):
            report.add(Finding(Kind.HELD_BY_NOBODY, camera_id, segment_id=segment_id))
            outcome.held_by_nobody.append(segment_id)
        for camera in cameras:
            for day in await repository.totals_differ(self._database, camera.camera_no):
                report.add(Finding(Kind.TOTALS_DIFFER, camera.camera_id, detail=f"day {day}"))
                outcome.totals.append((camera.camera_no, day))
        try:
            await self._check_volume(report, outcome, cameras)
        except VolumeError as error:
            report.add(Finding(Kind.VOLUME_AWAY, detail=error.code))
            outcome.missing.clear()
            outcome.strays.clear()
        if self._is_running:
            doomed = await repository.find_doomed(self._database, doomed)
        for number in doomed:
            report.add(Finding(Kind.DELETION_UNFINISHED, segment_id=number))
        return outcome

    async def _check_database(self, report: Report) -> None:
        for fault in await self._database.examine(deep=report.deep):
            report.add(Finding(Kind.DATABASE_DAMAGED, detail=fault))

    async def _check_log(self, report: Report) -> None:
        log = await self._audit.verify(self._database)
        if not log.is_whole:
            report.add(Finding(Kind.AUDIT_BROKEN, detail=f"entry {log.bad_seq} {log.fault}"))
        seals = await check_seals(self._database, self._audit, now_us=self._clock.now_us())
        for fault in seals.faults:
            detail = f"{fault.code}, entry {fault.audit_seq}"
            report.add(Finding(Kind.SEAL_BROKEN, segment_id=fault.segment_id, detail=detail))
        if self._is_running:  # else the next start seals them at once
            for segment_id in seals.waiting:
                report.add(Finding(Kind.SEAL_LATE, segment_id=segment_id))
        report.sealed_late = seals.sealed_late

    async def _check_volume(
        self, report: Report, outcome: Outcome, cameras: Sequence[RecordedCamera]
    ) -> None:
        self._require_volume()
        device = await self._threads.run(partial(device_of, self._root))
        try:
            directories = await self._threads.run(partial(list_directories, self._root))
        except OSError as error:
            raise VolumeError("The volume cannot be read.") from error
        adopted = await repository.find_adopted(self._database)
        for kind, names in (
            (Kind.DIRECTORY_UNOWNED, directories.unowned),
            (Kind.DIRECTORY_TWICE, directories.twice),
        ):
            for name in names:
                report.add(Finding(kind, file=name))
        known = {camera.camera_uuid for camera in cameras}
        for uuid, place in directories.owned.items():
            if uuid not in known:
                report.add(Finding(Kind.DIRECTORY_UNKNOWN, place.marker.camera_id, place.directory))
        for camera in cameras:
            await self._check_camera(report, outcome, camera, directories, adopted)
        await self._check_bundles(report)
        self._require_volume()
        if await self._threads.run(partial(device_of, self._root)) != device:
            raise VolumeError("The volume changed while it was compared.")

    async def _check_camera(
        self,
        report: Report,
        outcome: Outcome,
        camera: RecordedCamera,
        directories: Directories,
        adopted: Adopted | None,
    ) -> None:
        place = directories.owned.get(camera.camera_uuid)
        directory = place.directory if place else camera.directory or ""
        if directories.may_lie_unowned(camera):
            return  # its footage may lie in a directory that lost its marker: said of that one
        missing = array("q")
        outcome.missing.append((directory, missing))
        path = self._root / directory
        days: list[int] = []
        if place is not None:
            try:
                days = await self._threads.run(partial(list_days, path))
                impossible = await self._threads.run(partial(list_impossible_days, path))
            except OSError as error:
                report.add(_unreadable(camera, directory, error))
                return
            for name in impossible:
                report.add(Finding(Kind.DAY_IMPOSSIBLE, camera.camera_id, f"{directory}/{name}"))
        newest = await repository.newest_name(self._database, camera.camera_no)
        latest_file = None
        if place is not None and days and not place.is_set_aside:
            latest_file = await self._latest_file(path, days)
        for day_us in await self._all_days(camera.camera_no, days):
            try:
                files = await self._threads.run(partial(list_day, path, day_us)) if place else {}
            except OSError as error:
                report.add(_unreadable(camera, f"{directory}/{segment_file(day_us).parent}", error))
                continue
            rows = await repository.fetch_day(self._database, camera.camera_no, day_us)
            report.files += len(files)
            for name_us, row in rows.items():
                if not row.is_doomed:
                    self._compare(
                        report,
                        camera,
                        directory,
                        name_us,
                        row,
                        files.get(name_us),
                        adopted,
                        missing,
                    )
            for name_us in files.keys() - rows.keys():
                may_wait = name_us == latest_file or (not self._is_running and name_us > newest)
                await self._look_at_stray(
                    report, outcome, camera, directory, name_us, may_wait=may_wait
                )

    def _require_volume(self) -> None:
        if error := self._volume_error():
            raise error

    def _compare(
        self,
        report: Report,
        camera: RecordedCamera,
        directory: str,
        name_us: int,
        row: DayRow,
        size: int | None,
        adopted: Adopted | None,
        missing: "array[int]",
    ) -> None:
        file = f"{directory}/{segment_file(name_us)}"
        if size is None and adopted is not None and row.end_us <= adopted.at_us:
            report.add(
                Finding(
                    Kind.FORMER_VOLUME,
                    camera.camera_id,
                    file,
                    row.segment_id,
                    f"volume {adopted.former_id}",
                )
            )
        elif size is None:
            report.add(Finding(Kind.FILE_MISSING, camera.camera_id, file, row.segment_id))
            missing.extend((row.segment_id, name_us))
        elif size != row.size_bytes:
            detail = f"{size} bytes, indexed with {row.size_bytes}"
            report.add(Finding(Kind.SIZE_DIFFERS, camera.camera_id, file, row.segment_id, detail))

    async def _look_at_stray(
        self,
        report: Report,
        outcome: Outcome,
        camera: RecordedCamera,
        directory: str,
        name_us: int,
        *,
        may_wait: bool,
    ) -> None:
        if may_wait:
            report.waiting_files += 1
            return
        file = f"{directory}/{segment_file(name_us)}"
        look = partial(
            look_at_stray,
            self._root / directory,
            name_us,
            camera.camera_no,
            now_us=self._clock.now_us(),
        )
        try:
            stray: Stray | None = await self._threads.run(look)
        except OSError as error:
            report.add(_unreadable(camera, file, error))
            return
        if stray is None or await repository.is_indexed(self._database, camera.camera_no, name_us):
            return
        if stray.is_fresh:
            report.waiting_files += 1
            return
        kind = Kind.FILE_UNSOUND if stray.described is None else Kind.FILE_NOT_INDEXED
        report.add(Finding(kind, camera.camera_id, file))
        outcome.strays.append(StrayFile(camera, directory, name_us, stray.described))

    async def _latest_file(self, path: Path, days: Sequence[int]) -> int | None:
        for day_us in reversed(days):
            try:
                files = await self._threads.run(partial(list_day, path, day_us))
            except OSError:
                continue
            if files:
                return max(files)
        return None

    async def _all_days(self, camera_no: CameraNo, days: Sequence[int]) -> list[int]:
        """Return the days of the disk and those of the index."""
        found = set(days)
        day_us = await repository.next_row_day(self._database, camera_no, -(2**62))
        while day_us is not None:
            found.add(day_us)
            day_us = await repository.next_row_day(
                self._database, camera_no, day_us + 86_400_000_000
            )
        return sorted(found)

    async def _check_bundles(self, report: Report) -> None:
        bundles = await repository.fetch_bundles(self._database)
        if not self._is_running:  # else one may be being made
            names = {name for _, name, _ in bundles}
            for name in await self._threads.run(partial(_bundles_in, self._exports)):
                if name not in names:
                    report.add(Finding(Kind.EXPORT_UNFINISHED, file=name))
        for export_id, name, size in bundles:
            found = await self._threads.run(partial(_size_of, self._exports / name))
            if found != size:
                detail = f"export {export_id}: " + (
                    "is gone" if found is None else f"{found} bytes instead of {size}"
                )
                report.add(Finding(Kind.EXPORT_MISSING, file=name, detail=detail))


def _unreadable(camera: RecordedCamera, file: str, error: OSError) -> Finding:
    return Finding(Kind.UNREADABLE, camera.camera_id, file, detail=error.strerror or "")


def _size_of(path: Path) -> int | None:
    try:
        return path.lstat().st_size
    except OSError:
        return None


def _bundles_in(folder: Path) -> list[str]:
    """Return the files that exports make; what else lies there is nobody's business."""
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []
    return [name for name in names if OF_EXPORTS.fullmatch(name)]
