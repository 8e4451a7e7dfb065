"""Portaria 1 at night: a guarded gate with a barrier, street lamps, the city behind."""

from PIL import Image

from gtvision_edge.demo.places.painting import FAR_M, Painter
from gtvision_edge.demo.places.place import Barrier, Place
from gtvision_edge.demo.road import Lens
from gtvision_edge.demo.vehicles import Light

_LAMP = (255, 206, 128)


def paint(lens: Lens) -> Image.Image:
    """Draw the empty street."""
    p = Painter(lens, "gate")
    p.sky((9, 13, 30), (22, 28, 54), (58, 52, 72))
    _stars(p)
    p.skyline([(22, 26, 44), (28, 32, 52), (18, 22, 38)], low=40, high=150, lit=0.22)
    p.ground((42, 43, 49), (30, 31, 38))
    p.haze((86, 70, 74), 50, 26, 120)
    for side in (-1, 1):
        p.strip(side * 4.1, side * 60, 1.5, FAR_M, (36, 42, 38))
        p.strip(side * 3.9, side * 4.15, 1.5, FAR_M, (104, 102, 94))
    p.strip(-0.07, 0.07, 1.5, 120, (176, 150, 70))
    for distance in (46, 26):
        for x in (-5.6, 5.6):
            p.lamp_post(x, distance, 6.4, (64, 68, 74), lit=_LAMP)
        p.soft_light(-3.4, distance, 5.5, (150, 118, 76), 120)
        p.soft_light(3.4, distance, 5.5, (150, 118, 76), 120)
    for side in (-1, 1):
        _wall(p, side)
    for tree_x, away, height in ((-8.6, 19.0, 5.6), (9.5, 24.0, 6.5), (-11.0, 14.5, 5.2)):
        p.tree(tree_x, away, height, (28, 50, 36), (38, 32, 28))
    p.soft_light(0.6, 9.5, 4.6, (176, 158, 122), 105)
    _booth(p)
    p.strip(-3.9, 3.9, 10.0, 10.35, (206, 202, 190))
    return p.finished()


def _stars(p: Painter) -> None:
    for _ in range(60):
        x, y = p.random.uniform(0, p.lens.width), p.random.uniform(0, p.lens.horizon_y * 0.5)
        tone = p.random.randint(70, 170)
        p.draw.ellipse((x, y, x + 2, y + 2), fill=(tone, tone, tone + 20))


def _wall(p: Painter, side: int) -> None:
    """Draw the perimeter wall with its coping and the post of the gate."""
    at = p.lens.at
    z, inner, outer = 15.5, side * 4.4, side * 40
    p.draw.polygon(
        [at(inner, z), at(outer, z), at(outer, z, 2.3), at(inner, z, 2.3)], fill=(74, 58, 52)
    )
    for row in range(9):
        up = row * 0.26
        p.draw.line([at(inner, z, up), at(outer, z, up)], fill=(62, 48, 44), width=2)
    p.draw.line([at(inner, z, 2.35), at(outer, z, 2.35)], fill=(112, 100, 90), width=10)
    post0, post1 = sorted((side * 4.2, side * 5.0))
    p.draw.polygon(
        [at(post0, z), at(post1, z), at(post1, z, 2.9), at(post0, z, 2.9)], fill=(108, 98, 88)
    )
    px, py = at(side * 4.6, z, 3.05)
    p.glow((px - 90, py - 90, px + 90, py + 90), _LAMP, 150, 0.2)
    p.draw.ellipse((px - 13, py - 13, px + 13, py + 13), fill=(255, 240, 205))


def _booth(p: Painter) -> None:
    """Draw the guard's booth with its light on."""
    at, scale = p.lens.at, p.lens.scale(11.0)
    x, outer, near, far, height = 4.4, 7.6, 11.0, 13.6, 2.75
    p.draw.polygon(
        [at(x, near), at(x, far), at(x, far, height), at(x, near, height)], fill=(92, 94, 98)
    )
    p.draw.polygon(
        [at(x, near), at(outer, near), at(outer, near, height), at(x, near, height)],
        fill=(122, 122, 122),
    )
    window = [at(4.75, near, 1.05), at(7.2, near, 1.05), at(7.2, near, 2.2), at(4.75, near, 2.2)]
    p.draw.polygon(window, fill=(255, 226, 160))
    p.draw.polygon(
        [
            at(x, near + 0.4, 1.05),
            at(x, far - 0.4, 1.05),
            at(x, far - 0.4, 2.2),
            at(x, near + 0.4, 2.2),
        ],
        fill=(246, 208, 138),
    )
    # The guard, the frame, the roof.
    gx, gy = at(5.7, near, 1.75)
    r = 0.15 * scale
    p.draw.ellipse((gx - r, gy - r, gx + r, gy + r * 1.1), fill=(70, 52, 44))
    p.draw.rounded_rectangle(
        (gx - 2.1 * r, gy + 1.1 * r, gx + 2.1 * r, at(0, near, 1.05)[1]),
        radius=r,
        fill=(38, 46, 66),
    )
    for bar in (4.75, 5.98, 7.2):
        p.draw.line([at(bar, near, 1.05), at(bar, near, 2.2)], fill=(70, 72, 76), width=6)
    p.draw.polygon(
        [
            at(x - 0.35, near - 0.3, height),
            at(outer + 0.3, near - 0.3, height),
            at(outer + 0.3, near - 0.3, height + 0.22),
            at(x - 0.35, near - 0.3, height + 0.22),
        ],
        fill=(150, 150, 148),
    )
    left, top = at(4.4, near, 2.4)
    right, bottom = at(7.6, near, 0.6)
    p.glow((left, top, right, bottom), (255, 220, 150), 60, 0.3)
    p.soft_light(5.2, 9.2, 2.2, (255, 214, 140), 70)
    # The cabinet of the barrier.
    p.draw.polygon(
        [at(3.95, 10.4), at(4.35, 10.4), at(4.35, 10.4, 1.1), at(3.95, 10.4, 1.1)],
        fill=(206, 132, 36),
    )


GATE = Place(
    lens=Lens(1280, 720, 560, 226, 1130, 2.45),
    paint=paint,
    light=Light(0.24, has_lamps=True),
    lane_x=(-2.0, 1.9),
    speed_m_s=4.6,
    farthest_m=52,
    barrier=Barrier(hinge_x=4.1, distance=10.4, reach_m=7.9, up_m=1.0, day=0.6),
)
