"""Disk and index compared on a live box, beside the running daemon, after its kill, and by the daemon itself."""

import asyncio
import json
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import PROGRAM, Client, Site, logged_in, running_daemon
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes

pytestmark = [pytest.mark.timeout(240)]


async def check(site: Site, *arguments: str) -> tuple[int, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        *(str(PROGRAM), "check", "--json", "--config", str(site.root / "edge.toml"), *arguments),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, json.loads(output)


def count(site: Site) -> int:
    with sqlite3.connect(f"file:{site.root / 'edge.db'}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM segments").fetchone()[0])


async def compared(admin: Client, *, deep: bool) -> dict[str, Any]:
    asked = await admin.call("POST", "/integrity", {"deep": deep}, expect=200)
    last: dict[str, Any] = {}

    async def has_ended() -> bool:
        nonlocal last
        last = await admin.call("GET", f"/integrity/{asked['report_id']}", expect=200)
        return bool(last["verdict"] != "running")

    await becomes(has_ended, 60)
    return last


async def test_a_box_that_records_is_consistent_and_says_what_was_taken_from_it(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "state", record_segment="2s", settings="[integrity]\nnightly = false\n")
    async with virtual_camera() as camera:
        async with running_daemon(site) as daemon, logged_in(site) as admin:
            await admin.add_camera("cam01", camera.url())
            await becomes(lambda: count(site) >= 4, 60)

            live = await compared(admin, deep=True)
            assert (live["verdict"], live["findings"]) == ("good", [])
            assert live["rows"] >= 4
            assert live["files"] >= 4
            code, beside = await check(site, "--deep")
            assert (code, beside["daemon_runs"], beside["findings"]) == (0, True, [])

            os.kill(daemon.pid, signal.SIGKILL)
            await daemon.process.wait()
        code, after = await check(site, "--deep")
        assert (code, after["daemon_runs"], after["findings"]) == (0, False, [])

        victim = sorted((site.volume / "cam01_rec").rglob("*.mp4"))[1]
        victim.rename(tmp_path / "taken")
        code, found = await check(site)
        assert (code, [each["kind"] for each in found["findings"]]) == (1, ["file_missing"])
        async with running_daemon(site), logged_in(site) as admin:
            report = await compared(admin, deep=False)
            (finding,) = report["findings"]
            assert (finding["kind"], finding["count"], finding["mended"]) == ("file_missing", 1, 1)
            health = await admin.call("GET", "/integrity", expect=200)
            assert health["items"][0]["report_id"] == report["report_id"]

            (tmp_path / "taken").rename(victim)  # it is indexed as what it was
            number = finding["examples"][0]["segment_id"]
            await becomes(lambda: is_back(site, number), 30)
        code, found = await check(site, "--deep")
        assert (code, found["findings"], found["missing_before"]) == (0, [], 0)


def is_back(site: Site, segment_id: int) -> bool:
    with sqlite3.connect(f"file:{site.root / 'edge.db'}?mode=ro", uri=True) as database:
        return (
            database.execute(
                "SELECT 1 FROM segments WHERE segment_id = ?", (segment_id,)
            ).fetchone()
            is not None
        )
