"""The clock steps by +40 days, then by −3 h, under a daemon that records: nothing is deleted, and the timeline is right."""

import asyncio
import json
import sqlite3
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.media.layout import segment_file
from tests.e2e.daemon import Site, logged_in, running_daemon
from tests.fakes.virtual_camera import virtual_camera
from tests.waiting import becomes, patiently

pytestmark = pytest.mark.timeout(400)

Row = tuple[int, int, int, int]
DAY_S = 86_400
DAY_US = DAY_S * 1_000_000
PASSES_S = 25.0
"""Retention looks each ten seconds at the latest: so long it had its chance to delete."""


@dataclass
class Turning:
    """What the daemon's clock does."""

    path: Path
    passed_s: float = 0
    stepped_s: float = 0

    def write(self) -> None:
        content = {"passed_s": self.passed_s, "stepped_s": self.stepped_s}
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(self.path)

    def pass_time(self, seconds: float) -> None:
        self.passed_s += seconds
        self.write()

    def step(self, seconds: float) -> None:
        self.stepped_s += seconds
        self.write()


def segments(site: Site) -> list[Row]:
    """Return number, name, start and end of what is indexed, in the order of recording."""
    with sqlite3.connect(f"file:{site.root / 'edge.db'}?mode=ro", uri=True) as database:
        return database.execute(
            "SELECT segment_id, name_us, start_us, end_us FROM segments WHERE doomed = 0 ORDER BY segment_id"
        ).fetchall()


async def ask(site: Site, path: str) -> Any:
    # A login of its own each time: the clock takes the old ones away.
    async with logged_in(site) as admin:
        return await admin.call("GET", path, expect=200)


async def clock_of(site: Site) -> tuple[str, str | None]:
    found = (await ask(site, "/storage"))["clock"]
    return found["state"], found["reason"]


async def is_suspect(site: Site) -> bool:
    return (await clock_of(site))[0] == "suspect"


async def is_trusted(site: Site) -> bool:
    return (await clock_of(site))[0] == "trusted"


def written(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat().replace("+00:00", "Z")


async def recorded_between(
    site: Site, count: int, after_us: float, before_us: float = float("inf")
) -> list[Row]:
    """Wait for so many more segments that begin in that time: a recorder follows its clock within ten seconds."""
    before = {number for number, *_ in segments(site)}

    def more() -> list[Row]:
        return [
            each
            for each in segments(site)
            if each[0] not in before and after_us < each[2] < before_us
        ]

    await becomes(lambda: len(more()) >= count, 90)
    return more()


def assert_all_there(site: Site, wanted: list[Row]) -> None:
    numbers = {number for number, *_ in segments(site)}
    assert {number for number, *_ in wanted} <= numbers
    for _, name_us, *_ in wanted:
        assert (site.volume / "cam01_rec" / segment_file(name_us)).is_file()


async def assert_timeline(site: Site, wanted: list[Row]) -> None:
    """The time of *wanted* is shown as recorded, each second of it, and nothing a day later."""
    start_us, end_us = min(each[2] for each in wanted), max(each[3] for each in wanted)
    found = await ask(
        site, f"/cameras/cam01/timeline?start={written(start_us)}&end={written(end_us)}"
    )
    shown = sum(
        (
            datetime.fromisoformat(each["end"]) - datetime.fromisoformat(each["start"])
        ).total_seconds()
        for each in found["spans"]
    )
    assert shown == pytest.approx(sum(each[3] - each[2] for each in wanted) / 1e6, abs=3)


async def test_nothing_is_deleted_when_the_clock_steps_and_the_timeline_is_right(
    tmp_path: Path,
) -> None:
    turning = Turning(tmp_path / "clock.json")
    turning.write()
    site = Site(
        tmp_path / "state",
        settings='[recordings]\nretain_days = 30\nthumbnail_interval = "0s"\n[integrity]\nnightly = false\n',
        program=(sys.executable, "-m", "tests.faults.clocked_daemon", str(turning.path)),
        record_segment="2s",
    )
    async with virtual_camera() as camera, running_daemon(site):
        async with logged_in(site) as admin:
            await admin.add_camera("cam01", camera.url())
        first = await recorded_between(site, 3, 0)
        turning.pass_time(700)
        await becomes(lambda: is_trusted(site), 60)

        turning.step(40 * DAY_S)
        await becomes(lambda: is_suspect(site), 30)
        turning.pass_time(3600)
        ahead = await recorded_between(site, 3, first[-1][3] + 39 * DAY_US)
        await asyncio.sleep(patiently(PASSES_S))
        assert_all_there(site, first + ahead)
        assert (await clock_of(site))[1] in ("leapt_unsynced", "leapt_far")
        await assert_timeline(site, first)

        turning.step(-3 * 3600)
        back = await recorded_between(
            site, 3, first[-1][3] + 39 * DAY_US, ahead[0][2] - 3600 * 1_000_000
        )
        turning.pass_time(600)
        await asyncio.sleep(patiently(PASSES_S))
        assert_all_there(site, first + ahead + back)
        await assert_timeline(site, first)
        await assert_timeline(site, back)
        await assert_timeline(site, ahead)

        # What held the first footage was its age by the doubted clock, and nothing else: it goes when so much time has passed.
        turning.pass_time(45 * DAY_S)
        await becomes(lambda: is_trusted(site), 60)
        turning.pass_time(120)  # ages are looked at each minute
        gone = {number for number, *_ in first + ahead + back}
        await becomes(lambda: not gone & {number for number, *_ in segments(site)}, 60)
