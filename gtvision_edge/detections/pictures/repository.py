"""All SQL about picture files, and about pictures that are still to be got."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gtvision_edge.detections.model import Detection, PictureState, Rectangle
from gtvision_edge.detections.pictures.copies import Copies
from gtvision_edge.detections.repository import changed, columns_of, to_detection
from gtvision_edge.storage import Database, Row, Transaction

_STATE_SET: Final = changed(picture_state="?1")
_PICTURES_TAKEN: Final = changed(scene="NULL", crop="NULL", picture_state="?1")
_HAS_PICTURE = "(scene IS NOT NULL OR crop IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class PictureJob:
    """What is still to be got for a reading. *url_sealed* None: nothing is to be fetched."""

    detection: Detection
    url_sealed: bytes | None
    plate_area: Rectangle | None
    attempts: int
    created_us: int


@dataclass(frozen=True, slots=True)
class PictureTotal:
    """How many files the readings have, and their bytes."""

    files: int = 0
    bytes: int = 0


def add_job(
    transaction: Transaction,
    detection: Detection,
    *,
    url_sealed: bytes | None,
    plate_area: Rectangle | None,
    now_us: int,
) -> None:
    area = plate_area and [plate_area.left, plate_area.top, plate_area.width, plate_area.height]
    transaction.execute(
        "INSERT INTO picture_jobs (detection_id, camera_uuid, url_sealed, plate_area, due_us, created_us)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            detection.detection_id,
            detection.camera_uuid,
            url_sealed,
            json.dumps(area) if area else None,
            now_us,
            now_us,
        ),
    )


async def due_jobs(
    database: Database,
    now_us: int,
    limit: int,
    *,
    but_cameras: Sequence[str],
    but_readings: Sequence[str],
) -> list[PictureJob]:
    """Return the jobs that are due the longest, one of each camera, none of *but_cameras* and *but_readings*."""
    rows = await database.fetch_all(
        "WITH RECURSIVE cameras(uuid) AS (SELECT min(camera_uuid) FROM picture_jobs UNION ALL"  # noqa: S608 -- a constant
        " SELECT (SELECT min(camera_uuid) FROM picture_jobs WHERE camera_uuid > cameras.uuid) FROM cameras"
        " WHERE cameras.uuid IS NOT NULL)"
        f" SELECT j.url_sealed, j.plate_area, j.attempts, j.created_us, {columns_of('d')} FROM cameras"
        " JOIN picture_jobs j ON j.detection_id = (SELECT detection_id FROM picture_jobs WHERE camera_uuid = cameras.uuid"
        " AND due_us <= ?1 AND detection_id NOT IN (SELECT value FROM json_each(?4)) ORDER BY due_us LIMIT 1) JOIN detections d ON d.detection_id = j.detection_id"
        " WHERE cameras.uuid NOT IN (SELECT value FROM json_each(?2)) ORDER BY j.due_us LIMIT ?3",
        (now_us, json.dumps(list(but_cameras)), limit, json.dumps(list(but_readings))),
    )
    return [_to_job(row) for row in rows]


def bring_forward(transaction: Transaction, now_us: int, longest_us: int) -> None:
    """Make due what would not be for longer than anything waits: the clock was put back."""
    transaction.execute(
        "UPDATE picture_jobs SET due_us = ?1, created_us = min(created_us, ?1) WHERE due_us > ?1 + ?2",
        (now_us, longest_us),
    )


def close_job(transaction: Transaction, detection_id: str) -> bool:
    """Return False when it was closed before: the reading was anonymised meanwhile."""
    found = transaction.execute("DELETE FROM picture_jobs WHERE detection_id = ?", (detection_id,))
    return found.rowcount == 1


def postpone(transaction: Transaction, detection_id: str, *, due_us: int) -> None:
    """Count a try that failed."""
    transaction.execute(
        "UPDATE picture_jobs SET attempts = attempts + 1, due_us = ? WHERE detection_id = ?",
        (due_us, detection_id),
    )


async def has_older(database: Database, before_us: int) -> bool:
    row = await database.fetch_one(
        "SELECT 1 FROM picture_jobs WHERE created_us < ? LIMIT 1", (before_us,)
    )
    return row is not None


def give_up_older(transaction: Transaction, before_us: int, limit: int) -> int:
    """Close up to *limit* jobs made before then, and say so at their readings; return how many."""
    rows = transaction.execute(
        "DELETE FROM picture_jobs WHERE detection_id IN (SELECT detection_id FROM picture_jobs WHERE created_us < ?"
        " LIMIT ?) RETURNING detection_id",
        (before_us, limit),
    ).fetchall()
    for row in rows:
        set_state(transaction, row[0], PictureState.UNREACHABLE)
    return len(rows)


def set_state(transaction: Transaction, detection_id: str, state: PictureState) -> None:
    transaction.execute(
        f"UPDATE detections SET {_STATE_SET} WHERE detection_id = ?2 AND anonymised_us IS NULL",  # noqa: S608 -- a constant
        (state.value, detection_id),
    )


def note_files(transaction: Transaction, sizes: Mapping[str, int], copies: Copies) -> None:
    """Count files, by name, that a row has from now on, and tell *copies*; those that are counted already stay as they are."""
    added = {
        name: size
        for name, size in sizes.items()
        if transaction.execute(
            "INSERT INTO pictures (name, size_bytes) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (name, size),
        ).rowcount
    }
    _add_to_total(transaction, len(added), sum(added.values()))
    copies.came(transaction, added)


def forget_files(transaction: Transaction, names: Iterable[str], copies: Copies) -> PictureTotal:
    """Count files no longer, and tell *copies*; return what those were that had been counted."""
    rows = transaction.execute(
        "DELETE FROM pictures WHERE name IN (SELECT value FROM json_each(?)) RETURNING name, size_bytes",
        (json.dumps(list(names)),),
    ).fetchall()
    gone = PictureTotal(len(rows), sum(row["size_bytes"] for row in rows))
    _add_to_total(transaction, -gone.files, -gone.bytes)
    copies.left(transaction, [row["name"] for row in rows])
    return gone


def _add_to_total(transaction: Transaction, files: int, size: int) -> None:
    if files:
        transaction.execute(
            "INSERT INTO picture_total (id, files, bytes) VALUES (1, ?1, ?2)"
            " ON CONFLICT (id) DO UPDATE SET files = files + ?1, bytes = bytes + ?2",
            (files, size),
        )


async def fetch_total(database: Database) -> PictureTotal:
    row = await database.fetch_one("SELECT files, bytes FROM picture_total")
    return PictureTotal(*row) if row else PictureTotal()


async def with_pictures(
    database: Database, *, after: tuple[int, str], until_us: int, limit: int
) -> list[tuple[Detection, int]]:
    """Return detections that have pictures and were seen before *until_us*, the oldest first, with the bytes of these."""
    rows = await database.fetch_all(
        f"SELECT {columns_of('d')}, coalesce((SELECT size_bytes FROM pictures WHERE name = d.scene), 0)"  # noqa: S608 -- a constant
        " + coalesce((SELECT size_bytes FROM pictures WHERE name = d.crop), 0) AS size_bytes"
        " FROM detections d INDEXED BY detections_with_picture"
        " WHERE (d.scene IS NOT NULL OR d.crop IS NOT NULL) AND (d.captured_us, d.detection_id) > (?, ?)"
        " AND d.captured_us < ? ORDER BY d.captured_us, d.detection_id LIMIT ?",
        (*after, until_us, limit),
    )
    return [(to_detection(row), row["size_bytes"]) for row in rows]


def drop_pictures(transaction: Transaction, detection_id: str) -> bool:
    """Take the pictures from a detection; False: it has none any more."""
    found = transaction.execute(
        f"UPDATE detections SET {_PICTURES_TAKEN} WHERE detection_id = ?2 AND {_HAS_PICTURE}",  # noqa: S608 -- constants
        (PictureState.DROPPED.value, detection_id),
    )
    close_job(transaction, detection_id)
    return found.rowcount == 1


def unnamed(transaction: Transaction, names: Iterable[str]) -> list[str]:
    """Return those of *names* that no detection has."""
    rows = transaction.execute(
        "SELECT value FROM json_each(?1) AS name WHERE NOT EXISTS (SELECT 1 FROM detections WHERE scene = name.value)"
        " AND NOT EXISTS (SELECT 1 FROM detections WHERE crop = name.value)",
        (json.dumps(list(names)),),
    ).fetchall()
    return [row[0] for row in rows]


async def counted_names(database: Database, prefix: str) -> list[str]:
    """Return the names of counted files that begin with *prefix* (hex)."""
    rows = await database.fetch_all(
        "SELECT name FROM pictures WHERE name >= ? AND name < ?", (prefix, prefix + "g")
    )
    return [row[0] for row in rows]


def mark_lost(transaction: Transaction, names: Sequence[str]) -> int:
    """Say at the detections that have one of *names* that its file is gone; return at how many that was new."""
    return transaction.execute(
        f"UPDATE detections SET {_STATE_SET} WHERE detection_id IN ("  # noqa: S608 -- a constant
        "SELECT detection_id FROM detections WHERE scene IN (SELECT value FROM json_each(?2)) UNION"
        " SELECT detection_id FROM detections WHERE crop IN (SELECT value FROM json_each(?2))) AND picture_state <> ?1",
        (PictureState.LOST.value, json.dumps(list(names))),
    ).rowcount


def _to_job(row: Row) -> PictureJob:
    area = json.loads(row["plate_area"]) if row["plate_area"] else None
    return PictureJob(
        to_detection(row),
        row["url_sealed"],
        Rectangle(*area) if area else None,
        row["attempts"],
        row["created_us"],
    )
