"""A site that tells phones: real database, real accounts' rights as a test sets them, a real push service on loopback."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.accounts import Principal, Role, Session, TenantId, UserId
from gtvision_edge.alerts.raising import Teller
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import CameraKeyLostError
from gtvision_edge.detections.intake import Intake
from gtvision_edge.detections.model import DetectionId, Reading, TrustLevel, WatchLevel
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.watchlist import NewWatch, Watchlist
from gtvision_edge.keys import PushKey, open_keys
from gtvision_edge.push.model import Sighting, Subscription, Topic
from gtvision_edge.push.opening import Pushes, open_pushes
from gtvision_edge.push.raising import queue_alert
from gtvision_edge.push.subscriptions import NewSubscription
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import PaperSettings, PushSettings, SiteSettings
from gtvision_edge.storage import Database, Transaction
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.push_service import LocalPushService, running_push_service
from tests.fakes.words import WORDS

MANAGER_A = Principal(UserId("u1"), "ana", "Ana", Role.OPERATOR, TenantId("a"), None, "pt-BR", 1)
ADMIN_A = replace(MANAGER_A, user_id=UserId("u2"), username="adm", role=Role.ADMIN, locale="en")
AUDITOR_A = replace(MANAGER_A, user_id=UserId("u3"), username="aud", role=Role.AUDITOR)
MANAGER_B = replace(MANAGER_A, user_id=UserId("u4"), username="bia", tenant_id=TenantId("b"))
SITE = replace(MANAGER_A, user_id=UserId("u6"), username="site", role=Role.ADMIN, tenant_id=None)
PEOPLE = (MANAGER_A, ADMIN_A, AUDITOR_A, MANAGER_B, SITE)
GATE = FakeCamera("cam01", "uuid-1", "a", "Portaria")
YARD = FakeCamera("cam02", "uuid-2", "a", "Pátio")
FOREIGN = FakeCamera("cam09", "uuid-9", "b", "Alheia")


class SealingCameras:
    """Cameras in memory; what is sealed opens until the key is lost."""

    def __init__(self, *cameras: FakeCamera) -> None:
        self.cameras = list(cameras)
        self.has_lost_key = False

    def all_cameras(self) -> list[FakeCamera]:
        return self.cameras

    def find_camera(self, camera_id: str) -> FakeCamera | None:
        return next((each for each in self.cameras if each.camera_id == camera_id), None)

    def find_by_uuid(self, camera_uuid: str) -> FakeCamera | None:
        return next((each for each in self.cameras if each.camera_uuid == camera_uuid), None)

    def seal(self, bound_to: str, secret: str) -> bytes:
        return bytes(each ^ 0x55 for each in f"{bound_to}|{secret}".encode())

    def unseal(self, bound_to: str, sealed: bytes) -> str:
        if self.has_lost_key:
            raise CameraKeyLostError("lost")
        text = bytes(each ^ 0x55 for each in sealed).decode()
        assert text.startswith(f"{bound_to}|")
        return text.removeprefix(f"{bound_to}|")


@dataclass
class Town:
    """What a test turns."""

    pushes: Pushes
    service: LocalPushService
    database: Database
    clock: FakeClock
    cameras: SealingCameras
    intake: Intake
    watchlist: Watchlist
    alerts: AlertDesk
    logged_in: dict[str, Principal]
    sightings: list[Sighting] = field(default_factory=list)

    async def subscribe(
        self,
        person: Principal = MANAGER_A,
        name: str = "phone",
        *,
        topics: Iterable[Topic] | None = None,
        plates_from: WatchLevel | None = None,
    ) -> Subscription:
        endpoint = self.service.endpoint(name)
        keys = self.service.browsers[name].keys
        wanted = NewSubscription(
            endpoint,
            keys["p256dh"],
            keys["auth"],
            topics=None if topics is None else list(topics),
            plates_from=plates_from,
        )
        return await self.pushes.desk.subscribe(
            Session(person, f"login-{person.username}"), wanted, address="10.0.0.9"
        )

    async def passes(
        self,
        plate: str,
        camera: FakeCamera = GATE,
        *,
        level: WatchLevel = WatchLevel.CRITICAL,
    ) -> DetectionId:
        """Have a wanted plate pass *camera* now."""
        wanted = NewWatch(plate, "carro roubado", level, None, camera.tenant_id)
        await self.watchlist.add(SITE, wanted)
        taken = await self.intake.take(
            camera,
            Reading(plate, captured_us=self.clock.now_us(), event_id=plate),
            source="hikvision",
            trust=TrustLevel.SECRET_PATH,
        )
        return taken.detection_id

    async def alert_id(self) -> str:
        row = await self.database.fetch_one("SELECT alert_id FROM alerts ORDER BY rowid DESC")
        assert row is not None
        return str(row["alert_id"])

    async def waiting(self) -> int:
        return len(await self.database.fetch_all("SELECT seq FROM push_queue"))

    async def trouble_of(self, subscription: Subscription, person: Principal = MANAGER_A) -> str:
        return (await self.pushes.desk.find(person, subscription.subscription_id)).trouble


@pytest.fixture
def push_key(tmp_path: Path) -> PushKey:
    return open_keys(tmp_path / "keys", PaperSettings(), site_id="a-site").push


@pytest.fixture
async def service(push_key: PushKey) -> AsyncIterator[LocalPushService]:
    async with running_push_service(push_key.public) as running:
        yield running


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


Opener = Callable[..., object]


@pytest.fixture
async def town(
    database: Database,
    clock: FakeClock,
    bus: EventBus,
    service: LocalPushService,
    push_key: PushKey,
    tmp_path: Path,
) -> AsyncIterator[Town]:
    def people(transaction: Transaction) -> None:
        for tenant_id in ("a", "b"):
            transaction.execute(
                "INSERT INTO tenants (tenant_id, name, created_us) VALUES (?, 'x', 0)",
                (tenant_id,),
            )
        for each in PEOPLE:
            transaction.execute(
                "INSERT INTO users (user_id, username, name, role, tenant_id, locale, enabled, must_change_password,"
                " token_version, created_us, password_hash) VALUES (?, ?, 'x', ?, ?, 'pt-BR', 1, 0, 1, 0, '')",
                (each.user_id, each.username, each.role.value, each.tenant_id),
            )

    await database.write(people)
    audit = AuditLog(clock)
    logged_in = {f"login-{each.username}": each for each in PEOPLE}

    async def find_person(user_id: str, session_id: str) -> Principal | None:
        found = logged_in.get(session_id)
        return found if found is not None and found.user_id == user_id else None

    cameras = SealingCameras(GATE, YARD, FOREIGN)
    alerts = AlertDesk(database, audit, clock, bus, words=WORDS)
    intake = Intake(
        database,
        clock,
        bus,
        zone=ZoneInfo("America/Sao_Paulo"),
        pictures=PictureStore(tmp_path / "pictures"),
        send=lambda transaction, news: None,
        tell=(Teller(clock, words=WORDS, raised=(queue_alert,)),),
    )
    async with open_pushes(
        database,
        audit,
        clock,
        bus,
        key=push_key,
        settings=PushSettings(allow_private=True),
        site=SiteSettings(name="Guarda Municipal"),
        cameras=cameras,
        alerts=alerts,
        find_person=find_person,
        look=lambda: made.sightings,
    ) as pushes:
        made = Town(
            pushes,
            service,
            database,
            clock,
            cameras,
            intake,
            Watchlist(database, audit, clock, words=WORDS),
            alerts,
            logged_in,
        )
        yield made
    intake.close()
