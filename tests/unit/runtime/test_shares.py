"""Nobody holds more than his share, or takes another's."""

import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.shares import Shares


def test_who_holds_all_of_his_share_is_refused_until_he_gives_some_back() -> None:
    registry = CollectorRegistry()
    shares = Shares("things", 2, registry=registry)

    with shares.take("ana"):
        with shares.take("ana"):
            with pytest.raises(TooManyTransfersError) as refused, shares.take("ana"):
                pass
            with shares.take("bia"):
                assert shares.held == 3
                assert registry.get_sample_value("gtvision_edge_things") == 3
        with shares.take("ana"):
            assert shares.held == 2

    assert refused.value.details == {"retry_after_s": 2}
    assert registry.get_sample_value("gtvision_edge_things_refused_total") == 1
    assert shares.held == 0


def test_what_fails_gives_its_place_back() -> None:
    shares = Shares("things", 1)

    with pytest.raises(RuntimeError), shares.take("ana"):
        raise RuntimeError

    assert shares.held == 0
