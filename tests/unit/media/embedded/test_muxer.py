"""Fragments as libav reads them back: keys, times, sound, and nothing that was not sent."""

import io
from fractions import Fraction

import av
import pytest

from gtvision_edge.media.embedded.boxes import duration_offset, find, walk
from gtvision_edge.media.embedded.model import AudioTrack, Fragment, VideoTrack
from gtvision_edge.media.embedded.muxer import FragmentMuxer, open_stream
from gtvision_edge.media.embedded.nal import AccessUnit, ParameterSets, merge_sets, read_access_unit
from gtvision_edge.media.embedded.sps import read_picture
from tests.fakes.clips import ClipSpec, VideoName, render_clip

FPS = 10


def pictures(codec: VideoName) -> tuple[VideoTrack, list[AccessUnit]]:
    clip = render_clip(
        ClipSpec(video=codec, fps=FPS, seconds=2.0, key_every_s=1.0, width=320, height=180)
    )
    sets: ParameterSets | None = None
    for unit in clip.tracks[0].parameter_sets:
        found = read_access_unit(codec, b"\x00\x00\x01" + unit).sets
        sets = merge_sets(sets, found) if found is not None else sets
    assert sets is not None
    units = [read_access_unit(codec, sample.data) for sample in clip.samples]
    return VideoTrack(sets, read_picture(sets)), units


def mux(
    track: VideoTrack, units: list[AccessUnit], *, fragment_s: float = 0.5
) -> tuple[bytes, list[Fragment]]:
    stream = open_stream(track, None)
    muxer = FragmentMuxer(stream, fragment_s, lambda line_us: 1_000_000_000 + line_us)
    fragments = [
        fragment
        for number, unit in enumerate(units)
        if (
            fragment := muxer.add_video(number * 9000, number * 9000, unit.data, is_key=unit.is_key)
        )
    ]
    last = muxer.finish()
    assert last is not None
    return stream.init, [*fragments, last]


def decode(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data), "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return list(container.decode(video=0))


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_what_was_muxed_decodes_whole(codec: VideoName) -> None:
    track, units = pictures(codec)

    init, fragments = mux(track, units)
    frames = decode(init + b"".join(piece for part in fragments for piece in part.parts))

    assert len(frames) == len(units) == 2 * FPS
    assert (frames[0].width, frames[0].height) == (320, 180)
    assert [frame.time for frame in frames] == pytest.approx([n / FPS for n in range(2 * FPS)])


def test_fragments_are_cut_before_key_frames_and_at_the_limit() -> None:
    track, units = pictures("h264")

    _, fragments = mux(track, units)

    assert [fragment.starts_with_key for fragment in fragments] == [True, False, True, False]
    assert [fragment.duration for fragment in fragments] == [Fraction(1, 2)] * 4
    assert [fragment.start_us - 1_000_000_000 for fragment in fragments] == [
        0,
        500_000,
        1_000_000,
        1_500_000,
    ]


def test_a_fragment_decodes_alone_when_it_starts_with_a_key_frame() -> None:
    track, units = pictures("h264")

    init, fragments = mux(track, units)

    assert len(decode(init + b"".join(fragments[2].parts))) == FPS // 2


def test_the_times_in_a_moof_stand_where_they_are_said_to() -> None:
    track, units = pictures("h264")

    _, fragments = mux(track, units)

    for fragment in fragments:
        for time in fragment.times:
            there = int.from_bytes(fragment.moof[time.offset : time.offset + 8], "big")
            assert there == time.value


def test_every_unit_of_a_picture_is_kept_as_it_came() -> None:
    sei, picture = b"\x06\x05\x01\x80", b"\x65\x88\x84"

    unit = read_access_unit("h264", b"\x00\x00\x00\x01" + sei + b"\x00\x00\x01" + picture)

    assert unit.data == b"\x00\x00\x00\x04" + sei + b"\x00\x00\x00\x03" + picture
    assert unit.is_key
    assert unit.sets is None


def test_sound_gaps_lengthen_the_sample_before() -> None:
    video, units = pictures("h264")
    stream = open_stream(video, AudioTrack(b"\x14\x08", 16000, 1))
    muxer = FragmentMuxer(stream, 10.0, lambda line_us: line_us)
    muxer.add_video(0, 0, units[0].data, is_key=True)
    for at in (0, 1024, 5000):
        muxer.add_audio(at, b"\x21\x00", 1024)
    fragment = muxer.finish()
    assert fragment is not None

    with av.open(io.BytesIO(stream.init + b"".join(fragment.parts)), "r") as container:
        sound = [packet.dts for packet in container.demux(audio=0) if packet.size]

    assert sound == [0, 1024, 5000]


def test_sound_alone_makes_no_fragment() -> None:
    video, _ = pictures("h264")
    muxer = FragmentMuxer(
        open_stream(video, AudioTrack(b"\x14\x08", 16000, 1)), 0.5, lambda line_us: line_us
    )

    for at in range(0, 64000, 1024):
        muxer.add_audio(at, b"\x21\x00", 1024)

    assert muxer.finish() is None


def test_a_walk_stops_at_a_box_that_is_cut_off() -> None:
    track, units = pictures("h264")
    init, fragments = mux(track, units)
    data = init + b"".join(fragments[0].parts)

    kinds = [box.kind for box in walk(data[:-1])]

    assert kinds == [b"ftyp", b"moov", b"moof"]
    assert find(data, b"moov", b"trak", b"mdia", b"mdhd") is not None
    assert find(data, b"moov", b"nope") is None
    assert data[duration_offset(data) : duration_offset(data) + 4] == bytes(4)


def test_a_camera_with_nothing_but_key_frames_makes_no_fragment_of_each() -> None:
    track, units = pictures("h264")
    key = units[0]

    _, fragments = mux(track, [key] * 20)

    assert len(fragments) <= 8
    assert all(fragment.starts_with_key for fragment in fragments)
