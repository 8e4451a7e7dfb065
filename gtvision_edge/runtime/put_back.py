"""Whether the wall clock was put back: what is due by the time before would else wait for that time to come again."""

from gtvision_edge.runtime.clock import Clock

SLIGHT_US = 1_000_000
"""Less than that is a clock being set right."""


class PutBack:
    """Compares each time that it is asked with the time before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen_us = clock.now_us()

    def is_news(self) -> bool:
        """Return whether the clock was put back since this was asked last."""
        now_us = self._clock.now_us()
        seen_us, self._seen_us = self._seen_us, now_us
        return now_us < seen_us - SLIGHT_US
