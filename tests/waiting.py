"""Waiting for what another part will do in its own time."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import aiohttp

from gtvision_edge.errors import EdgeError

PATIENCE = 3.0 if os.environ.get("CI") == "true" else 1.0
"""How many times longer a wait may take than on a box that does nothing else.

What we promise (a camera is recorded again within 10 s) is promised of such a box and measured on one: at a desk
the factor is 1. A machine of CI is shared with strangers, who may take most of its processors for seconds; there a
limit tells what never happens from what happens late, and only a wide one does so without crying wolf.
"""


def patiently(limit: float) -> float:
    """Return *limit*, a time in any unit, as it is judged on this machine."""
    return limit * PATIENCE


async def becomes(
    condition: Callable[[], Awaitable[bool]] | Callable[[], bool], within_s: float
) -> None:
    """Return when *condition* holds; a server that is on its way up may fail it for a while.

    Raises:
        TimeoutError: it does not hold within *within_s*, waited for :func:`patiently`.

    """
    async with asyncio.timeout(patiently(within_s)):
        while True:
            try:
                answer = condition()
                if answer if isinstance(answer, bool) else await answer:
                    return
            except (EdgeError, aiohttp.ClientError, KeyError):
                pass
            await asyncio.sleep(0.05)
