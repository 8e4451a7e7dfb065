"""Builds the parts that compare disk and index."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.integrity.comparing import Comparison
from gtvision_edge.recordings.integrity.service import IntegrityService
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import IntegritySettings
from gtvision_edge.storage import Database


class WatchedVolume(Protocol):
    """The recordings volume as it was at the last look."""

    @property
    def root(self) -> Path: ...
    @property
    def error(self) -> VolumeError | None: ...


def open_integrity(
    volume: WatchedVolume,
    database: Database,
    audit: AuditLog,
    clock: Clock,
    *,
    settings: IntegritySettings,
    exports: Path,
    zone: ZoneInfo,
    bus: EventBus,
    registry: CollectorRegistry,
    stack: AsyncExitStack,
) -> IntegrityService:
    """Give the service of a running daemon; what must be closed is on *stack*."""
    comparison = Comparison(
        volume.root,
        database,
        audit,
        clock,
        is_running=True,
        exports=exports,
        volume_error=lambda: volume.error,
        read=Counter(
            "gtvision_edge_integrity_read_bytes",
            "Bytes of recordings read again for comparing their hashes.",
            registry=registry,
        ),
    )
    stack.callback(comparison.close)
    return IntegrityService(
        comparison,
        database,
        audit,
        clock,
        settings=settings,
        zone=zone,
        bus=bus,
        registry=registry,
    )
