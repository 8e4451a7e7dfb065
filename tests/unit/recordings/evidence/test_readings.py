"""Plate readings in a bundle: as they were received, with their pictures, and none can be changed unseen."""

import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.keys import OpenedKeys
from gtvision_edge.recordings.evidence.assembly import assemble
from gtvision_edge.recordings.evidence.claims import Manifest
from gtvision_edge.recordings.evidence.model import ExportOptions, room_for
from gtvision_edge.recordings.evidence.reading_check import check_readings
from gtvision_edge.recordings.evidence.readings import OrderedReadings
from gtvision_edge.recordings.evidence.verify import Verdict, verify_bundle
from tests.fakes.pushes import jpeg
from tests.unit.recordings.evidence.conftest import Made
from tests.unit.recordings.evidence.test_bundle import rebuild

PLATE = "readings/cam01/2026-01-01T00-00-01-000000Z-00000001-plate.jpg"
SCENE = "readings/cam01/2026-01-01T00-00-01-000000Z-00000001-scene.jpg"


def listed(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        readings: list[dict[str, Any]] = json.loads(archive.read("readings.json"))["readings"]
        return readings


def manifest_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return manifest


def test_readings_lie_in_the_bundle_with_the_pictures_that_came_with_them(made: Made) -> None:
    first, second = listed(made.path)

    assert (first["placa_lida"], first["trust"]) == ("=ABC-1D23", "secret_path")
    assert {kind: each["path"] for kind, each in first["pictures"].items()} == {
        "plate": PLATE,
        "scene": SCENE,
    }
    with zipfile.ZipFile(made.path) as archive:
        assert archive.read(SCENE) == jpeg()
        assert archive.read(PLATE) == jpeg(120, 40, "white")
    assert first["pictures"]["scene"]["sha256"] == hashlib.sha256(jpeg()).hexdigest()
    assert first["pictures"]["scene"]["match"] is True
    assert second["pictures"] == {"scene": {"received_sha256": "0" * 64, "not_there": "missing"}}


def test_the_manifest_tells_how_many_and_the_verifier_what_is_not_there(made: Made) -> None:
    verdict = verify_bundle(made.path)

    assert manifest_of(made.path)["readings"] == {
        "path": "readings.json",
        "included": True,
        "count": 2,
        "pictures": 2,
        "left_out": 3,
    }
    assert verdict.is_good
    said = [remark.say("pt") for remark in verdict.remarks]
    assert any(each.startswith("3 leituras de placas do intervalo") for each in said)
    assert any("019b76da-a800-7000-8000-000000000002" in each for each in said)


def test_the_table_opens_in_a_spreadsheet_and_runs_nothing(made: Made) -> None:
    with zipfile.ZipFile(made.path) as archive:
        lines = archive.read("leituras.csv").decode("utf-8-sig").split("\r\n")

    assert lines[0].startswith("timestamp;camera_id;placa;placa_lida;confianca")
    first = lines[1].split(";")
    assert first[:5] == ["2026-01-01T00:00:01+00:00", "cam01", "ABC1D23", "'=ABC-1D23", "0.97"]
    assert first[-2:] == [PLATE, SCENE]
    assert lines[2].split(";")[4] == ""
    assert len(lines) == 4


def test_the_custody_form_tells_of_them(made: Made, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.path) as archive:
        archive.extract("termo.pdf", tmp_path)

    done = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "termo.pdf", "-"],
        capture_output=True,
        text=True,
        check=True,
    )

    text = " ".join(done.stdout.split())
    assert "2 leituras no intervalo, tal como recebidas das câmeras, e 2 imagens delas" in text
    assert "outras 3 leituras, as últimas do intervalo, não foram incluídas" in text
    assert "1 imagem recebida não está mais no disco" in text
    assert "readings/cam01" not in text


@pytest.mark.parametrize("name", ["readings.json", "leituras.csv", PLATE, SCENE])
def test_a_flipped_byte_in_a_reading_is_found(copy_of: Callable[[], Path], name: str) -> None:
    bundle = copy_of()
    with zipfile.ZipFile(bundle) as archive:
        content = archive.read(name)
    at = bundle.read_bytes().index(content) + len(content) // 2
    with bundle.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))

    verdict = verify_bundle(bundle)

    assert name in {fault.path for fault in verdict.faults}
    assert "changed" in {fault.code for fault in verdict.faults}


def test_a_picture_that_was_taken_out_is_missed(made: Made, tmp_path: Path) -> None:
    without = rebuild(
        made.path, tmp_path / "less.zip", lambda name, content: None if name == SCENE else content
    )

    verdict = verify_bundle(without)

    assert (SCENE, "missing") in {(fault.path, fault.code) for fault in verdict.faults}


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        (lambda found: found.pop(), "readings.json", "other_readings"),
        (lambda found: found[0]["pictures"].pop("scene"), SCENE, "of_no_reading"),
        (
            lambda found: found[0]["pictures"]["scene"].update(sha256="1" * 64),
            "readings.json",
            "two_hashes",
        ),
        (lambda found: found.insert(0, 7), "readings.json", "odd_readings"),
        (lambda found: found[0].update(pictures=[]), "readings.json", "odd_readings"),
    ],
)
def test_a_list_that_is_not_the_manifest_s_is_told(
    made: Made, change: Callable[[list[Any]], object], path: str, code: str
) -> None:
    """As whoever holds the key could have signed it."""
    found: list[Any] = listed(made.path)
    change(found)
    verdict = Verdict()

    check_readings(
        Manifest.model_validate(manifest_of(made.path)),
        json.dumps({"readings": found}).encode(),
        verdict,
    )

    assert (path, code) in {(fault.path, fault.code) for fault in verdict.faults}


def test_whoever_exports_may_leave_them_out(made: Made, tmp_path: Path) -> None:
    order = replace(
        made.order,
        draft=tmp_path / "bundle.zip",
        cameras=[replace(each, readings=OrderedReadings()) for each in made.order.cameras],
        options=ExportOptions(readings=False),
    )

    assemble(order)

    verdict = verify_bundle(order.draft)
    assert verdict.is_good
    assert listed(order.draft) == []
    assert manifest_of(order.draft)["readings"]["included"] is False
    with zipfile.ZipFile(order.draft) as archive:
        assert "leituras.csv" not in archive.namelist()


def test_a_picture_that_changed_on_the_disk_is_handed_over_and_told(
    made: Made, tmp_path: Path, keys: OpenedKeys
) -> None:
    (camera, other) = made.order.cameras
    readings = camera.readings.readings
    scene = readings[0].pictures[1]
    changed = tmp_path / "changed.jpg"
    shutil.copyfile(scene.path, changed)
    with changed.open("ab") as file:
        file.write(b"x")
    picture = replace(scene, path=changed)
    first = replace(readings[0], pictures=[readings[0].pictures[0], picture])
    order = replace(
        made.order,
        draft=tmp_path / "bundle.zip",
        cameras=[replace(camera, readings=OrderedReadings([first])), other],
    )

    assemble(order)

    verdict = verify_bundle(order.draft)
    assert verdict.is_good
    assert [
        remark.facts for remark in verdict.remarks if remark.code == "picture_not_as_received"
    ] == [{"file": SCENE}]
    assert listed(order.draft)[0]["pictures"]["scene"]["match"] is False


def test_their_pictures_count_in_the_room_that_is_needed(made: Made) -> None:
    pictures = len(jpeg()) + len(jpeg(120, 40, "white"))

    assert made.order.needed_bytes == room_for(made.order.footage_bytes) + pictures
