"""All SQL about the watchlist."""

import json
from collections.abc import Sequence

from gtvision_edge.detections.model import Watch, WatchId, WatchLevel
from gtvision_edge.storage import Database, Row, Transaction

_COLUMNS = "watch_id, tenant_id, plate, vehicle, reason, level, expires_us, created_by, created_us, updated_us"


async def watches_after(
    database: Database, watch_id: str, limit: int, *, tenant_id: str | None
) -> list[Watch]:
    """Return up to *limit* entries, oldest first, after *watch_id*; of *tenant_id* or of all (None)."""
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM watchlist WHERE watch_id > ?1"  # noqa: S608 -- a constant
        " AND (?2 IS NULL OR tenant_id = ?2) ORDER BY watch_id LIMIT ?3",
        (watch_id, tenant_id, limit),
    )
    return [_to_watch(row) for row in rows]


async def find_watch(database: Database, watch_id: str) -> Watch | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM watchlist WHERE watch_id = ?",  # noqa: S608 -- a constant
        (watch_id,),
    )
    return _to_watch(row) if row else None


def get_watch_row(transaction: Transaction, watch_id: str) -> Watch | None:
    row = transaction.execute(
        f"SELECT {_COLUMNS} FROM watchlist WHERE watch_id = ?",  # noqa: S608 -- a constant
        (watch_id,),
    ).fetchone()
    return _to_watch(row) if row else None


def find_watches_of(
    transaction: Transaction, wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Watch]:
    """Return the entries for pairs of tenant and vehicle, by them, be they over or not."""
    rows = transaction.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) CROSS JOIN watchlist"  # noqa: S608 -- a constant
        " ON tenant_id = json_each.value ->> 0 AND vehicle = json_each.value ->> 1",
        (json.dumps(wanted),),
    ).fetchall()
    watches = [_to_watch(row) for row in rows]
    return {(each.tenant_id, each.vehicle): each for each in watches}


def find_watch_of(transaction: Transaction, tenant_id: str, vehicle: str) -> Watch | None:
    """Return the entry of a tenant for *vehicle*, be it over or not."""
    row = transaction.execute(
        f"SELECT {_COLUMNS} FROM watchlist WHERE tenant_id = ? AND vehicle = ?",  # noqa: S608 -- a constant
        (tenant_id, vehicle),
    ).fetchone()
    return _to_watch(row) if row else None


def insert_watch(transaction: Transaction, watch: Watch) -> None:
    transaction.execute(
        f"INSERT INTO watchlist ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- a constant
        (
            watch.watch_id,
            watch.tenant_id,
            watch.plate,
            watch.vehicle,
            watch.reason,
            watch.level.value,
            watch.expires_us,
            watch.created_by,
            watch.created_us,
            watch.updated_us,
        ),
    )


def update_watch(transaction: Transaction, watch: Watch) -> None:
    transaction.execute(
        "UPDATE watchlist SET reason = ?, level = ?, expires_us = ?, updated_us = ? WHERE watch_id = ?",
        (watch.reason, watch.level.value, watch.expires_us, watch.updated_us, watch.watch_id),
    )


def delete_watch(transaction: Transaction, watch_id: WatchId) -> None:
    transaction.execute("DELETE FROM watchlist WHERE watch_id = ?", (watch_id,))


def tenant_exists(transaction: Transaction, tenant_id: str) -> bool:
    found = transaction.execute(
        "SELECT 1 FROM tenants WHERE tenant_id = ?", (tenant_id,)
    ).fetchone()
    return found is not None


def rebuild_watchlist(transaction: Transaction) -> None:
    """Write the watchlist anew: what was taken off it may stand in pages that were split. Few rows, so all at once."""
    transaction.execute("CREATE TEMP TABLE watched AS SELECT * FROM watchlist")
    transaction.execute("DELETE FROM watchlist")
    transaction.execute("INSERT INTO watchlist SELECT * FROM watched ORDER BY watch_id")
    transaction.execute("DROP TABLE watched")


def _to_watch(row: Row) -> Watch:
    return Watch(
        watch_id=WatchId(row["watch_id"]),
        tenant_id=row["tenant_id"],
        plate=row["plate"],
        vehicle=row["vehicle"],
        reason=row["reason"],
        level=WatchLevel(row["level"]),
        expires_us=row["expires_us"],
        created_by=row["created_by"],
        created_us=row["created_us"],
        updated_us=row["updated_us"],
    )
