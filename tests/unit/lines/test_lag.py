"""When a line is far behind: told over the threshold, and over only well below it."""

import pytest

from gtvision_edge.lines.lag import Lag, age_s


@pytest.mark.parametrize(
    ("over", "hovering", "calm"), [((10, 0), (5, 0), (4, 0)), ((0, 60), (0, 30), (0, 29))]
)
def test_who_hovers_about_the_threshold_is_told_once(
    over: tuple[int, float], hovering: tuple[int, float], calm: tuple[int, float]
) -> None:
    lag = Lag(10, 60)
    told = []
    for waiting, oldest_s in ((9, 59.0), hovering, over, hovering, calm, hovering):
        lag.judge(waiting, oldest_s)
        told.append(lag.is_far_behind)

    assert told == [False, False, True, True, False, False]


def test_nothing_that_waits_has_no_age_nor_has_what_is_of_the_future() -> None:
    assert age_s(None, 5_000_000) == 0
    assert age_s(9_000_000, 5_000_000) == 0
    assert age_s(2_000_000, 5_000_000) == 3
