"""One connection to the hub's broker (AMQP 0-9-1); aiormq's errors end here."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

import aiormq
import aiormq.exceptions
import yarl
from aiormq.abc import AbstractChannel, AbstractConnection
from pamqp.commands import Basic

from gtvision_edge.settings import UplinkSettings
from gtvision_edge.uplink.errors import HubRefusedError, HubStalledError, HubUnreachableError
from gtvision_edge.uplink.outbox import CONTENT_TYPE, Waiting, marked_late

CONNECT_PATIENCE_S: Final = 15.0
CONFIRM_PATIENCE_S: Final = 30.0
"""A broker that blocks publishers (memory, disk) stays connected and confirms nothing."""
HEARTBEAT_S: Final = 10
_REFUSALS: Final = (
    aiormq.exceptions.AuthenticationError,
    aiormq.exceptions.ProbableAuthenticationError,
    aiormq.exceptions.ChannelAccessRefused,
    aiormq.exceptions.ConnectionSyntaxError,
)


# The link's state says it once, in our words; aiormq would log a traceback at each try, for days.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)


class Fate(Enum):
    """What the broker made of a message."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    """No queue is bound for it."""
    REFUSED = "refused"
    """A queue is full and says so."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it is published; *is_late*: it waited, and what it tells of is over."""

    waiting: Waiting
    is_late: bool


class Broker:
    """Publishes on one channel with confirms; whoever it is handed to does not close it."""

    def __init__(self, channel: AbstractChannel, exchange: str, site: str) -> None:
        self._channel = channel
        self._exchange = exchange
        self._site = site

    @property
    def is_gone(self) -> bool:
        """Tell whether the line was lost while nothing was published."""
        return self._channel.is_closed

    async def publish(self, messages: Sequence[Outgoing]) -> list[Fate]:
        """Publish *messages* in their order without waiting for one another's confirms; return what became of each.

        Raises:
            HubUnreachableError, HubStalledError: the line was lost meanwhile, or no confirm came in time: it is not known what
                arrived, so all that has no fate is to be sent again under the same id.

        """
        tasks = [asyncio.ensure_future(self._publish(each)) for each in messages]
        try:
            async with asyncio.timeout(CONFIRM_PATIENCE_S):
                return list(await asyncio.gather(*tasks))
        except TimeoutError as error:
            raise HubStalledError("The hub's broker confirms nothing.") from error
        except (aiormq.exceptions.AMQPError, ConnectionError, RuntimeError) as error:
            raise HubUnreachableError("The line to the hub's broker was lost.") from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def depth(self, queue: str) -> int:
        """Return how many messages wait in a queue of the hub.

        Raises:
            HubRefusedError: there is no such queue, or it must not be asked.
            HubUnreachableError: the line was lost.

        """
        try:
            async with asyncio.timeout(CONNECT_PATIENCE_S):
                # A refusal closes the channel that asked: never the one that publishes.
                channel = await self._channel.connection.channel()
                try:
                    found = await channel.queue_declare(queue, passive=True)
                finally:
                    if not channel.is_closed:
                        await channel.close()
        except aiormq.exceptions.AMQPChannelError as error:
            raise HubRefusedError("The hub has no such queue.", queue=queue) from error
        except (aiormq.exceptions.AMQPError, OSError, TimeoutError, RuntimeError) as error:
            raise HubUnreachableError("The line to the hub's broker was lost.") from error
        return (found.message_count or 0) if found else 0

    async def _publish(self, message: Outgoing) -> Fate:
        waiting = message.waiting
        properties = Basic.Properties(
            content_type=CONTENT_TYPE,
            delivery_mode=2,
            message_id=waiting.message_id,
            app_id=f"gtvision-edge:{self._site}",
            headers={"x-late": message.is_late},
        )
        try:
            confirmed = await self._channel.basic_publish(
                marked_late(waiting.body) if message.is_late else waiting.body,
                exchange=self._exchange,
                routing_key=waiting.routing_key,
                properties=properties,
                mandatory=True,
            )
        except aiormq.exceptions.PublishError:
            return Fate.RETURNED
        except aiormq.exceptions.DeliveryError:
            return Fate.REFUSED
        return Fate.CONFIRMED if isinstance(confirmed, Basic.Ack) else Fate.REFUSED


@asynccontextmanager
async def connected(settings: UplinkSettings, *, site: str) -> AsyncIterator[Broker]:
    """Connect to the hub's broker while the block is open.

    Raises:
        HubUnreachableError: it does not answer.
        HubRefusedError: it does not let us in, or has no such exchange (``uplink.declare`` makes it, for trials).

    """
    connection: AbstractConnection | None = None
    try:
        try:
            async with asyncio.timeout(CONNECT_PATIENCE_S):
                connection = await aiormq.connect(_url(settings), context=_context(settings))
                channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
                await channel.exchange_declare(
                    settings.exchange,
                    exchange_type="topic",
                    durable=True,
                    passive=not settings.declare_topology,
                )
        except (*_REFUSALS, aiormq.exceptions.AMQPChannelError) as error:
            raise HubRefusedError(
                "The hub's broker does not let this box publish.", reason=type(error).__name__
            ) from error
        except (aiormq.exceptions.AMQPError, OSError, TimeoutError, RuntimeError) as error:
            raise HubUnreachableError("The hub's broker does not answer.") from error
        yield Broker(channel, settings.exchange, site)
    finally:
        if connection is not None and not connection.is_closed:
            await _close(connection)


async def _close(connection: AbstractConnection) -> None:
    try:
        async with asyncio.timeout(2):
            await connection.close()
    except (aiormq.exceptions.AMQPError, OSError, TimeoutError, RuntimeError):
        return  # a frozen broker does not say goodbye


def _url(settings: UplinkSettings) -> yarl.URL:
    url = yarl.URL(settings.url.get_secret_value())
    return url.update_query(heartbeat=str(HEARTBEAT_S))


def _context(settings: UplinkSettings) -> ssl.SSLContext | None:
    if yarl.URL(settings.url.get_secret_value()).scheme != "amqps":
        return None
    return ssl.create_default_context(cafile=settings.ca_file)
