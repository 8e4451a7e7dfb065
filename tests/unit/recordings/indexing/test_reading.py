"""What becomes of a file's own words: times and groups as far as name, clock and size bear them out."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.media.embedded.model import Stream
from gtvision_edge.media.embedded.muxer import FragmentMuxer
from gtvision_edge.media.embedded.recorder import Recorder, RecordPlan
from gtvision_edge.media.layout import RECORD_TEMPLATE, parse_day, parse_segment
from gtvision_edge.recordings.groups import pack_groups, unpack_groups
from gtvision_edge.recordings.indexing.fmp4 import Part, Reading
from gtvision_edge.recordings.indexing.reading import RecordedFile, describe, read_path
from gtvision_edge.recordings.model import CameraNo, Segment, SegmentFormat
from tests.fakes.footage import START_US
from tests.fakes.recordings import AAC, RUN, VIDEO, Recording
from tests.unit.recordings.indexing.test_fmp4 import read

ONE = CameraNo(1)
SECOND = 1_000_000


def row(
    recording: Recording, *, name_us: int = START_US, mtime_us: int | None = None, cut: int = 0
) -> Segment:
    data = recording.content(name_us)
    data = data[: len(data) - cut]
    file = RecordedFile(
        name_us,
        len(data),
        START_US + round(recording.seconds * 1e6) if mtime_us is None else mtime_us,
    )
    return describe(file, read(data), ONE).segment


def test_a_closed_file_is_a_row_with_groups_at_its_key_frames() -> None:
    segment = row(Recording(audio=True))

    assert (segment.start_us, segment.end_us) == (START_US, START_US + 6 * SECOND)
    assert segment.media_us == 6 * SECOND
    assert segment.format == SegmentFormat("avc1.64001f", 1280, 720, "mp4a.40.2")
    assert not segment.is_cut
    assert [(g.start_us, g.key_us, g.length_us) for g in segment.groups] == [
        (n * 2 * SECOND, n * 2 * SECOND, 2 * SECOND) for n in range(3)
    ]
    assert segment.groups[0].offset == segment.init_bytes
    assert segment.groups[-1].offset + segment.groups[-1].size == segment.size_bytes


def test_a_cut_file_says_so_and_ends_with_its_last_whole_part() -> None:
    cut = row(Recording(), cut=10)
    unclosed = row(Recording(is_closed=False))

    assert cut.is_cut
    assert cut.end_us == START_US + 5 * SECOND
    assert unclosed.is_cut
    assert unclosed.end_us == START_US + 6 * SECOND


def test_a_file_begins_with_its_picture_and_not_with_the_sound_before() -> None:
    late = Reading(
        read(Recording().content(START_US)).head,
        [
            Part(1000, 100, None, None, 0),
            Part(1100, 100, 1_400_000, None, 600_000),
            Part(1200, 100, 2_000_000, 2_000_000, SECOND),
        ],
        1300,
    )

    segment = describe(RecordedFile(START_US, 1300, START_US + 3 * SECOND), late, ONE).segment

    assert segment.start_us == START_US + 1_400_000
    assert segment.end_us == START_US + 3_000_000
    assert [(g.offset, g.size, g.start_us, g.key_us) for g in segment.groups] == [
        (1200, 100, 600_000, 600_000)
    ]


@pytest.mark.parametrize(
    "parts", [[], [Part(1000, 100, None, None, 0)], [Part(1000, 100, 0, None, SECOND)]]
)
def test_without_a_key_frame_nothing_can_be_shown(parts: list[Part]) -> None:
    reading = Reading(read(Recording().content(START_US)).head, parts, 1100)

    segment = describe(RecordedFile(START_US, 1100, START_US), reading, ONE).segment

    assert segment.format.video == ""
    assert segment.groups == ()
    assert segment.end_us == segment.start_us + 1


def test_what_is_no_video_at_all_is_a_row_without_picture() -> None:
    segment = describe(RecordedFile(START_US, 5, START_US), read(b"hello"), ONE).segment

    assert (segment.format.video, segment.init_bytes, segment.is_cut) == ("", 0, True)


@pytest.mark.parametrize(
    ("ntp_us", "mtime_us", "begins_us"),
    [
        (START_US + 40_000, None, START_US + 40_000),
        (
            START_US + 3 * 3600 * SECOND,
            None,
            START_US + 3 * 3600 * SECOND,
        ),  # the name is in local time
        (0, None, START_US),  # a wild clock box
        (START_US + 400 * 86400 * SECOND, None, START_US),
        (
            START_US + 40 * 86400 * SECOND,
            START_US + 40 * 86400 * SECOND,
            START_US + 40 * 86400 * SECOND,
        ),
    ],
)
def test_the_clock_in_the_file_is_believed_when_name_or_disk_bear_it_out(
    ntp_us: int, mtime_us: int | None, begins_us: int
) -> None:
    assert row(Recording(ntp_us=ntp_us), mtime_us=mtime_us).start_us == begins_us


def test_a_wild_length_is_cut_to_what_the_disk_knows() -> None:
    whole = read(Recording().content(START_US))
    wild = replace(whole.parts[-1], length_us=7 * 3600 * SECOND)
    reading = Reading(whole.head, [*whole.parts[:-1], wild], whole.end)

    segment = describe(
        RecordedFile(START_US, whole.end, START_US + 6 * SECOND), reading, ONE
    ).segment

    assert segment.end_us <= START_US + 16 * SECOND


def test_where_a_drifting_camera_made_mediamtx_begin_anew_the_disk_tells_the_end() -> None:
    drifting = Recording(mediamtx=True)

    assert row(drifting, mtime_us=START_US + 11 * SECOND).end_us == START_US + 11 * SECOND
    frozen = row(drifting, mtime_us=START_US + 16 * SECOND)
    assert frozen.end_us == START_US + 6 * SECOND
    own = row(Recording(), mtime_us=START_US + 11 * SECOND)
    assert own.end_us == START_US + 6 * SECOND


NUMBERS = st.one_of(
    st.none(), st.integers(0, 20 * SECOND), st.integers(0, 2**63), st.just(2**63 * 10**6)
)


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 2**70)), max_size=20), st.integers(0, 2**50)
)
def test_whatever_times_a_file_gives_the_row_fits_into_the_index(
    times: list[tuple[int | None, int | None, int]], mtime_us: int
) -> None:
    head = read(Recording().content(START_US)).head
    parts = [
        Part(1000 + n * 100, 100, video, key if video is not None else None, length)
        for n, (video, key, length) in enumerate(times)
    ]

    segment = describe(
        RecordedFile(START_US, 9000, mtime_us), Reading(head, parts, 9000), ONE
    ).segment

    assert segment.start_us < segment.end_us < 2**62
    struct.pack(">q", segment.media_us)
    packed = pack_groups(segment.groups, init_bytes=segment.init_bytes)
    assert unpack_groups(packed, init_bytes=segment.init_bytes) == segment.groups
    assert all(group.start_us + group.length_us <= segment.media_us for group in segment.groups)


def test_our_own_recorder_says_when_its_first_picture_was_though_sound_leads(
    tmp_path: Path,
) -> None:
    stream = Stream(RUN, VIDEO, AAC, b"")
    muxer = FragmentMuxer(stream, 0.5, lambda line_us: START_US + line_us)
    fragments = []
    for n in range(-2, 20):
        if n >= 0:
            at = 90_000 + n * 9_000
            fragments.append(muxer.add_video(at, at, bytes(50), is_key=n % 10 == 0))
        muxer.add_audio(16_000 + n * 1_600 - 6_400, bytes(9), 1_600)  # 0.4 s ahead
    fragments.append(muxer.finish())
    (tmp_path / "cam_rec").mkdir()
    recorder = Recorder("cam_rec", RecordPlan(f"{tmp_path}/{RECORD_TEMPLATE}", 60.0))
    for fragment in fragments:
        if fragment is not None:
            recorder.put(stream, fragment)
    recorder.close()
    assert recorder.join(5)
    (file,) = tmp_path.rglob("*.mp4")
    day_us = parse_day(file.parent.name)
    assert day_us is not None
    name_us = parse_segment(day_us, file.name)
    assert name_us is not None

    segment = describe(*read_path(file, name_us), ONE).segment

    assert segment.start_us == START_US + SECOND
    assert segment.format.audio == "mp4a.40.2"
