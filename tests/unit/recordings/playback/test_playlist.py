"""What a player reads: byte ranges, dates, discontinuities. Parsed here as RFC 8216 says, not by our own words."""

import itertools
import re
from dataclasses import dataclass, replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.recordings.model import (
    CameraNo,
    Group,
    Segment,
    SegmentFormat,
    SegmentId,
    Span,
)
from gtvision_edge.recordings.playback.playlist import Playlist, _date
from gtvision_edge.recordings.playback.service import address_of
from gtvision_edge.runtime.timestamps import to_rfc3339

S = 1_000_000
BEGIN = 1_767_225_600 * S
PLAIN = SegmentFormat("avc1.64001f", 1920, 1080, "")
INIT = 1000


def make_segment(
    number: int,
    start_us: int,
    *,
    groups: int = 3,
    group_us: int = 2 * S,
    rate: float = 1.0,
    key_after_us: int = 0,
    sample: SegmentFormat = PLAIN,
    continues: bool = True,
    growing: bool = False,
) -> Segment:
    """A file of *groups* groups of 500 bytes; *rate* is wall seconds per media second."""
    made = tuple(
        Group(INIT + n * 500, 500, n * group_us, n * group_us + key_after_us, group_us)
        for n in range(groups)
    )
    media_us = groups * group_us
    return Segment(
        segment_id=SegmentId(0 if growing else number),
        camera_no=CameraNo(7),
        name_us=start_us,
        start_us=start_us,
        end_us=start_us + round(media_us * rate),
        media_us=media_us,
        size_bytes=INIT + groups * 500,
        format=sample,
        init_bytes=INIT,
        groups=made,
        continues=continues,
    )


@dataclass(frozen=True)
class Listed:
    uri: str
    offset: int
    size: int
    length_s: float
    date_us: float
    discontinuity: bool
    init: str


def parse(text: str) -> list[Listed]:
    """Read a playlist as a player does, counting dates on where none is given."""
    found: list[Listed] = []
    date_us, length_s, offset, size, discontinuity, init = 0.0, 0.0, 0, 0, False, ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "#EXT-X-PROGRAM-DATE-TIME":
            date_us = datetime.fromisoformat(value).timestamp() * S
        elif name == "#EXTINF":
            length_s = float(value.rstrip(","))
        elif name == "#EXT-X-BYTERANGE":
            size, offset = (int(part) for part in value.split("@"))
        elif name == "#EXT-X-DISCONTINUITY":
            discontinuity = True
        elif name == "#EXT-X-MAP":
            init = value
        elif line and not line.startswith("#"):
            found.append(Listed(line, offset, size, length_s, date_us, discontinuity, init))
            date_us += length_s * S
            discontinuity = False
    return found


def make(span: Span, *segments: Segment, query: str = "") -> str:
    playlist = Playlist(span, lambda each: f"/s/{address_of(each)}", query=query)
    for segment in segments:
        playlist.add(segment)
    return playlist.text()


def test_each_file_brings_its_own_init_section_and_date() -> None:
    first = make_segment(1, BEGIN)
    second = make_segment(2, BEGIN + 6 * S)

    text = make(Span(BEGIN, BEGIN + 12 * S), first, second)

    listed = parse(text)
    assert [each.uri for each in listed] == ["/s/1"] * 3 + ["/s/2"] * 3
    assert [each.discontinuity for each in listed] == [False] * 3 + [True] + [False] * 2
    assert listed[3].init == 'URI="/s/2",BYTERANGE="1000@0"'
    assert text.count("#EXT-X-PROGRAM-DATE-TIME") == 2
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    assert text.endswith("#EXT-X-ENDLIST\n")


def test_it_begins_with_the_key_frame_before_the_moment_asked_for() -> None:
    text = make(Span(BEGIN + 3 * S, BEGIN + 4 * S), make_segment(1, BEGIN))

    listed = parse(text)
    assert [each.offset for each in listed] == [INIT + 500]
    assert "#EXT-X-START:TIME-OFFSET=1.000,PRECISE=YES" in text


def test_a_key_frame_in_the_middle_of_a_part_needs_the_group_before_it() -> None:
    segment = make_segment(1, BEGIN, key_after_us=S)

    text = make(Span(BEGIN + 2 * S + 1, BEGIN + 4 * S), segment)

    assert [each.offset for each in parse(text)] == [INIT, INIT + 500]
    assert "#EXT-X-INDEPENDENT-SEGMENTS" not in text


def test_independent_segments_are_claimed_where_every_range_begins_with_a_key_frame() -> None:
    assert "#EXT-X-INDEPENDENT-SEGMENTS" in make(Span(BEGIN, BEGIN + S), make_segment(1, BEGIN))


def test_a_gap_is_skipped_and_the_date_jumps() -> None:
    later = make_segment(2, BEGIN + 100 * S, continues=False)

    listed = parse(make(Span(BEGIN, BEGIN + 200 * S), make_segment(1, BEGIN), later))

    assert len(listed) == 6
    assert listed[3].date_us == BEGIN + 100 * S


def test_a_camera_that_stamps_25_and_sends_21_pictures_keeps_the_wall_clock() -> None:
    segment = make_segment(1, BEGIN, groups=30, rate=25 / 21)

    listed = parse(make(Span(BEGIN, BEGIN + 100 * S), segment))

    for n, each in enumerate(listed):
        assert abs(each.date_us - (BEGIN + n * 2 * S * 25 / 21)) < 20_000


def test_old_pictures_sent_at_once_do_not_push_the_next_file_away() -> None:
    # 6.86 s of media in 6 s: the index sees the first file end after the second one began.
    first = replace(make_segment(1, BEGIN), media_us=6_860_000, end_us=BEGIN + 6_860_000)
    second = make_segment(2, BEGIN + 6 * S)

    listed = parse(make(Span(BEGIN, BEGIN + 20 * S), first, second))

    assert len(listed) == 6
    assert listed[3].date_us == BEGIN + 6 * S
    assert all(a.date_us < b.date_us for a, b in itertools.pairwise(listed))


def test_what_a_clock_that_was_set_back_recorded_again_is_shown_once() -> None:
    first = make_segment(1, BEGIN, groups=10)
    again = make_segment(2, BEGIN + 5 * S, groups=10, continues=False)

    listed = parse(make(Span(BEGIN, BEGIN + 100 * S), first, again))

    assert [each.uri for each in listed] == ["/s/1"] * 10 + ["/s/2"] * 3
    assert listed[10].date_us == BEGIN + 19 * S


def test_sound_that_browsers_refuse_is_hidden() -> None:
    pcm = replace(PLAIN, audio="ipcm")

    text = make(Span(BEGIN, BEGIN + S), make_segment(1, BEGIN, sample=pcm), query="s=abc")

    assert 'URI="/s/1?audio=hidden&s=abc"' in text
    assert parse(text)[0].uri == "/s/1?audio=hidden&s=abc"


def test_sound_that_is_not_in_every_file_is_hidden_in_all() -> None:
    loud = make_segment(1, BEGIN, sample=replace(PLAIN, audio="mp4a.40.2"))

    mixed = make(Span(BEGIN, BEGIN + 12 * S), loud, make_segment(2, BEGIN + 6 * S))
    alone = make(Span(BEGIN, BEGIN + 12 * S), loud)

    assert parse(mixed)[0].uri == "/s/1?audio=hidden"
    assert parse(alone)[0].uri == "/s/1"


def test_the_growing_file_is_named_by_camera_and_name() -> None:
    growing = make_segment(1, BEGIN, growing=True)

    assert parse(make(Span(BEGIN, BEGIN + S), growing))[0].uri == f"/s/7-{BEGIN}"


def test_nothing_recorded_is_no_playlist() -> None:
    assert make(Span(BEGIN - 10 * S, BEGIN - S), make_segment(1, BEGIN)) == ""


@st.composite
def recordings(draw: st.DrawFn) -> list[Segment]:
    """Files in the order of their start: with gaps, overlaps, odd rates and keys in the middle of parts."""
    start_us, made = BEGIN, []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        segment = make_segment(
            number,
            start_us,
            groups=draw(st.integers(0, 6)),
            group_us=draw(st.integers(100_000, 10 * S)),
            rate=draw(st.floats(0.3, 3)),
            key_after_us=draw(st.sampled_from([0, 0, 50_000])),
            continues=draw(st.booleans()),
        )
        made.append(segment)
        step = draw(st.integers(-5 * S, 20 * S))
        start_us = max(start_us + 1, segment.end_us + step)
    return made


@given(recordings(), st.integers(-10, 200), st.integers(1, 200))
def test_whatever_was_recorded_a_playlist_is_sound(
    segments: list[Segment], offset_s: int, length_s: int
) -> None:
    span = Span(BEGIN + offset_s * S, BEGIN + (offset_s + length_s) * S)

    text = make(span, *segments)

    by_uri = {f"/s/{each.segment_id}": each for each in segments}
    listed = parse(text)
    target = re.search(r"#EXT-X-TARGETDURATION:(\d+)", text)
    for each in listed:
        segment = by_uri[each.uri]
        group = next(group for group in segment.groups if group.offset == each.offset)
        assert each.size == group.size
        assert each.offset + each.size <= segment.size_bytes
        assert each.init == f'URI="{each.uri}",BYTERANGE="{segment.init_bytes}@0"'
        assert target is not None
        assert each.length_s <= int(target[1])
        assert each.date_us < span.end_us + 1000
    dates = [each.date_us for each in listed]
    assert dates == sorted(dates)
    for before, after in itertools.pairwise(listed):
        assert after.discontinuity == (before.uri != after.uri)
        if before.uri == after.uri:
            assert before.offset < after.offset
    if listed:
        first = by_uri[listed[0].uri]
        group = next(group for group in first.groups if group.offset == listed[0].offset)
        if first.start_us <= span.start_us < first.end_us and first.groups[0].key_us == 0:
            assert listed[0].date_us <= span.start_us + 1000
        assert group.size


@given(st.integers(0, 4_000_000_000_000_000))
def test_dates_are_as_any_other_time_on_the_wire(time_us: int) -> None:
    assert _date(time_us) == to_rfc3339(round(time_us, -3)).replace("+00:00", "Z")
