"""HLS playlists as text (RFC 8216)."""

import math
from collections.abc import Sequence

from gtvision_edge.media.embedded.model import Stream
from gtvision_edge.media.embedded.ring import Segment
from gtvision_edge.runtime.timestamps import to_rfc3339

MEDIA_PLAYLIST = "main_stream.m3u8"


def multivariant_playlist(stream: Stream, segments: Sequence[Segment], query: str = "") -> str:
    """Return ``index.m3u8``; *query* is carried on to the media playlist."""
    rates = [segment.size * 8 / float(segment.duration) for segment in segments if segment.duration]
    total = float(sum(segment.duration for segment in segments))
    average = sum(segment.size * 8 for segment in segments) / total if total else 0.0
    picture = stream.video.picture
    return (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n\n"
        f"#EXT-X-STREAM-INF:BANDWIDTH={max(1, math.ceil(max(rates, default=0)))},"
        f"AVERAGE-BANDWIDTH={max(1, math.ceil(average))},"
        f'CODECS="{stream.codecs}",RESOLUTION={picture.width}x{picture.height}\n'
        f"{MEDIA_PLAYLIST}{'?' + query if query else ''}\n"
    )


def media_playlist(segments: Sequence[Segment], discontinuities: int, query: str = "") -> str:
    """Return the sliding list of *segments*, of which there is at least one."""
    suffix = "?" + query if query else ""
    target = max(1, math.floor(max(segment.duration for segment in segments) + 1 / 2))
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{target}",
        f"#EXT-X-MEDIA-SEQUENCE:{segments[0].number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}",
    ]
    init = ""
    for segment in segments:
        if segment.is_discontinuous:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment.init_name != init:
            init = segment.init_name
            lines.append(f'#EXT-X-MAP:URI="{init}{suffix}"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(segment.start_us)}")
        lines.append(f"#EXTINF:{float(segment.duration):.5f},")
        lines.append(f"{segment.name}{suffix}")
    return "\n".join(lines) + "\n"


def _date_time(time_us: int) -> str:
    milliseconds = time_us // 1000
    whole = to_rfc3339(milliseconds // 1000 * 1_000_000)
    return f"{whole.removesuffix('+00:00')}.{milliseconds % 1000:03}Z"
