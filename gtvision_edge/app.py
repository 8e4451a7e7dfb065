"""The composition root: the only module that knows every part."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
import structlog

from gtvision_edge import __version__
from gtvision_edge.accounts import Passes
from gtvision_edge.alerts.feed import Feed
from gtvision_edge.alerts.marks import ReadingMarks
from gtvision_edge.alerts.raising import Teller
from gtvision_edge.alerts.repository import forget_words
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.api.alert_feed import AlertFeed
from gtvision_edge.api.alerts import alert_endpoints
from gtvision_edge.api.archive import archive_endpoints
from gtvision_edge.api.audit import audit_endpoints
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.auth_check import auth_check_endpoints
from gtvision_edge.api.cameras import camera_endpoints
from gtvision_edge.api.console import load_console
from gtvision_edge.api.detection_table import detection_table_endpoints
from gtvision_edge.api.detections import detection_endpoints
from gtvision_edge.api.discovery import discovery_endpoints
from gtvision_edge.api.exports import export_endpoints
from gtvision_edge.api.footage import footage_endpoints
from gtvision_edge.api.geojson import geojson_endpoints
from gtvision_edge.api.incidents import incident_endpoints
from gtvision_edge.api.integrity import integrity_endpoints
from gtvision_edge.api.itsapi import itsapi_routes
from gtvision_edge.api.mosaics import mosaic_endpoints
from gtvision_edge.api.people import people_endpoints
from gtvision_edge.api.pictures import picture_endpoints
from gtvision_edge.api.plate_sources import plate_source_endpoints
from gtvision_edge.api.probes import probe_routes
from gtvision_edge.api.purge_papers import purge_paper_endpoints
from gtvision_edge.api.push_access import push_access_endpoints
from gtvision_edge.api.push_subscriptions import push_subscription_endpoints
from gtvision_edge.api.pushes import push_endpoints
from gtvision_edge.api.server import Api, build_api, serve
from gtvision_edge.api.session import session_endpoints
from gtvision_edge.api.site import site_endpoints
from gtvision_edge.api.status import status_endpoints
from gtvision_edge.api.storage import storage_endpoints
from gtvision_edge.api.uplink import uplink_endpoints
from gtvision_edge.api.watch_import import watch_import_endpoints
from gtvision_edge.api.watchlist import watchlist_endpoints
from gtvision_edge.archive.debts import PictureCopies
from gtvision_edge.archive.opening import Archive, open_archive
from gtvision_edge.base import Base, footage_base, open_base
from gtvision_edge.cameras.model import CameraState
from gtvision_edge.cameras.monitor import CameraMonitor, rtsp_ask
from gtvision_edge.cameras.onvif.finder import DeviceFinder
from gtvision_edge.cameras.onvif.search import DeviceSearch
from gtvision_edge.cameras.starting import CameraOutcome, add_typed_camera
from gtvision_edge.cameras.urls import DEFAULT_RTSP_PORT
from gtvision_edge.demo.readings import open_demo_readings, with_frames
from gtvision_edge.demo.site import DemoSite, open_demo_site
from gtvision_edge.detections.opening import Detections, open_detections, picture_path
from gtvision_edge.detections.watch_import import WatchImport
from gtvision_edge.health.board import HealthBoard
from gtvision_edge.health.findings import FindingRegistry
from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.choosing import (
    MediaMtxSigns,
    MediaServer,
    find_hls_secret,
    free_or_any,
    open_media_server,
    port_error,
)
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.findings import MediaServerExaminer
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import PathRules
from gtvision_edge.media.reconciler import Reconciler
from gtvision_edge.media.streams import Streams, open_streams
from gtvision_edge.media.unseen_folder import UnseenFolder
from gtvision_edge.media.view import MediaViews
from gtvision_edge.media.wanted import WantedPaths
from gtvision_edge.media.whep import WebRtcPlace
from gtvision_edge.mosaics.service import MosaicService
from gtvision_edge.push.opening import Pushes, open_pushes
from gtvision_edge.push.raising import queue_alert
from gtvision_edge.push.watching import SiteWatch
from gtvision_edge.recordings.footage import Footage, open_footage
from gtvision_edge.recordings.holding import holds_moment
from gtvision_edge.recordings.incidents.repository import preserves
from gtvision_edge.recordings.retention.breaker import BreakerClosed, BreakerOpened
from gtvision_edge.recordings.retention.errors import UnknownPurgeError
from gtvision_edge.recordings.volume import VolumeFound, VolumeLost
from gtvision_edge.runtime.clock import Clock, SystemClock
from gtvision_edge.runtime.findings import FindingSource
from gtvision_edge.runtime.pulse import Pulse
from gtvision_edge.runtime.shares import Shares, open_transfers
from gtvision_edge.runtime.systemd import notify_systemd
from gtvision_edge.runtime.tasks import Job, background, keep_running
from gtvision_edge.settings import Settings
from gtvision_edge.uplink.opening import LineToHub, open_line
from gtvision_edge.uplink.outbox import forget_unsent

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """What a person who started the daemon wants to read."""

    url: str
    first_password: str | None
    """That of the user ``admin``, who was made just now; kept nowhere else."""
    cameras: tuple[CameraOutcome, ...]
    """What became of the cameras asked for on the command line."""
    volume_error: str
    media_server: str


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line adds to the settings."""

    demo: bool = False
    cameras: tuple[str, ...] = ()
    announce: Callable[[Started], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the API speaks for."""

    base: Base
    footage: Footage
    uplink: LineToHub
    archive: Archive
    detections: Detections
    alerts: AlertDesk
    pushes: Pushes
    feed: AlertFeed
    monitor: CameraMonitor
    views: MediaViews
    reconciler: Reconciler
    path_troubles: PathTroubles
    examiner: MediaServerExaminer
    findings: FindingRegistry
    notices: Mapping[str, FindingSource]
    """Those of the findings that ``/readyz`` tells of, too, by the names it gives them."""
    streams: Streams
    authenticator: RequestAuthenticator
    transfers: Shares


async def run(
    settings: Settings,
    stop: asyncio.Event,
    *,
    options: RunOptions = RunOptions(),
    clock: Clock = SystemClock(),
) -> None:
    """Bring the parts up in the order they need one another, wait for *stop*, take them down in reverse.

    Raises:
        AlreadyRunningError, DatabaseTooNewError, PortInUseError …: nothing can be served; or a group with a FatalError.

    """
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as stack:

        async def service(name: str, job: Job) -> None:
            await stack.enter_async_context(
                background(tasks, name, lambda: keep_running(name, job, clock=clock))
            )

        base = await open_base(settings, clock, stack)
        await service("pulse", Pulse(clock, registry=base.registry).run)
        if base.accounts.issuers:
            await service("issuer-keys", base.accounts.issuers.keep_keys_fresh_forever)
        await service("volume", base.volume.run)
        await base.breaker.load()
        await service("breaker", base.breaker.run)
        media = await stack.enter_async_context(
            open_media_server(
                settings.media,
                MediaMtxSigns(settings.media, settings.storage.state_dir),
                record_root=base.volume.root,
                bus=base.bus,
                clock=clock,
                is_trial=options.demo,
                is_stopping=stop.is_set,
            )
        )
        await service("media-choice", media.run)
        if media.kind == "mediamtx":
            base.prober.expect_sound_kept()
        for url in media.rtsp_urls:
            base.own_servers.keep_away_from(urlsplit(url).port or DEFAULT_RTSP_PORT)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = MediaServerClient(
            media.api_url, settings.media.api_timeout, session, registry=base.registry
        )
        admissions, path_troubles = Admissions(), PathTroubles(clock)
        views = MediaViews(
            client,
            base.cameras,
            recordings=base.volume.directory_of,
            admissions=admissions,
            clock=clock,
            registry=base.registry,
        )
        stack.callback(views.close)
        monitor = _monitor(base, views, stream_trouble=lambda: reconciler.state.error)
        await monitor.load()
        reconciler = _reconciler(base, client, monitor, media, admissions, path_troubles)
        hls_secret = await asyncio.to_thread(find_hls_secret, settings.media)
        examiner = MediaServerExaminer(
            client, clock, state=lambda: reconciler.state, hls_secret=hls_secret
        )
        footage = await stack.enter_async_context(
            open_footage(footage_base(base, views.path_view), tasks=tasks)
        )
        await service(
            "logins",
            lambda: base.accounts.sessions.keep_house_forever(
                lambda: footage.retention.clock_guard.is_trusted
            ),
        )
        uplink = open_line(
            settings.uplink,
            base.database,
            base.audit,
            clock,
            outbox=base.outbox,
            site_id=base.accounts.site_id,
            key=base.keys.site,
            trusts_clock=lambda: footage.retention.clock_guard.is_trusted,
            registry=base.registry,
        )
        archive = await stack.enter_async_context(
            open_archive(
                settings.archive,
                base.database,
                base.audit,
                clock,
                site_id=base.accounts.site_id,
                picture=picture_path(settings.storage.state_dir),
                bundle=footage.exports.folder.bundle,
                trusts_clock=lambda: footage.retention.clock_guard.is_trusted,
                registry=base.registry,
            )
        )
        unseen = UnseenFolder(
            lambda: base.volume.record_root,
            server=lambda: reconciler.state,
            recorded=monitor.count_recorded,
            unrecorded=monitor.count_unexplained,
            clock=clock,
        )
        notices: dict[str, FindingSource] = {
            "identity": base.accounts.issuers.findings,
            "papers": base.keys.findings,
            "paths": path_troubles.findings,
            "integrity": footage.integrity.findings,
        }
        alerts = AlertDesk(base.database, base.audit, clock, base.bus, words=base.words)
        pushes = await stack.enter_async_context(
            open_pushes(
                base.database,
                base.audit,
                clock,
                base.bus,
                key=base.keys.push,
                settings=settings.push,
                site=settings.site,
                cameras=base.cameras,
                alerts=alerts,
                find_person=base.accounts.sessions.find_person,
                look=SiteWatch(
                    base.cameras,
                    monitor,
                    recording_trouble=lambda: base.recording_trouble,
                    hub=uplink.findings,
                    archive=archive.watch.findings,
                ),
                registry=base.registry,
            )
        )
        findings = FindingRegistry(
            [
                examiner.findings,
                unseen.findings,
                media.findings,
                base.recording_findings,
                *notices.values(),
                base.mender.findings,
                footage.retention.clock_guard.findings,
                uplink.findings,
                archive.watch.findings,
                pushes.sender.findings,
                footage.hasher.findings,
                footage.indexer.findings,
                footage.retention.keeper.findings,
                lambda: detections.findings(),
            ],
            clock,
            registry=base.registry,
        )
        proxies = Proxies(settings.api.trusted_proxies)
        authenticator = RequestAuthenticator(
            base.accounts.sessions, proxies, cors_origins=settings.api.cors_origins
        )
        transfers = open_transfers(base.registry)
        streams = await stack.enter_async_context(
            open_streams(
                MediaServerPlace(
                    media.hls_url, hls_secret, lambda: reconciler.state.kind or media.kind
                ),
                WebRtcPlace(
                    settings.media.webrtc_url,
                    client,
                    is_up=lambda: reconciler.state.up and examiner.has_looked,
                    is_offered=lambda: examiner.offers_webrtc,
                ),
                tasks=tasks,
                cameras=base.cameras,
                authenticator=authenticator,
                sessions=base.accounts.sessions,
                client_address=proxies.client_address,
                admits=admissions.admits,
                database=base.database,
                audit=base.audit,
                recordings=base.volume.directory_of,
                transfers=transfers,
                clock=clock,
                registry=base.registry,
            )
        )
        teller = Teller(clock, words=base.words, raised=(queue_alert,))
        detections = await stack.enter_async_context(
            open_detections(
                base.database,
                base.audit,
                clock,
                base.bus,
                cameras=base.cameras,
                resolver=base.resolver,
                state_dir=settings.storage.state_dir,
                zone=ZoneInfo(settings.site.timezone),
                seal=base.cameras.seal,
                unseal=base.cameras.unseal,
                words=base.words,
                send=base.outbox.add_all,
                forget_unsent=forget_unsent,
                forget_words=forget_words,
                held=holds_moment(
                    camera_uuid="detections.camera_uuid", time_us="detections.captured_us"
                ),
                settings=with_frames(settings.detections) if options.demo else settings.detections,
                is_held=preserves,
                trusts_clock=lambda: footage.retention.clock_guard.is_trusted,
                tell=(teller,),
                tell_of_picture=(teller.picture_came,),
                copies=PictureCopies(settings.archive, clock),
                registry=base.registry,
            )
        )
        await service("anonymiser", detections.anonymiser.run)
        await service("picture-getter", detections.picture_getter.run)
        await service("picture-keeper", detections.picture_keeper.run)
        await service("plate-pulls", detections.pullers.run)
        await service("plate-clocks", detections.slow_clocks.run)
        await service("push-secrets", detections.secrets.keep_up_forever)
        feed = Feed(base.database, base.bus, clock, words=base.words, registry=base.registry)
        await feed.load()
        await service("feed", feed.follow)
        await service("feed-heartbeat", feed.beat)
        alert_feed = AlertFeed(feed, authenticator, base.accounts.sessions, registry=base.registry)
        parts = _Parts(
            base,
            footage,
            uplink,
            archive,
            detections,
            alerts,
            pushes,
            alert_feed,
            monitor,
            views,
            reconciler,
            path_troubles,
            examiner,
            findings,
            notices,
            streams,
            authenticator,
            transfers,
        )
        api = await _api(parts, proxies)
        await service("reconciler", reconciler.run)
        await service("media-view", views.run)
        await service("media-examiner", examiner.run)
        await service("camera-monitor", monitor.run)
        await service("findings", findings.run)
        for name, job in (*uplink.jobs.items(), *archive.jobs.items()):
            await service(name, job)
        await service("disk-watch", base.disk_watch.run)
        await service("push-sender", pushes.sender.run)
        await service("push-troubles", pushes.troubles.run)
        demo, outcomes = await _extra_cameras(base, options, stack)
        url = await _listen(api, settings, options, stack)
        if demo is not None:
            readings = open_demo_readings(demo, detections, url=url, clock=clock)
            await service("demo-readings", (await stack.enter_async_context(readings)).run)
        stack.callback(alert_feed.let_go)
        stack.callback(
            streams.gateway.let_go
        )  # leaves first, so that the server need not wait for live sockets
        options.announce(
            Started(
                url=url,
                first_password=base.accounts.first_password,
                cameras=outcomes,
                volume_error=base.volume.error.message if base.volume.error else "",
                media_server=media.api_url,
            )
        )
        log.info("started", url=url, version=__version__, cameras=len(base.cameras.all_cameras()))
        notify_systemd("READY=1")
        await stop.wait()
        notify_systemd("STOPPING=1")
    log.info("stopped")


def _monitor(base: Base, views: MediaViews, *, stream_trouble: Callable[[], str]) -> CameraMonitor:
    settings = base.settings.cameras
    return CameraMonitor(
        base.cameras,
        database=base.database,
        media=views,
        ask=rtsp_ask(base.resolver, timeout_s=settings.probe_timeout),
        bus=base.bus,
        clock=base.clock,
        settings=settings,
        registry=base.registry,
        was_booted=base.was_booted,
        recording_trouble=lambda: base.recording_trouble,
        stream_trouble=stream_trouble,
        tell=base.news.tell_camera,
    )


def _reconciler(
    base: Base,
    client: MediaServerClient,
    monitor: CameraMonitor,
    media: MediaServer,
    admissions: Admissions,
    path_troubles: PathTroubles,
) -> Reconciler:
    def refuses_password(camera_id: str) -> bool:
        return monitor.state_of(camera_id).state is CameraState.UNAUTHORIZED

    def may_record(camera_id: str) -> bool:
        return base.volume.is_present() and base.breaker.allows(camera_id)

    wanted = WantedPaths(
        client,
        base.cameras,
        PathRules(
            volume=base.volume.record_root,
            rtsp_url=media.rtsp_url,
            record_segment_s=base.settings.media.record_segment,
        ),
        clock=base.clock,
        claim_directory=base.volume.claim_directory,
        admissions=admissions,
        suspended=refuses_password,
        recording_allowed=may_record,
    )
    return Reconciler(
        client,
        wanted,
        bus=base.bus,
        clock=base.clock,
        admissions=admissions,
        path_troubles=path_troubles,
        news=(VolumeLost, VolumeFound, BreakerOpened, BreakerClosed),
        interval_s=base.settings.media.reconcile_interval,
        registry=base.registry,
    )


async def _api(parts: _Parts, proxies: Proxies) -> Api:
    base, footage, monitor, gateway = (
        parts.base,
        parts.footage,
        parts.monitor,
        parts.streams.gateway,
    )
    accounts, authenticator = base.accounts, parts.authenticator
    mosaics = MosaicService(base.database, base.audit, base.clock, cameras=base.cameras)

    search = DeviceSearch(
        DeviceFinder(
            clock=base.clock,
            interfaces=base.settings.cameras.discovery_interfaces,
            knock=base.devices.knock,
        ),
        base.cameras,
        audit=base.audit,
        database=base.database,
    )

    board = HealthBoard(
        {
            "database": base.database.check,
            "media_server": parts.reconciler.require,
            "volume": base.volume.require,
            "recording": base.breaker.require,
        },
        notices=parts.notices,
    )
    return build_api(
        [
            *session_endpoints(
                accounts.sessions,
                accounts.service,
                accounts.tenants,
                authenticator,
                base.cameras,
                footage.playback,
            ),
            *auth_check_endpoints(parts.streams.doorkeeper, proxies),
            *people_endpoints(accounts.service, accounts.tenants),
            *camera_endpoints(
                base.cameras, monitor, parts.views, parts.path_troubles, footage.retention.purges
            ),
            *footage_endpoints(
                base.cameras,
                footage.timelines,
                footage.playback,
                footage.thumbnails,
                ReadingMarks(base.database),
                Passes(accounts.sessions, base.clock),
                parts.transfers,
            ),
            *incident_endpoints(footage.incidents),
            *purge_paper_endpoints(
                footage.retention.purges.find, footage.purge_papers, unknown=UnknownPurgeError
            ),
            *storage_endpoints(
                footage.retention.reports,
                footage.retention.policies,
                footage.retention.purges,
                root=str(base.volume.root),
                thresholds=base.settings.volume,
                breaker=base.breaker,
                clock=footage.retention.clock_guard,
                readings=parts.detections.anonymiser,
            ),
            *integrity_endpoints(footage.integrity),
            *export_endpoints(footage.exports.service, footage.exports.server, parts.transfers),
            *picture_endpoints(base.cameras, footage.playback, footage.thumbnails, gateway),
            *geojson_endpoints(base.cameras, monitor),
            *discovery_endpoints(search),
            *mosaic_endpoints(mosaics),
            *push_endpoints(parts.detections.pushes),
            *push_access_endpoints(parts.detections.access, proxies, base.clock),
            *plate_source_endpoints(
                parts.detections.sources, pull_of=parts.detections.pullers.view_of
            ),
            *detection_endpoints(parts.detections.desk),
            *detection_table_endpoints(
                parts.detections.desk, zone=ZoneInfo(base.settings.site.timezone)
            ),
            *audit_endpoints(base.audit, base.database, base.keys.site, words=base.words),
            *watchlist_endpoints(parts.detections.watchlist, base.clock),
            *watch_import_endpoints(
                WatchImport(base.database, parts.detections.watchlist, base.clock),
                ZoneInfo(base.settings.site.timezone),
            ),
            *alert_endpoints(parts.alerts),
            *uplink_endpoints(parts.uplink.parked, parts.uplink.purges),
            *archive_endpoints(parts.archive.parked),
            *push_subscription_endpoints(parts.pushes),
            *site_endpoints(base.keys),
            *status_endpoints(
                base.cameras,
                monitor,
                parts.reconciler,
                parts.streams.doorkeeper,
                findings=parts.findings.findings,
                offers_webrtc=lambda: parts.examiner.offers_webrtc,
                site=base.settings.site,
                site_id=accounts.site_id,
                version=__version__,
                volume=base.volume,
                line=parts.uplink.watch,
                archive=parts.archive.watch,
                breaker_trouble=lambda: base.breaker.trouble,
                clock=base.clock,
            ),
        ],
        version=__version__,
        settings=base.settings.api,
        authenticator=authenticator,
        proxies=proxies,
        console=await asyncio.to_thread(load_console),
        extra_routes=[
            *probe_routes(board, base.registry, authenticator),
            *parts.streams.routes(),
            *itsapi_routes(parts.detections.pushes, parts.detections.login, proxies),
            *parts.feed.routes(),
        ],
        registry=base.registry,
    )


async def _extra_cameras(
    base: Base, options: RunOptions, stack: AsyncExitStack
) -> tuple[DemoSite | None, tuple[CameraOutcome, ...]]:
    demo = None
    if options.demo:
        zone = ZoneInfo(base.settings.site.timezone)
        demo = await stack.enter_async_context(
            open_demo_site(base.cameras, zone=zone, clock=base.clock)
        )
    typed = [await add_typed_camera(base.cameras, url) for url in options.cameras]
    return demo, (*(demo.outcomes if demo else ()), *typed)


async def _listen(api: Api, settings: Settings, options: RunOptions, stack: AsyncExitStack) -> str:
    host, port = settings.api.host, settings.api.port
    if options.demo:
        port = await free_or_any(host, port)
    try:
        port = await stack.enter_async_context(serve(api.application, host=host, port=port))
    except OSError as error:
        raise port_error(error, str(port), "api.port") from error
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 -- compared, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
