"""Av. Brasil at noon: three lanes between shops, flats and trees."""

from PIL import Image

from gtvision_edge.demo.places.painting import FAR_M, Facade, Painter
from gtvision_edge.demo.places.place import Place
from gtvision_edge.demo.road import Lens
from gtvision_edge.demo.vehicles import Light

_WALLS = [
    Facade((206, 172, 132), (224, 192, 152), (108, 124, 140)),
    Facade((158, 178, 188), (186, 202, 210), (84, 106, 128)),
    Facade((192, 122, 98), (210, 142, 116), (92, 104, 118)),
    Facade((222, 216, 200), (236, 230, 214), (112, 130, 148)),
    Facade((146, 162, 138), (170, 184, 160), (86, 102, 108)),
]


def paint(lens: Lens) -> Image.Image:
    """Draw the empty street."""
    p = Painter(lens, "avenue")
    p.sky((66, 126, 196), (138, 184, 226), (214, 230, 240))
    p.clouds((255, 255, 255), 9, 150)
    p.skyline([(166, 184, 202), (178, 194, 208), (154, 172, 192)], low=22, high=78, lit=0.0)
    p.ground((104, 105, 108), (138, 141, 146))
    p.haze((214, 226, 236), 70, 40, 170)
    for side in (-1, 1):
        p.strip(side * 5.6, side * 9.2, 1.5, FAR_M, (176, 172, 164))
        p.strip(side * 9.2, side * 60, 1.5, FAR_M, (150, 152, 140))
        p.strip(side * 5.45, side * 5.7, 1.5, FAR_M, (204, 202, 196))
        p.strip(side * 4.72, side * 4.84, 1.5, FAR_M, (232, 231, 224))
    for x in (-1.55, 1.55):
        p.dashes(x, (236, 235, 228))
    p.shadow(-60, -1.2, 1.5, FAR_M, 62)
    p.crossing(-4.6, 4.6, 19.0, 22.0, (228, 227, 220))
    near = 118.0
    while near > 8:
        for side in (-1, 1):
            look = p.random.choice(_WALLS)
            height = p.random.uniform(7, 22)
            p.building(side * 9.4, side * 34, near, near + 15, height, look)
            _shop(p, side, near)
        for side, dz in ((-1, 3.0), (1, 9.0)):
            p.tree(side * 7.6, near + dz, p.random.uniform(5.0, 6.5), (74, 122, 62), (92, 74, 56))
        p.lamp_post(6.2, near + 2, 7.5, (96, 100, 104), lit=None)
        near -= 15.6
    return p.finished()


def _shop(p: Painter, side: int, near: float) -> None:
    """Put an awning over the ground floor."""
    colour = p.random.choice([(178, 52, 48), (40, 104, 92), (214, 164, 60), (60, 84, 140)])
    at, x = p.lens.at, side * 9.4
    out = side * 8.3
    p.draw.polygon(
        [at(x, near, 3.5), at(x, near + 15, 3.5), at(out, near + 15, 2.8), at(out, near, 2.8)],
        fill=colour,
    )


AVENUE = Place(
    lens=Lens(1280, 720, 634, 236, 1130, 2.45),
    paint=paint,
    light=Light(1.0, has_lamps=False),
    lane_x=(-3.1, 0.0, 3.1),
    speed_m_s=11.5,
    farthest_m=95,
)
