"""One configured path: its source, its recorder, its ring and its RTSP publication."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from gtvision_edge.media.embedded.config import PathConfig
from gtvision_edge.media.embedded.leash import LeashKeeper
from gtvision_edge.media.embedded.model import Fragment, Stream
from gtvision_edge.media.embedded.recorder import Recorder, RecordPlan
from gtvision_edge.media.embedded.ring import Ring
from gtvision_edge.media.embedded.rtsp import Publication, RtspServer, TrackDescription
from gtvision_edge.media.embedded.source import CameraSource, Exchange, RelaySource
from gtvision_edge.runtime.clock import Clock

if TYPE_CHECKING:
    from gtvision_edge.media.embedded.live import LiveClient

log = structlog.get_logger(__name__)

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_GRACE_S = 0.7


class PathDownError(Exception):
    """The path has no stream now."""


class PathTimeoutError(Exception):
    """The source of an on-demand path did not start in time."""


@dataclass(frozen=True, slots=True)
class PathTools:
    """What all paths of a server share."""

    clock: Clock
    keeper: LeashKeeper
    exchange: Exchange
    rtsp: RtspServer
    fragment_s: float
    segment_s: float
    segment_count: int
    watch_s: float
    """How long after the last HLS request the ring is kept."""


class MediaPath:
    """Lives on the loop's thread. ``close`` takes it off the air at once and returns what is left to wait for."""

    def __init__(self, config: PathConfig, tools: PathTools) -> None:
        self.config = config
        self.tools = tools
        self.ring = Ring(segment_s=tools.segment_s, count=tools.segment_count)
        self.changed = asyncio.Event()
        """Set and replaced at every new fragment and every change of state: wait for it, then look again."""
        self.available_since_us: int | None = None
        self.outbound_bytes = 0
        self.viewer_id = str(uuid.uuid4())
        self.live_clients: set[LiveClient] = set()
        self._source: CameraSource | RelaySource | None = None
        self._recorder: Recorder | None = None
        self._publication: Publication | None = None
        self._is_closed = False
        self._hls_seen = float("-inf")
        self._used = tools.clock.monotonic()
        self._waiting = 0

    @property
    def stream(self) -> Stream | None:
        return self.ring.stream

    @property
    def kept_fragments(self) -> Sequence[Fragment]:
        return self.ring.whole_group

    @property
    def inbound_bytes(self) -> int:
        return self._source.inbound_bytes if self._source and self.available_since_us else 0

    @property
    def is_watched(self) -> bool:
        """Whether HLS was asked for lately."""
        return self.tools.clock.monotonic() - self._hls_seen <= self.tools.watch_s

    @property
    def rtsp_readers(self) -> int:
        return self._publication.reader_count if self._publication else 0

    def start(self) -> None:
        self.tools.exchange.register(self.config.name, self)
        if self.config.is_pulled and not self.config.on_demand:
            self._start_source()

    def close(self) -> Callable[[], None]:
        """Stop everything; the returned job blocks until the last segment is final, 1.5 s at most."""
        self._is_closed = True
        self.tools.exchange.unregister(self.config.name)
        for client in self.live_clients:
            client.end()
        return self._stop_source()

    def update(self, config: PathConfig) -> list[Callable[[], None]]:
        """Take over changed ``record*`` fields without touching the source; returns jobs that may block."""
        old, self.config = self.config, config
        plan = (config.record_path, config.segment_s, config.part_s)
        if config.record and (old.record_path, old.segment_s, old.part_s) == plan and old.record:
            return []
        leaving = self._drop_recorder()
        self._attach_recorder()
        return [leaving] if leaving is not None else []

    # On demand

    def want(self) -> None:
        """Open the source if it waits for somebody to want it."""
        self._used = self.tools.clock.monotonic()
        if self.config.on_demand and self._source is None and not self._is_closed:
            self._start_source()

    async def ready(self) -> None:
        """Wait until there is a stream, if one can be had.

        Raises:
            PathDownError: the source is down.
            PathTimeoutError: the on-demand source did not start in time.

        """
        if self.stream is not None:
            self.want()
            return
        if not self.config.on_demand:
            raise PathDownError(self.config.name)
        self.want()
        self._waiting += 1
        try:
            async with asyncio.timeout(self.config.start_timeout_s):
                while self.stream is None:
                    if self._is_closed:
                        raise PathDownError(self.config.name)
                    await self.changed.wait()
        except TimeoutError as error:
            raise PathTimeoutError(self.config.name) from error
        finally:
            self._waiting -= 1

    def watch(self) -> None:
        """Note a request for HLS; fills the ring from now on."""
        self._hls_seen = self._used = self.tools.clock.monotonic()
        self.ring.fill()

    def tick(self) -> Callable[[], None] | None:
        """Let go of what nobody uses; call each second. Returns a job that may block."""
        now = self.tools.clock.monotonic()
        watched = self.is_watched
        if self.ring.is_filling and not watched:
            self.ring.drain()
        if (
            watched
            or self._waiting
            or self.live_clients
            or self.rtsp_readers
            or self.tools.exchange.followers(self.config.name)
        ):
            self._used = now
        idle = now - self._used >= self.config.close_after_s
        if self.config.on_demand and self._source is not None and idle:
            return self._stop_source()
        return None

    # From the source

    def begin_stream(self, stream: Stream) -> None:
        if self.available_since_us is None:
            self.available_since_us = self.tools.clock.now_us()
            log.info("path_available", path=self.config.name, codecs=stream.codecs)
        self.ring.begin_stream(stream)
        if self.is_watched:
            self.ring.fill()
        self._publish(stream)
        for follower in self.tools.exchange.followers(self.config.name):
            follower.begin_stream(stream)
        for client in self.live_clients:
            client.begin_stream(stream)
        self._tell()

    def take_fragment(self, fragment: Fragment) -> None:
        self.ring.add(fragment)
        for follower in self.tools.exchange.followers(self.config.name):
            follower.take_fragment(fragment)
        for client in self.live_clients:
            client.put(fragment)
        self._want_units()
        self._tell()

    def take_unit(
        self, track: int, data: bytes, timestamp: int, *, is_key: bool, captured_us: int
    ) -> None:
        if self._publication is not None:
            self._publication.send(track, data, timestamp, is_key, captured_us=captured_us)
        for follower in self.tools.exchange.followers(self.config.name):
            follower.take_unit(track, data, timestamp, is_key=is_key, captured_us=captured_us)

    def end_stream(self) -> None:
        if self.available_since_us is not None:
            log.info("path_unavailable", path=self.config.name)
        self.available_since_us = None
        self.ring.end_stream()
        if self._publication is not None:
            self._publication.close()
            self._publication = None
        for follower in self.tools.exchange.followers(self.config.name):
            follower.end_stream()
        self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def wants_units(self) -> bool:
        """Whether RTSP readers read this path, or one that follows it."""
        return self.rtsp_readers > 0 or any(
            follower.wants_units for follower in self.tools.exchange.followers(self.config.name)
        )

    def _want_units(self) -> None:
        if self._source is not None:
            self._source.wants_units = self.wants_units()

    def _start_source(self) -> None:
        config, tools = self.config, self.tools
        upstream = _own_path(config.source, tools.rtsp.port)
        if upstream is not None:
            self._source = RelaySource(upstream, self, tools.exchange)
        else:
            self._source = CameraSource(
                config.name,
                config.source,
                self,
                keeper=tools.keeper,
                clock=tools.clock,
                fragment_s=tools.fragment_s,
            )
        self._attach_recorder()
        self._source.start()

    def _stop_source(self) -> Callable[[], None]:
        source, self._source = self._source, None
        recorder, self._recorder = self._recorder, None
        if source is None:
            return lambda: None
        source.stop()
        self.end_stream()

        def wait() -> None:
            if not source.join(_GRACE_S):
                source.cut()
                source.join(_GRACE_S)
            if recorder is not None:
                recorder.close()
                recorder.join(_GRACE_S)

        return wait

    def _attach_recorder(self) -> None:
        config = self.config
        if config.record and self._source is not None and not self._is_closed:
            plan = RecordPlan(config.record_path, config.segment_s)
            self._recorder = Recorder(config.name, plan)
            self._source.recorder = self._recorder

    def _drop_recorder(self) -> Callable[[], None] | None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        if self._source is not None:
            self._source.recorder = None
        recorder.close()

        def wait() -> None:
            recorder.join(_GRACE_S)

        return wait

    def _publish(self, stream: Stream) -> None:
        if self._publication is not None:
            self._publication.close()
        video, audio = stream.video, stream.audio
        sets = tuple(unit for unit in (video.sets.vps, video.sets.sps, *video.sets.pps) if unit)
        tracks = [
            TrackDescription(video.sets.codec, 90_000, parameter_sets=sets, nal_length_size=4)
        ]
        if audio is not None:
            tracks.append(
                TrackDescription.aac(audio.config, audio.timescale, channels=audio.channels)
            )
        self._publication = self.tools.rtsp.publish(self.config.name, tracks)


def _own_path(source: str, rtsp_port: int) -> str | None:
    """Return the path of this server that *source* names, if it names one."""
    parts = urlsplit(source)
    if parts.hostname in _LOOPBACK and (parts.port or 554) == rtsp_port:
        return parts.path.strip("/")
    return None
