"""Licence plates as Brazil mounts them: of the Mercosul form since 2018 (``ABC1D23``), and grey ones from before (``ABC1234``)."""

from PIL import Image, ImageDraw, ImageFont

WIDTH_TO_HEIGHT = 400 / 130  # millimetres

_BLUE = (0, 51, 153)
_INK = (18, 18, 22)
_GREY = (186, 189, 190)
_TOWN = "SP - SANTOS"


def draw_plate(text: str, width: int) -> Image.Image:
    """Return an RGB picture of the plate, *width* pixels wide, seen straight on."""
    fine = width * 3
    height = round(fine / WIDTH_TO_HEIGHT)
    is_old = text[4].isdigit()
    picture = Image.new("RGB", (fine, height), _GREY if is_old else (246, 247, 245))
    draw = ImageDraw.Draw(picture)
    band = round(height * 0.25)
    if is_old:
        _draw_town(draw, fine, band)
        # A dot stands between letters and digits, and takes half a letter's room.
        _draw_letters(draw, f"{text[:3]}·{text[3:]}", fine, height, band)
    else:
        _draw_blue_band(draw, fine, band)
        _draw_letters(draw, text, fine, height, band)
    draw.rounded_rectangle(
        (0, 0, fine - 1, height - 1),
        radius=height // 14,
        outline=(60, 62, 66),
        width=max(2, fine // 160),
    )
    return picture.resize((width, round(width / WIDTH_TO_HEIGHT)), Image.Resampling.LANCZOS)


def _draw_town(draw: ImageDraw.ImageDraw, fine: int, band: int) -> None:
    """Draw the small strip with state and town of an old plate."""
    draw.rectangle((fine * 0.22, band * 0.16, fine * 0.78, band * 0.92), fill=(168, 171, 173))
    draw.text(
        (fine / 2, band * 0.54),
        _TOWN,
        font=ImageFont.load_default(band * 0.62),
        fill=_INK,
        anchor="mm",
    )


def _draw_blue_band(draw: ImageDraw.ImageDraw, fine: int, band: int) -> None:
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


def _draw_letters(draw: ImageDraw.ImageDraw, text: str, fine: int, height: int, band: int) -> None:
    letters = ImageFont.load_default(height * 0.68)
    middle = band + (height - band) * 0.5
    wide = [0.5 if letter == "·" else 1.0 for letter in text]
    step = fine * 0.925 / sum(wide)
    left = fine * 0.0375
    for letter, share in zip(text, wide, strict=True):
        # Every letter in a cell of its own, as stamped ones are.
        draw.text(
            (left + step * share / 2, middle),
            letter,
            font=letters,
            fill=_INK,
            anchor="mm",
            stroke_width=max(1, fine // 110),
            stroke_fill=_INK,
        )
        left += step * share
