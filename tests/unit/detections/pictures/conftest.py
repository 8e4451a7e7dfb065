"""A site that takes readings in and gets their pictures later: real intake, database and folder."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.alerts.raising import Teller
from gtvision_edge.cameras.errors import CameraKeyLostError
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.detections import repository as readings
from gtvision_edge.detections.acceptance import OutgoingNews
from gtvision_edge.detections.intake import Intake
from gtvision_edge.detections.model import (
    Detection,
    DetectionId,
    Picture,
    Reading,
    Rectangle,
    TrustLevel,
)
from gtvision_edge.detections.picture_store import PictureStore
from gtvision_edge.detections.pictures.addresses import PictureSources
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.detections.pictures.fetching import PictureFetcher
from gtvision_edge.detections.pictures.getting import PictureGetter
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.words import WORDS


class Seals:
    """Closes secrets so that no byte of them shows; the key may get lost."""

    def __init__(self) -> None:
        self.is_lost = False

    def seal(self, bound_to: str, secret: str) -> bytes:
        return bound_to.encode() + bytes(each ^ 0x55 for each in secret.encode())

    def unseal(self, bound_to: str, sealed: bytes) -> str:
        if self.is_lost or not sealed.startswith(bound_to.encode()):
            raise CameraKeyLostError("The key is gone.")
        return bytes(each ^ 0x55 for each in sealed[len(bound_to) :]).decode()


@dataclass
class Yard:
    """Where readings arrive, and what gets their pictures."""

    database: Database
    clock: FakeClock
    bus: EventBus
    store: PictureStore
    seals: Seals
    intake: Intake
    getter: PictureGetter
    registry: CollectorRegistry
    sent: list[OutgoingNews]
    events: Iterator[int] = field(default_factory=count)
    clock_is_trusted: bool = True

    async def reads(
        self,
        url: str = "",
        *,
        camera: str = "cam01",
        plate: str = "ABC1D23",
        pictures: tuple[Picture, ...] = (),
        area: Rectangle | None = None,
        event_id: str = "",
    ) -> DetectionId:
        """Take a reading in that passed now, and return its id."""
        reading = Reading(
            plate,
            captured_us=self.clock.now_us(),
            event_id=event_id or f"event-{next(self.events)}",
            pictures=pictures,
            picture_url=url,
            plate_area=area,
        )
        seen = FakeCamera(camera, f"uuid-{camera}", tenant_id="a")
        taken = await self.intake.take(seen, reading, source="webhook", trust=TrustLevel.SIGNED)
        return taken.detection_id

    async def detection(self, detection_id: str) -> Detection:
        found = await readings.find_detection(self.database, detection_id)
        assert found is not None
        return found

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.database.fetch_all(sql)]


@pytest.fixture
def seals() -> Seals:
    return Seals()


@pytest.fixture
async def yard(
    database: Database, clock: FakeClock, seals: Seals, tmp_path: Path
) -> AsyncIterator[Yard]:
    async with open_yard(database, clock, seals, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def open_yard(
    database: Database,
    clock: FakeClock,
    seals: Seals,
    tmp_path: Path,
    copies: Copies = NO_COPIES,
) -> AsyncIterator[Yard]:
    """Open one over a database and a folder; pictures are below ``pictures``."""
    bus, store, teller = EventBus(), PictureStore(tmp_path / "pictures"), Teller(clock, words=WORDS)
    registry = CollectorRegistry()
    sent: list[OutgoingNews] = []
    async with NameResolver(clock) as resolver:
        getter = PictureGetter(
            database,
            clock,
            bus,
            fetcher=PictureFetcher(PictureSources(["127.0.0.1"]), resolver),
            pictures=store,
            unseal=seals.unseal,
            tell=(teller.picture_came,),
            trusts_clock=lambda: opened.clock_is_trusted,
            copies=copies,
            registry=registry,
        )
        intake = Intake(
            database,
            clock,
            bus,
            zone=ZoneInfo("America/Sao_Paulo"),
            pictures=store,
            send=lambda _, news: sent.extend(news),
            tell=(teller,),
            tell_of_picture=(teller.picture_came,),
            copies=copies,
            seal=seals.seal,
            wake=getter.wake,
        )
        opened = Yard(database, clock, bus, store, seals, intake, getter, registry, sent)
        yield opened
        intake.close()
        getter.close()
