"""What waits for a line does not grow for ever."""

from functools import partial

import pytest

from gtvision_edge.lines.bounds import TOLD_US, give_up_excess, is_news
from gtvision_edge.storage import Database, Transaction


class Waiting:
    """So many things, some of them aged; given up three at a time."""

    def __init__(self, count: int, aged: int) -> None:
        self.count = count
        self.aged = aged
        self.commits = 0

    def drop_aged(self, transaction: Transaction) -> int:
        gone = min(self.aged, 3)
        self.aged -= gone
        return self._drop(gone)

    def shrink(self, transaction: Transaction, most: int) -> int:
        return self._drop(min(max(0, self.count - most), 3))

    def _drop(self, gone: int) -> int:
        self.count -= gone
        self.commits += bool(gone)
        return gone


@pytest.mark.parametrize(
    ("count", "aged", "trusts", "left", "commits"),
    [
        (100, 0, True, 100, 0),  # at the bound is within it
        (101, 0, True, 95, 3),  # some room, or the next thing would pass it again
        (100, 7, True, 93, 3),
        (100, 7, False, 100, 0),  # a clock in doubt says nothing of age
        (110, 7, True, 95, 6),
    ],
)
async def test_what_is_past_a_bound_goes_in_batches_and_leaves_some_room(
    database: Database, count: int, aged: int, trusts: bool, left: int, commits: int
) -> None:
    waiting = Waiting(count, aged)
    look = partial(
        give_up_excess,
        database,
        drop_aged=waiting.drop_aged,
        shrink=waiting.shrink,
        most=100,
        trusts_clock=trusts,
    )

    assert await look() == count - left
    assert (waiting.count, waiting.commits) == (left, commits)
    assert await look() == 0


def test_it_is_told_for_some_days() -> None:
    assert is_news(1, TOLD_US)
    assert not is_news(1, TOLD_US + 1)
    assert not is_news(None, 1)
