"""NAL units of H.264 and H.265: cutting them out of access units and configuration boxes."""

from collections.abc import Iterator
from typing import Literal

VideoCodec = Literal["h264", "h265"]

_START_CODE = b"\x00\x00\x01"


def nal_type(codec: VideoCodec, first_byte: int) -> int:
    return first_byte & 0x1F if codec == "h264" else (first_byte >> 1) & 0x3F


def is_parameter_set(codec: VideoCodec, first_byte: int) -> bool:
    """Tell whether a unit is a VPS, SPS or PPS."""
    kind = nal_type(codec, first_byte)
    return kind in (7, 8) if codec == "h264" else kind in (32, 33, 34)


def is_delimiter(codec: VideoCodec, first_byte: int) -> bool:
    return nal_type(codec, first_byte) == (9 if codec == "h264" else 35)


def annex_b_units(data: bytes) -> Iterator[memoryview]:
    """Yield the units between start codes, without copying."""
    view = memoryview(data)
    start = data.find(_START_CODE)
    while start >= 0:
        start += 3
        following = data.find(_START_CODE, start)
        end = len(data) if following < 0 else following
        while end > start and data[end - 1] == 0:  # a unit never ends in zero: they are padding
            end -= 1
        if end > start:
            yield view[start:end]
        start = following


def prefixed_units(data: bytes, length_size: int) -> Iterator[memoryview]:
    """Yield the units behind their lengths; a length past the end ends the walk."""
    view = memoryview(data)
    at = 0
    while at + length_size < len(data):
        size = int.from_bytes(data[at : at + length_size], "big")
        at += length_size
        if size and at + size <= len(data):
            yield view[at : at + size]
        at += size


def units_of(data: bytes, length_size: int) -> Iterator[memoryview]:
    """Yield the units of an access unit; *length_size* 0 means Annex B."""
    return prefixed_units(data, length_size) if length_size else annex_b_units(data)


def parameter_sets_of(codec: VideoCodec, extradata: bytes) -> tuple[int, tuple[bytes, ...]]:
    """Read *extradata*; return the length size of its access units (0: Annex B) and its sets.

    Raises:
        ValueError: a configuration box is cut short.

    """
    if not extradata or extradata[:3] == _START_CODE or extradata[:4] == b"\x00" + _START_CODE:
        units = (bytes(unit) for unit in annex_b_units(extradata))
        # Each set once: cameras repeat them, and MediaMTX refuses a description that does.
        return 0, tuple(dict.fromkeys(u for u in units if is_parameter_set(codec, u[0])))
    try:
        return _read_avcc(extradata) if codec == "h264" else _read_hvcc(extradata)
    except IndexError as error:
        raise ValueError("the codec configuration is cut short") from error


def _read_avcc(box: bytes) -> tuple[int, tuple[bytes, ...]]:
    # ISO 14496-15, AVCDecoderConfigurationRecord.
    sets: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):
        count = box[at] & mask
        at += 1
        for _ in range(count):
            unit, at = _sized(box, at)
            sets.append(unit)
    return (box[4] & 3) + 1, tuple(sets)


def _read_hvcc(box: bytes) -> tuple[int, tuple[bytes, ...]]:
    # ISO 14496-15, HEVCDecoderConfigurationRecord.
    sets: list[bytes] = []
    at = 23
    for _ in range(box[22]):
        count = int.from_bytes(box[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            unit, at = _sized(box, at)
            if is_parameter_set("h265", unit[0]):
                sets.append(unit)
    return (box[21] & 3) + 1, tuple(sets)


def _sized(box: bytes, at: int) -> tuple[bytes, int]:
    size = box[at] << 8 | box[at + 1]
    unit = box[at + 2 : at + 2 + size]
    if len(unit) != size or not unit:
        raise IndexError(at)
    return unit, at + 2 + size
