"""RTP packets (RFC 3550) of access units, ready to be interleaved on a TCP connection."""

import secrets
import struct
from collections.abc import Iterable, Iterator

from gtvision_edge.media.embedded.rtsp.nal import (
    VideoCodec,
    is_delimiter,
    is_parameter_set,
    units_of,
)
from gtvision_edge.media.embedded.rtsp.tracks import TrackDescription

# TCP would carry 64 kB, but some readers pass packets on by UDP and complain about longer ones.
MAX_PAYLOAD = 1400

_INTERLEAVED_RTP = struct.Struct(">BBHBBHII")
_SENDER_REPORT = struct.Struct(">BBHIQIII")
_NTP_EPOCH_S = 2_208_988_800  # from 1900 to 1970
_CNAME = b"gtvision"

# A piece of payload: what goes before it, and the bytes themselves (not copied until joined).
Piece = tuple[bytes, bytes | memoryview]


def h264_pieces(units: Iterable[memoryview]) -> Iterator[Piece]:
    """Cut units for RFC 6184: whole where they fit, else FU-A."""
    for unit in units:
        if len(unit) <= MAX_PAYLOAD:
            yield b"", unit
            continue
        indicator = unit[0] & 0xE0 | 28
        kind = unit[0] & 0x1F
        step = MAX_PAYLOAD - 2
        for at in range(1, len(unit), step):
            flags = (0x80 if at == 1 else 0) | (0x40 if at + step >= len(unit) else 0)
            yield bytes((indicator, flags | kind)), unit[at : at + step]


def h265_pieces(units: Iterable[memoryview]) -> Iterator[Piece]:
    """Cut units for RFC 7798: whole where they fit, else fragmentation units."""
    for unit in units:
        if len(unit) <= MAX_PAYLOAD:
            yield b"", unit
            continue
        header = unit[0] & 0x81 | 49 << 1
        kind = (unit[0] >> 1) & 0x3F
        step = MAX_PAYLOAD - 3
        for at in range(2, len(unit), step):
            flags = (0x80 if at == 2 else 0) | (0x40 if at + step >= len(unit) else 0)
            yield bytes((header, unit[1], flags | kind)), unit[at : at + step]


def aac_pieces(frame: bytes) -> Iterator[Piece]:
    """Wrap one frame for RFC 3640 (AAC-hbr); each fragment carries the size of the whole."""
    header = struct.pack(">HH", 16, (len(frame) & 0x1FFF) << 3)
    step = MAX_PAYLOAD - len(header)
    view = memoryview(frame)
    for at in range(0, len(frame), step):
        yield header, view[at : at + step]


class AccessUnit:
    """What ``send`` was given, packetised once, when the first reader needs it."""

    __slots__ = (
        "_data",
        "_offsets",
        "_wires",
        "captured_us",
        "first_sequence",
        "is_key",
        "size",
        "timestamp",
        "track",
    )

    def __init__(self, track: int, data: bytes, timestamp: int, *, is_key: bool) -> None:
        self.track = track
        self.timestamp = timestamp  # of the RTP packets, 32 bits
        self.is_key = is_key
        self.size = len(data)
        self.captured_us = 0
        self.first_sequence: int | None = None
        self._data = data
        self._offsets: list[int] = []
        self._wires: dict[int, bytes] = {}

    def wire(self, channel: int, sender: "TrackSender") -> bytes:
        """Return the packets as they go onto a connection that reads the track on *channel*."""
        if (ready := self._wires.get(channel)) is not None:
            return ready
        if self._wires:
            # Readers on other channels get the same packets, only the channel byte differs.
            copy = bytearray(next(iter(self._wires.values())))
            for offset in self._offsets:
                copy[offset] = channel
            wire = bytes(copy)
        else:
            wire = self._packetise(channel, sender)
            self._data = b""
        self._wires[channel] = wire
        return wire

    def _packetise(self, channel: int, sender: "TrackSender") -> bytes:
        pieces = list(sender.pieces(self._data, is_key=self.is_key))
        self.first_sequence = sender.sequence
        parts: list[bytes | memoryview] = []
        at = 1
        marked = len(pieces) - 1 if sender.marks_last else -1
        for number, (prefix, body) in enumerate(pieces):
            length = len(prefix) + len(body) + 12
            kind = sender.payload_type | (0x80 if number == marked else 0)
            parts.append(
                _INTERLEAVED_RTP.pack(
                    0x24,
                    channel,
                    length,
                    0x80,
                    kind,
                    sender.next_sequence(len(prefix) + len(body)),
                    self.timestamp,
                    sender.ssrc,
                )
            )
            parts += (prefix, body)
            self._offsets.append(at)
            at += length + 4
        return b"".join(parts)


class TrackSender:
    """Sequence numbers, counters and sender reports of one track; shared by all its readers."""

    def __init__(self, index: int, description: TrackDescription) -> None:
        self.description = description
        self.payload_type = description.payload_type(index)
        self.marks_last = description.codec not in ("pcma", "pcmu")
        self.ssrc = secrets.randbits(32)
        self.timestamp_offset = secrets.randbits(32)
        self.sequence = secrets.randbits(16)
        self._packets = 0
        self._octets = 0

    def next_sequence(self, octets: int) -> int:
        number = self.sequence
        self.sequence = (number + 1) & 0xFFFF
        self._packets = (self._packets + 1) & 0xFFFFFFFF
        self._octets = (self._octets + octets) & 0xFFFFFFFF
        return number

    def rtp_timestamp(self, ticks: int) -> int:
        return (ticks + self.timestamp_offset) & 0xFFFFFFFF

    def pieces(self, data: bytes, *, is_key: bool) -> Iterator[Piece]:
        """Yield the payloads of an access unit, one per packet."""
        match self.description.codec:
            case "h264":
                return h264_pieces(self._units("h264", data, is_key=is_key))
            case "h265":
                return h265_pieces(self._units("h265", data, is_key=is_key))
            case "aac":
                return aac_pieces(data)
            case "pcma" | "pcmu":
                return iter(((b"", data),))

    def report(self, timestamp: int, captured_us: int, channel: int) -> bytes:
        """Return an interleaved sender report: the sample at *timestamp* was taken then.

        The time must be that of the capture, not of the sending: readers derive presentation
        times from it, and a burst of old frames would shift all that follow.
        """
        seconds, micros = divmod(captured_us, 1_000_000)
        ntp = (seconds + _NTP_EPOCH_S << 32) + (micros << 32) // 1_000_000
        report = _SENDER_REPORT.pack(
            0x80,
            200,
            6,
            self.ssrc,
            ntp & 0xFFFFFFFFFFFFFFFF,
            timestamp,
            self._packets,
            self._octets,
        )
        item = bytes((1, len(_CNAME))) + _CNAME
        item += b"\x00" * (4 - len(item) % 4)
        names = struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, self.ssrc) + item
        return struct.pack(">BBH", 0x24, channel, len(report) + len(names)) + report + names

    def _units(self, codec: VideoCodec, data: bytes, *, is_key: bool) -> Iterable[memoryview]:
        units = units_of(data, self.description.nal_length_size)
        if not is_key:
            return units
        # A reader that starts here must find the parameter sets in the stream itself.
        found = list(units)
        if any(is_parameter_set(codec, unit[0]) for unit in found):
            return found
        at = 1 if found and is_delimiter(codec, found[0][0]) else 0
        sets = [memoryview(unit) for unit in self.description.parameter_sets]
        return [*found[:at], *sets, *found[at:]]
