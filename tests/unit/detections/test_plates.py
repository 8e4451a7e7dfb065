"""Plates: the same vehicle under both forms; doubts are said, never decided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.plates import (
    PlateForm,
    form_of,
    lookalikes,
    misreadings,
    read_plate,
    search_patterns,
    suggestions,
)

OLD = st.from_regex(r"[A-Z]{3}[0-9]{4}", fullmatch=True)


@pytest.mark.parametrize(
    ("sent", "text", "form", "twin"),
    [
        ("ABC1234", "ABC1234", PlateForm.OLD, "ABC1C34"),
        ("abc-1234", "ABC1234", PlateForm.OLD, "ABC1C34"),
        ("ABC·1C34", "ABC1C34", PlateForm.MERCOSUL, "ABC1234"),
        (" abc 1k34\n", "ABC1K34", PlateForm.MERCOSUL, None),
        ("ＡＢＣ１Ｃ３４", "ABC1C34", PlateForm.MERCOSUL, "ABC1234"),
        ("BRABC1C34", "ABC1C34", PlateForm.MERCOSUL, "ABC1234"),
        ("AB123CD", "AB123CD", PlateForm.OTHER, None),
        ("ABC12D4", "ABC12D4", PlateForm.OTHER, None),
        ("ABC١٢٣٤", "ABC", PlateForm.OTHER, None),
    ],
)
def test_a_text_is_read_as_the_plate_it_shows(
    sent: str, text: str, form: PlateForm, twin: str | None
) -> None:
    plate = read_plate(sent)

    assert plate is not None
    assert (plate.text, plate.form, plate.twin) == (text, form, twin)


@pytest.mark.parametrize(
    "sent", ["", " ", "unknown", "noPlate", "No Plate", "UnRecognise", "---", "车牌"]
)
def test_what_says_that_nothing_was_read_is_no_plate(sent: str) -> None:
    assert read_plate(sent) is None


@given(OLD)
def test_both_forms_are_one_vehicle(old: str) -> None:
    plate = read_plate(old)
    assert plate is not None
    assert plate.twin is not None
    renewed = read_plate(plate.twin)

    assert renewed is not None
    assert renewed.form is PlateForm.MERCOSUL
    assert renewed.twin == old
    assert renewed.vehicle == plate.vehicle == old


@given(st.text())
def test_any_text_is_read_or_not_and_stays_so(text: str) -> None:
    plate = read_plate(text)

    if plate is not None:
        assert 0 < len(plate.text) <= 12
        again = read_plate(plate.text)
        assert again is not None
        assert again.text == plate.text


def test_a_misread_place_is_suggested_and_the_fifth_never() -> None:
    assert suggestions("A8C1D23") == ["ABC1D23"]
    assert suggestions("ABCID23") == ["ABC1D23"]
    assert suggestions("ABC1O23") == []
    assert suggestions("ABC12D4") == ["ABC1204"]
    assert suggestions("ABC1234") == []
    assert suggestions("XYZ") == []


@given(st.from_regex(r"[A-Z]{3}[0-9]([A-Z]|[0-9])[0-9]{2}", fullmatch=True))
def test_what_is_misread_has_the_plate_for_its_suggestion(plate: str) -> None:
    read = misreadings(plate)

    assert all(suggestions(each) == [plate] for each in read)
    assert len(read) == len(set(read)) <= 69


def test_a_plate_is_misread_in_one_place_or_two_and_never_in_the_fifth() -> None:
    read = misreadings("RIO2A18")

    assert read[:7] == ["R1O2A18", "RI02A18", "RIO2A1B", "RIO2AI8", "RIO2AL8", "RIOZA18", "R102A18"]
    assert "RI0ZA18" in read
    assert "RI0ZAI8" not in read
    assert not any(each[4] != "A" for each in read)
    assert misreadings("RI02A18") == []


def test_plates_that_look_alike_are_one_doubt_away() -> None:
    found = lookalikes("ABC1B34")

    assert "ABC1834" in found
    assert "ARC1B34" in found
    assert "ABC1B34" not in found
    assert all(form_of(each) is not PlateForm.OTHER for each in found)


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("abc1234", ["ABC1234", "ABC1C34"]),
        ("ABC-1C34", ["ABC1C34", "ABC1234"]),
        ("ABC1K34", ["ABC1K34"]),
        ("ABC?2?4", ["ABC?2?4", "ABC?C?4"]),
        ("ABC1?34", ["ABC1?34"]),
        ("abc*", ["ABC*"]),
        ("*34", ["*34"]),
        ("AB123CD", ["AB123CD"]),
        ("*", []),
        ("??", []),
        ("", []),
        ("[!A]", ["A"]),
    ],
)
def test_a_search_finds_both_forms_and_wildcards(text: str, patterns: list[str]) -> None:
    assert search_patterns(text) == patterns
