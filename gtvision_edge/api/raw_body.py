"""Bodies that are no JSON of ours: read to a limit, within a time, so many at once."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from gtvision_edge.api.errors import BodyTooLargeError, BodyTooSlowError

PATIENCE_S: Final = 30.0
_CHUNK: Final = 64 * 1024
_AT_ONCE: Final = 8
_OF_A_SENDER: Final = 2


class BodyPlaces:
    """Bounds how many large bodies are in memory; who comes then waits for a place.

    Places are for senders that are known, and each has a few of them: one that sends slowly keeps only itself waiting.
    """

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(_AT_ONCE)
        self._of_sender: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_OF_A_SENDER)
        )

    @asynccontextmanager
    async def take(self, sender: str) -> AsyncIterator[None]:
        """Hold a place of *sender*, one of a bounded number such as the site's cameras, while the block is open."""
        async with self._of_sender[sender], self._all:
            yield


async def read_capped(request: web.Request, limit: int) -> bytes:
    """Return the whole body of *request*.

    Raises:
        BodyTooLargeError: it has, or says it has, more than *limit* bytes.
        BodyTooSlowError: it is not there after 30 s.

    """
    if request.content_length is not None and request.content_length > limit:
        raise BodyTooLargeError("The request is too large.", limit_bytes=limit)
    if (
        request.content.is_eof()
    ):  # it came with the head, as what is short does: nothing to wait for
        whole = request.content.read_nowait()
        if len(whole) > limit:
            raise BodyTooLargeError("The request is too large.", limit_bytes=limit)
        return whole
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for chunk in request.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > limit:
                    raise BodyTooLargeError("The request is too large.", limit_bytes=limit)
    except TimeoutError as error:
        raise BodyTooSlowError("The request's body did not arrive in time.") from error
    return bytes(body)
