"""All SQL about the readings of a camera in an interval."""

from typing import Final

from gtvision_edge.detections.model import Detection, DetectionId
from gtvision_edge.detections.repository import columns_of, to_detection
from gtvision_edge.storage import Database

_OF_CAMERA: Final = (
    "camera_uuid = :camera AND captured_us >= :from_us AND captured_us < :to_us"
    " AND (:tenant IS NULL OR tenant_id = :tenant)"
)


async def fetch_moments(
    database: Database,
    camera_uuid: str,
    *,
    from_us: int,
    to_us: int,
    tenant_id: str | None,
    most: int,
) -> list[tuple[int, DetectionId]] | None:
    """Return time and id of a camera's readings in [from, to), in order of time; None = there are more than *most*."""
    facts = {"camera": camera_uuid, "from_us": from_us, "to_us": to_us, "tenant": tenant_id}
    # Looked for in the index alone: a camera at a motorway has a hundred thousand a day.
    beyond = await database.fetch_one(
        f"SELECT captured_us FROM detections WHERE {_OF_CAMERA} ORDER BY captured_us LIMIT 1 OFFSET :most",  # noqa: S608 -- a constant
        {**facts, "most": most},
    )
    if beyond is not None:
        return None
    rows = await database.fetch_all(
        f"SELECT captured_us, detection_id FROM detections WHERE {_OF_CAMERA} ORDER BY captured_us, detection_id",  # noqa: S608 -- likewise
        facts,
    )
    return [(row["captured_us"], DetectionId(row["detection_id"])) for row in rows]


async def fetch_first_moments(
    database: Database,
    camera_uuid: str,
    *,
    from_us: int,
    to_us: int,
    tenant_id: str | None,
    step_us: int,
) -> list[int]:
    """Return when the first reading was of each step of [from, to) that has one.

    The index is searched once a step: counting all of a busy day would take longer than its timeline may.
    """
    first = (
        "SELECT captured_us FROM detections WHERE camera_uuid = :camera AND captured_us >= {begin}"
        " AND captured_us < :to_us AND (:tenant IS NULL OR tenant_id = :tenant) ORDER BY captured_us LIMIT 1"
    )
    following = ":from_us + ((at_us - :from_us) / :step_us + 1) * :step_us"
    rows = await database.fetch_all(
        f"WITH RECURSIVE found (at_us) AS (SELECT ({first.format(begin=':from_us')}) UNION ALL"  # noqa: S608 -- texts of ours
        f" SELECT ({first.format(begin=following)}) FROM found WHERE at_us IS NOT NULL)"
        " SELECT at_us FROM found WHERE at_us IS NOT NULL",
        {
            "camera": camera_uuid,
            "from_us": from_us,
            "to_us": to_us,
            "tenant": tenant_id,
            "step_us": step_us,
        },
    )
    return [row["at_us"] for row in rows]


async def fetch_in_order(
    database: Database,
    camera_uuid: str,
    *,
    from_us: int,
    to_us: int,
    tenant_id: str,
    after: tuple[int, str],
    limit: int,
) -> list[Detection]:
    """Return up to *limit* readings of a camera in [from, to), in order of time, that come after time and id of *after*."""
    rows = await database.fetch_all(
        f"SELECT {columns_of('detections')} FROM detections WHERE {_OF_CAMERA} AND (captured_us, detection_id) > (:after_us, :after_id)"  # noqa: S608 -- constants
        " ORDER BY captured_us, detection_id LIMIT :limit",
        {
            "camera": camera_uuid,
            "from_us": from_us,
            "to_us": to_us,
            "tenant": tenant_id,
            "after_us": after[0],
            "after_id": after[1],
            "limit": limit,
        },
    )
    return [to_detection(row) for row in rows]


async def count_within(
    database: Database, camera_uuid: str, *, from_us: int, to_us: int, tenant_id: str
) -> int:
    """Return how many readings of a camera there are in [from, to)."""
    (row,) = await database.count_all(
        f"SELECT count(*) FROM detections WHERE {_OF_CAMERA}",  # noqa: S608 -- a constant
        {"camera": camera_uuid, "from_us": from_us, "to_us": to_us, "tenant": tenant_id},
    )
    return int(row[0])
