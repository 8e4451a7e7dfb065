"""What the index knows of files whose directory does not say whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass

from gtvision_edge.recordings.markers import MAX_NAME, CameraMarker
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class Claim:
    """How many of the files that were asked for the index knows as this camera's, by name and size."""

    marker: CameraMarker
    files: int


async def fetch_claims(database: Database, sizes: Mapping[int, int]) -> list[Claim]:
    """Return which cameras the index gives some of the files to; *sizes* are bytes by the time in the file's name (µs)."""
    marks = ", ".join("?" * len(sizes))
    # CROSS JOIN keeps the order: by (camera_no, name_us), of which there is an index.
    rows = await database.fetch_all(
        "SELECT c.camera_uuid, c.camera_id, c.tenant_id, c.name, s.name_us, s.size_bytes FROM recorded_cameras c"  # noqa: S608
        f" CROSS JOIN segments s ON s.camera_no = c.camera_no AND s.name_us IN ({marks})",
        tuple(sizes),
    )
    counts: dict[CameraMarker, int] = {}
    for row in rows:
        if sizes[row["name_us"]] == row["size_bytes"]:
            marker = CameraMarker(
                row["camera_uuid"], row["camera_id"], row["tenant_id"], row["name"][:MAX_NAME]
            )
            counts[marker] = counts.get(marker, 0) + 1
    return [Claim(marker, files) for marker, files in counts.items()]
