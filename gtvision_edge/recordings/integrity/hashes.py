"""Reads files again and compares their SHA-256 with that of the day they were recorded: all, or a part that goes on each night."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeError, VolumeHangsError
from gtvision_edge.recordings.integrity import repository
from gtvision_edge.recordings.integrity.model import Finding, Kind, Report
from gtvision_edge.recordings.integrity.repository import HashedRow
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database

AT_ONCE: Final = 200
SLICE: Final = 4 * 2**20
"""Read in one go; then others may use the disk."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is read: *bytes_per_s* and *longest_s*, None = without limit; *nights*: a sample takes this part of the rows."""

    bytes_per_s: int | None = None
    longest_s: float | None = None
    nights: int = 1


class HashChecker:
    """One file after another, in the thread of the comparison."""

    def __init__(
        self,
        root: Path,
        database: Database,
        clock: Clock,
        *,
        threads: DiskThreads,
        volume_error: Callable[[], VolumeError | None],
        read: Counter | None = None,
    ) -> None:
        self._root = root
        self._database = database
        self._clock = clock
        self._threads = threads
        self._volume_error = volume_error
        self._read = read
        self._due = 0.0
        """When the bytes read so far will have taken their time, by the monotonic clock."""

    async def check(self, report: Report, *, after: int, pace: Pace) -> None:
        """Read the files from the segment *after* that number on, round once at most; what is found is added to *report*.

        ``report.sample_after`` tells where the next sample goes on.
        """
        began = self._clock.monotonic()
        wanted = -(-report.rows // pace.nights)
        report.sample_after = after
        is_round = False
        while report.hashed_files < wanted:
            rows = await repository.fetch_hashed(self._database, report.sample_after, AT_ONCE)
            if not rows:
                if is_round or report.sample_after == 0:
                    return
                is_round, report.sample_after = True, 0
                continue
            for row in rows:
                if is_round and row.segment_id > after:
                    return
                if report.hashed_files >= wanted:
                    return
                elapsed_s = self._clock.monotonic() - began
                if pace.longest_s is not None and elapsed_s >= pace.longest_s:
                    return
                if self._volume_error() is not None:
                    return  # said by the comparison, or by the next one
                await self._check_file(report, row, pace)
                report.sample_after = row.segment_id

    async def _check_file(self, report: Report, row: HashedRow, pace: Pace) -> None:
        file = f"{row.directory}/{segment_file(row.name_us)}"
        try:
            digest = await self._hash(self._root / file, pace)
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
        report.hashed_files += 1
        report.hashed_bytes += row.size_bytes
        if digest != row.sha256 and await repository.is_as_hashed(self._database, row):
            report.add(Finding(Kind.HASH_DIFFERS, row.camera_id, file, row.segment_id))

    async def _hash(self, path: Path, pace: Pace) -> bytes:
        descriptor = await self._threads.run(partial(_open, path), undo=os.close)
        digest = hashlib.sha256()
        try:
            while True:
                began = self._clock.monotonic()
                count = await self._threads.run(partial(_read_on, descriptor, digest))
                if self._read is not None:
                    self._read.inc(count)
                if not count:
                    return digest.digest()
                if pace.bytes_per_s is not None:
                    await self._rest(count / pace.bytes_per_s, began)
        finally:
            self._threads.start(partial(_close, descriptor))

    async def _rest(self, seconds: float, began: float) -> None:
        self._due = max(self._due, began) + seconds
        left_s = self._due - self._clock.monotonic()
        if left_s > 0:
            await self._clock.sleep(left_s)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)


def _read_on(descriptor: int, digest: "hashlib._Hash") -> int:
    data = os.read(descriptor, SLICE)
    digest.update(data)
    return len(data)


def _close(descriptor: int) -> None:
    # What was recorded long ago must not push out of memory what is being recorded.
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
