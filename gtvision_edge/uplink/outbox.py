"""The outbox: messages are written in the transaction of what they tell, and stay until they are confirmed. All SQL of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Transaction

SPEC: Final = "1.0"
CONTENT_TYPE: Final = "application/cloudevents+json"


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


class Outbox:
    """Takes messages. *site_id* names the box in each of them."""

    def __init__(self, clock: Clock, *, site_id: str) -> None:
        self._clock = clock
        self._source = f"urn:gtvision:site:{site_id}"

    def add(self, transaction: Transaction, message: Message) -> None:
        """Keep *message* as part of *transaction*: with it, or not at all."""
        transaction.execute(
            "INSERT INTO outbox (message_id, routing_key, lane, created_us, body) VALUES (?, ?, ?, ?, ?)",
            (
                message.message_id,
                message.routing_key,
                message.lane,
                self._clock.now_us(),
                self.envelope(message),
            ),
        )

    def envelope(self, message: Message) -> bytes:
        """Return the structured CloudEvent of *message*."""
        event = {
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
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
