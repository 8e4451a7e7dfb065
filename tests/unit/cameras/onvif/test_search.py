import asyncio

import pytest

from gtvision_edge.accounts import NotPermittedError
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import DiscoveryBusyError
from gtvision_edge.cameras.model import NewCamera
from gtvision_edge.cameras.onvif.discovery import FoundDevice
from gtvision_edge.cameras.onvif.search import DeviceSearch, SearchRequest
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.cameras.fixtures import FixedFinder, at, person

ADMIN = person()


@pytest.fixture
def finder() -> FixedFinder:
    return FixedFinder()


@pytest.fixture
def search(
    finder: FixedFinder, service: CameraService, clock: FakeClock, database: Database
) -> DeviceSearch:
    return DeviceSearch(finder, service, audit=AuditLog(clock), database=database)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (SearchRequest(timeout_s=60), "timeout_s"),
        (SearchRequest("multicast", ("10.0.0.1",)), "method"),
        (SearchRequest("unicast"), "addresses"),
        (SearchRequest("unicast", ("10.0.0.1",), "10.0.0.0/24"), "addresses"),
        (SearchRequest("unicast", ("10.0.0.1",) * 257), "addresses"),
        (SearchRequest("unicast", ("10.0.0.1", "camera.local")), "addresses.1"),
        (SearchRequest("unicast", ("239.255.255.250",)), "addresses.0"),
        (SearchRequest("unicast", ("255.255.255.255",)), "addresses.0"),
        (SearchRequest("unicast", ("0.0.0.0",)), "addresses.0"),
        (SearchRequest("unicast", network="10.0.0.0/23"), "network"),
        (SearchRequest("unicast", network="224.0.0.0/24"), "network"),
        (SearchRequest("unicast", network="fe80::/120"), "network"),
        (SearchRequest("unicast", network="10.0.0.0/24; ls"), "network"),
        (SearchRequest("unicast", network="10.0.0.9-10.0.0.3"), "network"),
        (SearchRequest("unicast", network="10.0.0.0-10.0.1.0"), "network"),
        (SearchRequest("unicast", network="10.0.0.1-256"), "network"),
        (SearchRequest("unicast", network="10.0.0.1-"), "network"),
        (SearchRequest("unicast", network="10.0.0.1-3-5"), "network"),
        (SearchRequest("unicast", network="223.255.255.250-224.0.0.3"), "network"),
    ],
)
async def test_who_may_not_be_asked_is_not_asked(
    search: DeviceSearch, finder: FixedFinder, request_: SearchRequest, path: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await search.search(ADMIN, request_)

    assert [fault["path"] for fault in caught.value.details["faults"]] == [path]  # type: ignore[attr-defined] # a list
    assert finder.asked == []


@pytest.mark.parametrize(
    ("text", "first", "last", "count"),
    [
        ("192.168.100.100-192.168.100.200", "192.168.100.100", "192.168.100.200", 101),
        ("192.168.100.100 - 200", "192.168.100.100", "192.168.100.200", 101),
        ("10.0.0.250-10.0.1.5", "10.0.0.250", "10.0.1.5", 12),
        ("10.0.0.7-10.0.0.7", "10.0.0.7", "10.0.0.7", 1),
    ],
)
async def test_a_range_is_all_its_addresses(
    search: DeviceSearch, finder: FixedFinder, text: str, first: str, last: str, count: int
) -> None:
    await search.search(ADMIN, SearchRequest("unicast", network=text))

    (asked,) = finder.asked
    assert (asked[0], asked[-1], len(asked)) == (first, last, count)


async def test_a_network_is_its_hosts_without_its_own_and_its_broadcast_address(
    search: DeviceSearch, finder: FixedFinder
) -> None:
    await search.search(ADMIN, SearchRequest("unicast", network="192.168.1.77/30"))

    assert finder.asked == [("192.168.1.77", "192.168.1.78")]


async def test_one_search_at_a_time_and_the_next_may_follow(
    search: DeviceSearch, finder: FixedFinder
) -> None:
    finder.gate = asyncio.Event()
    first = asyncio.create_task(search.search(ADMIN, SearchRequest()))
    await finder.started.wait()

    with pytest.raises(DiscoveryBusyError):
        await search.search(ADMIN, SearchRequest())
    finder.gate.set()
    await first

    assert await search.search(ADMIN, SearchRequest()) == []


async def test_it_is_written_down_before_anything_is_sent(
    search: DeviceSearch, finder: FixedFinder, database: Database
) -> None:
    finder.gate = asyncio.Event()
    searching = asyncio.create_task(
        search.search(ADMIN, SearchRequest("unicast", network="10.0.0.0/24"), client_address="::1")
    )
    await finder.started.wait()
    rows = await database.fetch_all(
        "SELECT action, details FROM audit_log WHERE action LIKE 'cameras.%'"
    )
    finder.gate.set()
    await searching

    assert [tuple(row) for row in rows] == [
        ("cameras.searched", '{"method":"unicast","network":"10.0.0.0/24"}')
    ]


async def test_a_camera_that_is_here_already_is_marked_for_who_may_see_it(
    search: DeviceSearch, finder: FixedFinder, service: CameraService
) -> None:
    finder.found = [FoundDevice("10.0.0.9", 80), FoundDevice("10.0.0.10", 80)]
    await service.add(ADMIN, NewCamera("Gate", at("10.0.0.9"), camera_id="gate", tenant_id="north"))

    async def seen_by(tenant_id: str | None) -> list[str | None]:
        found = await search.search(person(tenant_id), SearchRequest())
        return [each.already_added_as for each in found]

    assert await seen_by(None) == ["gate", None]
    assert await seen_by("north") == ["gate", None]
    assert await seen_by("south") == [None, None]


async def test_who_is_limited_to_some_cameras_neither_looks_for_others_nor_adds_them(
    search: DeviceSearch, finder: FixedFinder, service: CameraService
) -> None:
    limited = person("north", frozenset({"gate"}))

    with pytest.raises(NotPermittedError):
        await search.search(limited, SearchRequest())
    with pytest.raises(NotPermittedError):
        await service.add(limited, NewCamera("Yard", at("10.0.0.9")))

    assert not finder.started.is_set()
    assert service.all_cameras() == []
