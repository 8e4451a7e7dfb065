"""The customer's webhook is read strictly, with the habits of those who write it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.model import Rectangle
from gtvision_edge.detections.sources.generic import read_webhook
from gtvision_edge.errors import InvalidInputError

BODY = {
    "camera_id": "cam01",
    "placa": "ABC1D23",
    "timestamp": "2026-03-14T09:26:53-03:00",
    "confianca": 0.95,
    "imagem_url": "http://10.0.0.5/a.jpg",
    "signature": "00ff",
}


def test_a_message_is_read_with_the_literals_that_were_signed() -> None:
    raw = json.dumps(BODY).replace("0.95", "0.950").replace("/", "\\/").encode("utf-8-sig")

    message = read_webhook(raw)

    assert message.camera_id == "cam01"
    assert message.reading.plate == "ABC1D23"
    assert message.reading.confidence == pytest.approx(0.95)
    assert message.reading.captured_us == 1773491213_000_000
    assert message.fields.confidence == "0.950"
    assert message.fields.picture_url == "http://10.0.0.5/a.jpg"
    assert message.signature == "00ff"


def test_direction_and_place_of_the_plate_count_for_bodies_that_are_signed_as_a_whole() -> None:
    body = BODY | {"sentido": "approach", "area_placa": [0.25, 0.5, 0.1, 0.03]}

    message = read_webhook(json.dumps(body).encode())

    assert (message.reading.direction, message.reading.plate_area) == ("", None)
    assert message.whole_reading.direction == "approach"
    assert message.whole_reading.plate_area == Rectangle(0.25, 0.5, 0.1, 0.03)
    assert message.whole_reading.plate == message.reading.plate == "ABC1D23"


@pytest.mark.parametrize("odd", [1, True, None, "x" * 33, "a\nb", ["approach"], {}])
def test_an_odd_direction_is_passed_over(odd: object) -> None:
    message = read_webhook(json.dumps(BODY | {"sentido": odd}).encode())

    assert message.whole_reading.direction == ""


@pytest.mark.parametrize(
    "odd",
    [
        "0,0,1,1",
        [0, 0, 1],
        [0, 0, 0, 1],
        [-0.1, 0, 0.5, 0.5],
        [0.6, 0.5, 0.5, 0.1],
        [413, 241, 126, 44],
        ["0", "0", "1", "1"],
        [0, 0, True, 1],
        {"left": 0},
        None,
    ],
)
def test_a_place_of_the_plate_that_cannot_be_is_passed_over(odd: object) -> None:
    message = read_webhook(json.dumps(BODY | {"area_placa": odd}).encode())

    assert message.whole_reading.plate_area is None
    assert message.whole_reading == message.reading


def test_a_place_in_numbers_beyond_all_measure_is_passed_over() -> None:
    raw = json.dumps(BODY)[:-1] + ', "area_placa": [1e999, 0, 1e-999, 0.5]}'

    assert read_webhook(raw.encode()).whole_reading.plate_area is None


@pytest.mark.parametrize("absent", ["placa", "confianca", "imagem_url", "signature"])
@pytest.mark.parametrize("as_null", [True, False])
def test_null_and_absent_are_empty(absent: str, as_null: bool) -> None:
    body: dict[str, Any] = {name: value for name, value in BODY.items() if name != absent}
    if as_null:
        body[absent] = None

    message = read_webhook(json.dumps(body).encode())

    signed = {"placa": "plate", "confianca": "confidence", "imagem_url": "picture_url"}
    if absent in signed:
        assert getattr(message.fields, signed[absent]) == ""
    else:
        assert message.signature == ""


@pytest.mark.parametrize(
    ("sent", "confidence"), [("1", 1.0), ("0", 0.0), ("97", 0.97), ("97.5", 0.975), ("9e-1", 0.9)]
)
def test_confidence_counts_to_one_or_to_a_hundred(sent: str, confidence: float) -> None:
    message = read_webhook(json.dumps(BODY).replace("0.95", sent).encode())

    assert message.reading.confidence == pytest.approx(confidence)
    assert message.fields.confidence == sent


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"camera_id": ""}, "camera_id"),
        ({"camera_id": 7}, "camera_id"),
        ({"camera_id": "a\nb"}, "camera_id"),
        ({"placa": "A" * 65}, "placa"),
        ({"placa": ["ABC1D23"]}, "placa"),
        ({"placa": "ABC\n1"}, "placa"),
        ({"timestamp": "2026-03-14T09:26:53"}, "timestamp"),
        ({"timestamp": 1773491213}, "timestamp"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"confianca": "0.95"}, "confianca"),
        ({"confianca": True}, "confianca"),
        ({"confianca": -0.1}, "confianca"),
        ({"confianca": 101}, "confianca"),
        ({"confianca": {"a": 1}}, "confianca"),
        ({"imagem_url": "file:///etc/passwd"}, "imagem_url"),
        ({"imagem_url": "http://a b/"}, "imagem_url"),
        ({"imagem_url": "http://" + "a" * 3000}, "imagem_url"),
        ({"signature": "0" * 201}, "signature"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_webhook(json.dumps(BODY | change).encode())

    assert [fault["path"] for fault in caught.value.details["faults"]] == [path]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"[" * 100_000,
        b'{"a":NaN}',
        b'{"camera_id":"\\ud800","timestamp":"2026-03-14T09:26:53-03:00"}',
        b'{"camera_id":"a","camera_id":"b","timestamp":"2026-03-14T09:26:53-03:00"}',
        json.dumps(BODY).replace("0.95", "1e999").encode(),
        json.dumps(BODY).replace("0.95", "9" * 5000).encode(),
        json.dumps(BODY).encode("utf-16"),
        json.dumps(BODY).replace("ABC1D23", "ção").encode("latin-1", "replace")[:-3],
    ],
)
def test_nonsense_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read_webhook(raw)


@given(
    st.dictionaries(
        st.sampled_from(list(BODY)),
        st.none()
        | st.text(max_size=9)
        | st.floats()
        | st.integers()
        | st.lists(st.integers(), max_size=2),
    )
)
def test_any_fields_are_read_or_refused(change: dict[str, Any]) -> None:
    try:
        message = read_webhook(json.dumps(BODY | change).encode())
    except InvalidInputError:
        return
    assert message.reading.confidence is None or 0 <= message.reading.confidence <= 1
