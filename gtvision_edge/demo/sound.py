"""Street noise as G.711 A-law: a low rumble that swells when a vehicle passes."""

from random import Random

RATE = 8000
"""Samples (and bytes) per second."""

_LOOP_S = 3
_LEVELS = 24


class StreetNoise:
    """Hands out A-law bytes by the sample's number; every loudness is prepared once."""

    def __init__(self, seed: str) -> None:
        samples = _rumble(seed)
        self._loops = [
            bytes(_ALAW[round(sample * gain) >> 4] for sample in samples)
            for gain in (0.06 + 0.94 * (level / (_LEVELS - 1)) ** 2 for level in range(_LEVELS))
        ]

    def take(self, first: int, count: int, loudness: float) -> bytes:
        """Return *count* samples from number *first* on; *loudness* 0 to 1."""
        loop = self._loops[round(min(1.0, max(0.0, loudness)) * (_LEVELS - 1))]
        start = first % len(loop)
        taken = loop[start : start + count]
        while len(taken) < count:
            taken += loop[: count - len(taken)]
        return taken


def _rumble(seed: str) -> list[float]:
    """Return low-passed noise whose end meets its beginning."""
    random = Random(seed)  # noqa: S311 (noise)
    count = RATE * _LOOP_S
    fade = RATE // 4
    low = air = 0.0
    raw: list[float] = []
    for _ in range(count + fade):
        white = random.uniform(-1, 1)
        low += (white - low) * 0.05
        air += (white - air) * 0.45
        raw.append(low * 5.0 + air * 0.25)
    for index in range(fade):
        share = index / fade
        raw[index] = raw[index] * share + raw[count + index] * (1 - share)
    peak = max(abs(sample) for sample in raw[:count])
    return [sample / peak * 20_000 for sample in raw[:count]]


def _alaw(sample: int) -> int:
    """Encode one 16-bit sample (ITU-T G.711)."""
    mask = 0xD5
    value = sample >> 3
    if value < 0:
        mask, value = 0x55, -value - 1
    segment = max(0, value.bit_length() - 5)
    low = (value >> 1 if segment < 2 else value >> segment) & 0x0F
    return (segment << 4 | low) ^ mask


# By the upper twelve bits; negative numbers count from the end, as list indices do.
_ALAW = [_alaw(upper << 4) for upper in (*range(2048), *range(-2048, 0))]
