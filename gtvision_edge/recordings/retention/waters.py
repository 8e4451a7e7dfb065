"""How full is full: the thresholds of the volume as bytes that must be free."""

from dataclasses import dataclass
from typing import Protocol

from gtvision_edge.settings import VolumeSettings

SMALL_SHARE = 0.1
"""The reserve takes no more of a small volume than this."""


class Sizes(Protocol):
    """Bytes of the volume; what root keeps for itself is in neither."""

    @property
    def used(self) -> int: ...
    @property
    def free(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Waters:
    """Bytes of free space: pressure begins below ``high`` and ends at ``low``; the breaker opens below ``trip``.

    It closes above ``reset``. Always ``trip < reset < high < low``, also where the reserve decides.
    """

    trip: int
    reset: int
    high: int
    low: int


def waters(settings: VolumeSettings, sizes: Sizes) -> Waters:
    """Return what must be free on a volume of these sizes."""
    room = sizes.used + sizes.free
    reserve = min(settings.reserve, room * SMALL_SHARE)
    return Waters(
        trip=int(max((1 - settings.trip) * room, reserve)),
        reset=int(max((1 - settings.reset) * room, 1.5 * reserve)),
        high=int(max((1 - settings.high_water) * room, 2 * reserve)),
        low=int(max((1 - settings.low_water) * room, 2.5 * reserve)),
    )
