"""What the embedded media server has beyond MediaMTX, and that cameras cannot hurt one another in it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from gtvision_edge.media.embedded.server import open_embedded_server
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.settings import EmbeddedSettings
from tests.contract.footage import header_duration_ms, read_footage
from tests.contract.media_servers import ServerUnderTest, embedded_under_test, until
from tests.fakes.clips import ClipSpec
from tests.fakes.hostile_camera import Fault, hostile_camera
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import patiently

pytestmark = pytest.mark.timeout(60)


async def test_live_sends_init_and_then_fragments_from_a_key_frame(tmp_path: Path) -> None:
    async with (
        embedded_under_test(tmp_path) as server,
        virtual_camera(ClipSpec(audio="aac")) as camera,
    ):
        await server.add("cam_live", {"source": camera.url(), "sourceOnDemand": True})

        async with server.session.ws_connect(f"{server.addresses.hls_url}/cam_live/live") as socket:
            hello = json.loads(await socket.receive_str(timeout=patiently(15)))
            init = await socket.receive_bytes(timeout=patiently(5))
            fragments = [await socket.receive_bytes(timeout=patiently(5)) for _ in range(6)]
            behind_s = time.time() - int.from_bytes(fragments[-1][:8], "big") / 1e6

            await camera.restart()
            again = await _next_text(socket)

    assert hello["kind"] == again["kind"] == "init"
    assert hello["codecs"].startswith("avc1.")
    assert hello["codecs"].endswith(",mp4a.40.2")
    footage = await asyncio.to_thread(
        read_footage, init + b"".join(fragment[8:] for fragment in fragments)
    )
    assert footage.first_is_key
    assert footage.frames == pytest.approx(footage.length_s * 15, abs=1)
    starts = [int.from_bytes(fragment[:8], "big") for fragment in fragments]
    assert starts == sorted(starts)
    # The last fragment lasts half a second and is sent when it closes.
    assert behind_s < patiently(1.5)


async def _next_text(socket: aiohttp.ClientWebSocketResponse) -> dict[str, str]:
    while True:
        message = await socket.receive(timeout=patiently(15))
        if message.type is aiohttp.WSMsgType.TEXT:
            return dict(json.loads(message.data))


async def test_the_poster_is_one_picture_to_decode(tmp_path: Path) -> None:
    async with embedded_under_test(tmp_path) as server, virtual_camera() as camera:
        await server.add("cam_rec", {"source": camera.url()})
        before = await server.hls("cam_rec/poster.mp4")
        await server.wait_ready("cam_rec")

        async def there() -> bool:
            return (await server.hls("cam_rec/poster.mp4")).status == 200

        await until(there, 5, "a poster")
        poster = await server.hls("cam_rec/poster.mp4")
        unknown = await server.hls("unknown/poster.mp4")

    assert (before.status, unknown.status) == (404, 401)
    assert (await asyncio.to_thread(read_footage, poster.body)).first_is_key


async def test_hls_goes_on_after_a_reconnect_with_a_map_of_its_own(tmp_path: Path) -> None:
    async with embedded_under_test(tmp_path) as server, virtual_camera() as camera:
        await server.add("cam_rec", {"source": camera.url()})
        await server.wait_ready("cam_rec")
        assert (await server.hls("cam_rec/index.m3u8")).status == 200
        await asyncio.sleep(3)
        await camera.change("stream", ClipSpec(width=640, height=360))

        async def shows_both() -> bool:
            text = (await server.hls("cam_rec/main_stream.m3u8")).text
            return text.count("#EXT-X-MAP") == 2 and not text.endswith("#EXT-X-DISCONTINUITY\n")

        await until(shows_both, 20, "both inits are listed")
        lines = (await server.hls("cam_rec/main_stream.m3u8")).text.splitlines()
        index = await server.hls("cam_rec/index.m3u8")
        maps = [line.split('"')[1] for line in lines if line.startswith("#EXT-X-MAP")]
        segments = [line for line in lines if line and not line.startswith("#")]
        second = [uri for uri in segments if uri.split("_")[0] == maps[1].split("_")[0]]
        bodies = [await server.hls(f"cam_rec/{uri}") for uri in (maps[1], *second)]

    at = lines.index("#EXT-X-DISCONTINUITY")
    assert lines[at + 1] == f'#EXT-X-MAP:URI="{maps[1]}"'
    assert "RESOLUTION=640x360" in index.text
    footage = await asyncio.to_thread(read_footage, b"".join(body.body for body in bodies))
    assert footage.first_is_key


async def test_segments_are_kept_only_while_somebody_watches(tmp_path: Path) -> None:
    settings = EmbeddedSettings(api_port=0, hls_port=0, rtsp_port=0)
    async with (
        virtual_camera() as camera,
        open_embedded_server(
            settings, record_root=tmp_path, clock=SystemClock(), watch_s=patiently(1.0)
        ) as addresses,
        aiohttp.ClientSession() as session,
    ):

        async def restart() -> None:
            pytest.fail("nothing in this test ends the server")

        server = ServerUnderTest("embedded", tmp_path, addresses, session, restart)
        await server.add("cam_rec", {"source": camera.url()})
        await server.wait_ready("cam_rec")
        assert (await server.hls("cam_rec/index.m3u8")).status == 200
        assert (await server.hls("cam_rec/main_stream.m3u8")).status == 200

        await asyncio.sleep(patiently(2.5))

        assert (await server.hls("cam_rec/main_stream.m3u8")).status == 401
        assert (await server.path("cam_rec"))["readers"] == []
        assert (await server.hls("cam_rec/poster.mp4")).status == 200
        assert (await server.hls("cam_rec/index.m3u8")).status == 200


HANGING = [
    Fault.NEVER_ANSWERS,
    Fault.HANGS_AFTER_OPTIONS,
    Fault.NO_PACKETS,
    Fault.DRIBBLES,
    Fault.ENDLESS_HEADER,
    Fault.REDIRECTS_FOREVER,
    Fault.BROKEN_SDP,
    Fault.ALWAYS_UNAUTHORIZED,
]


@asynccontextmanager
async def hanging_cameras() -> AsyncIterator[dict[str, str]]:
    async with AsyncExitStack() as stack:
        yield {
            fault.value: (await stack.enter_async_context(hostile_camera(fault))).url
            for fault in HANGING
        }


async def test_hanging_cameras_delay_neither_a_good_one_nor_the_end(tmp_path: Path) -> None:
    async with hanging_cameras() as cameras, virtual_camera() as good:
        async with embedded_under_test(tmp_path) as server:
            for fault, url in cameras.items():
                await server.add_recorded(f"{fault}_rec", url)
            began = time.monotonic()
            await server.add_recorded("good_rec", good.url())
            await server.wait_ready("good_rec")
            ready_after = time.monotonic() - began
            await server.wait_files("good_rec", 2)
            slowest = 0.0
            for _ in range(20):
                asked = time.monotonic()
                await server.api("GET", "paths/list")
                slowest = max(slowest, time.monotonic() - asked)
            closing = time.monotonic()
        closed_after = time.monotonic() - closing

    assert ready_after < patiently(3)
    assert slowest < patiently(0.5)
    assert closed_after <= patiently(2.2)
    files = await asyncio.to_thread(server.files, "good_rec")
    assert all([await asyncio.to_thread(header_duration_ms, path) for path in files])
    footage = [await asyncio.to_thread(read_footage, path) for path in files]
    assert sum(item.frames for item in footage) > 45


async def test_the_server_closes_in_time_with_viewers_on(tmp_path: Path) -> None:
    async with (
        virtual_camera() as camera,
        embedded_under_test(tmp_path) as server,
        aiohttp.ClientSession() as viewer,
    ):
        await server.add_recorded("cam_rec", camera.url())
        await server.wait_ready("cam_rec")
        socket = await viewer.ws_connect(f"{server.addresses.hls_url}/cam_rec/live")
        await socket.receive(timeout=patiently(5))
        assert (await server.hls("cam_rec/index.m3u8")).status == 200
        began = time.monotonic()
        await server.restart()
        closed_after = time.monotonic() - began
        await socket.close()

    assert closed_after < patiently(2.5)
    for path in await asyncio.to_thread(server.files, "cam_rec"):
        assert await asyncio.to_thread(header_duration_ms, path) > 0


async def test_a_deleted_path_lets_its_live_viewers_go(tmp_path: Path) -> None:
    async with embedded_under_test(tmp_path) as server, virtual_camera() as camera:
        await server.add("cam_rec", {"source": camera.url()})
        await server.wait_ready("cam_rec")
        async with server.session.ws_connect(f"{server.addresses.hls_url}/cam_rec/live") as socket:
            await socket.receive(timeout=patiently(5))

            await server.api("DELETE", "config/paths/delete/cam_rec")

            async with asyncio.timeout(patiently(5)):
                while not (await socket.receive()).type.name.startswith("CLOS"):
                    pass
