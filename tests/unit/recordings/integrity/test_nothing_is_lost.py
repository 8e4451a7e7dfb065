"""Random disks and indexes: nothing that is held or sound is ever deleted, and a second run finds nothing to do."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from gtvision_edge.recordings.integrity.model import Kind
from gtvision_edge.storage import open_database
from tests.fakes.clock import FakeClock
from tests.fakes.footage import hold
from tests.unit.recordings.integrity.conftest import FIRST_US, STEP_US, Box, make_box

PLACES = 6
states = some.lists(
    some.sampled_from(["both", "row", "file", "rubbish", "empty", "resized", "doomed", "none"]),
    min_size=1,
    max_size=PLACES,
)
STAYS = {Kind.SIZE_DIFFERS, Kind.DELETION_UNFINISHED}
"""What only a person, the deleter or the next start can change."""


async def lay_out(box: Box, cameras: Iterable[list[str]]) -> None:
    for camera, wanted in enumerate(cameras):
        camera_id = f"cam{camera}"
        number = await box.camera(camera_id)
        for n, state in enumerate(wanted):
            if state == "none":
                continue
            path = await asyncio.to_thread(box.write, n, camera_id)
            if state in ("both", "row", "resized", "doomed"):
                segment_id = await box.index(number, n, camera_id=camera_id, hashed=False)
            if state == "doomed":
                await box.database.write(
                    lambda transaction, which=segment_id: transaction.execute(  # type: ignore[misc]
                        "UPDATE segments SET doomed = 1 WHERE segment_id = ?", (which,)
                    )
                )
            if state == "row":
                path.unlink()
            elif state in ("rubbish", "empty", "resized"):
                content = {"rubbish": b"x" * 50, "empty": b"", "resized": path.read_bytes()[:-50]}
                path.write_bytes(content[state])


def contents(root: Path) -> dict[bytes, int]:
    """Return what is in all files, with how often."""
    found: dict[bytes, int] = {}
    for file in root.rglob("*.mp4"):
        content = file.read_bytes()
        found[content] = found.get(content, 0) + 1
    return found


async def known(box: Box) -> set[tuple[int, int, int]]:
    return {
        tuple(row)
        for table in ("segments", "missing_segments")
        for row in await box.database.fetch_all(
            f"SELECT segment_id, camera_no, name_us FROM {table}"  # noqa: S608
        )
    }


async def compare_twice(cameras: list[list[str]], holds: list[int], *, is_running: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(Path(folder) / "edge.db") as database:
            box = await asyncio.to_thread(make_box, Path(folder) / "rec", database, FakeClock())
            await lay_out(box, cameras)
            if holds and cameras[0]:
                start_us = FIRST_US + min(holds) * STEP_US
                await hold(database, 1, start_us, start_us + len(holds) * STEP_US)  # type: ignore[arg-type]
            box.is_running = is_running
            before, rows = contents(box.root), await known(box)

            report = await box.compare()

            assert contents(box.root) == before
            assert rows <= await known(box)
            held = await database.fetch_all(
                "SELECT s.segment_id FROM segments s JOIN incident_cameras c USING (camera_no) JOIN incidents i"
                " USING (incident_id) WHERE s.start_us < i.end_us AND s.end_us > i.start_us AND s.held = 0 AND s.doomed = 0"
            )
            assert held == []
            after = await known(box)

            again = await box.compare()

            left = {kind for kind, _ in again.findings}
            if not report.has(Kind.REFUSED):
                assert left <= STAYS
            assert contents(box.root) == before
            assert await known(box) == after
            for comparison in box.opened:
                comparison.close()


@pytest.mark.timeout(120)
@settings(max_examples=30, deadline=None)
@given(
    cameras=some.lists(states, min_size=1, max_size=3),
    holds=some.lists(some.integers(0, PLACES - 1), max_size=3),
    is_running=some.booleans(),
)
@example(cameras=[["row"]], holds=[0], is_running=False)
def test_whatever_disk_and_index_are_nothing_is_lost_and_twice_is_once(
    cameras: list[list[str]], holds: list[int], is_running: bool
) -> None:
    asyncio.run(compare_twice(cameras, holds, is_running=is_running))
