"""What many share, such as files on their way to clients: nobody may hold more of it at a time than is his share."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client import Counter as Total

from gtvision_edge.runtime.errors import TooManyTransfersError

MOST_TRANSFERS: Final = 160
"""Of a person, however often they log in: a wall of 64 tiles, each with picture and sound on their way, and four cameras being investigated beside it."""
RETRY_AFTER_S: Final = 2


class Shares:
    """Counts what each person holds of *what*, a word for the metrics, and lets none hold more than *most*."""

    def __init__(self, what: str, most: int, *, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._most = most
        self._held: Counter[str] = Counter()
        self._refused = Total(
            f"gtvision_edge_{what}_refused",
            "Refused since the person had as many as it may",
            registry=registry,
        )
        gauge = Gauge(f"gtvision_edge_{what}", "Going on now, of all people", registry=registry)
        gauge.set_function(lambda: self.held)

    @property
    def held(self) -> int:
        return self._held.total()

    @contextmanager
    def take(self, person: str) -> Iterator[None]:
        """Hold one more for *person* while the block is open.

        Raises:
            TooManyTransfersError: it holds all of its share.

        """
        if self._held[person] >= self._most:
            self._refused.inc()
            raise TooManyTransfersError(
                "Too much is on its way to this person.", retry_after_s=RETRY_AFTER_S
            )
        self._held[person] += 1
        try:
            yield
        finally:
            self._held[person] -= 1
            if not self._held[person]:
                del self._held[person]


def open_transfers(registry: CollectorRegistry | None = None) -> Shares:
    """Return the shares of segments and recorded files on their way, for all parts that send them."""
    return Shares("transfers", MOST_TRANSFERS, registry=registry)
