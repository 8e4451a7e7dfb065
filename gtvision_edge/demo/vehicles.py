"""Cars, front and rear, drawn once per passage with the plate they carry."""

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from gtvision_edge.demo.plates import WIDTH_TO_HEIGHT, draw_plate
from gtvision_edge.demo.traffic import Direction

Colour = tuple[int, int, int]

# Pixels per metre of the finished sprite; nearer than this it is enlarged.
PIXELS_PER_METRE = 170
PLATE_WIDTH_M = 0.56  # larger than life, to be read at a web page's size
_FINE = 2

_PAINT: dict[str, Colour] = {
    "silver": (176, 181, 186),
    "white": (232, 233, 230),
    "black": (38, 40, 45),
    "red": (168, 30, 34),
    "blue": (38, 74, 140),
    "grey": (98, 102, 108),
    "green": (40, 92, 66),
    "sand": (186, 166, 130),
}


@dataclass(frozen=True, slots=True)
class Light:
    """What the hour does to a car: ``day`` 1 shows all its paint, 0 almost none."""

    day: float
    has_lamps: bool
    is_wet: bool = False


@dataclass(frozen=True, slots=True)
class _Shape:
    width: float  # metres
    height: float
    roof: float  # width of the roof against the body's
    belt: float  # height of the window's lower edge
    clearance: float = 0.2


_SHAPES = {
    "hatch": _Shape(1.72, 1.48, 0.70, 0.95),
    "sedan": _Shape(1.80, 1.44, 0.66, 0.93),
    "suv": _Shape(1.90, 1.70, 0.76, 1.08, 0.26),
    "van": _Shape(1.92, 1.92, 0.86, 1.06),
}


@dataclass(frozen=True, slots=True)
class CarPicture:
    """``picture`` is RGBA; ``ground`` is the pixel in it that stands on the street, mid-car."""

    picture: Image.Image
    ground: tuple[float, float]
    plate_box: tuple[float, float, float, float]


def draw_car(plate: str, colour: str, body: str, direction: Direction, light: Light) -> CarPicture:
    """Draw a car at :data:`PIXELS_PER_METRE`; approaching ones show their front."""
    shape = _SHAPES[body]
    unit = PIXELS_PER_METRE * _FINE
    side, above = 0.8 if light.has_lamps else 0.3, 0.1
    below = 0.75 if light.is_wet or light.has_lamps else 0.25
    size = (round((shape.width + 2 * side) * unit), round((shape.height + above + below) * unit))
    pen = _Pen(size, unit, middle=size[0] / 2, ground=(shape.height + above) * unit)
    paint = _dim(_PAINT[colour], light.day)
    approaching = direction == "approaching"
    _draw_shadow(pen, shape, light)
    if light.is_wet or light.has_lamps:
        _draw_light_on_ground(pen, shape, light, approaching=approaching)
    _draw_body(pen, shape, paint, light)
    (_draw_front if approaching else _draw_rear)(pen, shape, paint, light)
    box = _mount_plate(pen, shape, plate, light, approaching=approaching)
    if light.has_lamps:
        _draw_glow(pen, shape, approaching=approaching)
    finished = pen.picture.resize(
        (size[0] // _FINE & ~1, size[1] // _FINE & ~1), Image.Resampling.BOX
    )
    left, top, right, bottom = (value / _FINE for value in box)
    return CarPicture(
        finished, (pen.middle / _FINE, pen.ground / _FINE), (left, top, right, bottom)
    )


class _Pen:
    """Draws in metres from the point under the car's middle, up and to the right."""

    def __init__(self, size: tuple[int, int], unit: float, *, middle: float, ground: float) -> None:
        self.picture = Image.new("RGBA", size, (12, 13, 16, 0))
        self.unit, self.middle, self.ground = unit, middle, ground

    def at(self, x: float, up: float) -> tuple[float, float]:
        return self.middle + x * self.unit, self.ground - up * self.unit

    def box(self, x0: float, up0: float, x1: float, up1: float) -> tuple[float, ...]:
        (left, bottom), (right, top) = self.at(x0, up0), self.at(x1, up1)
        return left, top, right, bottom

    def polygon(self, points: list[tuple[float, float]], fill: Colour) -> None:
        ImageDraw.Draw(self.picture).polygon([self.at(*point) for point in points], fill=fill)

    def rounded(self, x0: float, up0: float, x1: float, up1: float, r: float, fill: Colour) -> None:
        ImageDraw.Draw(self.picture).rounded_rectangle(
            self.box(x0, up0, x1, up1), radius=r * self.unit, fill=fill
        )

    def ellipse(self, x0: float, up0: float, x1: float, up1: float, fill: Colour) -> None:
        ImageDraw.Draw(self.picture).ellipse(self.box(x0, up0, x1, up1), fill=fill)

    def soft(
        self, x0: float, up0: float, x1: float, up1: float, fill: Colour, alpha: int, blur: float
    ) -> None:
        """Lay a blurred ellipse over (or, where nothing is yet, under) what is drawn."""
        small = 8  # blurred things need no fine canvas
        box = self.box(x0, up0, x1, up1)
        margin = 2.6 * blur * self.unit
        left, top = max(0, int(box[0] - margin)), max(0, int(box[1] - margin))
        right = min(self.picture.width, int(box[2] + margin))
        bottom = min(self.picture.height, int(box[3] + margin))
        mask = Image.new("L", ((right - left) // small, (bottom - top) // small), 0)
        ellipse = tuple((v - o) / small for v, o in zip(box, (left, top, left, top), strict=True))
        ImageDraw.Draw(mask).ellipse(ellipse, fill=alpha)
        mask = mask.filter(ImageFilter.GaussianBlur(blur * self.unit / small))
        mask = mask.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        layer = Image.new("RGBA", mask.size, (*fill, 0))
        layer.putalpha(mask)
        self.picture.alpha_composite(layer, (left, top))


def _dim(colour: Colour, day: float) -> Colour:
    """Take the daylight off a colour; what is left at night is bluish."""
    r, g, b = colour
    low = 0.16
    keep = low + (1 - low) * day
    return round(r * keep), round(g * keep), round(b * (keep + 0.03 * (1 - day)))


def _shade(colour: Colour, factor: float) -> Colour:
    r, g, b = (min(255, round(value * factor)) for value in colour)
    return r, g, b


def _draw_shadow(pen: _Pen, shape: _Shape, light: Light) -> None:
    half = shape.width / 2
    strength = 200 if light.day > 0.6 else 150
    pen.soft(-half - 0.02, -0.07, half + 0.02, 0.20, (8, 9, 12), strength, 0.05)


def _draw_light_on_ground(pen: _Pen, shape: _Shape, light: Light, *, approaching: bool) -> None:
    half = shape.width / 2
    colour: Colour = (255, 240, 205) if approaching else (200, 24, 18)
    alpha = (125 if approaching else 80) if light.has_lamps else 40
    for side in (-1, 1):
        middle = side * half * 0.62
        tall = 0.62 if light.is_wet else 0.42
        wide = 0.22 if light.is_wet else 0.5
        pen.soft(middle - wide, -tall, middle + wide, 0.05, colour, alpha, 0.10)


def _draw_body(pen: _Pen, shape: _Shape, paint: Colour, light: Light) -> None:
    half = shape.width / 2
    tyre = _dim((34, 35, 38), light.day + 0.2)
    for side in (-1, 1):
        outer, inner = side * (half - 0.02), side * (half - 0.25)
        pen.rounded(min(outer, inner), 0, max(outer, inner), 0.5, 0.05, tyre)
    # The cabin: pillars, glass, roof.
    roof = half * shape.roof
    pen.polygon(
        [
            (-half * 0.95, shape.belt),
            (-roof, shape.height - 0.05),
            (roof, shape.height - 0.05),
            (half * 0.95, shape.belt),
        ],
        _shade(paint, 0.84),
    )
    pen.rounded(
        -roof - 0.01, shape.height - 0.16, roof + 0.01, shape.height, 0.07, _shade(paint, 1.12)
    )
    glass = _dim((74, 92, 106), light.day)
    edge = 0.07
    pen.polygon(
        [
            (-half * 0.95 + edge + 0.02, shape.belt + 0.02),
            (-roof + edge, shape.height - 0.12),
            (roof - edge, shape.height - 0.12),
            (half * 0.95 - edge - 0.02, shape.belt + 0.02),
        ],
        glass,
    )
    # The sky in the glass: a slanted lighter band.
    pen.polygon(
        [
            (-half * 0.50, shape.belt + 0.02),
            (-roof * 0.35, shape.height - 0.12),
            (roof * 0.30, shape.height - 0.12),
            (half * 0.05, shape.belt + 0.02),
        ],
        _shade(glass, 1.32),
    )
    # The body below the windows, with a lighter shoulder and a dark sill.
    pen.rounded(-half, shape.clearance, half, shape.belt + 0.05, 0.16, paint)
    pen.rounded(
        -half * 0.96, shape.belt - 0.10, half * 0.96, shape.belt + 0.05, 0.07, _shade(paint, 1.16)
    )
    pen.rounded(
        -half * 0.97,
        shape.clearance,
        half * 0.97,
        shape.clearance + 0.12,
        0.05,
        _shade(paint, 0.45),
    )
    for side in (-1, 1):
        x0, x1 = sorted((side * (half - 0.02), side * (half + 0.17)))
        pen.rounded(x0, shape.belt + 0.02, x1, shape.belt + 0.17, 0.05, _shade(paint, 0.8))


def _draw_front(pen: _Pen, shape: _Shape, paint: Colour, light: Light) -> None:
    half = shape.width / 2
    dark = _dim((30, 32, 36), light.day + 0.15)
    low = shape.belt - 0.36
    pen.rounded(-half * 0.52, low + 0.02, half * 0.52, low + 0.17, 0.05, dark)
    for row in (0.05, 0.09, 0.13):
        pen.rounded(
            -half * 0.49, low + row, half * 0.49, low + row + 0.012, 0.005, _shade(dark, 1.9)
        )
    pen.rounded(
        -half * 0.70, shape.clearance + 0.04, half * 0.70, shape.clearance + 0.15, 0.05, dark
    )
    # The bonnet's edges.
    pen.polygon(
        [
            (-half * 0.74, shape.belt - 0.12),
            (-half * 0.60, shape.belt - 0.20),
            (half * 0.60, shape.belt - 0.20),
            (half * 0.74, shape.belt - 0.12),
            (half * 0.73, shape.belt - 0.10),
            (-half * 0.73, shape.belt - 0.10),
        ],
        _shade(paint, 0.86),
    )
    lens: Colour = (255, 250, 232) if light.has_lamps else _dim((214, 222, 228), light.day)
    for side in (-1, 1):
        x0, x1 = sorted((side * half * 0.56, side * half * 0.95))
        pen.rounded(x0, low + 0.02, x1, low + 0.19, 0.07, _shade(paint, 0.5))
        pen.rounded(x0 + 0.02, low + 0.035, x1 - 0.02, low + 0.175, 0.06, lens)


def _draw_rear(pen: _Pen, shape: _Shape, paint: Colour, light: Light) -> None:
    half = shape.width / 2
    low = shape.belt - 0.30
    pen.rounded(-half * 0.90, low - 0.17, half * 0.90, low - 0.155, 0.005, _shade(paint, 0.7))
    pen.rounded(
        -half * 0.62,
        shape.clearance + 0.03,
        half * 0.62,
        shape.clearance + 0.10,
        0.03,
        _dim((30, 32, 36), light.day + 0.15),
    )
    lens: Colour = (255, 46, 34) if light.has_lamps else _dim((176, 28, 30), light.day)
    for side in (-1, 1):
        x0, x1 = sorted((side * half * 0.62, side * half * 0.96))
        pen.rounded(x0, low - 0.02, x1, low + 0.20, 0.05, lens)
        pen.rounded(
            x0 + 0.03,
            low + 0.03,
            x1 - 0.03,
            low + 0.075,
            0.02,
            _shade(lens, 0.7) if light.has_lamps else _dim((230, 226, 220), light.day),
        )


def _mount_plate(
    pen: _Pen, shape: _Shape, text: str, light: Light, *, approaching: bool
) -> tuple[float, float, float, float]:
    width = round(PLATE_WIDTH_M * pen.unit)
    plate = draw_plate(text, width)
    # Rear plates have a lamp of their own; front ones are lit by the camera's infrared.
    keep = 0.62 + 0.38 * light.day if approaching else 0.78 + 0.22 * light.day
    plate = ImageChops.multiply(plate, Image.new("RGB", plate.size, (round(255 * keep),) * 3))
    up = shape.clearance + (0.11 if approaching else 0.16)
    x, y = pen.at(-PLATE_WIDTH_M / 2, up + PLATE_WIDTH_M / WIDTH_TO_HEIGHT)
    left, top = round(x), round(y)
    pen.rounded(
        -PLATE_WIDTH_M / 2 - 0.02,
        up - 0.02,
        PLATE_WIDTH_M / 2 + 0.02,
        up + PLATE_WIDTH_M / WIDTH_TO_HEIGHT + 0.02,
        0.02,
        (16, 17, 19),
    )
    pen.picture.paste(plate, (left, top))
    return left, top, left + plate.width, top + plate.height


def _draw_glow(pen: _Pen, shape: _Shape, *, approaching: bool) -> None:
    half = shape.width / 2
    middle_up = shape.belt - (0.25 if approaching else 0.21)
    for side in (-1, 1):
        middle = side * half * 0.76
        if approaching:
            pen.soft(
                middle - 0.34,
                middle_up - 0.30,
                middle + 0.34,
                middle_up + 0.30,
                (255, 236, 190),
                130,
                0.13,
            )
            pen.soft(
                middle - 0.13,
                middle_up - 0.08,
                middle + 0.13,
                middle_up + 0.08,
                (255, 255, 248),
                255,
                0.03,
            )
        else:
            pen.soft(
                middle - 0.24,
                middle_up - 0.20,
                middle + 0.24,
                middle_up + 0.20,
                (255, 40, 24),
                120,
                0.10,
            )
