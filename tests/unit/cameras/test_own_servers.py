import pytest
from pydantic import SecretStr

from gtvision_edge.cameras.address import check_address
from gtvision_edge.cameras.model import ProbeRequest
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.own_servers import OwnServers, is_own_address
from gtvision_edge.errors import InvalidInputError
from tests.fakes.clock import FakeClock


async def refused(request: ProbeRequest) -> bool:
    async with NameResolver(FakeClock()) as resolver:
        own = OwnServers(resolver)
        own.keep_away_from(8554)
        try:
            await own.check(check_address(request))
        except InvalidInputError:
            return True
    return False


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.5.5.5", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
async def test_the_own_media_server_is_no_camera_by_any_name(host: str) -> None:
    url = f"rtsp://{host}:8554/other_rec"
    assert await refused(ProbeRequest(vendor="generic_rtsp", main_url=url))


async def test_a_sub_stream_or_a_vendors_address_there_is_refused_too() -> None:
    typed = ProbeRequest(
        vendor="generic_rtsp",
        main_url="rtsp://192.0.2.7/main",
        sub_url="rtsp://127.0.0.1:8554/other_rec",
    )
    vendor = ProbeRequest(
        vendor="intelbras",
        host="127.0.0.1",
        rtsp_port=8554,
        username="admin",
        password=SecretStr("x"),
    )

    assert await refused(vendor)
    assert await refused(typed)


async def test_other_ports_of_this_box_and_other_boxes_are_fine() -> None:
    assert not await refused(
        ProbeRequest(vendor="generic_rtsp", main_url="rtsp://127.0.0.1:8655/street")
    )
    assert not await refused(
        ProbeRequest(vendor="generic_rtsp", main_url="rtsp://192.0.2.7:8554/street")
    )


def test_whose_address_it_is_is_asked_of_the_kernel() -> None:
    assert is_own_address("127.0.0.1")
    assert not is_own_address("192.0.2.7")
