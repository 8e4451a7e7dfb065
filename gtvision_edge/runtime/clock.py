"""Time enters through a parameter, so that tests can pretend it."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Wall clock and monotonic clock of the machine, and the way to wait."""

    def now_us(self) -> int:
        """Return UTC as integer microseconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never steps."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clocks."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
