"""What every part of the daemon stands on, opened in the order in which they need one another."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from gtvision_edge import __version__
from gtvision_edge.accounts import Accounts, open_accounts
from gtvision_edge.archive.debts import BundleCopies
from gtvision_edge.audit import SYSTEM, AuditLog, SealedWords
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.onvif.device import DeviceAsker
from gtvision_edge.cameras.own_servers import OwnServers
from gtvision_edge.cameras.probe import CameraProber
from gtvision_edge.cameras.service import CameraService, open_camera_service
from gtvision_edge.detections.opening import readings_for_evidence
from gtvision_edge.hub_news import HubNews
from gtvision_edge.keys import OpenedKeys, open_keys
from gtvision_edge.media.model import PathView
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.footage import FootageBase
from gtvision_edge.recordings.ownership.mending import MarkerMender
from gtvision_edge.recordings.retention.breaker import Breaker
from gtvision_edge.recordings.retention.disk_news import DiskWatch
from gtvision_edge.recordings.volume import Volume, open_volume
from gtvision_edge.runtime.boots import was_booted
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.runtime.lock import sole_use
from gtvision_edge.settings import Settings
from gtvision_edge.storage import Database, open_database
from gtvision_edge.uplink import Outbox

DATABASE: Final = "edge.db"


@dataclass(frozen=True, slots=True)
class Base:
    """What every part stands on."""

    settings: Settings
    clock: Clock
    bus: EventBus
    registry: CollectorRegistry
    database: Database
    audit: AuditLog
    words: SealedWords
    """What people wrote, as it is kept; by the key of the cameras' passwords."""
    accounts: Accounts
    keys: OpenedKeys
    volume: Volume
    mender: MarkerMender
    breaker: Breaker
    disk_watch: DiskWatch
    outbox: Outbox
    news: HubNews
    cameras: CameraService
    devices: DeviceAsker
    prober: CameraProber
    resolver: NameResolver
    own_servers: OwnServers
    was_booted: bool
    """The box, since the daemon ran last."""

    @property
    def recording_trouble(self) -> str:
        """Return the code of what keeps every camera from being recorded, '' when nothing does."""
        return self.volume.trouble or self.breaker.trouble

    def recording_findings(self) -> list[Finding]:
        """Return that trouble as what somebody should mend."""
        code = self.recording_trouble
        return [Finding(code, Severity.ALARM)] if code else []


async def open_base(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Base:
    """Open it; *stack* closes it again.

    Raises:
        AlreadyRunningError, DatabaseTooNewError …: nothing can be served.

    """
    enter = stack.enter_async_context
    state_dir, root = settings.storage.state_dir, settings.storage.volume
    lock = sole_use(state_dir)
    await asyncio.to_thread(lock.__enter__)
    stack.push(lock.__exit__)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    bus = EventBus()
    reserve_bytes = settings.storage.reserve_mb * 2**20
    database = await enter(
        open_database(state_dir / DATABASE, reserve_bytes=reserve_bytes, registry=registry)
    )
    audit = AuditLog(clock)
    accounts = await enter(
        open_accounts(
            settings.accounts,
            state_dir=state_dir,
            database=database,
            audit=audit,
            clock=clock,
            identity=settings.identity,
            registry=registry,
        )
    )
    keys = await open_site_keys(settings, accounts.site_id, database, audit)
    mender = MarkerMender(root, database, clock)
    volume = await enter(
        open_volume(
            root,
            state_dir=state_dir,
            site_id=accounts.site_id,
            clock=clock,
            bus=bus,
            mender=mender,
        )
    )
    resolver = await enter(NameResolver(clock))
    own_servers = OwnServers(resolver)
    prober = CameraProber(resolver=resolver, clock=clock, timeout_s=settings.cameras.probe_timeout)
    devices = await enter(
        DeviceAsker(resolver=resolver, clock=clock, timeout_s=settings.cameras.probe_timeout)
    )
    cameras = await enter(
        open_camera_service(
            database,
            audit=audit,
            bus=bus,
            clock=clock,
            prober=prober,
            devices=devices,
            state_dir=state_dir,
            address_rule=own_servers.check,
        )
    )
    outbox = Outbox(clock, site_id=accounts.site_id, has_hub=settings.uplink.has_hub)
    news = HubNews(outbox, clock)
    return Base(
        settings=settings,
        clock=clock,
        bus=bus,
        registry=registry,
        database=database,
        audit=audit,
        words=SealedWords(seal=cameras.seal, unseal=cameras.unseal),
        accounts=accounts,
        keys=keys,
        volume=volume,
        mender=mender,
        breaker=Breaker(
            volume,
            cameras,
            database=database,
            audit=audit,
            bus=bus,
            clock=clock,
            settings=settings.volume,
            tell=news.tell_disk,
            registry=registry,
        ),
        disk_watch=DiskWatch(
            volume, database, clock, settings=settings.volume, tell=news.tell_disk
        ),
        outbox=outbox,
        news=news,
        cameras=cameras,
        devices=devices,
        prober=prober,
        resolver=resolver,
        own_servers=own_servers,
        was_booted=await asyncio.to_thread(was_booted, state_dir),
    )


async def open_site_keys(
    settings: Settings, site_id: str, database: Database, audit: AuditLog
) -> OpenedKeys:
    """Open the site's keys; that new ones were made is an act, for all that is signed from now on hangs on them."""
    keys = await asyncio.to_thread(
        open_keys, settings.storage.state_dir, settings.papers, site_id=site_id
    )
    if keys.made:
        details = {
            "files": keys.made,
            "damaged": keys.replaced,
            "site_key": keys.site.public.fingerprint,
            "certificate": keys.paper.fingerprint,
        }
        await database.write(
            lambda transaction: audit.append(
                transaction, actor=SYSTEM, action="site.keys_made", details=details
            )
        )
    return keys


def footage_base(base: Base, view: Callable[[str], PathView | None]) -> FootageBase:
    """Return what the footage stands on; *view* is the media server's of a camera."""
    return FootageBase(
        database=base.database,
        audit=base.audit,
        cameras=base.cameras,
        volume=base.volume,
        mender=base.mender,
        bus=base.bus,
        clock=base.clock,
        registry=base.registry,
        view=view,
        zone=ZoneInfo(base.settings.site.timezone),
        settings=base.settings.recordings,
        export_settings=base.settings.exports,
        integrity_settings=base.settings.integrity,
        site=Site(
            site_id=base.accounts.site_id,
            name=base.settings.site.name,
            timezone=base.settings.site.timezone,
            software="GT-Vision Edge",
            version=__version__,
        ),
        thresholds=base.settings.volume,
        breaker=base.breaker,
        keys=base.keys,
        state_dir=base.settings.storage.state_dir,
        readings=readings_for_evidence(base.database, base.settings.storage.state_dir),
        copies=BundleCopies(base.settings.archive, base.clock),
    )
