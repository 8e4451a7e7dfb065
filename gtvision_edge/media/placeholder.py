"""The picture "Sinal perdido": rendered once, as segments of a live stream that any HLS player takes."""

import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

from gtvision_edge.media.boxes import iter_boxes, patch_decode_times
from gtvision_edge.media.stitching import PLACEHOLDER_SEGMENT_S

WIDTH, HEIGHT = 640, 360
FRAME_RATE = Fraction(25, 4)
FRAMES = 12
SAMPLE_RATE = 48_000
AUDIO_FRAMES = 90

_FILE = re.compile(r"lost-(video|audio|both)-(init|\d{1,9})\.mp4")
_MOVFLAGS = "empty_moov+default_base_moof+frag_keyframe+skip_trailer"
_BACKGROUND = (28, 30, 33)
_TEXT = (214, 216, 220)
_QUIET = (140, 144, 150)


@dataclass(frozen=True, slots=True)
class _Clip:
    """Init and one fragment; ``ticks`` is its duration by track id, in the track's own time scale."""

    init: bytes
    fragment: bytes
    ticks: Mapping[int, int]

    def file(self, name: str) -> bytes:
        if name == "init":
            return self.init
        number = int(name)
        return patch_decode_times(
            self.fragment, {track: number * ticks for track, ticks in self.ticks.items()}
        )


@dataclass(frozen=True, slots=True)
class Placeholder:
    """The rendered picture with and without silence, and the silence alone, as the stream it stands for has its tracks.

    Its segments differ only in their decode time, so they are made when asked for.
    """

    clips: Mapping[str, _Clip]
    video_codec: str

    def file(self, name: str) -> bytes | None:
        """Return a file of the placeholder by its name in the playlist, None when it is none of ours."""
        found = _FILE.fullmatch(name)
        return self.clips[found[1]].file(found[2]) if found else None

    def multivariant(self, *, audio: bool) -> tuple[str, ...]:
        """Return the lines of an ``index.m3u8`` for a path that was never seen alive; *audio*: with silence in it."""
        codecs = f"{self.video_codec},mp4a.40.2" if audio else self.video_codec
        return (
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-STREAM-INF:BANDWIDTH=200000,CODECS="{codecs}",'
            f"RESOLUTION={WIDTH}x{HEIGHT},FRAME-RATE={float(FRAME_RATE):.3f}",
            "main.m3u8",
        )


def is_placeholder_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None


def render_placeholder(
    title: str = "Sinal perdido", note: str = "Tentando reconectar…"
) -> Placeholder:
    """Draw and encode; takes some 0.1 s of a core: call it outside the loop's thread."""
    image = _draw(title, note)
    clips = {
        "video": _render(image, silence=False),
        "audio": _render(None, silence=True),
        "both": _render(image, silence=True),
    }
    return Placeholder(clips, _avc_codec(clips["video"].init))


def _draw(title: str, note: str) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), _BACKGROUND)
    draw = ImageDraw.Draw(image)
    middle = WIDTH / 2
    # A camera with a stroke through it: the state can be told without reading.
    draw.rounded_rectangle((middle - 44, 92, middle + 20, 140), 8, outline=_QUIET, width=4)
    draw.polygon(
        [(middle + 24, 112), (middle + 44, 98), (middle + 44, 134), (middle + 24, 120)],
        outline=_QUIET,
        width=4,
    )
    draw.line((middle - 54, 150, middle + 54, 82), fill=_TEXT, width=5)
    draw.text((middle, 200), title, font=ImageFont.load_default(40), fill=_TEXT, anchor="mm")
    draw.text((middle, 244), note, font=ImageFont.load_default(18), fill=_QUIET, anchor="mm")
    return image


def _render(image: Image.Image | None, *, silence: bool) -> _Clip:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"movflags": _MOVFLAGS}) as container:
        # All streams before the first packet: the init is written with it.
        video = _add_video(container) if image is not None else None
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo") if silence else None
        if video is not None and image is not None:
            _mux_picture(container, video, image)
        if audio is not None:
            _mux_silence(container, audio)
        ticks = {
            number: round(Fraction(PLACEHOLDER_SEGMENT_S).limit_denominator(100) / time_base)
            for number, time_base in enumerate((s.time_base for s in container.streams), 1)
            if time_base is not None
        }
    return _clip(file.getvalue(), ticks)


def _add_video(container: OutputContainer) -> VideoStream:
    stream = container.add_stream("libx264", rate=FRAME_RATE)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.options = {
        "profile": "baseline",
        "preset": "veryfast",
        "tune": "stillimage",
        "x264-params": f"keyint={FRAMES}:scenecut=0:bframes=0",
    }
    return stream


def _mux_picture(container: OutputContainer, stream: VideoStream, image: Image.Image) -> None:
    frame = VideoFrame.from_image(image)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    for number in range(FRAMES):
        frame.pts, frame.time_base = number, 1 / FRAME_RATE
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _mux_silence(container: OutputContainer, stream: AudioStream) -> None:
    # The first packets only prepare the decoder; of silence any ninety in a row will do.
    number = muxed = 0
    while muxed < AUDIO_FRAMES:
        frame = AudioFrame(format="fltp", layout="stereo", samples=1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts = SAMPLE_RATE, number * 1024
        number += 1
        for packet in stream.encode(frame)[: AUDIO_FRAMES - muxed]:
            packet.pts = packet.dts = muxed * 1024
            packet.duration, packet.time_base = 1024, Fraction(1, SAMPLE_RATE)
            container.mux(packet)
            muxed += 1


def _clip(file: bytes, ticks: Mapping[int, int]) -> _Clip:
    boxes = list(iter_boxes(file))
    init = b"".join(file[box.start : box.end] for box in boxes if box.kind in (b"ftyp", b"moov"))
    body = [box for box in boxes if box.kind in (b"moof", b"mdat")]
    if [box.kind for box in body] != [b"moof", b"mdat"]:
        raise RuntimeError("the placeholder is not one fragment")
    return _Clip(init, file[body[0].start : body[1].end], ticks)


def _avc_codec(init: bytes) -> str:
    profile, compatibility, level = struct.unpack_from("BBB", init, init.index(b"avcC") + 5)
    return f"avc1.{profile:02x}{compatibility:02x}{level:02x}"
