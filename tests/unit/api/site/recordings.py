"""Footage: the real parts over a volume of the test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.detections.opening import readings_for_evidence
from gtvision_edge.keys import OpenedKeys
from gtvision_edge.papers import PaperPrinter, PaperShelf
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.evidence.exports import Exports, open_exports
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.incidents.service import IncidentService
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.hashing import Hasher
from gtvision_edge.recordings.integrity.opening import open_integrity
from gtvision_edge.recordings.integrity.service import IntegrityService
from gtvision_edge.recordings.playback.service import Playback
from gtvision_edge.recordings.playback.serving import SegmentServer
from gtvision_edge.recordings.playback.viewings import FootageViewings
from gtvision_edge.recordings.purge_papers import PurgePapers
from gtvision_edge.recordings.retention.breaker import Breaker
from gtvision_edge.recordings.retention.opening import Retention, RetentionBase, open_retention
from gtvision_edge.recordings.seals import FootageSeals
from gtvision_edge.recordings.thumbnails.service import Thumbnails
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.tasks import Job
from gtvision_edge.settings import (
    ExportSettings,
    IntegritySettings,
    RecordingSettings,
    VolumeSettings,
)
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.volumes import ROOMY


@dataclass
class FakeVolume:
    """The recordings volume as a test wants it seen."""

    root: Path = Path("/rec")
    usage: Usage | None = field(default_factory=lambda: Usage(1000, 400, 600))
    trouble: str = ""


@dataclass
class MountedVolume:
    """The same, at a folder of the test."""

    seen: FakeVolume
    root: Path
    error: VolumeError | None = None

    @property
    def usage(self) -> Usage | None:
        return self.seen.usage

    def is_present(self) -> bool:
        return True


@pytest.fixture
def volume() -> FakeVolume:
    return FakeVolume()


@dataclass
class FakeFootage:
    """The real parts over a volume of the test; the files a test puts there itself."""

    index: SegmentIndex
    playback: Playback
    timelines: TimelineService
    viewings: FootageViewings
    thumbnails: Thumbnails
    incidents: IncidentService
    exports: Exports
    retention: Retention
    purge_papers: PurgePapers
    integrity: IntegrityService
    root: Path


@pytest.fixture
async def footage(
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    cameras: CameraService,
    keys: OpenedKeys,
    volume: FakeVolume,
    tmp_path: Path,
) -> AsyncIterator[FakeFootage]:
    root = tmp_path / "volume"
    root.mkdir()
    index = SegmentIndex(database, root=root)
    viewings = FootageViewings(database, audit, clock)
    server = SegmentServer()
    thumbnails = Thumbnails(index, EventBus(), clock, interval_s=10)
    timelines = TimelineService(index, database, clock, zone=ZoneInfo("America/Sao_Paulo"))
    incidents = IncidentService(database, audit, clock, index=index)
    hasher = Hasher(root, database, is_present=lambda: True, clock=clock)
    async with (
        open_exports(
            ExportSettings(),
            root=root,
            thresholds=ROOMY,
            require_volume=lambda: None,
            trust=SimpleNamespace(is_trusted=True),
            database=database,
            audit=audit,
            clock=clock,
            index=index,
            timelines=timelines,
            incidents=incidents,
            cameras=cameras,
            site=Site("site-1", "Portaria", "America/Sao_Paulo", "GT-Vision Edge", "1.2.3"),
            keys=keys,
            seals=FootageSeals(database, audit, clock, key=keys.site),
            hasher=hasher,
            readings=readings_for_evidence(database, tmp_path),
        ) as exports,
        AsyncExitStack() as stack,
    ):
        retention = await _retention(
            index, MountedVolume(volume, root), cameras, audit=audit, clock=clock, stack=stack
        )
        yield FakeFootage(
            index,
            Playback(index, cameras.find_camera, viewings, server),
            timelines,
            viewings,
            thumbnails,
            incidents,
            exports,
            retention,
            PurgePapers(
                database,
                index,
                PaperShelf(tmp_path / "purges", PaperPrinter(keys.paper)),
                site=Site("site-1", "Portaria", "America/Sao_Paulo", "GT-Vision Edge", "1.2.3"),
            ),
            open_integrity(
                MountedVolume(volume, root),
                database,
                audit,
                clock,
                settings=IntegritySettings(),
                exports=root / ".exports",
                zone=ZoneInfo("America/Sao_Paulo"),
                bus=EventBus(),
                registry=CollectorRegistry(),
                on_missing=lambda: None,
                stack=stack,
            ),
            root,
        )
    server.close()
    await thumbnails.close()
    hasher.close()


async def _retention(
    index: SegmentIndex,
    volume: "MountedVolume",
    cameras: CameraService,
    *,
    audit: AuditLog,
    clock: FakeClock,
    stack: AsyncExitStack,
) -> Retention:
    """Return the parts that delete footage; a test runs what they do by itself."""
    database = index._database
    breaker = Breaker(
        volume,
        cameras,
        database=database,
        audit=audit,
        bus=EventBus(),
        clock=clock,
        settings=VolumeSettings(),
    )
    base = RetentionBase(
        database=database,
        audit=audit,
        index=index,
        incidents=IncidentService(database, audit, clock, index=index),
        cameras=cameras,
        volume=volume,
        breaker=breaker,
        clock=clock,
        registry=CollectorRegistry(),
        zone=ZoneInfo("America/Sao_Paulo"),
        settings=RecordingSettings(),
        thresholds=VolumeSettings(),
        end_readers=lambda deleted: None,
    )

    async def unstarted(name: str, job: Job) -> None: ...

    return await open_retention(base, unstarted, stack)
