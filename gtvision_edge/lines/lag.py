"""When a line is far behind."""

from typing import Final

CALM: Final = 0.5
"""Being far behind ends below this part of what begins it: who hovers about it is told once."""


def is_over(value: float, limit: float, *, was_over: bool) -> bool:
    """Tell whether *value* is to be told as over *limit*, given whether it was so at the last look."""
    return value >= limit * (CALM if was_over else 1.0)


def age_s(oldest_us: int | None, now_us: int) -> float:
    """Return how long the oldest thing has waited, 0 when none does or the clock was put back."""
    return 0.0 if oldest_us is None else max(0.0, (now_us - oldest_us) / 1e6)


class Lag:
    """Whether too much waits for a line, or something for too long: *most* things, *longest_s* seconds."""

    def __init__(self, most: int, longest_s: float) -> None:
        self._most = most
        self._longest_s = longest_s
        self._is_far_behind = False

    @property
    def is_far_behind(self) -> bool:
        return self._is_far_behind

    def judge(self, waiting: int, oldest_s: float) -> None:
        """Take what waits as it is now."""
        was = self._is_far_behind
        self._is_far_behind = is_over(waiting, self._most, was_over=was) or is_over(
            oldest_s, self._longest_s, was_over=was
        )
