"""The lens: where a point of the street falls on the picture."""

from dataclasses import dataclass, replace

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera that looks straight along a street; metres in, pixels out."""

    width: int
    height: int
    vanish_x: float
    horizon_y: float
    focal: float
    """Pixels per metre at one metre's distance."""
    height_m: float

    def scale(self, distance_m: float) -> float:
        """Return pixels per metre at a distance."""
        return self.focal / distance_m

    def at(self, x_m: float, distance_m: float, up_m: float = 0.0) -> Point:
        """Return the pixel of a point: metres to the right, away, above the street."""
        scale = self.focal / distance_m
        return self.vanish_x + x_m * scale, self.horizon_y + (self.height_m - up_m) * scale

    def distance(self, scale: float) -> float:
        """Return how far things are that measure *scale* pixels per metre."""
        return self.focal / scale

    def enlarged(self, factor: float) -> "Lens":
        """Return the same view on a picture *factor* times as large."""
        return replace(
            self,
            width=round(self.width * factor),
            height=round(self.height * factor),
            vanish_x=self.vanish_x * factor,
            horizon_y=self.horizon_y * factor,
            focal=self.focal * factor,
        )
