"""The last seconds in memory, and the playlists that list them."""

from fractions import Fraction

import pytest

from gtvision_edge.media.embedded.model import Fragment, Stream
from gtvision_edge.media.embedded.muxer import open_stream
from gtvision_edge.media.embedded.playlist import media_playlist, multivariant_playlist
from gtvision_edge.media.embedded.ring import Ring
from tests.unit.media.embedded.test_muxer import pictures

START_US = 1_767_225_600_123_000


@pytest.fixture(scope="module")
def stream() -> Stream:
    return open_stream(pictures("h264")[0], None)


def fragment(number: int, *, key: bool, size: int = 100) -> Fragment:
    return Fragment(
        moof=b"moof",
        payload=(bytes([number % 256]) * size,),
        starts_with_key=key,
        start_us=START_US + number * 500_000,
        duration=Fraction(1, 2),
    )


def feed(ring: Ring, count: int, *, first: int = 0, group: int = 2) -> None:
    for number in range(first, first + count):
        ring.add(fragment(number, key=number % group == 0))


def new_ring(stream: Stream) -> Ring:
    ring = Ring(segment_s=2.0, count=3)
    ring.begin_stream(stream)
    return ring


def test_unwatched_only_the_last_group_is_kept(stream: Stream) -> None:
    ring = new_ring(stream)

    feed(ring, 9)

    assert not ring.segments
    assert [item.payload[0][0] for item in ring.whole_group] == [8]


def test_the_kept_group_is_the_first_segment_and_closes_at_the_next_key_frame(
    stream: Stream,
) -> None:
    ring = new_ring(stream)
    feed(ring, 2)

    ring.fill()
    feed(ring, 1, first=2)

    assert [segment.duration for segment in ring.segments] == [1]
    mdat = (108).to_bytes(4, "big") + b"mdat"
    assert b"".join(ring.segments[0].pieces(2**16)) == b"".join(
        b"moof" + mdat + bytes([number]) * 100 for number in (0, 1)
    )


@pytest.mark.parametrize("size", [1, 7, 112, 113, 224])
def test_a_segment_comes_in_pieces_of_one_size(stream: Stream, size: int) -> None:
    ring = new_ring(stream)
    feed(ring, 2)
    ring.fill()
    feed(ring, 1, first=2)
    (segment,) = ring.segments

    pieces = list(segment.pieces(size))

    assert b"".join(pieces) == b"".join(segment.pieces(segment.size))
    assert {len(piece) for piece in pieces[:-1]} <= {size}
    assert 0 < len(pieces[-1]) <= size


def test_segments_last_two_seconds_and_the_oldest_leave(stream: Stream) -> None:
    ring = new_ring(stream)
    ring.fill()

    feed(ring, 41)

    assert len(ring.segments) == 3
    assert {segment.duration for segment in ring.segments} == {2}
    assert [segment.number for segment in ring.segments] == [7, 8, 9]
    assert ring.find(ring.segments[0].name) is ring.segments[0]
    assert ring.find_init(ring.segments[0].init_name) == stream.init
    assert ring.find("0123456789ab_seg0.mp4") is None


def test_a_reconnect_is_a_discontinuity_with_other_names(stream: Stream) -> None:
    ring = new_ring(stream)
    ring.fill()
    feed(ring, 7)
    second = open_stream(stream.video, None)

    ring.begin_stream(second)
    # What was begun when the source went is not lost to viewers.
    assert sum(segment.duration for segment in ring.segments) == Fraction(7, 2)
    feed(ring, 5)

    old, new = ring.segments[0], ring.segments[-1]
    assert new.is_discontinuous
    assert new.stream is second
    assert old.name.split("_")[0] != new.name.split("_")[0]


def test_the_discontinuity_sequence_counts_breaks_that_have_left(stream: Stream) -> None:
    ring = new_ring(stream)
    ring.fill()
    feed(ring, 5)
    ring.begin_stream(stream)

    feed(ring, 41)

    assert ring.discontinuities == 1
    assert not any(segment.is_discontinuous for segment in ring.segments)


def test_a_group_without_end_is_not_kept(stream: Stream) -> None:
    ring = new_ring(stream)
    ring.add(fragment(0, key=True))

    for number in range(1, 40):
        ring.add(fragment(number, key=False, size=2**20))

    assert ring.whole_group == ()
    assert len(ring.group) == 1


def test_the_media_playlist_lists_what_a_player_needs(stream: Stream) -> None:
    ring = new_ring(stream)
    ring.fill()
    feed(ring, 5, group=4)
    ring.begin_stream(stream)
    feed(ring, 5, first=8, group=4)
    first, second = ring.segments[0], ring.segments[-1]

    text = media_playlist([first, second], 4, "ticket=x")

    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-DISCONTINUITY-SEQUENCE:4",
        f'#EXT-X-MAP:URI="{first.init_name}?ticket=x"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.123Z",
        "#EXTINF:2.00000,",
        f"{first.name}?ticket=x",
        "#EXT-X-DISCONTINUITY",
        f'#EXT-X-MAP:URI="{second.init_name}?ticket=x"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.123Z",
        "#EXTINF:2.00000,",
        f"{second.name}?ticket=x",
    ]


def test_the_multivariant_playlist_names_codecs_size_and_rate(stream: Stream) -> None:
    ring = new_ring(stream)
    ring.fill()
    feed(ring, 5, group=4)

    text = multivariant_playlist(stream, ring.segments)

    assert "BANDWIDTH=1792,AVERAGE-BANDWIDTH=1792," in text
    assert f'CODECS="{stream.video.codec_string}",RESOLUTION=320x180' in text
    assert text.endswith("\nmain_stream.m3u8\n")


def test_a_camera_without_key_frames_does_not_fill_the_memory(stream: Stream) -> None:
    ring = new_ring(stream)
    ring.fill()
    ring.add(fragment(0, key=True))

    for number in range(1, 200):
        ring.add(fragment(number, key=False, size=2**20))

    assert not ring.segments
    ring.add(fragment(200, key=True))
    ring.add(fragment(201, key=True))
    assert ring.segments[-1].size < 2**20
