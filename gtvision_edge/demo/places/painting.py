"""What every place is painted with: skies, ground, buildings and trees seen through a lens."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from gtvision_edge.demo.road import Lens

Colour = tuple[int, int, int]

FAR_M = 400.0


@dataclass(frozen=True, slots=True)
class Facade:
    """How a building looks: ``lit`` is the share of windows with a light behind them."""

    wall: Colour
    front: Colour
    window: Colour
    lamp: Colour = (255, 214, 140)
    lit: float = 0.0
    floor_m: float = 3.4
    bay_m: float = 3.2


class Painter:
    """An RGB picture twice as fine as the camera's, and the lens it is seen through."""

    def __init__(self, lens: Lens, seed: str) -> None:
        self.lens = lens.enlarged(2)
        self.picture = Image.new("RGB", (self.lens.width, self.lens.height))
        self.random = Random(seed)  # noqa: S311 (where a window is lit is no secret)

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.picture)

    def finished(self) -> Image.Image:
        return self.picture.reduce(2)

    # The whole picture

    def sky(self, *colours: Colour) -> None:
        """Fill from the top to the horizon with a gradient of *colours*."""
        down = round(self.lens.horizon_y) + 2
        self.picture.paste(gradient((self.lens.width, down), colours), (0, 0))

    def clouds(self, colour: Colour, count: int, alpha: int) -> None:
        small = 8
        size = self.lens.width // small, round(self.lens.horizon_y) // small
        mask = Image.new("L", size, 0)
        draw = ImageDraw.Draw(mask)
        for _ in range(count):
            x, y = self.random.uniform(0, size[0]), self.random.uniform(0, size[1] * 0.75)
            wide = self.random.uniform(0.06, 0.16) * size[0]
            for _ in range(6):
                dx, dy = self.random.uniform(-wide, wide), self.random.uniform(-3, 3)
                r = self.random.uniform(3, 9)
                draw.ellipse((x + dx - 3 * r, y + dy - r, x + dx + 3 * r, y + dy + r), fill=alpha)
        mask = mask.filter(ImageFilter.GaussianBlur(6))
        mask = mask.resize((size[0] * small, size[1] * small), Image.Resampling.BICUBIC)
        self.picture.paste(colour, (0, 0), mask)

    def ground(self, near: Colour, far: Colour) -> None:
        """Fill from the horizon down, with the grain of asphalt or concrete."""
        top = round(self.lens.horizon_y)
        size = self.lens.width, self.lens.height - top
        floor = gradient(size, (far, near, near))
        grain = Image.effect_noise((size[0] // 2, size[1] // 2), 7).resize(size)
        blots = Image.effect_noise((size[0] // 60, size[1] // 16), 7).resize(
            size, Image.Resampling.BICUBIC
        )
        for texture in (grain, blots):
            floor = ImageChops.add(floor, Image.merge("RGB", (texture,) * 3), 1, -128)
        self.picture.paste(floor, (0, top))

    def skyline(self, colours: Sequence[Colour], *, low: float, high: float, lit: float) -> None:
        """Draw far towers between *low* and *high* pixels (of the camera's picture)."""
        x = -10.0
        base = round(self.lens.horizon_y) + 6
        while x < self.lens.width:
            wide = self.random.uniform(50, 130)
            top = base - 2 * self.random.uniform(low, high)
            wall = self.random.choice(list(colours))
            self.draw.rectangle((x, top, x + wide, base), fill=wall)
            for wx in range(round(x) + 8, round(x + wide) - 10, 14):
                for wy in range(round(top) + 10, base - 12, 18):
                    if self.random.random() < lit:
                        warm = self.random.choice(
                            [(255, 205, 120), (255, 226, 170), (190, 214, 240)]
                        )
                        self.draw.rectangle((wx, wy, wx + 6, wy + 8), fill=mix(wall, warm, 0.75))
                    else:
                        self.draw.rectangle((wx, wy, wx + 6, wy + 8), fill=shade(wall, 0.88))
            x += wide + self.random.uniform(0, 24)

    def haze(self, colour: Colour, up: float, down: float, alpha: int) -> None:
        """Lay mist about the horizon; *up* and *down* in pixels of the camera's picture."""
        size = self.lens.width, self.lens.height
        strip = Image.new("L", (1, size[1]), 0)
        horizon = round(self.lens.horizon_y)
        for y in range(size[1]):
            reach = 2 * (up if y < horizon else down)
            share = max(0.0, 1 - abs(y - horizon) / reach)
            strip.putpixel((0, y), round(alpha * share * share))
        self.picture.paste(colour, (0, 0), strip.resize(size))

    # Things on the ground

    def strip(self, x0: float, x1: float, near: float, far: float, colour: Colour) -> None:
        """Paint the ground between *x0* and *x1* metres."""
        at = self.lens.at
        self.draw.polygon([at(x0, near), at(x0, far), at(x1, far), at(x1, near)], fill=colour)

    def dashes(self, x: float, colour: Colour, *, dash: float = 3.0, gap: float = 5.0) -> None:
        start = 3.0
        while start < 160:
            self.strip(x - 0.08, x + 0.08, start, start + dash, colour)
            start += dash + gap

    def crossing(self, x0: float, x1: float, near: float, far: float, colour: Colour) -> None:
        """Paint a zebra crossing."""
        x = x0
        while x < x1:
            self.strip(x, min(x + 0.45, x1), near, far, colour)
            x += 0.95

    def shadow(self, x0: float, x1: float, near: float, far: float, alpha: int) -> None:
        """Take light off the ground between *x0* and *x1* metres."""
        at = self.lens.at
        mask = Image.new("L", self.picture.size, 0)
        corners = [at(x0, near), at(x0, far), at(x1, far), at(x1, near)]
        ImageDraw.Draw(mask).polygon(corners, fill=alpha)
        self.picture.paste((16, 22, 40), (0, 0), mask)

    def soft_light(
        self, x: float, distance: float, radius: float, colour: Colour, alpha: int
    ) -> None:
        """Lay a pool of light on the ground."""
        px, _ = self.lens.at(x, distance)
        scale = self.lens.scale(distance)
        far_y = self.lens.at(x, distance + radius)[1]
        near_y = self.lens.at(x, max(2.0, distance - radius))[1]
        self.glow((px - radius * scale, far_y, px + radius * scale, near_y), colour, alpha, 0.25)

    def glow(
        self, box: tuple[float, float, float, float], colour: Colour, alpha: int, blur: float
    ) -> None:
        """Lay a blurred ellipse; *blur* as a share of its height."""
        small = 8
        radius = max(1.0, (box[3] - box[1]) / small * blur)
        margin = 3 * radius * small
        left, top = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
        right = min(self.picture.width, int(box[2] + margin))
        bottom = min(self.picture.height, int(box[3] + margin))
        if right - left < small or bottom - top < small:
            return
        mask = Image.new("L", ((right - left) // small, (bottom - top) // small), 0)
        ellipse = tuple((v - o) / small for v, o in zip(box, (left, top, left, top), strict=True))
        ImageDraw.Draw(mask).ellipse(ellipse, fill=alpha)
        mask = mask.filter(ImageFilter.GaussianBlur(radius))
        mask = mask.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        self.picture.paste(colour, (left, top, right, bottom), mask)

    # Things that stand

    def building(
        self, x: float, outer: float, near: float, far: float, height: float, look: Facade
    ) -> None:
        """Draw a house along the street: its side from *near* to *far* at *x*, its front at *near*."""
        at = self.lens.at
        self.draw.polygon(
            [at(x, near), at(x, far), at(x, far, height), at(x, near, height)], fill=look.wall
        )
        self.draw.polygon(
            [at(x, near), at(outer, near), at(outer, near, height), at(x, near, height)],
            fill=look.front,
        )
        floors = max(1, int((height - 1.2) / look.floor_m))
        bays = max(1, int((far - near) / look.bay_m))
        for floor in range(floors):
            low = 1.0 + floor * look.floor_m
            for bay in range(bays):
                z = near + 0.7 + bay * look.bay_m
                self._window([(x, z), (x, z + look.bay_m - 1.3)], low, look)
            step = 3.0 if outer > x else -3.0
            for bay in range(int(abs(outer - x) / 3.0)):
                left = x + step * (bay + 0.25)
                self._window([(left, near), (left + step * 0.55, near)], low, look)
        ledge = shade(look.front, 0.8)
        self.draw.line(
            [at(outer, near, height), at(x, near, height), at(x, far, height)],
            fill=ledge,
            width=max(2, round(0.18 * self.lens.scale(near))),
        )

    def _window(self, ends: list[tuple[float, float]], low: float, look: Facade) -> None:
        (x0, z0), (x1, z1) = ends
        at = self.lens.at
        lit = self.random.random() < look.lit
        fill = shade(look.lamp, self.random.uniform(0.72, 1.0)) if lit else look.window
        high = low + look.floor_m * 0.52
        self.draw.polygon(
            [at(x0, z0, low), at(x1, z1, low), at(x1, z1, high), at(x0, z0, high)], fill=fill
        )

    def tree(self, x: float, distance: float, height: float, leaf: Colour, trunk: Colour) -> None:
        lens, scale = self.lens, self.lens.scale(distance)
        bottom, top = lens.at(x, distance), lens.at(x, distance, height * 0.6)
        self.draw.line([bottom, top], fill=trunk, width=max(2, round(0.28 * scale)))
        middle = lens.at(x, distance, height * 0.72)
        for tone in (0.62, 0.8, 1.0, 1.18):
            for _ in range(30):
                spread = height * 0.34
                dx = self.random.gauss(0, spread * 0.45) * scale
                dy = self.random.gauss(0, spread * 0.34) * scale - (tone - 0.8) * 0.9 * scale
                r = self.random.uniform(0.09, 0.19) * spread * scale + 1
                cx, cy = middle[0] + dx, middle[1] + dy
                self.draw.ellipse(
                    (cx - r, cy - r * 0.8, cx + r, cy + r * 0.8), fill=shade(leaf, tone)
                )

    def lamp_post(
        self, x: float, distance: float, height: float, colour: Colour, *, lit: Colour | None
    ) -> None:
        """Draw a post whose arm hangs over the street; a lit one glows."""
        at, scale = self.lens.at, self.lens.scale(distance)
        arm = -1.6 if x > 0 else 1.6
        wide = max(2, round(0.13 * scale))
        self.draw.line([at(x, distance), at(x, distance, height)], fill=colour, width=wide)
        self.draw.line(
            [at(x, distance, height), at(x + arm, distance, height + 0.25)],
            fill=colour,
            width=max(2, wide * 2 // 3),
        )
        px, py = at(x + arm, distance, height + 0.22)
        half = 0.34 * scale
        if lit is not None:
            r = 1.3 * scale
            self.glow((px - r, py - r, px + r, py + r), lit, 130, 0.2)
        self.draw.rounded_rectangle(
            (px - half, py - 0.1 * scale, px + half, py + 0.1 * scale),
            radius=max(1, 0.08 * scale),
            fill=lit or shade(colour, 1.3),
        )


def shade(colour: Colour, factor: float) -> Colour:
    r, g, b = (max(0, min(255, round(value * factor))) for value in colour)
    return r, g, b


def mix(one: Colour, other: Colour, share: float) -> Colour:
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def gradient(size: tuple[int, int], colours: Sequence[Colour]) -> Image.Image:
    """Return a vertical gradient."""
    column = Image.new("RGB", (1, 256))
    last = len(colours) - 1
    for y in range(256):
        at = y / 255 * last
        index = min(int(at), last - 1)
        column.putpixel((0, y), mix(colours[index], colours[index + 1], at - index))
    return column.resize(size, Image.Resampling.BILINEAR)
