"""The endless playlist: numbers never go backward, and every change of source is a discontinuity."""

import re
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from gtvision_edge.media.playlists import Link, Segment, parse_media
from gtvision_edge.media.stitching import (
    PLACEHOLDER_SEGMENT_S,
    PLACEHOLDER_WINDOW,
    Timeline,
    show_live,
)

NOW = 1_767_225_600_000_000
STEP = round(PLACEHOLDER_SEGMENT_S * 1_000_000)


def muxer(name: str, first: int, count: int) -> list[Segment]:
    init = Link(f"{name}_init.mp4", "")
    return [
        Segment(Link(f"{name}_seg{number}.mp4", ""), 2.0, init, discontinuity=False, time_us=None)
        for number in range(first, first + count)
    ]


def shown(timeline: Timeline) -> list[str]:
    return [line for line in timeline.render().splitlines() if not line.startswith("#")]


def head(timeline: Timeline, tag: str) -> int:
    found = re.search(rf"#EXT-X-{tag}:(\d+)", timeline.render())
    assert found
    return int(found[1])


def numbered(timeline: Timeline) -> dict[int, tuple[str, int]]:
    """Return file and discontinuity number by media sequence number, as a player counts them."""
    number, cycle = head(timeline, "MEDIA-SEQUENCE"), head(timeline, "DISCONTINUITY-SEQUENCE")
    entries: dict[int, tuple[str, int]] = {}
    for line in timeline.render().splitlines():
        if line == "#EXT-X-DISCONTINUITY":
            cycle += 1
        elif not line.startswith("#"):
            entries[number] = (line, cycle)
            number += 1
    return entries


def test_a_running_source_slides() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_live(muxer("a", 0, 3), anew=True)
    first = head(timeline, "MEDIA-SEQUENCE")

    timeline.show_live(muxer("a", 2, 3), anew=False)

    assert shown(timeline) == ["a_seg2.mp4", "a_seg3.mp4", "a_seg4.mp4"]
    assert head(timeline, "MEDIA-SEQUENCE") == first + 2
    assert "#EXT-X-DISCONTINUITY\n" not in timeline.render()


def test_discontinuities_have_small_numbers_that_still_rise_from_start_to_start() -> None:
    in_ten_years = NOW + 10 * 365 * 86_400 * 1_000_000
    numbers = []
    for moment in (NOW, NOW + 3600 * 1_000_000, in_ten_years):
        timeline = Timeline(moment, "lost-video")
        timeline.show_live(muxer("a", 0, 3), anew=True)
        numbers.append(head(timeline, "DISCONTINUITY-SEQUENCE"))

    assert numbers == sorted(set(numbers))
    assert numbers[-1] < 1_000_000  # a browser's player walks up to it at every playlist


def test_an_outage_shows_the_placeholder_at_once_and_lets_it_grow() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_live(muxer("a", 0, 3), anew=True)

    timeline.show_placeholder(NOW, NOW)
    at_once = shown(timeline)
    timeline.show_placeholder(NOW + STEP, NOW + STEP)

    assert at_once == ["lost-video-0.mp4", "lost-video-1.mp4", "lost-video-2.mp4"]
    assert shown(timeline) == [*at_once, "lost-video-3.mp4"]
    text = timeline.render()
    assert text.index("#EXT-X-DISCONTINUITY\n") < text.index("lost-video-0.mp4")
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert '#EXT-X-MAP:URI="lost-video-init.mp4"' in text


def test_a_player_that_sees_the_placeholder_first_needs_no_discontinuity() -> None:
    timeline = Timeline(NOW, "lost-video")

    timeline.show_placeholder(NOW, NOW)

    assert "#EXT-X-DISCONTINUITY\n" not in timeline.render()
    assert len(shown(timeline)) == 3


def test_the_placeholder_of_an_hour_is_six_segments_long_and_at_the_present() -> None:
    timeline = Timeline(NOW, "lost-video")
    for second in range(0, 3600, 2):
        timeline.show_placeholder(NOW + second * 1_000_000, NOW + second * 1_000_000)

    segments = parse_media(timeline.render())

    assert len(segments) == PLACEHOLDER_WINDOW
    last = segments[-1]
    assert last.time_us is not None
    assert abs(last.time_us + STEP - (NOW + 3598 * 1_000_000)) <= STEP


def test_nobody_asking_for_an_hour_costs_nothing_and_the_numbers_move_on() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_placeholder(NOW, NOW)
    before = timeline.last_number

    timeline.show_placeholder(NOW + 3600 * 1_000_000, NOW + 3600 * 1_000_000)

    assert len(shown(timeline)) == PLACEHOLDER_WINDOW
    assert timeline.last_number - before == 3600 * 1_000_000 // STEP


def test_the_picture_returns_behind_a_discontinuity_with_a_new_init() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_live(muxer("a", 0, 3), anew=True)
    timeline.show_placeholder(NOW, NOW)
    last = timeline.last_number

    timeline.show_live(muxer("b", 0, 2), anew=True)

    assert shown(timeline)[-2:] == ["b_seg0.mp4", "b_seg1.mp4"]
    assert timeline.last_number == last + 2
    assert timeline.render().endswith(
        '#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="b_init.mp4"\n'
        "#EXTINF:2.00000,\nb_seg0.mp4\n#EXTINF:2.00000,\nb_seg1.mp4\n"
    )


def test_placeholder_files_leave_the_list_with_the_first_live_segment_that_does() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_placeholder(NOW, NOW)
    timeline.show_live(muxer("b", 0, 2), anew=True)
    timeline.show_live(muxer("b", 0, 3), anew=False)
    assert shown(timeline)[0] == "lost-video-0.mp4"

    timeline.show_live(muxer("b", 1, 3), anew=False)

    assert shown(timeline) == ["b_seg1.mp4", "b_seg2.mp4", "b_seg3.mp4"]


def test_a_new_muxer_without_an_outage_seen_is_a_discontinuity_too() -> None:
    timeline = Timeline(NOW, "lost-video")
    show_live({"main": timeline}, {"main": muxer("a", 4, 3)})

    show_live({"main": timeline}, {"main": muxer("b", 0, 2)})

    assert shown(timeline) == ["b_seg0.mp4", "b_seg1.mp4"]
    assert timeline.render().count("#EXT-X-DISCONTINUITY\n") == 1


def test_a_session_is_carried_on_in_every_name() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_live(muxer("a", 0, 2), anew=True)

    text = timeline.render("s=token")

    assert 'URI="a_init.mp4?s=token"' in text
    assert "\na_seg1.mp4?s=token\n" in text


def test_a_restarted_daemon_goes_on_above_the_numbers_it_gave_before() -> None:
    before, after = Timeline(NOW, "lost-video"), Timeline(NOW + 3600 * 1_000_000, "lost-video")
    before.show_placeholder(NOW, NOW)
    before.show_placeholder(NOW + 3600 * 1_000_000, NOW + 3600 * 1_000_000)
    after.show_placeholder(NOW + 3600 * 1_000_000, NOW + 3600 * 1_000_000)

    assert after.last_number > before.last_number


@dataclass
class _Server:
    """A media server's track whose muxer comes, slides and goes."""

    generation: int = 0
    first: int = 0
    count: int = 2
    running: bool = True
    history: list[str] = field(default_factory=list)

    def segments(self, track: str) -> list[Segment]:
        return muxer(f"{track}{self.generation}", self.first, self.count)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["slide", "grow", "die", "live", "swap", "wait"]), max_size=40))
def test_whatever_happens_a_segment_keeps_its_number_and_audio_and_video_agree(
    events: list[str],
) -> None:
    server = _Server()
    video, audio = Timeline(NOW, "lost-video"), Timeline(NOW, "lost-audio")
    now = NOW
    seen: dict[int, tuple[str, int]] = {}
    last = -1
    for event in events:
        now += 1_000_000
        match event:
            case "slide":
                server.first += 1
            case "grow":
                server.count = min(server.count + 1, 10)
            case "die":
                server.running = False
            case "live" if not server.running:
                server.running, server.first, server.count = True, 0, 2
                server.generation += 1
            case "swap" if server.running:
                server.first, server.count = 0, 2
                server.generation += 1
            case "wait":
                now += 60_000_000
            case _:
                pass
        if server.running:
            show_live(
                {"v": video, "a": audio}, {"v": server.segments("v"), "a": server.segments("a")}
            )
        else:
            video.show_placeholder(now, now)
            audio.show_placeholder(now, now)

        present = numbered(video)
        assert min(present) >= min(seen, default=0)
        for number, entry in present.items():
            assert seen.setdefault(number, entry) == entry
        assert max(present) >= last
        last = max(present)
        assert [cycle for _, cycle in present.values()] == [
            cycle for _, cycle in numbered(audio).values()
        ]


def test_a_clock_that_is_set_back_stops_no_placeholder() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_placeholder(NOW, NOW)
    before = timeline.last_number

    for passed in (1, 2, 3):
        timeline.show_placeholder(NOW + passed * STEP, NOW - 3600 * 1_000_000)

    assert timeline.last_number == before + 3


def test_a_clock_that_is_set_forward_skips_no_number() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_placeholder(NOW, NOW)
    before = timeline.last_number

    timeline.show_placeholder(NOW + STEP, NOW + 400 * 86_400 * 1_000_000)

    assert timeline.last_number == before + 1


def test_an_outage_is_dated_by_the_wall_clock() -> None:
    timeline = Timeline(NOW, "lost-video")
    timeline.show_placeholder(NOW, NOW + 3600 * 1_000_000)

    assert parse_media(timeline.render())[-1].time_us == NOW + 3600 * 1_000_000 - STEP
