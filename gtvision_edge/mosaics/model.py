"""What a mosaic is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

MosaicId = NewType("MosaicId", str)
"""UUIDv7."""


class Layout(StrEnum):
    """How the places lie: a grid, or one large with five around it."""

    ONE = "1x1"
    FOUR = "2x2"
    NINE = "3x3"
    SIXTEEN = "4x4"
    ONE_AND_FIVE = "1+5"

    @property
    def places(self) -> int:
        return _PLACES[self]


_PLACES = {
    Layout.ONE: 1,
    Layout.FOUR: 4,
    Layout.NINE: 9,
    Layout.SIXTEEN: 16,
    Layout.ONE_AND_FIVE: 6,
}

Cameras = tuple[str | None, ...]
"""A camera id or None (an empty place) per place, in reading order; may be shorter than the layout."""


@dataclass(frozen=True, slots=True)
class Mosaic:
    """An arrangement of cameras that a tenant's people share."""

    mosaic_id: MosaicId
    tenant_id: str
    name: str
    layout: Layout
    cameras: Cameras
    created_by: str
    created_us: int
    updated_us: int


@dataclass(frozen=True, slots=True)
class MosaicPage:
    """Mosaics, oldest first; *after* asks for the next ones, None = there are none."""

    mosaics: list[Mosaic]
    after: MosaicId | None
