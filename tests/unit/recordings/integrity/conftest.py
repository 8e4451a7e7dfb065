"""A small volume of real files with rows made by reading them, and a comparison over it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gtvision_edge.audit import AuditLog
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.errors import VolumeError
from gtvision_edge.recordings.index import insert_segment
from gtvision_edge.recordings.indexing.reading import describe, read_path
from gtvision_edge.recordings.integrity.comparing import Comparison, Wanted
from gtvision_edge.recordings.integrity.model import Report
from gtvision_edge.recordings.markers import VOLUME_MARKER, VolumeMarker, write_marker
from gtvision_edge.recordings.model import CameraNo, SegmentId
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import START_US, keep, place
from tests.fakes.recordings import Recording, mark_directory, write_recording

STEP_US = 7_000_000
FIRST_US = START_US - 2 * 86_400_000_000
"""The box's clock stands two days later: nothing is fresh."""


@dataclass
class Box:
    root: Path
    database: Database
    clock: FakeClock
    error: VolumeError | None = None
    is_running: bool = False
    opened: list[Comparison] = field(default_factory=list)

    async def camera(self, camera_id: str) -> CameraNo:
        uuid = f"00000000-0000-7000-8000-{sum(camera_id.encode()):012d}"
        await asyncio.to_thread(mark_directory, self.root, f"{camera_id}_rec", uuid, camera_id)
        rows = await self.database.fetch_all("SELECT camera_id, camera_uuid FROM recorded_cameras")
        known = [FakeCamera(row["camera_id"], row["camera_uuid"], "t") for row in rows]
        numbers = await keep(self.database, *known, FakeCamera(camera_id, uuid, "t"))
        await place(self.database, numbers[-1], f"{camera_id}_rec")
        return numbers[-1]

    def path(self, n: int, camera_id: str = "cam01") -> Path:
        return self.root / f"{camera_id}_rec" / segment_file(FIRST_US + n * STEP_US)

    def write(self, n: int, camera_id: str = "cam01") -> Path:
        name_us = FIRST_US + n * STEP_US
        return write_recording(self.root / f"{camera_id}_rec", name_us, Recording(number=n))

    async def index(
        self, camera_no: CameraNo, n: int, *, camera_id: str = "cam01", hashed: bool = True
    ) -> SegmentId:
        name_us = FIRST_US + n * STEP_US
        path = self.path(n, camera_id)
        file, reading = await asyncio.to_thread(read_path, path, name_us)
        row = describe(file, reading, camera_no)
        digest = hashlib.sha256(path.read_bytes()).digest()

        def work(transaction: object) -> SegmentId:
            segment_id = insert_segment(transaction, row.segment, row.run)  # type: ignore[arg-type]
            if hashed:
                transaction.execute(  # type: ignore[attr-defined]
                    "UPDATE segments SET sha256 = ? WHERE segment_id = ?", (digest, segment_id)
                )
            return segment_id

        return await self.database.write(work)

    async def record(
        self, camera_no: CameraNo, count: int, camera_id: str = "cam01"
    ) -> list[SegmentId]:
        ids = []
        for n in range(count):
            self.write(n, camera_id)
            ids.append(await self.index(camera_no, n, camera_id=camera_id))
        return ids

    async def compare(self, wanted: Wanted = Wanted(deep=False, mends=True)) -> Report:
        comparison = Comparison(
            self.root,
            self.database,
            AuditLog(self.clock),
            self.clock,
            is_running=self.is_running,
            exports=self.root / ".exports",
            volume_error=lambda: self.error,
        )
        self.opened.append(comparison)
        return await comparison.run(wanted)

    async def rows(self, table: str = "segments") -> set[int]:
        found = await self.database.fetch_all(f"SELECT segment_id FROM {table}")  # noqa: S608
        return {row["segment_id"] for row in found}


def make_box(root: Path, database: Database, clock: FakeClock) -> Box:
    root.mkdir()
    write_marker(root / VOLUME_MARKER, VolumeMarker("v1", "site"))
    return Box(root, database, clock)


@pytest.fixture
async def box(tmp_path: Path, database: Database, clock: FakeClock) -> AsyncIterator[Box]:
    made = await asyncio.to_thread(make_box, tmp_path / "volume", database, clock)
    yield made
    for comparison in made.opened:
        comparison.close()
