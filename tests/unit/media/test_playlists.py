"""Playlists as the media servers write them."""

import pytest

from gtvision_edge.media.playlists import (
    Link,
    StrangePlaylistError,
    parse_media,
    parse_multivariant,
)

# As MediaMTX 1.20.1 answers in session mode, variant fmp4, a camera with AAC.
MULTIVARIANT = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS

#EXT-X-MEDIA:TYPE="AUDIO",GROUP-ID="audio",NAME="audio2",AUTOSELECT=YES,DEFAULT=YES,URI="audio2_stream.m3u8?session=0a"

#EXT-X-STREAM-INF:BANDWIDTH=1200000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,AUDIO="audio"
video1_stream.m3u8?session=0a
"""

MEDIA = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:5
#EXT-X-MAP:URI="0123456789ab_video1_init.mp4"
#EXT-X-GAP
#EXTINF:2.00000,
gap.mp4
#EXTINF:2.00000,
0123456789ab_video1_seg5.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-08-22T10:00:00.123456789Z
#EXTINF:1.50000,
0123456789ab_video1_seg6.mp4?session=0a
#EXT-X-PART:DURATION=0.2,URI="0123456789ab_video1_part1.mp4"
#EXTINF:2.00000,
0123456789ab_video1_seg7.mp4
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="0123456789ab_video1_part2.mp4"
"""


def test_media_playlists_get_names_that_never_change() -> None:
    index = parse_multivariant(MULTIVARIANT)

    assert index.tracks == {
        "audio1.m3u8": Link("audio2_stream.m3u8", "session=0a"),
        "main.m3u8": Link("video1_stream.m3u8", "session=0a"),
    }
    text = "\n".join(index.lines)
    assert 'URI="audio1.m3u8"' in text
    assert text.endswith("\nmain.m3u8")
    assert "session" not in text


def test_whole_segments_are_read_and_times_carried_on() -> None:
    segments = parse_media(MEDIA)

    assert [segment.link for segment in segments] == [
        Link("0123456789ab_video1_seg5.mp4", ""),
        Link("0123456789ab_video1_seg6.mp4", "session=0a"),
        Link("0123456789ab_video1_seg7.mp4", ""),
    ]
    assert {segment.init for segment in segments} == {Link("0123456789ab_video1_init.mp4", "")}
    assert [segment.time_us for segment in segments] == [
        None,
        1787392800123456,
        1787392801623456,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "#EXTM3U\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://elsewhere/main.m3u8\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../secret.m3u8\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n/absolute.m3u8\n",
    ],
)
def test_what_is_no_index_or_leads_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(StrangePlaylistError):
        parse_multivariant(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#EXTM3U\nno-duration.mp4\n",
        "#EXTM3U\n#EXTINF:x,\na.mp4\n",
        "#EXTM3U\n#EXTINF:1,\nhttp://elsewhere/a.mp4\n",
        '#EXTM3U\n#EXT-X-MAP:URI="../a.mp4"\n#EXTINF:1,\na.mp4\n',
    ],
)
def test_what_is_no_media_playlist_or_leads_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(StrangePlaylistError):
        parse_media(text)


@pytest.mark.parametrize("length", ["inf", "nan", "1e400", "-1", "9" * 5000, "1e9"])
def test_a_length_that_is_none_makes_a_strange_playlist(length: str) -> None:
    with pytest.raises(StrangePlaylistError):
        parse_media(f"#EXTM3U\n#EXTINF:{length},\nseg1.mp4\n")
