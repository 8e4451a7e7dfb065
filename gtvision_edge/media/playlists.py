"""Reading the media server's HLS playlists, as far as the gateway needs them (RFC 8216)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gtvision_edge.runtime.timestamps import from_datetime

CONTENT_TYPE = "application/vnd.apple.mpegurl"

_URI = re.compile(r'URI="([^"]*)"')
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FRACTION = re.compile(r"(\.\d{6})\d+")


class StrangePlaylistError(ValueError):
    """The text is no playlist of a kind we know; the media server's own names never lead here."""


@dataclass(frozen=True, slots=True)
class Link:
    """A URI of a playlist: a file beside it and the query that the server wants back (``session=…``)."""

    file: str
    query: str

    @classmethod
    def parse(cls, uri: str) -> "Link":
        file, _, query = uri.partition("?")
        if not _FILE.fullmatch(file):
            raise StrangePlaylistError(f"not a file beside the playlist: {file[:80]!r}")
        return cls(file, query)


@dataclass(frozen=True, slots=True)
class Segment:
    """One media segment. ``time_us`` is its program date-time, None where the server gives none."""

    link: Link
    duration_s: float
    init: Link | None
    discontinuity: bool
    time_us: int | None


@dataclass(frozen=True, slots=True)
class Multivariant:
    """The first variant of a multivariant playlist: its lines, and its media playlists by the names we give them."""

    lines: tuple[str, ...]
    tracks: dict[str, Link]


def parse_multivariant(text: str) -> Multivariant:
    """Read the media server's ``index.m3u8`` and give its media playlists names that never change.

    ``main.m3u8`` is the variant, ``audio1.m3u8`` … are its renditions. Further variants are left out: the server makes none.

    Raises:
        StrangePlaylistError: no playlist, or one with addresses elsewhere.

    """
    lines: list[str] = []
    tracks: dict[str, Link] = {}
    expects_uri = False
    for line in _lines(text):
        if line.startswith("#EXT-X-MEDIA:") and (found := _URI.search(line)):
            name = f"audio{len(tracks.keys() - {'main.m3u8'}) + 1}.m3u8"
            tracks[name] = Link.parse(found[1])
            lines.append(line[: found.start(1)] + name + line[found.end(1) :])
        elif line.startswith("#EXT-X-STREAM-INF:"):
            expects_uri = "main.m3u8" not in tracks
            if expects_uri:
                lines.append(line)
        elif not line.startswith("#"):
            if expects_uri:
                tracks["main.m3u8"] = Link.parse(line)
                lines.append("main.m3u8")
            expects_uri = False
        elif not line.startswith(("#EXT-X-I-FRAME", "#EXT-X-SESSION")):
            lines.append(line)
    if "main.m3u8" not in tracks:
        raise StrangePlaylistError("no variant")
    return Multivariant(tuple(lines), tracks)


def parse_media(text: str) -> list[Segment]:
    """Read a media playlist's whole segments; low-latency parts and gaps are passed over.

    Program date-times are carried on over the segments that have none of their own.

    Raises:
        StrangePlaylistError: no playlist, or one with addresses elsewhere.

    """
    segments: list[Segment] = []
    init: Link | None = None
    duration_s: float | None = None
    time_us: int | None = None
    discontinuity = gap = False
    for line in _lines(text):
        tag, _, value = line.partition(":")
        if tag == "#EXTINF":
            duration_s = _number(value.split(",")[0])
        elif tag == "#EXT-X-MAP":
            found = _URI.search(value)
            init = Link.parse(found[1]) if found else None
        elif tag == "#EXT-X-DISCONTINUITY":
            discontinuity, time_us = True, None
        elif tag == "#EXT-X-PROGRAM-DATE-TIME":
            time_us = _time_us(value)
        elif tag == "#EXT-X-GAP":
            gap = True
        elif not line.startswith("#"):
            if duration_s is None:
                raise StrangePlaylistError("segment without duration")
            if not gap:
                segments.append(Segment(Link.parse(line), duration_s, init, discontinuity, time_us))
                discontinuity = False
            if time_us is not None:
                time_us += round(duration_s * 1_000_000)
            duration_s, gap = None, False
    return segments


def _lines(text: str) -> Sequence[str]:
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    if not lines or lines[0] != "#EXTM3U":
        raise StrangePlaylistError("not a playlist")
    return lines


LONGEST_S: Final = 86_400.0


def _number(text: str) -> float:
    try:
        number = float(text[:40])
    except ValueError as error:
        raise StrangePlaylistError("not a number") from error
    if not 0 <= number < LONGEST_S:
        raise StrangePlaylistError("not a length")
    return number


def _time_us(text: str) -> int | None:
    try:
        # Nanoseconds are more than Python 3.11 reads.
        return from_datetime(datetime.fromisoformat(_FRACTION.sub(r"\1", text.strip())))
    except ValueError:
        return None
