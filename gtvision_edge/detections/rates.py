"""How often somebody may send: a bucket per sender, and a bounded memory of senders."""

import math
from collections import OrderedDict
from typing import Final

from gtvision_edge.detections.errors import TooManyPushesError
from gtvision_edge.runtime.clock import Clock

_MAX_SENDERS: Final = 10_000


class SendRate:
    """Allows *per_s* on the long run and *burst* at once, for each sender apart."""

    def __init__(self, clock: Clock, *, per_s: float, burst: float) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, sender: str) -> None:
        """Count one of *sender*.

        Raises:
            TooManyPushesError: it is one too many; ``retry_after_s`` says when one more is allowed.

        """
        now = self._clock.monotonic()
        left, at = self._left.pop(sender, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        is_allowed = left >= 1
        self._left[sender] = (left - 1 if is_allowed else left, now)
        if len(self._left) > _MAX_SENDERS:
            self._left.popitem(last=False)
        if not is_allowed:
            wait_s = max(1, math.ceil((1 - left) / self._per_s))
            raise TooManyPushesError(
                "Too many readings in a short time; send this one again later.",
                retry_after_s=wait_s,
            )
