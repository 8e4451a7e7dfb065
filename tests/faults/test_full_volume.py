"""A volume of 200 MB that runs full while eight cameras record: oldest footage goes, recording stops in time, and comes back."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.recordings.retention.breaker import CLOSES_AFTER_S
from gtvision_edge.recordings.retention.others import GRACE_S
from tests.contract.media_servers import until
from tests.e2e.daemon import Client
from tests.faults.test_volume import BOTH, NAMES, fill, recording

pytestmark = pytest.mark.timeout(400)

MB = 10**6
SIZE = "200000k"
"""A tenth of it is the reserve: pressure below 41 MB of free space, the breaker below 20."""


async def storage(admin: Client) -> Any:
    return await admin.call("GET", "/storage", expect=200)


async def breaker(admin: Client) -> str:
    return str((await storage(admin))["breaker"]["state"])


def leave_free(ballast: Path, size: int) -> None:
    """Let *ballast* take all but *size* bytes of its file system."""

    found = os.statvfs(ballast.parent)
    missing = found.f_bavail * found.f_frsize - size
    with ballast.open("ab") as opened:
        if missing > 0:
            os.posix_fallocate(opened.fileno(), opened.tell(), missing)


async def hold(admin: Client, *camera_ids: str) -> str:
    now = datetime.now(UTC)
    body = {
        "cameras": camera_ids,
        "start": (now - timedelta(seconds=10)).isoformat(),
        "end": now.isoformat(),
        "reason": "furto na praça",
    }
    incident = await admin.call("POST", "/incidents", body, expect=201)
    return str(incident["incident_id"])


async def held_segments(admin: Client, incident_id: str) -> int:
    incident = await admin.call("GET", f"/incidents/{incident_id}", expect=200)
    return int(incident["footage"]["segments"])


@BOTH
async def test_a_volume_that_runs_full_loses_old_footage_then_stops_in_time_and_goes_on_later(
    tmp_path: Path, kind: str
) -> None:
    async with recording(tmp_path, SIZE, kind) as (site, admin):
        ballast = site.volume / "ballast"

        async def enough() -> bool:
            found = (await storage(admin))["cameras"]
            return bool(sum(each["segments"] for each in found) > 200)

        await until(enough, 60, "there is some footage")
        incident_id = await hold(admin, "c0", "c1")
        held = await held_segments(admin, incident_id)
        assert held > 10

        # Pressure: old footage makes room, recording goes on.
        await asyncio.to_thread(leave_free, ballast, 30 * MB)

        async def purged() -> bool:
            items = (await admin.call("GET", "/purges", expect=200))["items"]
            return any(
                each["kind"] == "pressure" and each["finished_at"] is not None for each in items
            )

        await until(purged, 30 + GRACE_S, "the oldest footage goes")
        assert await held_segments(admin, incident_id) >= held
        assert await breaker(admin) == "closed"

        # The breaker: recording stops with room left, live goes on.
        await asyncio.to_thread(leave_free, ballast, 15 * MB)

        async def opened() -> bool:
            return await breaker(admin) == "open"

        await until(opened, 10, "the breaker opens")
        for name in NAMES:
            await admin.wait_state(name, "online_not_recording", 30)
        box = await storage(admin)
        assert box["volume"]["free_bytes"] > 10 * MB
        camera = await admin.call("GET", "/cameras/c0", expect=200)
        assert camera["state"]["reason"] == "breaker_open"
        status = await admin.call("GET", "/cameras/c0/status", expect=200)
        assert (status["media"]["receiving"], status["media"]["recording"]) == (True, False)
        async with admin.session.get(f"{site.url}/stream/c0_rec/index.m3u8") as answer:
            assert answer.status == 200
        error = (await admin.call("GET", "/status", expect=200))["storage"]["error"]
        assert error == "breaker_open"
        assert await held_segments(admin, incident_id) >= held
        stubs = [each for each in await files(site.volume) if each.stat().st_size == 0]
        assert stubs == []

        await asyncio.to_thread(ballast.unlink)

        async def waiting() -> bool:
            return await breaker(admin) == "waiting"

        await until(waiting, 10, "there is room again")
        for name in NAMES:
            await admin.wait_state(name, "recording", CLOSES_AFTER_S + 40)
        assert await held_segments(admin, incident_id) >= held
        acts = (await admin.call("GET", "/audit?action=breaker.", expect=200))["items"]
        assert [each["action"] for each in acts] == ["breaker.closed", "breaker.opened"]


@BOTH
async def test_another_program_that_fills_the_disk_in_a_second_trips_it_at_once(
    tmp_path: Path, kind: str
) -> None:
    async with recording(tmp_path, SIZE, kind) as (site, admin):
        await asyncio.to_thread(fill, site.volume / "ballast")

        async def opened() -> bool:
            return await breaker(admin) == "open"

        await until(opened, 5, "the breaker opens")
        assert (await storage(admin))["breaker"]["reason"] in ("volume_full", "nearly_full")
        for name in NAMES:
            await admin.wait_state(name, "online_not_recording", 30)
        await asyncio.to_thread((site.volume / "ballast").unlink)
        for name in NAMES:
            await admin.wait_state(name, "recording", CLOSES_AFTER_S + 40)


async def files(volume: Path) -> list[Path]:
    return await asyncio.to_thread(lambda: list(volume.rglob("*.mp4")))
