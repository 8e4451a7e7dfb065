"""Connections to strangers that hand over little at a time: what a peer wraps in many small pieces is taken apart in as many turns.

The event loop reads up to 256 KiB at once. As chunks of one byte, or as answers that announce an answer, that is more than a
hundred milliseconds of parsing in which nobody else gets a turn.
"""

import socket
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

AT_ONCE: Final = 8 * 1024
"""Bytes; some milliseconds of the worst that a peer can make of them."""


class ShortReadSocket(socket.socket):
    """A socket that gives at most :data:`AT_ONCE` bytes to whoever asks for more, and counts them in :attr:`received`."""

    received: int = 0

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        found = super().recv(min(bufsize, AT_ONCE), flags)
        self.received += len(found)
        return found

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        room = nbytes or memoryview(buffer).nbytes
        count = super().recv_into(buffer, min(room, AT_ONCE), flags)
        self.received += count
        return count


def short_read_socket(address: tuple[Any, ...]) -> ShortReadSocket:
    """Make a socket for what ``getaddrinfo`` found: a socket factory of aiohttp's connector."""
    family, kind, protocol, *_ = address
    return ShortReadSocket(family, kind, protocol)
