"""What a sequence parameter set says about the picture: ITU-T H.264 7.3.2.1.1, H.265 7.3.2.2."""

from dataclasses import dataclass

from gtvision_edge.media.embedded.nal import ParameterSets

_H264_WITH_CHROMA = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}


@dataclass(frozen=True, slots=True)
class Picture:
    """Size in luma samples after cropping, and what the codec's configuration box asks for."""

    width: int
    height: int
    chroma_format: int
    luma_bits: int
    chroma_bits: int
    codec_string: str
    """RFC 6381, e.g. ``avc1.64001f``."""
    profile_level: bytes
    """H.265: the 12 bytes of general profile, tier, flags and level. H.264: profile, flags, level."""


class BrokenParameterSetError(ValueError):
    """The parameter set ends too early or contradicts itself."""


def read_picture(sets: ParameterSets) -> Picture:
    """Parse the SPS of *sets*.

    Raises:
        BrokenParameterSetError: it is no valid SPS.

    """
    try:
        return _read_h264(sets.sps) if sets.codec == "h264" else _read_h265(sets.sps)
    except (IndexError, OverflowError) as error:
        raise BrokenParameterSetError("the parameter set is cut off") from error


class _Bits:
    def __init__(self, unit: bytes) -> None:
        # Emulation prevention: 00 00 03 stands for 00 00.
        self.data = unit.replace(b"\x00\x00\x03", b"\x00\x00")
        self.position = 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self.data[self.position >> 3]
            value = value << 1 | (byte >> (7 - (self.position & 7))) & 1
            self.position += 1
        return value

    def skip(self, count: int) -> None:
        self.position += count

    def unsigned(self) -> int:
        """Read ue(v)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise OverflowError
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """Read se(v)."""
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def _read_h264(sps: bytes) -> Picture:
    bits = _Bits(sps[1:])
    profile = bits.read(8)
    bits.skip(16)
    bits.unsigned()  # seq_parameter_set_id
    chroma, luma_bits, chroma_bits = 1, 8, 8
    if profile in _H264_WITH_CHROMA:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.skip(1)
        luma_bits, chroma_bits = 8 + bits.unsigned(), 8 + bits.unsigned()
        bits.skip(1)
        if bits.read(1):
            for index in range(8 if chroma != 3 else 12):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.unsigned()  # log2_max_frame_num
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.skip(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()  # max_num_ref_frames
    bits.skip(1)
    width = (bits.unsigned() + 1) * 16
    map_units = (bits.unsigned() + 1) * 16
    frames_only = bits.read(1)
    height = map_units * (2 - frames_only)
    if not frames_only:
        bits.skip(1)
    bits.skip(1)
    if bits.read(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    _check_size(width, height)
    return Picture(
        width, height, chroma, luma_bits, chroma_bits, f"avc1.{sps[1:4].hex()}", sps[1:4]
    )


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = next_scale = 8
    for _ in range(size):
        if next_scale:
            next_scale = (last + bits.signed()) % 256
        last = next_scale or last


def _read_h265(sps: bytes) -> Picture:
    bits = _Bits(sps[2:])
    bits.skip(4)
    sub_layers = bits.read(3)  # sps_max_sub_layers_minus1
    bits.skip(1)
    profile_level = bits.data[1:13]
    if len(profile_level) < 12:
        raise IndexError
    bits.skip(96)
    present = [(bits.read(1), bits.read(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.skip(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)
    bits.unsigned()  # sps_seq_parameter_set_id
    chroma = bits.unsigned()
    if chroma == 3:
        bits.skip(1)
    width, height = bits.unsigned(), bits.unsigned()
    if bits.read(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        width -= (left + right) * (2 if chroma in (1, 2) else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1)
    luma_bits, chroma_bits = 8 + bits.unsigned(), 8 + bits.unsigned()
    _check_size(width, height)
    return Picture(
        width,
        height,
        chroma,
        luma_bits,
        chroma_bits,
        _h265_codec_string(profile_level),
        profile_level,
    )


def _h265_codec_string(profile_level: bytes) -> str:
    # ISO/IEC 14496-15 annex E.3: space and profile, reversed compatibility flags, tier and level, constraints.
    space = ("", "A", "B", "C")[profile_level[0] >> 6]
    tier = "H" if profile_level[0] & 0x20 else "L"
    flags = int.from_bytes(profile_level[1:5], "big")
    reversed_flags = int(f"{flags:032b}"[::-1], 2)
    constraints = profile_level[5:11].rstrip(b"\x00")
    text = f"hvc1.{space}{profile_level[0] & 0x1F}.{reversed_flags:x}.{tier}{profile_level[11]}"
    return text + "".join(f".{byte:x}" for byte in constraints)


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise BrokenParameterSetError(f"the parameter set says {width}x{height}")
