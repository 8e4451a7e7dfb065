"""What exists at start is not walked again; cycles made later still go."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from gtvision_edge.runtime.collector import COLLECT_EVERY, spare_the_started


@pytest.fixture
def collector() -> Iterator[None]:
    """Put the collector of the test run back as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Node:
    other: "Node | None" = None


@pytest.mark.usefixtures("collector")
def test_what_exists_at_start_is_left_out() -> None:
    spare_the_started()

    assert gc.get_freeze_count() > len(gc.get_objects())
    assert gc.get_threshold()[0] == COLLECT_EVERY


@pytest.mark.usefixtures("collector")
def test_cycles_made_later_are_collected() -> None:
    spare_the_started()
    first, second = Node(), Node()
    first.other, second.other = second, first
    gone = weakref.ref(first)

    del first, second
    gc.collect()

    assert gone() is None
