"""Beside the real MediaMTX with the file we ship."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gtvision_edge.media.paths import PathRules, Sources, desired_paths
from tests.e2e.browser import chromium, log_in, wait_playing
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import ShippedMediaMtx, mediamtx_beside, site_beside
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = [
    pytest.mark.mediamtx,
    pytest.mark.timeout(300),
]

SECOND_THOUGHTS_S = 5.0
"""Two passes of the daemon: what it would do again, or to a path that was right, it does in them."""
STRANGE_FIELDS: dict[str, object] = {
    "source": "rtsp://127.0.0.1:1/x",
    "sourceOnDemand": True,
    "rtspTransport": "udp",
    "recordPath": "/nowhere/%path/%s",
    "recordFormat": "mpegts",
    "recordPartDuration": "7s",
    "recordSegmentDuration": "7s",
    "recordDeleteAfter": "1d",
}
"""Another value for each field that a recorded path is given, but ``record``."""
CHANGES = ("add_path", "patch_path", "replace_path", "delete_path")


async def changes_made(site: Site) -> dict[str, float]:
    """Return how often the daemon changed something through the API, by call."""
    async with aiohttp.ClientSession() as session, session.get(f"{site.url}/metrics") as answer:
        text = await answer.text()
    found = re.findall(
        r'gtvision_edge_media_api_calls_total{call="(\w+)",outcome="ok"} (\S+)', text
    )
    return {call: float(value) for call, value in found if call in CHANGES}


Paths = dict[str, dict[str, Any]]


async def config_paths(server: ShippedMediaMtx) -> Paths:
    """Return the configured paths of the server with every field they have."""
    url = f"{server.api_url}/v3/config/paths/list?itemsPerPage=1000"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return {item["name"]: item for item in (await answer.json())["items"]}


async def wait_paths(server: ShippedMediaMtx, wanted: Paths, seconds: float) -> float:
    """Wait until the server has exactly the *wanted* paths, field by field; return how long that took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with asyncio.timeout(patiently(seconds)):
            while await config_paths(server) != wanted:  # noqa: ASYNC110 -- another process
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(differences(wanted, await config_paths(server))) from None
    return loop.time() - started


def differences(wanted: Paths, present: Paths) -> str:
    found = [
        f"missing: {wanted.keys() - present.keys()}, strange: {present.keys() - wanted.keys()}"
    ]
    for name in wanted.keys() & present.keys():
        fields = [key for key, value in wanted[name].items() if present[name].get(key) != value]
        found += [f"{name}: {fields}"] if fields else []
    return "; ".join(found)


async def by_hand(server: ShippedMediaMtx, *changes: tuple[str, str, object]) -> None:
    """Change paths behind the daemon's back."""
    async with aiohttp.ClientSession() as session:
        for method, call, body in changes:
            url = f"{server.api_url}/v3/config/paths/{call}"
            async with session.request(method, url, json=body) as answer:
                assert answer.status == 200, await answer.text()


@asynccontextmanager
async def changes_counted(site: Site, expected: dict[str, int]) -> AsyncIterator[None]:
    """In the block the daemon makes exactly the *expected* changes, by call, and none in the seconds after."""
    before = await changes_made(site)
    yield
    await asyncio.sleep(SECOND_THOUGHTS_S)
    after = await changes_made(site)
    assert {
        call: round(after.get(call, 0) - before.get(call, 0))
        for call in CHANGES
        if after.get(call, 0) != before.get(call, 0)
    } == expected


async def media_state(admin: Client) -> str:
    state: str = (await admin.call("GET", "/status", expect=200))["media_server"]["state"]
    return state


async def test_paths_are_right_again_after_everything_that_can_happen_to_them(
    tmp_path: Path,
) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera({"a": ClipSpec(), "b": ClipSpec()}) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
    ):
        box = await admin.call("GET", "/status", expect=200)
        assert box["media_server"]["kind"] == "mediamtx"
        assert box["media_server"]["version"] == "v1.20.1"
        assert box["findings"] == []
        for name in ("a", "b"):
            await admin.add_camera(name, camera.url(name))
            await admin.wait_state(name, "recording", 20)
        wanted = await config_paths(server)
        assert len(wanted) == 6
        assert wanted["a_rec"]["record"] is wanted["b_rec"]["record"] is True

        async with changes_counted(site, {"add_path": 2, "replace_path": 3, "patch_path": 1}):
            await by_hand(
                server,
                ("DELETE", "delete/a_live", None),
                ("DELETE", "delete/a_ai", None),
                ("PATCH", "patch/b_live", {"source": "rtsp://127.0.0.1:1/x"}),
                ("PATCH", "patch/b_ai", {"sourceOnDemandCloseAfter": "7s"}),
                (
                    "PATCH",
                    "patch/b_rec",
                    {"recordPath": "/nowhere/%path/%s", "recordDeleteAfter": "1d"},
                ),
                ("PATCH", "patch/a_rec", {"record": False}),
            )
            assert await wait_paths(server, wanted, 12) <= 10

        rules = PathRules(volume=site.volume, rtsp_url="rtsp://127.0.0.1", record_segment_s=60)
        ours = desired_paths("a", Sources("rtsp://127.0.0.1/", None), rules, record=True)["a_rec"]
        assert {*STRANGE_FIELDS, "record"} == ours.keys()
        for field, value in STRANGE_FIELDS.items():
            async with changes_counted(site, {"replace_path": 1}):
                await by_hand(server, ("PATCH", "patch/a_rec", {field: value}))
                assert await wait_paths(server, wanted, 12) <= 10, field

        async with changes_counted(site, {"add_path": 6}):
            await asyncio.to_thread(server.write, "edited by an administrator")
            await asyncio.sleep(1)
            assert await wait_paths(server, wanted, 12) <= 10

        async with changes_counted(site, {"add_path": 6}):
            await server.stop(signal.SIGKILL)
            async with asyncio.timeout(patiently(15)):
                while await media_state(admin) == "up":  # noqa: ASYNC110 -- another process
                    await asyncio.sleep(0.2)
            await server.start()
            assert await wait_paths(server, wanted, 12) <= 10
        for name in ("a", "b"):
            await admin.wait_state(name, "recording", 20)

        async with changes_counted(site, {}):
            server.signal(signal.SIGSTOP)
            await asyncio.sleep(60)
            assert await media_state(admin) == "down"
            server.signal(signal.SIGCONT)
            assert await wait_paths(server, wanted, 12) <= 10
            async with asyncio.timeout(patiently(15)):
                while await media_state(admin) == "down":  # noqa: ASYNC110 -- another process
                    await asyncio.sleep(0.2)


@pytest.mark.chromium
async def test_the_console_plays_four_cameras_through_the_gateway_and_after_a_pause(
    tmp_path: Path,
) -> None:
    streams = {f"c{number}": ClipSpec(key_every_s=1) for number in range(4)}
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera(streams) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        for name in streams:
            await admin.add_camera(name, camera.url(name), skip_probe=True)
        for name in streams:
            await admin.wait_state(name, "recording", 20)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        refused: list[str] = []
        page.on("response", lambda r: refused.append(r.url) if r.status == 401 else None)
        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 4, 60)
        refused.clear()  # the console asks who it is before anybody logged in
        await page.evaluate("() => { window.notReloaded = true; }")
        for _ in range(6):
            await asyncio.sleep(5)
            await wait_playing(page, 4, 10)

        await page.goto(f"{site.url}/#/health")
        await asyncio.sleep(45)
        await page.goto(f"{site.url}/#/live")
        await wait_playing(page, 4, 30)

        assert refused == []
        assert await page.evaluate("() => window.notReloaded === true")


@pytest.mark.ffmpeg
@pytest.mark.chromium
@pytest.mark.parametrize(("sub", "sessions"), [(True, 2), (False, 1)])
async def test_a_camera_serves_two_sessions_while_it_is_recorded_watched_and_analysed(
    tmp_path: Path, *, sub: bool, sessions: int
) -> None:
    """Watched by the console's player, analysed by an ffmpeg that decodes what it gets; one session where it has one stream."""
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera({"main": ClipSpec(key_every_s=1), "sub": SUB}) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
        chromium() as browser,
    ):
        body = {
            "camera_id": "cam01",
            "name": "Portaria",
            "vendor": "generic_rtsp",
            "main_url": camera.url("main"),
            **({"sub_url": camera.url("sub")} if sub else {}),
        }
        await admin.call("POST", "/cameras", body, expect=201)
        await admin.wait_state("cam01", "recording", 20)
        await becomes(lambda: camera.reader_count == 1, 5)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await log_in(page, site.url, "admin", site.password)
        await wait_playing(page, 1, 60)
        analysing = await asyncio.create_subprocess_exec(
            *("ffmpeg", "-nostdin", "-v", "error", "-xerror", "-rtsp_transport", "tcp"),
            *("-i", f"rtsp://127.0.0.1:{server.ports[2]}/cam01_ai", "-map", "0:v"),
            *("-t", "10", "-f", "framemd5", "-"),
            stdout=asyncio.subprocess.PIPE,
        )
        counted = []
        async with asyncio.timeout(patiently(30)):
            while not await all_are_read(server):
                counted.append(camera.reader_count)
                await asyncio.sleep(0.2)
        size = await recorded_bytes(site)
        for _ in range(12):  # all three at once
            assert await all_are_read(server)
            counted.append(camera.reader_count)
            await asyncio.sleep(0.5)
        await wait_playing(page, 1, 10)

        assert max(counted) == counted[-1] == sessions, counted
        assert await recorded_bytes(site) > size
        frames, _ = await asyncio.wait_for(analysing.communicate(), patiently(30))
        assert analysing.returncode == 0
        decoded = [line for line in frames.decode().splitlines() if not line.startswith("#")]
        assert len(decoded) >= 10 * ClipSpec().fps * 0.9


SUB = ClipSpec(width=160, height=90, key_every_s=1)


async def all_are_read(server: ShippedMediaMtx) -> bool:
    """Tell whether somebody reads the path for watching and the path for analysis."""
    url = f"{server.api_url}/v3/paths/list?itemsPerPage=1000"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        readers = {item["name"]: len(item["readers"]) for item in (await answer.json())["items"]}
    return bool(readers.get("cam01_live") and readers.get("cam01_ai"))


async def recorded_bytes(site: Site) -> int:
    return await asyncio.to_thread(
        lambda: sum(file.stat().st_size for file in site.volume.rglob("*.mp4"))
    )


async def test_250_paths_are_paged_and_a_second_pass_touches_none(tmp_path: Path) -> None:
    cameras = 84  # three paths each
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
    ):
        for number in range(cameras):
            url = f"rtsp://127.0.0.1:1/{number}"
            await admin.add_camera(f"c{number}", url, skip_probe=True)
        async with asyncio.timeout(patiently(90)):
            while len(await config_paths(server)) < 3 * cameras:  # noqa: ASYNC110 -- another process
                await asyncio.sleep(0.5)
        before = await changes_made(site)
        await asyncio.sleep(6)

        assert await changes_made(site) == before
        assert before["add_path"] == 3 * cameras


async def test_a_name_that_another_tenant_takes_shows_nothing_of_the_camera_that_had_it(
    tmp_path: Path,
) -> None:
    async with (
        mediamtx_beside(tmp_path / "mtx") as server,
        virtual_camera({"old": ClipSpec(), "new": ClipSpec(width=160, height=120)}) as camera,
        running_daemon(site := site_beside(tmp_path / "site", server)),
        logged_in(site) as admin,
    ):
        index = f"{site.url}/stream/cam01_rec/index.m3u8"
        await admin.call("POST", "/tenants", {"tenant_id": "tb", "name": "B"}, expect=201)
        await admin.add_camera("cam01", camera.url("old"))
        await admin.wait_state("cam01", "recording", 20)
        async with admin.session.get(index) as watching:
            assert (watching.headers["X-Stream-State"], watching.status) == ("live", 200)

        server.signal(signal.SIGSTOP)
        await admin.call("DELETE", "/cameras/cam01", expect=204)
        new = {"camera_id": "cam01", "name": "B", "tenant_id": "tb", "vendor": "generic_rtsp"}
        await admin.call("POST", "/cameras", {**new, "main_url": camera.url("new")}, expect=201)
        async with admin.session.get(index) as watching:
            frozen = watching.headers["X-Stream-State"]
        server.signal(signal.SIGCONT)

        states, text = [frozen], ""
        async with asyncio.timeout(patiently(40)):
            while states[-1] != "live":
                async with admin.session.get(index) as watching:
                    states.append(watching.headers["X-Stream-State"])
                    text = await watching.text()
        await admin.wait_state("cam01", "recording", 20)

        assert frozen == "placeholder"
        assert "RESOLUTION=160x120" in text
