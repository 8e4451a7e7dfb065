"""What the demo's cameras see."""

from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from gtvision_edge.demo import cameras
from gtvision_edge.demo.overlay import plain
from gtvision_edge.demo.planes import Planes
from gtvision_edge.demo.plates import draw_plate
from gtvision_edge.demo.scene import Scene
from tests.fakes.drawn_plates import difference, plate_seen_in

START_US = 1_795_560_000_000_000
MINUTES_US = 120_000_000
MODELS = {model.path: model for model in cameras._MODELS}


@cache
def scene(path: str) -> Scene:
    model = MODELS[path]
    place = replace(model.place, rain=0)
    return Scene(model.name, place, cameras.street_town(), ZoneInfo("America/Sao_Paulo"))


@pytest.mark.parametrize("path", MODELS)
def test_the_plate_in_the_picture_is_the_one_that_is_reported(path: str) -> None:
    seen = scene(path)
    for passage in seen.passages(START_US, START_US + MINUTES_US)[:3]:
        plates = [vehicle.plate for vehicle in cameras.street_town().vehicles]

        assert plate_seen_in(seen.crop(passage, margin=0.0), plates) == passage.plate


def test_old_plates_are_grey_and_mercosul_ones_have_a_blue_band() -> None:
    old, mercosul = (draw_plate(text, 240) for text in ("ABC1234", "ABC1C34"))

    assert old.getpixel((20, 8)) == (186, 189, 190)
    assert mercosul.getpixel((20, 8)) == (0, 51, 153)


@pytest.mark.parametrize("path", MODELS)
def test_every_lane_is_in_the_picture_when_its_plate_is_read(path: str) -> None:
    seen = scene(path)
    width, height = seen.place.lens.width, seen.place.lens.height
    lanes = set()
    for passage in seen.passages(START_US, START_US + 5 * MINUTES_US):
        if passage.lane in lanes:
            continue
        left, top, right, bottom = seen.plate_box(passage)
        lanes.add(passage.lane)
        assert 0 < left < right < width
        assert 0 < top < bottom < height
        assert right - left > width / 16  # readable
    assert lanes == set(range(len(seen.place.lane_x)))


def test_a_moment_has_one_picture() -> None:
    once = scene("avbrasil").draw(START_US)
    again = scene("avbrasil").draw(START_US)

    assert once.luma.tobytes() == again.luma.tobytes()
    assert once.red.tobytes() == again.red.tobytes()


def test_the_clock_moves_every_second_and_stands_still_within_one() -> None:
    box = (0, 0, 300, 60)
    first, same, later = (
        scene("rampab1").draw(START_US + us).luma.crop(box).tobytes()
        for us in (0, 900_000, 1_000_000)
    )

    assert first == same
    assert first != later


def test_the_barrier_is_up_while_a_car_passes_and_down_otherwise() -> None:
    gate = scene("portaria1")
    passage = gate.passages(START_US, START_US + MINUTES_US)[2]

    assert gate._arm_angle(passage.at_us) == 1.0
    assert gate._arm_angle(passage.at_us + 5_900_000) < 1.0


def test_it_is_loudest_when_a_car_passes() -> None:
    street = scene("avbrasil")
    passage = street.passages(START_US, START_US + MINUTES_US)[3]

    assert street.loudness(passage.at_us) == pytest.approx(1.0)
    assert street.loudness(passage.at_us - 1_600_000) < 0.8


def test_the_four_places_are_plainly_different() -> None:
    pictures = [scene(path).draw(START_US).picture().resize((64, 36)) for path in MODELS]

    for index, one in enumerate(pictures):
        for other in pictures[index + 1 :]:
            assert difference(one, other) > 60


def test_colours_survive_the_way_through_the_planes() -> None:
    picture = Image.new("RGB", (64, 32))
    for index, colour in enumerate(((200, 30, 40), (30, 160, 60), (20, 60, 200), (240, 240, 240))):
        picture.paste(colour, (index * 16, 0, index * 16 + 16, 32))

    assert difference(picture, Planes.of(picture).picture()) < 9


def test_names_are_burnt_in_as_cameras_do() -> None:
    assert plain("Pátio norte") == "PATIO NORTE"
