"""A path as players see it: live while the media server has it, the placeholder while not, and back by itself."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from enum import StrEnum
from typing import Any

import structlog

from gtvision_edge.media.placeholder import Placeholder
from gtvision_edge.media.playlists import (
    Link,
    Multivariant,
    Segment,
    StrangePlaylistError,
    parse_media,
    parse_multivariant,
)
from gtvision_edge.media.stitching import Timeline, show_live
from gtvision_edge.media.upstream import Upstream, UpstreamError
from gtvision_edge.runtime.clock import Clock

log = structlog.get_logger(__name__)

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]

FRESH_S = 0.4
"""Viewers of one path share what was asked of the media server so long ago."""
OPEN_AGAIN_S = 1.0
FIRST_PATIENCE_S = 8.0
"""So long the very first viewer waits for a muxer to begin, before he sees the placeholder."""
SWITCH_PATIENCE_S = 1.5
"""So long a running player waits for a muxer that only forgot us (no request for 30 s) and is there again at once."""


class StreamState(StrEnum):
    """What a playlist shows; sent as ``X-Stream-State``."""

    CONNECTING = "connecting"
    LIVE = "live"
    PLACEHOLDER = "placeholder"


class LiveStream:
    """The endless playlists of one path, shared by all its viewers.

    Nothing runs unless a player asks: each request brings the playlists up to now. *spawn* starts a task whose owner
    ends it; at most one is running, the one that asks the media server for ``index.m3u8``. *epoch_us* is the wall clock
    less the monotonic one, taken once for all streams: their numbers go by it, whatever becomes of the wall clock.
    While *may_be_shown* is False what the media server has under the name is another camera's: nothing is asked of it.
    """

    def __init__(
        self,
        path: str,
        upstream: Upstream,
        placeholder: Placeholder,
        *,
        clock: Clock,
        epoch_us: int,
        spawn: Spawn,
        may_be_shown: Callable[[], bool],
        has_audio_inside: bool = False,
    ) -> None:
        self._path = path
        self._upstream = upstream
        self._placeholder = placeholder
        self._clock = clock
        self._epoch_us = epoch_us
        self._spawn = spawn
        self._may_be_shown = may_be_shown
        self._lock = asyncio.Lock()
        self._opening: asyncio.Task[None] | None = None
        self._open_after = self._refreshed = float("-inf")
        self._tracks: dict[str, Link] = {}
        self._index = placeholder.multivariant(audio=has_audio_inside)
        self._timelines = {"main.m3u8": self._timeline("both" if has_audio_inside else "video")}
        self.state = StreamState.CONNECTING
        self.query = ""
        """What the media server wants behind the names of its files."""
        self.used_at = clock.monotonic()

    async def multivariant(self) -> tuple[str, ...]:
        """Return the lines of ``index.m3u8``. The last known ones during an outage, so that what returns fits."""
        await self._refresh(
            FIRST_PATIENCE_S if self.state is not StreamState.PLACEHOLDER else SWITCH_PATIENCE_S / 3
        )
        return self._index

    async def playlist(self, track: str) -> Timeline | None:
        """Return a media playlist brought up to now; None when there is no such track."""
        await self._refresh(SWITCH_PATIENCE_S if self.state is StreamState.LIVE else 0)
        return self._timelines.get(track)

    async def newest(self) -> Segment | None:
        """Return the newest video segment if the stream is running for viewers; never starts it."""
        if self.state is not StreamState.LIVE or not await self._follow():
            return None
        return self._timelines["main.m3u8"].newest_live

    async def mend(self) -> None:
        """Ask for ``index.m3u8`` once more: the media server forgot us."""
        self._tracks = {}
        self._open_after = float("-inf")
        await self._wait_for_opening(SWITCH_PATIENCE_S)

    def is_idle(self, seconds: float) -> bool:
        return self._clock.monotonic() - self.used_at > seconds and (
            self._opening is None or self._opening.done()
        )

    async def _refresh(self, patience_s: float) -> None:
        self.used_at = self._clock.monotonic()
        if await self._follow():
            return
        if self._may_be_shown():
            await self._wait_for_opening(patience_s)
            if self._tracks and await self._follow():
                return
        if self.state is not StreamState.PLACEHOLDER:
            log.info("stream_lost", path=self._path)
        self.state = StreamState.PLACEHOLDER
        for timeline in self._timelines.values():
            timeline.show_placeholder(self._steady_us(), self._clock.now_us())

    async def _follow(self) -> bool:
        """Take over the media server's present lists; False when it has none any more."""
        async with self._lock:  # of many viewers one asks, the others find it done
            if not self._tracks or not self._may_be_shown():
                return False
            if self._clock.monotonic() - self._refreshed < FRESH_S:
                return True
            tracks = self._tracks
            try:
                lists = await self._lists(tracks)
            except (UpstreamError, StrangePlaylistError) as error:
                log.debug("stream_not_followed", path=self._path, error=str(error))
                self._tracks = {}
                return False
            if not all(lists.values()):
                return self.state is StreamState.LIVE
            show_live({track: self._timelines[track] for track in lists}, lists)
            if self.state is StreamState.PLACEHOLDER:
                log.info("stream_back", path=self._path)
            self.state = StreamState.LIVE
            self._refreshed = self._clock.monotonic()
            return True

    async def _lists(self, tracks: Mapping[str, Link]) -> dict[str, list[Segment]]:
        """Ask for the playlists of all *tracks*; none is still asked for once this is over."""
        texts = await asyncio.gather(
            *(self._upstream.playlist(self._path, link) for link in tracks.values()),
            return_exceptions=True,
        )
        lists = {}
        for track, text in zip(tracks, texts, strict=True):
            if isinstance(text, BaseException):
                raise text
            lists[track] = parse_media(text)
        return lists

    async def _wait_for_opening(self, patience_s: float) -> None:
        if self._opening is None or self._opening.done():
            if self._clock.monotonic() < self._open_after:
                return
            self._opening = self._spawn(self._open())
        await asyncio.wait({self._opening}, timeout=patience_s)

    async def _open(self) -> None:
        try:
            index = parse_multivariant(await self._upstream.index(self._path))
        except (UpstreamError, StrangePlaylistError) as error:
            self._open_after = self._clock.monotonic() + OPEN_AGAIN_S
            log.debug("stream_not_opened", path=self._path, error=str(error))
            return
        async with self._lock:  # who follows the old tracks right now has need of them to the end
            self._take(index)

    def _take(self, index: Multivariant) -> None:
        self._index = index.lines
        self.query = index.tracks["main.m3u8"].query
        has_renditions = len(index.tracks) > 1
        inside = not has_renditions and any("mp4a." in line for line in index.lines)
        for track in index.tracks:
            kind = "audio" if track != "main.m3u8" else "both" if inside else "video"
            if track in self._timelines:
                self._timelines[track].placeholder_files = f"lost-{kind}"
            else:
                self._timelines[track] = self._timeline(kind, like=self._timelines["main.m3u8"])
        for track in self._timelines.keys() - index.tracks.keys():
            del self._timelines[track]
        self._refreshed = float("-inf")
        self._tracks = index.tracks

    def _timeline(self, kind: str, like: Timeline | None = None) -> Timeline:
        timeline = Timeline(self._steady_us(), f"lost-{kind}")
        if like is not None:
            timeline.begin_like(like)
        return timeline

    def _steady_us(self) -> int:
        return self._epoch_us + round(self._clock.monotonic() * 1_000_000)
