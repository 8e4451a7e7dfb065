"""Reads the boxes of files that have no hash yet, and compares where they lie with what the index noted."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeError, VolumeHangsError
from gtvision_edge.recordings.groups import UNREAD, unpack_groups
from gtvision_edge.recordings.indexing.reading import describe, read_path
from gtvision_edge.recordings.integrity import repository
from gtvision_edge.recordings.integrity.model import Finding, Kind, Report
from gtvision_edge.recordings.integrity.repository import UnhashedRow
from gtvision_edge.recordings.model import CameraNo
from gtvision_edge.storage import Database

AT_ONCE: Final = 200


class LayoutChecker:
    """One file after another, in the thread of the comparison: what such a file holds inside its boxes nobody can tell yet."""

    def __init__(
        self,
        root: Path,
        database: Database,
        *,
        threads: DiskThreads,
        volume_error: Callable[[], VolumeError | None],
    ) -> None:
        self._root = root
        self._database = database
        self._threads = threads
        self._volume_error = volume_error

    async def check(self, report: Report) -> None:
        """Look at every file without hash; what is found is added to *report*, and how many were looked at."""
        after = 0
        while rows := await repository.fetch_unhashed(self._database, after, AT_ONCE):
            for row in rows:
                after = row.segment_id
                if self._volume_error() is not None:
                    return  # said by the comparison, or by the next one
                await self._check_file(report, row)

    async def _check_file(self, report: Report, row: UnhashedRow) -> None:
        file = f"{row.directory}/{segment_file(row.name_us)}"
        try:
            fits = await self._threads.run(partial(_fits, self._root / file, row))
        except FileNotFoundError:
            return  # deleted since, or said of its row
        except VolumeHangsError as error:
            report.add(Finding(Kind.UNREADABLE, row.camera_id, file, row.segment_id, error.code))
            return
        except OSError as error:
            report.add(
                Finding(Kind.UNREADABLE, row.camera_id, file, row.segment_id, error.strerror or "")
            )
            return
        report.unhashed_files += 1
        if not fits and await repository.is_as_indexed(self._database, row):
            report.add(Finding(Kind.LAYOUT_DIFFERS, row.camera_id, file, row.segment_id))


def _fits(path: Path, row: UnhashedRow) -> bool:
    """Tell whether head and groups lie where the row says; another size is said of the row already."""
    file, reading = read_path(path, row.name_us)
    if file.size != row.size_bytes:
        return True
    found = describe(file, reading, CameraNo(0)).segment
    if found.init_bytes != row.init_bytes:
        return False
    if row.groups == UNREAD:
        return True  # made by rebuild-index from the head alone
    noted = unpack_groups(row.groups, init_bytes=row.init_bytes)
    places = [(group.offset, group.size) for group in found.groups]
    return places == [(group.offset, group.size) for group in noted]
