"""Pictures as the encoder wants them: planes of limited-range BT.709, and sprites to paste."""

import av
from PIL import Image

Matrix = tuple[float, float, float, float]
Box = tuple[float, float, float, float]

_LUMA: Matrix = (0.1826, 0.6142, 0.0620, 16.0)
_BLUE: Matrix = (-0.1006, -0.3386, 0.4392, 128.0)
_RED: Matrix = (0.4392, -0.3989, -0.0403, 128.0)
_METHODS = (Image.Resampling.BILINEAR, Image.Resampling.BOX, Image.Resampling.NEAREST)


class Planes:
    """A 4:2:0 picture of even size. Copying one costs a third of a millisecond at 720p."""

    __slots__ = ("blue", "luma", "red")

    def __init__(self, luma: Image.Image, blue: Image.Image, red: Image.Image) -> None:
        self.luma = luma
        self.blue = blue
        self.red = red

    @classmethod
    def of(cls, picture: Image.Image) -> "Planes":
        """Convert an RGB picture."""
        half = picture.reduce(2)
        return cls(picture.convert("L", _LUMA), half.convert("L", _BLUE), half.convert("L", _RED))

    @property
    def size(self) -> tuple[int, int]:
        return self.luma.size

    def copy(self) -> "Planes":
        return Planes(self.luma.copy(), self.blue.copy(), self.red.copy())

    def scaled(self, size: tuple[int, int]) -> "Planes":
        half = size[0] // 2, size[1] // 2
        if (size[0] * 2, size[1] * 2) == self.size:
            return Planes(self.luma.reduce(2), self.blue.reduce(2), self.red.reduce(2))
        method = Image.Resampling.BOX
        return Planes(
            self.luma.resize(size, method),
            self.blue.resize(half, method),
            self.red.resize(half, method),
        )

    def write_to(self, frame: av.VideoFrame) -> None:
        """Copy it into a yuv420p frame of the same size."""
        for plane, image in zip(frame.planes, (self.luma, self.blue, self.red), strict=True):
            if plane.line_size != image.width:  # libav pads lines to please vector units
                image = image.crop((0, 0, plane.line_size, image.height))
            plane.update(image.tobytes())

    def picture(self) -> Image.Image:
        """Return it as RGB, for people and crops."""
        luma = self.luma.point([min(255, max(0, round((v - 16) * 255 / 219))) for v in range(256)])
        wide = [min(255, max(0, round((v - 128) * 255 / 224 + 128))) for v in range(256)]
        red, blue = (p.point(wide).resize(self.size) for p in (self.red, self.blue))
        # BT.709 to RGB; Pillow's own YCbCr is BT.601.
        rows = ((1.0, 1.5748, 0.0), (1.0, -0.4681, -0.1873), (1.0, 0.0, 1.8556))
        source = Image.merge("RGB", (luma, red, blue))
        channels = [source.convert("L", (a, r, b, -128.0 * (r + b))) for a, r, b in rows]
        return Image.merge("RGB", channels)


class Sprite:
    """Something with a soft edge, drawn once, pasted at any size and place."""

    def __init__(self, picture: Image.Image, *, is_scalable: bool = True) -> None:
        """Take an RGBA picture in its largest size; *is_scalable* prepares smaller ones."""
        self.size = picture.size
        self._levels: list[tuple[float, Planes, Image.Image, Image.Image]] = []
        shrink = 1.0
        while True:
            even = picture if not (picture.width % 2 or picture.height % 2) else _even(picture)
            alpha = even.getchannel("A")
            self._levels.append((shrink, Planes.of(even.convert("RGB")), alpha, alpha.reduce(2)))
            if not is_scalable or min(picture.size) < 48:
                break
            picture = picture.resize(
                (max(2, picture.width // 2), max(2, picture.height // 2)), Image.Resampling.BOX
            )
            shrink *= 2

    def paste(self, target: Planes, left: float, top: float, scale: float = 1.0) -> None:
        """Paste with its left upper corner there; *scale* 1 is the size it was drawn in.

        Only what is visible is scaled, so a sprite that nearly fills the lens is not dear.
        """
        if scale == 1.0:
            self._paste_as_drawn(target, int(left) & ~1, int(top) & ~1)
            return
        width, height = target.size
        x0, y0 = max(0, int(left) & ~1), max(0, int(top) & ~1)
        x1 = min(width, int(left + self.size[0] * scale) & ~1)
        y1 = min(height, int(top + self.size[1] * scale) & ~1)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        shrink, planes, alpha, half_alpha = self._level(scale)
        factor = 1 / (scale * shrink)
        seen = (x0 - left) * factor, (y0 - top) * factor, (x1 - left) * factor, (y1 - top) * factor
        box, half_box = _within(seen, alpha.size), _within(seen, half_alpha.size, factor=0.5)
        full, half = (x1 - x0, y1 - y0), ((x1 - x0) // 2, (y1 - y0) // 2)
        # The eye sees the edges in the luma; for the rest the cheap ways do (by a factor of 20).
        fine, fair, coarse = _METHODS
        mask = alpha.resize(full, fair, box)
        half_mask = half_alpha.resize(half, coarse, half_box)
        target.luma.paste(planes.luma.resize(full, fine, box), (x0, y0), mask)
        target.blue.paste(planes.blue.resize(half, coarse, half_box), (x0 // 2, y0 // 2), half_mask)
        target.red.paste(planes.red.resize(half, coarse, half_box), (x0 // 2, y0 // 2), half_mask)

    def _paste_as_drawn(self, target: Planes, left: int, top: int) -> None:
        _, planes, alpha, half_alpha = self._levels[0]
        target.luma.paste(planes.luma, (left, top), alpha)
        target.blue.paste(planes.blue, (left // 2, top // 2), half_alpha)
        target.red.paste(planes.red, (left // 2, top // 2), half_alpha)

    def _level(self, scale: float) -> tuple[float, Planes, Image.Image, Image.Image]:
        fitting = [level for level in self._levels if level[0] * scale <= 1.0]
        return fitting[-1] if fitting else self._levels[0]


def _within(box: Box, size: tuple[int, int], *, factor: float = 1.0) -> Box:
    left, top, right, bottom = (max(0.0, value * factor) for value in box)
    return left, top, min(right, float(size[0])), min(bottom, float(size[1]))


def _even(picture: Image.Image) -> Image.Image:
    width, height = picture.width & ~1, picture.height & ~1
    return picture.crop((0, 0, max(2, width), max(2, height)))
