"""Pátio norte at dusk, in the rain: loading docks, containers, wet concrete."""

from PIL import Image, ImageFilter

from gtvision_edge.demo.places.painting import FAR_M, Painter, shade
from gtvision_edge.demo.places.place import Place
from gtvision_edge.demo.road import Lens
from gtvision_edge.demo.vehicles import Light

_LAMP = (255, 232, 190)


def paint(lens: Lens) -> Image.Image:
    """Draw the empty yard."""
    p = Painter(lens, "yard")
    p.sky((64, 70, 92), (104, 100, 116), (168, 138, 128))
    p.clouds((58, 62, 80), 12, 120)
    p.skyline([(84, 84, 100), (94, 92, 106), (76, 78, 94)], low=10, high=46, lit=0.10)
    p.ground((70, 74, 82), (112, 108, 112))
    p.haze((170, 150, 144), 60, 46, 150)
    _warehouse(p)
    _containers(p)
    for distance in (52, 30):
        p.lamp_post(6.6, distance, 8.0, (74, 78, 86), lit=_LAMP)
    _reflections(p)
    for x in (-4.2, 0.0, 4.2):
        p.strip(x - 0.06, x + 0.06, 1.5, 130, (178, 160, 84))
    for distance in (52, 30, 13):
        p.soft_light(4.6, distance, 5.0, (226, 206, 172), 70)
    _puddles(p)
    return p.finished()


def _warehouse(p: Painter) -> None:
    """Draw the long hall at the left with its numbered docks."""
    at = p.lens.at
    x, near, far, height = -9.0, 9.0, 120.0, 6.6
    p.draw.polygon(
        [at(x, near), at(x, far), at(x, far, height), at(x, near, height)], fill=(104, 110, 120)
    )
    for ridge in range(222):
        z = near + ridge * 0.5
        p.draw.line([at(x, z, 0), at(x, z, height)], fill=(97, 103, 113), width=2)
    p.draw.polygon(
        [
            at(x, near, height),
            at(x, far, height),
            at(x, far, height - 0.9),
            at(x, near, height - 0.9),
        ],
        fill=(38, 66, 104),
    )
    for number in range(9):
        z = 14.0 + number * 10.5
        lit = number % 3 != 1
        fill = (236, 206, 150) if lit else (64, 70, 80)
        p.draw.polygon([at(x, z), at(x, z + 5), at(x, z + 5, 4.0), at(x, z, 4.0)], fill=fill)
        for slat in range(1, 8):
            up = slat * 0.5
            p.draw.line([at(x, z, up), at(x, z + 5, up)], fill=shade(fill, 0.86), width=2)
        p.draw.polygon(
            [
                at(x, z - 0.5, 4.7),
                at(x, z + 5.5, 4.7),
                at(x + 1.6, z + 5.5, 4.3),
                at(x + 1.6, z - 0.5, 4.3),
            ],
            fill=(58, 62, 72),
        )
        if lit:
            p.soft_light(x + 1.8, z + 2.5, 3.0, (238, 208, 156), 80)


def _containers(p: Painter) -> None:
    at = p.lens.at
    colours = [(150, 62, 48), (46, 92, 124), (172, 128, 52), (66, 108, 84), (132, 136, 140)]
    for row in range(6, -1, -1):
        near = 15.0 + row * 13.2
        for level in range(2 if row % 3 else 1):
            colour = colours[(row * 2 + level) % len(colours)]
            x, outer, low, high = 9.0, 13.5, level * 2.6, level * 2.6 + 2.55
            p.draw.polygon(
                [
                    at(x, near, low),
                    at(x, near + 12, low),
                    at(x, near + 12, high),
                    at(x, near, high),
                ],
                fill=shade(colour, 0.72),
            )
            for rib in range(25):
                z = near + rib * 0.5
                p.draw.line([at(x, z, low), at(x, z, high)], fill=shade(colour, 0.6), width=2)
            p.draw.polygon(
                [at(x, near, low), at(outer, near, low), at(outer, near, high), at(x, near, high)],
                fill=shade(colour, 0.92),
            )
            for bar in (0.25, 0.5, 0.75):
                bx = x + (outer - x) * bar
                p.draw.line(
                    [at(bx, near, low), at(bx, near, high)], fill=shade(colour, 0.66), width=5
                )


def _reflections(p: Painter) -> None:
    """Mirror what stands above the horizon in the wet ground, dimly and stretched."""
    horizon = round(p.lens.horizon_y)
    above = p.picture.crop((0, 0, p.picture.width, horizon))
    below = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(
        (p.picture.width, p.picture.height - horizon)
    )
    below = below.filter(ImageFilter.BoxBlur(14))
    mask = Image.new("L", below.size, 66)
    p.picture.paste(below, (0, horizon), mask)
    p.strip(-60, -8.9, 1.5, FAR_M, (88, 92, 100))
    p.strip(8.9, 60, 1.5, 14.9, (84, 88, 96))
    _warehouse(p)
    _containers(p)


def _puddles(p: Painter) -> None:
    for _ in range(14):
        z = p.random.uniform(6, 30)
        x = p.random.uniform(-7, 7)
        px, py = p.lens.at(x, z)
        wide = p.random.uniform(0.5, 1.4) * p.lens.scale(z)
        p.glow((px - wide, py - wide * 0.13, px + wide, py + wide * 0.13), (158, 146, 146), 90, 0.2)


YARD = Place(
    lens=Lens(960, 540, 470, 180, 850, 2.45),
    paint=paint,
    light=Light(0.5, has_lamps=True, is_wet=True),
    lane_x=(-2.1, 2.1),
    speed_m_s=6.0,
    farthest_m=75,
    rain=26,
)
