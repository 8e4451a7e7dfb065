"""Reads the plates that the demo draws, by comparing with all that there are."""

from collections.abc import Iterable
from functools import cache

from PIL import Image, ImageChops, ImageOps, ImageStat

from gtvision_edge.demo.plates import draw_plate


def difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def plate_seen_in(crop: Image.Image, plates: Iterable[str]) -> str:
    """Return which of *plates* *crop*, a plate without any margin, shows best, whatever the light."""
    seen = _stretched(crop)
    return min(plates, key=lambda plate: difference(seen, _sample(plate, crop.size)))


@cache
def _sample(plate: str, size: tuple[int, int]) -> Image.Image:
    return _stretched(draw_plate(plate, 240).resize(size, Image.Resampling.BOX))


def _stretched(picture: Image.Image) -> Image.Image:
    """Return the letters' height of it, from black to white."""
    grey = picture.convert("L")
    letters = grey.crop((0, round(grey.height * 0.27), grey.width, grey.height))
    return ImageOps.autocontrast(letters, cutoff=4)
