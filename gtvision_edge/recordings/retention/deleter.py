"""The one way footage is deleted: rows are doomed, files go, rows go, and a record says so.

Three steps, so that a kill between any two leaves a state that the next start knows (:meth:`Deleter.recover`):

1. one commit: :func:`doom_segments` (which spares what an incident holds), and the record of what is going to be deleted;
2. in a thread: files and thumbnails are unlinked and their directories synced, on a volume that is ours before and after, in
   directories that are proved to be their cameras' (``unlinking.py``);
3. one commit: the rows of what is gone go; what could not be deleted is spared and taken out of the record.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.audit import SYSTEM, Actor, AuditLog
from gtvision_edge.audit.tree import leaf_hash, root_over
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeMissingError
from gtvision_edge.recordings.index import (
    SegmentIndex,
    delete_doomed,
    doom_segments,
    held_among_doomed,
    spare_doomed,
)
from gtvision_edge.recordings.model import LeanSegment, PurgeId, SegmentId
from gtvision_edge.recordings.retention import repository, unlinking
from gtvision_edge.recordings.retention.awaited import AwaitedRoom
from gtvision_edge.recordings.retention.model import Ends, Order, Purge, PurgeKind
from gtvision_edge.recordings.retention.unlinking import Victim
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

BATCH: Final = 250
"""Segments in one transaction: others wait for the writer no longer than some 15 ms."""
UNHASHED: Final = bytes(32)
"""Stands in the tree for a segment that was deleted before it was hashed."""
PATIENCE_S: Final = 60.0
"""A batch may take so long on a slow disk; then the volume hangs, and the next start or pass goes on."""
LEAVES_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of the segments that were to be deleted. *kept*: could not be deleted, and are as before."""

    segments: int = 0
    size_bytes: int = 0
    kept: tuple[SegmentId, ...] = ()

    def __add__(self, other: "Deleted") -> "Deleted":
        return Deleted(
            self.segments + other.segments,
            self.size_bytes + other.size_bytes,
            self.kept + other.kept,
        )


class Deleter:
    """Deletes segments and keeps the records of it. One batch at a time, whoever asks.

    *end_readers* cuts off who still reads what was deleted: else its room would not come back until he has read all of it.
    """

    def __init__(
        self,
        index: SegmentIndex,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        root: Path,
        is_present: Callable[[], bool],
        zone: ZoneInfo,
        end_readers: Callable[[Sequence[LeanSegment]], None] = lambda _: None,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._index = index
        self._database = database
        self._audit = audit
        self._clock = clock
        self._root = root
        self._is_present = is_present
        self._zone = zone
        self._end_readers = end_readers
        self.awaited = AwaitedRoom(clock)
        """Room that was made here and is not seen yet."""
        self._threads = DiskThreads("deleter", threads=1, waiting=1, patience_s=PATIENCE_S)
        self._turn = asyncio.Lock()
        registry = registry or CollectorRegistry()
        self._segments = Counter(
            "gtvision_edge_purged_segments", "Segments deleted", ["kind"], registry=registry
        )
        self._bytes = Counter(
            "gtvision_edge_purged_bytes", "Bytes of footage deleted", ["kind"], registry=registry
        )
        self._failures = Counter(
            "gtvision_edge_purge_failures", "Files that could not be deleted", registry=registry
        )

    def close(self) -> None:
        self._threads.close()

    async def delete(self, order: Order, victims: Sequence[LeanSegment]) -> Deleted:
        """Delete those of *victims* that no incident holds, as part of the open purge of *order*, which is begun if need be.

        Raises:
            VolumeError: the volume is away or hangs. What was begun is ended by :meth:`recover`; batches that went before
                stand in the record, which stays open.

        """
        whole = Deleted()
        for first in range(0, len(victims), BATCH):
            async with self._turn:
                whole += await self._delete_batch(order, victims[first : first + BATCH])
        return whole

    async def recover(self) -> int:
        """End the deletions that a kill or a lost volume broke off; return how many. Nothing while the volume is away.

        What an incident asked for since, and is still there, is kept: time passed, and somebody relies on it.

        Raises:
            VolumeError: it went away, or hangs.

        """
        async with self._turn:
            return await self._recover()

    async def _recover(self) -> int:
        count = 0
        if not await self._index.doomed(1):
            return 0
        purges = await repository.fetch_unfinished_deletions(self._database)
        while self._is_present():
            begun = await self._index.doomed(BATCH)
            if not begun:
                break
            orphans = [each for each in begun if each.segment_id not in purges]
            if orphans:
                purges |= await self._database.write(
                    lambda transaction, some=orphans: self._record(  # type: ignore[misc]
                        transaction, Order(PurgeKind.AGE, {"recovered": True}), some
                    )
                )
            wanted = await self._spare_held(begun, purges)
            left = [each for each in begun if each.segment_id not in wanted]
            ended = await self._unlink_and_forget(left, purges, "recovered", was_begun=True)
            count += ended.segments
            if not ended.segments and not wanted:
                break
        return count

    async def _spare_held(
        self, begun: Sequence[LeanSegment], purges: dict[SegmentId, PurgeId]
    ) -> set[SegmentId]:
        """Take back the deletion of what an incident asked for since it was begun, as far as the files are still there."""
        held = await self._database.write(
            lambda transaction: held_among_doomed(transaction, [each.segment_id for each in begun])
        )
        if not held:
            return set()
        victims = await self._victims([each for each in begun if each.segment_id in held])
        present = await self._threads.run(lambda: unlinking.present_segments(self._root, victims))

        def write(transaction: Transaction) -> None:
            spare_doomed(transaction, present)
            for purge_id in set(purges.values()):
                of_purge = [each for each in present if purges.get(each) == purge_id]
                repository.take_back_purged(transaction, purge_id, of_purge, failures=0)

        await self._database.write(write)
        if present:
            log.warning("deletion_taken_back", files=len(present), because="incident")
        return present

    async def order(
        self, order: Order, tenant_ids: Iterable[str | None], *, audited_as: str
    ) -> list[PurgeId]:
        """Begin a purge per tenant whose victims are chosen later, so that a restart goes on with it; audited at once."""

        def write(transaction: Transaction) -> list[PurgeId]:
            return [
                self.write_order(transaction, order, tenant_id, audited_as=audited_as)
                for tenant_id in tenant_ids
            ]

        return await self._database.write(write)

    def write_order(
        self, transaction: Transaction, order: Order, tenant_id: str | None, *, audited_as: str
    ) -> PurgeId:
        """Begin one purge as :meth:`order` does, with what else *transaction* is about."""
        purge_id = PurgeId(new_uuid7(self._clock))
        repository.insert_purge(
            transaction, purge_id, order, tenant_id=tenant_id, started_us=self._clock.now_us()
        )
        self._audit.append(
            transaction,
            actor=order.actor,
            action=audited_as,
            subject=f"purge:{purge_id}",
            tenant_id=tenant_id,
            details={"policy": dict(order.policy), "reason": order.reason},
        )
        return purge_id

    async def finish(self, purge: Purge) -> bool:
        """Close the record of *purge*: its sums, its Merkle root, what was spared for an incident; audited.

        Not before all that it says was deleted is gone: what was broken off is ended first. Return False when that cannot be
        now; the record then stays open.

        Raises:
            VolumeError: the volume went away, or hangs.

        """
        async with self._turn:
            if await repository.is_being_deleted(self._database, purge.purge_id):
                await self._recover()
            fresh = await repository.find_purge(self._database, purge.purge_id)
            if fresh is None or await repository.is_being_deleted(self._database, purge.purge_id):
                log.warning("purge_not_finished", purge_id=purge.purge_id)
                return False
            if fresh.finished_us is None:
                await self._close(fresh)
        return True

    async def _close(self, purge: Purge) -> None:
        cameras = await repository.fetch_purged_cameras(self._database, purge.purge_id)
        root, unhashed = await self._root_of(purge.purge_id)
        after_us, before_us = purge.interval_us
        held = 0
        for each in cameras:
            limit_us = each.last_us if before_us is None else before_us
            held += await repository.count_held(
                self._database, each.camera_no, limit_us, after_us=after_us
            )
        closed = replace(
            purge,
            finished_us=self._clock.now_us(),
            segments=sum(each.segments for each in cameras),
            size_bytes=sum(each.size_bytes for each in cameras),
            held_skipped=held,
            root=root,
            unhashed=unhashed,
            cameras=cameras,
        )

        def write(transaction: Transaction) -> None:
            seq = self._audit.append(
                transaction,
                actor=Actor(purge.actor, purge.actor_name),
                action="purge.finished",
                subject=f"purge:{purge.purge_id}",
                tenant_id=purge.tenant_id,
                details={
                    "kind": purge.kind.value,
                    "segments": closed.segments,
                    "bytes": closed.size_bytes,
                    "held_skipped": held,
                    "failures": purge.failures,
                    "root": root.hex(),
                },
            )
            repository.finish_purge(transaction, replace(closed, audit_seq=seq))

        await self._database.write(write)
        log.info(
            "purge_finished",
            purge_id=purge.purge_id,
            kind=purge.kind.value,
            segments=closed.segments,
            bytes=closed.size_bytes,
            held_skipped=held,
        )

    async def forget_missing(self, *, before_us: int) -> int:
        """Forget some footage whose files were found to be gone before *before_us*; the audit log keeps what it was.

        One entry per tenant: how many, from when to when, and the Merkle root of the hashes, as of a purge. Return how many.
        """

        def write(transaction: Transaction) -> int:
            rows = repository.forget_missing(transaction, before_us=before_us, limit=BATCH)
            for tenant_id in {row["tenant_id"] for row in rows}:
                some = [row for row in rows if row["tenant_id"] == tenant_id]
                leaves = [leaf_hash(row["sha256"] or UNHASHED) for row in some]
                self._audit.append(
                    transaction,
                    actor=SYSTEM,
                    action="footage.missing_forgotten",
                    subject="footage:missing",
                    tenant_id=tenant_id,
                    details={
                        "segments": len(some),
                        "cameras": sorted({row["camera_no"] for row in some}),
                        "first_us": min(row["start_us"] for row in some),
                        "last_us": max(row["end_us"] for row in some),
                        "root": root_over(leaves).hex(),
                    },
                )
            return len(rows)

        return await self._database.write(write)

    def is_over(self, purge: Purge) -> bool:
        """Tell whether a record of one day belongs to a day that is over: the next deletion begins a new one."""
        return purge.kind.ends is Ends.WITH_ITS_DAY and self._day(purge.started_us) != self._day(
            self._clock.now_us()
        )

    async def _delete_batch(self, order: Order, victims: Sequence[LeanSegment]) -> Deleted:
        if not self._is_present():
            raise VolumeMissingError("The recordings volume is not there.")

        def doom(transaction: Transaction) -> tuple[list[LeanSegment], dict[SegmentId, PurgeId]]:
            chosen = set(doom_segments(transaction, [each.segment_id for each in victims]))
            # Each once, whoever chose: a court reads how many files went.
            doomed = [
                each
                for number, each in {each.segment_id: each for each in victims}.items()
                if number in chosen
            ]
            return doomed, self._record(transaction, order, doomed)

        doomed, purges = await self._database.write(doom)
        if not doomed:
            return Deleted()
        return await self._unlink_and_forget(doomed, purges, order.kind.value)

    def _record(
        self, transaction: Transaction, order: Order, doomed: Sequence[LeanSegment]
    ) -> dict[SegmentId, PurgeId]:
        """Write down what is going to be deleted, a purge per tenant; return which is in which."""
        tenants = repository.tenants_of(transaction)
        by_tenant: dict[str | None, list[LeanSegment]] = {}
        for each in doomed:
            by_tenant.setdefault(tenants.get(each.camera_no), []).append(each)
        found: dict[SegmentId, PurgeId] = {}
        for tenant_id, segments in by_tenant.items():
            purge_id = self._open_purge(transaction, order, tenant_id)
            repository.insert_purged(transaction, purge_id, segments)
            found |= dict.fromkeys((each.segment_id for each in segments), purge_id)
        return found

    def _open_purge(self, transaction: Transaction, order: Order, tenant_id: str | None) -> PurgeId:
        now_us = self._clock.now_us()
        row = repository.open_purge(transaction, order, tenant_id)
        is_todays = row is not None and (
            order.kind.ends is not Ends.WITH_ITS_DAY
            or self._day(row["started_us"]) == self._day(now_us)
        )
        if row is not None and is_todays:
            return PurgeId(row["purge_id"])
        purge_id = PurgeId(new_uuid7(self._clock))
        repository.insert_purge(
            transaction, purge_id, order, tenant_id=tenant_id, started_us=now_us
        )
        return purge_id

    async def _unlink_and_forget(
        self,
        doomed: Sequence[LeanSegment],
        purges: dict[SegmentId, PurgeId],
        kind: str,
        *,
        was_begun: bool = False,
    ) -> Deleted:
        victims = await self._victims(doomed)
        gone = await self._threads.run(
            lambda: unlinking.unlink_segments(self._root, victims, was_begun=was_begun)
        )
        ended = [each for each in doomed if each.segment_id in gone]
        kept = [each.segment_id for each in doomed if each.segment_id not in gone]

        def write(transaction: Transaction) -> None:
            delete_doomed(transaction, [each.segment_id for each in ended])
            spare_doomed(transaction, kept)
            for purge_id in set(purges.values()):
                of_purge = [each for each in ended if purges.get(each.segment_id) == purge_id]
                spared = [each for each in kept if purges.get(each) == purge_id]
                size = sum(each.size_bytes for each in of_purge)
                repository.count_purged(transaction, purge_id, len(of_purge), size)
                if spared:
                    repository.take_back_purged(transaction, purge_id, spared, failures=len(spared))

        self._end_readers(ended)
        size = sum(each.size_bytes for each in ended)
        self.awaited.note(size)
        await self._database.write(write)
        self._segments.labels(kind).inc(len(ended))
        self._bytes.labels(kind).inc(size)
        if kept:
            self._failures.inc(len(kept))
            log.warning("footage_not_deleted", kind=kind, files=len(kept))
        return Deleted(len(ended), size, tuple(kept))

    async def _victims(self, segments: Sequence[LeanSegment]) -> list[Victim]:
        numbers = {each.camera_no for each in segments}
        cameras = {each: await self._index.camera_by_no(each) for each in numbers}
        return [
            Victim(each.segment_id, camera.camera_uuid, camera.directory, each.name_us)
            for each in segments
            if (camera := cameras[each.camera_no]) is not None
        ]

    async def _root_of(self, purge_id: PurgeId) -> tuple[bytes, int]:
        hashes: list[bytes] = []
        after, unhashed = -1, 0
        while rows := await repository.fetch_leaves(
            self._database, purge_id, after=after, limit=LEAVES_AT_ONCE
        ):
            after = rows[-1]["n"]
            unhashed += sum(row["sha256"] is None for row in rows)
            hashes += [row["sha256"] or UNHASHED for row in rows]
        root = await asyncio.to_thread(lambda: root_over([leaf_hash(each) for each in hashes]))
        return root, unhashed

    def _day(self, time_us: int) -> str:
        return (
            datetime.fromtimestamp(time_us // 1_000_000, UTC)
            .astimezone(self._zone)
            .date()
            .isoformat()
        )
