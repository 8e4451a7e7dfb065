"""The gateway before each real media server: watched, lost, back again, and a picture meanwhile."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
import av
import pytest
from aiohttp import web
from PIL import Image

from gtvision_edge.api.door import STALL_PATIENCE_S
from gtvision_edge.api.errors import problems
from gtvision_edge.api.server import serve
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.media.playlists import Segment, parse_media
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.storage import Database
from tests.contract.media_servers import HLS_SECRET, ServerUnderTest
from tests.fakes.cameras import FakeCamera, FakeDirectory, named_in
from tests.fakes.clips import ClipSpec
from tests.fakes.people import People, viewer
from tests.fakes.virtual_camera import virtual_camera
from tests.mediamtx import running_mediamtx
from tests.streams import open_streams
from tests.waiting import becomes, patiently

pytestmark = pytest.mark.timeout(90)

ANA = {"Authorization": "Bearer ana"}


@dataclass
class Viewing:
    """A gateway over HTTP, asked as a player does."""

    client: aiohttp.ClientSession
    port: int

    async def get(self, path: str) -> aiohttp.ClientResponse:
        return await self.client.get(path, headers=ANA)

    async def state(self, path: str) -> str:
        return (await self.get(path)).headers.get("X-Stream-State", "")

    async def segments(self, path: str) -> list[Segment]:
        response = await self.get(path)
        assert response.status == 200
        return parse_media(await response.text())

    async def first_frame(self, path: str, segment: Segment) -> av.VideoFrame:
        """Fetch a segment with its init and decode its first picture."""
        assert segment.init is not None
        body = b""
        for file in (segment.init.file, segment.link.file):
            response = await self.get(f"{path}/{file}")
            assert response.status == 200, file
            body += await response.read()
        with av.open(io.BytesIO(body), "r", format="mp4") as container:
            return next(container.decode(video=0))


@asynccontextmanager
async def watching(
    hls_url: str,
    volume: Path,
    database: Database,
    *,
    kind: str,
    secret: str | None,
    transfers: Shares | None = None,
    stall_patience_s: float = STALL_PATIENCE_S,
    extra_routes: Iterable[web.RouteDef] = (),
) -> AsyncIterator[Viewing]:
    cameras = FakeDirectory()
    cameras.put(FakeCamera("cam01"), "rtsp://x/")
    cameras.put(FakeCamera("cam02", "uuid-2"), "rtsp://x/")
    people = People(viewer("ana", "town"), viewer("bia", "town"))
    async with (
        open_streams(
            MediaServerPlace(hls_url, secret, lambda: kind),
            cameras=cameras,
            authenticator=people,
            sessions=people,
            database=database,
            recordings=named_in(volume),
            transfers=transfers,
            clock=SystemClock(),
        ) as streams,
    ):
        app = web.Application(middlewares=[problems])
        app.add_routes([*streams.routes(), *extra_routes])
        async with (
            serve(app, host="127.0.0.1", port=0, stall_patience_s=stall_patience_s) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
        ):
            yield Viewing(client, port)


@pytest.fixture
async def screen(server: ServerUnderTest, database: Database) -> AsyncIterator[Viewing]:
    async with watching(
        server.addresses.hls_url, server.volume, database, kind=server.kind, secret=HLS_SECRET
    ) as opened:
        yield opened


@pytest.mark.parametrize("audio", [None, "aac"])
async def test_a_camera_is_watched_lost_and_watched_again(
    server: ServerUnderTest, screen: Viewing, audio: None
) -> None:
    spec = ClipSpec(audio=audio)
    async with virtual_camera(spec) as camera:
        await server.add_recorded("cam01_rec", camera.url())
        await server.wait_ready("cam01_rec")
        index = await screen.get("/stream/cam01_rec/index.m3u8")
        text = await index.text()
        live = await screen.segments("/stream/cam01_rec/main.m3u8")
        live_frame = await screen.first_frame("/stream/cam01_rec", live[-1])
        await camera.kill()

        async def lost() -> bool:
            return await screen.state("/stream/cam01_rec/main.m3u8") == "placeholder"

        await becomes(lost, 15)
        dark = await screen.segments("/stream/cam01_rec/main.m3u8")
        dark_frame = await screen.first_frame("/stream/cam01_rec", dark[-1])
        await camera.start()

        async def back() -> bool:
            return await screen.state("/stream/cam01_rec/main.m3u8") == "live"

        await becomes(back, 25)
        again = await screen.segments("/stream/cam01_rec/main.m3u8")
        again_frame = await screen.first_frame("/stream/cam01_rec", again[-1])

    assert index.headers["X-Stream-State"] == "live"
    assert ("mp4a" in text) is (audio is not None)
    assert (live_frame.width, dark_frame.width, again_frame.width) == (320, 640, 320)
    assert {segment.link.file.partition("-")[0] for segment in dark} == {"lost"}
    assert any(segment.discontinuity for segment in again)


HEAVY = ClipSpec(width=640, height=360, key_every_s=2, bitrate_bps=60_000_000, noise=True)
"""Segments larger than what the system itself holds for a client that does not read."""
GRASPING, PLACES = 60, 40


async def test_who_opens_many_segments_and_reads_nothing_takes_nobodys_picture(
    server: ServerUnderTest, database: Database
) -> None:
    transfers = Shares("transfers", PLACES)
    async with (
        virtual_camera(HEAVY) as heavy,
        virtual_camera() as camera,
        watching(
            server.addresses.hls_url,
            server.volume,
            database,
            kind=server.kind,
            secret=HLS_SECRET,
            transfers=transfers,
            stall_patience_s=patiently(4),
        ) as screen,
    ):
        await server.add("cam01_rec", {"source": heavy.url(), "rtspTransport": "tcp"})
        await server.add("cam02_rec", {"source": camera.url(), "rtspTransport": "tcp"})
        await server.wait_ready("cam01_rec")
        await server.wait_ready("cam02_rec")
        for path in ("cam01_rec", "cam02_rec"):
            assert await screen.state(f"/stream/{path}/index.m3u8") == "live"
        big = (await screen.segments("/stream/cam01_rec/main.m3u8"))[-1].link.file
        grasping = await grasp(screen, f"/stream/cam01_rec/{big}", GRASPING)
        try:
            answered = await asyncio.gather(*(first_line(each) for each in grasping))

            looks = [await look_at(screen, "cam02_rec") for _ in range(5)]

            await becomes(lambda: transfers.held == 0, 20)
            again = await screen.get(f"/stream/cam01_rec/{big}")
            again.close()
        finally:
            for each in grasping:
                each.close()

    assert sorted(set(answered)) == ["HTTP/1.1 200 OK", "HTTP/1.1 429 Too Many Requests"]
    assert answered.count("HTTP/1.1 200 OK") >= PLACES  # the first may be cut before the last came
    assert {state for state, _ in looks} == {"live"}
    assert max(seconds for _, seconds in looks) < patiently(2)
    assert again.status in (200, 404)  # 404: live segments live some seconds only


async def grasp(screen: Viewing, path: str, count: int) -> list[socket.socket]:
    """Ask for *path* as ana all at once, over *count* sockets that hold little and are not read."""
    loop, opened = asyncio.get_running_loop(), []
    for _ in range(count):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        opened.append(client)
        await loop.sock_connect(client, ("127.0.0.1", screen.port))
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ana\r\n\r\n"
    for (
        client
    ) in opened:  # only now: a busy machine may take longer for all than the first are borne with
        await loop.sock_sendall(client, head.encode())
    return opened


async def first_line(client: socket.socket) -> str:
    async with asyncio.timeout(patiently(10)):
        data = await asyncio.get_running_loop().sock_recv(client, 64)
    return data.decode("latin-1").partition("\r\n")[0]


async def look_at(screen: Viewing, path: str) -> tuple[str, float]:
    """Fetch playlist and newest segment as bia; return what was shown and how long it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    bia = {"Authorization": "Bearer bia"}
    async with screen.client.get(f"/stream/{path}/main.m3u8", headers=bia) as listed:
        file = parse_media(await listed.text())[-1].link.file
        state = listed.headers["X-Stream-State"]
    async with screen.client.get(f"/stream/{path}/{file}", headers=bia) as answer:
        assert answer.status == 200
        assert await answer.read()
    return state, loop.time() - began


async def test_the_tracks_of_placeholder_and_stream_are_the_same(
    server: ServerUnderTest, screen: Viewing
) -> None:
    async with virtual_camera(ClipSpec(audio="aac")) as camera:
        await server.add_recorded("cam01_rec", camera.url())
        await server.wait_ready("cam01_rec")
        await (await screen.get("/stream/cam01_rec/index.m3u8")).text()
        live = await tracks_of(screen)
        await camera.kill()

        async def lost() -> bool:
            return await screen.state("/stream/cam01_rec/main.m3u8") == "placeholder"

        await becomes(lost, 15)
        dark = await tracks_of(screen)

    assert live == dark
    assert sum(len(kinds) for kinds in live.values()) == 2


async def tracks_of(screen: Viewing) -> dict[str, list[str]]:
    """Return the kinds of track in the newest segment of each media playlist."""
    found: dict[str, list[str]] = {}
    for name in ("main", "audio1"):
        response = await screen.get(f"/stream/cam01_rec/{name}.m3u8")
        if response.status != 200:
            continue
        segment = parse_media(await response.text())[-1]
        assert segment.init is not None
        init = await (await screen.get(f"/stream/cam01_rec/{segment.init.file}")).read()
        body = await (await screen.get(f"/stream/cam01_rec/{segment.link.file}")).read()
        with av.open(io.BytesIO(init + body), "r", format="mp4") as container:
            found[name] = sorted(stream.type for stream in container.streams)
    return found


async def test_a_poster_is_there_long_before_the_first_segment(
    server: ServerUnderTest, screen: Viewing
) -> None:
    async with virtual_camera() as camera:
        await server.add_recorded("cam01_rec", camera.url())
        await server.wait_ready("cam01_rec")

        async def has_picture() -> bool:
            return (await screen.get("/stream/cam01_rec/poster.jpg")).status == 200

        await becomes(has_picture, 8)
        await asyncio.sleep(2)
        response = await screen.get("/stream/cam01_rec/poster.jpg?width=160")
        picture = Image.open(io.BytesIO(await response.read()))

    assert picture.size == (160, 90)
    taken = response.headers["X-Picture-Time"]
    age_s = SystemClock().now_us() / 1e6 - datetime.fromisoformat(taken).timestamp()
    assert -0.5 < age_s < patiently(6)


async def test_a_live_socket_brings_fragments_or_says_use_hls(
    server: ServerUnderTest, screen: Viewing
) -> None:
    async with virtual_camera() as camera:
        await server.add_recorded("cam01_rec", camera.url())
        await server.wait_ready("cam01_rec")
        async with screen.client.ws_connect("/ws/live/cam01_rec", headers=ANA) as socket:
            first = await socket.receive(timeout=patiently(10))
            if not server.is_embedded:
                assert (first.type, first.data) == (aiohttp.WSMsgType.CLOSE, 4404)
                return
            assert json.loads(first.data)["kind"] == "init"
            init = await socket.receive_bytes(timeout=patiently(5))
            fragments = [await socket.receive_bytes(timeout=patiently(5)) for _ in range(4)]

    with av.open(io.BytesIO(init + b"".join(f[8:] for f in fragments)), "r") as container:
        assert next(container.decode(video=0)).width == 320


@pytest.mark.mediamtx
async def test_without_a_secret_mediamtx_is_watched_through_its_session(
    tmp_path: Path, database: Database
) -> None:
    async with (
        running_mediamtx(tmp_path / "server") as server,
        virtual_camera(ClipSpec(audio="aac")) as camera,
        watching(
            server.hls_url, tmp_path / "rec", database, kind="mediamtx", secret=None
        ) as screen,
        aiohttp.ClientSession() as session,
    ):
        path = {"source": camera.url(), "rtspTransport": "tcp"}
        async with session.post(
            f"{server.api_url}/v3/config/paths/add/cam01_rec", json=path
        ) as answer:
            assert answer.status == 200

        async def live() -> bool:
            return await screen.state("/stream/cam01_rec/index.m3u8") == "live"

        await becomes(live, 20)
        segments = await screen.segments("/stream/cam01_rec/main.m3u8")
        frame = await screen.first_frame("/stream/cam01_rec", segments[-1])

    assert frame.width == 320
