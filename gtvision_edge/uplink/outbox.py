"""The outbox: messages are written in the transaction of what they tell, and stay until they are confirmed. All SQL of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pydantic_core import to_json

from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database, Transaction, insert_rows

SPEC: Final = "1.0"
CONTENT_TYPE: Final = "application/cloudevents+json"
CAMERAS: Final = "cameras.status"
DISK: Final = "sistema.disco"
ANCHORS: Final = "auditoria.ancora"
"""Routing keys of news that is no reading; each is a lane of its own, too."""


class News(Protocol):
    """What a message is made of, whoever tells it; fields as in :class:`Message`."""

    @property
    def message_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def routing_key(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def time_us(self) -> int: ...
    @property
    def schema(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def is_late(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Message:
    """News for the hub. *message_id* is fixed here for ever; order is kept among those of one *lane*."""

    message_id: str
    kind: str
    """CloudEvents ``type``."""
    routing_key: str
    lane: str
    subject: str
    time_us: int
    """When what it tells of happened."""
    schema: str
    """File name of the JSON Schema of *data* in ``config/schemas``."""
    data: Mapping[str, Any]
    is_late: bool = False
    """What it tells of was over when the box heard of it."""


class Outbox:
    """Takes messages. *site_id* names the box in each of them; *wake* is called, in the writer's thread, when one came in.

    Without a hub nothing is taken: nobody would ever fetch it, and a hub that is named later hears from then on.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        site_id: str,
        has_hub: bool = True,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._has_hub = has_hub
        self._wake = wake
        self._source = f"urn:gtvision:site:{site_id}"

    def wakes(self, wake: Callable[[], None]) -> None:
        """Have *wake* called from now on: who sends comes up after who tells."""
        self._wake = wake

    def add(self, transaction: Transaction, message: News) -> None:
        """Keep *message* as part of *transaction*: with it, or not at all. Without a hub it is let go."""
        self.add_all(transaction, [message])

    def add_all(self, transaction: Transaction, messages: Sequence[News]) -> None:
        """Keep *messages*, in their order, as :meth:`add` does."""
        if not self._has_hub:
            return
        now_us = self._clock.now_us()
        insert_rows(
            transaction,
            "outbox (message_id, routing_key, lane, created_us, body)",
            [
                (each.message_id, each.routing_key, each.lane, now_us, self.envelope(each))
                for each in messages
            ],
        )
        self._wake()

    def envelope(self, message: News) -> bytes:
        """Return the structured CloudEvent of *message*."""
        event = {
            "late": message.is_late,
            "specversion": SPEC,
            "id": message.message_id,
            "source": self._source,
            "type": message.kind,
            "subject": message.subject,
            "time": to_rfc3339(message.time_us),
            "datacontenttype": "application/json",
            "dataschema": f"urn:gtvision:schema:{message.schema}",
            "data": message.data,
        }
        return to_json(event)


_PROMPT: Final = b'{"late":false,'
_LATE: Final = b'{"late":true,'


def marked_late(body: bytes) -> bytes:
    """Return an envelope of :class:`Outbox` with its ``late`` set: it waited too long for anybody to be alarmed."""
    return _LATE + body.removeprefix(_PROMPT) if body.startswith(_PROMPT) else body


def is_marked_late(body: bytes) -> bool:
    """Tell whether an envelope of :class:`Outbox` says ``late``: who told of it was late already, or it was marked."""
    return body.startswith(_LATE)


def subject_of(body: bytes) -> str:
    """Return what an envelope of :class:`Outbox` is about, such as ``camera/cam01``."""
    return str(json.loads(body)["subject"])


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits; ``seq`` is its place in the order of acceptance."""

    seq: int
    message_id: str
    routing_key: str
    lane: str
    created_us: int
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, in messages and bytes of their bodies. *oldest_us* None: nothing does. *dropped*: never reached the hub."""

    waiting: int = 0
    parked: int = 0
    oldest_us: int | None = None
    waiting_bytes: int = 0
    parked_bytes: int = 0
    dropped: int = 0

    @property
    def total_bytes(self) -> int:
        return self.waiting_bytes + self.parked_bytes


_COLUMNS: Final = "seq, message_id, routing_key, lane, created_us, body, attempts"
_LANES: Final = (
    # From lane to lane by the index: who waits behind a million messages of a lane that is held is found at once.
    "WITH RECURSIVE lanes (lane) AS (SELECT min(lane) FROM outbox WHERE parked_us IS NULL UNION ALL"
    " SELECT (SELECT min(lane) FROM outbox WHERE parked_us IS NULL AND lane > lanes.lane)"
    " FROM lanes WHERE lanes.lane IS NOT NULL)"
)


async def fetch_waiting(
    database: Database,
    *,
    after: int = 0,
    until: int = 2**62,
    but_lanes: Sequence[str] = (),
    limit: int,
) -> list[Waiting]:
    """Return up to *limit* messages in order with ``after < seq <= until``, none of *but_lanes*."""
    if not but_lanes:
        rows = await database.fetch_all(
            f"SELECT {_COLUMNS} FROM outbox"  # noqa: S608 -- a constant
            " WHERE parked_us IS NULL AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (after, until, limit),
        )
    else:
        rows = await database.fetch_all(
            f"{_LANES} SELECT {_COLUMNS} FROM outbox WHERE seq IN"  # noqa: S608 -- constants
            " (SELECT o.seq FROM lanes CROSS JOIN outbox o ON o.seq IN"
            " (SELECT seq FROM outbox WHERE lane = lanes.lane AND parked_us IS NULL AND seq > ? AND seq <= ?"
            " ORDER BY seq LIMIT ?)"
            " WHERE lanes.lane NOT IN (SELECT value FROM json_each(?)) ORDER BY o.seq LIMIT ?) ORDER BY seq",
            (after, until, limit, json.dumps(list(but_lanes)), limit),
        )
    return [Waiting(*row) for row in rows]


async def last_before(database: Database, time_us: int) -> int:
    """Return the ``seq`` of the newest message accepted before *time_us*, 0 = there is none."""
    row = await database.fetch_one(
        "SELECT seq FROM outbox WHERE created_us < ? ORDER BY seq DESC LIMIT 1", (time_us,)
    )
    return int(row[0]) if row else 0


async def fetch_backlog(database: Database) -> Backlog:
    """Return the running totals; costs the same however much waits."""
    row = await database.fetch_one(
        "SELECT waiting, parked,"
        " (SELECT created_us FROM outbox WHERE parked_us IS NULL ORDER BY seq LIMIT 1),"
        " waiting_bytes, parked_bytes, dropped FROM outbox_totals"
    )
    assert row is not None  # noqa: S101 -- the schema puts it there
    return Backlog(*row)


def forget_sent(transaction: Transaction, seqs: Sequence[int]) -> None:
    """Take out what the broker has confirmed."""
    transaction.execute(
        "DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    )


def forget_unsent(transaction: Transaction, message_ids: Sequence[str]) -> int:
    """Take out messages that the hub shall not get any more; return how many still waited."""
    return transaction.execute(
        "DELETE FROM outbox WHERE message_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(message_ids)),),
    ).rowcount


def note_failed(
    transaction: Transaction, seqs: Sequence[int], *, reason: str, park_at: int, now_us: int
) -> int:
    """Count a try that the broker refused; return how many were parked because of it, having failed *park_at* times."""
    transaction.execute(
        "UPDATE outbox SET attempts = attempts + 1 WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(list(seqs)),),
    )
    parked = 0
    for seq in seqs:
        parked += transaction.execute(
            "UPDATE outbox SET parked_us = ?, parked_reason = ? WHERE seq = ? AND attempts >= ? AND parked_us IS NULL",
            (now_us, reason, seq, park_at),
        ).rowcount
    return parked
