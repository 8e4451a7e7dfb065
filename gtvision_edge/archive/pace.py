"""Keeps copies from taking the whole of a site's line."""

from gtvision_edge.runtime.clock import Clock


class Pace:
    """Lets so many bytes a second go by, all kinds together; None = as many as the line takes."""

    def __init__(self, clock: Clock, bytes_per_second: int | None) -> None:
        self._clock = clock
        self._rate = bytes_per_second
        self._free_at = float("-inf")

    async def pass_by(self, size_bytes: int) -> None:
        """Wait until *size_bytes* more may go."""
        if self._rate is None:
            return
        now = self._clock.monotonic()
        begins = max(now, self._free_at)
        self._free_at = begins + size_bytes / self._rate
        if begins > now:
            await self._clock.sleep(begins - now)
