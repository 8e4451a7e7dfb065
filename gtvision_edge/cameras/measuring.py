"""What the packets of a few seconds tell of a stream. Pure functions; time stamps of cameras are not believed blindly."""

import itertools
from collections.abc import Sequence
from statistics import median
from typing import Any, Final, NamedTuple

_ENOUGH_S: Final = 1.5
_STAMPS_TRUSTED: Final = (0.5, 2.0)
"""Stamps count when they run at 0.5 to 2 times the speed of arrival; else arrival does."""


class Seen(NamedTuple):
    """A video packet. *at_s*: its own stamp, None = it had none; *arrived_s*: by our monotonic clock."""

    at_s: float | None
    arrived_s: float
    size: int
    is_key: bool


def is_enough(seen: Sequence[Seen], keys: int) -> bool:
    """Tell whether more packets would add little: *keys* key frames and a second and a half."""
    if sum(packet.is_key for packet in seen) < keys:
        return False
    return _span(_times(seen)) >= _ENOUGH_S


def measure(seen: Sequence[Seen]) -> dict[str, Any]:
    """Return fps, bit rate, key-frame interval (at least, when no second key frame came) and its irregularity."""
    times = _times(seen)
    span = _span(times)
    fps = (len(times) - 1) / span if len(times) > 4 and span > 0.2 else None
    keys = [at for at, packet in zip(times, seen, strict=True) if packet.is_key]
    gaps = [later - earlier for earlier, later in itertools.pairwise(keys)]
    gaps = [gap for gap in gaps if gap > 0]
    if gaps:
        interval: float | None = median(gaps)
    else:
        # From the last key frame on, or from the beginning, no (other) one came.
        interval = (times[-1] - (keys[0] if keys else times[0])) if span > 0.2 else None
    frame_s = 1 / fps if fps else 0.0
    return {
        "fps": round(fps, 2) if fps else None,
        "bitrate_bps": (
            round(sum(packet.size for packet in seen) * 8 / (span + frame_s)) if fps else None
        ),
        "keyframe_interval_s": round(interval, 2) if interval is not None else None,
        "keyframe_interval_is_minimum": not gaps,
        "has_irregular_keyframes": len(gaps) >= 2
        and max(gaps) > 1.6 * min(gaps)
        and max(gaps) - min(gaps) > 0.5,
    }


def _times(seen: Sequence[Seen]) -> list[float]:
    """Return a time for each packet: its stamp where stamps make sense, else when it arrived."""
    arrived = [packet.arrived_s for packet in seen]
    stamps = [packet.at_s for packet in seen]
    known = [(index, at) for index, at in enumerate(stamps) if at is not None]
    if len(known) < 2:
        return arrived
    steps = [
        (after - before) / (later - earlier)
        for (earlier, before), (later, after) in itertools.pairwise(known)
    ]
    step = median(steps)
    # The first key frame of a session often has no stamp at all, later packets hardly ever.
    first_index, first = known[0]
    filled = [first - (first_index - index) * step for index in range(first_index)]
    for at in stamps[first_index:]:
        filled.append(filled[-1] + step if at is None else at)
    low, high = _STAMPS_TRUSTED
    is_sane = all(-0.5 <= each <= max(5.0, 20 * step) for each in steps)
    # A camera may send its last group of pictures in one burst, so stamps may well run ahead by that much.
    ran, took = filled[-1] - filled[0], arrived[-1] - arrived[0]
    if is_sane and ran > 0 and (ran <= high * took + 10) and ran >= low * took:
        return filled
    return arrived


def _span(times: Sequence[float]) -> float:
    return times[-1] - times[0] if times else 0.0
