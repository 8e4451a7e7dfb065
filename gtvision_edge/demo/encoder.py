"""Planes in, access units out: one libx264 or libx265 on one thread."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
from av.video.frame import PictureType

from gtvision_edge.demo.planes import Planes

KEY_EVERY_S = 2


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    data: bytes
    """Annex B, key frames with their parameter sets."""
    is_key: bool


class PictureEncoder:
    """Encodes without delay: every picture comes out at once. Not for use by two threads."""

    def __init__(
        self, codec: Literal["h264", "h265"], size: tuple[int, int], fps: int, quality: int
    ) -> None:
        context = av.CodecContext.create("libx264" if codec == "h264" else "libx265", "w")
        if not isinstance(context, av.VideoCodecContext):
            raise TypeError(codec)
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
        context.thread_count = 1
        context.gop_size = fps * KEY_EVERY_S
        group = fps * KEY_EVERY_S
        options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": str(quality),
            "forced-idr": "1",
        }
        shared = (
            f"keyint={group}:min-keyint={group}:scenecut=0:"
            "colorprim=bt709:transfer=bt709:colormatrix=bt709"
        )
        if codec == "h264":
            options["x264-params"] = shared
        else:
            # Its thread pool would take every core for a few small pictures a second; 16-pixel
            # blocks without adaptive quantisation save a fifth of the work.
            options["x265-params"] = (
                f"{shared}:log-level=none:pools=none:frame-threads=1:wpp=0:repeat-headers=1:"
                "ctu=16:min-cu-size=16:max-merge=1:aq-mode=0"
            )
        context.options = options
        self._context = context
        # One frame for all pictures: the encoders copy what they are given, and a new megabyte
        # every time would be faulted in page by page under the interpreter's lock.
        self._frame = av.VideoFrame(*size, "yuv420p")
        self._count = 0

    def encode(self, planes: Planes, *, as_key: bool = False) -> EncodedPicture | None:
        frame = self._frame
        planes.write_to(frame)
        frame.pts = self._count
        frame.pict_type = PictureType.I if as_key else PictureType.NONE
        self._count += 1
        packets = self._context.encode(frame)
        if not packets:
            return None
        is_key = any(packet.is_keyframe for packet in packets)
        return EncodedPicture(b"".join(bytes(packet) for packet in packets), is_key)
