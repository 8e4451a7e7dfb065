"""Turns a session's packets into streams of fragments: stamps, parameter sets, key frames, sound."""

from dataclasses import replace
from typing import Protocol

import structlog

from gtvision_edge.media.embedded.leash import Leash
from gtvision_edge.media.embedded.model import AudioTrack, Fragment, Stream, VideoTrack
from gtvision_edge.media.embedded.muxer import AUDIO_ID, VIDEO_ID, FragmentMuxer, open_stream
from gtvision_edge.media.embedded.nal import (
    AccessUnit,
    ParameterSets,
    merge_sets,
    read_access_unit,
    sets_from_extradata,
)
from gtvision_edge.media.embedded.sps import BrokenParameterSetError, read_picture
from gtvision_edge.media.embedded.timeline import CatchingUp, Timeline, WallClock
from gtvision_edge.media.embedded.tracks import AudioInput, VideoInput
from gtvision_edge.media.embedded.transcode import G711ToAac
from gtvision_edge.runtime.clock import Clock

log = structlog.get_logger(__name__)

_VIDEO_SCALE = 90_000
_MAX_HELD = 250
_MAX_PREFIX_BYTES = 2**20
_LAW_LABEL = "G711"


class SessionSink(Protocol):
    """Takes what a session makes; called in the session's thread."""

    inbound_bytes: int
    wants_units: bool
    """Whether :meth:`unit` has a listener."""

    def leashed(self, leash: Leash | None) -> None: ...

    def stream(self, stream: Stream) -> None:
        """Take a new init: what follows does not continue what was."""

    def fragment(self, fragment: Fragment) -> None: ...

    def unit(
        self, track: int, data: bytes, timestamp: int, *, is_key: bool, captured_us: int
    ) -> None:
        """Take one access unit (0 = video, 1 = audio), as stored in MP4."""


class SampleAssembly:
    """Feeds one muxer after another. Belongs to one thread."""

    def __init__(
        self,
        video: VideoInput,
        audio: AudioInput | None,
        sink: SessionSink,
        *,
        clock: Clock,
        fragment_s: float,
    ) -> None:
        self._codec = video.codec
        self._sink = sink
        self._clock = clock
        self._fragment_s = fragment_s
        self._wall = WallClock()
        self._catching_up = CatchingUp()
        self._early: list[tuple[Fragment, int]] = []
        """What was cut while a burst is being read, with what the clock said then of the line's begin."""
        self._timeline = Timeline()
        rate = video.frame_rate if video.frame_rate and 0.1 <= video.frame_rate <= 240 else 25.0
        self._timeline.add_track(VIDEO_ID, _VIDEO_SCALE, round(_VIDEO_SCALE / rate))
        self._video_base = video.time_base * _VIDEO_SCALE
        self._audio = _AudioPath(audio) if audio is not None else None
        if self._audio is not None:
            self._timeline.add_track(AUDIO_ID, self._audio.track.timescale, self._audio.step)
        self._sets = sets_from_extradata(video.codec, video.extradata)
        self._known: set[tuple[bytes, bytes]] = set()
        self._muxer: FragmentMuxer | None = None
        self._restart = False
        self._prefix = b""
        self._held: list[tuple[AccessUnit, float]] = []

    def add_video(
        self, packet: bytes | memoryview, dts: int | None, pts: int | None, arrival_s: float
    ) -> None:
        """Take one packet in Annex B, its times in the input's time base."""
        unit = read_access_unit(self._codec, packet)
        if unit.sets is not None:
            self._sets = merge_sets(self._sets, unit.sets)
        if not unit.has_picture:
            # Parameter sets or SEI alone: they belong to the next picture, and nothing is thrown away.
            if len(self._prefix) < _MAX_PREFIX_BYTES:
                self._prefix += unit.data
            return
        if dts is None:
            dts = pts
        if dts is None:
            # The first key frame comes without times. It waits for the next picture, which tells its own.
            if len(self._held) < _MAX_HELD:
                self._held.append((self._with_prefix(unit), arrival_s))
            return
        at = self._scale(dts)
        step = self._timeline.usual_step(VIDEO_ID)
        for index, (held, held_arrival) in enumerate(self._held):
            self._place(held, at - step * (len(self._held) - index), 0, held_arrival)
        self._held.clear()
        offset = self._scale(pts) - at if pts is not None else 0
        self._place(self._with_prefix(unit), at, offset, arrival_s)

    def add_audio(self, packet: bytes, dts: int | None, arrival_s: float) -> None:
        """Take one packet of sound."""
        audio, muxer = self._audio, self._muxer
        # Sound before the first picture has no place on the line yet.
        if audio is None or muxer is None or dts is None:
            return
        stamp = self._timeline.stamp(AUDIO_ID, audio.scale(dts), arrival_s)
        for at, data in audio.frames(packet, stamp.dts):
            muxer.add_audio(at, data, audio.frame_samples)
            if self._sink.wants_units:
                when = self._wall.at(at * 1_000_000 // audio.track.timescale)
                self._sink.unit(1, data, at, is_key=True, captured_us=when)

    def finish(self) -> None:
        """Hand out what is left."""
        if self._muxer is not None:
            rest = self._muxer.finish()
            if rest is not None:
                self._hand_out(rest)
            self._release()
            self._muxer = None

    def _scale(self, ticks: int) -> int:
        return ticks if self._video_base == 1 else round(ticks * self._video_base)

    def _with_prefix(self, unit: AccessUnit) -> AccessUnit:
        if not self._prefix:
            return unit
        data, self._prefix = self._prefix + unit.data, b""
        return AccessUnit(data, unit.is_key, unit.has_picture, unit.sets)

    def _place(self, unit: AccessUnit, dts: int, offset: int, arrival_s: float) -> None:
        stamp = self._timeline.stamp(VIDEO_ID, dts, arrival_s)
        if stamp.jumped:
            log.warning("camera_clock_jumped")
            self._restart = True
            self._release()
            self._wall.forget()
            self._catching_up.begin()
        line_us = stamp.dts * 1_000_000 // _VIDEO_SCALE
        self._wall.see(line_us, self._clock.now_us(), arrival_s)
        if self._catching_up.is_behind:
            self._catching_up.see(line_us, arrival_s)
        if unit.is_key and (self._muxer is None or self._restart or self._has_new_sets()):
            self._open_muxer()
        muxer = self._muxer
        if muxer is None:
            return
        pts = stamp.dts + (offset if 0 <= offset < 10 * _VIDEO_SCALE else 0)
        fragment = muxer.add_video(stamp.dts, pts, unit.data, is_key=unit.is_key)
        if fragment is not None:
            self._hand_out(fragment)
        if self._early and not self._catching_up.is_behind:
            self._release()
        if self._sink.wants_units:
            self._sink.unit(
                0, unit.data, pts, is_key=unit.is_key, captured_us=self._wall.at(line_us)
            )

    def _hand_out(self, fragment: Fragment) -> None:
        if self._catching_up.is_behind:
            self._early.append((fragment, self._wall.at(0)))
        else:
            self._release()
            self._sink.fragment(fragment)

    def _release(self) -> None:
        """Hand out what was held back, with its time as it is known by now."""
        for fragment, begin_us in self._early:
            start_us = fragment.start_us + self._wall.at(0) - begin_us
            self._sink.fragment(replace(fragment, start_us=start_us))
        self._early.clear()

    def _has_new_sets(self) -> bool:
        # Cameras flip between two sets (day and night); only one never seen before asks for a new init.
        sets = self._sets
        return sets is not None and (sets.vps, sets.sps) not in self._known

    def _open_muxer(self) -> None:
        sets = self._sets
        if sets is None or not sets.is_complete:
            return
        self.finish()
        video = _video_track(sets)
        if video is None:
            return
        self._known.add((sets.vps, sets.sps))
        self._restart = False
        stream = open_stream(video, self._audio.track if self._audio else None)
        self._muxer = FragmentMuxer(stream, self._fragment_s, self._wall.at)
        self._sink.stream(stream)


class _AudioPath:
    """The sound of a session: AAC as it comes, G.711 turned into AAC."""

    def __init__(self, source: AudioInput) -> None:
        self._transcoder: G711ToAac | None = None
        if source.codec == "aac":
            self.track = AudioTrack(source.extradata, source.rate, source.channels)
            # AudioSpecificConfig: frameLengthFlag would make it 960; cameras do not use it.
            self.frame_samples = self.step = 1024
        else:
            self._transcoder = G711ToAac(source.codec, source.rate, source.channels)
            self.track = AudioTrack(
                self._transcoder.config, source.rate, source.channels, _LAW_LABEL
            )
            self.frame_samples = 1024
            self.step = source.rate // 25
        self._base = source.time_base * source.rate

    def scale(self, ticks: int) -> int:
        return ticks if self._base == 1 else round(ticks * self._base)

    def frames(self, packet: bytes, dts: int) -> list[tuple[int, bytes]]:
        if self._transcoder is None:
            return [(dts, packet)]
        return list(self._transcoder.feed(packet, dts))


def _video_track(sets: ParameterSets) -> VideoTrack | None:
    try:
        return VideoTrack(sets, read_picture(sets))
    except BrokenParameterSetError as error:
        log.warning("parameter_set_broken", reason=str(error))
        return None
