"""Rows by the dozen: one statement for many of them. Between two steps of SQLite another thread may take its turn, for long."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from gtvision_edge.storage.database import Row, Transaction

_MOST: Final = 64
"""Rows in one statement. Powers of two up to it: few texts, so that SQLite need not read them anew."""


def insert_rows(transaction: Transaction, into: str, rows: Sequence[Sequence[Any]]) -> int:
    """Insert *rows*, in their order, where *into* says: ``table (column, …)``; return the ``rowid`` of the last one."""
    last = 0
    start = 0
    while start < len(rows):
        count = min(_MOST, 1 << (len(rows) - start).bit_length() - 1)
        part = rows[start : start + count]
        values = [value for row in part for value in row]
        cursor = transaction.execute(_insertion(into, len(part[0]), count), values)
        last = cursor.lastrowid or 0
        start += count
    return last


def rows_with(transaction: Transaction, select: str, keys: Sequence[Any]) -> list[Row]:
    """Return the rows that *select* finds, which ends where a list of *keys* begins: ``… WHERE column IN``."""
    found: list[Row] = []
    for start in range(0, len(keys), _MOST):
        part = keys[start : start + _MOST]
        places = 1 << (len(part) - 1).bit_length()
        # NULL is in no list: what fills it up to a power of two finds nothing.
        found += transaction.execute(
            _selection(select, places), [*part, *[None] * (places - len(part))]
        ).fetchall()
    return found


@cache
def _insertion(into: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * rows)}"  # noqa: S608 -- our words


@cache
def _selection(select: str, places: int) -> str:
    return f"{select} ({', '.join('?' * places)})"
