"""Puts the parts of the line to the hub together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from gtvision_edge.audit import AuditLog
from gtvision_edge.keys import SiteKey
from gtvision_edge.lines.parked import ParkedDesk
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.tasks import Job
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink.anchors import Anchors
from gtvision_edge.uplink.bounds import Bounds
from gtvision_edge.uplink.link import Uplink
from gtvision_edge.uplink.outbox import Outbox
from gtvision_edge.uplink.parked import OutboxPurges, RefusedMessages
from gtvision_edge.uplink.repository import Parked
from gtvision_edge.uplink.watch import UplinkWatch


@dataclass(frozen=True, slots=True)
class LineToHub:
    """What others use of it; *jobs*, by their names, are to be run as services."""

    watch: UplinkWatch
    bounds: Bounds
    parked: ParkedDesk[Parked]
    purges: OutboxPurges
    jobs: Mapping[str, Job]

    def findings(self) -> Iterable[Finding]:
        yield from self.watch.findings()
        yield from self.bounds.findings()


def open_line(
    settings: UplinkSettings,
    database: Database,
    audit: AuditLog,
    clock: Clock,
    *,
    outbox: Outbox,
    site_id: str,
    key: SiteKey,
    trusts_clock: Callable[[], bool],
    registry: CollectorRegistry | None = None,
) -> LineToHub:
    """Make the parts; *outbox* wakes the link from now on. While *trusts_clock* is False nothing is given up for its age.

    Without a hub no anchor is made, so that the next one continues the last one that a hub was told. What waits since there was a
    hub stays, within the bounds.
    """
    link = Uplink(settings, database, clock, site_id=site_id, registry=registry)
    outbox.wakes(link.wake)
    watch = UplinkWatch(settings, database, link, clock, registry=registry)
    bounds = Bounds(settings, database, audit, clock, trusts_clock=trusts_clock)
    anchors = Anchors(database, audit, clock, outbox=outbox, key=key)
    jobs: dict[str, Job] = {
        "uplink": link.run,
        "uplink-watch": watch.run,
        "uplink-bounds": bounds.run,
    }
    if settings.has_hub:
        jobs["audit-anchors"] = anchors.run
    parked = ParkedDesk(RefusedMessages(), database, audit, clock)
    return LineToHub(watch, bounds, parked, OutboxPurges(database), jobs)
