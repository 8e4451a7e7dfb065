"""Builds the parts that delete footage, and starts their jobs."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.index import LeanSegment, SegmentIndex
from gtvision_edge.recordings.retention.breaker import Breaker
from gtvision_edge.recordings.retention.clock_guard import ClockGuard, kernel_says_synced
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.keeper import Keeper
from gtvision_edge.recordings.retention.ordering import Cameras, PurgeService
from gtvision_edge.recordings.retention.override import Incidents, Override
from gtvision_edge.recordings.retention.policies import PolicyService
from gtvision_edge.recordings.retention.reports import StorageReports
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.tasks import Job
from gtvision_edge.settings import RecordingSettings, VolumeSettings
from gtvision_edge.storage import Database


class WatchedVolume(Protocol):
    """The recordings volume as it was at the last look."""

    @property
    def root(self) -> Path: ...
    @property
    def usage(self) -> Usage | None: ...

    def is_present(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class RetentionBase:
    """What the parts stand on."""

    database: Database
    audit: AuditLog
    index: SegmentIndex
    incidents: Incidents
    cameras: Cameras
    volume: WatchedVolume
    breaker: Breaker
    clock: Clock
    registry: CollectorRegistry
    zone: ZoneInfo
    settings: RecordingSettings
    thresholds: VolumeSettings
    end_readers: Callable[[Sequence[LeanSegment]], None]


@dataclass(frozen=True, slots=True)
class Retention:
    """The parts, for the API."""

    breaker: Breaker
    clock_guard: ClockGuard
    keeper: Keeper
    policies: PolicyService
    purges: PurgeService
    reports: StorageReports


async def open_retention(
    base: RetentionBase, service: Callable[[str, Job], Awaitable[None]], stack: AsyncExitStack
) -> Retention:
    """Bring the parts up, their jobs by *service*; what must be closed is on *stack*."""
    clock_guard = ClockGuard(
        base.database, base.clock, is_synced=kernel_says_synced, registry=base.registry
    )
    deleter = Deleter(
        base.index,
        base.database,
        base.audit,
        base.clock,
        root=base.volume.root,
        is_present=base.volume.is_present,
        zone=base.zone,
        end_readers=base.end_readers,
        registry=base.registry,
    )
    stack.callback(deleter.close)
    override = Override(
        base.index,
        deleter,
        volume=base.volume,
        is_open=lambda: bool(base.breaker.trouble),
        incidents=base.incidents,
        database=base.database,
        thresholds=base.thresholds,
    )
    keeper = Keeper(
        base.index,
        deleter,
        volume=base.volume,
        trust=clock_guard,
        database=base.database,
        clock=base.clock,
        settings=base.settings,
        thresholds=base.thresholds,
        on_short=override.apply,
    )
    await service("clock-guard", clock_guard.run)
    await service("retention", keeper.run)
    return Retention(
        breaker=base.breaker,
        clock_guard=clock_guard,
        keeper=keeper,
        policies=PolicyService(
            base.database,
            base.audit,
            base.clock,
            index=base.index,
            keeper=keeper,
            default_days=base.settings.retain_days,
        ),
        purges=PurgeService(
            base.database,
            base.clock,
            cameras=base.cameras,
            index=base.index,
            deleter=deleter,
            keeper=keeper,
        ),
        reports=StorageReports(
            base.database,
            base.clock,
            index=base.index,
            keeper=keeper,
            volume=base.volume,
            thresholds=base.thresholds,
        ),
    )
