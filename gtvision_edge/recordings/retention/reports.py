"""How full the volume is, with what, and for how long it will do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gtvision_edge.accounts import Principal
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import RecordedCamera, Span
from gtvision_edge.recordings.naming import may_see
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.keeper import Keeper
from gtvision_edge.recordings.retention.model import DAY_US, Rule
from gtvision_edge.recordings.retention.waters import Waters, waters
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import VolumeSettings
from gtvision_edge.storage import Database

LOOK_BACK_DAYS: Final = 7
"""Whole days of which the present rate is taken."""
LEAST_US: Final = 3_600_000_000
"""So much must have been recorded of each camera before a rate is told: in its first minutes a box alarms nobody."""


class WatchedVolume(Protocol):
    @property
    def usage(self) -> Usage | None: ...


@dataclass(frozen=True, slots=True)
class CameraStorage:
    """What there is of one camera, and the rule by which it is kept."""

    camera: RecordedCamera
    size_bytes: int
    held_bytes: int
    segments: int
    extent: Span | None
    rule: Rule


@dataclass(frozen=True, slots=True)
class TenantStorage:
    tenant_id: str
    size_bytes: int
    quota_bytes: int | None
    retain_days: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """*holds_days*: how many days of footage the volume can hold at the present rate, with what else is on it.

    *days_left*: in how many days footage begins to go before its time; None = not at all, or not known yet.
    """

    bytes_per_day: int | None
    holds_days: float | None
    days_left: float | None


@dataclass(frozen=True, slots=True)
class StorageReport:
    usage: Usage | None
    waters: Waters | None
    recordings_bytes: int
    held_bytes: int
    outlook: Outlook
    is_short_of_room: bool
    cameras: Sequence[CameraStorage]
    tenants: Sequence[TenantStorage]


class StorageReports:
    """Makes reports from running totals; nothing is summed over segments but what is held."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        index: SegmentIndex,
        keeper: Keeper,
        volume: WatchedVolume,
        thresholds: VolumeSettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._index = index
        self._keeper = keeper
        self._volume = volume
        self._thresholds = thresholds

    async def report(self, principal: Principal) -> StorageReport:
        """Return how it is, as far as *principal* may see it: of cameras and tenants only theirs."""
        rules = await self._keeper.rules()
        sums = await repository.fetch_camera_sums(self._database)
        held = await repository.fetch_held_bytes(self._database)
        everyone = await self._index.cameras()
        cameras = []
        for camera in everyone:
            segments, size = sums.get(camera.camera_no, (0, 0))
            if not may_see(principal, camera.camera_id, camera.tenant_id):
                continue
            if camera.removed_us is not None and not segments:
                continue
            cameras.append(
                CameraStorage(
                    camera,
                    size,
                    held.get(camera.camera_no, 0),
                    segments,
                    await self._index.extent(camera.camera_no),
                    rules.rule_of(camera),
                )
            )
        used = await repository.fetch_tenant_bytes(self._database)
        tenants = []
        if principal.camera_ids is None:
            for tenant_id in await repository.fetch_tenants(self._database):
                if principal.may_see_tenant(tenant_id):
                    policy = rules.tenants.get(tenant_id)
                    tenants.append(
                        TenantStorage(
                            tenant_id,
                            used.get(tenant_id, 0),
                            policy.quota_bytes if policy else None,
                            policy.retain_days if policy else None,
                        )
                    )
        usage = self._volume.usage
        longest = max((rules.rule_of(camera).retain_days for camera in everyone), default=0)
        if any(rules.rule_of(camera).retain_days == 0 for camera in everyone):
            longest = 0
        recordings = sum(size for _, size in sums.values())
        return StorageReport(
            usage=usage,
            waters=waters(self._thresholds, usage) if usage else None,
            recordings_bytes=recordings,
            held_bytes=sum(each.held_bytes for each in cameras),
            outlook=await self._outlook(usage, recordings, longest),
            is_short_of_room=self._keeper.is_short_of_room,
            cameras=cameras,
            tenants=tenants,
        )

    async def _outlook(self, usage: Usage | None, recordings: int, longest_days: int) -> Outlook:
        rate = await self._bytes_per_day()
        if rate is None or rate == 0 or usage is None:
            return Outlook(rate, None, None)
        room = usage.free - waters(self._thresholds, usage).high
        holds_days = max(0.0, (recordings + room) / rate)
        if longest_days and holds_days >= longest_days:  # age will take it first
            return Outlook(rate, holds_days, None)
        return Outlook(rate, holds_days, max(0.0, room / rate))

    async def _bytes_per_day(self) -> int | None:
        """Return the mean of the last whole days; on the first day what there is, taken for a whole one."""
        now_us = self._clock.now_us()
        today = now_us // DAY_US
        days = await repository.fetch_day_sums(self._database, today - LOOK_BACK_DAYS)
        whole = [size for day, (size, _) in days.items() if day < today]
        if len(whole) >= 2:
            # The first of them may have begun at any hour.
            return sum(whole[1:]) // (len(whole) - 1)
        size, recorded_us = (
            (sum(each) for each in zip(*days.values(), strict=True)) if days else (0, 0)
        )
        cameras = max(1, await repository.count_recording(self._database, now_us - DAY_US))
        if recorded_us < LEAST_US * cameras:
            return None
        return size * DAY_US * cameras // recorded_us
