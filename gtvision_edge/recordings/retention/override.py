"""What happens when only held footage is left on a full volume: nothing, or what an admin has ordered beforehand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.recordings.incidents import repository as incidents
from gtvision_edge.recordings.incidents.model import Release
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.deleter import BATCH, Deleted, Deleter
from gtvision_edge.recordings.retention.model import Guard, OnFull, Order, PurgeKind
from gtvision_edge.recordings.retention.rules import as_many_as
from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import VolumeSettings
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)


class WatchedVolume(Protocol):
    @property
    def usage(self) -> Usage | None: ...


class Override:
    """Releases the oldest incidents, one by one, if that is the standing order, and only as far as recording needs it.

    Nothing is released while the breaker has no reason to be open, or when all held footage together would not be enough
    to close it: a disk that others fill is not made empty by giving up evidence.
    """

    def __init__(
        self,
        index: SegmentIndex,
        deleter: Deleter,
        *,
        volume: WatchedVolume,
        is_open: Callable[[], bool],
        database: Database,
        audit: AuditLog,
        clock: Clock,
        thresholds: VolumeSettings,
    ) -> None:
        self._index = index
        self._deleter = deleter
        self._volume = volume
        self._is_open = is_open
        self._database = database
        self._audit = audit
        self._clock = clock
        self._thresholds = thresholds

    async def apply(self) -> None:
        """Do what is ordered, if it is called for. Called when nothing is left that may be deleted."""
        usage = self._volume.usage
        if usage is None or not self._is_open():
            return
        guard = await repository.fetch_guard(self._database)
        if guard.on_full is not OnFull.RELEASE_OLDEST_INCIDENT:
            return
        if await self._index.oldest_deletable(limit=1):
            return  # what may be deleted cannot be: giving up evidence would make no room either
        # A little more than closes the breaker: it must stay closed for a while, too.
        free = usage.free + self._deleter.awaited.after(usage)
        missing = waters(self._thresholds, usage).high - free
        held = await repository.fetch_held_bytes(self._database)
        if sum(held.values()) < missing:
            return
        while missing > 0:
            incident_id = await repository.fetch_oldest_incident(self._database)
            if incident_id is None:
                return
            given = await self._give_up(incident_id, guard, missing)
            if given.kept:
                return  # files cannot be deleted: giving up more evidence would make no room either
            missing -= given.size_bytes

    async def _give_up(self, incident_id: str, guard: Guard, missing: int) -> Deleted:
        await self._database.write(
            lambda transaction: self._release(transaction, incident_id, guard)
        )
        log.warning("incident_released_for_room", incident_id=incident_id)
        order = Order(
            PurgeKind.INCIDENT_OVERRIDE,
            {"incident_id": incident_id, "standing_by": guard.on_full_by_name},
            reason=guard.on_full_reason,
        )
        given = Deleted()
        while given.size_bytes < missing and not given.kept:
            found = await self._index.oldest_deletable(limit=BATCH)
            victims = as_many_as(found, missing - given.size_bytes)
            deleted = await self._deleter.delete(order, victims)
            if deleted.segments == 0 and not deleted.kept:
                break
            given += deleted
        for purge in await repository.fetch_open_purges(self._database):
            if purge.kind is order.kind:
                await self._deleter.finish(purge)
        return given

    def _release(self, transaction: Transaction, incident_id: str, guard: Guard) -> None:
        incident = incidents.get_incident_row(transaction, incident_id)
        if incident is None or not incident.is_open:
            return
        release = Release(self._clock.now_us(), SYSTEM.name, guard.on_full_reason)
        released = replace(incident, release=release)
        incidents.update_incident(transaction, released)
        freed = incidents.release_segments(transaction, released)
        self._audit.append(
            transaction,
            actor=SYSTEM,
            action="incident.released",
            subject=f"incident:{incident_id}",
            tenant_id=incident.tenant_id,
            details={
                "release_reason": guard.on_full_reason,
                "standing_by": guard.on_full_by_name,
                "because": "volume_full",
                "freed": freed,
            },
        )
