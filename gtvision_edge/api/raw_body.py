"""Bodies that are no JSON of ours: read to a limit, within a time."""

import asyncio
from typing import Final

from aiohttp import web

from gtvision_edge.api.errors import BodyTooLargeError, BodyTooSlowError

PATIENCE_S: Final = 30.0
_CHUNK: Final = 64 * 1024


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
