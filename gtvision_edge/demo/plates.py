"""Licence plates as Brazil mounts them since 2018 (Mercosul)."""

from PIL import Image, ImageDraw, ImageFont

WIDTH_TO_HEIGHT = 400 / 130  # millimetres

_BLUE = (0, 51, 153)
_INK = (18, 18, 22)


def draw_plate(text: str, width: int) -> Image.Image:
    """Return an RGB picture of the plate, *width* pixels wide, seen straight on."""
    fine = width * 3
    height = round(fine / WIDTH_TO_HEIGHT)
    picture = Image.new("RGB", (fine, height), (246, 247, 245))
    draw = ImageDraw.Draw(picture)
    band = round(height * 0.25)
    draw.rectangle((0, 0, fine, band), fill=_BLUE)
    small = ImageFont.load_default(band * 0.78)
    draw.text(
        (fine / 2, band * 0.5),
        "BRASIL",
        font=small,
        fill="white",
        anchor="mm",
        stroke_width=max(1, fine // 500),
    )
    flag = (fine * 0.90, band * 0.18, fine * 0.965, band * 0.84)
    draw.rectangle(flag, fill=(0, 140, 70))
    draw.ellipse(
        (flag[0] + fine * 0.012, flag[1] + 2, flag[2] - fine * 0.012, flag[3] - 2),
        fill=(250, 210, 40),
    )
    letters = ImageFont.load_default(height * 0.68)
    middle = band + (height - band) * 0.5
    step = fine * 0.925 / len(text)
    for number, letter in enumerate(text):
        # Every letter in a cell of its own, as stamped ones are.
        x = fine * 0.0375 + step * (number + 0.5)
        draw.text(
            (x, middle),
            letter,
            font=letters,
            fill=_INK,
            anchor="mm",
            stroke_width=max(1, fine // 110),
            stroke_fill=_INK,
        )
    draw.rounded_rectangle(
        (0, 0, fine - 1, height - 1),
        radius=height // 14,
        outline=(60, 62, 66),
        width=max(2, fine // 160),
    )
    return picture.resize((width, round(width / WIDTH_TO_HEIGHT)), Image.Resampling.LANCZOS)
