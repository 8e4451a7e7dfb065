"""Durations as MediaMTX reads and prints them."""

import pytest

from gtvision_edge.media.embedded.durations import format_go_duration, parse_go_duration


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0s", ""),
        ("0", ""),
        ("", ""),
        ("24h", "1d"),
        ("36h", "1d12h0m0s"),
        ("60m", "1h0m0s"),
        ("90s", "1m30s"),
        ("200ms", "200ms"),
        ("1500ms", "1.5s"),
        ("1.5s", "1.5s"),
        ("1h30m", "1h30m0s"),
        ("7d", "7d"),
        ("1500us", "1.5ms"),
        ("3600.5s", "1h0m0.5s"),
        ("-5s", "-5s"),
    ],
)
def test_durations_come_back_canonical(text: str, canonical: str) -> None:
    assert format_go_duration(parse_go_duration(text)) == canonical


@pytest.mark.parametrize("text", ["5", "5x", "s", "1h 5m", "five", "-", "1..5s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_go_duration(text)
