"""What happens when only held footage is left on a full volume: nothing, or what an admin has ordered beforehand."""

from collections.abc import Callable
from typing import Protocol

from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.deleter import BATCH, Deleted, Deleter
from gtvision_edge.recordings.retention.model import Guard, OnFull, Order, PurgeKind
from gtvision_edge.recordings.retention.rules import as_many_as
from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.settings import VolumeSettings
from gtvision_edge.storage import Database


class WatchedVolume(Protocol):
    """The volume as it was at the last look."""

    @property
    def usage(self) -> Usage | None: ...

    def is_present(self) -> bool: ...


class Incidents(Protocol):
    async def release_for_room(
        self, incident_id: str, *, reason: str, standing_by: str
    ) -> bool: ...


class Override:
    """Releases the oldest incidents, one by one, if that is the standing order, and only as far as recording needs it.

    Nothing is released while the breaker has no reason to be open, or when all held footage together would not be enough
    to close it: a disk that others fill is not made empty by giving up evidence. Nor is a second one when nothing went
    with the first.
    """

    def __init__(
        self,
        index: SegmentIndex,
        deleter: Deleter,
        *,
        volume: WatchedVolume,
        is_open: Callable[[], bool],
        incidents: Incidents,
        database: Database,
        thresholds: VolumeSettings,
    ) -> None:
        self._index = index
        self._deleter = deleter
        self._volume = volume
        self._is_open = is_open
        self._incidents = incidents
        self._database = database
        self._thresholds = thresholds

    async def apply(self) -> None:
        """Do what is ordered, if it is called for. Called when nothing is left that may be deleted.

        Raises:
            VolumeError: the volume went away, or hangs; no further incident is released then.

        """
        usage = self._volume.usage
        if usage is None or not self._is_open():
            return
        guard = await repository.fetch_guard(self._database)
        if guard.on_full is not OnFull.RELEASE_OLDEST_INCIDENT:
            return
        if await self._index.oldest_deletable(limit=1):
            return  # what may be deleted cannot be: giving up evidence would make no room either
        # A little more than closes the breaker: it must stay closed for a while, too.
        free = usage.free + self._deleter.awaited.look(usage)
        missing = waters(self._thresholds, usage).high - free
        held = await repository.fetch_held_bytes(self._database)
        if sum(held.values()) < missing:
            return
        while missing > 0 and self._volume.is_present():
            incident_id = await repository.fetch_oldest_incident(self._database)
            if incident_id is None:
                return
            if not await self._incidents.release_for_room(
                incident_id, reason=guard.on_full_reason, standing_by=guard.on_full_by_name
            ):
                continue  # released or exported since: the next look does not find it
            given = await self._give_up(incident_id, guard, missing)
            if given.kept or not given.segments:
                return  # nothing goes: giving up more evidence would make no room either
            missing -= given.size_bytes

    async def _give_up(self, incident_id: str, guard: Guard, missing: int) -> Deleted:
        """Delete as much of what is no longer held as is missing."""
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
            given += deleted
            if deleted.segments == 0:
                break
        for purge in await repository.fetch_open_purges(self._database):
            if purge.kind is order.kind:
                await self._deleter.finish(purge)
        return given
