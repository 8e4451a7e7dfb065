"""All SQL about copies in an object store."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gtvision_edge.archive.model import Act, Kind, Owed, Parked, Totals
from gtvision_edge.storage import Database, Row, Transaction, insert_rows

_COLUMNS: Final = "seq, kind, name, act, tenant_id, size_bytes, queued_us, attempts"
_PARKED: Final = (
    f"SELECT {_COLUMNS}, coalesce(parked_us, queued_us) AS put_away_us, reason FROM archive_queue"  # noqa: S608 -- a constant
)
_TOTALS: Final = (
    "waiting, waiting_bytes, removing, parked, copies, copied_bytes, given_up, given_up_us"
)


def owe_copies(
    transaction: Transaction,
    kind: Kind,
    sizes: Mapping[str, int],
    *,
    now_us: int,
    tenant_id: str | None = None,
) -> None:
    """Owe the store copies of files, by name, of so many bytes; what was owed of them before is no longer."""
    _forget_names(transaction, kind, sizes)
    insert_rows(
        transaction,
        "archive_queue (kind, name, act, tenant_id, size_bytes, queued_us, due_us)",
        [
            (kind.value, name, Act.COPY.value, tenant_id, size, now_us, now_us)
            for name, size in sizes.items()
        ],
    )


def owe_removals(
    transaction: Transaction,
    kind: Kind,
    names: Iterable[str],
    *,
    now_us: int,
    tenant_id: str | None = None,
) -> int:
    """Owe the store the removal of those of *names* that it has, or may have: of which a copy was ever owed; return how many."""
    rows = transaction.execute(
        "SELECT value FROM json_each(?2) AS wanted WHERE"
        " EXISTS (SELECT 1 FROM archive_queue WHERE kind = ?1 AND name = wanted.value)"
        " OR EXISTS (SELECT 1 FROM archive_copies WHERE kind = ?1 AND name = wanted.value)"
        " OR EXISTS (SELECT 1 FROM archive_doubts WHERE kind = ?1 AND name = wanted.value)",
        (kind.value, json.dumps(list(names))),
    ).fetchall()
    found = [row[0] for row in rows]
    _forget_names(transaction, kind, found)
    insert_rows(
        transaction,
        "archive_queue (kind, name, act, tenant_id, size_bytes, queued_us, due_us)",
        [(kind.value, name, Act.REMOVE.value, tenant_id, 0, now_us, now_us) for name in found],
    )
    return len(found)


def _forget_names(transaction: Transaction, kind: Kind, names: Iterable[str]) -> None:
    transaction.execute(
        "DELETE FROM archive_queue WHERE kind = ? AND name IN (SELECT value FROM json_each(?))",
        (kind.value, json.dumps(list(names))),
    )


async def fetch_due(
    database: Database, kind: Kind, now_us: int, limit: int, *, but: Sequence[str]
) -> list[Owed]:
    """Return up to *limit* acts that are due the longest, none of the names *but*."""
    rows = await database.fetch_all(
        f"SELECT {_COLUMNS} FROM archive_queue WHERE kind = ? AND parked_us IS NULL AND due_us <= ?"  # noqa: S608 -- a constant
        " AND name NOT IN (SELECT value FROM json_each(?)) ORDER BY due_us, seq LIMIT ?",
        (kind.value, now_us, json.dumps(list(but)), limit),
    )
    return [_to_owed(row) for row in rows]


async def last_seq(database: Database) -> int:
    """Return the ``seq`` of the newest act that is owed, 0 = none is."""
    row = await database.fetch_one("SELECT max(seq) FROM archive_queue")
    return int(row[0] or 0) if row else 0


def settle(transaction: Transaction, owed: Owed, *, now_us: int) -> None:
    """Enter what the store confirmed; the act is owed no longer, unless something else is wanted of the object by now."""
    transaction.execute("DELETE FROM archive_queue WHERE seq = ?", (owed.seq,))
    transaction.execute(
        "DELETE FROM archive_doubts WHERE kind = ? AND name = ?", (owed.kind.value, owed.name)
    )
    if owed.act is Act.COPY:
        transaction.execute(
            "INSERT INTO archive_copies (kind, name, size_bytes, copied_us) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (owed.kind.value, owed.name, owed.size_bytes, now_us),
        )
    else:
        transaction.execute(
            "DELETE FROM archive_copies WHERE kind = ? AND name = ?", (owed.kind.value, owed.name)
        )


def put_off(
    transaction: Transaction,
    owed: Owed,
    *,
    reason: str,
    due_us: int,
    is_counted: bool,
    parked_us: int | None,
) -> None:
    """Enter that a try failed; *parked_us* not None: it is not tried again until somebody says so."""
    transaction.execute(
        "UPDATE archive_queue SET attempts = attempts + ?, due_us = ?, reason = ?, parked_us = ? WHERE seq = ?",
        (int(is_counted), due_us, reason, parked_us, owed.seq),
    )


def bring_forward(transaction: Transaction, now_us: int, longest_us: int) -> None:
    """Make due what would not be for longer than anything waits: the clock was put back."""
    transaction.execute(
        "UPDATE archive_queue SET due_us = ?1 WHERE due_us > ?1 + ?2 AND parked_us IS NULL",
        (now_us, longest_us),
    )


def unpark(transaction: Transaction, seqs: Sequence[int], now_us: int) -> None:
    """Have those of the acts *seqs* that are parked tried again as if for the first time."""
    transaction.execute(
        "UPDATE archive_queue SET parked_us = NULL, reason = '', attempts = 0, due_us = ?2"
        " WHERE parked_us IS NOT NULL AND seq IN (SELECT value FROM json_each(?1))",
        (json.dumps(list(seqs)), now_us),
    )


async def parked_after(database: Database, seq: int, limit: int) -> list[Parked]:
    """Return up to *limit* parked acts with a ``seq`` above *seq*, in order."""
    rows = await database.fetch_all(
        f"{_PARKED} WHERE parked_us IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    )
    return [_to_parked(row) for row in rows]


def find_parked(transaction: Transaction, seq: int) -> Parked | None:
    row = transaction.execute(
        f"{_PARKED} WHERE parked_us IS NOT NULL AND seq = ?", (seq,)
    ).fetchone()
    return _to_parked(row) if row else None


async def last_parked_us(database: Database) -> int:
    """Return when an act was parked last, 0 = none is."""
    row = await database.fetch_one(
        "SELECT max(parked_us) FROM archive_queue WHERE parked_us IS NOT NULL"
    )
    return int(row[0] or 0) if row else 0


def to_put_away(
    transaction: Transaction, until_us: int, limit: int, *, only_parked: bool
) -> list[Parked]:
    """Return the first *limit* acts that were parked until *until_us*, or of all that are owed.

    One that is not parked is told as parked since it is owed.
    """
    which = "WHERE parked_us IS NOT NULL AND parked_us <= :until_us" if only_parked else ""
    rows = transaction.execute(
        f"{_PARKED} {which} ORDER BY seq LIMIT :limit", {"until_us": until_us, "limit": limit}
    )
    return [_to_parked(row) for row in rows]


def take_out(transaction: Transaction, seqs: Sequence[int]) -> None:
    """Take out acts that are tried no longer, and count them as given up."""
    which = "SELECT value FROM json_each(?)"
    _count_given_up(transaction, len(_give_up(transaction, which, (json.dumps(list(seqs)),))))


def take_aged(transaction: Transaction, until_us: int, limit: int) -> list[Owed]:
    """Take out up to *limit* copies that are owed since before then, parked ones too, and return them."""
    which = "SELECT seq FROM archive_queue WHERE queued_us < ? AND act = 'copy' ORDER BY queued_us"
    return _give_up(transaction, f"{which} LIMIT ?", (until_us, limit))


def take_oldest_pictures(transaction: Transaction, limit: int, *, but_first: int) -> list[Owed]:
    """Take out the *limit* copies of pictures that are due the longest and are not parked, and return them.

    Not the first *but_first*: those are on their way by now.
    """
    which = (
        "SELECT seq FROM archive_queue WHERE kind = 'picture' AND act = 'copy'"
        " AND parked_us IS NULL ORDER BY due_us, seq"
    )
    return _give_up(transaction, f"{which} LIMIT ? OFFSET ?", (limit, but_first))


def _give_up(transaction: Transaction, which: str, values: Sequence[object]) -> list[Owed]:
    """Take out the acts *which*, a SELECT of their ``seq``, and return them; of copies it stays known that the store may have them."""
    rows = transaction.execute(
        f"DELETE FROM archive_queue WHERE seq IN ({which}) RETURNING {_COLUMNS}",  # noqa: S608 -- constants
        values,
    ).fetchall()
    given_up = [_to_owed(row) for row in rows]
    transaction.executemany(
        "INSERT INTO archive_doubts (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(each.kind.value, each.name) for each in given_up if each.act is Act.COPY],
    )
    return given_up


def note_given_up(transaction: Transaction, count: int, now_us: int) -> None:
    """Count copies that the bounds gave up."""
    _count_given_up(transaction, count)
    transaction.execute("UPDATE archive_totals SET given_up_us = ?", (now_us,))


def _count_given_up(transaction: Transaction, count: int) -> None:
    transaction.execute("UPDATE archive_totals SET given_up = given_up + ?", (count,))


def count_waiting(transaction: Transaction) -> int:
    """Return how many copies wait."""
    row = transaction.execute("SELECT waiting FROM archive_totals").fetchone()
    return int(row[0])


async def fetch_totals(database: Database) -> Totals:
    row = await database.fetch_one(
        f"SELECT {_TOTALS}, (SELECT queued_us FROM archive_queue WHERE parked_us IS NULL"  # noqa: S608 -- a constant
        " ORDER BY queued_us LIMIT 1) AS oldest_us FROM archive_totals"
    )
    assert row is not None  # noqa: S101 -- the schema puts it there
    return Totals(**dict(zip(row.keys(), row, strict=True)))


def move_to(transaction: Transaction, place: str) -> tuple[str, int, int] | None:
    """Note which store is used; where it is another one than before, forget what that has and return it.

    That is: the place before, how many copies are left there, and how many of these were to be removed.
    """
    row = transaction.execute("SELECT place FROM archive_place").fetchone()
    transaction.execute("INSERT OR REPLACE INTO archive_place (id, place) VALUES (1, ?)", (place,))
    if row is None or row[0] == place:
        return None
    copies = transaction.execute("DELETE FROM archive_copies").rowcount
    transaction.execute("DELETE FROM archive_doubts")
    removals = transaction.execute("DELETE FROM archive_queue WHERE act = 'remove'").rowcount
    return str(row[0]), copies, removals


def _to_parked(row: Row) -> Parked:
    return Parked(_to_owed(row), row["put_away_us"], row["reason"])


def _to_owed(row: Row) -> Owed:
    return Owed(
        seq=row["seq"],
        kind=Kind(row["kind"]),
        name=row["name"],
        act=Act(row["act"]),
        tenant_id=row["tenant_id"],
        size_bytes=row["size_bytes"],
        queued_us=row["queued_us"],
        attempts=row["attempts"],
    )
