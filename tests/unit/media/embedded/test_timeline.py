"""Camera clocks that lie, and the line that stays straight."""

from gtvision_edge.media.embedded.timeline import Timeline, TrackClock, WallClock

STEP = 3600


def run(stamps: list[int], *, arrival_step: float = 0.04) -> tuple[list[int], list[bool]]:
    clock = TrackClock(90_000, STEP)
    found = [clock.stamp(dts, 100 + i * arrival_step) for i, dts in enumerate(stamps)]
    return [stamp.dts for stamp in found], [stamp.jumped for stamp in found]


def test_a_regular_camera_keeps_its_own_steps() -> None:
    line, jumped = run([5000 + i * STEP for i in range(5)])

    assert line == [i * STEP for i in range(5)]
    assert not any(jumped)


def test_one_odd_stamp_is_bridged() -> None:
    line, jumped = run([0, STEP, 900_000_000, 3 * STEP, 4 * STEP])

    assert line == [i * STEP for i in range(5)]
    assert not any(jumped)


def test_one_stamp_from_the_past_is_bridged() -> None:
    line, jumped = run([90_000, 90_000 + STEP, 0, 90_000 + 3 * STEP])

    assert line == [i * STEP for i in range(4)]
    assert not any(jumped)


def test_a_jump_that_lasts_is_told_once_and_the_line_goes_on_by_arrival() -> None:
    line, jumped = run([0, STEP, *(900_000_000 + i * STEP for i in range(4))])

    assert jumped == [False, False, False, True, False, False]
    assert line == [i * STEP for i in range(6)]


def test_a_jump_back_that_lasts_is_told_once() -> None:
    line, jumped = run([900_000_000, 900_000_000 + STEP, *(i * STEP for i in range(4))])

    assert sum(jumped) == 1
    assert line == sorted(set(line))
    assert line[-1] - line[0] == 5 * STEP


def test_paired_stamps_still_rise() -> None:
    line, jumped = run([0, 0, 2 * STEP, 2 * STEP, 4 * STEP, 4 * STEP])

    assert line == [i * STEP for i in range(6)]
    assert not any(jumped)


def test_a_stopped_clock_goes_on_by_the_usual_step() -> None:
    line, _ = run([0, STEP, 2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP, 2 * STEP])

    assert line == [i * STEP for i in range(7)]


def test_a_slow_camera_is_no_jump() -> None:
    line, jumped = run([0, 180_000, 360_000], arrival_step=2.0)

    assert line == [0, 180_000, 360_000]
    assert not any(jumped)


def test_a_burst_at_connect_is_no_jump() -> None:
    line, jumped = run([i * STEP for i in range(50)], arrival_step=0.0001)

    assert line == [i * STEP for i in range(50)]
    assert not any(jumped)


def test_sound_is_placed_by_the_cameras_clock_when_arrival_agrees() -> None:
    timeline = Timeline()
    timeline.add_track(1, 90_000, STEP)
    timeline.add_track(2, 8000, 320)

    timeline.stamp(1, 90_000, 50.0)

    assert timeline.stamp(2, 8000 + 800, 50.3).dts == 800


def test_sound_is_placed_by_arrival_when_the_cameras_clocks_differ() -> None:
    timeline = Timeline()
    timeline.add_track(1, 90_000, STEP)
    timeline.add_track(2, 8000, 320)

    timeline.stamp(1, 90_000, 50.0)

    assert timeline.stamp(2, 800_000_000, 50.5).dts == 4000


def test_the_wall_clock_trusts_the_earliest_arrival() -> None:
    wall = WallClock()
    wall.see(0, 1_000_900_000, 10.0)  # first, in a burst: 0.9 s late
    wall.see(900_000, 1_000_900_000, 10.0)

    assert wall.at(0) == 1_000_000_000


def test_the_wall_clock_follows_a_step_of_our_own_clock() -> None:
    wall = WallClock()
    for second in range(30):
        stepped = 3_600_000_000 if second >= 10 else 0
        wall.see(second * 1_000_000, second * 1_000_000 + stepped, float(second))

    assert wall.at(29_000_000) == 29_000_000 + 3_600_000_000
