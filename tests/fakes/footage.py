"""Rows of the index without files, for tests of what is built upon it."""

from dataclasses import replace

from gtvision_edge.recordings.index import insert_segment, keep_cameras
from gtvision_edge.recordings.model import CameraNo, Group, Segment, SegmentFormat, SegmentId
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera

START_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, where FakeClock begins."""
MINUTE_US = 60_000_000
H264 = SegmentFormat("avc1.64001f", 1280, 720, "mp4a.40.2")


async def keep(database: Database, *cameras: FakeCamera, now_us: int = START_US) -> list[CameraNo]:
    """Make *cameras* the recorded ones and return their numbers in that order."""
    await database.write(lambda transaction: keep_cameras(transaction, cameras, now_us=now_us))
    rows = await database.fetch_all("SELECT camera_uuid, camera_no FROM recorded_cameras")
    numbers = {row["camera_uuid"]: CameraNo(row["camera_no"]) for row in rows}
    return [numbers[camera.camera_uuid] for camera in cameras]


def a_segment(camera_no: CameraNo, start_us: int = START_US, **changes: object) -> Segment:
    """Return a minute of video that begins at *start_us*, thirty groups of two seconds."""
    groups = tuple(
        Group(1000 + n * 50_000, 50_000, n * 2_000_000, n * 2_000_000, 2_000_000) for n in range(30)
    )
    segment = Segment(
        segment_id=SegmentId(0),
        camera_no=camera_no,
        name_us=start_us,
        start_us=start_us,
        end_us=start_us + MINUTE_US,
        media_us=MINUTE_US,
        size_bytes=1000 + 30 * 50_000,
        format=H264,
        init_bytes=1000,
        groups=groups,
    )
    return replace(segment, **changes)  # type: ignore[arg-type]  # fields of Segment, by name


async def add(database: Database, *segments: Segment) -> list[SegmentId]:
    """Put *segments* into the index."""
    return await database.write(
        lambda transaction: [insert_segment(transaction, segment) for segment in segments]
    )


async def place(database: Database, camera_no: CameraNo, directory: str) -> None:
    """Say in which directory of the volume a camera's footage lies."""
    await database.write(
        lambda transaction: transaction.execute(
            "UPDATE recorded_cameras SET directory = ? WHERE camera_no = ?", (directory, camera_no)
        )
    )


async def hold(database: Database, camera_no: CameraNo, start_us: int, end_us: int) -> None:
    """Open an incident over a camera, behind the back of whoever keeps the rows' flags."""

    def work(transaction: object) -> None:
        execute = transaction.execute  # type: ignore[attr-defined]
        execute("INSERT OR IGNORE INTO tenants VALUES ('t1', 'T', 0)")
        execute(
            "INSERT INTO incidents (incident_id, tenant_id, start_us, end_us, reason, reference, created_by,"
            " created_by_name, created_us) VALUES ('i1', 't1', ?, ?, 'why', '', 'u', 'u', 0)",
            (start_us, end_us),
        )
        execute("INSERT INTO incident_cameras VALUES ('i1', ?)", (camera_no,))

    await database.write(work)
