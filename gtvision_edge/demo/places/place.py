"""What a scene needs to know of a place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from gtvision_edge.demo.road import Lens
from gtvision_edge.demo.vehicles import Light


@dataclass(frozen=True, slots=True)
class Barrier:
    """An arm across the street; it is up while a vehicle passes."""

    hinge_x: float
    distance: float
    reach_m: float
    up_m: float
    day: float


@dataclass(frozen=True, slots=True)
class Place:
    """An empty street and how vehicles move through it."""

    lens: Lens
    paint: Callable[[Lens], Image.Image]
    light: Light
    lane_x: Sequence[float]
    """Where the lanes' middles are, in metres from the lens' axis."""
    speed_m_s: float
    farthest_m: float
    barrier: Barrier | None = None
    rain: int = 0
    """Drops in the picture."""
