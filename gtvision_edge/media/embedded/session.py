"""One RTSP session with a camera: packets in, a stream of fragments out. Runs in the camera's own thread."""

import socket
import threading
import time
from urllib.parse import urlsplit

import av
import structlog
from av.container import InputContainer

from gtvision_edge.cameras.agent import USER_AGENT
from gtvision_edge.media.embedded.assembly import SampleAssembly, SessionSink
from gtvision_edge.media.embedded.errors import (
    NoVideoError,
    SourceError,
    SourceUnauthorizedError,
    SourceUnreachableError,
)
from gtvision_edge.media.embedded.leash import Leash, LeashKeeper, Peer
from gtvision_edge.media.embedded.tracks import AudioInput, VideoInput, choose_tracks
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.logs import mask_secrets

log = structlog.get_logger(__name__)

OPEN_LIMIT_S = 10.0
"""From the TCP connect to the first key frame's packet."""
VIDEO_LIMIT_S = 10.0
"""Without a picture, the session is dead: sound alone does not count."""
_IO_TIMEOUT_US = 5_000_000

# Never pass av.open(timeout=) nor set an av.logging level: both take the GIL in libav's hot path, and 32 readers then
# cost three times as much.
_OPTIONS = {
    "rtsp_transport": "tcp",
    "timeout": str(_IO_TIMEOUT_US),
    "analyzeduration": "500000",
    "fpsprobesize": "0",
    "allowed_media_types": "video+audio",
    # By this name our own RTSP server knows us, should a camera redirect us to it.
    "user_agent": USER_AGENT,
}


def peer_of(url: str) -> Peer:
    """Return the address of the camera, its name resolved. Blocks.

    Raises:
        SourceUnreachableError: the name does not resolve.

    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 554
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SourceUnreachableError("The name of the source does not resolve.") from error
    address = found[0][4]
    return str(address[0]), int(address[1])


def run_session(
    url: str,
    sink: SessionSink,
    *,
    keeper: LeashKeeper,
    stop: threading.Event,
    clock: Clock,
    fragment_s: float,
) -> None:
    """Read *url* until it ends, fails or *stop* is set; blocks.

    Raises:
        SourceError: it could not be opened, or gave no pictures.

    """
    peer = peer_of(url)
    try:
        with keeper.hold(peer, OPEN_LIMIT_S, stop) as leash:
            sink.leashed(leash)
            try:
                _read(url, sink, leash, stop, clock, fragment_s)
            finally:
                sink.leashed(None)
    except TimeoutError as error:
        raise SourceError("The source did not answer in time.") from error


def _read(
    url: str,
    sink: SessionSink,
    leash: Leash,
    stop: threading.Event,
    clock: Clock,
    fragment_s: float,
) -> None:
    container = _open(url, leash)
    try:
        video, audio, dropped = choose_tracks(container)
        for name in dropped:
            log.warning("track_dropped", codec=name)
        if video is None:
            raise NoVideoError("The source has no H.264 or H.265 video.")
        assembly = SampleAssembly(video, audio, sink, clock=clock, fragment_s=fragment_s)
        try:
            _pump(container, video, audio, assembly, sink, leash, stop)
        except av.FFmpegError as error:
            if not stop.is_set():
                raise _translate(error, leash_cut=leash.is_cut) from error
        finally:
            assembly.finish()
    finally:
        # Sends TEARDOWN: a camera with one session refuses the next one otherwise.
        container.close()


def _open(url: str, leash: Leash) -> InputContainer:
    try:
        return _open_with(url, _OPTIONS)
    except av.FFmpegError as error:
        if leash.is_cut or not _may_be_the_sound(error):
            raise _translate(error, leash_cut=leash.is_cut) from error
    # One refused audio SETUP fails the whole open.
    try:
        return _open_with(url, _OPTIONS | {"allowed_media_types": "video"})
    except av.FFmpegError as error:
        raise _translate(error, leash_cut=leash.is_cut) from error


def _open_with(url: str, options: dict[str, str]) -> InputContainer:
    # Broken text in the SDP must not end the session: metadata_errors.
    return av.open(url, options=dict(options), metadata_errors="replace")


def _may_be_the_sound(error: av.FFmpegError) -> bool:
    certain = (
        av.error.HTTPUnauthorizedError,
        av.error.HTTPNotFoundError,
        av.error.ConnectionRefusedError,
        av.error.TimeoutError,
    )
    return not isinstance(error, certain) and not isinstance(error, OSError)


def _translate(error: av.FFmpegError, *, leash_cut: bool) -> SourceError:
    if leash_cut:
        return SourceError("The source did not deliver in time.")
    if isinstance(error, av.error.HTTPUnauthorizedError):
        return SourceUnauthorizedError("The source refused the user name or the password.")
    if isinstance(error, OSError):
        return SourceUnreachableError(mask_secrets(error.strerror or "unreachable"))
    return SourceError(mask_secrets(str(error.strerror or type(error).__name__)))


def _pump(
    container: InputContainer,
    video: VideoInput,
    audio: AudioInput | None,
    assembly: SampleAssembly,
    sink: SessionSink,
    leash: Leash,
    stop: threading.Event,
) -> None:
    wanted = [video.stream] if audio is None else [video.stream, audio.stream]
    video_index = video.stream.index
    for packet in container.demux(wanted):
        if stop.is_set():
            return
        size = packet.size
        if size == 0:
            continue
        arrival_s = time.monotonic()
        sink.inbound_bytes += size
        if packet.stream_index == video_index:
            leash.deadline = arrival_s + VIDEO_LIMIT_S
            assembly.add_video(memoryview(packet), packet.dts, packet.pts, arrival_s)
        else:
            assembly.add_audio(bytes(packet), packet.dts, arrival_s)
    if leash.is_cut:
        raise SourceError("The source sent no picture in time.")
