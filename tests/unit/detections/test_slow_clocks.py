"""Whose clock is behind alarms nobody, and somebody must hear of that."""

from dataclasses import replace

import pytest

from gtvision_edge.detections.model import Detection, DetectionId, TimeSource, TrustLevel
from gtvision_edge.detections.slow_clocks import SlowClocks
from gtvision_edge.runtime.events import EventBus
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock


class Cameras:
    def find_by_uuid(self, camera_uuid: str) -> FakeCamera | None:
        return FakeCamera("cam01", camera_uuid) if camera_uuid == "u-1" else None


@pytest.fixture
def clocks(clock: FakeClock) -> SlowClocks:
    return SlowClocks(Cameras(), EventBus(), clock, trusts_clock=lambda: True)


def read(clock: FakeClock, delay_s: float, **changes: object) -> Detection:
    now_us = clock.now_us()
    made = Detection(
        detection_id=DetectionId("d"),
        camera_uuid="u-1",
        camera_id="cam01",
        tenant_id="a",
        captured_us=now_us - round(delay_s * 1e6),
        received_us=now_us,
        time_source=TimeSource.CAMERA,
        plate="ABC1D23",
        vehicle="ABC1D23",
        plate_sent="ABC1D23",
        confidence=None,
        source="hikvision",
        trust=TrustLevel.SECRET_PATH,
        is_late=delay_s > 60,
        passage_id=DetectionId("d"),
        facts={},
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def told(clocks: SlowClocks) -> list[tuple[str, object]]:
    return [(each.code, each.facts["behind_s"]) for each in clocks.findings()]


async def test_a_camera_whose_readings_are_late_by_the_same_is_told_until_one_comes_in_time(
    clocks: SlowClocks, clock: FakeClock
) -> None:
    for delay_s in (90, 95, 88):
        clocks.note(read(clock, delay_s))
        assert told(clocks) == []
        await clock.advance(20)
    await clock.advance(60)
    clocks.note(read(clock, 92))
    assert told(clocks) == [("plate_clock_behind", 90)]

    clocks.note(read(clock, 2))
    assert told(clocks) == []


async def test_what_a_camera_sends_after_it_was_cut_off_says_nothing_of_its_clock(
    clocks: SlowClocks, clock: FakeClock
) -> None:
    # An hour's passages, each a minute after the one before, sent in a minute and a half.
    for minute in range(60, 0, -1):
        clocks.note(read(clock, minute * 60 + 30))
        await clock.advance(1.5)

    assert told(clocks) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"time_source": TimeSource.RECEIPT},
        {"facts": {"is_resent": True}},
        {"camera_uuid": "u-removed"},
    ],
)
async def test_who_says_nothing_of_a_clock_is_not_told_of(
    clocks: SlowClocks, clock: FakeClock, changes: dict[str, object]
) -> None:
    for _ in range(5):
        clocks.note(read(clock, 300, **changes))
        await clock.advance(60)

    assert told(clocks) == []


async def test_while_the_boxs_own_clock_is_in_doubt_no_camera_is_told_of_nor_after_it_for_what_came_then(
    clock: FakeClock,
) -> None:
    trusted = True
    clocks = SlowClocks(Cameras(), EventBus(), clock, trusts_clock=lambda: trusted)

    async def minutes(count: int) -> None:
        for _ in range(count):
            clocks.note(read(clock, 600))
            await clock.advance(60)

    await minutes(1)
    trusted = False
    await minutes(5)
    assert told(clocks) == []
    trusted = True
    assert told(clocks) == []
    await minutes(2)
    assert told(clocks) == []
    await minutes(3)
    assert told(clocks) == [("plate_clock_behind", 600)]


async def test_a_camera_that_loses_its_clock_altogether_is_no_longer_told_to_be_behind(
    clocks: SlowClocks, clock: FakeClock
) -> None:
    for _ in range(3):
        clocks.note(read(clock, 90))
        await clock.advance(60)
    assert told(clocks) == [("plate_clock_behind", 90)]

    clocks.note(read(clock, 0, time_source=TimeSource.RECEIPT))

    assert told(clocks) == []
