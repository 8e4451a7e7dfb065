"""A place with its traffic: the picture a demo camera sees at a given moment."""

import math
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw

from gtvision_edge.demo.overlay import Overlay
from gtvision_edge.demo.places.place import Barrier, Place
from gtvision_edge.demo.planes import Planes, Sprite
from gtvision_edge.demo.road import Lens
from gtvision_edge.demo.traffic import Direction, Passage, Town
from gtvision_edge.demo.vehicles import PIXELS_PER_METRE, draw_car

READING_M = 7.6
"""How far from the lens a plate is read."""

_NEAREST_M = 2.6
_BARRIER_STEPS = 10


class Scene:
    """Draws a place at any moment; the same moment gives the same picture.

    Drawing blocks (milliseconds; a tenth of a second when a new car appears): not on the loop. Threads may share one.
    """

    def __init__(self, name: str, place: Place, town: Town, zone: tzinfo) -> None:
        self.name = name
        self.place = place
        self._town = town
        self._background = Planes.of(place.paint(place.lens))
        self._overlay = Overlay(name, zone, (place.lens.width, place.lens.height))
        # As many as are seen at once and a few more; each takes a megabyte.
        self._draw_vehicle = lru_cache(maxsize=5)(self._draw_vehicle_once)
        self._arm = _Arm(place.barrier, place.lens) if place.barrier else None

    def passages(self, start_us: int, end_us: int) -> list[Passage]:
        """Return who crosses the reading line in ``[start_us, end_us)``."""
        return self._town.passages(self.name, start_us, end_us)

    def draw(self, at_us: int) -> Planes:
        """Draw the picture of a moment (UTC)."""
        planes = self._background.copy()
        arm = self._arm
        for distance, passage in self._visible(at_us):
            if arm is not None and distance < arm.distance:
                arm.paste(planes, self._arm_angle(at_us))
                arm = None
            car = self._car(passage)
            left, top, scale = self._position(passage, distance, car)
            car.sprite.paste(planes, left, top, scale)
        if arm is not None:
            arm.paste(planes, self._arm_angle(at_us))
        if self.place.rain:
            self._rain(planes, at_us)
        self._overlay.paste(planes, at_us)
        return planes

    def plate_box(self, passage: Passage) -> tuple[int, int, int, int]:
        """Return where the plate is in the picture drawn for ``passage.at_us``."""
        car = self._car(passage)
        left, top, scale = self._position(passage, READING_M, car)
        x0, y0, x1, y1 = car.plate_box
        return (
            math.floor(left + x0 * scale),
            math.floor(top + y0 * scale),
            math.ceil(left + x1 * scale),
            math.ceil(top + y1 * scale),
        )

    def crop(self, passage: Passage, *, margin: float = 0.35) -> Image.Image:
        """Return the plate as the camera saw it, with *margin* of its size around."""
        x0, y0, x1, y1 = self.plate_box(passage)
        dx, dy = round((x1 - x0) * margin), round((y1 - y0) * margin)
        picture = self.draw(passage.at_us).picture()
        width, height = picture.size
        return picture.crop(
            (max(0, x0 - dx), max(0, y0 - dy), min(width, x1 + dx), min(height, y1 + dy))
        )

    def loudness(self, at_us: int) -> float:
        """Return how near the nearest vehicle is: 1 at the reading line, 0 far away."""
        window_us = 6_000_000
        near = self.passages(at_us - window_us, at_us + window_us)
        times = [(passage.at_us - at_us) / 1_000_000 for passage in near]
        return max((1 / (1 + (seconds / 0.8) ** 2) for seconds in times), default=0.0)

    def _visible(self, at_us: int) -> list[tuple[float, Passage]]:
        """Return the vehicles in the picture, the farthest first."""
        place = self.place
        reach_us = round((place.farthest_m - READING_M) / place.speed_m_s * 1_000_000)
        found = []
        for passage in self.passages(at_us - reach_us, at_us + reach_us):
            away_m = (passage.at_us - at_us) / 1_000_000 * place.speed_m_s
            distance = READING_M + (away_m if passage.direction == "approaching" else -away_m)
            if _NEAREST_M < distance <= place.farthest_m:
                found.append((distance, passage))
        return sorted(found, key=lambda entry: -entry[0])

    def _position(
        self, passage: Passage, distance: float, car: "_Car"
    ) -> tuple[float, float, float]:
        lens = self.place.lens
        scale = lens.scale(distance) / PIXELS_PER_METRE
        x, y = lens.at(self.place.lane_x[passage.lane], distance)
        return x - car.ground[0] * scale, y - car.ground[1] * scale, scale

    def _car(self, passage: Passage) -> "_Car":
        return self._draw_vehicle(passage.plate, passage.colour, passage.body, passage.direction)

    def _draw_vehicle_once(
        self, plate: str, colour: str, body: str, direction: Direction
    ) -> "_Car":
        car = draw_car(plate, colour, body, direction, self.place.light)
        return _Car(Sprite(car.picture), car.ground, car.plate_box)

    def _arm_angle(self, at_us: int) -> float:
        """Return how far the barrier is open, 0 to 1."""
        open_share = 0.0
        for passage in self.passages(at_us - 6_000_000, at_us + 6_000_000):
            to_come = (passage.at_us - at_us) / 1_000_000
            sooner = 3.2 if passage.direction == "approaching" else 0.9
            later = 0.9 if passage.direction == "approaching" else 3.0
            share = min(1.0, (sooner - to_come) / 1.2, (to_come + later + 1.2) / 1.2)
            open_share = max(open_share, share)
        return open_share

    def _rain(self, planes: Planes, at_us: int) -> None:
        random = Random(at_us)  # noqa: S311 (raindrops)
        draw = ImageDraw.Draw(planes.luma)
        width, height = planes.size
        for _ in range(self.place.rain):
            x, y = random.uniform(0, width), random.uniform(-20, height)
            length = random.uniform(10, 26)
            draw.line((x, y, x - length * 0.18, y + length), fill=random.randrange(120, 165))


@dataclass(frozen=True, slots=True)
class _Car:
    """As :class:`CarPicture`, ready to paste."""

    sprite: Sprite
    ground: tuple[float, float]
    plate_box: tuple[float, float, float, float]


class _Arm:
    """The barrier's arm in a few positions, drawn once."""

    def __init__(self, barrier: Barrier, lens: Lens) -> None:
        self.distance = barrier.distance
        scale = lens.scale(barrier.distance)
        self._hinge = lens.at(barrier.hinge_x, barrier.distance, barrier.up_m)
        self._reach = barrier.reach_m * scale
        self._thick = 0.11 * scale
        self._day = barrier.day
        self._sprites = [self._draw(step / _BARRIER_STEPS) for step in range(_BARRIER_STEPS + 1)]

    def paste(self, planes: Planes, share: float) -> None:
        sprite, left, top = self._sprites[round(share * _BARRIER_STEPS)]
        sprite.paste(planes, left, top)

    def _draw(self, share: float) -> tuple[Sprite, float, float]:
        eased = (1 - math.cos(math.pi * share)) / 2
        angle = math.radians(82) * eased
        dx, dy = -math.cos(angle) * self._reach, -math.sin(angle) * self._reach
        pad = self._thick * 2
        left, top = self._hinge[0] + dx - pad, self._hinge[1] + dy - pad
        fine = 2
        size = round(-dx + 2 * pad) & ~1, round(-dy + 2 * pad) & ~1
        picture = Image.new("RGBA", (size[0] * fine, size[1] * fine), (60, 30, 30, 0))
        draw = ImageDraw.Draw(picture)
        start = (-dx + pad) * fine, (-dy + pad) * fine
        parts = 12
        for part in range(parts):
            tone = (206, 44, 40) if part % 2 else (236, 236, 232)
            colour = tuple(round(value * self._day) for value in tone)
            ends = [
                (start[0] + dx * fine * share_along, start[1] + dy * fine * share_along)
                for share_along in (part / parts, (part + 1) / parts)
            ]
            draw.line(ends, fill=(*colour, 255), width=round(self._thick * fine))
        return Sprite(picture.reduce(fine), is_scalable=False), left, top
