"""Which tracks of a camera are taken, and what libav's stream says about them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from gtvision_edge.media.embedded.nal import VideoCodec

_VIDEO: dict[str, VideoCodec] = {"h264": "h264", "hevc": "h265"}
_AUDIO: dict[str, Literal["aac", "pcm_alaw", "pcm_mulaw"]] = {
    "aac": "aac",
    "pcm_alaw": "pcm_alaw",
    "pcm_mulaw": "pcm_mulaw",
}


@dataclass(frozen=True, slots=True)
class VideoInput:
    stream: VideoStream
    codec: VideoCodec
    extradata: bytes
    time_base: Fraction
    frame_rate: float | None


@dataclass(frozen=True, slots=True)
class AudioInput:
    stream: AudioStream
    codec: Literal["aac", "pcm_alaw", "pcm_mulaw"]
    extradata: bytes
    time_base: Fraction
    rate: int
    channels: int


def choose_tracks(
    container: InputContainer,
) -> tuple[VideoInput | None, AudioInput | None, list[str]]:
    """Return the first video and the first audio track that we can store, and the names of the others.

    By kind, never by index: metadata or a sub picture may come first, and a stream may have no codec context.
    """
    video: VideoInput | None = None
    audio: AudioInput | None = None
    dropped: list[str] = []
    for stream in container.streams:
        context = getattr(stream, "codec_context", None)
        name = str(context.name) if context is not None else stream.type
        if isinstance(stream, VideoStream) and name in _VIDEO and video is None:
            rate = stream.guessed_rate or stream.average_rate
            video = VideoInput(
                stream,
                _VIDEO[name],
                bytes(stream.codec_context.extradata or b""),
                stream.time_base or Fraction(1, 90_000),
                float(rate) if rate else None,
            )
            continue
        found = _audio_input(stream, name) if isinstance(stream, AudioStream) else None
        if found is not None and audio is None:
            audio = found
        else:
            dropped.append(name)
    return video, audio, dropped


def _audio_input(stream: AudioStream, name: str) -> AudioInput | None:
    codec = _AUDIO.get(name)
    context = stream.codec_context
    extradata = bytes(context.extradata or b"")
    if codec is None or not context.sample_rate or not context.channels:
        return None
    if codec == "aac" and len(extradata) < 2:
        return None
    base = stream.time_base or Fraction(1, context.sample_rate)
    return AudioInput(stream, codec, extradata, base, context.sample_rate, context.channels)
