"""Builds the parts that find, keep and hand out footage, and starts their jobs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.media.model import PathView
from gtvision_edge.papers import PaperPrinter, PaperShelf
from gtvision_edge.recordings.evidence.copies import Copies
from gtvision_edge.recordings.evidence.exports import Exports, open_exports
from gtvision_edge.recordings.evidence.folder import DEFAULT_NAME
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.evidence.readings import ReadingSource
from gtvision_edge.recordings.incidents.service import IncidentService
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.filling import GroupFiller
from gtvision_edge.recordings.indexing.growing import GrowingFiles
from gtvision_edge.recordings.indexing.hashing import Hasher
from gtvision_edge.recordings.indexing.indexer import Indexer
from gtvision_edge.recordings.integrity.opening import open_integrity
from gtvision_edge.recordings.integrity.service import IntegrityService
from gtvision_edge.recordings.keeping import CameraKeeper
from gtvision_edge.recordings.ownership.mending import MarkerMender
from gtvision_edge.recordings.playback.service import Playback
from gtvision_edge.recordings.playback.serving import SegmentServer
from gtvision_edge.recordings.playback.viewings import FootageViewings
from gtvision_edge.recordings.purge_papers import PurgePapers
from gtvision_edge.recordings.retention.breaker import Breaker
from gtvision_edge.recordings.retention.opening import Retention, RetentionBase, open_retention
from gtvision_edge.recordings.seals import FootageSeals
from gtvision_edge.recordings.thumbnails.service import Thumbnails
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.recordings.volume import Volume
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.tasks import Job, background, keep_running
from gtvision_edge.settings import (
    ExportSettings,
    IntegritySettings,
    RecordingSettings,
    VolumeSettings,
)
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class FootageBase:
    """What the parts stand on."""

    database: Database
    audit: AuditLog
    cameras: CameraService
    volume: Volume
    mender: MarkerMender
    bus: EventBus
    clock: Clock
    registry: CollectorRegistry
    zone: ZoneInfo
    settings: RecordingSettings
    thresholds: VolumeSettings
    breaker: Breaker
    view: Callable[[str], PathView | None]
    """What the media server makes of a camera, by its id."""
    export_settings: ExportSettings
    integrity_settings: IntegritySettings
    site: Site
    keys: OpenedKeys
    state_dir: Path
    readings: ReadingSource
    copies: Copies


@dataclass(frozen=True, slots=True)
class Footage:
    """The parts, for the API."""

    indexer: Indexer
    hasher: Hasher
    timelines: TimelineService
    playback: Playback
    thumbnails: Thumbnails
    incidents: IncidentService
    purge_papers: PurgePapers
    exports: Exports
    retention: Retention
    integrity: IntegrityService


@asynccontextmanager
async def open_footage(base: FootageBase, *, tasks: asyncio.TaskGroup) -> AsyncIterator[Footage]:
    """Bring the parts up, their jobs in *tasks*; all end, in reverse, with the block."""
    async with AsyncExitStack() as stack:

        async def service(name: str, job: Job) -> None:
            await stack.enter_async_context(
                background(tasks, name, lambda: keep_running(name, job, clock=base.clock))
            )

        indexer = Indexer(
            base.volume.root,
            base.database,
            base.cameras,
            is_present=base.volume.is_present,
            view=base.view,
            bus=base.bus,
            clock=base.clock,
            mender=base.mender,
            registry=base.registry,
        )
        stack.callback(indexer.close)
        growing = GrowingFiles(
            base.volume.root, base.database, indexer.newest_open, clock=base.clock
        )
        stack.callback(growing.close)
        hasher = Hasher(
            base.volume.root,
            base.database,
            is_present=base.volume.is_present,
            clock=base.clock,
            registry=base.registry,
        )
        stack.callback(hasher.close)
        filler = GroupFiller(base.volume.root, base.database)
        stack.callback(filler.close)
        index = SegmentIndex(base.database, root=base.volume.root, growing=growing, filler=filler)
        keeper = CameraKeeper(base.database, base.cameras, bus=base.bus, clock=base.clock)
        await keeper.keep()
        await service("recorded-cameras", keeper.run)
        await service("segment-indexer", indexer.run)
        await service("segment-hasher", hasher.run)
        server = SegmentServer(registry=base.registry)
        stack.callback(server.close)
        viewings = FootageViewings(base.database, base.audit, base.clock)
        stack.push_async_callback(viewings.close)
        await service("footage-viewings", viewings.run)
        thumbnails = Thumbnails(
            index,
            base.bus,
            base.clock,
            interval_s=base.settings.thumbnail_interval,
            registry=base.registry,
        )
        stack.push_async_callback(thumbnails.close)
        await service("thumbnails", thumbnails.run)
        seals = FootageSeals(
            base.database, base.audit, base.clock, key=base.keys.site, registry=base.registry
        )
        await service("footage-seals", seals.run)
        timelines = TimelineService(index, base.database, base.clock, zone=base.zone)
        incidents = IncidentService(base.database, base.audit, base.clock, index=index)
        await service("incident-flags", incidents.run)
        retention = await open_retention(
            RetentionBase(
                database=base.database,
                audit=base.audit,
                index=index,
                incidents=incidents,
                cameras=base.cameras,
                volume=base.volume,
                breaker=base.breaker,
                clock=base.clock,
                registry=base.registry,
                zone=base.zone,
                settings=base.settings,
                thresholds=base.thresholds,
                end_readers=server.end,
            ),
            service,
            stack,
        )
        exports = await stack.enter_async_context(
            open_exports(
                base.export_settings,
                root=base.volume.root,
                thresholds=base.thresholds,
                require_volume=base.volume.require_present,
                trust=retention.clock_guard,
                database=base.database,
                audit=base.audit,
                clock=base.clock,
                index=index,
                timelines=timelines,
                incidents=incidents,
                cameras=base.cameras,
                site=base.site,
                keys=base.keys,
                seals=seals,
                hasher=hasher,
                readings=base.readings,
                copies=base.copies,
                registry=base.registry,
            )
        )
        await service("exports", exports.maker.run)
        integrity = open_integrity(
            base.volume,
            base.database,
            base.audit,
            base.clock,
            settings=base.integrity_settings,
            exports=base.export_settings.folder or base.volume.root / DEFAULT_NAME,
            zone=base.zone,
            bus=base.bus,
            registry=base.registry,
            on_missing=indexer.forget_names,
            stack=stack,
        )
        await service("integrity", integrity.run)
        yield Footage(
            indexer=indexer,
            hasher=hasher,
            timelines=timelines,
            playback=Playback(index, base.cameras.find_camera, viewings, server),
            thumbnails=thumbnails,
            purge_papers=PurgePapers(
                base.database,
                index,
                PaperShelf(base.state_dir / "purges", PaperPrinter(base.keys.paper)),
                site=base.site,
            ),
            incidents=incidents,
            exports=exports,
            retention=retention,
            integrity=integrity,
        )
