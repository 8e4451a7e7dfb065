"""Looks for devices over UDP: slowly, for a bounded time, and hearing only who answers our question."""

import asyncio
import contextlib
import errno
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from uuid import uuid4

import structlog

from gtvision_edge.cameras.errors import DiscoveryImpossibleError
from gtvision_edge.cameras.onvif.discovery import (
    GROUP,
    KINDS,
    MAX_MATCH,
    PORT,
    FoundDevice,
    merge,
    probe,
    read_match,
)
from gtvision_edge.runtime.clock import Clock

log = structlog.get_logger(__name__)

MAX_ADDRESSES: Final = 256
PACKETS_PER_S: Final = 200
ROUNDS: Final = 3
"""UDP loses; SOAP-over-UDP repeats. As many as go into half of the time."""

_MAX_HEARD: Final = 1024
_MAX_BYTES: Final = 4 * 2**20
_MAX_EACH: Final = 8
_ROUND_GAP_S: Final = 0.25

HTTP_PORTS: Final = (80, 8000, 2020, 8899)
MAX_KNOCKED: Final = 16
"""So few addresses are also asked over HTTP, for devices that answer no unicast probe; a range is not: that would be a port scan."""

Knock = Callable[[str, int], Awaitable[bool]]
"""Tells whether an ONVIF device answers at an address and port; no credentials are sent."""


class DeviceFinder:
    """Finds devices. One search after the other; who calls takes care of that."""

    def __init__(self, *, clock: Clock, interfaces: Sequence[str], knock: Knock) -> None:
        self._clock = clock
        self._interfaces = interfaces
        self._knock = knock

    async def find_nearby(self, *, timeout_s: float) -> list[FoundDevice]:
        """Ask everybody on the networks the box is connected to; takes *timeout_s* seconds.

        Raises:
            DiscoveryImpossibleError: nobody could be asked.

        """
        question = _Question()
        ends = self._clock.monotonic() + timeout_s
        async with AsyncExitStack() as stack:
            transports = await self._open_all(question, stack)
            for _ in range(ROUNDS):
                for message in question.messages:
                    for transport in transports:
                        question.send(message, transport, GROUP)
                    await self._clock.sleep(1 / PACKETS_PER_S)
                await self._clock.sleep(_ROUND_GAP_S)
            question.require_sent()
            await self._clock.sleep(max(ends - self._clock.monotonic(), 0))
        return await asyncio.to_thread(question.found)

    async def _open_all(
        self, question: "_Question", stack: AsyncExitStack
    ) -> list[asyncio.DatagramTransport]:
        """Open a socket on each interface that can have one; one at least."""
        transports, reason = [], "no_interface"
        for name in await asyncio.to_thread(self._names):
            try:
                opened = await stack.enter_async_context(_socket(question, interface=name))
            except OSError as error:  # an interface without an address, or just gone
                reason = _word(error)
                log.info("onvif_interface_unusable", interface=name, reason=reason)
            else:
                transports.append(opened)
        if not transports:
            raise DiscoveryImpossibleError("There is no network to look on.", reason=reason)
        return transports

    async def find_at(self, addresses: Sequence[str], *, timeout_s: float) -> list[FoundDevice]:
        """Ask each of *addresses* (IPv4, at most 256); ends within *timeout_s*, earlier when all have answered.

        Only answers from these addresses count.

        Raises:
            DiscoveryImpossibleError: nobody could be asked, and none answered over HTTP.

        """
        if len(addresses) > MAX_ADDRESSES:
            raise ValueError("too many addresses")
        question = _Question(only_from=frozenset(addresses))
        async with AsyncExitStack() as stack:
            try:
                transport = await stack.enter_async_context(_socket(question))
            except OSError as error:
                raise DiscoveryImpossibleError(
                    "No question can be sent.", reason=_word(error)
                ) from error
            knocked = await self._ask_each(transport, question, addresses, timeout_s)
        if not knocked:
            question.require_sent()
        return merge([*await asyncio.to_thread(question.found), *knocked])

    async def _ask_each(
        self,
        transport: asyncio.DatagramTransport,
        question: "_Question",
        addresses: Sequence[str],
        timeout_s: float,
    ) -> list[FoundDevice]:
        """Send the question until all have answered or time is over; return who answered over HTTP alone."""
        async with asyncio.TaskGroup() as tasks:
            knocking = {
                address: tasks.create_task(self._knock_at(address, timeout_s), name="onvif-knock")
                for address in (addresses if len(addresses) <= MAX_KNOCKED else ())
            }
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._send(transport, question, addresses, timeout_s / 2)
                    await question.all_answered.wait()
            knocked: list[FoundDevice] = []
            for address, task in knocking.items():
                if address in question.answered:
                    task.cancel()
                else:
                    knocked += await task
        return knocked

    async def _send(
        self,
        transport: asyncio.DatagramTransport,
        question: "_Question",
        addresses: Sequence[str],
        within_s: float,
    ) -> None:
        ends = self._clock.monotonic() + within_s
        for number in range(ROUNDS):
            for message in question.messages:
                for address in addresses:
                    if address in question.answered:
                        continue
                    if number and self._clock.monotonic() > ends:
                        return
                    question.send(message, transport, address)
                    await self._clock.sleep(1 / PACKETS_PER_S)
            await self._clock.sleep(_ROUND_GAP_S)

    async def _knock_at(self, address: str, timeout_s: float) -> list[FoundDevice]:
        async def try_port(port: int) -> bool:
            try:
                async with asyncio.timeout(timeout_s / 2):
                    return await self._knock(address, port)
            except TimeoutError:
                return False

        answers = await asyncio.gather(*(try_port(port) for port in HTTP_PORTS))
        return [
            FoundDevice(address, port)
            for port, is_there in zip(HTTP_PORTS, answers, strict=True)
            if is_there
        ]

    def _names(self) -> list[str]:
        try:
            known = [name for _, name in socket.if_nameindex()]
        except OSError as error:
            raise DiscoveryImpossibleError(
                "The networks of this box are not told.", reason=_word(error)
            ) from error
        if self._interfaces:
            return [name for name in known if name in self._interfaces]
        return [name for name in known if name != "lo"]


class _Question(asyncio.DatagramProtocol):
    """A search: its messages, and the answers to just these, so many and so large as one site can have."""

    def __init__(self, only_from: Collection[str] = ()) -> None:
        ids = [f"uuid:{uuid4()}" for _ in KINDS]
        self.messages = [probe(each, kind) for each, kind in zip(ids, KINDS, strict=True)]
        self._ids = [each.encode() for each in ids]
        self._only_from = only_from
        self._heard: list[tuple[bytes, str]] = []
        self._bytes = 0
        self._count: Counter[str] = Counter()
        self._sends = self._failed_sends = 0
        self._failure = ""
        self.answered: set[str] = set()
        self.all_answered = asyncio.Event()

    def send(self, message: bytes, transport: asyncio.DatagramTransport, address: str) -> None:
        self._sends += 1
        transport.sendto(message, (address, PORT))

    def require_sent(self) -> None:
        """Return when any of the messages went out.

        Raises:
            DiscoveryImpossibleError: none did.

        """
        if self._failed_sends == self._sends:
            raise DiscoveryImpossibleError("No question could be sent.", reason=self._failure)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        source = str(addr[0])
        if len(data) > MAX_MATCH or (self._only_from and source not in self._only_from):
            return
        # Who did not hear the question cannot know its id. In RelatesTo, that is; cheap cameras put it into MessageID.
        if not any(each in data for each in self._ids):
            return
        self._count[source] += 1
        self._bytes += len(data)
        if (
            self._count[source] > _MAX_EACH
            or len(self._heard) >= _MAX_HEARD
            or self._bytes > _MAX_BYTES
        ):
            return
        self._heard.append((data, source))
        self.answered.add(source)
        if self._only_from and len(self.answered) == len(self._only_from):
            self.all_answered.set()

    def error_received(self, exc: Exception) -> None:
        """Note that a message could not be sent; a closed port elsewhere is no answer, and nothing more."""
        if isinstance(exc, OSError) and not isinstance(exc, ConnectionRefusedError):
            self._failed_sends += 1
            self._failure = _word(exc)

    def found(self) -> list[FoundDevice]:
        """Read what was heard; not on the loop's thread."""
        read = [read_match(data, source) for data, source in self._heard]
        return merge([device for device in read if device is not None])


def _word(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "unknown")


@asynccontextmanager
async def _socket(
    question: _Question, *, interface: str = ""
) -> AsyncIterator[asyncio.DatagramTransport]:
    """Open a socket that *question* listens on; with *interface*, what it sends to the group leaves there.

    Without that choice a probe leaves by the default route, and the cameras' own network hears nothing.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        if interface:
            index = socket.if_nametoindex(interface)
            opened.setsockopt(
                socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", b"", b"", index)
            )
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        opened.bind(("127.0.0.1" if interface == "lo" else "", 0))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: question, sock=opened
        )
    except BaseException:
        opened.close()
        raise
    try:
        yield transport
    finally:
        transport.close()
