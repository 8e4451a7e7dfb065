"""What answers to a probe say, and whom we hear; sockets on loopback only."""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import pytest

from gtvision_edge.cameras.errors import DiscoveryImpossibleError
from gtvision_edge.cameras.onvif import discovery
from gtvision_edge.cameras.onvif.discovery import FoundDevice, merge, read_match
from gtvision_edge.cameras.onvif.finder import MAX_ADDRESSES, DeviceFinder
from gtvision_edge.runtime.clock import SystemClock
from tests.fakes.onvif_device import Responder, match, random_host, responder
from tests.parts import lacking
from tests.waiting import patiently


async def nobody(_: str, __: int) -> bool:
    return False


def finder(knock: Callable[[str, int], object] = nobody, *, interface: str = "lo") -> DeviceFinder:
    return DeviceFinder(clock=SystemClock(), interfaces=[interface], knock=knock)  # type: ignore[arg-type] # a fake


@contextmanager
def no_more_sockets() -> Iterator[None]:
    """Let the system refuse every new file and socket of this process."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@asynccontextmanager
async def responders(*all_: Responder) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for each in all_:
            await stack.enter_async_context(responder(each))
        yield


def test_a_match_is_read_whatever_its_prefixes() -> None:
    found = read_match(
        match(host="10.0.0.7", port=8899, name="Port%C3%A3o 1".replace(" ", "%20")), "10.0.0.7"
    )

    assert found is not None
    assert (found.host, found.onvif_port, found.claimed_host) == ("10.0.0.7", 8899, "")
    assert (found.name, found.hardware, found.manufacturer) == ("Portão 1", "BC-2000", "Boa")
    assert "Profile/Streaming" in found.scopes


@pytest.mark.parametrize(
    ("xaddrs", "port", "claimed"),
    [
        ("http://10.0.0.7/onvif/device_service", 80, ""),
        ("http://169.254.1.1/x http://[fe80::1]/x http://10.0.0.7:8080/x", 8080, ""),
        ("http://192.168.1.64:81/x", 81, "192.168.1.64"),
        ("https://10.0.0.7/x", 80, ""),
        ("http://10.0.0.7:99999/x", 80, ""),
        ("nonsense http:// ftp://10.0.0.7:21/", 80, ""),
        ("", 80, ""),
    ],
)
def test_the_host_is_where_the_answer_came_from(xaddrs: str, port: int, claimed: str) -> None:
    found = read_match(match(xaddrs=xaddrs), "10.0.0.7")

    assert found is not None
    assert (found.host, found.onvif_port, found.claimed_host) == ("10.0.0.7", port, claimed)


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\xff" * 100, b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a>" * 600],
)
def test_what_is_no_match_is_nothing(datagram: bytes) -> None:
    assert read_match(datagram, "10.0.0.7") is None


def test_a_device_is_listed_once_by_host_and_port_with_the_fuller_answer() -> None:
    bare = FoundDevice("10.0.0.10", 80)
    full = FoundDevice("10.0.0.10", 80, name="Portão", hardware="X")
    other_port = FoundDevice("10.0.0.10", 8080)
    other = FoundDevice("10.0.0.9", 80)

    assert merge([bare, full, bare, other_port, other]) == [other, full, other_port]


def test_probes_are_one_line_and_declare_their_prefix_where_it_is_used() -> None:
    for kind in discovery.KINDS:
        message = discovery.probe("uuid:1", kind)
        assert b"\n" not in message
        assert b'<d:Types xmlns:dn="' in message


async def test_addresses_are_asked_and_those_that_answer_are_found() -> None:
    true, quiet, odd = (
        Responder(random_host()),
        random_host(),
        Responder(random_host(), as_message_id=True),
    )
    async with responders(true, odd):
        found = await finder().find_at([true.host, quiet, odd.host], timeout_s=patiently(1))

    assert {each.host for each in found} == {true.host, odd.host}


async def test_both_kinds_of_device_are_asked_for_one_by_one() -> None:
    device = Responder(random_host(), only_kind="dn:Device")
    async with responders(device):
        found = await finder().find_at([device.host], timeout_s=patiently(1))

    assert [each.host for each in found] == [device.host]
    assert device.kinds == {"dn:NetworkVideoTransmitter", "dn:Device"}


async def test_a_search_ends_when_all_have_answered() -> None:
    device = Responder(random_host())
    loop = asyncio.get_running_loop()
    async with responders(device):
        started = loop.time()
        found = await finder().find_at([device.host], timeout_s=10)

    assert [each.name for each in found] == ["Portão"]
    assert loop.time() - started < patiently(2)


async def test_who_was_not_asked_or_does_not_know_the_question_is_not_heard() -> None:
    asked, stranger = Responder(random_host()), random_host()
    asked.also_from = stranger
    guessing = Responder(random_host(), relates_to="uuid:00000000-0000-4000-8000-000000000001")
    async with responders(asked, guessing):
        found = await finder().find_at([asked.host, guessing.host], timeout_s=patiently(1))

    assert [each.host for each in found] == [asked.host]


async def test_a_flood_of_answers_is_cut_off() -> None:
    device = Responder(random_host(), repeat=500)
    async with responders(device):
        found = await finder().find_at([device.host, random_host()], timeout_s=patiently(1))

    assert len(found) == 1


async def test_a_range_is_asked_slowly() -> None:
    base = random_host().rpartition(".")[0]
    addresses = [f"{base}.{last}" for last in range(1, 101)]
    device = Responder(addresses[-1])
    loop = asyncio.get_running_loop()
    async with responders(device):
        started = loop.time()
        found = await finder().find_at(addresses, timeout_s=2)

    assert [each.host for each in found] == [device.host]
    assert loop.time() - started >= 0.5  # 100 packets at 200 a second


async def test_more_addresses_than_a_small_network_has_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        await finder().find_at(
            [f"127.0.{n >> 8}.{n & 255}" for n in range(MAX_ADDRESSES + 1)], timeout_s=1
        )


async def test_a_few_silent_addresses_are_asked_over_http_too() -> None:
    knocked: list[tuple[str, int]] = []

    async def knock(host: str, port: int) -> bool:
        knocked.append((host, port))
        return port == 8899

    host = random_host()

    assert await finder(knock).find_at([host], timeout_s=0.5) == [FoundDevice(host, 8899)]
    assert {port for _, port in knocked} == {80, 8000, 2020, 8899}
    knocked.clear()
    await finder(knock).find_at([random_host() for _ in range(17)], timeout_s=0.5)
    assert knocked == []


async def test_the_networks_own_devices_are_found_by_the_group() -> None:
    device = Responder(random_host(), joins_group=True)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(responder(device))
        except OSError as error:
            lacking(f"no multicast on loopback here: {error}")
        found = await finder().find_nearby(timeout_s=patiently(1))

    assert device.host in {each.host for each in found}


async def test_a_box_that_has_no_such_interface_says_so_and_not_that_nothing_was_found() -> None:
    with pytest.raises(DiscoveryImpossibleError) as caught:
        await finder(interface="absent0").find_nearby(timeout_s=0.5)

    assert caught.value.details == {"reason": "no_interface"}


@pytest.mark.parametrize("nearby", [True, False])
async def test_a_search_without_any_socket_says_so(nearby: bool) -> None:
    found = finder()
    asked = (
        found.find_nearby(timeout_s=0.5)
        if nearby
        else found.find_at([random_host()], timeout_s=0.5)
    )
    with no_more_sockets(), pytest.raises(DiscoveryImpossibleError) as caught:
        await asked

    assert caught.value.details == {"reason": "EMFILE"}


async def test_a_search_of_which_nothing_could_be_sent_says_so() -> None:
    device, unsendable = Responder(random_host()), "255.255.255.255"
    async with responders(device):
        found = await finder().find_at([unsendable, device.host], timeout_s=0.5)
        with pytest.raises(DiscoveryImpossibleError) as caught:
            await finder().find_at([unsendable], timeout_s=0.5)

    assert [each.host for each in found] == [device.host]
    assert caught.value.details == {"reason": "EACCES"}
