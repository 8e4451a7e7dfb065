"""One connection to the hub's broker (AMQP 0-9-1); aiormq's errors end here."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

import aiormq
import aiormq.exceptions
import yarl
from aiormq.abc import AbstractConnection, ChannelFrame
from aiormq.channel import Channel
from pamqp.commands import Basic

from gtvision_edge.errors import EdgeError
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.uplink.errors import HubRefusedError, HubStalledError, HubUnreachableError
from gtvision_edge.uplink.frames import message_frames
from gtvision_edge.uplink.outbox import Waiting, is_marked_late, marked_late
from gtvision_edge.uplink.refusals import (
    may_not_publish,
    refused,
    refused_tls,
    refused_virtual_host,
    unreachable,
)
from gtvision_edge.uplink.transport import TOO_LARGE, BoundedTransportFactory

CONNECT_PATIENCE_S: Final = 15.0
CONFIRM_PATIENCE_S: Final = 30.0
"""A frozen broker stays connected for a while and confirms nothing."""
HEARTBEAT_S: Final = 10
BLOCK_LOOK_S: Final = 0.5
_REFUSALS: Final = (
    aiormq.exceptions.AuthenticationError,
    aiormq.exceptions.ProbableAuthenticationError,
    aiormq.exceptions.ChannelAccessRefused,
    aiormq.exceptions.ConnectionSyntaxError,
)
_DENIALS: Final = (
    aiormq.exceptions.ChannelAccessRefused,
    aiormq.exceptions.ChannelPreconditionFailed,
)
"""The broker closes the channel over a message, and does not say over which one."""

# The link's state says it once, in our words; aiormq would log a traceback at each try, for days.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)


class Fate(Enum):
    """What the broker made of a message."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    """No queue is bound for it."""
    REFUSED = "refused"
    """A queue is full and says so; or the broker takes no such message: a routing key that this box may not use, too large."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of messages, in their order. None: it is not known, so they are to be sent again under the same id.

    *trouble*, where there is one: why the line is of no more use. :class:`HubRefusedError`: the broker closed it over one of
    those whose fate is not known, or over the only one.
    """

    fates: Sequence[Fate | None]
    trouble: EdgeError | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it is published; *is_late*: it waited so long that what it tells of is over, if it was not when it came. *stream*: ``live`` or ``backlog``."""

    waiting: Waiting
    is_late: bool
    stream: str


class Broker:
    """Publishes on one channel with confirms; whoever it is handed to does not close it."""

    def __init__(self, channel: Channel, exchange: str, site: str) -> None:
        self._channel = channel
        self._exchange = exchange
        self._app_id = f"gtvision-edge:{site}"
        self.is_blocked = False
        """The broker takes nothing for want of memory or disk, and has said so (``connection.blocked``)."""

    @property
    def is_gone(self) -> bool:
        """Tell whether the line was lost while nothing was published."""
        return self._channel.is_closed

    async def publish(self, messages: Sequence[Outgoing]) -> Published:
        """Publish *messages* in their order without waiting for one another's confirms; return what became of each.

        Takes as long as confirms keep coming, however slow the line is, and for as long as the broker says that it is blocked.

        Raises:
            HubUnreachableError: the line was lost before anything was sent.

        """
        confirms = await self._send(messages)
        try:
            trouble = await self._wait_for(confirms)
            fates = [_fate(each) for each in confirms]
        finally:
            for each in confirms:
                each.cancel()
            for message in messages:
                self._channel.message_id_delivery_tag.pop(message.waiting.message_id, None)
        if trouble is None:
            trouble = next(
                (_trouble(each, self._exchange) for each in confirms if _fate(each) is None), None
            )
        if isinstance(trouble, HubRefusedError) and len(messages) == 1:
            fates = [Fate.REFUSED]  # nothing else can have been the reason
        return Published(fates, trouble)

    async def _wait_for(self, confirms: Sequence["asyncio.Future[object]"]) -> EdgeError | None:
        pending = set(confirms)
        while pending:
            done, pending = await asyncio.wait(pending, timeout=CONFIRM_PATIENCE_S)
            if not done and not self.is_blocked:
                return HubStalledError("The hub's broker confirms nothing.")
        return None

    async def _send(self, messages: Sequence[Outgoing]) -> "list[asyncio.Future[object]]":
        """Hand all *messages* to the socket at once; return what will be their confirms.

        ``basic_publish`` of aiormq has a task and a system call for each message, which is half of what a backlog takes.
        """
        channel = self._channel
        confirms: list[asyncio.Future[object]] = []
        frames: list[bytes] = []
        try:
            async with channel.lock:
                for each in messages:
                    frames.append(self._frames(each))
                    channel.delivery_tag += 1
                    confirm = channel.create_future()
                    confirms.append(confirm)
                    channel.confirmations[channel.delivery_tag] = confirm
                    channel.message_id_delivery_tag[each.waiting.message_id] = channel.delivery_tag
                payload = ChannelFrame(payload=b"".join(frames), should_close=False)
                await channel.write_queue.put(payload)
        except (aiormq.exceptions.AMQPError, ConnectionError, RuntimeError) as error:
            raise HubUnreachableError("The line to the hub's broker was lost.") from error
        return confirms

    def _frames(self, message: Outgoing) -> bytes:
        waiting = message.waiting
        body = marked_late(waiting.body) if message.is_late else waiting.body
        return message_frames(
            body,
            channel=self._channel.number,
            exchange=self._exchange,
            routing_key=waiting.routing_key,
            message_id=waiting.message_id,
            app_id=self._app_id,
            is_late=is_marked_late(body),
            lane=waiting.lane,
            seq=waiting.seq,
            stream=message.stream,
            max_body=self._channel.max_content_size,
        )

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


def _fate(confirm: "asyncio.Future[object]") -> Fate | None:
    """Return what a confirm, or its failure, says of its message; None: nothing."""
    if not confirm.done() or confirm.cancelled():
        return None
    match confirm.exception() or confirm.result():
        case Basic.Ack():
            return Fate.CONFIRMED
        case aiormq.exceptions.PublishError():
            return Fate.RETURNED
        case aiormq.exceptions.DeliveryError():
            return Fate.REFUSED
        case BaseException():
            return None
        case _:
            return Fate.REFUSED


def _trouble(confirm: "asyncio.Future[object]", exchange: str) -> EdgeError:
    """Return what a confirm that never came says of the line."""
    error = None if confirm.cancelled() else confirm.exception()
    if isinstance(error, _DENIALS):
        return may_not_publish(exchange)
    return HubUnreachableError("The line to the hub's broker was lost.")


@asynccontextmanager
async def connected(
    settings: UplinkSettings, *, site: str, on_block: Callable[[bool], None] = lambda _: None
) -> AsyncIterator[Broker]:
    """Connect to the hub's broker while the block is open; *on_block* is told when it blocks us, and when it no longer does.

    Raises:
        HubUnreachableError: it does not answer.
        HubRefusedError: it does not let us in, or has no such exchange (``uplink.declare_topology`` makes it, for trials);
            or a file of ours that is wanted for it cannot be read.

    """
    async with opened_channel(settings) as channel:
        broker = Broker(channel, settings.exchange, site)
        watching = asyncio.create_task(_watch_blocks(broker, channel, on_block), name="hub-blocks")
        try:
            yield broker
        finally:
            watching.cancel()
            await asyncio.wait({watching})


@asynccontextmanager
async def opened_channel(settings: UplinkSettings) -> AsyncIterator[Channel]:
    """Connect and open a channel with confirms on which the exchange is known; see :func:`connected`."""
    connection: AbstractConnection | None = None
    url, context = await asyncio.to_thread(_prepared, settings)
    try:
        try:
            async with asyncio.timeout(CONNECT_PATIENCE_S):
                connection = await aiormq.connect(
                    url, context=context, transport_factory=BoundedTransportFactory()
                )
                channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
                assert isinstance(channel, Channel)  # noqa: S101 -- the one kind there is
                await channel.exchange_declare(
                    settings.exchange,
                    exchange_type="topic",
                    durable=True,
                    passive=not settings.declare_topology,
                )
        except (*_REFUSALS, aiormq.exceptions.AMQPChannelError) as error:
            raise refused(error, settings.exchange) from error
        except (aiormq.exceptions.AMQPError, OSError, TimeoutError, RuntimeError) as error:
            if _is_turned_away(error):
                raise refused_virtual_host() from error
            if isinstance(error, aiormq.exceptions.ProtocolSyntaxError) or TOO_LARGE in str(error):
                raise refused(error, settings.exchange) from error
            if "[SSL" in str(error):  # aiormq keeps the words of the TLS library, not its class
                raise refused_tls(str(error)) from error
            raise unreachable(error) from error
        yield channel
    finally:
        if connection is not None and not connection.is_closed:
            await _close(connection)


def _is_turned_away(error: BaseException) -> bool:
    """Tell whether the broker knows the user and does not open the virtual host: there is none, or it is not for this user."""
    # aiormq takes the broker's word for a frame that should not come.
    return isinstance(error, aiormq.exceptions.ConnectionNotAllowed) or (
        isinstance(error, aiormq.exceptions.InvalidFrameError)
        and "Connection.OpenOk" in str(error)
        and "Connection.Close " in str(error)
    )


async def _watch_blocks(broker: Broker, channel: Channel, on_block: Callable[[bool], None]) -> None:
    """Keep ``is_blocked`` right: aiormq tells of ``connection.blocked`` only by what does not return."""
    while True:
        try:
            async with asyncio.timeout(BLOCK_LOOK_S):
                await channel.connection.ready()
            is_blocked = False
        except TimeoutError:
            is_blocked = True
        if is_blocked is not broker.is_blocked:
            broker.is_blocked = is_blocked
            on_block(is_blocked)
        if not is_blocked:
            await asyncio.sleep(BLOCK_LOOK_S)


async def _close(connection: AbstractConnection) -> None:
    try:
        async with asyncio.timeout(2):
            await connection.close()
    except (aiormq.exceptions.AMQPError, OSError, TimeoutError, RuntimeError):
        return  # a frozen broker does not say goodbye


def _prepared(settings: UplinkSettings) -> tuple[yarl.URL, ssl.SSLContext | None]:
    """Return address and TLS context; reads files."""
    url = yarl.URL(settings.url.get_secret_value()).update_query(heartbeat=str(HEARTBEAT_S))
    if settings.password_file is not None:
        try:
            password = settings.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise HubRefusedError(
                f"{settings.password_file} cannot be read.", reason="password_file"
            ) from error
        url = url.with_password(password)
    if url.scheme != "amqps":
        return url, None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except (OSError, ValueError) as error:
        raise HubRefusedError(
            "The certificates of [uplink] cannot be read.", reason="certificate_files"
        ) from error
    return url, context
