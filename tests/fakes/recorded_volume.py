"""A volume with recorded files and their rows, small enough to be made by the hundred."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gtvision_edge.media.layout import camera_directory, segment_file, thumbnails_file
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    CameraMarker,
)
from gtvision_edge.recordings.model import CameraNo, SegmentId
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep, place

SIZE = 1000


@dataclass
class RecordedVolume:
    """Says what a test wants it to say of its sizes; ``away`` as if its disk were not mounted."""

    root: Path
    database: Database
    index: SegmentIndex
    usage: Usage | None = field(default_factory=lambda: Usage(1000, 500, 500))
    away: bool = False

    def is_present(self) -> bool:
        return not self.away

    async def camera(self, camera_id: str, tenant_id: str = "town") -> CameraNo:
        uuid = f"00000000-0000-7000-8000-{sum(camera_id.encode()):012d}"
        rows = await self.database.fetch_all(
            "SELECT camera_uuid, camera_id, tenant_id FROM recorded_cameras"
        )
        known = [FakeCamera(row["camera_id"], row["camera_uuid"], row["tenant_id"]) for row in rows]
        numbers = await keep(self.database, *known, FakeCamera(camera_id, uuid, tenant_id))
        await place(self.database, numbers[-1], camera_directory(camera_id))
        mark(self.root / camera_directory(camera_id), CameraMarker(uuid, camera_id, tenant_id))
        return numbers[-1]

    async def record(
        self, camera_no: CameraNo, minutes: int, *, start_us: int = START_US, hashed: bool = True
    ) -> list[SegmentId]:
        """Put so many one-minute segments of SIZE bytes on the volume and into the index."""
        segments = [
            a_segment(
                camera_no,
                start_us + n * MINUTE_US,
                size_bytes=SIZE,
                groups=(),
                sha256=bytes([n % 251]) * 32 if hashed else None,
            )
            for n in range(minutes)
        ]
        (camera,) = [each for each in await self.index.cameras() if each.camera_no == camera_no]
        for segment in segments:
            file = self.root / str(camera.directory) / segment_file(segment.name_us)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"x" * 10)
            thumbnails_file(file).write_bytes(b"t")
        return await add(self.database, *segments)

    def files(self) -> list[str]:
        return sorted(str(each.relative_to(self.root)) for each in self.root.rglob("*.mp4"))

    async def ids(self) -> list[SegmentId]:
        rows = await self.database.fetch_all("SELECT segment_id FROM segments ORDER BY segment_id")
        return [SegmentId(row["segment_id"]) for row in rows]


def mark(directory: Path, marker: CameraMarker) -> None:
    """Make *directory* that camera's."""
    directory.mkdir(exist_ok=True)
    (directory / CAMERA_MARKER).write_text(json.dumps(asdict(marker)))


def recorded_volume(root: Path, database: Database) -> RecordedVolume:
    root.mkdir()
    (root / VOLUME_MARKER).write_text("{}")
    return RecordedVolume(root, database, SegmentIndex(database, root=root))
