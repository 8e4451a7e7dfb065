"""A media server that answers nonsense is a fault with a code, told once, and nobody's crash."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.model import CameraOnAir, MediaServerFound
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import PathRules
from gtvision_edge.media.reconciler import MAX_UNANSWERED, Reconciler
from gtvision_edge.media.wanted import WantedPaths
from gtvision_edge.runtime.clock import Clock, SystemClock
from tests.fakes.cameras import FakeCamera, FakeDirectory
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus
from tests.waiting import patiently

GOOD_INFO = '{"version": "v1.20.1", "started": "x"}'
GOOD_LIST = '{"itemCount": 0, "pageCount": 1, "items": []}'


class Scripted:
    def __init__(self) -> None:
        self.info = GOOD_INFO
        self.list = GOOD_LIST

    async def handle(self, request: web.Request) -> web.Response:
        return web.Response(text=self.info if request.path == "/v3/info" else self.list)


class Keeping(Scripted):
    """A server that keeps paths, and answers some changes with nonsense or not at all, by the path's name."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: dict[str, dict[str, object]] = {}
        self.tried: list[str] = []
        self.hanging: set[str] = set()
        self.mute: set[str] = set()
        self.odd: set[str] = set()
        self.dies_at = ""
        self.over = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            items = [{"name": name, **conf} for name, conf in self.paths.items()]
            self.list = json.dumps({"itemCount": len(items), "pageCount": 1, "items": items})
            return await super().handle(request)
        name, conf = request.path.rpartition("/")[2], await request.json()
        self.tried.append(name)
        if name == self.dies_at:
            self.info = "null"
        if name in self.hanging or name == self.dies_at:
            await self.over.wait()
        if name in self.odd:
            return web.Response(text="nonsense")
        self.paths[name] = conf
        if name in self.mute:
            await self.over.wait()
        return web.Response()


@asynccontextmanager
async def reconciling(
    server: Scripted, clock: Clock, *, cameras: int = 0, timeout_s: float = 2.0
) -> AsyncIterator[tuple[Reconciler, RememberingBus, PathTroubles]]:
    app, bus, directory = web.Application(), RememberingBus(), FakeDirectory()
    app.router.add_route("*", "/{rest:.*}", server.handle)
    for number in range(1, cameras + 1):
        directory.put(FakeCamera(f"cam{number:02}", f"uuid-{number}"), f"rtsp://x/{number}")

    async def claim(camera: CameraOnAir, *, may_set_aside: bool) -> bool:
        return True

    async with TestServer(app, host="127.0.0.1") as opened, aiohttp.ClientSession() as session:
        client = MediaServerClient(str(opened.make_url("")), timeout_s, session)
        admissions, troubles = Admissions(), PathTroubles(clock)
        wanted = WantedPaths(
            client,
            directory,
            PathRules(Path("/volume"), "rtsp://127.0.0.1:8554", 60.0),
            clock=clock,
            claim_directory=claim,
            admissions=admissions,
        )
        reconciler = Reconciler(
            client,
            wanted,
            bus=bus,
            clock=clock,
            admissions=admissions,
            path_troubles=troubles,
        )
        yield reconciler, bus, troubles


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
    async with reconciling(server, clock) as (reconciler, bus, _):
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
        MediaServerFound("v1.20.1", "mediamtx"),
    ]
    assert [task for task in asyncio.all_tasks() if "reconciler" in task.get_name()] == []


@pytest.mark.parametrize(
    ("how", "code"), [("hanging", "media_server_silent"), ("odd", "media_server_odd")]
)
async def test_a_change_that_hangs_or_is_answered_with_nonsense_is_that_paths_trouble_alone(
    how: str, code: str
) -> None:
    server = Keeping()
    getattr(server, how).add("cam01_rec")
    async with reconciling(server, SystemClock(), cameras=2, timeout_s=patiently(0.5)) as (
        reconciler,
        _,
        troubles,
    ):
        try:
            await reconciler.reconcile()
            await reconciler.reconcile()
        finally:
            server.over.set()

    assert server.paths.keys() == {f"cam0{n}_{use}" for n in (1, 2) for use in ("live", "ai")} | {
        "cam02_rec"
    }
    assert reconciler.state.up
    assert troubles.codes == {"cam01_rec": code}
    assert server.tried.count("cam01_rec") == 1  # it waits for its next turn


async def test_a_server_that_takes_no_change_is_not_asked_for_all_of_them_in_one_pass() -> None:
    server = Keeping()
    server.hanging = {f"cam0{n}_{use}" for n in (1, 2) for use in ("rec", "live", "ai")}
    async with reconciling(server, SystemClock(), cameras=3, timeout_s=patiently(0.5)) as (
        reconciler,
        _,
        troubles,
    ):
        try:
            await reconciler.reconcile()
            asked_at_first = len(server.tried)
            await reconciler.reconcile()
            await reconciler.reconcile()
        finally:
            server.over.set()

    assert asked_at_first == MAX_UNANSWERED
    assert {"cam03_rec", "cam03_live", "cam03_ai"} == server.paths.keys()
    assert troubles.codes.keys() == server.hanging


async def test_a_server_lost_while_it_is_changed_is_down_at_once() -> None:
    server = Keeping()
    server.dies_at = "cam01_live"
    async with reconciling(server, SystemClock(), cameras=3, timeout_s=patiently(0.5)) as (
        reconciler,
        _,
        _,
    ):
        try:
            await reconciler.reconcile()
        finally:
            server.over.set()

    assert server.tried == ["cam01_rec", "cam01_live"]
    assert (reconciler.state.up, reconciler.state.error) == (False, "media_server_foreign")


async def test_a_change_that_was_made_though_nobody_said_so_is_no_trouble() -> None:
    server = Keeping()
    server.mute = {"cam01_rec"}
    async with reconciling(server, SystemClock(), cameras=1, timeout_s=patiently(0.5)) as (
        reconciler,
        _,
        troubles,
    ):
        try:
            await reconciler.reconcile()
        finally:
            server.over.set()

    assert server.tried == ["cam01_rec", "cam01_live", "cam01_ai"]
    assert troubles.codes == {}


async def test_a_pass_over_many_cameras_lets_others_have_their_turn(clock: FakeClock) -> None:
    async with reconciling(Scripted(), clock, cameras=500) as (reconciler, _, _):
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        neighbour = asyncio.create_task(others())
        wanted = await reconciler._wanted.work_out({})
        neighbour.cancel()

    assert len(wanted.paths) == 1500
    assert turns >= 9
