"""What a camera burns into its picture: the clock, and its name as its maker allows it."""

import unicodedata
from datetime import datetime, tzinfo

from PIL import Image, ImageDraw, ImageFont

from gtvision_edge.demo.planes import Planes, Sprite


class Overlay:
    """The clock at the left, the name at the right; redrawn once a second."""

    def __init__(self, name: str, zone: tzinfo, size: tuple[int, int]) -> None:
        self._zone = zone
        self._size = size
        self._font = ImageFont.load_default(size[1] / 27)
        self._margin = round(size[1] / 36)
        self._name = self._text(plain(name))
        # One value, for two threads draw: each sees the text that goes with the second.
        self._clock = -1, self._name

    def paste(self, target: Planes, at_us: int) -> None:
        second = at_us // 1_000_000
        shown, clock = self._clock
        if second != shown:
            moment = datetime.fromtimestamp(second, self._zone)
            clock = self._text(f"{moment:%d/%m/%Y %H:%M:%S}")
            self._clock = second, clock
        clock.paste(target, self._margin, self._margin)
        right = self._size[0] - self._name.size[0] - self._margin
        self._name.paste(target, right, self._margin)

    def _text(self, text: str) -> Sprite:
        left, top, right, bottom = self._font.getbbox(text, stroke_width=2)
        size = (int(right - left) + 6) & ~1, (int(bottom - top) + 6) & ~1
        picture = Image.new("RGBA", size, (16, 17, 19, 0))
        ImageDraw.Draw(picture).text(
            (2 - left, 2 - top),
            text,
            font=self._font,
            fill=(246, 247, 248, 255),
            stroke_width=2,
            stroke_fill=(16, 17, 19, 220),
        )
        return Sprite(picture, is_scalable=False)


def plain(name: str) -> str:
    """Return *name* as cameras show it: capitals, no accents."""
    split = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in split if not unicodedata.combining(letter)).upper()
