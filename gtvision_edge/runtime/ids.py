"""Time-ordered ids."""

import os
import uuid

from gtvision_edge.runtime.clock import Clock


def new_uuid7(clock: Clock) -> str:
    """Return a UUIDv7 (RFC 9562): 48 bits of *clock*'s milliseconds, then 74 random bits."""
    value = (clock.now_us() // 1000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
