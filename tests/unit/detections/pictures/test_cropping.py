"""A plate is cut out of a scene where the camera said it is; bombs stay packed."""

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gtvision_edge.detections.model import Rectangle
from gtvision_edge.detections.pictures.cropping import LARGEST_CROP, cut_out, is_whole
from tests.fakes.picture_server import huge_picture, many_scans
from tests.fakes.pushes import jpeg

RED = (200, 20, 20)


def scene(
    width: int = 1600, height: int = 900, area: Rectangle = Rectangle(0.5, 0.5, 0.1, 0.05)
) -> bytes:
    """Return a grey picture that is red where the plate is."""
    picture = Image.new("RGB", (width, height), "gray")
    box = (
        round(area.left * width),
        round(area.top * height),
        round((area.left + area.width) * width),
        round((area.top + area.height) * height),
    )
    picture.paste(RED, box)
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("size", [(1600, 900), (640, 360), (6000, 3400)])
@pytest.mark.parametrize(
    "area",
    [
        Rectangle(0.5, 0.5, 0.1, 0.05),
        Rectangle(0.0, 0.0, 0.2, 0.1),
        Rectangle(0.85, 0.93, 0.15, 0.07),
    ],
)
def test_the_crop_is_what_is_in_the_rectangle_with_a_margin(
    size: tuple[int, int], area: Rectangle
) -> None:
    made = cut_out(scene(*size, area), area)

    assert made is not None
    with Image.open(io.BytesIO(made)) as crop:
        assert crop.size[0] <= LARGEST_CROP[0]
        assert crop.size[1] <= LARGEST_CROP[1]
        raw = crop.convert("RGB").resize((40, 20)).tobytes()
    pixels = list(zip(raw[::3], raw[1::3], strict=True))
    red = sum(r > 150 and g < 90 for r, g in pixels) / len(pixels)
    assert 0.5 < red < 0.97


@pytest.mark.parametrize(
    "area",
    [
        Rectangle(0.1, 0.1, 0.001, 0.001),
        Rectangle(0, 0, 1, 1),
        Rectangle(0.1, 0.1, 0.5, 0.01),
        Rectangle(0.1, 0.1, 0.01, 0.5),
    ],
)
def test_where_no_plate_can_be_nothing_is_cut(area: Rectangle) -> None:
    assert cut_out(scene(), area) is None


def test_whole_pictures_are_told_from_damaged_ones() -> None:
    whole = scene()

    assert is_whole(whole)
    assert not is_whole(whole[: len(whole) // 2])
    assert not is_whole(b"<html>")
    assert not is_whole(b"")
    assert not is_whole(b"\xff\xd8\xff" + bytes(1000))


@pytest.mark.parametrize(
    "bomb", [huge_picture(), huge_picture(8000, 8000), huge_picture(65500, 65500), many_scans()]
)
def test_bombs_are_refused_at_once(bomb: bytes) -> None:
    began = time.process_time()

    assert not is_whole(bomb)
    assert cut_out(bomb, Rectangle(0.4, 0.4, 0.1, 0.05)) is None
    assert time.process_time() - began < 0.5


@given(st.data())
def test_noise_in_a_picture_is_a_picture_or_none_and_never_an_error(data: st.DataObject) -> None:
    made = bytearray(jpeg(320, 180))
    for _ in range(data.draw(st.integers(1, 8))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    size = data.draw(st.integers(0, len(made)))

    assert is_whole(bytes(made[:size])) in (True, False)
    crop = cut_out(bytes(made[:size]), Rectangle(0.2, 0.2, 0.3, 0.2))
    assert crop is None or crop.startswith(b"\xff\xd8\xff")
