"""The socket to the hub, read within bounds: what answers there may be no broker, or wish the box ill.

aiormq waits for a frame of whatever size is announced, up to 4 GiB, and keeps what comes of it: measured, 5 GB of memory and a loop
that stood still for 27 s after seven bytes of a stranger's.
"""

import asyncio
from typing import Any, Final

import aiormq
from aiormq.exceptions import AMQPConnectionError
from yarl import URL

MAX_FRAME: Final = 2**20
"""Bytes of a frame. RabbitMQ's are 128 KiB at most unless its ``frame_max`` says otherwise."""
TOO_LARGE: Final = "a frame larger than any of a broker"
"""Stands in the text of the error, for aiormq keeps no class of ours."""
_MOST_BUFFERED: Final = 2**16


class _BoundedReader(asyncio.StreamReader):
    """Refuses to wait for more than a frame."""

    async def readexactly(self, n: int) -> bytes:
        if n > MAX_FRAME:
            raise AMQPConnectionError(TOO_LARGE)
        return await super().readexactly(n)

    async def read(self, n: int = -1) -> bytes:
        # aiormq asks for all there is, once it has seen that it is no frame.
        return await super().read(n if 0 <= n <= MAX_FRAME else MAX_FRAME)


class BoundedTransportFactory(aiormq.TransportFactory):
    """Opens the connection as aiormq's own do, with a reader that is bounded."""

    async def create(
        self, url: URL, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to *url*.

        Raises:
            AMQPConnectionError: nothing answers there, or not by the TLS that is wanted.

        """
        contexts: aiormq.SSLContextProvider = kwargs.pop("ssl_context_provider")
        context = await contexts.get_context() if url.scheme == "amqps" else None
        loop = asyncio.get_running_loop()
        reader = _BoundedReader(limit=_MOST_BUFFERED, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.create_connection(
                lambda: protocol, url.host or "", url.port or 0, ssl=context, **kwargs
            )
        except OSError as error:
            raise AMQPConnectionError(*error.args) from error
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
