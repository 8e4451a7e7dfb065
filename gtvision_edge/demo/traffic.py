"""Which vehicle passes which demo camera, and when: the same for everyone who asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Literal

Direction = Literal["approaching", "receding"]

_EPOCH_US = 600_000_000  # for ten minutes a vehicle stays with one camera, then it moves on
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_COLOURS = ("silver", "white", "black", "red", "blue", "grey", "green", "sand")
_BODIES = ("hatch", "sedan", "suv", "van")
_OLD_EVERY = 5
"""One vehicle of so many still has a plate of the old form; not 4, or one camera would get them all."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One of the town's cars; it always has the same plate and looks."""

    plate: str
    colour: str
    body: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A vehicle crosses a camera's reading line at ``at_us`` (UTC); then its plate is sharpest."""

    camera: str
    plate: str
    at_us: int
    direction: Direction
    colour: str
    body: str
    lane: int
    """Which of the camera's lanes, from the left."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How busy a camera is: one vehicle about every ``every_s`` seconds, in one of its lanes."""

    camera: str
    every_s: float
    lanes: Sequence[Direction]


class Town:
    """The vehicles of the demo and their endless, repeatable traffic.

    Time is cut into slots; each slot's passage follows from the seed and the slot's number alone,
    so nothing is stored and any interval can be asked for, past or future. A vehicle is never in
    two places at once: the cameras share the vehicles out anew every ten minutes.
    """

    def __init__(self, flows: Sequence[Flow], *, seed: int = 2026, vehicles: int = 128) -> None:
        self._flows = {flow.camera: flow for flow in flows}
        self._seed = seed
        self._count = vehicles

    @cached_property
    def vehicles(self) -> tuple[Vehicle, ...]:
        """All vehicles, in no special order; most plates are Mercosul ones (ABC1D23), some old ones (ABC1234)."""
        random = Random(f"{self._seed}:vehicles")  # noqa: S311 (a play, not a secret)
        found: dict[str, Vehicle] = {}
        while len(found) < self._count:
            letters = "".join(random.choices(_LETTERS, k=4))
            digits = "".join(random.choices("0123456789", k=3))
            is_old = len(found) % _OLD_EVERY == 2
            fifth = random.choice("0123456789") if is_old else letters[3]
            plate = f"{letters[:3]}{digits[0]}{fifth}{digits[1:]}"
            found[plate] = Vehicle(plate, random.choice(_COLOURS), random.choice(_BODIES))
        return tuple(found.values())

    def passages(self, camera: str, start_us: int, end_us: int) -> list[Passage]:
        """Return the passages with ``start_us <= at_us < end_us``, in order."""
        slot_us = round(self._flows[camera].every_s * 1_000_000)
        found = []
        for slot in range(start_us // slot_us, end_us // slot_us + 1):
            passage = self._passage(camera, slot, slot_us)
            if start_us <= passage.at_us < end_us:
                found.append(passage)
        return found

    def _passage(self, camera: str, slot: int, slot_us: int) -> Passage:
        flow = self._flows[camera]
        random = Random(f"{self._seed}:{camera}:{slot}")  # noqa: S311 (a play, not a secret)
        # Not at the slot's edges, so that two vehicles of one lane never meet.
        at_us = slot * slot_us + round(slot_us * random.uniform(0.2, 0.8))
        vehicle = self._vehicle(camera, slot, slot_us)
        lane = random.randrange(len(flow.lanes))
        return Passage(
            camera,
            vehicle.plate,
            at_us,
            flow.lanes[lane],
            vehicle.colour,
            vehicle.body,
            lane,
        )

    def _vehicle(self, camera: str, slot: int, slot_us: int) -> Vehicle:
        epoch = slot * slot_us // _EPOCH_US
        place = (list(self._flows).index(camera) + epoch) % len(self._flows)
        mine = self.vehicles[place :: len(self._flows)]
        return mine[(slot * 7 + epoch) % len(mine)]
