"""Time-ordered ids, and ids that mean nothing.

Hundreds a second are made while readings come. Each call of the system lets go of the GIL, and the thread that writes the database
then has it for a while: so random bytes are fetched for many ids at once.
"""

import os
from collections import deque
from typing import Final

from gtvision_edge.runtime.clock import Clock

_SIZE: Final = 10
_AT_ONCE: Final = 256
_fetched: deque[bytes] = deque()
"""Random bytes of ids to come; the deque's own operations are safe in any thread."""


def new_uuid7(clock: Clock) -> str:
    """Return a UUIDv7 (RFC 9562): 48 bits of *clock*'s milliseconds, then 74 random bits."""
    value = (clock.now_us() // 1000) << 80 | int.from_bytes(_random_bytes())
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_request_id() -> str:
    """Return sixteen hexadecimal digits."""
    return _random_bytes()[:8].hex()


def _random_bytes() -> bytes:
    """Return ``_SIZE`` bytes of the system's, which nobody else gets."""
    while True:
        try:
            return _fetched.pop()
        except IndexError:
            fresh = os.urandom(_SIZE * _AT_ONCE)
            _fetched.extend(fresh[at : at + _SIZE] for at in range(0, len(fresh), _SIZE))
