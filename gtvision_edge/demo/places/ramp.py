"""Rampa B1: the garage under the building, neon light on concrete."""

from PIL import Image

from gtvision_edge.demo.places.painting import Painter, gradient, mix, shade
from gtvision_edge.demo.places.place import Place
from gtvision_edge.demo.road import Lens
from gtvision_edge.demo.vehicles import Light

_END_M = 62.0
_CEILING_M = 3.3
_SIDE_M = 8.2


def paint(lens: Lens) -> Image.Image:
    """Draw the empty ramp."""
    p = Painter(lens, "ramp")
    at = p.lens.at
    p.ground((122, 124, 120), (74, 77, 78))
    top = round(at(0, _END_M, _CEILING_M)[1])
    p.picture.paste(gradient((p.lens.width, top), ((138, 140, 136), (70, 72, 72))), (0, 0))
    _end_wall(p)
    for side in (-1, 1):
        _side_wall(p, side)
    for beam in range(8, -1, -1):
        z = 5.5 + beam * 7
        tone = mix((122, 124, 121), (72, 74, 74), beam / 8)
        p.draw.polygon(
            [
                at(-_SIDE_M, z, _CEILING_M),
                at(_SIDE_M, z, _CEILING_M),
                at(_SIDE_M, z, 2.85),
                at(-_SIDE_M, z, 2.85),
            ],
            fill=tone,
        )
        p.draw.line([at(-_SIDE_M, z, 2.85), at(_SIDE_M, z, 2.85)], fill=shade(tone, 0.72), width=4)
        _neon(p, z + 3)
    _floor_marks(p)
    for number in range(7, -1, -1):
        for side in (-1, 1):
            _pillar(p, side, 8.0 + number * 7, number)
    return p.finished()


def _end_wall(p: Painter) -> None:
    at = p.lens.at
    z = _END_M
    p.draw.polygon(
        [at(-_SIDE_M, z), at(_SIDE_M, z), at(_SIDE_M, z, _CEILING_M), at(-_SIDE_M, z, _CEILING_M)],
        fill=(84, 88, 88),
    )
    # The way out: daylight at the end of the ramp.
    p.draw.polygon(
        [at(-3.4, z), at(3.4, z), at(3.4, z, 2.7), at(-3.4, z, 2.7)], fill=(222, 232, 236)
    )
    (left, top), (right, bottom) = at(-6, z, 4), at(6, z, -0.6)
    p.glow((left, top, right, bottom), (222, 232, 236), 120, 0.3)


def _side_wall(p: Painter, side: int) -> None:
    at, x = p.lens.at, side * _SIDE_M
    steps = 14
    for step in range(steps, 0, -1):
        z0, z1 = 1.5 + (step - 1) * _END_M / steps, 1.5 + step * _END_M / steps
        tone = mix((148, 150, 146), (78, 81, 81), step / steps)
        p.draw.polygon(
            [at(x, z0), at(x, z1), at(x, z1, _CEILING_M), at(x, z0, _CEILING_M)], fill=tone
        )
        p.draw.polygon(
            [at(x, z0, 0.0), at(x, z1, 0.0), at(x, z1, 1.0), at(x, z0, 1.0)],
            fill=mix(tone, (36, 96, 84), 0.55),
        )
    p.draw.line([at(x, 1.5, 1.0), at(x, _END_M, 1.0)], fill=(214, 214, 204), width=4)


def _neon(p: Painter, z: float) -> None:
    at = p.lens.at
    for x in (-3.6, 3.6):
        p.draw.polygon(
            [
                at(x - 0.16, z, 3.05),
                at(x + 0.16, z, 3.05),
                at(x + 0.16, z + 2.2, 3.05),
                at(x - 0.16, z + 2.2, 3.05),
            ],
            fill=(250, 255, 250),
        )
        px, py = at(x, z + 1, 3.05)
        r = 0.85 * p.lens.scale(z + 1)
        p.glow((px - r, py - r * 0.5, px + r, py + r * 0.5), (236, 246, 238), 90, 0.3)
        p.soft_light(x, z + 1, 2.4, (206, 212, 204), 60)


def _floor_marks(p: Painter) -> None:
    for side in (-1, 1):
        p.strip(side * 4.5, side * 4.64, 1.5, _END_M, (226, 196, 60))
    for z in (38.0, 24.0, 12.5):
        _arrow(p, -2.2, z)
    p.strip(-0.06, 0.06, 1.5, _END_M, (214, 212, 200))


def _arrow(p: Painter, x: float, z: float) -> None:
    """Paint an arrow that points away from the camera."""
    at, white = p.lens.at, (214, 212, 200)
    p.strip(x - 0.12, x + 0.12, z, z + 2.4, white)
    p.draw.polygon([at(x - 0.5, z + 2.2), at(x + 0.5, z + 2.2), at(x, z + 4.0)], fill=white)


def _pillar(p: Painter, side: int, z: float, number: int) -> None:
    at = p.lens.at
    x0, x1 = sorted((side * 5.2, side * 5.95))
    far = number / 7
    tone = mix((176, 177, 172), (92, 95, 95), far)
    inner = x1 if side < 0 else x0
    p.draw.polygon(
        [at(inner, z), at(inner, z + 0.7), at(inner, z + 0.7, 2.9), at(inner, z, 2.9)],
        fill=shade(tone, 0.78),
    )
    p.draw.polygon([at(x0, z), at(x1, z), at(x1, z, 2.9), at(x0, z, 2.9)], fill=tone)
    # Black and yellow at bumper height, the level's colour above.
    for stripe in range(6):
        low, high = 0.15 + stripe * 0.17, 0.15 + (stripe + 1) * 0.17
        colour = (222, 184, 36) if stripe % 2 else (40, 41, 42)
        p.draw.polygon(
            [at(x0, z, low), at(x1, z, low), at(x1, z, high), at(x0, z, high)],
            fill=mix(colour, tone, far * 0.5),
        )
    p.draw.polygon(
        [at(x0, z, 1.75), at(x1, z, 1.75), at(x1, z, 2.25), at(x0, z, 2.25)],
        fill=mix((30, 112, 98), tone, far * 0.5),
    )


RAMP = Place(
    lens=Lens(1280, 720, 660, 250, 1130, 2.45),
    paint=paint,
    light=Light(0.72, has_lamps=True),
    lane_x=(-2.2, 2.2),
    speed_m_s=4.4,
    farthest_m=50,
)
