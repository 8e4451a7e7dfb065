"""A VOD playlist (RFC 8216) of byte ranges over the recorded files themselves.

Every file has its own init section and its own media time, so each begins with EXT-X-DISCONTINUITY and EXT-X-MAP. Gaps are
skipped: the wall clock of what is shown stands in EXT-X-PROGRAM-DATE-TIME. Pure: knows neither disk nor clock.
"""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from gtvision_edge.recordings.model import Group, Segment, Span
from gtvision_edge.runtime.timestamps import to_rfc3339

CONTENT_TYPE = "application/vnd.apple.mpegurl"

DRIFT_US = 20_000
"""A range whose wall clock differs by more from what players count up themselves gets a date of its own."""
OVERLAP_US = 50_000
"""What a range may reach into footage already listed without being a repetition."""
_LEAST_RATE, _MOST_RATE = 0.5, 2.0
"""Wall seconds per media second that a camera with wrong time stamps may have; beyond it the index is not believed."""

# Where the query of an address goes: whether audio is hidden is known when the last file was seen.
_MAYBE, _HIDDEN = "\x01", "\x02"


class Piece(NamedTuple):
    """A byte range of a playlist: a group of a segment, with the wall clock of its first picture and its end (UTC µs)."""

    segment: Segment
    group: Group
    start_us: int
    end_us: int
    key_us: int


def plays_in_browsers(audio: str) -> bool:
    """Tell whether browsers take that audio in MP4. PCM (``ipcm``), which MediaMTX makes of G.711, ends the whole stream."""
    return audio.lower().startswith(("mp4a", "opus"))


def pieces_of(segment: Segment, following: Segment | None = None) -> Iterator[Piece]:
    """Yield the ranges of *segment* with their wall clock.

    A camera may stamp 25 pictures a second and send 21, or send two seconds of old pictures at once when it is opened: its
    media time runs faster than the clock. The times in between are then spread over the wall clock between both ends.
    """
    end_us = segment.end_us
    if following is not None and following.continues and following.start_us < end_us:
        end_us = max(following.start_us, segment.start_us)
    rate = (end_us - segment.start_us) / segment.media_us if segment.media_us > 0 else 1.0
    if not _LEAST_RATE <= rate <= _MOST_RATE:
        rate = 1.0
    begin_us = segment.start_us
    for group in segment.groups:
        _, _, start_us, key_us, length_us = group
        if rate == 1.0:
            yield Piece(
                segment,
                group,
                begin_us + start_us,
                begin_us + start_us + length_us,
                begin_us + key_us,
            )
        else:
            yield Piece(
                segment,
                group,
                begin_us + round(start_us * rate),
                begin_us + round((start_us + length_us) * rate),
                begin_us + round(key_us * rate),
            )


class Playlist:
    """Takes the segments of *span* in the order of their start, one by one; then gives the text.

    *address* returns the address of a segment without a query; *query* goes to each (a player's session, or '').
    """

    def __init__(self, span: Span, address: Callable[[Segment], str], *, query: str = "") -> None:
        self._span = span
        self._address = address
        self._query = query
        self._waiting: Segment | None = None
        self._lines: list[str] = []
        self._target_us = 1
        self._heads: dict[int, str] = {}
        """The begin of a range's lines, by its length."""
        self._listed: Segment | None = None
        self._listed_address = ""
        self._covered_us: int | None = None
        self._last_start_us = 0
        self._counted_us: int | None = None
        """The wall clock of the next range as a player counts it."""
        self._offset_us = 0
        self._independent = True
        self._audio: set[bool] = set()
        self._formats: dict[str, None] = {}

    def add(self, segment: Segment) -> None:
        """Add the next segment; one that starts before the one before is left out."""
        waiting, self._waiting = self._waiting, segment
        if waiting is not None:
            self._list(waiting, segment)

    @property
    def video_formats(self) -> tuple[str, ...]:
        """The codecs that occur, in order."""
        return tuple(self._formats)

    @property
    def hides_audio(self) -> bool:
        """Whether sound that could be played is left out: players cannot begin with it, or end it, in the middle."""
        return len(self._audio) > 1

    def text(self) -> str:
        """Return the playlist; '' when there is no footage in the span."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._list(waiting, None)
        if not self._lines:
            return ""
        head = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            f"#EXT-X-TARGETDURATION:{math.ceil(self._target_us / 1_000_000)}",
        ]
        if self._independent:
            head.append("#EXT-X-INDEPENDENT-SEGMENTS")
        if self._offset_us > 0:
            head.append(f"#EXT-X-START:TIME-OFFSET={self._offset_us / 1e6:.3f},PRECISE=YES")
        body = "\n".join([*head, *self._lines, "#EXT-X-ENDLIST", ""])
        shown = _query(self._query)
        hidden = _query("audio=hidden", self._query)
        return body.replace(_MAYBE, hidden if self.hides_audio else shown).replace(_HIDDEN, hidden)

    def _list(self, segment: Segment, following: Segment | None) -> None:
        pieces = list(pieces_of(segment, following))
        end_us = self._span.end_us
        for piece in pieces[self._begin(pieces) :]:
            if piece.start_us >= end_us:
                break
            if not self._is_repetition(piece):
                self._append(piece)

    def _begin(self, pieces: list[Piece]) -> int:
        """Return which range to begin with: the last whose key frame is not after the span's start."""
        if not pieces or pieces[-1].end_us <= self._span.start_us:
            return len(pieces)
        if pieces[0].key_us > self._span.start_us:
            return 0
        before = [n for n, piece in enumerate(pieces) if piece.key_us <= self._span.start_us]
        return before[-1] if before else 0

    def _is_repetition(self, piece: Piece) -> bool:
        if self._covered_us is None:
            return False
        return (
            piece.end_us <= self._covered_us + OVERLAP_US or piece.start_us <= self._last_start_us
        )

    def _append(self, piece: Piece) -> None:
        segment, group = piece.segment, piece.group
        if segment is not self._listed:
            self._begin_file(segment)
        if self._covered_us is None:
            self._offset_us = max(0, self._span.start_us - piece.start_us)
        if self._counted_us is None or abs(piece.start_us - self._counted_us) > DRIFT_US:
            self._lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(piece.start_us)}")
            self._counted_us = piece.start_us
        offset, size, start_us, key_us, length_us = group
        head = self._heads.get(length_us)
        if head is None:  # most ranges of a camera are equally long
            head = f"#EXTINF:{length_us / 1e6:.6f},\n#EXT-X-BYTERANGE:"
            self._heads[length_us] = head
            self._target_us = max(self._target_us, length_us)
        self._lines.append(f"{head}{size}@{offset}\n{self._listed_address}")
        self._counted_us += length_us
        if self._covered_us is None or piece.end_us > self._covered_us:
            self._covered_us = piece.end_us
        self._last_start_us = piece.start_us
        if key_us != start_us:
            self._independent = False

    def _begin_file(self, segment: Segment) -> None:
        kind = segment.format
        is_hidden = kind.audio and not plays_in_browsers(kind.audio)
        address = self._address(segment) + (_HIDDEN if is_hidden else _MAYBE)
        if self._listed is not None:
            self._lines.append("#EXT-X-DISCONTINUITY")
        self._lines.append(f'#EXT-X-MAP:URI="{address}",BYTERANGE="{segment.init_bytes}@0"')
        self._listed, self._listed_address = segment, address
        self._counted_us = None
        self._formats[kind.video] = None
        self._audio.add(plays_in_browsers(kind.audio))


def _query(*parts: str) -> str:
    given = [part for part in parts if part]
    return "?" + "&".join(given) if given else ""


def _date(time_us: int) -> str:
    """Return the moment, to the millisecond, as :func:`to_rfc3339` writes it."""
    minute, rest_us = divmod(round(time_us, -3), 60_000_000)
    seconds, part_us = divmod(rest_us, 1_000_000)
    part = f".{part_us:06d}" if part_us else ""
    return f"{_minute(minute)}{seconds:02d}{part}Z"


@lru_cache(maxsize=128)
def _minute(minute: int) -> str:
    return to_rfc3339(minute * 60_000_000)[: -len("00+00:00")]
