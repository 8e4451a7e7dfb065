from collections.abc import AsyncIterator

import pytest

from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.cameras.fixtures import FixedProber, add_tenants, make_service


@pytest.fixture
async def resolver() -> AsyncIterator[NameResolver]:
    async with NameResolver(SystemClock()) as opened:
        yield opened


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def prober() -> FixedProber:
    return FixedProber()


@pytest.fixture
async def service(
    database: Database, clock: FakeClock, bus: EventBus, prober: FixedProber
) -> CameraService:
    await add_tenants(database, "default", "north", "south")
    return make_service(database, clock, bus, prober)
