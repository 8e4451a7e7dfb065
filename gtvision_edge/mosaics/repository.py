"""All SQL about mosaics."""

import json

from gtvision_edge.mosaics.model import Layout, Mosaic, MosaicId
from gtvision_edge.storage import Database, Row, Transaction

_COLUMNS = "mosaic_id, tenant_id, name, layout, cameras, created_by, created_us, updated_us"


async def mosaics_after(
    database: Database, mosaic_id: str, limit: int, *, tenant_id: str | None
) -> list[Mosaic]:
    """Return up to *limit* mosaics, oldest first, after *mosaic_id*; of *tenant_id* or of all (None)."""
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM mosaics WHERE mosaic_id > ?1 AND (?2 IS NULL OR tenant_id = ?2)"  # noqa: S608 -- a constant
        " ORDER BY mosaic_id LIMIT ?3",
        (mosaic_id, tenant_id, limit),
    )
    return [_to_mosaic(row) for row in rows]


async def find_mosaic(database: Database, mosaic_id: str) -> Mosaic | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM mosaics WHERE mosaic_id = ?",  # noqa: S608 -- a constant
        (mosaic_id,),
    )
    return _to_mosaic(row) if row else None


def get_mosaic_row(transaction: Transaction, mosaic_id: str) -> Mosaic | None:
    row = transaction.execute(
        f"SELECT {_COLUMNS} FROM mosaics WHERE mosaic_id = ?",  # noqa: S608 -- a constant
        (mosaic_id,),
    ).fetchone()
    return _to_mosaic(row) if row else None


def tenant_exists(transaction: Transaction, tenant_id: str) -> bool:
    found = transaction.execute(
        "SELECT 1 FROM tenants WHERE tenant_id = ?", (tenant_id,)
    ).fetchone()
    return found is not None


def insert_mosaic(transaction: Transaction, mosaic: Mosaic) -> None:
    transaction.execute(
        f"INSERT INTO mosaics ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- a constant
        (
            mosaic.mosaic_id,
            mosaic.tenant_id,
            mosaic.name,
            mosaic.layout.value,
            json.dumps(mosaic.cameras),
            mosaic.created_by,
            mosaic.created_us,
            mosaic.updated_us,
        ),
    )


def update_mosaic(transaction: Transaction, mosaic: Mosaic) -> None:
    transaction.execute(
        "UPDATE mosaics SET name = ?, layout = ?, cameras = ?, updated_us = ? WHERE mosaic_id = ?",
        (
            mosaic.name,
            mosaic.layout.value,
            json.dumps(mosaic.cameras),
            mosaic.updated_us,
            mosaic.mosaic_id,
        ),
    )


def delete_mosaic(transaction: Transaction, mosaic_id: MosaicId) -> None:
    transaction.execute("DELETE FROM mosaics WHERE mosaic_id = ?", (mosaic_id,))


def _to_mosaic(row: Row) -> Mosaic:
    return Mosaic(
        mosaic_id=row["mosaic_id"],
        tenant_id=row["tenant_id"],
        name=row["name"],
        layout=Layout(row["layout"]),
        cameras=tuple(json.loads(row["cameras"])),
        created_by=row["created_by"],
        created_us=row["created_us"],
        updated_us=row["updated_us"],
    )
