import pytest

from gtvision_edge.runtime.shares import NoShareLeftError, Shares


def test_nobody_has_more_than_their_share_and_others_do_not_notice() -> None:
    shares = Shares(2)
    with shares.hold("ana"), shares.hold("ana"):
        with pytest.raises(NoShareLeftError), shares.hold("ana"):
            pass
        with shares.hold("bia"):
            pass
    with shares.hold("ana"):
        assert shares.holders() == 1
    assert shares.holders() == 0


def test_a_failure_gives_the_share_back() -> None:
    shares = Shares(1)
    with pytest.raises(ZeroDivisionError), shares.hold("ana"):
        _ = 1 // 0
    with shares.hold("ana"):
        pass
