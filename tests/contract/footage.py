"""What is in a recorded file or a downloaded stream, judged by libav and by its boxes. Everything here blocks."""

import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import av

from gtvision_edge.media.embedded.boxes import duration_offset, walk


@dataclass(frozen=True, slots=True)
class Footage:
    video_codec: str
    codec_tag: str
    audio_codec: str | None
    frames: int
    """Pictures that decode."""
    first_is_key: bool
    start_s: float
    """Media time of the first picture."""
    end_s: float
    sound_packets: int

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def read_footage(source: Path | bytes) -> Footage:
    """Decode all of it; raises what libav raises when it is damaged."""
    file: str | io.BytesIO = str(source) if isinstance(source, Path) else io.BytesIO(source)
    with av.open(file, "r") as container:
        video = container.streams.video[0]
        video.codec_context.options = {"err_detect": "explode"}
        audio = container.streams.audio[0] if container.streams.audio else None
        frames, sound, first_is_key = 0, 0, None
        start = end = 0.0
        for packet in container.demux():
            if packet.size and packet.stream is audio:
                sound += 1
            if packet.stream is not video:
                continue
            if packet.size and first_is_key is None:
                first_is_key = bool(packet.is_keyframe)
                start = float((packet.dts or 0) * packet.time_base)
            if packet.size:
                end = float(((packet.dts or 0) + (packet.duration or 0)) * packet.time_base)
            frames += sum(1 for _ in packet.decode())
        return Footage(
            video_codec=video.codec_context.name,
            codec_tag=video.codec_context.codec_tag,
            audio_codec=audio.codec_context.name if audio else None,
            frames=frames,
            first_is_key=bool(first_is_key),
            start_s=start,
            end_s=end,
            sound_packets=sound,
        )


def box_kinds(path: Path) -> list[str]:
    data = path.read_bytes()
    kinds = [box.kind.decode() for box in walk(data)]
    whole = sum(box.end - box.start for box in walk(data))
    return kinds if whole == len(data) else [*kinds, "cut"]


def header_duration_ms(path: Path) -> int:
    data = path.read_bytes()
    at = duration_offset(data)
    return int.from_bytes(data[at : at + 4], "big")


def start_us(path: Path) -> int:
    """Return the time in a segment's name."""
    text = f"{path.parent.name} {path.stem} +0000"
    moment = datetime.strptime(text, "%Y-%m-%d %H-%M-%S-%f %z")
    return round(moment.timestamp() * 1_000_000)


def read_rtsp(url: str, packets: int) -> tuple[list[str], int]:
    """Read *packets* packets over RTSP; return the kinds of the streams and how many key frames came."""
    options = {"rtsp_transport": "tcp", "timeout": "8000000", "analyzeduration": "500000"}
    with av.open(url, options=options) as container:
        kinds: list[str] = [stream.type for stream in container.streams]
        keys = 0
        for number, packet in enumerate(container.demux()):
            keys += packet.stream.type == "video" and bool(packet.is_keyframe)
            if number >= packets:
                break
        return kinds, keys
