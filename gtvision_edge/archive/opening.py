"""Puts the parts of the archive together."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from gtvision_edge.archive.bounds import ArchiveBounds
from gtvision_edge.archive.copier import Copier
from gtvision_edge.archive.files import FilesToCopy, PathOf
from gtvision_edge.archive.model import Kind, Parked
from gtvision_edge.archive.pace import Pace
from gtvision_edge.archive.parked import FailedCopies
from gtvision_edge.archive.store import CopyStore, require_extra
from gtvision_edge.archive.watch import ArchiveWatch
from gtvision_edge.audit import AuditLog
from gtvision_edge.lines.parked import ParkedDesk
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.tasks import Job
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class Archive:
    """What others use of it; *jobs*, by their names, are to be run as services."""

    watch: ArchiveWatch
    parked: ParkedDesk[Parked]
    jobs: Mapping[str, Job]


@asynccontextmanager
async def open_archive(
    settings: ArchiveSettings,
    database: Database,
    audit: AuditLog,
    clock: Clock,
    *,
    site_id: str,
    picture: PathOf,
    bundle: PathOf,
    trusts_clock: Callable[[], bool],
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Archive]:
    """Make the parts. *picture* and *bundle* say where files are. While *trusts_clock* is False nothing is given up for its age.

    Raises:
        ArchiveExtraMissingError: a bucket is named, and what talks to it is not installed.

    """
    require_extra(settings)
    files = FilesToCopy(
        {Kind.PICTURE: picture, Kind.EVIDENCE: bundle},
        pace=Pace(clock, settings.bytes_per_second),
    )
    try:
        copier = Copier(
            settings,
            database,
            audit,
            clock,
            connect=lambda: CopyStore(settings, site_id=site_id),
            files=files,
            registry=registry,
        )
        watch = ArchiveWatch(settings, database, copier, clock, registry=registry)
        bounds = ArchiveBounds(settings, database, audit, clock, trusts_clock=trusts_clock)
        jobs: dict[str, Job] = {
            "archive": copier.run,
            "archive-watch": watch.run,
            "archive-bounds": bounds.run,
        }
        failed = FailedCopies(is_on=bool(settings.bucket))
        parked = ParkedDesk(failed, database, audit, clock, wake=copier.wake)
        yield Archive(watch, parked, jobs)
    finally:
        files.close()
