"""A media server that answers nonsense is a fault with a code, told once, and nobody's crash."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.model import CameraOnAir, MediaServerFound, MediaServerLost
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import PathRules
from gtvision_edge.media.reconciler import Reconciler
from tests.fakes.cameras import FakeCamera, FakeDirectory
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus

GOOD_INFO = '{"version": "v1.20.1", "started": "x"}'
GOOD_LIST = '{"itemCount": 0, "pageCount": 1, "items": []}'


class Scripted:
    def __init__(self) -> None:
        self.info = GOOD_INFO
        self.list = GOOD_LIST

    async def handle(self, request: web.Request) -> web.Response:
        return web.Response(text=self.info if request.path == "/v3/info" else self.list)


@asynccontextmanager
async def reconciling(
    server: Scripted, clock: FakeClock
) -> AsyncIterator[tuple[Reconciler, RememberingBus]]:
    app, bus, cameras = web.Application(), RememberingBus(), FakeDirectory()
    app.router.add_route("*", "/{rest:.*}", server.handle)
    cameras.put(FakeCamera(enabled=False), "rtsp://x/")

    async def claim(camera: CameraOnAir, *, may_set_aside: bool) -> bool:
        return True

    async with TestServer(app, host="127.0.0.1") as opened, aiohttp.ClientSession() as session:
        yield (
            Reconciler(
                MediaServerClient(str(opened.make_url("")), 2.0, session),
                cameras,
                PathRules(Path("/volume"), "rtsp://127.0.0.1:8554", 60.0),
                bus=bus,
                clock=clock,
                claim_directory=claim,
                admissions=Admissions(),
                path_troubles=PathTroubles(bus, clock),
            ),
            bus,
        )


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("list", "[" * 100_000),
        ("list", '{"pageCount": 1e999, "items": []}'),
        ("list", '{"pageCount": NaN, "items": []}'),
        ("list", '{"pageCount": 1, "items": [{"name": {}}]}'),
        ("list", '{"pageCount": 1000000000, "items": []}'),
        ("info", '{"version": []}'),
        ("info", "null"),
    ],
)
async def test_nonsense_is_a_fault_with_a_code_told_once_and_over_when_it_is(
    clock: FakeClock, name: str, body: str
) -> None:
    server = Scripted()
    async with reconciling(server, clock) as (reconciler, bus):
        await reconciler.reconcile()
        setattr(server, name, body)
        await reconciler.reconcile()
        await reconciler.reconcile()
        state = reconciler.state
        setattr(server, name, GOOD_INFO if name == "info" else GOOD_LIST)
        await reconciler.reconcile()

    code = "media_server_foreign" if name == "info" else "media_server_odd"
    assert (state.up, state.error) == (False, code)
    assert reconciler.state.up
    assert bus.events == [
        MediaServerFound("v1.20.1", "mediamtx"),
        MediaServerLost(code),
        MediaServerFound("v1.20.1", "mediamtx"),
    ]
    assert [task for task in asyncio.all_tasks() if "reconciler" in task.get_name()] == []


async def test_a_pass_over_many_cameras_lets_others_have_their_turn(clock: FakeClock) -> None:
    async with reconciling(Scripted(), clock) as (reconciler, _):
        for number in range(500):
            camera = FakeCamera(f"c{number}", f"uuid-{number}")
            reconciler._cameras.put(camera, "rtsp://x/")  # type: ignore[attr-defined]  # a fake
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        neighbour = asyncio.create_task(others())
        desired, _owners = await reconciler._desired({})
        neighbour.cancel()

    assert len(desired) == 1500
    assert turns >= 9
