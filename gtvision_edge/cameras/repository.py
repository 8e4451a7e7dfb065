"""All SQL about cameras and their states."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from gtvision_edge.cameras.model import (
    Camera,
    CameraId,
    CameraState,
    CameraUuid,
    Device,
    Place,
    Profile,
    StateEntry,
)
from gtvision_edge.storage import Database, Row, Transaction

_COLUMNS: Final = (
    "camera_id, camera_uuid, name, tenant_id, vendor, host, rtsp_port, http_port, onvif_port, channel, username,"
    " password_sealed, main_url, sub_url, record, enabled, latitude, longitude, bearing, place,"
    " main_profile, sub_profile, probe_warnings, created_us, updated_us, device, clock_offset_s, probed_us"
)
_INSERT: Final = (
    f"INSERT INTO cameras ({_COLUMNS}) VALUES ("  # noqa: S608 -- column names of ours
    + ", ".join(f":{column.strip()}" for column in _COLUMNS.split(","))
    + ")"
)
_UPDATE: Final = (
    "UPDATE cameras SET "  # noqa: S608 -- column names of ours
    + ", ".join(f"{c.strip()} = :{c.strip()}" for c in _COLUMNS.split(","))
    + " WHERE camera_uuid = :camera_uuid"
)


async def fetch_cameras(database: Database) -> list[tuple[Camera, bytes]]:
    """Return every camera with its sealed password; ``has_password`` is False until the service knows."""
    rows = await database.fetch_all(f"SELECT {_COLUMNS} FROM cameras ORDER BY camera_id")  # noqa: S608
    return [(_camera(row), row["password_sealed"]) for row in rows]


def insert_camera(transaction: Transaction, camera: Camera, sealed: bytes) -> None:
    transaction.execute(_INSERT, _values(camera, sealed))


def update_camera(transaction: Transaction, camera: Camera, sealed: bytes) -> None:
    transaction.execute(_UPDATE, _values(camera, sealed))


def delete_camera(transaction: Transaction, camera_uuid: CameraUuid) -> bool:
    """Remove the camera; False when it was gone already. Its states stay for :func:`prune_states`."""
    done = transaction.execute("DELETE FROM cameras WHERE camera_uuid = ?", (camera_uuid,))
    return done.rowcount > 0


def tenant_exists(transaction: Transaction, tenant_id: str) -> bool:
    found = transaction.execute("SELECT 1 FROM tenants WHERE tenant_id = ?", (tenant_id,))
    return found.fetchone() is not None


def insert_states(
    transaction: Transaction, states: Iterable[tuple[CameraUuid, StateEntry]]
) -> None:
    """Add to the history; cameras that are gone by now are passed over."""
    transaction.executemany(
        "INSERT OR REPLACE INTO camera_states (camera_uuid, since_us, state, reason)"
        " SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM cameras WHERE camera_uuid = ?1)",
        [(uuid, entry.since_us, entry.state.value, entry.reason) for uuid, entry in states],
    )


def prune_states(transaction: Transaction, *, keep: int) -> None:
    """Forget all but the last *keep* states of each camera, and all of removed cameras that left no footage."""
    transaction.execute(
        "DELETE FROM camera_states WHERE camera_uuid NOT IN"
        " (SELECT camera_uuid FROM cameras UNION SELECT camera_uuid FROM recorded_cameras)"
    )
    crowded = transaction.execute(
        "SELECT camera_uuid FROM camera_states GROUP BY camera_uuid HAVING count(*) > ?", (keep,)
    ).fetchall()
    for row in crowded:
        transaction.execute(
            "DELETE FROM camera_states WHERE camera_uuid = ?1 AND since_us <= (SELECT since_us FROM camera_states"
            " WHERE camera_uuid = ?1 ORDER BY since_us DESC LIMIT 1 OFFSET ?2)",
            (row["camera_uuid"], keep),
        )


async def fetch_states(
    database: Database, camera_uuid: CameraUuid, *, before_us: int | None, limit: int
) -> Sequence[StateEntry]:
    """Return the history of a camera, newest first, older than *before_us*."""
    rows = await database.fetch_all(
        "SELECT state, since_us, reason FROM camera_states WHERE camera_uuid = ?1"
        " AND (?2 IS NULL OR since_us < ?2) ORDER BY since_us DESC LIMIT ?3",
        (camera_uuid, before_us, limit),
    )
    return [StateEntry(CameraState(row["state"]), row["since_us"], row["reason"]) for row in rows]


async def fetch_states_within(
    database: Database, camera_uuid: CameraUuid, start_us: int, end_us: int
) -> Sequence[StateEntry]:
    """Return what a camera was between two times, oldest first: the state it was in at *start_us*, and all changes."""
    rows = await database.fetch_all(
        "SELECT state, since_us, reason FROM camera_states WHERE camera_uuid = ?1 AND since_us < ?3"
        " AND since_us >= ifnull((SELECT max(since_us) FROM camera_states"
        " WHERE camera_uuid = ?1 AND since_us <= ?2), ?2) ORDER BY since_us",
        (camera_uuid, start_us, end_us),
    )
    return [StateEntry(CameraState(row["state"]), row["since_us"], row["reason"]) for row in rows]


async def fetch_last_states(database: Database) -> dict[CameraUuid, StateEntry]:
    """Return each camera's last known state."""
    rows = await database.fetch_all(  # of the row with the maximum, as SQLite promises of a lone max()
        "SELECT camera_uuid, max(since_us) AS since_us, state, reason FROM camera_states GROUP BY camera_uuid"
    )
    return {
        CameraUuid(row["camera_uuid"]): StateEntry(
            CameraState(row["state"]), row["since_us"], row["reason"]
        )
        for row in rows
    }


def _values(camera: Camera, sealed: bytes) -> dict[str, Any]:
    return {
        "camera_id": camera.camera_id,
        "camera_uuid": camera.camera_uuid,
        "name": camera.name,
        "tenant_id": camera.tenant_id,
        "vendor": camera.vendor,
        "host": camera.host,
        "rtsp_port": camera.rtsp_port,
        "http_port": camera.http_port,
        "onvif_port": camera.onvif_port,
        "channel": camera.channel,
        "username": camera.username,
        "password_sealed": sealed,
        "main_url": camera.main_url,
        "sub_url": camera.sub_url,
        "record": camera.record,
        "enabled": camera.enabled,
        "latitude": camera.place.latitude,
        "longitude": camera.place.longitude,
        "bearing": camera.place.bearing,
        "place": camera.place.label,
        "main_profile": camera.main_profile.to_json() if camera.main_profile else None,
        "sub_profile": camera.sub_profile.to_json() if camera.sub_profile else None,
        "probe_warnings": json.dumps([dict(warning) for warning in camera.warnings]),
        "created_us": camera.created_us,
        "updated_us": camera.updated_us,
        "device": json.dumps(asdict(camera.device), ensure_ascii=False) if camera.device else None,
        "clock_offset_s": camera.clock_offset_s,
        "probed_us": camera.probed_us,
    }


def _camera(row: Row) -> Camera:
    return Camera(
        camera_id=CameraId(row["camera_id"]),
        camera_uuid=CameraUuid(row["camera_uuid"]),
        name=row["name"],
        tenant_id=row["tenant_id"],
        vendor=row["vendor"],
        host=row["host"],
        rtsp_port=row["rtsp_port"],
        http_port=row["http_port"],
        onvif_port=row["onvif_port"],
        channel=row["channel"],
        username=row["username"],
        has_password=False,
        main_url=row["main_url"],
        sub_url=row["sub_url"],
        record=bool(row["record"]),
        enabled=bool(row["enabled"]),
        place=Place(row["latitude"], row["longitude"], row["bearing"], row["place"]),
        main_profile=Profile.from_json(row["main_profile"]) if row["main_profile"] else None,
        sub_profile=Profile.from_json(row["sub_profile"]) if row["sub_profile"] else None,
        warnings=tuple(json.loads(row["probe_warnings"])),
        created_us=row["created_us"],
        updated_us=row["updated_us"],
        device=Device(**json.loads(row["device"])) if row["device"] else None,
        clock_offset_s=row["clock_offset_s"],
        probed_us=row["probed_us"],
    )
