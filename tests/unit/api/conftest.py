"""A site of two tenants behind the real server, over loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import argon2
import pytest
from aiohttp import web
from multidict import CIMultiDictProxy
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from gtvision_edge.accounts import (
    Accounts,
    NewUser,
    Passes,
    Principal,
    Role,
    SessionService,
    TenantId,
    open_accounts,
)
from gtvision_edge.alerts.marks import ReadingMarks
from gtvision_edge.alerts.raising import Teller
from gtvision_edge.alerts.repository import forget_words
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.api.alerts import alert_endpoints
from gtvision_edge.api.archive import archive_endpoints
from gtvision_edge.api.audit import audit_endpoints
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.auth_check import Gate, auth_check_endpoints
from gtvision_edge.api.cameras import camera_endpoints
from gtvision_edge.api.console import Console
from gtvision_edge.api.detection_table import detection_table_endpoints
from gtvision_edge.api.detections import detection_endpoints
from gtvision_edge.api.discovery import discovery_endpoints
from gtvision_edge.api.door import STALL_PATIENCE_S
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
from gtvision_edge.api.routing import Endpoint
from gtvision_edge.api.server import Api, build_api, serve
from gtvision_edge.api.session import session_endpoints
from gtvision_edge.api.site import site_endpoints
from gtvision_edge.api.status import status_endpoints
from gtvision_edge.api.storage import storage_endpoints
from gtvision_edge.api.uplink import uplink_endpoints
from gtvision_edge.api.watch_import import watch_import_endpoints
from gtvision_edge.api.watchlist import watchlist_endpoints
from gtvision_edge.archive.debts import PictureCopies
from gtvision_edge.archive.model import StoreState, Totals
from gtvision_edge.archive.parked import FailedCopies
from gtvision_edge.archive.watch import ArchiveView
from gtvision_edge.audit import AuditLog, SealedWords
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import CameraState, CameraUuid, NewCamera, ProbeRequest, StateEntry
from gtvision_edge.cameras.onvif.search import DeviceSearch
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.detections.opening import (
    Detections,
    open_detections,
    readings_for_evidence,
)
from gtvision_edge.detections.watch_import import WatchImport
from gtvision_edge.health.board import HealthBoard
from gtvision_edge.keys import OpenedKeys, open_keys
from gtvision_edge.lines.parked import ParkedDesk
from gtvision_edge.lines.standing import Standing
from gtvision_edge.media.model import MediaServerState, PathView
from gtvision_edge.media.path_troubles import PathTrouble
from gtvision_edge.media.posters import Picture
from gtvision_edge.mosaics import MosaicService
from gtvision_edge.papers import PaperPrinter, PaperShelf
from gtvision_edge.push.opening import Pushes, open_pushes
from gtvision_edge.push.raising import queue_alert
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.evidence.exports import Exports, open_exports
from gtvision_edge.recordings.evidence.ordering import Site
from gtvision_edge.recordings.holding import holds_moment
from gtvision_edge.recordings.incidents.repository import preserves
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
from gtvision_edge.recordings.retention.errors import UnknownPurgeError
from gtvision_edge.recordings.retention.opening import Retention, RetentionBase, open_retention
from gtvision_edge.recordings.seals import FootageSeals
from gtvision_edge.recordings.thumbnails.service import Thumbnails
from gtvision_edge.recordings.timeline.service import TimelineService
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.runtime.tasks import Job
from gtvision_edge.settings import (
    AccountSettings,
    ApiSettings,
    ArchiveSettings,
    DetectionSettings,
    ExportSettings,
    IdentitySettings,
    IntegritySettings,
    PaperSettings,
    PushSettings,
    RecordingSettings,
    SiteSettings,
    VolumeSettings,
)
from gtvision_edge.storage import Database
from gtvision_edge.uplink import Outbox
from gtvision_edge.uplink.link import LinkState
from gtvision_edge.uplink.outbox import Backlog, forget_unsent
from gtvision_edge.uplink.parked import OutboxPurges, RefusedMessages
from gtvision_edge.uplink.watch import LineView
from tests.fakes.clock import FakeClock
from tests.fakes.volumes import ROOMY
from tests.unit.cameras.fixtures import FixedFinder, FixedProber, make_service

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "a longer secret"
A, B = TenantId("a"), TenantId("b")
person = partial(NewUser, must_change_password=False)
PEOPLE = [
    person("admin-a", SECRET, Role.ADMIN, tenant_id=A),
    person("operator-a", SECRET, Role.OPERATOR, tenant_id=A),
    person("viewer-a", SECRET, Role.VIEWER, tenant_id=A),
    person("auditor-a", SECRET, Role.AUDITOR, tenant_id=A),
    person("narrow-a", SECRET, Role.OPERATOR, tenant_id=A, camera_ids=frozenset({"cam01"})),
    person("admin-b", SECRET, Role.ADMIN, tenant_id=B),
    person("viewer-b", SECRET, Role.VIEWER, tenant_id=B),
]

CONSOLE = Console(
    {
        "index.html": b"<!doctype html><title>console</title>",
        "assets/app-1a2b.js": b"export const a = 1;\n" * 100,
        "favicon.svg": b"<svg/>",
    }
)


@dataclass
class Served:
    """The API as a client meets it."""

    url: str
    api: Api
    endpoints: list[Endpoint]
    http: aiohttp.ClientSession
    sessions: SessionService
    passwords: dict[str, str]
    user_ids: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    async def token(self, who: str) -> str:
        """Return an access token of *who*, who logs in when first needed."""
        if who not in self.tokens:
            login = await self.sessions.login(who, self.passwords[who], address=f"{who}'s own")
            self.tokens[who] = login.access_token
        return self.tokens[who]

    async def call(
        self, method: str, path: str, *, who: str | None = None, **arguments: Any
    ) -> tuple[int, Any]:
        """Call below the prefix; return status and decoded body."""
        status, _, content = await self.exchange(method, "/api/v1" + path, who=who, **arguments)
        return status, content

    async def exchange(
        self, method: str, path: str, *, who: str | None = None, **arguments: Any
    ) -> tuple[int, CIMultiDictProxy[str], Any]:
        headers = dict(arguments.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {await self.token(who)}"
        async with self.http.request(
            method, self.url + path, headers=headers, allow_redirects=False, **arguments
        ) as response:
            content: Any = await response.read()
            if "json" in response.content_type:
                content = await response.json(content_type=None)
            return response.status, response.headers, content


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def audit(clock: FakeClock) -> AuditLog:
    return AuditLog(clock)


@pytest.fixture
def keys(tmp_path: Path) -> OpenedKeys:
    return open_keys(tmp_path / "keys", PaperSettings(), site_id="a-site")


@pytest.fixture
def identity() -> IdentitySettings:
    return IdentitySettings()


@pytest.fixture
async def accounts(
    tmp_path: Path,
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    identity: IdentitySettings,
) -> AsyncIterator[Accounts]:
    async with open_accounts(
        AccountSettings(),
        state_dir=tmp_path / "state",
        database=database,
        audit=audit,
        clock=clock,
        identity=identity,
        hasher=QUICK,
    ) as opened:
        yield opened


@pytest.fixture
async def admin(accounts: Accounts) -> Principal:
    assert accounts.first_password is not None
    login = await accounts.sessions.login("admin", accounts.first_password, address="10.0.0.1")
    principal = login.user.principal()
    for tenant_id in (A, B):
        await accounts.tenants.create_tenant(
            principal, tenant_id.upper(), tenant_id=tenant_id, address=""
        )
    for person in PEOPLE:
        await accounts.service.create_user(principal, person, address="")
    return principal


Starter = Callable[..., Any]


UP = MediaServerState(True, 0, "gtvision-embedded-1", "embedded")


@dataclass
class FakeMonitor:
    """States, views, pictures and the media server, as tests set them."""

    states: dict[str, StateEntry] = field(default_factory=dict)
    histories: dict[CameraUuid, list[StateEntry]] = field(default_factory=dict)
    views: dict[str, PathView] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    state: MediaServerState = UP
    watching: int = 3
    findings: list[Finding] = field(default_factory=list)
    offers_webrtc: bool = False
    troubles: dict[str, list[PathTrouble]] = field(default_factory=dict)
    archive: ArchiveView = field(
        default_factory=lambda: ArchiveView(Standing(StoreState.OFF, 0), Totals())
    )
    line: LineView = field(
        default_factory=lambda: LineView(Standing(LinkState.OFF, 0), Backlog(), 0.0, {})
    )

    def watched_line(self) -> "FakeLine":
        return FakeLine(self)

    def watched_archive(self) -> "FakeArchive":
        return FakeArchive(self)

    def of(self, camera_id: str) -> list[PathTrouble]:
        return self.troubles.get(camera_id, [])

    def state_of(self, camera_id: str) -> StateEntry:
        return self.states.get(camera_id, StateEntry(CameraState.UNKNOWN, 0))

    async def history(self, camera_uuid: CameraUuid, *, limit: int) -> list[StateEntry]:
        return self.histories.get(camera_uuid, [])[:limit]

    def path_view(self, camera_id: str) -> PathView | None:
        return self.views.get(camera_id)

    def inbound_bytes(self, camera_id: str) -> int:
        return 1000 if camera_id in self.views else 0

    async def admit(self, request: web.Request, path: str) -> str:
        raise UnknownCameraError("No gateway here.")

    async def poster_jpeg(self, camera_id: str, *, width: int) -> Picture | None:
        return self.pictures.get(camera_id)

    def viewers(self) -> int:
        return self.watching


class NoNames:
    """Resolves nothing: the cameras here are addresses."""

    async def resolve(self, host: str, *, timeout_s: float) -> str:
        return host


@dataclass
class FakeLine:
    """The line to the hub as the monitor's test wants it seen."""

    monitor: FakeMonitor

    @property
    def view(self) -> LineView:
        return self.monitor.line


ALL_COPIED = ArchiveSettings(
    bucket="copias",
    access_key="box",
    secret_key=SecretStr("a-secret"),
    endpoint="http://127.0.0.1:9",
)


@dataclass
class FakeArchive:
    """The copies in the object store, likewise."""

    monitor: FakeMonitor

    @property
    def view(self) -> ArchiveView:
        return self.monitor.archive


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


@pytest.fixture
def monitor() -> FakeMonitor:
    return FakeMonitor()


@pytest.fixture
def prober() -> FixedProber:
    return FixedProber()


@pytest.fixture
def finder() -> FixedFinder:
    return FixedFinder()


@pytest.fixture
async def cameras(
    database: Database, clock: FakeClock, prober: FixedProber, admin: Principal
) -> CameraService:
    """cam01 and cam02 of tenant a, cam09 of tenant b."""
    service = make_service(database, clock, EventBus(), prober)
    for camera_id, tenant_id in (("cam01", "a"), ("cam02", "a"), ("cam09", "b")):
        address = ProbeRequest(
            vendor="intelbras", host="10.0.0.9", username="user", password=SecretStr("p@ss:w/rd")
        )
        wanted = NewCamera(camera_id, address, camera_id=camera_id, tenant_id=tenant_id)
        await service.add(admin, wanted)
    return service


@pytest.fixture
def mosaics(
    database: Database, audit: AuditLog, clock: FakeClock, cameras: CameraService
) -> MosaicService:
    return MosaicService(database, audit, clock, cameras=cameras)


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


@pytest.fixture
def bus() -> EventBus:
    """The one that tells of readings and of alerts that were seen to."""
    return EventBus()


@pytest.fixture
def words(cameras: CameraService) -> SealedWords:
    return SealedWords(seal=cameras.seal, unseal=cameras.unseal)


@pytest.fixture
def alerts(
    database: Database, audit: AuditLog, clock: FakeClock, bus: EventBus, words: SealedWords
) -> AlertDesk:
    return AlertDesk(database, audit, clock, bus, words=words)


@pytest.fixture
async def notices(
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    bus: EventBus,
    keys: OpenedKeys,
    cameras: CameraService,
    alerts: AlertDesk,
    accounts: Accounts,
) -> AsyncIterator[Pushes]:
    async with open_pushes(
        database,
        audit,
        clock,
        bus,
        key=keys.push,
        settings=PushSettings(allow_private=True),
        site=SiteSettings(),
        cameras=cameras,
        alerts=alerts,
        find_person=accounts.sessions.find_person,
        look=list,
    ) as opened:
        yield opened


@pytest.fixture
async def detections(
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    cameras: CameraService,
    tmp_path: Path,
    bus: EventBus,
    words: SealedWords,
) -> AsyncIterator[Detections]:
    outbox = Outbox(clock, site_id="a-site")
    teller = Teller(clock, words=words, raised=(queue_alert,))
    async with open_detections(
        database,
        audit,
        clock,
        bus,
        cameras=cameras,
        resolver=NoNames(),
        state_dir=tmp_path,
        zone=ZoneInfo("America/Sao_Paulo"),
        seal=cameras.seal,
        unseal=cameras.unseal,
        words=words,
        send=outbox.add_all,
        forget_unsent=forget_unsent,
        forget_words=forget_words,
        held=holds_moment(camera_uuid="detections.camera_uuid", time_us="detections.captured_us"),
        settings=DetectionSettings(picture_sources=("127.0.0.1",)),
        is_held=preserves,
        trusts_clock=lambda: True,
        tell=(teller,),
        tell_of_picture=(teller.picture_came,),
        copies=PictureCopies(ALL_COPIED, clock),
    ) as opened:
        yield opened


@pytest.fixture
def transfers() -> Shares:
    return Shares("transfers", 3)


@pytest.fixture
def stall_patience_s() -> float:
    """After how long who takes nothing is cut off; a test may set it by a parameter."""
    return STALL_PATIENCE_S


@pytest.fixture
def resources(
    accounts: Accounts,
    cameras: CameraService,
    mosaics: MosaicService,
    monitor: FakeMonitor,
    audit: AuditLog,
    database: Database,
    clock: FakeClock,
    finder: FixedFinder,
    volume: FakeVolume,
    footage: FakeFootage,
    keys: OpenedKeys,
    transfers: Shares,
    detections: Detections,
    api_settings: ApiSettings,
    notices: Pushes,
    alerts: AlertDesk,
    words: SealedWords,
) -> list[Endpoint]:
    """Every endpoint but the session's."""
    return [
        *people_endpoints(accounts.service, accounts.tenants),
        *camera_endpoints(cameras, monitor, monitor, monitor, footage.retention.purges),
        *purge_paper_endpoints(
            footage.retention.purges.find, footage.purge_papers, unknown=UnknownPurgeError
        ),
        *storage_endpoints(
            footage.retention.reports,
            footage.retention.policies,
            footage.retention.purges,
            root=str(footage.root),
            thresholds=VolumeSettings(),
            breaker=footage.retention.breaker,
            clock=footage.retention.clock_guard,
            readings=detections.anonymiser,
        ),
        *incident_endpoints(footage.incidents),
        *integrity_endpoints(footage.integrity),
        *export_endpoints(footage.exports.service, footage.exports.server, transfers),
        *footage_endpoints(
            cameras,
            footage.timelines,
            footage.playback,
            footage.thumbnails,
            ReadingMarks(database),
            Passes(accounts.sessions, clock),
            transfers,
        ),
        *picture_endpoints(cameras, footage.playback, footage.thumbnails, monitor),
        *geojson_endpoints(cameras, monitor),
        *discovery_endpoints(DeviceSearch(finder, cameras, audit=audit, database=database)),
        *mosaic_endpoints(mosaics),
        *push_endpoints(detections.pushes),
        *push_access_endpoints(detections.access, Proxies(api_settings.trusted_proxies), clock),
        *plate_source_endpoints(detections.sources, pull_of=detections.pullers.view_of),
        *detection_endpoints(detections.desk),
        *detection_table_endpoints(detections.desk, zone=ZoneInfo("America/Sao_Paulo")),
        *audit_endpoints(audit, database, keys.site, words=words),
        *watchlist_endpoints(detections.watchlist, clock),
        *watch_import_endpoints(
            WatchImport(database, detections.watchlist, clock),
            ZoneInfo("America/Sao_Paulo"),
        ),
        *alert_endpoints(alerts),
        *archive_endpoints(ParkedDesk(FailedCopies(is_on=True), database, audit, clock)),
        *uplink_endpoints(
            ParkedDesk(RefusedMessages(), database, audit, clock), OutboxPurges(database)
        ),
        *push_subscription_endpoints(notices),
        *site_endpoints(keys),
        *status_endpoints(
            cameras,
            monitor,
            monitor,
            monitor,
            findings=lambda: [*monitor.findings, *accounts.issuers.findings()],
            offers_webrtc=lambda: monitor.offers_webrtc,
            site=SiteSettings(name="Portaria", timezone="America/Sao_Paulo"),
            site_id=accounts.site_id,
            version="1.2.3",
            volume=volume,
            line=monitor.watched_line(),
            archive=monitor.watched_archive(),
            clock=clock,
        ),
    ]


@pytest.fixture
def start(
    accounts: Accounts,
    admin: Principal,
    cameras: CameraService,
    footage: FakeFootage,
    database: Database,
    api_settings: ApiSettings,
    registry: CollectorRegistry,
    resources: list[Endpoint],
    monitor: FakeMonitor,
    stall_patience_s: float,
    detections: Detections,
) -> Callable[..., Any]:
    """Return a context manager that serves all resources, more endpoints, and other parts' routes."""

    @asynccontextmanager
    async def serving(
        endpoints: list[Endpoint] | None = None,
        *,
        settings: ApiSettings = api_settings,
        routes: Callable[[RequestAuthenticator], list[web.RouteDef]] = lambda _: [],
        gate: Gate = monitor,
    ) -> AsyncIterator[Served]:
        proxies = Proxies(settings.trusted_proxies)
        authenticator = RequestAuthenticator(
            accounts.sessions, proxies, cors_origins=settings.cors_origins
        )

        async def reads() -> None:
            await database.fetch_one("SELECT 1")

        board = HealthBoard({"database": reads})
        declared = [
            *session_endpoints(
                accounts.sessions,
                accounts.service,
                accounts.tenants,
                authenticator,
                cameras,
                footage.playback,
            ),
            *auth_check_endpoints(gate, proxies),
            *resources,
            *(endpoints or []),
        ]
        api = build_api(
            declared,
            settings=settings,
            authenticator=authenticator,
            proxies=proxies,
            console=CONSOLE,
            version="1.2.3",
            extra_routes=[
                *probe_routes(board, registry, authenticator),
                *itsapi_routes(detections.pushes, detections.login, proxies),
                *routes(authenticator),
            ],
            registry=registry,
        )
        assert accounts.first_password is not None
        passwords = {"admin": accounts.first_password} | {each.username: SECRET for each in PEOPLE}
        everyone = await accounts.service.list_users(admin)
        user_ids = {user.username: str(user.user_id) for user in everyone.users}
        async with (
            serve(
                api.application, host="127.0.0.1", port=0, stall_patience_s=stall_patience_s
            ) as port,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        ):
            url = f"http://127.0.0.1:{port}"
            yield Served(url, api, declared, http, accounts.sessions, passwords, user_ids)

    return serving


@pytest.fixture
async def served(start: Starter) -> AsyncIterator[Served]:
    async with start() as opened:
        yield opened
