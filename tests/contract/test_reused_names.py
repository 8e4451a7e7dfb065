"""A camera removed and another tenant's added under its id, while the media server cannot be told of it."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import TestClient, TestServer

from gtvision_edge.api.errors import problems
from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.gateway import MediaServerPlace
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import PathRules
from gtvision_edge.media.reconciler import Reconciler
from gtvision_edge.media.wanted import WantedPaths
from gtvision_edge.recordings.volume import Volume, open_volume
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.contract.media_servers import HLS_SECRET, Addresses, ServerUnderTest
from tests.fakes.cameras import FakeCamera, FakeDirectory
from tests.fakes.clips import ClipSpec
from tests.fakes.people import People, viewer
from tests.fakes.virtual_camera import virtual_camera
from tests.mediamtx import running_mediamtx
from tests.streams import open_streams
from tests.waiting import becomes, patiently

pytestmark = pytest.mark.timeout(120)

OLD = FakeCamera("cam01", "00000000-0000-7000-8000-00000000aaaa", "town")
NEW = FakeCamera("cam01", "00000000-0000-7000-8000-00000000bbbb", "harbour")
TOWN, HARBOUR = {"Authorization": "Bearer ana"}, {"Authorization": "Bearer bia"}


class Api:
    """The media server's API with somebody on the line who may hang or refuse."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session
        self.hangs = False
        self.refuses = ""
        self.asked = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        if request.method == self.refuses:
            return web.json_response({"status": "error", "error": "no"}, status=500)
        async with self._session.request(
            request.method, self._url + request.path_qs, data=await request.read()
        ) as answer:
            content_type = {hdrs.CONTENT_TYPE: answer.headers.get(hdrs.CONTENT_TYPE, "")}
            return web.Response(
                status=answer.status, body=await answer.read(), headers=content_type
            )


@dataclasses.dataclass
class Box:
    """What the daemon has between a media server and its viewers."""

    client: TestClient[web.Request, web.Application]
    cameras: FakeDirectory
    reconciler: Reconciler
    path_troubles: PathTroubles
    volume: Volume
    api: Api

    async def state(self, who: dict[str, str], track: str = "main") -> str:
        answer = await self.client.get(f"/stream/cam01_rec/{track}.m3u8", headers=who)
        return answer.headers.get("X-Stream-State", str(answer.status))

    async def shows(self, who: dict[str, str], state: str) -> bool:
        return await self.state(who, "index") == state == await self.state(who)

    async def files(self, directory: str) -> dict[str, int]:
        """Return the sizes of the segments in a directory of the volume."""
        found = await asyncio.to_thread(
            lambda: {
                str(file): file.stat().st_size
                for file in (self.volume.root / directory).rglob("*.mp4")
            }
        )
        return dict(found)

    async def has_segments(self, directory: str, count: int) -> bool:
        return len(await self.files(directory)) >= count


@asynccontextmanager
async def open_box(
    addresses: Addresses, kind: str, root: Path, database: Database, state_dir: Path
) -> AsyncIterator[Box]:
    clock, bus, cameras = SystemClock(), EventBus(), FakeDirectory()
    people = People(viewer("ana", "town"), viewer("bia", "harbour"))
    admissions = Admissions()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        session = await enter(aiohttp.ClientSession())
        api = Api(addresses.api_url, session)
        between = web.Application()
        between.router.add_route("*", "/{rest:.*}", api.handle)
        line = await enter(TestServer(between, host="127.0.0.1"))
        volume = await enter(
            open_volume(root, state_dir=state_dir, site_id="s1", clock=clock, bus=bus)
        )
        media = MediaServerClient(str(line.make_url("")), patiently(1.0), session)
        path_troubles = PathTroubles(clock)
        wanted = WantedPaths(
            media,
            cameras,
            PathRules(root, addresses.rtsp_url, 2.0),
            clock=clock,
            claim_directory=volume.claim_directory,
            admissions=admissions,
        )
        reconciler = Reconciler(
            media,
            wanted,
            bus=bus,
            clock=clock,
            admissions=admissions,
            path_troubles=path_troubles,
            interval_s=0.3,
        )
        streams = await enter(
            open_streams(
                MediaServerPlace(addresses.hls_url, HLS_SECRET, lambda: kind),
                admits=admissions.admits,
                cameras=cameras,
                authenticator=people,
                sessions=people,
                database=database,
                recordings=volume.directory_of,
                clock=clock,
            )
        )
        app = web.Application(middlewares=[problems])
        app.add_routes(streams.routes())
        client = await enter(TestClient(TestServer(app, host="127.0.0.1")))
        task = asyncio.create_task(reconciler.run())
        try:
            yield Box(client, cameras, reconciler, path_troubles, volume, api)
        finally:
            task.cancel()
            await asyncio.wait({task})


@pytest.fixture
async def box(server: ServerUnderTest, database: Database, tmp_path: Path) -> AsyncIterator[Box]:
    async with open_box(server.addresses, server.kind, server.volume, database, tmp_path) as opened:
        yield opened


async def test_while_the_api_hangs_the_old_cameras_picture_is_not_the_new_tenants(
    box: Box,
) -> None:
    async with virtual_camera() as old, virtual_camera(ClipSpec(width=160, height=120)) as new:
        box.cameras.put(OLD, old.url())
        await becomes(lambda: box.shows(TOWN, "live"), 30)
        box.api.hangs = True
        box.cameras.put(NEW, new.url())
        await becomes(lambda: not box.reconciler.state.up, 10)

        meanwhile = {await box.state(HARBOUR, track) for track in ("index", "main")}
        poster = await box.client.get("/stream/cam01_rec/poster.jpg", headers=HARBOUR)
        socket = await box.client.ws_connect("/ws/live/cam01_rec", headers=HARBOUR)
        first = await socket.receive(timeout=patiently(5))
        await socket.close()
        still_recorded = await box.files("cam01_rec")

        box.api.hangs = False
        await becomes(lambda: box.shows(HARBOUR, "live"), 30)
        await becomes(lambda: box.has_segments("cam01_rec", 1), 15)
        own = await box.files("cam01_rec")
        aside = await box.files("cam01_rec.0000aaaa.aside")

    assert meanwhile == {"placeholder"}
    assert poster.status == 404
    assert first.type is aiohttp.WSMsgType.CLOSE
    assert await box.state(TOWN) == "404"
    assert still_recorded
    assert len(aside) >= len(still_recorded)
    assert not own.keys() & still_recorded.keys()


async def test_a_path_that_cannot_be_ended_goes_on_recording_into_its_own_cameras_directory(
    box: Box,
) -> None:
    async with virtual_camera() as old, virtual_camera() as new:
        box.cameras.put(OLD, old.url())
        await becomes(lambda: box.has_segments("cam01_rec", 1), 30)
        box.api.refuses = "DELETE"
        box.cameras.put(NEW, new.url())
        await becomes(lambda: "cam01_rec" in box.path_troubles.codes, 10)
        before = len(await box.files("cam01_rec"))
        await becomes(lambda: box.has_segments("cam01_rec", before + 2), 20)

        owner = await asyncio.to_thread(box.volume.directory_of, OLD)
        told = dict(box.path_troubles.codes)
        state = await box.state(HARBOUR)
        box.api.refuses = ""
        await becomes(lambda: box.shows(HARBOUR, "live"), 40)
        own = await asyncio.to_thread(box.volume.directory_of, NEW)

    assert owner == own == box.volume.root / "cam01_rec"
    assert set(told.values()) == {"media_server_refused"}
    assert state == "placeholder"
    assert len(await box.files("cam01_rec.0000aaaa.aside")) >= before + 2


@pytest.mark.mediamtx
@pytest.mark.mediamtx
async def test_a_frozen_media_server_shows_nothing_of_the_old_camera_once_it_goes_on(
    tmp_path: Path, database: Database
) -> None:
    async with (
        running_mediamtx(tmp_path / "server", hls_secret=HLS_SECRET) as server,
        open_box(server, "mediamtx", tmp_path / "volume", database, tmp_path) as box,
        virtual_camera() as old,
        virtual_camera(ClipSpec(width=160, height=120)) as new,
    ):
        box.cameras.put(OLD, old.url())
        await becomes(lambda: box.shows(TOWN, "live"), 30)
        server.freeze()
        box.cameras.put(NEW, new.url())
        await becomes(lambda: not box.reconciler.state.up, 10)
        frozen = await box.state(HARBOUR, "index")
        server.thaw()

        seen: list[str] = []

        async def live() -> bool:
            index = await box.client.get("/stream/cam01_rec/index.m3u8", headers=HARBOUR)
            if index.headers["X-Stream-State"] == "live":
                seen.append(await index.text())
            return bool(seen)

        await becomes(live, 40)

    assert frozen == "placeholder"
    assert "RESOLUTION=160x120" in seen[0]
