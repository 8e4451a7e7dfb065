"""What is on the volume that is none of ours, and how fast it grows: footage is not deleted after what another program takes for seconds."""

from collections import deque
from typing import Final

from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding

GRACE_S: Final = 30.0
"""Room that others took within so long may come back: until then the breaker alone guards the volume."""
TOLD_S: Final = 600.0
"""Others are told of for so long after they last were in the way."""
LEAST_SHARE: Final = 0.1
"""Below this part of the volume they are not worth a word."""


class OtherBytes:
    """Compares what the volume has in use with what the index knows. Exports and files being written count as others'."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()
        self._told_until = float("-inf")
        self._percent = 0

    def note(self, usage: Usage, *, recorded: int, awaited: int) -> None:
        """Take a look at the volume; *awaited*: bytes of ours that were deleted and are still in use."""
        now, others = self._clock.monotonic(), max(0, usage.used - recorded - awaited)
        self._seen.append((now, others))
        while self._seen[0][0] < now - GRACE_S:
            self._seen.popleft()
        room = usage.used + usage.free
        self._percent = round(10 * others / room) * 10 if room else 0

    def took_lately(self) -> int:
        """Return how many bytes others have taken within :data:`GRACE_S`, net of what they gave back."""
        return self._seen[-1][1] - min(others for _, others in self._seen) if self._seen else 0

    def are_in_the_way(self) -> None:
        """Note that there is too little room now: if others have a good part of it, it is told."""
        if self._percent >= LEAST_SHARE * 100:
            self._told_until = self._clock.monotonic() + TOLD_S

    def findings(self) -> list[Finding]:
        """Tell of others while they are in the way. The percentage is rounded to tens: it is no meter."""
        if self._clock.monotonic() >= self._told_until:
            return []
        return [Finding("volume_filled_by_others", facts={"percent": self._percent})]
