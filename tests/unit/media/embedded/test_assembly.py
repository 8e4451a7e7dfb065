"""From packets to streams: where a stream may start, and what makes a new one."""

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import pytest

from gtvision_edge.media.embedded.assembly import SampleAssembly
from gtvision_edge.media.embedded.leash import Leash
from gtvision_edge.media.embedded.model import Fragment, Stream
from gtvision_edge.media.embedded.tracks import VideoInput
from tests.fakes.clips import ClipSpec, Sample, render_clip
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SPEC = ClipSpec(fps=10, seconds=2.0)


class Sink:
    def __init__(self) -> None:
        self.inbound_bytes = 0
        self.wants_units = False
        self.streams: list[Stream] = []
        self.fragments: list[Fragment] = []

    def leashed(self, leash: Leash | None) -> None: ...

    def stream(self, stream: Stream) -> None:
        self.streams.append(stream)

    def fragment(self, fragment: Fragment) -> None:
        self.fragments.append(fragment)

    def unit(
        self, track: int, data: bytes, timestamp: int, *, is_key: bool, captured_us: int
    ) -> None: ...

    @property
    def seconds(self) -> float:
        return float(sum(fragment.duration for fragment in self.fragments))


def assembly(sink: Sink, clock: FakeClock | None = None) -> SampleAssembly:
    # The stream itself is libav's business and not looked at here.
    video = VideoInput(cast("VideoStream", None), "h264", b"", Fraction(1, 90_000), 10.0)
    return SampleAssembly(video, None, sink, clock=clock or FakeClock(), fragment_s=0.5)


def samples(spec: ClipSpec = SPEC) -> list[Sample]:
    return list(render_clip(spec).samples)


def with_sets(sample: Sample, spec: ClipSpec = SPEC) -> bytes:
    if not sample.is_key:
        return sample.data
    sets = render_clip(spec).tracks[0].parameter_sets
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in sets) + sample.data


def feed(target: SampleAssembly, spec: ClipSpec = SPEC, *, at: int = 0, shift: int = 0) -> None:
    for number, sample in enumerate(samples(spec), start=at):
        ticks = number * 9000
        target.add_video(with_sets(sample, spec), ticks + shift, ticks + shift, 50 + number * 0.1)


def test_nothing_starts_off_a_key_frame() -> None:
    sink = Sink()
    target = assembly(sink)

    for number, sample in enumerate(samples()[3:]):
        target.add_video(with_sets(sample), number * 9000, number * 9000, 50 + number * 0.1)
    target.finish()

    assert len(sink.streams) == 1
    assert sink.fragments[0].starts_with_key
    assert round(sink.seconds, 3) == 1.0


def test_the_first_key_frame_without_times_is_kept() -> None:
    sink = Sink()
    target = assembly(sink)

    for number, sample in enumerate(samples()):
        ticks = number * 9000 if number else None
        target.add_video(with_sets(sample), ticks, ticks, 50 + number * 0.1)
    target.finish()

    assert round(sink.seconds, 3) == 2.0


def test_a_new_parameter_set_starts_a_new_stream_and_a_known_one_does_not() -> None:
    sink = Sink()
    target = assembly(sink)
    other = ClipSpec(fps=10, seconds=2.0, width=640, height=360)

    feed(target)
    feed(target, other, at=20)
    feed(target, at=40)
    target.finish()

    assert [stream.video.picture.width for stream in sink.streams] == [320, 640]
    assert round(sink.seconds, 3) == 6.0


def test_a_jump_of_the_cameras_clock_starts_a_new_stream_and_loses_nothing() -> None:
    sink = Sink()
    target = assembly(sink)

    feed(target)
    feed(target, at=20, shift=700_000_000)
    target.finish()

    assert len(sink.streams) == 2
    assert round(sink.seconds, 1) == 4.0
    starts = [fragment.start_us for fragment in sink.fragments]
    assert starts == sorted(starts)


def test_what_comes_after_a_jump_happened_when_it_came() -> None:
    """The machine stood still for 4.8 s: the camera went on, and what lay in its buffer came late and at once."""
    sink, clock = Sink(), FakeClock()
    target = assembly(sink, clock)
    begun_us = clock.now_us()

    def take(number: int, captured_s: float, arrived_s: float) -> None:
        sample = samples()[number % 20]
        ticks = round(captured_s * 90_000)
        clock.step_wall(begun_us / 1e6 + arrived_s - clock.now_us() / 1e6)
        target.add_video(with_sets(sample), ticks, ticks, 50 + arrived_s)

    for number in range(20):
        captured_s = number / 10
        take(number, captured_s, captured_s if number < 15 else 6.6)
    for number in range(20, 60):
        captured_s = 4.7 + number / 10
        take(number, captured_s, max(captured_s, 6.65))
    target.finish()

    assert len(sink.streams) == 2
    late = [each for each in sink.fragments if each.start_us - begun_us > 2_500_000]
    assert late[0].start_us - begun_us == pytest.approx(6_700_000, abs=1_200_000)
    assert late[-1].start_us - begun_us == pytest.approx(4_700_000 + 5_500_000, abs=200_000)


def test_what_lay_in_buffers_at_the_start_happened_before_it_came() -> None:
    """Opening a camera takes seconds on a busy machine; what it sent meanwhile is read at once."""
    sink, clock = Sink(), FakeClock()
    target = assembly(sink, clock)
    begun_us = clock.now_us()

    for number in range(40):
        captured_s = number / 10
        arrived_s = max(captured_s, 2.05)
        clock.step_wall(begun_us / 1e6 + arrived_s - clock.now_us() / 1e6)
        sample = samples()[number % 20]
        ticks = number * 9000
        target.add_video(with_sets(sample), ticks, ticks, 50 + arrived_s)
    target.finish()

    expected = 0.0
    for fragment in sink.fragments:
        assert (fragment.start_us - begun_us) / 1e6 == pytest.approx(expected, abs=0.11)
        expected += float(fragment.duration)
    assert round(expected, 3) == 4.0


def test_nothing_is_held_back_where_pictures_come_as_they_are_taken() -> None:
    sink = Sink()
    target = assembly(sink)

    for number, sample in enumerate(samples()[:6]):
        target.add_video(with_sets(sample), number * 9000, number * 9000, 50 + number * 0.1)

    assert len(sink.fragments) == 1


def test_a_camera_that_sends_a_second_at_a_time_is_waited_for_once() -> None:
    sink = Sink()
    target = assembly(sink)

    for number in range(11):
        sample = samples()[number]
        target.add_video(with_sets(sample), number * 9000, number * 9000, 50.0 + number // 10)

    assert sink.seconds == 1.0


def test_what_is_held_back_at_the_start_is_bounded() -> None:
    sink = Sink()
    target = assembly(sink)

    for number in range(100):
        sample = samples()[number % 20]
        target.add_video(with_sets(sample), number * 9000, number * 9000, 50.0)

    assert sink.seconds > 6.0


def test_units_that_come_alone_go_with_the_next_picture() -> None:
    sink = Sink()
    target = assembly(sink)
    sei = b"\x00\x00\x00\x01\x06\x05\x01\x80"

    feed(target)
    target.add_video(sei, 20 * 9000, 20 * 9000, 52.0)
    feed(target, at=20)
    target.finish()

    assert (
        sum(
            b"".join(part.parts).count(b"\x00\x00\x00\x04\x06\x05\x01\x80")
            for part in sink.fragments
        )
        == 1
    )
    assert round(sink.seconds, 3) == 4.0
