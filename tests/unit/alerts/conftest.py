"""A site that takes readings in and tells of them: real intake, real database."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.accounts import Principal, Role, TenantId, UserId
from gtvision_edge.alerts.raising import Teller
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.intake import Intake
from gtvision_edge.detections.model import DetectionId, Reading, TrustLevel, Watch, WatchLevel
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.watchlist import NewWatch, Watchlist
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, Transaction
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS

OPERATOR_A = Principal(UserId("u1"), "op-a", "Op", Role.OPERATOR, TenantId("a"), None, "pt-BR", 1)
NARROW_A = replace(OPERATOR_A, user_id=UserId("u2"), camera_ids=frozenset({"cam01"}))
VIEWER_A = replace(OPERATOR_A, user_id=UserId("u3"), role=Role.VIEWER)
AUDITOR_A = replace(OPERATOR_A, user_id=UserId("u4"), role=Role.AUDITOR)
OPERATOR_B = replace(OPERATOR_A, user_id=UserId("u5"), tenant_id=TenantId("b"))
SITE = replace(OPERATOR_A, user_id=UserId("u6"), role=Role.ADMIN, tenant_id=None)
KEPT = 20


@dataclass
class Gate:
    """Where cameras send readings of vehicles that pass."""

    intake: Intake
    watchlist: Watchlist
    clock: FakeClock
    failure: Exception | None = None
    passed: list[DetectionId] = field(default_factory=list)
    events: Iterator[int] = field(default_factory=count)

    async def passes(
        self, plate: str, camera: str = "cam01", tenant: str = "a", *, ago_s: float = 0
    ) -> DetectionId:
        """Have a plate read that passed *ago_s* seconds ago, and return the detection's id."""
        captured_us = self.clock.now_us() - round(ago_s * 1_000_000)
        event_id = f"event-{next(self.events)}"
        taken = await self.intake.take(
            FakeCamera(camera, tenant_id=tenant),
            Reading(plate, captured_us=captured_us, event_id=event_id),
            source="hikvision",
            trust=TrustLevel.SECRET_PATH,
        )
        self.passed.append(taken.detection_id)
        return taken.detection_id

    async def watch(self, plate: str, tenant: str = "a", expires_us: int | None = None) -> Watch:
        wanted = NewWatch(plate, "carro roubado", WatchLevel.CRITICAL, expires_us, tenant)
        return await self.watchlist.add(SITE, wanted)


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def kept() -> int:
    """How many entries of the feed stay."""
    return KEPT


@pytest.fixture
async def gate(
    database: Database, clock: FakeClock, bus: EventBus, kept: int, tmp_path: Path
) -> AsyncIterator[Gate]:
    def tenants(transaction: Transaction) -> None:
        for tenant_id in ("a", "b"):
            transaction.execute(
                "INSERT INTO tenants (tenant_id, name, created_us) VALUES (?, 'x', 0)",
                (tenant_id,),
            )

    def fail(*_: object) -> None:
        if made.failure:
            raise made.failure

    await database.write(tenants)
    intake = Intake(
        database,
        clock,
        bus,
        zone=ZoneInfo("America/Sao_Paulo"),
        pictures=PictureStore(tmp_path / "pictures"),
        send=lambda transaction, news: None,
        tell=(Teller(clock, words=WORDS, kept=kept), fail),
    )
    made = Gate(intake, Watchlist(database, AuditLog(clock), clock, words=WORDS), clock)
    yield made
    intake.close()


@pytest.fixture
def desk(database: Database, clock: FakeClock, bus: EventBus, kept: int) -> AlertDesk:
    return AlertDesk(database, AuditLog(clock), clock, bus, words=WORDS, kept=kept)
