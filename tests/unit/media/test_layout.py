"""Names of recordings and what they say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.media.layout import (
    RECORD_TEMPLATE,
    camera_directory,
    is_impossible_day,
    is_set_aside,
    parse_camera_directory,
    parse_day,
    parse_segment,
    segment_file,
    thumbnails_file,
)

DAY_US = 86_400_000_000


@given(st.integers(0, 7_258_118_399_999_999))
def test_a_name_says_when_the_segment_began(name_us: int) -> None:
    file = segment_file(name_us)
    day_us = parse_day(file.parent.name)

    assert day_us is not None
    assert parse_segment(day_us, file.name) == name_us


def test_our_own_recorder_and_the_layout_agree() -> None:
    from gtvision_edge.media.embedded.recorder import segment_path

    for name_us in (1_767_225_600_000_000, 1_767_225_599_999_999, 951_782_400_000_001):
        recorded = segment_path(f"/v/{RECORD_TEMPLATE}", camera_directory("cam01"), name_us)
        assert Path(recorded) == Path("/v") / camera_directory("cam01") / segment_file(name_us)


@pytest.mark.parametrize(
    "name",
    [
        "2026-02-30",
        "2026-1-01",
        "2026-01-01x",
        "٢٠٢٦-01-01",
        "",
        "0000-01-01",
        "1969-12-31",
        "2200-01-01",
        "9999-12-31",
    ],
)
def test_what_is_no_day_is_none(name: str) -> None:
    assert parse_day(name) is None


@pytest.mark.parametrize(
    "name",
    ["24-00-00-000000.mp4", "00-60-00-000000.mp4", "00-00-00.mp4", "00-00-00-000000.ts", ".mp4"],
)
def test_what_is_no_segment_is_none(name: str) -> None:
    assert parse_segment(0, name) is None


def test_directories_say_whose_they_were() -> None:
    assert parse_camera_directory("cam01_rec") == "cam01"
    assert parse_camera_directory("cam01_rec.0a1b2c3d.aside2") == "cam01"
    assert parse_camera_directory("lost+found") is None
    assert is_set_aside("cam01_rec.unknown.aside")
    assert not is_set_aside("cam01_rec")
    assert thumbnails_file(Path("a/b.mp4")) == Path("a/b.thumbs")


def test_what_a_clock_that_was_never_set_says_is_a_day() -> None:
    assert parse_day("1970-01-01") == 0
    assert parse_day("2199-12-31") == 7_258_118_399_000_000 // DAY_US * DAY_US


@pytest.mark.parametrize(
    ("name", "is_impossible"),
    [("9999-12-31", True), ("2026-02-30", True), ("2026-02-28", False), (".set-aside", False)],
)
def test_a_day_that_cannot_have_been_is_told_from_what_is_no_day(
    name: str, *, is_impossible: bool
) -> None:
    assert is_impossible_day(name) is is_impossible
