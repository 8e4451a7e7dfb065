"""Builds the parts that delete footage, and starts their jobs."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.retention.breaker import Breaker
from gtvision_edge.recordings.retention.clock_guard import ClockGuard, kernel_says_synced
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.keeper import Keeper
from gtvision_edge.recordings.retention.override import Override
from gtvision_edge.recordings.volume import Volume
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.tasks import Job
from gtvision_edge.settings import RecordingSettings, VolumeSettings
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class RetentionBase:
    """What the parts stand on."""

    database: Database
    audit: AuditLog
    index: SegmentIndex
    volume: Volume
    breaker: Breaker
    clock: Clock
    registry: CollectorRegistry
    zone: ZoneInfo
    settings: RecordingSettings
    thresholds: VolumeSettings


@dataclass(frozen=True, slots=True)
class Retention:
    """The parts, for the API."""

    breaker: Breaker
    clock_guard: ClockGuard
    deleter: Deleter
    keeper: Keeper


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
        registry=base.registry,
    )
    stack.callback(deleter.close)
    override = Override(
        base.index,
        deleter,
        volume=base.volume,
        is_open=lambda: bool(base.breaker.trouble),
        database=base.database,
        audit=base.audit,
        clock=base.clock,
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
    return Retention(base.breaker, clock_guard, deleter, keeper)
