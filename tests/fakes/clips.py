"""Short clips, encoded in memory once per process: what virtual cameras play in a loop."""

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal

import av
from av.audio.resampler import AudioResampler
from PIL import Image, ImageDraw

from gtvision_edge.media.embedded.rtsp import TrackDescription

VideoName = Literal["h264", "h265"]
AudioName = Literal["aac", "pcma"]


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What to encode. ``video`` None makes a camera without pictures."""

    video: VideoName | None = "h264"
    audio: AudioName | None = None
    width: int = 320
    height: int = 180
    fps: int = 15
    key_every_s: float = 1.0
    seconds: float = 4.0
    bitrate_bps: int = 200_000
    noise: bool = False
    """Grain in the picture, so that the encoder really needs ``bitrate_bps``."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One access unit; ``at_s`` from the clip's start, ``ticks`` the same in the track's clock."""

    track: int
    at_s: float
    ticks: int
    is_key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Clip:
    tracks: tuple[TrackDescription, ...]
    samples: tuple[Sample, ...]
    duration_s: float


@cache
def render_clip(spec: ClipSpec) -> Clip:
    """Encode the clip; a fraction of a second, so call it in a thread from async code."""
    tracks: list[TrackDescription] = []
    samples: list[Sample] = []
    if spec.video is not None:
        description, found = _render_video(spec, spec.video, len(tracks))
        tracks.append(description)
        samples += found
    if spec.audio is not None:
        description, found = _render_audio(spec, spec.audio, len(tracks))
        tracks.append(description)
        samples += found
    samples.sort(key=lambda sample: (sample.at_s, sample.track))
    return Clip(tuple(tracks), tuple(samples), spec.seconds)


def _render_video(
    spec: ClipSpec, name: VideoName, track: int
) -> tuple[TrackDescription, list[Sample]]:
    encoder = av.CodecContext.create("libx264" if name == "h264" else "libx265", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = spec.width, spec.height, "yuv420p"
    encoder.time_base = Fraction(1, spec.fps)
    encoder.framerate = Fraction(spec.fps)
    encoder.thread_count = 1
    encoder.bit_rate = spec.bitrate_bps
    group = round(spec.key_every_s * spec.fps)
    encoder.gop_size = group
    options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
    if name == "h265":
        options["x265-params"] = (
            f"keyint={group}:min-keyint={group}:scenecut=0:log-level=none:pools=1:frame-threads=1"
        )
    else:
        options["x264-params"] = f"keyint={group}:min-keyint={group}:scenecut=0"
    encoder.options = options
    packets: list[av.Packet[Any]] = []
    for number in range(round(spec.seconds * spec.fps)):
        picture = _picture(spec, number)
        frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV types it not
        frame = frame.reformat(format="yuv420p")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    sets = b"".join(bytes(packet) for packet in packets if packet.is_keyframe)
    extradata = bytes(encoder.extradata or b"") or sets
    describe = TrackDescription.h264 if name == "h264" else TrackDescription.h265
    samples = []
    for packet in packets:
        assert packet.pts is not None
        at_s = packet.pts / spec.fps
        samples.append(
            Sample(track, at_s, round(at_s * 90000), bool(packet.is_keyframe), bytes(packet))
        )
    return describe(extradata), samples


def _picture(spec: ClipSpec, number: int) -> Image.Image:
    image = Image.new("RGB", (spec.width, spec.height), (40, 60, 90))
    if spec.noise:
        grain = Image.effect_noise((spec.width // 2, spec.height // 2), 60)
        image = Image.merge("RGB", [grain.resize(image.size)] * 3)
    draw = ImageDraw.Draw(image)
    across = number / (spec.seconds * spec.fps)
    x, y = int(across * spec.width), spec.height // 2
    draw.ellipse((x - 20, y - 20, x + 20, y + 20), fill=(230, 200, 60))
    draw.text((8, 8), f"{number:04d}", fill=(255, 255, 255))
    return image


def _render_audio(
    spec: ClipSpec, name: AudioName, track: int
) -> tuple[TrackDescription, list[Sample]]:
    rate = 16000 if name == "aac" else 8000
    encoder = av.CodecContext.create("aac" if name == "aac" else "pcm_alaw", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout = rate, "mono"
    encoder.format = "fltp" if name == "aac" else "s16"
    encoder.time_base = Fraction(1, rate)
    encoder.open()
    resampler = AudioResampler(
        format=encoder.format, layout="mono", rate=rate, frame_size=encoder.frame_size or 160
    )
    count = round(spec.seconds * rate)
    tone = av.AudioFrame(format="s16", layout="mono", samples=count)
    wave = (round(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(count))
    tone.planes[0].update(struct.pack(f"<{count}h", *wave))
    tone.sample_rate, tone.pts, tone.time_base = rate, 0, Fraction(1, rate)
    packets: list[av.Packet[Any]] = []
    for frame in [*resampler.resample(tone), *resampler.resample(None)]:
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    priming = -min(packet.pts or 0 for packet in packets)
    samples = []
    for packet in packets:
        ticks = (packet.pts or 0) + priming
        if ticks < count:
            samples.append(Sample(track, ticks / rate, ticks, True, bytes(packet)))
    if name == "aac":
        return TrackDescription.aac(bytes(encoder.extradata or b""), rate), samples
    return TrackDescription.g711("pcma"), samples
