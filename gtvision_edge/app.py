"""The composition root: the only module that knows every part."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from gtvision_edge import __version__
from gtvision_edge.accounts import Accounts, Passes, ensure_site, open_accounts
from gtvision_edge.api.audit import audit_endpoints
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.auth_check import auth_check_endpoints
from gtvision_edge.api.cameras import camera_endpoints
from gtvision_edge.api.console import load_console
from gtvision_edge.api.discovery import discovery_endpoints
from gtvision_edge.api.exports import export_endpoints
from gtvision_edge.api.footage import footage_endpoints
from gtvision_edge.api.geojson import geojson_endpoints
from gtvision_edge.api.incidents import incident_endpoints
from gtvision_edge.api.mosaics import mosaic_endpoints
from gtvision_edge.api.people import people_endpoints
from gtvision_edge.api.pictures import picture_endpoints
from gtvision_edge.api.probes import probe_routes
from gtvision_edge.api.purge_papers import purge_paper_endpoints
from gtvision_edge.api.server import Api, build_api, serve
from gtvision_edge.api.session import session_endpoints
from gtvision_edge.api.site import site_endpoints
from gtvision_edge.api.status import status_endpoints
from gtvision_edge.api.storage import storage_endpoints
from gtvision_edge.audit import (
    COMMAND_LINE,
    SYSTEM,
    AuditLog,
    EntryProof,
    TreeHead,
    Verification,
    read_checkpoint,
    write_checkpoint,
)
from gtvision_edge.cameras.model import CameraState
from gtvision_edge.cameras.monitor import CameraMonitor, rtsp_ask
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.onvif.device import DeviceAsker
from gtvision_edge.cameras.onvif.finder import DeviceFinder
from gtvision_edge.cameras.onvif.search import DeviceSearch
from gtvision_edge.cameras.own_servers import OwnServers
from gtvision_edge.cameras.probe import CameraProber
from gtvision_edge.cameras.repository import fetch_cameras
from gtvision_edge.cameras.service import CameraService, open_camera_service
from gtvision_edge.cameras.starting import CameraOutcome, add_typed_camera
from gtvision_edge.cameras.urls import DEFAULT_RTSP_PORT
from gtvision_edge.demo.site import open_demo_site
from gtvision_edge.errors import EdgeError, ErrorKind
from gtvision_edge.health.board import HealthBoard
from gtvision_edge.keys import OpenedKeys, SiteKey, open_keys
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.embedded.server import open_embedded_server
from gtvision_edge.media.errors import MediaServerUnavailableError
from gtvision_edge.media.findings import MediaServerExaminer
from gtvision_edge.media.gateway import Gateway, MediaServerPlace, open_gateway
from gtvision_edge.media.paths import PathRules
from gtvision_edge.media.reconciler import Reconciler
from gtvision_edge.media.view import MediaViews
from gtvision_edge.media.whep import WebRtcPlace
from gtvision_edge.mosaics.service import MosaicService
from gtvision_edge.recordings.adoption import Candidate, adopt
from gtvision_edge.recordings.errors import VolumeMissingError
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.footage import Footage, FootageBase, open_footage
from gtvision_edge.recordings.markers import VOLUME_MARKER
from gtvision_edge.recordings.rebuilding.service import Progress, Rebuilt, rebuild
from gtvision_edge.recordings.retention.breaker import Breaker, BreakerClosed, BreakerOpened
from gtvision_edge.recordings.retention.errors import UnknownPurgeError
from gtvision_edge.recordings.seals import SealReport, check_seals
from gtvision_edge.recordings.volume import Volume, VolumeFound, VolumeLost, open_volume
from gtvision_edge.runtime.clock import Clock, SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.lock import sole_use
from gtvision_edge.runtime.pulse import Pulse
from gtvision_edge.runtime.systemd import find_credential, notify_systemd
from gtvision_edge.runtime.tasks import Job, background, keep_running
from gtvision_edge.runtime.transfers import Transfers
from gtvision_edge.settings import MediaSettings, Settings
from gtvision_edge.storage import Database, open_database

log = structlog.get_logger(__name__)

DATABASE = "edge.db"
MEDIAMTX_ANSWERS_S = 2.0


class PortInUseError(EdgeError):
    """Somebody else listens where we should."""

    code: ClassVar[str] = "port_in_use"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


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
class MediaServer:
    """Where the media server of this run is: MediaMTX beside us, or our own. *kind*: which of them, as far as we chose it."""

    kind: str
    api_url: str
    hls_url: str
    rtsp_url: str


@dataclass(frozen=True, slots=True)
class _Base:
    """What every part stands on."""

    settings: Settings
    clock: Clock
    bus: EventBus
    registry: CollectorRegistry
    database: Database
    audit: AuditLog
    accounts: Accounts
    keys: OpenedKeys
    volume: Volume
    breaker: Breaker
    cameras: CameraService
    devices: DeviceAsker
    resolver: NameResolver
    own_servers: OwnServers


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

        base = await _open_base(settings, clock, stack)
        await service("pulse", Pulse(clock, registry=base.registry).run)
        await service("logins", base.accounts.sessions.keep_house_forever)
        if base.accounts.issuers:
            await service("issuer-keys", base.accounts.issuers.keep_keys_fresh_forever)
        await service("volume", base.volume.run)
        await base.breaker.load()
        await service("breaker", base.breaker.run)
        media = await stack.enter_async_context(_media_server(settings.media, base, options))
        base.own_servers.keep_away_from(urlsplit(media.rtsp_url).port or DEFAULT_RTSP_PORT)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = MediaServerClient(
            media.api_url, settings.media.api_timeout, session, registry=base.registry
        )
        views = MediaViews(
            client,
            base.cameras,
            recordings=base.volume.directory_of,
            clock=clock,
            registry=base.registry,
        )
        stack.callback(views.close)
        monitor = _monitor(base, views)
        reconciler = _reconciler(base, client, monitor, media)
        examiner = MediaServerExaminer(client, clock)
        footage = await stack.enter_async_context(
            open_footage(_footage_base(base, views), tasks=tasks)
        )
        proxies = Proxies(settings.api.trusted_proxies)
        authenticator = RequestAuthenticator(
            base.accounts.sessions, proxies, cors_origins=settings.api.cors_origins
        )
        transfers = Transfers(registry=base.registry)
        gateway = await stack.enter_async_context(
            open_gateway(
                MediaServerPlace(
                    media.hls_url,
                    await asyncio.to_thread(_hls_secret, settings.media),
                    lambda: reconciler.state.kind or media.kind,
                ),
                cameras=base.cameras,
                authenticator=authenticator,
                sessions=base.accounts.sessions,
                client_address=proxies.client_address,
                database=base.database,
                audit=base.audit,
                recordings=base.volume.directory_of,
                transfers=transfers,
                clock=clock,
                registry=base.registry,
                webrtc=WebRtcPlace(
                    settings.media.webrtc_url,
                    client,
                    is_up=lambda: reconciler.state.up and examiner.has_looked,
                    is_offered=lambda: examiner.offers_webrtc,
                ),
            )
        )
        api = await _api(
            base,
            footage,
            monitor,
            views,
            reconciler,
            examiner,
            gateway,
            authenticator,
            proxies,
            transfers,
        )
        await service("reconciler", reconciler.run)
        await service("media-view", views.run)
        await service("media-examiner", examiner.run)
        await service("camera-monitor", monitor.run)
        outcomes = await _extra_cameras(base, options, stack)
        url = await _listen(api, settings, options, stack)
        stack.callback(
            gateway.let_go
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


async def _open_base(settings: Settings, clock: Clock, stack: AsyncExitStack) -> _Base:
    enter = stack.enter_async_context
    state_dir, root = settings.storage.state_dir, settings.storage.volume
    lock = sole_use(state_dir)
    await asyncio.to_thread(lock.__enter__)
    stack.push(lock.__exit__)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    bus = EventBus()
    database = await enter(open_database(state_dir / DATABASE, registry=registry))
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
    keys = await _open_keys(settings, accounts.site_id, database, audit)
    volume = await enter(
        open_volume(root, state_dir=state_dir, site_id=accounts.site_id, clock=clock, bus=bus)
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
    return _Base(
        settings=settings,
        clock=clock,
        bus=bus,
        registry=registry,
        database=database,
        audit=audit,
        accounts=accounts,
        keys=keys,
        volume=volume,
        breaker=Breaker(
            volume,
            cameras,
            database=database,
            audit=audit,
            bus=bus,
            clock=clock,
            settings=settings.volume,
            registry=registry,
        ),
        cameras=cameras,
        devices=devices,
        resolver=resolver,
        own_servers=own_servers,
    )


async def _open_keys(
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


@asynccontextmanager
async def _media_server(
    settings: MediaSettings, base: _Base, options: RunOptions
) -> AsyncIterator[MediaServer]:
    """Give the media server of this run; our own lives as long as the block."""
    if settings.server == "mediamtx" or (
        settings.server == "auto" and not options.demo and await _mediamtx_answers(settings)
    ):
        yield MediaServer("mediamtx", settings.api_url, settings.hls_url, settings.rtsp_url)
        return
    own = settings.embedded
    if options.demo:  # a trial takes what is free
        own = own.model_copy(
            update={
                name: await _free_or_any(own.host, getattr(own, name))
                for name in ("api_port", "hls_port", "rtsp_port")
            }
        )
    try:
        opened = open_embedded_server(own, record_root=base.volume.root, clock=base.clock)
        async with opened as server:
            yield MediaServer("embedded", server.api_url, server.hls_url, server.rtsp_url)
    except OSError as error:
        raise _port_error(
            error,
            f"{own.api_port}, {own.hls_port} or {own.rtsp_port}",
            "media.embedded.*_port",
        ) from error


async def _mediamtx_answers(settings: MediaSettings) -> bool:
    async with aiohttp.ClientSession() as session:
        client = MediaServerClient(settings.api_url, MEDIAMTX_ANSWERS_S, session)
        try:
            info = await client.info()
        except EdgeError:
            return False
    return info.kind == "mediamtx"


async def _free_or_any(host: str, port: int) -> int:
    try:
        server = await asyncio.start_server(lambda *_: None, host, port)
    except OSError:
        return 0
    server.close()
    await server.wait_closed()
    return port


def _monitor(base: _Base, views: MediaViews) -> CameraMonitor:
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
        recording_trouble=lambda: base.volume.trouble or base.breaker.trouble,
    )


def _reconciler(
    base: _Base, client: MediaServerClient, monitor: CameraMonitor, media: MediaServer
) -> Reconciler:
    def refuses_password(camera_id: str) -> bool:
        return monitor.state_of(camera_id).state is CameraState.UNAUTHORIZED

    def may_record(camera_id: str) -> bool:
        return base.volume.is_present() and base.breaker.allows(camera_id)

    return Reconciler(
        client,
        base.cameras,
        PathRules(
            volume=base.volume.root,
            rtsp_url=media.rtsp_url,
            record_segment_s=base.settings.media.record_segment,
        ),
        bus=base.bus,
        clock=base.clock,
        claim_directory=base.volume.claim_directory,
        suspended=refuses_password,
        recording_allowed=may_record,
        news=(VolumeLost, VolumeFound, BreakerOpened, BreakerClosed),
        interval_s=base.settings.media.reconcile_interval,
        registry=base.registry,
    )


def _footage_base(base: _Base, views: MediaViews) -> FootageBase:
    return FootageBase(
        database=base.database,
        audit=base.audit,
        cameras=base.cameras,
        volume=base.volume,
        bus=base.bus,
        clock=base.clock,
        registry=base.registry,
        view=views.path_view,
        zone=ZoneInfo(base.settings.site.timezone),
        settings=base.settings.recordings,
        export_settings=base.settings.exports,
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
    )


async def _api(
    base: _Base,
    footage: Footage,
    monitor: CameraMonitor,
    views: MediaViews,
    reconciler: Reconciler,
    examiner: MediaServerExaminer,
    gateway: Gateway,
    authenticator: RequestAuthenticator,
    proxies: Proxies,
    transfers: Transfers,
) -> Api:
    accounts = base.accounts
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

    async def media_server() -> None:
        if not reconciler.state.up:
            raise MediaServerUnavailableError("The media server does not answer.")

    board = HealthBoard(
        {
            "database": base.database.check,
            "media_server": media_server,
            "volume": base.volume.require,
            "recording": base.breaker.require,
        },
        notices={
            "identity": accounts.issuers.check_keys,
            "papers": base.keys.check_certificate,
        },
    )
    return build_api(
        [
            *session_endpoints(
                accounts.sessions, accounts.service, authenticator, base.cameras, footage.playback
            ),
            *auth_check_endpoints(gateway, proxies),
            *people_endpoints(accounts.service),
            *camera_endpoints(base.cameras, monitor, views, footage.retention.purges),
            *footage_endpoints(
                base.cameras,
                footage.timelines,
                footage.playback,
                footage.thumbnails,
                Passes(accounts.sessions, base.clock),
                transfers,
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
            ),
            *export_endpoints(footage.exports.service, footage.exports.server),
            *picture_endpoints(base.cameras, footage.playback, footage.thumbnails, gateway),
            *geojson_endpoints(base.cameras, monitor),
            *discovery_endpoints(search),
            *mosaic_endpoints(mosaics),
            *audit_endpoints(base.audit, base.database, base.keys.site),
            *site_endpoints(base.keys),
            *status_endpoints(
                base.cameras,
                monitor,
                reconciler,
                gateway,
                findings=examiner,
                site=base.settings.site,
                site_id=accounts.site_id,
                version=__version__,
                volume=base.volume,
                breaker_trouble=lambda: base.breaker.trouble,
                clock=base.clock,
                key_faults=accounts.issuers.faults,
            ),
        ],
        version=__version__,
        settings=base.settings.api,
        authenticator=authenticator,
        proxies=proxies,
        console=await asyncio.to_thread(load_console),
        extra_routes=[*probe_routes(board, base.registry, authenticator), *gateway.routes()],
        registry=base.registry,
    )


async def _extra_cameras(
    base: _Base, options: RunOptions, stack: AsyncExitStack
) -> tuple[CameraOutcome, ...]:
    outcomes: list[CameraOutcome] = []
    if options.demo:
        zone = ZoneInfo(base.settings.site.timezone)
        site = open_demo_site(base.cameras, zone=zone, clock=base.clock)
        outcomes += await stack.enter_async_context(site)
    outcomes += [await add_typed_camera(base.cameras, url) for url in options.cameras]
    return tuple(outcomes)


async def _listen(api: Api, settings: Settings, options: RunOptions, stack: AsyncExitStack) -> str:
    host, port = settings.api.host, settings.api.port
    if options.demo:
        port = await _free_or_any(host, port)
    try:
        port = await stack.enter_async_context(serve(api.application, host=host, port=port))
    except OSError as error:
        raise _port_error(error, str(port), "api.port") from error
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 -- compared, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"


def _port_error(error: OSError, ports: str, setting: str) -> EdgeError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(f"Port {ports} is in use; choose another in {setting}.", port=ports)
    return PortInUseError(f"Port {ports} cannot be used: {error.strerror}.", port=ports)


def _hls_secret(settings: MediaSettings) -> str | None:
    """Return MediaMTX's CDN secret: the setting, else what its own unit gets from the same file."""
    if settings.hls_secret:
        return settings.hls_secret.get_secret_value()
    for line in (find_credential("mediamtx.env") or "").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MTX_HLSCDNSECRET" and value.strip():
            return value.strip().strip("\"'")
    return None


async def verify_audit(
    settings: Settings, checkpoint: str | None = None
) -> tuple[Verification, SealReport]:
    """Check the audit log of the site, also against the signed *checkpoint* of some day, and the seals of the footage.

    Works while the daemon runs; files are not read.

    Raises:
        NoSiteError: there is no database in the state folder.
        BadProofError: *checkpoint* is not this site's.

    """
    if checkpoint is None:
        path = await _existing_database(settings.storage.state_dir)
        async with open_database(path) as database:
            audit = AuditLog(SystemClock())
            return await audit.verify(database), await check_seals(database, audit)
    async with _existing_log(settings) as (database, audit, key):
        found = await audit.verify(database, known=read_checkpoint(checkpoint, key.public))
        return found, await check_seals(database, audit)


async def make_checkpoint(settings: Settings) -> str:
    """Return a signed checkpoint of the audit log as it is now; works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.

    """
    async with _existing_log(settings) as (database, audit, key):
        return write_checkpoint(await audit.tree_head(database), key)


async def prove_entry(
    settings: Settings, seq: int, checkpoint: str | None = None
) -> tuple[EntryProof, str]:
    """Prove that entry *seq* is in the log, as of *checkpoint* or as of now; return the checkpoint, too.

    Raises:
        NoSiteError: there is no database in the state folder.
        UnknownEntryError: there is no such entry.
        BadProofError: *checkpoint* is not this site's.

    """
    async with _existing_log(settings) as (database, audit, key):
        head: TreeHead | None = None
        if checkpoint is not None:
            head = read_checkpoint(checkpoint, key.public)
        proof = await audit.prove_entry(database, seq, head=head)
        await database.write(
            lambda transaction: audit.append(
                transaction, actor=COMMAND_LINE, action="audit.proven", details={"seq": seq}
            )
        )
        return proof, checkpoint or write_checkpoint(proof.head, key)


@asynccontextmanager
async def _existing_log(settings: Settings) -> AsyncIterator[tuple[Database, AuditLog, SiteKey]]:
    audit = AuditLog(SystemClock())
    path = await _existing_database(settings.storage.state_dir)
    async with open_database(path) as database:
        site_id = await ensure_site(database, SystemClock())
        keys = await _open_keys(settings, site_id, database, audit)
        yield database, audit, keys.site


async def rebuild_index(
    settings: Settings, progress: Callable[[Progress], None], *, forget_missing: bool
) -> Rebuilt:
    """Make the index of the recordings follow the volume; the daemon must not run. Without a database, one is made.

    Raises:
        AlreadyRunningError: the daemon runs.
        VolumeError: the site's volume is not there.

    """
    clock = SystemClock()
    state_dir, root = settings.storage.state_dir, settings.storage.volume
    async with AsyncExitStack() as stack:
        lock = sole_use(state_dir)
        await asyncio.to_thread(lock.__enter__)
        stack.push(lock.__exit__)
        if not await asyncio.to_thread((root / VOLUME_MARKER).is_file):
            raise VolumeMissingError(f"There is no volume of recordings at {root}; mount it.")
        database = await stack.enter_async_context(open_database(state_dir / DATABASE))
        site_id = await ensure_site(database, clock)
        bus = EventBus()
        volume = await stack.enter_async_context(
            open_volume(root, state_dir=state_dir, site_id=site_id, clock=clock, bus=bus)
        )
        if error := volume.error:
            raise error
        cameras = [camera for camera, _ in await fetch_cameras(database)]
        return await rebuild(
            root,
            database,
            cameras,
            audit=AuditLog(clock),
            clock=clock,
            progress=progress,
            forget_missing=forget_missing,
        )


async def reset_password(settings: Settings, username: str) -> str:
    """Give *username* a random password and return it; all logins of the user end. Works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.
        UnknownUserError: there is no such user.

    """
    clock = SystemClock()
    path = await _existing_database(settings.storage.state_dir)
    async with (
        open_database(path) as database,
        open_accounts(
            settings.accounts,
            state_dir=settings.storage.state_dir,
            database=database,
            audit=AuditLog(clock),
            clock=clock,
        ) as accounts,
    ):
        return await accounts.service.reset_password(username)


async def adopt_volume(
    settings: Settings, agrees: Callable[[Candidate], bool], *, may_be_bare_folder: bool
) -> str | None:
    """Have :func:`adopt` take what is at ``storage.volume`` now. Works while the daemon runs.

    Raises:
        NoSiteError: there is no database in the state folder.
        EdgeError: see :func:`adopt`.

    """
    clock = SystemClock()
    state_dir = settings.storage.state_dir
    async with open_database(await _existing_database(state_dir)) as database:
        return await adopt(
            settings.storage.volume,
            agrees,
            may_be_bare_folder=may_be_bare_folder,
            state_dir=state_dir,
            site_id=await ensure_site(database, clock),
            database=database,
            audit=AuditLog(clock),
            clock=clock,
        )


class NoSiteError(EdgeError):
    """No daemon has ever run over this state folder."""

    code: ClassVar[str] = "no_site"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


async def _existing_database(state_dir: Path) -> Path:
    path = state_dir / DATABASE
    if not await asyncio.to_thread(path.is_file):
        raise NoSiteError(f"There is no site in {state_dir}; name its folder with --state.")
    return path
