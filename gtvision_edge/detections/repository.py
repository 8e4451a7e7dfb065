"""All SQL about plate readings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_json

from gtvision_edge.detections.by_vehicle.repository import (
    OF_VEHICLE,
    TABLES,
    WITHIN_BOUNDS,
    note_vehicles,
)
from gtvision_edge.detections.model import (
    Detection,
    DetectionId,
    PictureState,
    TimeSource,
    TrustLevel,
)
from gtvision_edge.detections.plates import vehicle_bounds
from gtvision_edge.storage import Database, Row, Transaction, insert_rows, rows_with

_PICTURE_ROOM: Final = 65
"""Bytes that a row grows by with the name of a picture."""
_ROOM: Final = 48
"""Bytes for words about pictures, for when it was anonymised, and for what SQLite writes down of lengths."""

_COLUMNS = (
    "detection_id, camera_uuid, camera_id, tenant_id, captured_us, received_us, time_source, plate, vehicle, plate_sent,"
    " confidence, source, trust, is_late, passage_id, facts, scene, crop, anonymised_us, picture_state"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search is for. Empty *cameras*: none; None: all. *patterns* are ``GLOB``; empty: any plate, and none."""

    start_us: int
    end_us: int
    cameras: Sequence[str] | None = None
    """Uuids."""
    tenant_id: str | None = None
    patterns: Sequence[str] = ()
    before: tuple[int, str] | None = None
    """Time and id of the last one of the page before: newest come first."""


def columns_of(alias: str) -> str:
    """Return what :func:`to_detection` needs of the table ``detections`` under *alias*, for who joins it."""
    return ", ".join(f"{alias}.{name.strip()}" for name in _COLUMNS.split(","))


def changed(**values: str) -> str:
    """Return the ``SET`` of an UPDATE of ``detections`` that gives columns these *values*, in SQL, and leaves the row as long as it is.

    A row that grows has SQLite split its page, one that shrinks has it join pages: both leave copies of plates in between that
    no deletion finds. Numbers are not counted: they take a few bytes.
    """
    grown = " + ".join(
        f"ifnull(length(CAST({value} AS BLOB)), 0) - ifnull(length(CAST({name} AS BLOB)), 0)"
        for name, value in values.items()
    )
    terms = [f"{name} = {value}" for name, value in values.items()]
    lengths = len(values) + 1
    return ", ".join([*terms, f"room = zeroblob(max(0, length(room) - ({grown}) - {lengths}))"])


def find_by_source_keys(transaction: Transaction, keys: Sequence[bytes]) -> dict[bytes, Detection]:
    """Return those detections that have one of *keys*, by it."""
    select = f"SELECT {_COLUMNS}, source_key FROM detections WHERE source_key IN"  # noqa: S608 -- a constant
    return {row["source_key"]: to_detection(row) for row in rows_with(transaction, select, keys)}


def find_passages(
    transaction: Transaction, detections: Sequence[Detection], *, within_us: int
) -> dict[str, str]:
    """Return, by the ids of *detections*, the passages they belong to; those of no passage that is known are not in it.

    It is that of the newest reading of the vehicle by the same camera which is no more than *within_us* away.
    """
    if not detections:
        return {}
    wanted = [
        (
            each.detection_id,
            each.vehicle,
            each.camera_uuid,
            each.captured_us - within_us,
            each.captured_us + within_us,
        )
        for each in detections
    ]
    # One row for all, by one step: see insert_rows.
    row = transaction.execute(
        f"SELECT json_group_object(value ->> 0, ({_PASSAGE})) FROM json_each(?)",  # noqa: S608 -- a constant
        (json.dumps(wanted),),
    ).fetchone()
    found: dict[str, str | None] = json.loads(row[0])
    return {detection_id: passage for detection_id, passage in found.items() if passage}


_PASSAGE: Final = (
    f"SELECT passage_id FROM detections WHERE detection_no IN ({OF_VEHICLE})"  # noqa: S608 -- a constant
    # The plus keeps SQLite from walking through all that the camera ever read.
    " AND +camera_uuid = value ->> 2 ORDER BY +captured_us DESC LIMIT 1"
)


def insert_detections(
    transaction: Transaction, detections: Sequence[tuple[Detection, bytes]]
) -> None:
    """Insert detections, each with its source key."""
    last = insert_rows(
        transaction,
        f"detections ({_COLUMNS}, source_key, room)",
        [
            (
                each.detection_id,
                each.camera_uuid,
                each.camera_id,
                each.tenant_id,
                each.captured_us,
                each.received_us,
                each.time_source.value,
                each.plate,
                each.vehicle,
                each.plate_sent,
                each.confidence,
                each.source,
                each.trust.value,
                int(each.is_late),  # a bool is asked for its adapter
                each.passage_id,
                to_json(each.facts).decode(),
                each.scene,
                each.crop,
                each.anonymised_us,
                each.picture_state.value,
                source_key,
                bytes(_ROOM + _PICTURE_ROOM * [each.scene, each.crop].count(None)),
            )
            for each, source_key in detections
        ],
    )
    first = last - len(detections) + 1
    note_vehicles(
        transaction,
        [
            (each.vehicle, each.captured_us, number)
            for number, (each, _) in enumerate(detections, first)
            if each.vehicle is not None
        ],
    )


def add_pictures(
    transaction: Transaction, detection_id: str, *, scene: str | None, crop: str | None
) -> Detection | None:
    """Give a detection the pictures that it lacks; None: it lacks none of these, or may have none any more."""
    row = transaction.execute(
        f"UPDATE detections SET {_PICTURES_ADDED}"  # noqa: S608 -- a constant
        " WHERE detection_id = ?1 AND anonymised_us IS NULL AND ((scene IS NULL AND ?2 IS NOT NULL)"
        f" OR (crop IS NULL AND ?3 IS NOT NULL)) RETURNING {_COLUMNS}",
        (detection_id, scene, crop),
    ).fetchone()
    return to_detection(row) if row else None


_PICTURES_ADDED: Final = changed(
    scene="coalesce(scene, ?2)", crop="coalesce(crop, ?3)", picture_state="''"
)


async def find_detection(database: Database, detection_id: str) -> Detection | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM detections WHERE detection_id = ?",  # noqa: S608 -- a constant
        (detection_id,),
    )
    return to_detection(row) if row else None


async def search(database: Database, wanted: Wanted, limit: int) -> list[Detection]:
    """Return up to *limit* detections, the newest first.

    Plates are found by the index of vehicles where their beginning is known; what has to look at every reading keeps no other
    read waiting.

    Raises:
        SearchTooLongError: that took too long.

    """
    terms, values = _terms_of(wanted)
    order = "ORDER BY captured_us DESC, detection_id DESC LIMIT ?"
    bounds = vehicle_bounds(wanted.patterns)
    if bounds:
        if wanted.cameras is not None:
            terms.append("camera_uuid IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(list(wanted.cameras)))
        source = f"detections WHERE detection_no IN ({WITHIN_BOUNDS}) AND {' AND '.join(terms)}"
        values = [json.dumps(bounds), wanted.start_us, wanted.end_us] * len(TABLES) + values
    elif wanted.cameras is not None:
        # The newest of each camera by its index, of these the newest: nothing sorts all that a camera ever read.
        of_camera = f"SELECT rowid FROM detections WHERE camera_uuid = camera.value AND {' AND '.join(terms)} {order}"  # noqa: S608 -- of constants
        source = (
            "detections WHERE rowid IN (SELECT found.rowid FROM json_each(?) AS camera"  # noqa: S608 -- of constants
            f" CROSS JOIN detections AS found ON found.rowid IN ({of_camera}))"
        )
        values = [json.dumps(list(wanted.cameras)), *values, limit]
    else:
        source = f"detections WHERE {' AND '.join(terms)}"
    fetch = database.search_all if wanted.patterns and not bounds else database.fetch_all
    rows = await fetch(f"SELECT {_COLUMNS} FROM {source} {order}", [*values, limit])  # noqa: S608 -- of constants
    return [to_detection(row) for row in rows]


def _terms_of(wanted: Wanted) -> tuple[list[str], list[object]]:
    """Return the conditions of *wanted* but for its cameras, and what stands in them."""
    terms = ["captured_us >= ?", "captured_us < ?"]
    values: list[object] = [wanted.start_us, wanted.end_us]
    if wanted.tenant_id is not None:
        terms.append("tenant_id = ?")
        values.append(wanted.tenant_id)
    if wanted.patterns:
        terms.append("(" + " OR ".join(["plate GLOB ?"] * len(wanted.patterns)) + ")")
        values += wanted.patterns
    if wanted.before is not None:
        terms.append("(captured_us, detection_id) < (?, ?)")
        values += wanted.before
    return terms, values


async def fetch_due(
    database: Database, from_us: int, until_us: int, limit: int, *, held: str
) -> list[Detection]:
    """Return detections to anonymise, oldest first: seen or received before *until_us*, whichever was earlier, and since *from_us*.

    *held* is the condition, in SQL, under which one has to stay as it is.
    """
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM detections WHERE anonymised_us IS NULL AND min(captured_us, received_us) < ?2"  # noqa: S608 -- SQL of ours
        f" AND min(captured_us, received_us) >= ?1 AND NOT ({held})"
        " ORDER BY min(captured_us, received_us) LIMIT ?3",
        (from_us, until_us, limit),
    )
    return [to_detection(row) for row in rows]


_PLATE_TAKEN: Final = changed(plate="NULL", vehicle="NULL", plate_sent="''")


def take_plates(transaction: Transaction, ids: Sequence[str], *, held: str) -> set[str]:
    """Take the plates out of those of *ids* that nothing holds at this moment; return which ones they are.

    From then on they are to be anonymised, whatever comes to hold them: their pictures go next.
    """
    rows = transaction.execute(
        f"UPDATE detections SET {_PLATE_TAKEN}, confidence = NULL"  # noqa: S608 -- SQL of ours
        f" WHERE detection_id IN (SELECT value FROM json_each(?)) AND NOT ({held}) RETURNING detection_id",
        (json.dumps(list(ids)),),
    ).fetchall()
    return {row[0] for row in rows}


async def only_in(database: Database, names: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Return those pictures of *names* that no detection but *ids* has."""
    rows = await database.fetch_all(
        "SELECT value FROM json_each(?1) AS name WHERE NOT EXISTS (SELECT 1 FROM detections WHERE scene = name.value"
        " AND detection_id NOT IN (SELECT value FROM json_each(?2))) AND NOT EXISTS (SELECT 1 FROM detections"
        " WHERE crop = name.value AND detection_id NOT IN (SELECT value FROM json_each(?2)))",
        (json.dumps(list(names)), json.dumps(list(ids))),
    )
    return [row[0] for row in rows]


_ALL_TAKEN: Final = changed(
    plate="NULL",
    vehicle="NULL",
    plate_sent="''",
    facts="?2",
    scene="NULL",
    crop="NULL",
    picture_state="''",
    anonymised_us="?3",
)


def anonymise(
    transaction: Transaction, detection_id: str, *, facts: Mapping[str, Any], now_us: int
) -> None:
    """Take plate, pictures, where pictures are to be had, and what was made of the plate out of a detection."""
    transaction.execute(
        f"UPDATE detections SET {_ALL_TAKEN}, confidence = NULL, source_key = randomblob(32) WHERE detection_id = ?1",  # noqa: S608 -- a constant
        (detection_id, json.dumps(facts), now_us),
    )
    transaction.execute("DELETE FROM picture_jobs WHERE detection_id = ?", (detection_id,))


def count_anonymised(transaction: Transaction, detection: Detection, *, day: str) -> None:
    """Count a detection into what remains of a camera's day."""
    transaction.execute(
        "INSERT INTO detection_counts (camera_uuid, day, tenant_id, camera_id, readings, passages)"
        " VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (camera_uuid, day, tenant_id) DO UPDATE SET"
        " readings = readings + 1, passages = passages + excluded.passages",
        (
            detection.camera_uuid,
            day,
            detection.tenant_id,
            detection.camera_id,
            int(detection.is_first_of_passage),
        ),
    )


async def fetch_push_secrets(database: Database) -> list[Row]:
    """Return the sealed secrets of all cameras, the newest of each first."""
    return await database.fetch_all(
        "SELECT camera_uuid, made_us, sealed, expires_us FROM push_secrets ORDER BY made_us DESC"
    )


async def newest_push_secret(database: Database) -> tuple[int, int]:
    """Return what changes whenever a secret is made: how many there are, and when the newest was made."""
    row = await database.fetch_one("SELECT count(*), coalesce(max(made_us), 0) FROM push_secrets")
    return (int(row[0]), int(row[1])) if row else (0, 0)


def renew_push_secret(
    transaction: Transaction,
    camera_uuid: str,
    sealed: bytes,
    *,
    made_us: int,
    previous_until_us: int | None,
) -> None:
    """Make *sealed* a camera's present secret; the one before ends at *previous_until_us* (None: now), older ones now.

    What ends now is deleted: with a time of its end it would be good again once the clock is put back.
    """
    transaction.execute(
        "DELETE FROM push_secrets WHERE camera_uuid = ?1 AND (expires_us IS NOT NULL OR ?2 IS NULL)",
        (camera_uuid, previous_until_us),
    )
    transaction.execute(
        "UPDATE push_secrets SET expires_us = ? WHERE camera_uuid = ?",
        (previous_until_us, camera_uuid),
    )
    transaction.execute(
        "INSERT INTO push_secrets (camera_uuid, made_us, sealed) VALUES (?, ?, ?)",
        (camera_uuid, made_us, sealed),
    )


def to_detection(row: Row) -> Detection:
    return Detection(
        detection_id=DetectionId(row["detection_id"]),
        camera_uuid=row["camera_uuid"],
        camera_id=row["camera_id"],
        tenant_id=row["tenant_id"],
        captured_us=row["captured_us"],
        received_us=row["received_us"],
        time_source=TimeSource(row["time_source"]),
        plate=row["plate"],
        vehicle=row["vehicle"],
        plate_sent=row["plate_sent"],
        confidence=row["confidence"],
        source=row["source"],
        trust=TrustLevel(row["trust"]),
        is_late=bool(row["is_late"]),
        passage_id=DetectionId(row["passage_id"]),
        facts=json.loads(row["facts"]),
        scene=row["scene"],
        crop=row["crop"],
        anonymised_us=row["anonymised_us"],
        picture_state=PictureState(row["picture_state"]),
    )
