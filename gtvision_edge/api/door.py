"""The listening socket's door: strangers who connect and say nothing must not take what recording needs."""

import asyncio
import resource
import socket
from collections.abc import Callable
from typing import Final, cast

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)

HEAD_PATIENCE_S: Final = 10.0
"""From the connection to the end of the first request's head; afterwards aiohttp's keep-alive limit holds."""

STALL_PATIENCE_S: Final = 20.0
"""How long a client may take nothing of what was sent to them. A slow one stays who makes room for 64 KiB in that time."""

_READ: Final = 64 * 1024
"""Bytes to ask a socket for at once. Above 128 KiB, and asyncio asks for 256, the C library maps pages of their own for each
buffer and gives them back at once: six times as long as the reading itself, and all threads feel it."""
_HEAD_ENDS: Final = b"\r\n\r\n"
_MAX_CONNECTIONS: Final = 4000


def connection_limit() -> int:
    """Return how many connections may be open: half of the process's descriptors, the rest are for cameras and files."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else min(soft // 2, _MAX_CONNECTIONS)


class Door:
    """Has *make* make the protocols of new connections; counts them and sends away who is one too many."""

    def __init__(
        self,
        server: web.Server,
        make: Callable[[], asyncio.Protocol],
        *,
        limit: int,
        patience_s: float = HEAD_PATIENCE_S,
        stall_patience_s: float = STALL_PATIENCE_S,
    ) -> None:
        self._server = server
        self._make = make
        self._limit = limit
        self.patience_s = patience_s
        self._stall_ms = round(stall_patience_s * 1000)
        self._is_full = False

    def __call__(self) -> asyncio.Protocol:
        return _Visitor(self)

    def admit(self) -> asyncio.Protocol | None:
        """Return the protocol that serves one more connection; None when the house is full."""
        is_full = len(self._server.connections) >= self._limit
        if is_full and not self._is_full:
            log.warning("too_many_connections", limit=self._limit)
        self._is_full = is_full
        return None if is_full else self._make()

    def welcome(self, transport: asyncio.BaseTransport) -> None:
        """Read from *transport* in pieces, and have the system cut the connection of who takes nothing of what was sent, whatever part of ours sends it.

        Writes, sendfile and WebSockets end alike, with a reset. While the network is what is slow, Linux counts from the last
        byte acknowledged. Behind a window that was closed (counted since 5.11) it counts until there is room for all of the
        next packet of its queue, at most 64 KiB; the few bytes that it lets through meanwhile are no progress to it (seen
        on 6.18: with 3 s of patience a reader of 8 KB/s behind a buffer of 128 KiB, and one of 2 KB/s behind 4, were cut).
        So who takes less than about 3 KB/s by own choice is cut as one who takes nothing, and asks again, with a range.
        """
        if hasattr(transport, "max_size"):
            transport.max_size = _READ
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._stall_ms)


class _Visitor(asyncio.Protocol):
    """Stands before aiohttp's protocol until the first request's head is there, then steps aside."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._inner = self._door.admit()
        if self._inner is None:
            self._transport.abort()
            return
        self._door.welcome(transport)
        self._timer = asyncio.get_running_loop().call_later(
            self._door.patience_s, self._transport.abort
        )
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._inner is None or self._transport is None:
            return
        self._tail = (self._tail + data)[-(len(data) + len(_HEAD_ENDS)) :]
        if _HEAD_ENDS in self._tail and self._timer is not None:
            self._timer.cancel()
            self._tail = b""
            self._transport.set_protocol(self._inner)
        else:
            self._tail = self._tail[-len(_HEAD_ENDS) :]
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._inner is not None else None

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._inner is not None:
            self._inner.connection_lost(error)

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()
