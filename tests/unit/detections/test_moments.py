"""When a passage was, for cameras that tell the time in their own ways."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.model import Reading, TimeSource
from gtvision_edge.detections.moments import moment_of
from gtvision_edge.detections.sources.times import ToldTime, read_time

ZONE = ZoneInfo("America/Sao_Paulo")
NOW = 1773491214_000_000  # one second after 2026-03-14T09:26:53-03:00
PASSED = NOW - 1_000_000
HOUR = 3_600_000_000


def told(text: str) -> Reading:
    time = read_time(text)
    return Reading(
        "ABC1D23", captured_us=time.us, local_time=time.local, offset_min=time.offset_min
    )


@pytest.mark.parametrize(
    ("text", "us", "source", "is_late"),
    [
        ("2026-03-14T09:26:53-03:00", PASSED, TimeSource.CAMERA, False),
        ("2026-03-14T12:26:53Z", PASSED, TimeSource.CAMERA, False),
        ("2026-03-14T20:26:53+08:00", PASSED, TimeSource.CAMERA, False),
        ("2026-03-14T09:26:53+08:00", PASSED, TimeSource.CAMERA_ZONE, False),
        ("2026-03-14T09:26:53Z", PASSED, TimeSource.CAMERA_ZONE, False),
        ("2026-03-14 09:26:53", PASSED, TimeSource.CAMERA_ZONE, False),
        ("2026-03-14T08:26:53-03:00", PASSED - HOUR, TimeSource.CAMERA, True),
        ("2026-03-14 08:26:53", PASSED - HOUR, TimeSource.CAMERA_ZONE, True),
        ("1970-01-01T00:00:10-03:00", NOW, TimeSource.RECEIPT, False),
        ("2026-03-14T10:26:53-03:00", NOW, TimeSource.RECEIPT, False),
        ("2099-01-01 00:00:00", NOW, TimeSource.RECEIPT, False),
        ("rubbish", NOW, TimeSource.RECEIPT, False),
        ("0001-01-01T00:00:00+00:00", NOW, TimeSource.RECEIPT, False),
        ("9999-12-31T23:59:59", NOW, TimeSource.RECEIPT, False),
    ],
)
def test_the_time_is_the_cameras_where_it_can_be(
    text: str, us: int, source: TimeSource, is_late: bool
) -> None:
    moment = moment_of(told(text), received_us=NOW, zone=ZONE, is_signed=False)

    assert (moment.us, moment.source, moment.is_late) == (us, source, is_late)


def test_what_is_sent_again_is_late_whenever_it_was() -> None:
    again = replace(told("2026-03-14T09:26:53-03:00"), is_resent=True)

    assert moment_of(again, received_us=NOW, zone=ZONE, is_signed=False).is_late


@pytest.mark.parametrize(
    "text", ["2026-03-14T09:26:53Z", "2024-04-01T00:00:00Z", "2026-03-14T09:26:53-03:00"]
)
def test_a_time_that_its_sender_signed_is_never_dated_anew(text: str) -> None:
    moment = moment_of(told(text), received_us=NOW, zone=ZONE, is_signed=True)

    assert (moment.us, moment.source) == (read_time(text).us, TimeSource.CAMERA)
    assert moment.is_late == (moment.us != PASSED)


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001
    st.sampled_from(["Z", "+00:00", "-03:00", "+08:00", "+15:00", "+15:01", "-23:59", "+01:60"]),
)
def test_a_time_means_the_same_however_it_is_written(moment: datetime, offset: str) -> None:
    """RFC 3339 to the letter takes a way of its own; a space for the T, the other one."""
    text = moment.isoformat()
    assert read_time(text + offset) == read_time(text.replace("T", " ") + offset)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-14T24:00:00Z",
        "2026-02-29T09:26:53Z",
        "2026-03-14T09:26:60Z",
        "2026-03-14T09:26:53+15:01",
        "2026-03-14T09:26:53+01:60",
    ],
)
def test_a_time_that_no_clock_shows_means_nothing(text: str) -> None:
    assert read_time(text) == ToldTime()
