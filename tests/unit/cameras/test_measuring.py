import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.cameras.measuring import Seen, is_enough, measure

FPS = 25


def stream(
    seconds: float, *, keys: list[float], lead: int = 0, jitter: float = 0.0, jump_at: int = -1
) -> list[Seen]:
    """Packets of 1000 bytes at 25/s; the first *lead* have no stamp; from *jump_at* on stamps are 9000 s later."""
    seen = []
    for number in range(round(seconds * FPS)):
        at = number / FPS
        stamp = at + (9000 if 0 <= jump_at <= number else 0)
        arrived = 50 + at + (jitter if number % 2 else 0)
        is_key = any(abs(at - key) < 0.001 for key in keys)
        seen.append(Seen(None if number < lead else stamp, arrived, 1000, is_key))
    return seen


def test_rate_interval_and_bit_rate_of_a_plain_stream() -> None:
    found = measure(stream(4, keys=[0, 2], lead=1))

    assert found == {
        "fps": 25.0,
        "bitrate_bps": 200_000,
        "keyframe_interval_s": 2.0,
        "keyframe_interval_is_minimum": False,
        "has_irregular_keyframes": False,
    }


def test_stamps_go_before_jittery_arrival() -> None:
    assert measure(stream(4, keys=[0, 2], jitter=0.03))["keyframe_interval_s"] == 2.0


def test_a_burst_at_the_start_is_measured_by_its_stamps() -> None:
    burst = [
        seen._replace(arrived_s=50 + max(0.0, seen.arrived_s - 53))
        for seen in stream(4, keys=[0, 2])
    ]

    assert measure(burst)["fps"] == 25.0


def test_a_jump_of_stamps_makes_arrival_count() -> None:
    found = measure(stream(4, keys=[0, 2], jump_at=60))

    assert found["fps"] == 25.0
    assert found["keyframe_interval_s"] == 2.0


def test_one_key_frame_tells_a_minimum() -> None:
    found = measure(stream(4.4, keys=[0.2]))

    assert found["keyframe_interval_is_minimum"]
    assert found["keyframe_interval_s"] == pytest.approx(4.2, abs=0.05)


@pytest.mark.parametrize(
    ("keys", "irregular"),
    [([0, 1, 2], False), ([0, 1, 2.04], False), ([0, 0.4, 2.8], True), ([0, 2], False)],
)
def test_key_frames_that_come_as_they_like_are_noticed(keys: list[float], irregular: bool) -> None:
    assert measure(stream(4, keys=keys))["has_irregular_keyframes"] is irregular


def test_enough_needs_key_frames_and_time() -> None:
    assert not is_enough(stream(1, keys=[0, 0.2, 0.4]), 3)
    assert not is_enough(stream(4, keys=[0, 2]), 3)
    assert is_enough(stream(4, keys=[0, 2]), 2)


@given(
    st.lists(
        st.builds(
            Seen,
            st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32),
            st.floats(0, 100),
            st.integers(0, 10**7),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_no_stamps_break_the_measuring(seen: list[Seen]) -> None:
    seen.sort(key=lambda packet: packet.arrived_s)
    if seen:
        found = measure(seen)
        assert found["fps"] is None or found["fps"] > 0
        is_enough(seen, 3)
