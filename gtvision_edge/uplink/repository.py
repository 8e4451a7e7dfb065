"""All SQL about messages that did not go the plain way: parked, given up, and the anchor that was told last."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gtvision_edge.audit import TreeHead
from gtvision_edge.storage import Database, Row, Transaction

_PARKED: Final = (
    "SELECT seq, message_id, routing_key, lane, created_us, parked_us, parked_reason, attempts, length(body) AS bytes,"
    " body FROM outbox WHERE parked_us IS NOT NULL"
)
_DOOMED: Final = (
    "SELECT seq, message_id, routing_key, created_us, length(body) AS bytes FROM outbox"
)


@dataclass(frozen=True, slots=True)
class Parked:
    """A message that the broker refused too often; *reason* is what it said last: ``returned`` or ``refused``."""

    seq: int
    message_id: str
    routing_key: str
    lane: str
    created_us: int
    parked_us: int
    reason: str
    attempts: int
    size_bytes: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Doomed:
    """A message that is given up."""

    seq: int
    message_id: str
    routing_key: str
    created_us: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class OutboxPurge:
    """What was given up at once, and by which bound: *reason* ``age`` (*bound* in seconds) or ``bytes``."""

    purge_id: str
    at_us: int
    reason: str
    bound: int
    messages: int
    size_bytes: int
    first_us: int
    last_us: int
    kinds: Mapping[str, int]
    ids_sha256: str
    audit_seq: int


async def parked_after(database: Database, seq: int, limit: int) -> list[Parked]:
    """Return up to *limit* parked messages with a ``seq`` above *seq*, in order."""
    rows = await database.fetch_all(f"{_PARKED} AND seq > ? ORDER BY seq LIMIT ?", (seq, limit))
    return [Parked(*row) for row in rows]


async def last_parked_us(database: Database) -> int:
    """Return when a message was parked last, 0 = none is."""
    row = await database.fetch_one("SELECT max(parked_us) FROM outbox WHERE parked_us IS NOT NULL")
    return int(row[0] or 0) if row else 0


def parked_before(transaction: Transaction, until_us: int, limit: int) -> list[Parked]:
    """Return the first *limit* messages that were parked until *until_us*, in order."""
    rows = transaction.execute(
        f"{_PARKED} AND parked_us <= ? ORDER BY seq LIMIT ?", (until_us, limit)
    )
    return [Parked(*row) for row in rows]


def find_parked(transaction: Transaction, message_id: str) -> Parked | None:
    row = transaction.execute(f"{_PARKED} AND message_id = ?", (message_id,)).fetchone()
    return Parked(*row) if row else None


def unpark(transaction: Transaction, seqs: Sequence[int]) -> None:
    """Let those of the messages *seqs* that are parked be tried again as if for the first time."""
    transaction.execute(
        "UPDATE outbox SET parked_us = NULL, parked_reason = '', attempts = 0"
        " WHERE parked_us IS NOT NULL AND seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    )


def give_up(transaction: Transaction, seqs: Sequence[int]) -> int:
    """Take out messages that the hub never gets, and count them as such; return how many there still were."""
    gone = transaction.execute(
        "DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    ).rowcount
    transaction.execute("UPDATE outbox_totals SET dropped = dropped + ?", (gone,))
    return gone


def size_in_outbox(transaction: Transaction) -> int:
    """Return the bytes of all bodies, parked or not."""
    row = transaction.execute("SELECT waiting_bytes + parked_bytes FROM outbox_totals").fetchone()
    return int(row[0])


def oldest(transaction: Transaction, limit: int, *, but_lanes: Sequence[str] = ()) -> list[Doomed]:
    """Return the *limit* oldest messages, parked ones too, none of *but_lanes*."""
    rows = transaction.execute(
        f"{_DOOMED} WHERE lane NOT IN (SELECT value FROM json_each(?))"  # noqa: S608 -- a constant
        " ORDER BY seq LIMIT ?",
        (json.dumps(list(but_lanes)), limit),
    )
    return [Doomed(*row) for row in rows]


def oldest_of(transaction: Transaction, lane: str, limit: int) -> list[Doomed]:
    """Return the *limit* oldest messages of *lane* that wait."""
    rows = transaction.execute(
        f"{_DOOMED} WHERE lane = ? AND parked_us IS NULL ORDER BY seq LIMIT ?", (lane, limit)
    )
    return [Doomed(*row) for row in rows]


def insert_purge(transaction: Transaction, purge: OutboxPurge) -> None:
    transaction.execute(
        "INSERT INTO outbox_purges (purge_id, at_us, reason, bound, messages, bytes, first_us, last_us, kinds,"
        " ids_sha256, audit_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            purge.purge_id,
            purge.at_us,
            purge.reason,
            purge.bound,
            purge.messages,
            purge.size_bytes,
            purge.first_us,
            purge.last_us,
            json.dumps(dict(purge.kinds)),
            purge.ids_sha256,
            purge.audit_seq,
        ),
    )


async def purges_before(database: Database, purge_id: str, limit: int) -> list[OutboxPurge]:
    """Return up to *limit* records, newest first, older than *purge_id* ('' = from the newest)."""
    rows = await database.fetch_all(
        "SELECT purge_id, at_us, reason, bound, messages, bytes, first_us, last_us, kinds, ids_sha256, audit_seq"
        " FROM outbox_purges WHERE (?1 = '' OR purge_id < ?1) ORDER BY purge_id DESC LIMIT ?2",
        (purge_id, limit),
    )
    return [_to_purge(row) for row in rows]


def _to_purge(row: Row) -> OutboxPurge:
    facts = dict(zip(row.keys(), row, strict=True))
    size_bytes, kinds = facts.pop("bytes"), json.loads(facts.pop("kinds"))
    return OutboxPurge(**facts, size_bytes=size_bytes, kinds=kinds)


async def fetch_anchor(database: Database) -> tuple[TreeHead, int] | None:
    """Return the head of the audit log that the hub was told last, and when; None = it never was."""
    row = await database.fetch_one("SELECT size, root, at_us FROM audit_anchor")
    return (TreeHead(row[0], bytes(row[1])), row[2]) if row else None


def put_anchor(transaction: Transaction, head: TreeHead, at_us: int) -> None:
    transaction.execute(
        "INSERT OR REPLACE INTO audit_anchor (id, size, root, at_us) VALUES (1, ?, ?, ?)",
        (head.size, head.root, at_us),
    )
