"""Large bodies on their way to clients: so many at a time for each of them, and none to who takes nothing."""

import asyncio
import fcntl
import socket
import struct
import termios
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client import Counter as Total

from gtvision_edge.runtime.errors import ClientStalledError, TooManyTransfersError

log = structlog.get_logger(__name__)

MOST_OF_ONE: Final = 160
"""A wall of 64 tiles, each with picture and sound on their way, and four cameras being investigated beside it."""
PATIENCE_S: Final = 20.0
"""A phone in a tunnel takes nothing for some seconds; who takes nothing for longer has gone, or never wanted it."""
RETRY_AFTER_S: Final = 2
_LOOKS: Final = 8
"""How often within the patience the client's progress is looked at."""


class Places:
    """Counts what each of many holds at a time, and lets nobody hold more than *most*."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()

    @property
    def held(self) -> int:
        return self._held.total()

    def has_room(self, who: str) -> bool:
        return self._held[who] < self._most

    @contextmanager
    def take(self, who: str) -> Iterator[None]:
        """Hold a place of *who* while the block is open.

        Raises:
            TooManyTransfersError: all of *who*'s places are taken.

        """
        if not self.has_room(who):
            raise TooManyTransfersError(
                "Too much is on its way to this login.", retry_after_s=RETRY_AFTER_S
            )
        self._held[who] += 1
        try:
            yield
        finally:
            self._held[who] -= 1
            if not self._held[who]:
                del self._held[who]


class Transfers:
    """Bodies that go through us piece by piece, each holding a file or a connection while it lasts."""

    def __init__(
        self,
        *,
        most_of_one: int = MOST_OF_ONE,
        patience_s: float = PATIENCE_S,
        registry: CollectorRegistry | None = None,
    ) -> None:
        registry = registry or CollectorRegistry()
        self._places = Places(most_of_one)
        self._patience_s = patience_s
        self._refused = Total(
            "gtvision_edge_transfers_refused",
            "Bodies refused since the login had as many as it may",
            registry=registry,
        )
        self._cut = Total(
            "gtvision_edge_transfers_cut",
            "Bodies cut since the client took nothing of them",
            registry=registry,
        )
        gauge = Gauge(
            "gtvision_edge_transfers",
            "Bodies of streams and recordings on their way",
            registry=registry,
        )
        gauge.set_function(lambda: self._places.held)

    @property
    def held(self) -> int:
        """How many bodies are on their way."""
        return self._places.held

    @asynccontextmanager
    async def open(self, who: str, request: web.Request) -> AsyncIterator[None]:
        """Send the answer to *request* in this block, as one of *who*'s. It ends where the client takes nothing for long.

        A client that takes little, but something, may go on for ever: what counts is what it has acknowledged, not
        what found room in the system's buffers.

        Raises:
            TooManyTransfersError: too many of *who*'s are on their way.
            ClientStalledError: the client took nothing, and is cut.

        """
        if not self._places.has_room(who):
            self._refused.inc()
        with self._places.take(who):
            limit = asyncio.timeout(None)
            try:
                async with limit:
                    watch = _Watch(request, limit, self._patience_s)
                    try:
                        yield
                    finally:
                        watch.stop()
            except TimeoutError as error:
                if not limit.expired():
                    raise
                self._cut.inc()
                log.debug("client_took_nothing", seconds=self._patience_s)
                _cut(request.transport)
                raise ClientStalledError from error


class _Watch:
    """Lets *limit* run out when the client of *request* acknowledges nothing of what it is owed."""

    def __init__(self, request: web.Request, limit: asyncio.Timeout, patience_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = request.transport
        self._limit = limit
        self._patience_s = patience_s
        self._owed = 0
        self._since = self._loop.time()
        self._timer = self._loop.call_later(patience_s / _LOOKS, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        now, owed = self._loop.time(), _owed(self._transport)
        if owed == 0 or owed != self._owed:
            self._owed, self._since = owed, now
        elif now - self._since >= self._patience_s:
            self._limit.reschedule(now)
            return
        self._timer = self._loop.call_later(self._patience_s / _LOOKS, self._look)


def _owed(transport: asyncio.BaseTransport | None) -> int:
    """Return how many bytes the system holds that the other side has not acknowledged; 0 = none, or there is no other side."""
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is None:
        return 0
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    except (OSError, ValueError):  # closed meanwhile
        return 0
    return int(struct.unpack("i", answer)[0])


def _cut(transport: asyncio.Transport | None) -> None:
    """Close at once, and have the system throw away what it still holds for a client that does not take it."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
