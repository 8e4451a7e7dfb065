"""Puts the parts of exports together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from gtvision_edge.audit import AuditLog
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.recordings.evidence.copies import NO_COPIES, Copies
from gtvision_edge.recordings.evidence.folder import DEFAULT_NAME, ExportFolder
from gtvision_edge.recordings.evidence.maker import ExportMaker, Trust
from gtvision_edge.recordings.evidence.ordering import (
    CameraFinder,
    OrderWriter,
    SealProver,
    SegmentHasher,
    Site,
)
from gtvision_edge.recordings.evidence.readings import ReadingSource
from gtvision_edge.recordings.evidence.sending import BundleServer
from gtvision_edge.recordings.evidence.service import ExportService
from gtvision_edge.recordings.incidents.service import IncidentService
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import ExportSettings, VolumeSettings
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class Exports:
    """``maker.run`` is the job that makes them."""

    service: ExportService
    maker: ExportMaker
    server: BundleServer
    folder: ExportFolder


@asynccontextmanager
async def open_exports(
    settings: ExportSettings,
    *,
    root: Path,
    thresholds: VolumeSettings,
    require_volume: Callable[[], object],
    trust: Trust,
    database: Database,
    audit: AuditLog,
    clock: Clock,
    index: SegmentIndex,
    timelines: TimelineService,
    incidents: IncidentService,
    cameras: CameraFinder,
    site: Site,
    keys: OpenedKeys,
    seals: SealProver,
    hasher: SegmentHasher,
    readings: ReadingSource,
    copies: Copies = NO_COPIES,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Exports]:
    """Give the exports of a site; bundles lie on the volume at *root*, or in the folder of the settings.

    No bundle is begun that would fill its file system so far that footage has to go (``high_water`` of *thresholds*).
    """
    folder = ExportFolder(settings.folder or root / DEFAULT_NAME, thresholds=thresholds)
    orders = OrderWriter(
        database,
        audit,
        index,
        timelines,
        cameras,
        site=site,
        keys=keys,
        seals=seals,
        hasher=hasher,
        readings=readings,
    )
    maker = ExportMaker(
        database,
        audit,
        clock,
        index=index,
        orders=orders,
        folder=folder,
        keep_s=settings.keep,
        require_volume=require_volume if settings.folder is None else lambda: None,
        trust=trust,
        copies=copies,
        registry=registry,
    )
    service = ExportService(
        database,
        audit,
        clock,
        incidents=incidents,
        orders=orders,
        maker=maker,
        folder=folder,
        max_length_s=settings.max_length,
        copies=copies,
    )
    server = BundleServer()
    try:
        yield Exports(service, maker, server, folder)
    finally:
        server.close()
        maker.close()
