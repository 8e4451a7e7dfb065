"""Which picture of a push shows what; never by its place, and never by a name alone that says nothing."""

import base64
import binascii
import io
import re
from collections.abc import Sequence
from typing import Final

from PIL import Image

from gtvision_edge.detections.model import Picture, PictureKind

MAX_SIDE: Final = 16384
_JPEG_START: Final = b"\xff\xd8\xff"
_DATA_URI: Final = re.compile(r"\Adata:[^,]{0,100},", re.IGNORECASE)


def kind_of_name(name: str) -> PictureKind | None:
    """Return what a picture called *name* shows, None when its name does not say so."""
    plain = name.lower().replace("_", "").replace("-", "")
    if "licenseplate" in plain or "platepic" in plain or "cutout" in plain:
        return PictureKind.PLATE
    if "vehicle" in plain or "feature" in plain or "pedestrian" in plain:
        return PictureKind.VEHICLE
    if "detectionpicture" in plain or "detectedimage" in plain or "normalpic" in plain:
        return PictureKind.SCENE
    return None


def sorted_out(found: Sequence[tuple[bytes, PictureKind | None]]) -> tuple[Picture, ...]:
    """Return the pictures of a push with what they show; what is no JPEG is left out.

    Of those that do not say it, the largest is the scene, and one that is small beside it and lies like a plate is the plate.
    """
    good = [(jpeg, kind, size) for jpeg, kind in found if (size := size_of(jpeg)) is not None]
    pictures = [Picture(kind, jpeg) for jpeg, kind, _ in good if kind is not None]
    silent = sorted(
        ((size, jpeg) for jpeg, kind, size in good if kind is None),
        key=lambda each: each[0][0] * each[0][1],
        reverse=True,
    )
    has = {picture.kind for picture in pictures}
    scene_area = max((size[0] * size[1] for _, _, size in good), default=0)
    for (width, height), jpeg in silent:
        if PictureKind.SCENE not in has:
            kind = PictureKind.SCENE
        elif (
            PictureKind.PLATE not in has
            and 1.0 <= width / height <= 8.0
            and width * height * 8 < scene_area
        ):
            kind = PictureKind.PLATE
        else:
            kind = PictureKind.VEHICLE
        has.add(kind)
        pictures.append(Picture(kind, jpeg))
    return tuple(pictures)


def size_of(jpeg: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG by its header, None when it is none or larger than any camera makes."""
    if not jpeg.startswith(_JPEG_START):
        return None
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            width, height = picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (width, height) if 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE else None


def from_base64(text: str) -> bytes:
    """Return the bytes of base64 *text*, with or without ``data:`` before it; b'' when it is none."""
    plain = _DATA_URI.sub("", text.strip())
    plain = "".join(plain.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def split_jpegs(data: bytes) -> list[bytes]:
    """Return the JPEGs that lie one after the other in *data* (CP Plus sends vehicle and plate so)."""
    starts = [0]
    place = data.find(b"\xff\xd9" + _JPEG_START, 1)
    while place >= 0 and len(starts) < 4:
        starts.append(place + 2)
        place = data.find(b"\xff\xd9" + _JPEG_START, place + 2)
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]
