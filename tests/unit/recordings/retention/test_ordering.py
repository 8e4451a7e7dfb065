"""What people order: whose footage they mean, and that it is counted once."""

import pytest

from gtvision_edge.accounts import Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.recordings.retention.model import Order, PurgeKind
from gtvision_edge.recordings.retention.ordering import PurgeRequest, PurgeService
from gtvision_edge.recordings.retention.policies import PolicyChange, PolicyService
from tests.fakes.people import viewer
from tests.unit.recordings.retention.test_keeper import House, house

__all__ = ["house"]

ROOT = viewer("root", None, role=Role.ADMIN)


class NoCameras:
    async def remove(self, *args: object, **options: object) -> None:
        raise AssertionError("no camera is removed here")


def purge_service(house: House) -> PurgeService:
    return PurgeService(
        house.database,
        house.clock,
        cameras=NoCameras(),
        index=house.volume.index,
        deleter=house.deleter,
        keeper=house.keeper,
    )


async def a_camera_of_ten_files(house: House) -> str:
    """Return the uuid of the camera ``c1``."""
    await house.volume.record(await house.volume.camera("c1", "a"), 10)
    await house.clock.advance(3 * 86_400)
    (camera,) = await house.volume.index.cameras()
    return camera.camera_uuid


async def test_a_camera_named_twice_is_deleted_and_told_once(house: House) -> None:
    camera_uuid = await a_camera_of_ten_files(house)
    purges = purge_service(house)
    request = PurgeRequest(["c1", camera_uuid], house.clock.now_us(), "por ordem")

    preview = await purges.try_out(ROOT, request)
    await purges.order(ROOT, request)
    await house.pass_()

    assert [each.segments for each in preview.would_go] == [10]
    (purge,) = await house.purges()
    assert (purge.segments, purge.policy["cameras"]) == (10, ["c1"])
    assert [each.segments for each in purge.cameras] == [10]


async def test_a_file_chosen_twice_is_deleted_and_told_once(house: House) -> None:
    await a_camera_of_ten_files(house)
    victims = await house.volume.index.oldest_deletable(limit=10)

    deleted = await house.deleter.delete(Order(PurgeKind.PRESSURE), [*victims, *victims])

    assert (deleted.segments, len(deleted.kept)) == (10, 0)
    (purge,) = await house.purges()
    assert (purge.segments, purge.size_bytes) == (10, sum(each.size_bytes for each in victims))


async def test_a_rule_for_a_camera_named_twice_is_none(house: House) -> None:
    camera_uuid = await a_camera_of_ten_files(house)
    policies = PolicyService(
        house.database,
        AuditLog(house.clock),
        house.clock,
        index=house.volume.index,
        keeper=house.keeper,
        default_days=30,
    )

    with pytest.raises(InvalidInputError):
        await policies.change(ROOT, PolicyChange(cameras={"c1": 5, camera_uuid: 50}))

    assert (await policies.read(ROOT)).cameras == []


async def test_another_tenants_camera_is_unknown_by_either_name(house: House) -> None:
    camera_uuid = await a_camera_of_ten_files(house)
    stranger = viewer("bia", "b", role=Role.ADMIN)

    for name in ("c1", camera_uuid):
        with pytest.raises(UnknownCameraError):
            await house.volume.index.named(stranger, [name])
