"""RFC 6381 strings from the sample entries of an MP4 file. Whatever is odd gives the entry's four letters."""

import struct
from typing import Final

from gtvision_edge.media.boxes import find_boxes

_VIDEO_FIELDS: Final = 78
_AUDIO_FIELDS: Final = 28


def video_codec(kind: bytes, entry: bytes) -> str:
    """Return the codec of a visual sample entry; *entry* is its body."""
    try:
        if kind in (b"avc1", b"avc3") and (config := _child(entry, b"avcC", _VIDEO_FIELDS)):
            return f"{_letters(kind)}.{config[1:4].hex()}"
        if kind in (b"hvc1", b"hev1") and (config := _child(entry, b"hvcC", _VIDEO_FIELDS)):
            return _hevc(kind, config)
        if kind == b"av01" and (config := _child(entry, b"av1C", _VIDEO_FIELDS)):
            tier, depth = config[2] >> 7, 10 if config[2] & 0x40 else 8
            return f"av01.{config[1] >> 5}.{config[1] & 31:02}{'HM'[1 - tier]}.{depth:02}"
        if kind == b"vp09" and (config := _child(entry, b"vpcC", _VIDEO_FIELDS)):
            return f"vp09.{config[4]:02}.{config[5]:02}.{config[6] >> 4:02}"
    except (IndexError, struct.error):
        pass
    return _letters(kind)


def audio_codec(kind: bytes, entry: bytes) -> str:
    """Return the codec of an audio sample entry; *entry* is its body."""
    if kind == b"mp4a" and (esds := _child(entry, b"esds", _AUDIO_FIELDS)):
        try:
            return _aac(esds)
        except (IndexError, struct.error):
            pass
    if kind == b"Opus":
        return "opus"
    return _letters(kind)


def _hevc(kind: bytes, config: bytes) -> str:
    space, tier, profile = config[1] >> 6, config[1] >> 5 & 1, config[1] & 31
    (flags,) = struct.unpack_from(">I", config, 2)
    compatible = int(f"{flags:032b}"[::-1], 2)
    constraints = config[6:12].rstrip(b"\0")
    parts = [
        f"{['', 'A', 'B', 'C'][space]}{profile}",
        f"{compatible:X}",
        f"{'LH'[tier]}{config[12]}",
        *(f"{byte:X}" for byte in constraints),
    ]
    return ".".join([_letters(kind), *parts])


def _aac(esds: bytes) -> str:
    """Walk the descriptors: ES (3) → DecoderConfig (4) → DecoderSpecificInfo (5)."""
    at, end = _descriptor(esds, 4, 3)
    flags = esds[at + 2]
    at += 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
    if flags & 0x40:
        at += 1 + esds[at]
    at, end = _descriptor(esds, at, 4)
    kind = esds[at]
    if kind != 0x40:
        return f"mp4a.{kind:02x}"
    at, end = _descriptor(esds, at + 13, 5)
    object_type = esds[at] >> 3
    if object_type == 31 and at + 1 < end:
        object_type = 32 + ((esds[at] & 7) << 3 | esds[at + 1] >> 5)
    return f"mp4a.40.{object_type}"


def _descriptor(data: bytes, at: int, tag: int) -> tuple[int, int]:
    if data[at] != tag:
        raise IndexError(tag)
    length = 0
    for _ in range(4):
        at += 1
        length = length << 7 | data[at] & 0x7F
        if data[at] < 0x80:
            break
    return at + 1, at + 1 + length


def _child(entry: bytes, kind: bytes, fields: int) -> bytes | None:
    boxes = find_boxes(entry, kind, fields)
    return entry[boxes[0].body : boxes[0].end] if boxes else None


def _letters(kind: bytes) -> str:
    return "".join(chr(byte) for byte in kind if 0x20 < byte < 0x7F)
