"""A volume that vanishes, or fills up, while eight cameras record: real mounts, the installed program."""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gtvision_edge.recordings.retention.breaker import CLOSES_AFTER_S
from tests.contract.media_servers import until
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.mediamtx_beside import mediamtx_beside, site_beside
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera
from tests.parts import lacking

pytestmark = pytest.mark.timeout(300)

NAMES = [f"c{number}" for number in range(8)]
STREAMS = {name: ClipSpec(fps=10, key_every_s=1) for name in NAMES}
ROUNDS = 3
"""The moment between the loss and our noticing is short; of several a segment begins in one."""
EMBEDDED = (
    '[media]\nserver = "embedded"\nrecord_segment = "1s"\n'
    "[media.embedded]\napi_port = {1}\nhls_port = {2}\nrtsp_port = {3}\n"
)


BOTH = pytest.mark.parametrize(
    "kind", ["embedded", pytest.param("mediamtx", marks=pytest.mark.mediamtx)]
)


async def mount(*arguments: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        *arguments, stderr=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait() == 0


@asynccontextmanager
async def mounted(site: Site, size: str) -> AsyncIterator[None]:
    """Mount a tmpfs as the volume; skips with a reason where that is not allowed, fails in CI."""
    for directory in (site.volume, disk(site)):
        await asyncio.to_thread(directory.mkdir, parents=True)
    allowed = os.geteuid() == 0 and shutil.which("mount") is not None
    options = ("-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    if not allowed or not await mount("mount", *options, str(disk(site))):
        lacking("mounting a tmpfs needs root and a kernel that lets us")
    try:
        assert await plug(site)
        yield
    finally:
        await unplug(site)
        await mount("umount", "-l", str(disk(site)))


def disk(site: Site) -> Path:
    return site.root / "disk"


async def plug(site: Site) -> bool:
    return await mount("mount", "--bind", str(disk(site)), str(site.volume))


async def unplug(site: Site) -> bool:
    return await mount("umount", "-l", str(site.volume))


@asynccontextmanager
async def served(tmp_path: Path, kind: str) -> AsyncIterator[Site]:
    """A site that records in files of a second, with the embedded server or beside the real MediaMTX."""
    if kind == "embedded":
        site = Site(tmp_path / "state")
        site.media = EMBEDDED.format(*site.ports)
        yield site
        return
    async with mediamtx_beside(tmp_path / "mtx") as server:
        site = site_beside(tmp_path / "state", server)
        site.media = f'{server.settings}\nrecord_segment = "1s"\n'
        yield site


@asynccontextmanager
async def recording(tmp_path: Path, size: str, kind: str) -> AsyncIterator[tuple[Site, Client]]:
    """Have eight cameras recorded to a tmpfs of *size*."""
    async with (
        virtual_camera(STREAMS) as camera,
        served(tmp_path, kind) as site,
        mounted(site, size),
        running_daemon(site),
        logged_in(site) as admin,
    ):
        for name in NAMES:
            await admin.add_camera(name, camera.url(name), skip_probe=True)
        for name in NAMES:
            await admin.wait_state(name, "recording", 30)
        yield site, admin


async def status(admin: Client) -> Any:
    return await admin.call("GET", "/status", expect=200)


async def readiness(site: Site) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{site.url}/readyz") as answer:
        return answer.status, (await answer.json())["checks"]["volume"]


@BOTH
async def test_nothing_is_written_under_a_volume_that_vanishes_while_it_is_recorded_to(
    tmp_path: Path, kind: str
) -> None:
    async def told() -> bool:
        return bool((await status(admin))["storage"]["error"] == "volume_missing")

    async with recording(tmp_path, "300m", kind) as (site, admin):
        for _ in range(ROUNDS):
            assert await unplug(site)
            await until(told, 5, "the volume is said to be missing")
            for name in NAMES:
                await admin.wait_state(name, "online_not_recording", 30)

            assert await asyncio.to_thread(os.listdir, site.volume) == []
            box = await status(admin)
            assert (box["storage"]["state"], box["storage"]["free_bytes"]) == ("missing", None)
            assert await readiness(site) == (503, "volume_missing")
            state = (await admin.call("GET", "/cameras/c0", expect=200))["state"]
            assert state["reason"] == "volume_missing"

            assert await plug(site)
            for name in NAMES:
                await admin.wait_state(name, "recording", 30)


@BOTH
async def test_a_volume_that_fills_up_is_told_within_seconds(tmp_path: Path, kind: str) -> None:
    async with recording(tmp_path, "64m", kind) as (site, admin):
        # A last fragment may yet fit; what is left is less than any.
        await asyncio.to_thread(fill, site.volume / "ballast")
        began = time.monotonic()

        async def told() -> bool:
            return bool((await status(admin))["storage"]["state"] == "full")

        await until(told, 10, "the volume is said to be full")
        assert await readiness(site) == (503, "volume_full")
        for name in NAMES:
            await admin.wait_state(name, "online_not_recording", 30)
        assert time.monotonic() - began < 30
        state = (await admin.call("GET", "/cameras/c0", expect=200))["state"]
        assert state["reason"] == "volume_full"

        await asyncio.to_thread((site.volume / "ballast").unlink)
        for name in NAMES:  # there must be room for a minute first
            await admin.wait_state(name, "recording", CLOSES_AFTER_S + 30)
        assert (await status(admin))["storage"]["state"] == "present"


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as opened:
        for size in (2**20, 4096):
            try:
                while opened.write(bytes(size)) == size:
                    pass
            except OSError:
                pass
