"""Room that deletions have made and the volume does not show yet: a file that somebody still reads takes its bytes until he ends."""

from dataclasses import dataclass
from typing import Final

from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock

PATIENCE_S: Final = 300.0
"""Bytes that have not come back by then are not counted on any more: they are somebody's for good, or others took them."""


@dataclass(slots=True)
class _Deletion:
    size_bytes: int
    at: float


class AwaitedRoom:
    """Counts what was deleted until the volume's free space has risen by as much, or :data:`PATIENCE_S` have passed.

    Whoever writes meanwhile hides some of the rise; too much is then awaited for a while, which deletes too late, not too much.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._deletions: list[_Deletion] = []
        self._seen: Usage | None = None

    def note(self, size_bytes: int) -> None:
        """Say that files of so many bytes were deleted; before the first look there is nothing to compare with."""
        if size_bytes > 0 and self._seen is not None:
            self._deletions.append(_Deletion(size_bytes, self._clock.monotonic()))

    def look(self, usage: Usage) -> int:
        """Take the newest look at the volume and return how many bytes are still to come on top of what it shows as free.

        What has risen since the last look counts as come back. The same look (this very object) given again changes nothing.
        """
        if usage is not self._seen:
            if self._seen is not None:
                self._take(usage.free - self._seen.free)
            self._seen = usage
        oldest = self._clock.monotonic() - PATIENCE_S
        self._deletions = [each for each in self._deletions if each.at > oldest]
        return sum(each.size_bytes for each in self._deletions)

    def _take(self, risen: int) -> None:
        for each in self._deletions:
            part = max(0, min(risen, each.size_bytes))
            each.size_bytes -= part
            risen -= part
        self._deletions = [each for each in self._deletions if each.size_bytes]
