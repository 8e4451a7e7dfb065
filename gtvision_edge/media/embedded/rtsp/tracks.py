"""What a track is, and how SDP says it."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Literal

from gtvision_edge.media.embedded.rtsp.nal import parameter_sets_of

Codec = Literal["h264", "h265", "aac", "pcma", "pcmu"]

_STATIC_PAYLOAD_TYPES = {"pcmu": 0, "pcma": 8}  # RFC 3551 table 4


@dataclass(frozen=True, slots=True)
class TrackDescription:
    """One track of a publication, as DESCRIBE announces it.

    ``clock_rate`` is the unit of the timestamps given to ``send``: 90000 for video, the sampling
    rate for sound. ``nal_length_size`` is the size of the length before each NAL unit, or 0 when
    access units come as Annex B. ``config`` is AAC's AudioSpecificConfig.
    """

    codec: Codec
    clock_rate: int
    parameter_sets: tuple[bytes, ...] = ()
    nal_length_size: int = 0
    config: bytes = b""
    channels: int = 1

    @classmethod
    def h264(cls, extradata: bytes) -> "TrackDescription":
        """Describe H.264 from an ``avcC`` box (units come length-prefixed) or Annex B."""
        length_size, sets = parameter_sets_of("h264", extradata)
        return cls("h264", 90000, sets, length_size)

    @classmethod
    def h265(cls, extradata: bytes) -> "TrackDescription":
        """Describe H.265 from an ``hvcC`` box (units come length-prefixed) or Annex B."""
        length_size, sets = parameter_sets_of("h265", extradata)
        return cls("h265", 90000, sets, length_size)

    @classmethod
    def aac(cls, config: bytes, sample_rate: int, channels: int = 1) -> "TrackDescription":
        return cls("aac", sample_rate, config=config, channels=channels)

    @classmethod
    def g711(cls, law: Literal["pcma", "pcmu"], sample_rate: int = 8000) -> "TrackDescription":
        return cls(law, sample_rate)

    @property
    def is_video(self) -> bool:
        return self.codec in ("h264", "h265")

    def payload_type(self, index: int) -> int:
        """Return the RTP payload type of the track at *index*; static ones only where they fit."""
        if self.clock_rate == 8000 and self.channels == 1 and self.codec in _STATIC_PAYLOAD_TYPES:
            return _STATIC_PAYLOAD_TYPES[self.codec]
        return 96 + index

    def media_section(self, index: int) -> str:
        """Return the track's lines in the session description."""
        number = self.payload_type(index)
        kind = "video" if self.is_video else "audio"
        lines = [f"m={kind} 0 RTP/AVP {number}", f"a=rtpmap:{number} {self._encoding()}"]
        if parameters := self._format_parameters():
            lines.append(f"a=fmtp:{number} {parameters}")
        lines.append(f"a=control:trackID={index}")
        return "".join(line + "\r\n" for line in lines)

    def _encoding(self) -> str:
        match self.codec:
            case "aac":
                return f"MPEG4-GENERIC/{self.clock_rate}/{self.channels}"
            case "pcma" | "pcmu":
                channels = "" if self.channels == 1 else f"/{self.channels}"
                return f"{self.codec.upper()}/{self.clock_rate}{channels}"
            case "h264" | "h265":
                return f"{self.codec.upper()}/{self.clock_rate}"

    def _format_parameters(self) -> str:
        sets = [b64encode(unit).decode() for unit in self.parameter_sets]
        match self.codec:
            case "h264":
                parts = ["packetization-mode=1"]
                if sets:
                    sps = next(u for u in self.parameter_sets if u[0] & 0x1F == 7)
                    parts.append(f"profile-level-id={sps[1:4].hex().upper()}")
                    parts.append("sprop-parameter-sets=" + ",".join(sets))
                return ";".join(parts)
            case "h265":
                names = {32: "sprop-vps", 33: "sprop-sps", 34: "sprop-pps"}
                grouped: dict[str, list[str]] = {}
                for unit, text in zip(self.parameter_sets, sets, strict=True):
                    grouped.setdefault(names[(unit[0] >> 1) & 0x3F], []).append(text)
                return ";".join(f"{name}={','.join(found)}" for name, found in grouped.items())
            case "aac":
                # RFC 3640 section 3.3.6, high bit-rate AAC.
                return (
                    "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
                    f"indexdeltalength=3;config={self.config.hex().upper()}"
                )
            case "pcma" | "pcmu":
                return ""
