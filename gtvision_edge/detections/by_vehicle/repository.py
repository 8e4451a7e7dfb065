"""All SQL about where readings are found by their vehicle: two tables in place of an index, so that one can be written anew bit by bit.

SQLite leaves copies in pages that it splits, which no deletion finds; a page that is given up it overwrites. So a plate is gone
from the file once the table that it stood in was emptied into the other. An index can only be built at once, while nobody writes.
"""

from collections.abc import Iterable
from typing import Final

from gtvision_edge.storage import Database, Transaction, insert_rows

TABLES: Final = ("plates_even", "plates_odd")
"""One of the two has each reading of a plate; a trigger takes it out when its plate is taken away."""

OF_VEHICLE: Final = " UNION ALL ".join(
    f"SELECT detection_no FROM {table} WHERE vehicle = value ->> 1"  # noqa: S608 -- constants
    " AND captured_us BETWEEN value ->> 3 AND value ->> 4"
    for table in TABLES
)
"""Numbers of readings, for a row of ``json_each``: its second element the vehicle, the fourth and fifth from when to when."""
WITHIN_BOUNDS: Final = " UNION ALL ".join(
    f"SELECT detection_no FROM json_each(?) AS bound CROSS JOIN {table} AS seen ON seen.vehicle >= bound.value ->> 0"  # noqa: S608 -- constants
    " AND seen.vehicle < bound.value ->> 1 WHERE seen.captured_us >= ? AND seen.captured_us < ?"
    for table in TABLES
)
"""Numbers of readings, for three values once for each of :data:`TABLES`: a JSON list of bounds, from when, before when."""


def note_vehicles(transaction: Transaction, readings: Iterable[tuple[str, int, int]]) -> None:
    """Note new *readings*: vehicle, when it passed, number."""
    into = f"{_present(transaction)} (vehicle, captured_us, detection_no)"
    insert_rows(transaction, into, list(readings))


async def has_traces(database: Database) -> bool:
    """Tell whether a plate was taken away since the last turn: pages may hold copies of it."""
    row = await database.fetch_one("SELECT has_gone FROM plates_turn")
    return row is not None and bool(row[0])


def turn_plates(transaction: Transaction) -> None:
    """Have :func:`move_plates` write all of them anew; what it was cut off at is to be done first."""
    transaction.execute("UPDATE plates_turn SET is_odd = NOT is_odd, has_gone = 0")


def move_plates(transaction: Transaction, limit: int) -> int:
    """Move up to *limit* plates from the table that is being emptied into the other; return how many there were."""
    new = _present(transaction)
    (old,) = set(TABLES) - {new}
    first = f"SELECT vehicle, captured_us, detection_no FROM {old} ORDER BY vehicle, captured_us, detection_no LIMIT ?"  # noqa: S608 -- constants
    moved = transaction.execute(f"INSERT INTO {new} {first}", (limit,)).rowcount
    transaction.execute(
        f"DELETE FROM {old} WHERE (vehicle, captured_us, detection_no) IN ({first})",  # noqa: S608 -- constants
        (limit,),
    )
    return moved


def _present(transaction: Transaction) -> str:
    """Return the one of the tables that what comes goes into."""
    is_odd: int = transaction.execute("SELECT is_odd FROM plates_turn").fetchone()[0]
    return TABLES[is_odd]
