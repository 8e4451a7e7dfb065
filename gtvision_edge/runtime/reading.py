"""Reading what somebody else sends, never more of it than is good for us."""

from collections.abc import AsyncIterator
from typing import Protocol


class TooLongError(Exception):
    """There was more than the limit; what was read is dropped."""


class Chunks(Protocol):
    """A body that comes piece by piece, such as aiohttp's StreamReader."""

    def iter_any(self) -> AsyncIterator[bytes]: ...


async def read_capped(stream: Chunks, limit: int) -> bytes:
    """Return the whole body, of at most *limit* bytes; read to its end, so that the connection can be used again.

    Raises:
        TooLongError: it is longer; the rest was not read.

    """
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > limit:
            raise TooLongError
    return bytes(body)
