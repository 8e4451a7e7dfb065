"""What the demo's cameras read is what is drawn, or nothing."""

from collections import Counter

from gtvision_edge.demo.cameras import street_town
from gtvision_edge.demo.recognition import recognise
from gtvision_edge.demo.vehicles import Light

START_US = 1_795_560_000_000_000
HOUR_US = 3_600_000_000
DAY, NIGHT = Light(1.0, has_lamps=False), Light(0.1, has_lamps=True)
PASSAGES = street_town().passages("Av. Brasil sentido centro", START_US, START_US + HOUR_US)


def test_a_plate_is_told_as_it_is_drawn_or_not_at_all() -> None:
    seen = [recognise(passage, DAY) for passage in PASSAGES]

    for passage, told in zip(PASSAGES, seen, strict=True):
        assert told.plate in (passage.plate, None)
        assert (told.plate is None) == (told.confidence is None)
        assert told.confidence is None or 0.5 < told.confidence < 1.0
    unread = sum(told.plate is None for told in seen)
    doubtful = sum(told.confidence is not None and told.confidence < 0.8 for told in seen)
    assert 0.01 * len(seen) < unread < 0.09 * len(seen)
    assert 0.03 * len(seen) < doubtful < 0.15 * len(seen)


def test_whoever_asks_again_is_told_the_same() -> None:
    assert [recognise(each, DAY) for each in PASSAGES] == [
        recognise(each, DAY) for each in PASSAGES
    ]


def test_by_night_cameras_are_less_sure_and_read_the_same_plates() -> None:
    by_day = [recognise(passage, DAY) for passage in PASSAGES]
    by_night = [recognise(passage, NIGHT) for passage in PASSAGES]

    assert [each.plate for each in by_day] == [each.plate for each in by_night]
    assert sum(each.confidence or 0 for each in by_day) > sum(
        each.confidence or 0 for each in by_night
    )


def test_directions_are_told_in_words_that_the_console_knows() -> None:
    yard = street_town().passages("Pátio norte", START_US, START_US + HOUR_US)

    told = Counter((each.direction, recognise(each, NIGHT).direction) for each in yard)

    assert set(told) == {("approaching", "approach"), ("receding", "leave")}
