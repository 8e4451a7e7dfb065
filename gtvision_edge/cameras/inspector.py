"""Looks at streams through libav for a few seconds, in a process of its own: ``python -m gtvision_edge.cameras.inspector``.

Why a process: libav's time limits count per read, so a camera that dribbles bytes holds a thread for minutes, and what a
hostile stream does to a decoder should happen to nobody else. This process ends itself when its time is over, and can be
killed before.

One JSON line in per stream: ``{"stream", "url", "ends", "keys", "picture"}``; *ends* is a time of the monotonic clock, which
is the same for all processes; *keys* is how many key frames are enough. One out per stream, in any order: ``{"stream",
"error"}`` or ``{"stream", "codec", "width", …}``. URLs come by standard input, since arguments are there for all to read.
Ends when its input has ended and every stream is answered.
"""

import base64
import contextlib
import io
import json
import os
import resource
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from gtvision_edge.cameras.agent import USER_AGENT
from gtvision_edge.cameras.measuring import Seen, is_enough, measure

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_WIDTH: Final = 640
_MAX_PACKETS: Final = 5000
_CLOSE_S: Final = 0.5
_SILENCE_PART: Final = 0.6
_MEMORY_BYTES: Final = 4 * 2**30
_CPU_S: Final = 20

_NAMES: Final = {"hevc": "h265", "pcm_alaw": "pcma", "pcm_mulaw": "pcmu", "mjpeg": "jpeg"}


@dataclass
class Inspection:
    """One stream being looked at by a thread; the main thread answers with what is there when the time is over."""

    stream: str
    url: str
    ends: float
    keys: int
    wants_picture: bool
    stage: str = "opening"
    error: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    picture: bytes = b""
    is_stopped: bool = False
    is_done: bool = False
    is_answered: bool = False
    is_closed: bool = False

    def look(self) -> None:
        """Read the stream until enough was seen or the time is over. Never raises: sets ``error`` instead."""
        try:
            with self._open() as container:
                self._read(container)
                self.is_done = True
        except av.FFmpegError as error:
            self.error = self.error or _error_code(error)
        except (ValueError, RuntimeError, MemoryError, IndexError):
            self.error = self.error or "bad_response"
        finally:
            self.is_done = self.is_closed = True

    def answer(self) -> dict[str, Any]:
        """Return what is known by now."""
        self.is_answered = True
        facts, seen = dict(self.facts), list(self.seen)
        if self.stage == "opening":
            return {"stream": self.stream, "error": self.error or "timeout"}
        if self.error and self.error != "timeout" and not seen:
            return {"stream": self.stream, "error": self.error}
        if not seen or not facts.get("width") or not facts.get("height"):
            return {"stream": self.stream, "error": "no_data"}
        return {
            "stream": self.stream,
            **facts,
            **measure(seen),
            "picture": base64.b64encode(self.picture).decode(),
        }

    def _open(self) -> InputContainer:
        try:
            return self._open_with("video+audio")
        except av.FFmpegError as error:
            # One refused audio SETUP fails the whole open.
            if self.error or _error_code(error) not in {"bad_response", "busy"}:
                raise
            return self._open_with("video")

    def _open_with(self, media: str) -> InputContainer:
        # Part of what is left, so that silence after PLAY still ends the open before our time does.
        silence_s = max(self.ends - time.monotonic(), 0.1) * _SILENCE_PART
        # libav's own option, in µs, never PyAV's timeout=: that one takes the GIL six times per RTP packet.
        options = {
            "rtsp_transport": "tcp",
            "timeout": str(int(silence_s * 1_000_000)),
            "allowed_media_types": media,
            "user_agent": USER_AGENT,
            "analyzeduration": "1000000",  # a silent audio track is waited for no longer (µs)
        }
        began = time.monotonic()
        try:
            return av.open(self.url, options=options, metadata_errors="replace")
        except av.FFmpegError:
            if time.monotonic() - began >= silence_s * 0.9:
                self.error = "timeout"  # libav calls a request that got no answer invalid data
            raise

    def _read(self, container: InputContainer) -> None:
        video = next(iter(container.streams.video), None)
        if video is None:
            self.error = "no_video"
            return
        self._note(container, video)
        self.stage = "opened"
        decoding = False
        for packet in container.demux(video):
            if packet.size == 0 or self.is_stopped or len(self.seen) >= _MAX_PACKETS:
                break
            stamp = packet.dts if packet.dts is not None else packet.pts
            base = packet.time_base
            at_s = float(stamp * base) if stamp is not None and base is not None else None
            self.seen.append(Seen(at_s, time.monotonic(), packet.size, packet.is_keyframe))
            decoding = decoding or packet.is_keyframe
            if decoding and not self.picture and (self.wants_picture or not self._has_size()):
                self._decode(video, packet)
            has_picture = bool(self.picture) or not self.wants_picture
            if has_picture and self._has_size() and is_enough(self.seen, self.keys):
                break

    def _note(self, container: InputContainer, video: VideoStream) -> None:
        context = video.codec_context
        context.thread_count = 1
        self.facts = {
            "codec": _NAMES.get(context.name, context.name),
            "width": context.width,
            "height": context.height,
            "rate": float(video.average_rate or 0) or None,
            "audio_codec": _audio_codec(container),
        }

    def _has_size(self) -> bool:
        return bool(self.facts["width"] and self.facts["height"])

    def _decode(self, video: VideoStream, packet: "av.Packet[VideoStream]") -> None:
        try:
            frames = video.decode(packet)
        except av.FFmpegError:
            return  # the next one may be whole
        for frame in frames:
            if isinstance(frame, VideoFrame):
                self.facts["width"], self.facts["height"] = frame.width, frame.height
                if self.wants_picture:
                    self.picture = _jpeg(frame)
                return


def _jpeg(frame: VideoFrame) -> bytes:
    width = min(frame.width, _MAX_WIDTH) // 2 * 2
    height = max(round(frame.height * width / frame.width) // 2 * 2, 2)
    target = io.BytesIO()
    small = frame.reformat(width=width, height=height, format="rgb24")
    image = small.to_image()  # type: ignore[no-untyped-call] # PyAV does not say
    image.save(target, "JPEG", quality=80)
    return target.getvalue()


def _audio_codec(container: InputContainer) -> str | None:
    for audio in container.streams.audio:
        # Unknown tracks have no codec context, whatever the type says.
        name: str | None = getattr(audio.codec_context, "name", None)
        if name:
            return _NAMES.get(name, name)
    return None


def _error_code(error: av.FFmpegError) -> str:
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            return "unauthorized"
        case av.error.HTTPNotFoundError():
            return "path_not_found"
        case av.error.HTTPOtherClientError():
            return "busy"
        case av.error.TimeoutError():
            return "timeout"
        case av.error.ConnectionRefusedError():
            return "unreachable"
        case _:
            return "bad_response"


class Inspector:
    """Starts a thread per stream and answers each, in time."""

    def __init__(self) -> None:
        self._inspections: list[Inspection] = []
        self._input_ended = False

    def run(self) -> None:
        threading.Thread(target=self._take_orders, daemon=True).start()
        while not (self._input_ended and all(each.is_answered for each in self._inspections)):
            now = time.monotonic()
            for each in list(self._inspections):
                if not each.is_answered and (each.is_done or now >= each.ends):
                    each.is_stopped = True
                    sys.stdout.write(json.dumps(each.answer()) + "\n")
                    sys.stdout.flush()
            time.sleep(0.02)
        # Closing sends TEARDOWN, without which a camera of one session refuses the next; a stuck one is not waited for.
        until = time.monotonic() + _CLOSE_S
        while time.monotonic() < until and not all(each.is_closed for each in self._inspections):
            time.sleep(0.02)

    def _take_orders(self) -> None:
        for line in sys.stdin:
            order: Mapping[str, Any] = json.loads(line)
            inspection = Inspection(
                order["stream"],
                order["url"],
                float(order["ends"]),
                int(order["keys"]),
                bool(order["picture"]),
            )
            self._inspections.append(inspection)
            threading.Thread(target=inspection.look, daemon=True).start()
        self._input_ended = True


def main() -> None:
    _limit_ourselves()
    Inspector().run()
    sys.stdout.flush()
    os._exit(0)  # threads stuck in libav would hold up an orderly end


def _limit_ourselves() -> None:
    # A hardened unit may forbid each of these, or have lower limits already.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    with contextlib.suppress(OSError):
        os.nice(5)  # a probe must not cost recorded frames


if __name__ == "__main__":
    main()
