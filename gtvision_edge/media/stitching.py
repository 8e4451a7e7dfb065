"""One endless playlist over what comes and goes: the media server's muxers, and the placeholder in between.

A muxer of the media server lives as long as one connection to the camera; with the next one all names and numbers begin
anew, and players give up. So the gateway keeps numbers of its own, which never go backward, and puts a discontinuity
wherever the source changed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gtvision_edge.media.playlists import Link, Segment
from gtvision_edge.runtime.timestamps import to_rfc3339

PLACEHOLDER_SEGMENT_S = 1.92
"""A whole number of frames both of the placeholder's video and of its silence (90 AAC frames at 48 kHz)."""
PLACEHOLDER_AT_ONCE = 3
"""So many at the start of an outage: players want three before they begin."""
PLACEHOLDER_WINDOW = 6
KEPT_AT_RETURN = 3
"""Placeholder segments still listed when the picture is back, for players in the middle of one."""

_NUMBERS_FROM_S = 1_735_689_600
"""2025-01-01. First numbers are seconds since then: a restarted daemon goes on above the numbers it gave before, as
long as segments come slower than one a second."""
_SECONDS_PER_DISCONTINUITY = 600
"""Discontinuities are rarer, and their numbers must stay small: at each playlist hls.js 1.7.4 walks an array up to the
number of the first one, which at 60 million blocked the page for 0.7 s."""


@dataclass(frozen=True, slots=True)
class _Entry:
    segment: Segment
    is_live: bool


class Timeline:
    """The playlist of one track. Pure: knows neither network nor clock."""

    def __init__(self, steady_us: int, placeholder_files: str) -> None:
        """*steady_us* is a time in UTC µs that is not set back while the daemon runs; see :meth:`show_placeholder`.

        *placeholder_files* begins the names of the placeholder's files, such as ``lost-video``.
        """
        self._sequence = max(steady_us // 1_000_000 - _NUMBERS_FROM_S, 0)
        self._discontinuities = self._sequence // _SECONDS_PER_DISCONTINUITY
        self.placeholder_files = placeholder_files
        self._entries: list[_Entry] = []
        self._outage_us: int | None = None
        self._outage_wall_us = 0
        self._placeholders = 0
        self._target_s = 2
        self._has_shown = False

    def begin_like(self, other: "Timeline") -> None:
        """Count discontinuities as *other* does, whose audio or picture this is: players align the two by them."""
        self._discontinuities = other.next_discontinuity
        self._has_shown = other._has_shown  # noqa: SLF001 -- of our own kind

    @property
    def next_discontinuity(self) -> int:
        """Return the discontinuity number of a segment that would follow the last without one."""
        return self._discontinuities + sum(entry.segment.discontinuity for entry in self._entries)

    @property
    def last_number(self) -> int:
        """Return the media sequence number of the last segment."""
        return self._sequence + len(self._entries) - 1

    @property
    def newest_live(self) -> Segment | None:
        """Return the newest segment of the source, None during an outage."""
        last = self._entries[-1] if self._entries else None
        return last.segment if last is not None and last.is_live else None

    def continues(self, segments: Sequence[Segment]) -> bool:
        """Tell whether *segments* go on where the source was last seen."""
        files = {segment.link.file for segment in segments}
        return any(entry.is_live and entry.segment.link.file in files for entry in self._entries)

    def show_live(self, segments: Sequence[Segment], *, anew: bool) -> None:
        """Take over the source's present list. *anew*: it does not go on from what was seen before."""
        self._outage_us = None
        if not segments:
            return
        if anew:
            self._drop_live()
            self._drop(max(len(self._entries) - KEPT_AT_RETURN, 0))
            first, *others = segments
            self._append(replace(first, discontinuity=self._has_shown or first.discontinuity))
            for segment in others:
                self._append(segment)
            return
        listed = {segment.link.file for segment in segments}
        gone = [
            index
            for index, entry in enumerate(self._entries)
            if entry.is_live and entry.segment.link.file not in listed
        ]
        self._drop(gone[-1] + 1 if gone else 0)
        known = {entry.segment.link.file for entry in self._entries}
        for segment in segments:
            if segment.link.file not in known:
                self._append(segment)

    def show_placeholder(self, steady_us: int, wall_us: int) -> None:
        """Let the placeholder grow to now; what the source had is gone with its muxer.

        It grows by *steady_us*, for the wall clock may be set: back, and players would wait as long for the next
        segment. *wall_us* (UTC µs) is only what an outage's first segment is dated by.
        """
        step_us = round(PLACEHOLDER_SEGMENT_S * 1_000_000)
        if self._outage_us is None:
            self._drop_live()
            self._outage_us = steady_us - PLACEHOLDER_AT_ONCE * step_us
            self._outage_wall_us = wall_us - PLACEHOLDER_AT_ONCE * step_us
            self._placeholders = 0
        due = (steady_us - self._outage_us) // step_us
        if due - self._placeholders > PLACEHOLDER_WINDOW:  # nobody asked for a while
            skipped = due - self._placeholders - PLACEHOLDER_WINDOW
            self._drop(len(self._entries))
            self._sequence += skipped
            self._placeholders += skipped
        while self._placeholders < due:
            self._append(
                Segment(
                    link=Link(f"{self.placeholder_files}-{self._placeholders}.mp4", ""),
                    duration_s=PLACEHOLDER_SEGMENT_S,
                    init=Link(f"{self.placeholder_files}-init.mp4", ""),
                    discontinuity=self._has_shown and not self._placeholders,
                    time_us=self._outage_wall_us + self._placeholders * step_us,
                ),
                is_live=False,
            )
            self._placeholders += 1
        self._drop(max(len(self._entries) - PLACEHOLDER_WINDOW, 0))

    def render(self, query: str = "") -> str:
        """Write the playlist; *query* is put behind every name (a session for players without cookies)."""
        suffix = f"?{query}" if query else ""
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f"#EXT-X-TARGETDURATION:{self._target_s}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._sequence}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._discontinuities}",
        ]
        init: Link | None = None
        for index, entry in enumerate(self._entries):
            segment = entry.segment
            if segment.discontinuity:
                lines.append("#EXT-X-DISCONTINUITY")
            if segment.init is not None and (index == 0 or segment.init.file != init_file(init)):
                lines.append(f'#EXT-X-MAP:URI="{segment.init.file}{suffix}"')
            init = segment.init
            if segment.time_us is not None:
                lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{to_rfc3339(segment.time_us)}")
            lines += [f"#EXTINF:{segment.duration_s:.5f},", f"{segment.link.file}{suffix}"]
        return "\n".join(lines) + "\n"

    def _append(self, segment: Segment, *, is_live: bool = True) -> None:
        self._has_shown = True
        self._entries.append(_Entry(segment, is_live))
        # It may not shrink: RFC 8216 forbids to change it, and growing is the lesser harm.
        self._target_s = max(self._target_s, math.ceil(segment.duration_s - 0.5))

    def _drop_live(self) -> None:
        """Forget the source's segments and all before them."""
        last = max((i for i, entry in enumerate(self._entries) if entry.is_live), default=-1)
        self._drop(last + 1)

    def _drop(self, count: int) -> None:
        for entry in self._entries[:count]:
            self._sequence += 1
            self._discontinuities += entry.segment.discontinuity
        del self._entries[:count]


def init_file(init: Link | None) -> str | None:
    return None if init is None else init.file


def show_live(timelines: Mapping[str, Timeline], lists: Mapping[str, Sequence[Segment]]) -> None:
    """Take over the present lists of all tracks together, so that their discontinuities stay the same."""
    anew = not all(timelines[track].continues(segments) for track, segments in lists.items())
    for track, segments in lists.items():
        timelines[track].show_live(segments, anew=anew)
