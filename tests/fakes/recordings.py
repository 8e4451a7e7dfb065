"""Recorded files without real pictures: boxes as the recorders write them, samples of zeros. Quick enough for thousands."""

import os
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gtvision_edge.media.embedded.boxes import box, duration_offset, full_box
from gtvision_edge.media.embedded.model import AudioTrack, Fragment, Stream, VideoTrack
from gtvision_edge.media.embedded.muxer import FragmentMuxer, build_init
from gtvision_edge.media.embedded.nal import ParameterSets
from gtvision_edge.media.embedded.sps import Picture
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.markers import CAMERA_MARKER, CameraMarker, write_marker

RUN = bytes(range(16))
VIDEO = VideoTrack(
    ParameterSets("h264", b"\x67\x64\x00\x1f" + bytes(8), (b"\x68\xee\x3c\x80",)),
    Picture(1280, 720, 1, 8, 8, "avc1.64001f", b"\x64\x00\x1f"),
)
AAC = AudioTrack(b"\x14\x08", 16_000, 1)
"""LC, 16 kHz, mono."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to write. Lengths in seconds; ``ntp_us`` None = the time of its name."""

    seconds: float = 6.0
    fps: int = 5
    key_every_s: float = 2.0
    part_s: float = 1.0
    audio: bool = False
    is_closed: bool = True
    run: bytes = RUN
    number: int = 0
    ntp_us: int | None = None
    mediamtx: bool = False
    sample_bytes: int = 200

    def init(self, name_us: int) -> bytes:
        ntp_us = name_us if self.ntp_us is None else self.ntp_us
        body = struct.pack(">QqQ", self.number, 0, max(ntp_us, 0) * 1000)
        clock = box(b"udta", full_box(b"mtxi", 0, 0, self.run, body))
        init = bytearray(build_init(VIDEO, AAC if self.audio else None, clock))
        at = duration_offset(bytes(init))
        if self.is_closed:
            struct.pack_into(">I", init, at, round(self.seconds * 1000))
        if self.mediamtx:
            struct.pack_into(">I", init, at - 16 + 96, 0xFFFFFFFF)
        return bytes(init)

    def parts(self) -> list[bytes]:
        return [b"".join(fragment.parts) for fragment in _fragments(self)]

    def content(self, name_us: int) -> bytes:
        return self.init(name_us) + b"".join(self.parts())


@cache
def _fragments(recording: Recording) -> tuple[Fragment, ...]:
    stream = Stream(RUN, VIDEO, AAC if recording.audio else None, b"")
    muxer = FragmentMuxer(stream, recording.part_s, lambda _: 0)
    fragments: list[Fragment | None] = []
    step = 90_000 // recording.fps
    key_every = max(round(recording.key_every_s * recording.fps), 1)
    data = bytes(recording.sample_bytes)
    for n in range(round(recording.seconds * recording.fps)):
        is_key = n % key_every == 0
        fragments.append(muxer.add_video(n * step, n * step, data, is_key=is_key))
        if recording.audio:
            muxer.add_audio(n * 16_000 // recording.fps, bytes(40), 16_000 // recording.fps)
    fragments.append(muxer.finish())
    return tuple(fragment for fragment in fragments if fragment is not None)


def write_recording(
    directory: Path,
    name_us: int,
    recording: Recording = Recording(),
    *,
    mtime_us: int | None = None,
) -> Path:
    """Write the file into a camera's directory, last changed when its last picture came. Blocks."""

    path = directory / segment_file(name_us)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(recording.content(name_us))
    end_us = name_us + round(recording.seconds * 1e6) if mtime_us is None else mtime_us
    os.utime(path, ns=(end_us * 1000, end_us * 1000))
    return path


def mark_directory(root: Path, directory: str, camera_uuid: str, camera_id: str = "cam01") -> Path:
    """Make a camera's directory with its marker. Blocks."""
    path = root / directory
    path.mkdir(parents=True, exist_ok=True)
    write_marker(path / CAMERA_MARKER, CameraMarker(camera_uuid, camera_id))
    return path
