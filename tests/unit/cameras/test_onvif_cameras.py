"""A camera whose addresses the device tells is, once it is stored, like any other."""

import pytest
from pydantic import SecretStr

from gtvision_edge.cameras.address import Address
from gtvision_edge.cameras.errors import CameraUnauthorizedError
from gtvision_edge.cameras.model import CameraChange, NewCamera
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.cameras.fixtures import (
    TOLD,
    FixedDevices,
    FixedProber,
    add_tenants,
    at,
    make_service,
    person,
)

ADMIN = person()


@pytest.fixture
def devices() -> FixedDevices:
    return FixedDevices()


@pytest.fixture
async def onvif(
    database: Database,
    clock: FakeClock,
    bus: EventBus,
    prober: FixedProber,
    devices: FixedDevices,
) -> CameraService:
    await add_tenants(database, "default")
    return make_service(database, clock, bus, prober, devices=devices)


def new(**fields: object) -> NewCamera:
    address = at(vendor="generic_onvif", password=SecretStr("s3nh@"))
    return NewCamera(**{"name": "Portaria", "camera_id": "gate", "address": address, **fields})  # type: ignore[arg-type] # as tests name them


async def test_a_probe_tells_the_device_and_looks_where_it_said(
    onvif: CameraService, prober: FixedProber
) -> None:
    report = await onvif.probe(new().address)

    assert report.device == TOLD.device
    assert [each.url("main") for each in prober.asked] == [
        "rtsp://admin:s3nh%40@10.0.0.9:554/main?profile=1"
    ]
    assert prober.clock_offsets == [-7200.0]


async def test_what_the_device_told_is_stored_and_used_from_then_on(
    onvif: CameraService, devices: FixedDevices
) -> None:
    camera = await onvif.add(ADMIN, new())

    assert (camera.main_url, camera.sub_url) == (TOLD.main_url, TOLD.sub_url)
    assert onvif.stream_url("gate", "main") == "rtsp://admin:s3nh%40@10.0.0.9:554/main?profile=1"
    assert onvif.stream_url("gate", "sub") == "rtsp://admin:s3nh%40@10.0.0.9:554/sub"
    await onvif.update(ADMIN, "gate", CameraChange(name="Portão"))
    await onvif.update(ADMIN, "gate", CameraChange(password=SecretStr("nova")))
    assert len(devices.asked) == 1


async def test_what_the_device_said_of_itself_outlives_a_restart(
    onvif: CameraService, database: Database, clock: FakeClock, bus: EventBus, prober: FixedProber
) -> None:
    camera = await onvif.add(ADMIN, new())
    again = make_service(database, clock, bus, prober)
    await again.load()

    assert camera.device == TOLD.device
    assert (camera.clock_offset_s, camera.probed_us) == (0.5, clock.now_us())
    assert again.all_cameras() == [camera]


@pytest.mark.parametrize(
    "change",
    [CameraChange(host="10.0.0.10"), CameraChange(onvif_port=8080), CameraChange(channel=2)],
)
async def test_another_device_or_input_is_asked_anew(
    onvif: CameraService, devices: FixedDevices, change: CameraChange
) -> None:
    await onvif.add(ADMIN, new())
    await onvif.update(ADMIN, "gate", change)

    assert len(devices.asked) == 2
    assert devices.asked[1].main_url is None
    assert devices.asked[1].password.get_secret_value() == "s3nh@"


async def test_the_rule_of_addresses_sees_what_the_device_told(
    database: Database, clock: FakeClock, bus: EventBus, prober: FixedProber
) -> None:
    await add_tenants(database, "default")
    seen: list[str | None] = []

    async def rule(address: Address) -> None:
        seen.append(address.url("main"))
        raise InvalidInputError("not there", faults=[])

    service = make_service(database, clock, bus, prober, address_rule=rule)
    with pytest.raises(InvalidInputError):
        await service.add(ADMIN, new())

    assert seen == ["rtsp://admin:s3nh%40@10.0.0.9:554/main?profile=1"]
    assert prober.asked == []


async def test_a_refusal_by_onvif_stores_nothing_and_asks_no_video(
    onvif: CameraService, devices: FixedDevices, prober: FixedProber
) -> None:
    devices.failure = CameraUnauthorizedError("no")

    with pytest.raises(CameraUnauthorizedError):
        await onvif.add(ADMIN, new())
    assert onvif.find_camera("gate") is None
    assert prober.asked == []


async def test_without_a_probe_its_addresses_must_be_typed(
    onvif: CameraService, devices: FixedDevices
) -> None:
    with pytest.raises(InvalidInputError):
        await onvif.add(ADMIN, new(skip_probe=True))

    typed = at(vendor="generic_onvif", host="", main_url="rtsp://10.0.0.9/x")
    camera = await onvif.add(ADMIN, new(address=typed, skip_probe=True))

    assert camera.main_url == "rtsp://10.0.0.9:554/x"
    assert devices.asked == []
