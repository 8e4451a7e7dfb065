"""What waits for a line does not grow for ever: what waits too long, or is too much, is given up in batches, and each batch is written down."""

from collections.abc import Callable
from typing import Final

from gtvision_edge.storage import Database, Transaction

ROUND_S: Final = 60.0
"""Between two looks at what waits."""
BATCH: Final = 2000
"""Things given up in one commit, with one record."""
ROOM: Final = 0.05
"""So much of the bound is free again afterwards: it is not passed again by the next thing that comes."""
TOLD_US: Final = 3 * 86_400_000_000
"""What was given up is told of for so long."""

Shrink = Callable[[Transaction, int], int]
"""Gives up a batch of what is more than so much; returns how many that were, 0 = no more has to go."""


async def give_up_excess(
    database: Database,
    *,
    drop_aged: Callable[[Transaction], int],
    shrink: Shrink,
    most: int,
    trusts_clock: bool,
) -> int:
    """Give up what is past a bound, each batch in a commit of its own; return how many.

    *drop_aged* gives up a batch of what waits too long; a clock in doubt says nothing of that. *shrink* is for what is more than *most*.
    """
    given_up = 0
    if trusts_clock:
        while done := await database.write(drop_aged):
            given_up += done
    target = most
    while done := await database.write(lambda transaction: shrink(transaction, target)):  # noqa: B023 -- awaited here
        given_up += done
        target = round(most * (1 - ROOM))
    return given_up


def is_news(at_us: int | None, now_us: int) -> bool:
    """Tell whether what was given up last, at *at_us*, is still to be told; None = nothing ever was."""
    return at_us is not None and now_us - at_us < TOLD_US
