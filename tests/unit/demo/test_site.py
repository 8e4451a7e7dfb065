"""The street comes on the site, also where the machine is too busy to show its pictures in time."""

from zoneinfo import ZoneInfo

import pytest
from yarl import URL

from gtvision_edge.cameras.errors import CameraTimeoutError
from gtvision_edge.demo.readings import with_frames
from gtvision_edge.demo.site import open_demo_site
from gtvision_edge.detections.pictures.addresses import AddressRefusedError, PictureSources
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import DetectionSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.cameras.fixtures import FixedProber, add_tenants, make_service

ZONE = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize("failure", [None, CameraTimeoutError("No picture came.")])
async def test_all_four_are_on_the_site_and_known_again_at_the_next_start(
    database: Database, clock: FakeClock, failure: Exception | None
) -> None:
    await add_tenants(database, "default")
    prober = FixedProber(failure=failure)
    cameras = make_service(database, clock, EventBus(), prober)

    async with open_demo_site(cameras, zone=ZONE, clock=SystemClock()) as first:
        assert first.is_new
        assert [outcome.error for outcome in first.outcomes] == [""] * 4
        found = [first.find(drawn) for drawn in first.street]
        assert [camera.name for camera in found if camera] == [each.name for each in first.street]
    async with open_demo_site(cameras, zone=ZONE, clock=SystemClock()) as second:
        assert not second.is_new
        assert [second.find(drawn) is not None for drawn in second.street] == [True] * 4

    assert len(cameras.all_cameras()) == 4


def test_with_the_demo_pictures_come_from_its_own_address_too_and_from_no_other_of_the_box() -> (
    None
):
    without, having = (
        PictureSources(settings.picture_sources)
        for settings in (DetectionSettings(), with_frames(DetectionSettings()))
    )
    url = URL("http://127.0.0.1:8656/rua/1.jpg")

    having.check_address(url, "127.0.0.1", is_own=True)
    having.check_address(url, "10.0.0.9", is_own=False)
    for sources, address in ((without, "127.0.0.1"), (having, "127.0.0.2"), (having, "10.0.0.9")):
        with pytest.raises(AddressRefusedError):
            sources.check_address(url, address, is_own=True)
