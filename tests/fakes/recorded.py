"""Recorded files with real pictures and sound, as our recorder or libav writes them, and what an index says of them. Blocks."""

import hashlib
import io
import struct
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import av

from gtvision_edge.media.embedded.boxes import walk
from gtvision_edge.media.embedded.model import AudioTrack, VideoTrack
from gtvision_edge.media.embedded.muxer import FragmentMuxer, open_stream
from gtvision_edge.media.embedded.nal import ParameterSets, merge_sets, read_access_unit
from gtvision_edge.media.embedded.sps import read_picture
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.model import CameraNo, Group, Segment, SegmentFormat, SegmentId
from tests.fakes.clips import ClipSpec, render_clip

START_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class Recorded:
    path: Path
    segment: Segment


def record(
    directory: Path,
    spec: ClipSpec = ClipSpec(),
    *,
    start_us: int = START_US,
    continues: bool = False,
    first_dts: int = 0,
    wall_s: float | None = None,
    segment_id: int = 1,
    camera_no: int = 1,
    loops: int = 1,
) -> Recorded:
    """Write *spec*, *loops* times, into the camera's *directory* as one segment; *wall_s* is how long it took by the clock."""
    path = directory / segment_file(start_us)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_file(spec, first_dts, loops))
    return describe(
        path,
        start_us=start_us,
        end_us=start_us + round((wall_s or spec.seconds * loops) * 1_000_000),
        media_us=round(spec.seconds * loops * 1_000_000),
        continues=continues,
        segment_id=segment_id,
        camera_no=camera_no,
    )


def describe(
    path: Path,
    *,
    start_us: int,
    end_us: int,
    media_us: int,
    continues: bool = False,
    segment_id: int = 1,
    camera_no: int = 1,
    video: str = "avc1.640028",
) -> Recorded:
    """Return what an index would say of the file; all of it is one group."""
    data = path.read_bytes()
    init_bytes = next(box.start for box in walk(data) if box.kind == b"moof")
    ends = [box.end for box in walk(data) if box.kind == b"mdat"]
    groups = (Group(init_bytes, ends[-1] - init_bytes, 0, 0, media_us),)
    return Recorded(
        path,
        Segment(
            SegmentId(segment_id),
            CameraNo(camera_no),
            start_us,
            start_us,
            end_us,
            media_us,
            len(data),
            SegmentFormat(video, 320, 180, ""),
            init_bytes,
            groups,
            continues=continues,
        ),
    )


@cache
def _file(spec: ClipSpec, first_dts: int, loops: int) -> bytes:
    clip = render_clip(spec)
    assert spec.video is not None
    sets: ParameterSets | None = None
    for unit in clip.tracks[0].parameter_sets:
        found = read_access_unit(spec.video, b"\x00\x00\x01" + unit).sets
        sets = merge_sets(sets, found) if found is not None else sets
    assert sets is not None
    sound = clip.tracks[1] if len(clip.tracks) > 1 else None
    audio = AudioTrack(sound.config, sound.clock_rate, sound.channels) if sound else None
    stream = open_stream(VideoTrack(sets, read_picture(sets)), audio)
    muxer = FragmentMuxer(stream, 0.5, lambda line_us: START_US + line_us)
    data = bytearray(stream.init)
    for loop, sample in product(range(loops), clip.samples):
        rate = 90000 if sample.track == 0 or sound is None else sound.clock_rate
        dts = first_dts * rate // 90000 + round(loop * spec.seconds * rate) + sample.ticks
        if sample.track == 0:
            picture = read_access_unit(spec.video, sample.data)
            fragment = muxer.add_video(dts, dts, picture.data, is_key=picture.is_key)
            data += b"".join(fragment.parts) if fragment else b""
        else:
            muxer.add_audio(dts, sample.data, 1024)
    last = muxer.finish()
    assert last is not None
    return bytes(data + b"".join(last.parts))


@cache
def with_b_frames(seconds: float, fps: int = 10) -> bytes:
    """Return a fragmented file with B-frames, as libav's muxer writes it."""
    file = io.BytesIO()
    options = {"movflags": "+frag_keyframe+empty_moov+default_base_moof"}
    with av.open(file, "w", format="mp4", container_options=options) as container:
        stream: Any = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.options = {
            "preset": "veryfast",
            "x264-params": f"keyint={fps}:min-keyint={fps}:bframes=2:b-adapt=0:scenecut=0",
        }
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame(320, 180, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([(number * 7) % 256]) * plane.buffer_size)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def hashed(recorded: Recorded) -> Recorded:
    """Return it as an index that has hashed the file knows it."""
    digest = hashlib.sha256(recorded.path.read_bytes()).digest()
    return Recorded(recorded.path, replace(recorded.segment, sha256=digest))


def flip(path: Path, offset: int) -> None:
    """Turn one bit of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = struct.unpack("B", file.read(1))
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
