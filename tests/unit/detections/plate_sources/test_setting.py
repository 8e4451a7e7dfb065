"""What is set is in force once it is on disk: neither before, nor when it never gets there."""

import asyncio
import sqlite3
import threading

import pytest

from gtvision_edge.accounts import Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.detections.model import TrustLevel
from gtvision_edge.detections.plate_sources.model import PlateSourceChanged, SourceChanges
from gtvision_edge.detections.plate_sources.service import PlateSources
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, StorageError, Transaction
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.people import viewer
from tests.waiting import becomes

ADMIN = viewer("admin", None, role=Role.ADMIN)
SIGNED = SourceChanges(least_trust=TrustLevel.SIGNED)
CAMERA = FakeCamera("cam01")


class OneCamera:
    def find_camera(self, camera_id: str) -> FakeCamera | None:
        return CAMERA if camera_id == CAMERA.camera_id else None


class Disk:
    """Holds the writer, so that what is written meanwhile shares the next commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._began, self._released = threading.Event(), threading.Event()
        self._holding = asyncio.create_task(database.write(self._hold))

    def _hold(self, _: Transaction) -> None:
        self._began.set()
        self._released.wait(5)

    async def holds(self) -> None:
        await becomes(self._began.is_set, within_s=5)

    async def has_waiting(self, count: int) -> None:
        await becomes(lambda: self._database._queue.qsize() == count, within_s=5)

    async def release(self) -> None:
        self._released.set()
        await self._holding


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def sources(database: Database, clock: FakeClock, bus: EventBus) -> PlateSources:
    return PlateSources(database, AuditLog(clock), clock, bus, cameras=OneCamera())


async def test_a_commit_that_fails_leaves_memory_as_it_was_at_every_moment(
    database: Database, sources: PlateSources, bus: EventBus
) -> None:
    before = sources.of(CAMERA.camera_uuid)
    seen = []

    def full_disk(transaction: Transaction) -> None:
        seen.append(sources.of(CAMERA.camera_uuid))
        transaction.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    with bus.listen(PlateSourceChanged, size=1) as mailbox:
        disk = Disk(database)
        await disk.holds()
        changing = asyncio.create_task(sources.change(ADMIN, "cam01", SIGNED))
        await disk.has_waiting(1)
        failing = asyncio.create_task(database.write(full_disk))
        await disk.has_waiting(2)
        await disk.release()
        outcomes = await asyncio.gather(changing, failing, return_exceptions=True)

        assert [type(each) for each in outcomes] == [StorageError, StorageError]
        assert seen == [before]
        assert sources.of(CAMERA.camera_uuid) == before
        assert await database.fetch_all("SELECT 1 FROM plate_sources") == []
        assert not mailbox._events


async def test_who_goes_away_while_it_is_committed_leaves_memory_and_disk_alike(
    database: Database, sources: PlateSources, bus: EventBus
) -> None:
    with bus.listen(PlateSourceChanged, size=1) as mailbox:
        disk = Disk(database)
        await disk.holds()
        changing = asyncio.create_task(sources.change(ADMIN, "cam01", SIGNED))
        await disk.has_waiting(1)
        changing.cancel()
        await asyncio.wait({changing})
        assert sources.of(CAMERA.camera_uuid).least_trust is TrustLevel.SECRET_PATH
        await disk.release()

        assert await anext(aiter(mailbox)) == PlateSourceChanged(CAMERA.camera_uuid)
    assert sources.of(CAMERA.camera_uuid).least_trust is TrustLevel.SIGNED
    assert len(await database.fetch_all("SELECT 1 FROM plate_sources")) == 1
