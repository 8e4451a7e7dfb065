"""Three cameras of two tenants, and their mosaics."""

import pytest
from pydantic import SecretStr

from gtvision_edge.accounts import Principal
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.model import NewCamera, ProbeRequest
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.mosaics import MosaicService
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.cameras.fixtures import FixedFinder, FixedProber, make_service


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
