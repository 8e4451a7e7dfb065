"""Waiting for what another part will do in its own time."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp

from gtvision_edge.errors import EdgeError


async def becomes(
    condition: Callable[[], Awaitable[bool]] | Callable[[], bool], within_s: float
) -> None:
    """Return when *condition* holds; a server that is on its way up may fail it for a while.

    Raises:
        TimeoutError: it does not hold within *within_s*.

    """
    async with asyncio.timeout(within_s):
        while True:
            try:
                answer = condition()
                if answer if isinstance(answer, bool) else await answer:
                    return
            except (EdgeError, aiohttp.ClientError, KeyError):
                pass
            await asyncio.sleep(0.05)
