"""Time-ordered ids."""

import os

from gtvision_edge.runtime.clock import Clock


def new_uuid7(clock: Clock) -> str:
    """Return a UUIDv7 (RFC 9562): 48 bits of *clock*'s milliseconds, then 74 random bits."""
    value = (clock.now_us() // 1000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
