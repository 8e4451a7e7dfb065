"""Looks whether a JPEG is whole, and cuts the plate out of a scene. Blocks, in bounded memory and time."""

import io
import struct
from typing import Final

from PIL import Image

from gtvision_edge.detections.model import Rectangle
from gtvision_edge.detections.sources.pictures import size_of

MAX_PIXELS: Final = 36_000_000
"""A little more than 8K; a progressive JPEG of so many takes some 200 MB while it is decoded."""
MAX_WORK: Final = 400_000_000
"""Pixels times scans. A progressive JPEG has about ten scans; thousands of a few bytes each take minutes to decode."""
LARGEST_CROP: Final = (640, 320)
_ENOUGH: Final = 320
"""Pixels that a plate's width need not exceed: a scene of more is decoded smaller."""
_MARGIN: Final = 0.15
_START_OF_SCAN: Final = b"\xff\xda"


def is_whole(jpeg: bytes) -> bool:
    """Tell whether *jpeg* is a picture from beginning to end, and of a size that a camera makes."""
    if not _is_sane(jpeg):
        return False
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            picture.draft("RGB", (1, 1))  # an eighth of each side
            picture.load()
    except (OSError, ValueError, SyntaxError, struct.error):
        return False
    return True


def cut_out(jpeg: bytes, area: Rectangle) -> bytes | None:
    """Return the part *area* of *jpeg* with a margin, as a JPEG; None: there cannot be a plate, or *jpeg* is damaged."""
    size = size_of(jpeg)
    if size is None or not _is_sane(jpeg) or not _is_like_a_plate(area, size):
        return None
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            shrink = max(1.0, area.width * size[0] / _ENOUGH)
            picture.draft("RGB", (round(size[0] / shrink), round(size[1] / shrink)))
            wide, high = picture.size
            aside, above = area.width * _MARGIN, area.height * _MARGIN
            box = (
                max(0, int((area.left - aside) * wide)),
                max(0, int((area.top - above) * high)),
                min(wide, int((area.left + area.width + aside) * wide) + 1),
                min(high, int((area.top + area.height + above) * high) + 1),
            )
            crop = picture.convert("RGB").crop(box)
    except (OSError, ValueError, SyntaxError, struct.error):
        return None
    crop.thumbnail(LARGEST_CROP)
    file = io.BytesIO()
    crop.save(file, "JPEG", quality=90)
    return file.getvalue()


def _is_sane(jpeg: bytes) -> bool:
    size = size_of(jpeg)
    if size is None:
        return False
    pixels = size[0] * size[1]
    return pixels <= MAX_PIXELS and pixels * jpeg.count(_START_OF_SCAN) <= MAX_WORK


def _is_like_a_plate(area: Rectangle, size: tuple[int, int]) -> bool:
    wide, high = area.width * size[0], area.height * size[1]
    return (
        wide >= 24 and high >= 8 and 0.5 <= wide / high <= 10 and area.width * area.height <= 0.25
    )
