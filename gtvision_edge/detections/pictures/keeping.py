"""Keeps the folder of pictures within its bounds, and rows and files in agreement.

Rows and files may disagree after a stop in these ways, and :meth:`PictureKeeper.compare` mends them: a file that no row names
(stopped between file and commit) is removed once it is an hour old; a row whose file is gone says ``picture_lost``. Rows lose
their pictures before the files go, so what is cut off there leaves the first kind.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.detections.model import Detection
from gtvision_edge.detections.picture_store import PREFIXES, PictureStore, name_of_file
from gtvision_edge.detections.pictures import repository
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

BATCH: Final = 200
FIRST_AFTER_S: Final = 600.0
ROUND_S: Final = 900.0
COMPARE_EVERY: Final = 96
"""Rounds, a day; the first round compares, too."""
YOUNG_S: Final = 3600.0
"""A file so young may be of a reading that is being accepted."""
SHARE_OF_DISK: Final = 4
"""They may have a quarter of their disk at most, however much the site allows: the database lives there, too."""
_FOREVER_US: Final = 2**62

IsHeld = Callable[[Transaction, str, int], bool]
"""Tells, of a camera's uuid and a moment, whether an open incident preserves what was then."""


@dataclass(frozen=True, slots=True)
class PictureBounds:
    """How long pictures stay, and how many bytes all of them may have."""

    keep_s: float = 180 * 86_400.0
    max_bytes: int = 20 * 2**30


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a round took away."""

    readings: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found: files of no row, which are gone now, and readings whose file is missing."""

    leftovers: int = 0
    lost: int = 0


@dataclass(slots=True)
class _Batch:
    """Readings that lose their pictures together."""

    detections: list[Detection] = field(default_factory=list)
    files: repository.PictureTotal = field(default_factory=repository.PictureTotal)
    names: list[str] = field(default_factory=list)


class PictureKeeper:
    """Drops the oldest pictures first, never those that *is_held*. While *trusts_clock* is False nothing goes by its age."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        pictures: PictureStore,
        bounds: PictureBounds,
        is_held: IsHeld,
        trusts_clock: Callable[[], bool],
        copies: Copies = NO_COPIES,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._pictures = pictures
        self._bounds = bounds
        self._is_held = is_held
        self._trusts_clock = trusts_clock
        self._copies = copies
        self._bytes = Gauge(
            "gtvision_edge_detection_picture_bytes",
            "Bytes of the pictures of readings",
            registry=registry or CollectorRegistry(),
        )

    async def run(self) -> None:
        """Go round every quarter of an hour, until cancelled."""
        await self._clock.sleep(FIRST_AFTER_S)
        number = 0
        while True:
            done = await self.go_round()
            if done.readings:
                log.info("plate_pictures_dropped", readings=done.readings, bytes=done.bytes)
            if number % COMPARE_EVERY == 0:
                found = await self.compare()
                if found.leftovers or found.lost:
                    log.warning(
                        "plate_pictures_compared", leftovers=found.leftovers, lost=found.lost
                    )
            number += 1
            await self._clock.sleep(ROUND_S)

    async def go_round(self) -> Dropped:
        """Drop what is too old, then the oldest until the rest fits. May be cut off anywhere and called again.

        Raises:
            StorageError, OSError: the disk failed; what was done so far stays done.

        """
        done = Dropped()
        if self._trusts_clock():
            until_us = self._clock.now_us() - round(self._bounds.keep_s * 1e6)
            done = await self._drop("age", until_us, None)
        disk = await asyncio.to_thread(self._pictures.disk_bytes)
        room = min(self._bounds.max_bytes, disk // SHARE_OF_DISK)
        by_size = await self._drop("size", _FOREVER_US, room)
        self._bytes.set((await repository.fetch_total(self._database)).bytes)
        return Dropped(
            done.readings + by_size.readings,
            done.files + by_size.files,
            done.bytes + by_size.bytes,
        )

    async def compare(self) -> Compared:
        """Hold rows and files against each other, one of 256 folders at a time.

        Raises:
            StorageError, OSError: the disk failed.

        """
        leftovers = lost = 0
        for prefix in PREFIXES:
            found = await self._compare(prefix)
            leftovers += found.leftovers
            lost += found.lost
        return Compared(leftovers, lost)

    async def _drop(self, reason: str, until_us: int, room: int | None) -> Dropped:
        """Drop those from before *until_us*, the oldest first; all of them, or until the rest fits into *room*."""
        after = (-_FOREVER_US, "")
        readings = files = size = 0
        while True:
            excess = None
            if room is not None:
                total = await repository.fetch_total(self._database)
                excess = total.bytes - room
                if excess <= 0:
                    break
            page = await repository.with_pictures(
                self._database, after=after, until_us=until_us, limit=BATCH
            )
            if not page:
                break
            wanted = _as_many_as(page, excess)
            after = (wanted[-1].captured_us, wanted[-1].detection_id)
            batch = await self._take(wanted, reason)
            readings += len(batch.detections)
            files += batch.files.files
            size += batch.files.bytes
        return Dropped(readings, files, size)

    async def _take(self, wanted: Sequence[Detection], reason: str) -> _Batch:
        names = {name for each in wanted for name in (each.scene, each.crop) if name}
        async with self._pictures.claims.removing(names) as free:
            batch = await self._database.write(
                lambda transaction: self._take_from_rows(transaction, wanted, free, reason)
            )
            await asyncio.to_thread(self._pictures.remove, batch.names)
        return batch

    def _take_from_rows(
        self,
        transaction: Transaction,
        wanted: Sequence[Detection],
        free: Sequence[str],
        reason: str,
    ) -> _Batch:
        batch = _Batch()
        for each in wanted:
            # Asked here, in the one writer: an incident that is made now comes before or after, never between.
            if self._is_held(transaction, each.camera_uuid, each.captured_us):
                continue
            if repository.drop_pictures(transaction, each.detection_id):
                batch.detections.append(each)
        mine = {name for each in batch.detections for name in (each.scene, each.crop) if name}
        batch.names = repository.unnamed(transaction, mine & set(free))
        batch.files = repository.forget_files(transaction, batch.names, self._copies)
        self._write_down(transaction, batch, reason)
        return batch

    def _write_down(self, transaction: Transaction, batch: _Batch, reason: str) -> None:
        of_tenants: dict[str, list[Detection]] = defaultdict(list)
        for each in batch.detections:
            of_tenants[each.tenant_id].append(each)
        for tenant_id, detections in of_tenants.items():
            ids = "\n".join(sorted(each.detection_id for each in detections))
            self._audit.append(
                transaction,
                actor=SYSTEM,
                action="plates.pictures_dropped",
                tenant_id=tenant_id,
                details={
                    "reason": reason,
                    "readings": len(detections),
                    "from_us": min(each.captured_us for each in detections),
                    "until_us": max(each.captured_us for each in detections),
                    "ids_sha256": hashlib.sha256(ids.encode()).hexdigest(),
                    # Of the whole batch, which may be of several tenants.
                    "batch_files": batch.files.files,
                    "batch_bytes": batch.files.bytes,
                },
            )

    async def _compare(self, prefix: str) -> Compared:
        counted = await repository.counted_names(self._database, prefix)
        files = await asyncio.to_thread(self._pictures.files, prefix)
        before = self._clock.now_us() / 1e6 - YOUNG_S
        old = [file for file, written in files.items() if written < before]
        drafts = [file for file in old if name_of_file(file) is None]
        await asyncio.to_thread(self._pictures.remove_drafts, prefix, drafts)
        there = {name for file in files if (name := name_of_file(file))}
        young = there - {name for file in old if (name := name_of_file(file))}
        suspects = (there | set(counted)) - young
        async with self._pictures.claims.removing(suspects) as free:
            # Looked at again: one that was missing may have come with another reading.
            gone = await asyncio.to_thread(self._pictures.missing, set(free) - there)
            leftovers, lost = await self._database.write(
                lambda transaction: _mend(transaction, free, gone, self._copies)
            )
            present = [name for name in leftovers if name in there]
            await asyncio.to_thread(self._pictures.remove, present)
        return Compared(len(present) + len(drafts), lost)


def _as_many_as(page: Sequence[tuple[Detection, int]], excess: int | None) -> Sequence[Detection]:
    """Return the first of *page* whose bytes are *excess*, at least one; all of them when that is None."""
    chosen: list[Detection] = []
    for detection, size in page:
        chosen.append(detection)
        if excess is not None:
            excess -= size
            if excess <= 0:
                break
    return chosen


def _mend(
    transaction: Transaction, names: Sequence[str], gone: set[str], copies: Copies
) -> tuple[list[str], int]:
    """Return those of *names* that no row has, and how many readings have one of *gone*."""
    leftovers = repository.unnamed(transaction, names)
    repository.forget_files(transaction, leftovers, copies)
    lost = repository.mark_lost(transaction, sorted(gone - set(leftovers)))
    return leftovers, lost
