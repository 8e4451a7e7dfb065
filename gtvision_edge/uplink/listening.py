"""A trial consumer: shows what arrives at the hub, and whether it is what was promised.

It takes a queue of its own, which nobody else sees and which goes with it; no real queue of the hub loses anything.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiormq.exceptions
from aiormq.abc import AbstractChannel, DeliveredMessage

from gtvision_edge.settings import UplinkSettings
from gtvision_edge.uplink.broker import opened_channel
from gtvision_edge.uplink.errors import HubRefusedError, HubUnreachableError
from gtvision_edge.uplink.schema_check import Schemas

KNOWN_IDS: Final = 200_000
"""So many ids are remembered to tell what came twice."""
PREFETCH: Final = 200
NO_PLATE: Final = "-"
"""Stands for the plate of a vehicle whose plate was not read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event as it arrived. *faults*: where it is not as its schema says; *is_disordered*: one after it in its lane came before."""

    event: Mapping[str, Any]
    routing_key: str
    is_late: bool
    is_double: bool
    is_disordered: bool
    faults: tuple[str, ...]

    @property
    def line(self) -> str:
        """One line for a person."""
        event = self.event
        data = event.get("data")
        what = data if isinstance(data, dict) else {}
        shown = (
            what.get("placa") or what.get("estado") or what.get("evento") or what.get("entradas")
        )
        if shown is None and "placa" in what:
            shown = NO_PLATE  # the columns stay where they are
        marks = [
            *(["late"] if self.is_late else []),
            *(["double"] if self.is_double else []),
            *(["OUT OF ORDER"] if self.is_disordered else []),
            *([f"NOT BY ITS SCHEMA: {', '.join(self.faults)}"] if self.faults else []),
        ]
        parts = [event.get("time"), self.routing_key, event.get("subject"), shown, event.get("id")]
        words = [_plain(part) for part in parts if part is not None]
        return "  ".join([*words, "; ".join(marks) or "ok"])

    @property
    def document(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "event": self.event,
            "routing_key": self.routing_key,
            "late": self.is_late,
            "double": self.is_double,
            "disordered": self.is_disordered,
            "faults": list(self.faults),
        }


@dataclass(slots=True)
class Tally:
    """What was heard in all."""

    events: int = 0
    late: int = 0
    doubles: int = 0
    disordered: int = 0
    faulty: int = 0


@dataclass(slots=True)
class Ear:
    """Judges events as they come: by schema, by id, and by their place in their lane."""

    schemas: Schemas
    tally: Tally = field(default_factory=Tally)
    _ids: "OrderedDict[tuple[str, str], None]" = field(default_factory=OrderedDict)
    _places: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def hear(self, body: bytes, routing_key: str, headers: Mapping[str, Any]) -> Heard:
        """Judge one message; one that is no CloudEvent is told as such, never raised."""
        event, faults = self._read(body)
        source, event_id = str(event.get("source", "")), str(event.get("id", ""))
        is_double = bool(event_id) and (source, event_id) in self._ids
        is_disordered = False
        if not is_double:
            self._remember((source, event_id))
            is_disordered = self._is_disordered(source, headers)
        heard = Heard(
            event,
            routing_key,
            is_late=event.get("late") is True,
            is_double=is_double,
            is_disordered=is_disordered,
            faults=tuple(faults),
        )
        self.tally.events += 1
        self.tally.late += heard.is_late
        self.tally.doubles += is_double
        self.tally.disordered += is_disordered
        self.tally.faulty += bool(faults)
        return heard

    def _read(self, body: bytes) -> tuple[Mapping[str, Any], list[str]]:
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
            return {}, ["no JSON"]
        if not isinstance(event, dict) or event.get("specversion") != "1.0":
            return {}, ["no CloudEvent"]
        return event, self.schemas.faults(event)

    def _remember(self, key: tuple[str, str]) -> None:
        self._ids[key] = None
        if len(self._ids) > KNOWN_IDS:
            self._ids.popitem(last=False)

    def _is_disordered(self, source: str, headers: Mapping[str, Any]) -> bool:
        lane, place, stream = (headers.get(f"x-{name}") for name in ("lane", "seq", "stream"))
        if not isinstance(lane, str) or not isinstance(place, int) or not isinstance(stream, str):
            return False
        # What waited while the line was down and what came since are two streams: new readings overtake old ones on purpose.
        key = (source, lane, stream)
        before = self._places.get(key, 0)
        self._places[key] = max(before, place)
        return place < before


async def listen(
    settings: UplinkSettings,
    schemas: Path,
    show: Callable[[Heard], None],
    *,
    key: str = "#",
    count: int | None = None,
    ready: Callable[[], None] = lambda: None,
) -> Tally:
    """Have *show* called for each event with a routing key like *key*, until *count* came or for ever; return the tally.

    *ready* is called when the queue is bound.

    Raises:
        HubUnreachableError: the broker does not answer, or the line was lost.
        HubRefusedError: it does not let us in, or does not let us have a queue.

    """
    ear = Ear(await asyncio.to_thread(Schemas, schemas))
    done = asyncio.Event()
    async with opened_channel(settings) as channel:

        async def on_message(message: DeliveredMessage) -> None:
            if done.is_set():
                return
            headers = message.header.properties.headers or {}
            show(ear.hear(message.body, str(getattr(message.delivery, "routing_key", "")), headers))
            await message.channel.basic_ack(message.delivery_tag or 0)
            if count is not None and ear.tally.events >= count:
                done.set()

        await _bind(channel, settings.exchange, key, _one_by_one(on_message))
        ready()
        while not done.is_set():
            if channel.is_closed:
                raise HubUnreachableError("The line to the hub's broker was lost.")
            try:
                async with asyncio.timeout(0.5):
                    await done.wait()
            except TimeoutError:
                continue
    return ear.tally


def _one_by_one(
    on_message: Callable[[DeliveredMessage], Any],
) -> Callable[[DeliveredMessage], Any]:
    """Return *on_message* for one message at a time: aiormq starts a task for each, and their order is what is looked at."""
    lock = asyncio.Lock()  # wakes who waits in the order in which they came

    async def locked(message: DeliveredMessage) -> None:
        async with lock:
            await on_message(message)

    return locked


async def _bind(
    channel: AbstractChannel,
    exchange: str,
    key: str,
    on_message: Callable[[DeliveredMessage], Any],
) -> None:
    try:
        declared = await channel.queue_declare("", exclusive=True, auto_delete=True)
        queue = declared.queue or ""
        await channel.queue_bind(queue, exchange, key)
        await channel.basic_qos(prefetch_count=PREFETCH)
        await channel.basic_consume(queue, on_message)
    except aiormq.exceptions.AMQPChannelError as error:
        raise HubRefusedError(
            f'The hub\'s broker does not let this user have a queue of its own at exchange "{exchange}".',
            reason="not_permitted",
        ) from error
    except (aiormq.exceptions.AMQPError, OSError, RuntimeError) as error:
        raise HubUnreachableError("The line to the hub's broker was lost.") from error


def _plain(part: object) -> str:
    """Return *part* as what a terminal may be sent."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(part)
    )
