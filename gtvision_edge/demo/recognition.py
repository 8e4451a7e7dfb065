"""What a camera that reads plates makes of a vehicle that passes it."""

from dataclasses import dataclass
from random import Random
from typing import Final

from gtvision_edge.demo.traffic import Passage
from gtvision_edge.demo.vehicles import Light

_UNREAD: Final = 0.04
_DOUBTFUL: Final = 0.08
_DIRECTIONS: Final = {"approaching": "approach", "receding": "leave"}


@dataclass(frozen=True, slots=True)
class Recognised:
    """A plate as it is told; it is never another than the drawn one."""

    plate: str | None
    """None: the camera saw a vehicle and could not read its plate."""
    confidence: float | None
    """0 to 1, three decimals; None where nothing was read."""
    direction: str


def recognise(passage: Passage, light: Light) -> Recognised:
    """Return what the camera tells of *passage*: the same whenever it is asked. The darker, the less sure."""
    random = Random(f"{passage.camera}:{passage.at_us}:read")  # noqa: S311 (a play, not a secret)
    direction = _DIRECTIONS[passage.direction]
    share = random.random()
    if share < _UNREAD:
        return Recognised(None, None, direction)
    if share < _UNREAD + _DOUBTFUL:
        sure = random.uniform(0.55, 0.79)
    else:
        sure = random.uniform(0.86, 0.95) + 0.045 * light.day
    return Recognised(passage.plate, round(sure, 3), direction)
