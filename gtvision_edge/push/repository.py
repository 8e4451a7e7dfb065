"""All SQL about subscriptions and what waits for them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gtvision_edge.push.model import LEVELS, Subscription, SubscriptionId, Topic, Waiting
from gtvision_edge.storage import Database, Row, Transaction

_SUBSCRIPTION: Final = "subscription_id, user_id, session_id, device, service, topics, plates_from, created_us, accepted_us, trouble"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is kept of a subscription's address."""

    endpoint_hash: bytes
    content: bytes
    site_key: str


# -- subscriptions -----------------------------------------------------------------------------------------


def insert_subscription(
    transaction: Transaction, subscription: Subscription, sealed: Sealed
) -> None:
    transaction.execute(
        "INSERT INTO push_subscriptions (subscription_id, endpoint_hash, sealed, site_key, user_id, session_id, device,"
        " service, topics, plates_from, created_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            subscription.subscription_id,
            sealed.endpoint_hash,
            sealed.content,
            sealed.site_key,
            subscription.user_id,
            subscription.session_id,
            subscription.device,
            subscription.service,
            _topics(subscription),
            LEVELS.index(subscription.plates_from),
            subscription.created_us,
        ),
    )


def update_subscription(transaction: Transaction, subscription: Subscription) -> None:
    """Write what its owner may change, and the login."""
    transaction.execute(
        "UPDATE push_subscriptions SET session_id = ?, device = ?, service = ?, topics = ?, plates_from = ?"
        " WHERE subscription_id = ?",
        (
            subscription.session_id,
            subscription.device,
            subscription.service,
            _topics(subscription),
            LEVELS.index(subscription.plates_from),
            subscription.subscription_id,
        ),
    )


def set_address(transaction: Transaction, subscription_id: SubscriptionId, sealed: Sealed) -> None:
    transaction.execute(
        "UPDATE push_subscriptions SET endpoint_hash = ?, sealed = ?, site_key = ? WHERE subscription_id = ?",
        (sealed.endpoint_hash, sealed.content, sealed.site_key, subscription_id),
    )


def delete_subscription(transaction: Transaction, subscription_id: str) -> None:
    """Remove it, and what waits for it."""
    transaction.execute("DELETE FROM push_queue WHERE subscription_id = ?", (subscription_id,))
    transaction.execute(
        "DELETE FROM push_subscriptions WHERE subscription_id = ?", (subscription_id,)
    )


def delete_as_it_was(transaction: Transaction, subscription_id: str, sealed: bytes) -> None:
    """Remove it unless its browser has given another address meanwhile."""
    found = transaction.execute(
        "SELECT 1 FROM push_subscriptions WHERE subscription_id = ? AND sealed = ?",
        (subscription_id, sealed),
    ).fetchone()
    if found is not None:
        delete_subscription(transaction, subscription_id)


def delete_of_other_keys(transaction: Transaction, site_key: str) -> int:
    """Remove those that take nothing signed by *site_key*; return how many they were."""
    transaction.execute(
        "DELETE FROM push_queue WHERE subscription_id IN"
        " (SELECT subscription_id FROM push_subscriptions WHERE site_key != ?)",
        (site_key,),
    )
    return transaction.execute(
        "DELETE FROM push_subscriptions WHERE site_key != ?", (site_key,)
    ).rowcount


def delete_of_gone_people(transaction: Transaction) -> None:
    """Remove those whose owners are no users any more."""
    gone = "(SELECT subscription_id FROM push_subscriptions WHERE user_id NOT IN (SELECT user_id FROM users))"
    transaction.execute(f"DELETE FROM push_queue WHERE subscription_id IN {gone}")  # noqa: S608 -- a constant
    transaction.execute(f"DELETE FROM push_subscriptions WHERE subscription_id IN {gone}")  # noqa: S608 -- likewise


def find_by_endpoint(transaction: Transaction, endpoint_hash: bytes) -> Subscription | None:
    row = transaction.execute(
        f"SELECT {_SUBSCRIPTION} FROM push_subscriptions WHERE endpoint_hash = ?",  # noqa: S608 -- a constant
        (endpoint_hash,),
    ).fetchone()
    return _to_subscription(row) if row else None


def get_subscription_row(transaction: Transaction, subscription_id: str) -> Subscription | None:
    row = transaction.execute(
        f"SELECT {_SUBSCRIPTION} FROM push_subscriptions WHERE subscription_id = ?",  # noqa: S608 -- a constant
        (subscription_id,),
    ).fetchone()
    return _to_subscription(row) if row else None


def count_subscriptions(transaction: Transaction, user_id: str) -> tuple[int, int]:
    """Return how many *user_id* has, and how many there are."""
    row = transaction.execute(
        "SELECT count(*) FILTER (WHERE user_id = ?) AS own, count(*) AS every FROM push_subscriptions",
        (user_id,),
    ).fetchone()
    return row["own"], row["every"]


async def subscriptions_of(database: Database, user_id: str) -> list[Subscription]:
    rows = await database.fetch_all(
        f"SELECT {_SUBSCRIPTION} FROM push_subscriptions WHERE user_id = ? ORDER BY subscription_id",  # noqa: S608
        (user_id,),
    )
    return [_to_subscription(row) for row in rows]


async def find_subscription(
    database: Database, subscription_id: str
) -> tuple[Subscription, bytes] | None:
    """Return it with its sealed address."""
    row = await database.fetch_one(
        f"SELECT {_SUBSCRIPTION}, sealed FROM push_subscriptions WHERE subscription_id = ?",  # noqa: S608 -- a constant
        (subscription_id,),
    )
    return (_to_subscription(row), row["sealed"]) if row else None


def set_trouble(transaction: Transaction, subscription_id: str, code: str) -> None:
    transaction.execute(
        "UPDATE push_subscriptions SET trouble = ? WHERE subscription_id = ? AND trouble != ?",
        (code, subscription_id, code),
    )


def set_accepted(transaction: Transaction, subscription_id: str, now_us: int) -> None:
    transaction.execute(
        "UPDATE push_subscriptions SET accepted_us = ?, trouble = '' WHERE subscription_id = ?",
        (now_us, subscription_id),
    )


# -- what waits --------------------------------------------------------------------------------------------


def queue_for_all(
    transaction: Transaction,
    topic: Topic,
    subject: str,
    *,
    is_over: bool = False,
    reason: str = "",
    since_us: int,
    now_us: int,
    level: int = len(LEVELS),
    tenant_id: str | None = None,
) -> int:
    """Have all who want to hear of *topic* told; return for how many it is.

    *level* is the place of a plate's in :data:`LEVELS`. *tenant_id* None = it is for people of every tenant: what is not for
    somebody takes no place among what still waits for them.
    """
    return transaction.execute(
        "INSERT INTO push_queue (subscription_id, topic, subject, is_over, reason, since_us, queued_us)"
        " SELECT subscription_id, ?, ?, ?, ?, ?, ? FROM push_subscriptions"
        " WHERE plates_from <= ? AND EXISTS (SELECT 1 FROM json_each(topics) WHERE value = ?)"
        " AND (? IS NULL OR user_id IN (SELECT user_id FROM users WHERE tenant_id IS NULL OR tenant_id = ?))",
        (topic, subject, is_over, reason, since_us, now_us, level, topic, tenant_id, tenant_id),
    ).rowcount


async def waiting_subscriptions(database: Database) -> list[str]:
    """Return the ids of subscriptions that something waits for, who waited longest first."""
    rows = await database.fetch_all(
        "SELECT subscription_id FROM push_queue GROUP BY subscription_id ORDER BY min(seq)"
    )
    return [row["subscription_id"] for row in rows]


async def waiting_for(database: Database, subscription_id: str, limit: int) -> list[Waiting]:
    rows = await database.fetch_all(
        "SELECT seq, topic, subject, is_over, reason, since_us, queued_us FROM push_queue"
        " WHERE subscription_id = ? ORDER BY seq LIMIT ?",
        (subscription_id, limit),
    )
    return [
        Waiting(
            row["seq"],
            Topic(row["topic"]),
            row["subject"],
            bool(row["is_over"]),
            row["reason"],
            row["since_us"],
            row["queued_us"],
        )
        for row in rows
    ]


async def last_queued(database: Database) -> int:
    """Return a number that grows with everything that is queued."""
    row = await database.fetch_one("SELECT seq FROM sqlite_sequence WHERE name = 'push_queue'")
    return row["seq"] if row else 0


def forget_waiting(transaction: Transaction, seqs: Sequence[int]) -> None:
    transaction.execute(
        "DELETE FROM push_queue WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    )


def forget_all_waiting(transaction: Transaction, subscription_id: str) -> None:
    transaction.execute("DELETE FROM push_queue WHERE subscription_id = ?", (subscription_id,))


def bring_along(transaction: Transaction, now_us: int, step_us: int) -> None:
    """Have what was queued before the clock was put forward by *step_us* be as old as it was."""
    transaction.execute(
        "UPDATE push_queue SET queued_us = queued_us + ?2 WHERE queued_us <= ?1 - ?2",
        (now_us, step_us),
    )


def bring_back(transaction: Transaction, now_us: int) -> None:
    """Take what was queued in the future for queued now: the clock was put back, and it would wait for that time to come again."""
    transaction.execute("UPDATE push_queue SET queued_us = ?1 WHERE queued_us > ?1", (now_us,))


def forget_old(transaction: Transaction, *, before_us: int, limit: int) -> int:
    """Forget up to *limit* of what was queued before; return how many they were."""
    return transaction.execute(
        "DELETE FROM push_queue WHERE seq IN (SELECT seq FROM push_queue WHERE queued_us < ? LIMIT ?)",
        (before_us, limit),
    ).rowcount


async def crowded_subscriptions(database: Database, most: int) -> list[str]:
    """Return the ids of subscriptions that more than *most* waits for."""
    rows = await database.fetch_all(
        "SELECT subscription_id FROM push_queue GROUP BY subscription_id HAVING count(*) > ?",
        (most,),
    )
    return [row["subscription_id"] for row in rows]


def forget_beyond(transaction: Transaction, subscription_id: str, *, most: int, limit: int) -> int:
    """Forget up to *limit* of what is older than the newest *most* of a subscription; return how many they were."""
    return transaction.execute(
        "DELETE FROM push_queue WHERE seq IN (SELECT seq FROM push_queue WHERE subscription_id = ?1 AND seq <="
        " (SELECT seq FROM push_queue WHERE subscription_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2) LIMIT ?3)",
        (subscription_id, most, limit),
    ).rowcount


# -- troubles ----------------------------------------------------------------------------------------------


def insert_trouble(
    transaction: Transaction, topic: Topic, subject: str, *, reason: str, since_us: int
) -> None:
    transaction.execute(
        "INSERT OR REPLACE INTO push_troubles (topic, subject, reason, since_us) VALUES (?, ?, ?, ?)",
        (topic, subject, reason, since_us),
    )


def delete_trouble(transaction: Transaction, topic: Topic, subject: str) -> None:
    transaction.execute(
        "DELETE FROM push_troubles WHERE topic = ? AND subject = ?", (topic, subject)
    )


async def fetch_troubles(database: Database) -> list[tuple[Topic, str, str, int]]:
    """Return topic, subject, reason and beginning (UTC µs) of what was told and is not over."""
    rows = await database.fetch_all("SELECT topic, subject, reason, since_us FROM push_troubles")
    return [(Topic(row["topic"]), row["subject"], row["reason"], row["since_us"]) for row in rows]


def _topics(subscription: Subscription) -> str:
    return json.dumps(sorted(subscription.topics))


def _to_subscription(row: Row) -> Subscription:
    return Subscription(
        subscription_id=SubscriptionId(row["subscription_id"]),
        user_id=row["user_id"],
        session_id=row["session_id"],
        device=row["device"],
        service=row["service"],
        topics=frozenset(Topic(each) for each in json.loads(row["topics"])),
        plates_from=LEVELS[row["plates_from"]],
        created_us=row["created_us"],
        accepted_us=row["accepted_us"],
        trouble=row["trouble"],
    )
