"""A share of something for each person, so that nobody takes what the others need."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class NoShareLeftError(Exception):
    """The holder has all of their share already."""


class Shares:
    """Counts what each holder has at the moment, and gives nobody more than *most*. On the loop's thread only."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def hold(self, holder: Hashable) -> Iterator[None]:
        """Have one more while the block is open.

        Raises:
            NoShareLeftError: *holder* has *most* already; nothing is waited for.

        """
        if self._held[holder] >= self._most:
            raise NoShareLeftError
        self._held[holder] += 1
        try:
            yield
        finally:
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]

    def holders(self) -> int:
        """Return how many have something now."""
        return len(self._held)
