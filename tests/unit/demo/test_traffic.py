"""The demo's traffic is endless, the same for everyone, and possible."""

from collections import Counter
from itertools import pairwise

from gtvision_edge.demo.cameras import street_town
from gtvision_edge.demo.traffic import Flow, Town
from gtvision_edge.detections.plates import PlateForm, form_of, read_plate

START_US = 1_795_560_000_000_000
HOUR_US = 3_600_000_000
CAMERAS = ("Portaria 1", "Av. Brasil sentido centro", "Pátio norte", "Rampa B1")


def test_most_plates_are_mercosul_some_are_old_and_no_two_vehicles_share_one() -> None:
    plates = [vehicle.plate for vehicle in street_town().vehicles]

    assert len({read_plate(plate).vehicle for plate in plates}) == len(plates) == 128  # type: ignore[union-attr]
    forms = Counter(form_of(plate) for plate in plates)
    assert forms == {PlateForm.MERCOSUL: 102, PlateForm.OLD: 26}


def test_each_camera_sees_plates_of_both_forms() -> None:
    town = street_town()

    for camera in CAMERAS:
        passages = town.passages(camera, START_US, START_US + HOUR_US // 6)
        assert {form_of(passage.plate) for passage in passages} == {
            PlateForm.MERCOSUL,
            PlateForm.OLD,
        }


def test_every_vehicle_passes_now_and_then() -> None:
    town = street_town()
    passed = Counter(
        passage.plate
        for camera in CAMERAS
        for passage in town.passages(camera, START_US, START_US + HOUR_US)
    )

    assert len(passed) == 128
    assert 6 <= min(passed.values()) <= max(passed.values()) <= 40


def test_everyone_who_asks_gets_the_same_passages() -> None:
    first, second = street_town(), street_town()

    for camera in CAMERAS:
        whole = first.passages(camera, START_US, START_US + HOUR_US)
        middle = START_US + HOUR_US // 3
        parts = second.passages(camera, START_US, middle)
        parts += second.passages(camera, middle, START_US + HOUR_US)
        assert whole == parts
        assert [p.at_us for p in whole] == sorted(p.at_us for p in whole)


def test_another_seed_makes_another_town() -> None:
    flows = [Flow("a", 5.0, ("approaching",))]

    assert Town(flows, seed=1).vehicles != Town(flows, seed=2).vehicles


def test_no_vehicle_is_in_two_places_within_a_minute() -> None:
    town = street_town()
    passages = [
        passage
        for camera in CAMERAS
        for passage in town.passages(camera, START_US, START_US + HOUR_US)
    ]

    seen: dict[str, tuple[int, str]] = {}
    meetings = 0
    for passage in sorted(passages, key=lambda p: p.at_us):
        if passage.plate in seen:
            at_us, camera = seen[passage.plate]
            meetings += camera != passage.camera and passage.at_us - at_us < 5_000_000
        seen[passage.plate] = passage.at_us, passage.camera
    assert meetings == 0
    assert len({(p.plate, p.camera) for p in passages}) > len({p.plate for p in passages})


def test_vehicles_of_a_camera_keep_their_distance() -> None:
    town = street_town()

    for camera in CAMERAS:
        passages = town.passages(camera, START_US, START_US + HOUR_US)
        assert min(b.at_us - a.at_us for a, b in pairwise(passages)) > 1_500_000
