"""All SQL about the age of footage and the times that are doubted."""

from typing import Final

from gtvision_edge.storage import Database, Transaction

AGE: Final = "coalesce(aged_us, start_us)"
"""From when a row of ``segments`` counts; written just so, for there are indexes of this very expression."""
UNSETTLED_US: Final = 2**62
"""``aged_us`` of footage with doubted times, until the clock is believed: it is the youngest."""
EARLIEST_US: Final = 1_735_689_600_000_000
"""2025-01-01, before this program was: a clock that tells less is wrong, whatever else is known. Also in migration 0005."""
LATE_US: Final = 120_000_000
"""So long after the last note of a doubt a file may still have begun by the wrong clock: the box was cut off."""


def age_of_new(start_us: str) -> str:
    """Return the value of ``aged_us`` for a new row, its start being the parameter *start_us*."""
    return (
        f"(CASE WHEN {start_us} < {EARLIEST_US} OR EXISTS (SELECT 1 FROM clock_doubts WHERE {start_us} >= first_us"  # noqa: S608
        f" AND {start_us} < last_us + {LATE_US}) THEN {UNSETTLED_US} END)"
    )


def age_bounds(before_us: int | None, after_us: int | None) -> list[tuple[str, tuple[int, ...]]]:
    """Return the conditions, each with its parameters, of what is as old as *before_us* (None = of any age).

    With *after_us* somebody points at times as they are shown: then only what lies between the two by its own times.
    """
    if after_us is not None:
        bounds: list[tuple[str, tuple[int, ...]]] = [("start_us >= ?", (after_us,))]
        return bounds if before_us is None else [*bounds, ("end_us <= ?", (before_us,))]
    if before_us is None:
        return []
    # The end of footage with doubted times says nothing.
    return [(f"{AGE} < ?", (before_us,)), ("(end_us <= ? OR aged_us IS NOT NULL)", (before_us,))]


async def fetch_known_us(database: Database) -> int:
    """Return the latest moment that was known to be past when a clock was doubted; 0 for none."""
    row = await database.fetch_one("SELECT coalesce(max(known_us), 0) FROM clock_doubts")
    return int(row[0]) if row else 0


def insert_doubt(transaction: Transaction, first_us: int, last_us: int, *, known_us: int) -> int:
    """Write down that times from *first_us* to before *last_us* are wrong; return the number of the doubt."""
    added = transaction.execute(
        "INSERT INTO clock_doubts (first_us, last_us, known_us) VALUES (?, ?, ?)",
        (first_us, last_us, known_us),
    )
    return int(added.lastrowid or 0)


def extend_doubt(transaction: Transaction, doubt_id: int, to_us: int) -> None:
    """Let the doubt reach to *to_us*, ahead or back."""
    transaction.execute(
        "UPDATE clock_doubts SET first_us = min(first_us, ?1), last_us = max(last_us, ?1) WHERE doubt_id = ?2",
        (to_us, doubt_id),
    )


def age_segments(transaction: Transaction, first_us: int, last_us: int, *, from_us: int) -> None:
    """Let what is in the index already and begins between the two count from *from_us*, which is no earlier than they."""
    transaction.execute(
        "UPDATE segments SET aged_us = ? WHERE segment_id IN (SELECT s.segment_id FROM recorded_cameras c CROSS JOIN segments s"
        " ON s.camera_no = c.camera_no AND s.start_us >= ? AND s.start_us < ? WHERE coalesce(s.aged_us, 0) < ?)",
        (from_us, first_us, last_us, last_us),
    )


def settle_doubt(transaction: Transaction, doubt_id: int, *, from_us: int) -> None:
    """Let what a doubt covers, and is not settled, count from *from_us*."""
    transaction.execute(
        "UPDATE segments SET aged_us = ?1 WHERE aged_us = ?2 AND ?1 >= ?3 AND EXISTS (SELECT 1 FROM clock_doubts"
        " WHERE doubt_id = ?4 AND start_us >= first_us AND start_us < last_us + ?5)",
        (from_us, UNSETTLED_US, EARLIEST_US, doubt_id, LATE_US),
    )


def doubt_settled(transaction: Transaction) -> None:
    """Doubt again what was settled by a clock that turned out to be behind what had been known."""
    transaction.execute(
        "UPDATE segments SET aged_us = ?1 WHERE aged_us IS NOT NULL AND aged_us < ?1 AND EXISTS"
        " (SELECT 1 FROM clock_doubts WHERE aged_us >= first_us AND aged_us < last_us AND known_us > last_us)",
        (UNSETTLED_US,),
    )


def settle_segments(transaction: Transaction, now_us: int, *, limit: int) -> int:
    """Let up to *limit* segments of doubted times count from *now_us* on; return how many."""
    done = transaction.execute(
        "UPDATE segments SET aged_us = ? WHERE segment_id IN (SELECT segment_id FROM segments WHERE aged_us = ? LIMIT ?)",
        (now_us, UNSETTLED_US, limit),
    )
    return done.rowcount
