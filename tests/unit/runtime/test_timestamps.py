"""Any number of microseconds can be written, whatever put it into the index."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339


@given(
    st.integers(-(2**63), 2**63 - 1), st.sampled_from(["UTC", "America/Sao_Paulo", "Asia/Tokyo"])
)
def test_whatever_the_index_holds_can_be_written(time_us: int, zone: str) -> None:
    text = to_rfc3339(time_us, ZoneInfo(zone))

    assert datetime.fromisoformat(text).tzinfo is not None


@given(st.integers(0, 7_258_118_399_999_999))
def test_what_can_have_been_recorded_is_written_to_the_microsecond(time_us: int) -> None:
    assert from_datetime(datetime.fromisoformat(to_rfc3339(time_us))) == time_us


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (253_402_300_799_999_999, "9998-12-31T23:59:59.999999+00:00"),
        (253_402_300_800_000_000, "9998-12-31T23:59:59.999999+00:00"),
        (-(2**63), "0002-01-01T00:00:00+00:00"),
    ],
)
def test_what_is_beyond_the_calendar_becomes_its_end(time_us: int, text: str) -> None:
    assert to_rfc3339(time_us) == text
