"""Plate readings of a bundle: what the source of readings gives, and what the order holds of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

MOST_READINGS: Final = 10_000
"""Of one camera: the manifest and the list have to be read whole by whoever checks them."""


class GivenPicture(Protocol):
    """``sha256`` (hex) is what it was kept under when it came; ``size_bytes`` 0 = the file is not there."""

    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def sha256(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...


class GivenReading(Protocol):
    """``document`` is written into the bundle as it is."""

    @property
    def reading_id(self) -> str: ...
    @property
    def captured_us(self) -> int: ...
    @property
    def document(self) -> Mapping[str, Any]: ...
    @property
    def pictures(self) -> Sequence[GivenPicture]: ...


class GivenReadings(Protocol):
    """In order of time; ``left_out`` later ones are not among them."""

    @property
    def readings(self) -> Sequence[GivenReading]: ...
    @property
    def left_out(self) -> int: ...


class ReadingSource(Protocol):
    """Knows the plate readings of the site's cameras."""

    async def within(
        self, camera_uuid: str, start_us: int, end_us: int, *, tenant_id: str, most: int
    ) -> GivenReadings: ...


@dataclass(frozen=True, slots=True)
class OrderedPicture:
    """A picture to hand over; see :class:`GivenPicture`. ``kind`` is ``plate`` or ``scene``."""

    kind: str
    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class OrderedReading:
    """A reading to hand over; see :class:`GivenReading`."""

    reading_id: str
    captured_us: int
    document: Mapping[str, Any]
    pictures: Sequence[OrderedPicture]


@dataclass(frozen=True, slots=True)
class OrderedReadings:
    """Those of a camera in the interval, in order of time; ``left_out`` later ones were too many."""

    readings: Sequence[OrderedReading] = ()
    left_out: int = 0

    @property
    def picture_bytes(self) -> int:
        return sum(picture.size_bytes for each in self.readings for picture in each.pictures)


def ordered_readings(given: GivenReadings) -> OrderedReadings:
    """Return what the export's process needs of *given*."""
    return OrderedReadings(
        [
            OrderedReading(
                each.reading_id,
                each.captured_us,
                each.document,
                [
                    OrderedPicture(picture.kind, picture.path, picture.sha256, picture.size_bytes)
                    for picture in each.pictures
                ],
            )
            for each in given.readings
        ],
        given.left_out,
    )
