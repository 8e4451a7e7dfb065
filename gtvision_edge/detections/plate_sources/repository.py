"""All SQL about the settings of plate sources."""

from collections.abc import Sequence
from dataclasses import dataclass

from gtvision_edge.storage import Database, Row, Transaction


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A row as it is kept; fields as in the table ``plate_sources``."""

    camera_uuid: str
    confidence_scale: str
    addresses: str
    directions: str
    zone: str | None
    least_trust: str
    is_pulled: bool
    picture_sources: str


async def fetch_all(database: Database) -> Sequence[StoredSource]:
    rows = await database.fetch_all(
        "SELECT camera_uuid, confidence_scale, addresses, directions, zone, least_trust, is_pulled, picture_sources"
        " FROM plate_sources"
    )
    return [_stored(row) for row in rows]


def put(transaction: Transaction, source: StoredSource, *, now_us: int) -> None:
    transaction.execute(
        "INSERT INTO plate_sources (camera_uuid, confidence_scale, addresses, directions, zone, least_trust, is_pulled,"
        " picture_sources, updated_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (camera_uuid) DO UPDATE SET"
        " confidence_scale = excluded.confidence_scale, addresses = excluded.addresses, directions = excluded.directions,"
        " zone = excluded.zone, least_trust = excluded.least_trust, is_pulled = excluded.is_pulled,"
        " picture_sources = excluded.picture_sources, updated_us = excluded.updated_us",
        (
            source.camera_uuid,
            source.confidence_scale,
            source.addresses,
            source.directions,
            source.zone,
            source.least_trust,
            source.is_pulled,
            source.picture_sources,
            now_us,
        ),
    )


def _stored(row: Row) -> StoredSource:
    return StoredSource(
        camera_uuid=row["camera_uuid"],
        confidence_scale=row["confidence_scale"],
        addresses=row["addresses"],
        directions=row["directions"],
        zone=row["zone"],
        least_trust=row["least_trust"],
        is_pulled=bool(row["is_pulled"]),
        picture_sources=row["picture_sources"],
    )
