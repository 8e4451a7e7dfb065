"""What flows from a camera's session to recorder, live ring and RTSP readers."""

from dataclasses import dataclass, field
from fractions import Fraction

from gtvision_edge.media.embedded.nal import ParameterSets
from gtvision_edge.media.embedded.sps import Picture


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """Track 1. Times in 90 kHz ticks."""

    sets: ParameterSets
    picture: Picture

    timescale: int = 90_000

    @property
    def codec_string(self) -> str:
        return self.picture.codec_string

    @property
    def label(self) -> str:
        return "H264" if self.sets.codec == "h264" else "H265"


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """Track 2: AAC. Times in samples."""

    config: bytes
    """AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1)."""
    timescale: int
    channels: int
    source_label: str = "MPEG-4 Audio"
    """What the camera sends; G.711 is turned into AAC on the way in."""

    @property
    def codec_string(self) -> str:
        return f"mp4a.40.{self.config[0] >> 3}"


@dataclass(frozen=True, slots=True)
class Stream:
    """One unbroken run of fragments that share an init: a session, or a part of one."""

    stream_id: bytes
    """16 random bytes; changes with every init."""
    video: VideoTrack
    audio: AudioTrack | None
    init: bytes
    """ftyp + moov."""

    @property
    def codecs(self) -> str:
        tracks = (self.video, self.audio)
        return ",".join(track.codec_string for track in tracks if track is not None)


@dataclass(frozen=True, slots=True)
class TrackTime:
    """Where in a fragment's moof a track's base decode time stands, and what it is."""

    offset: int
    value: int
    timescale: int


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """One moof + mdat. Begins with a key frame or has none at all."""

    moof: bytes
    payload: tuple[bytes, ...]
    """What is in the mdat, sample by sample as they came. Never joined without need: half of what a camera's thread
    cost the kernel was fresh memory for joined copies."""
    starts_with_key: bool
    start_us: int
    """When its first picture arrived; UTC microseconds."""
    duration: Fraction
    """Of the video; seconds."""
    times: tuple[TrackTime, ...] = field(default=())
    size: int = field(init=False)
    """Bytes of moof and mdat."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.moof) + 8 + sum(map(len, self.payload)))

    @property
    def mdat_header(self) -> bytes:
        return (self.size - len(self.moof)).to_bytes(4, "big") + b"mdat"

    @property
    def parts(self) -> tuple[bytes, ...]:
        """The bytes of the fragment, in pieces."""
        return (self.moof, self.mdat_header, *self.payload)
