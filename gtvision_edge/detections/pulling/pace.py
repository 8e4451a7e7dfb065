"""How much of a camera's stream is read in a second: what it says faster waits in the camera, and nobody else waits for it."""

import asyncio
from typing import Final

from gtvision_edge.runtime.clock import Clock

PER_S: Final = 4 * 2**20
"""Bytes, on the long run: four vehicles a second with scenes of a megabyte."""
AT_ONCE: Final = 16 * 2**20
OF_A_PART: Final = 8 * 1024
"""What a part counts besides its bytes, for each costs work however small it is."""


class StreamPace:
    """A bucket that what was read is taken from."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = float(AT_ONCE)
        self._at = clock.monotonic()

    async def keep(self, size: int, parts: int) -> None:
        """Wait until *size* bytes with *parts* in them may have come; others have their turn in any case."""
        now = self._clock.monotonic()
        filled = self._left + (now - self._at) * PER_S
        self._left = min(filled, AT_ONCE) - size - parts * OF_A_PART
        self._at = now
        if self._left < 0:
            await self._clock.sleep(-self._left / PER_S)
        else:
            await asyncio.sleep(0)
