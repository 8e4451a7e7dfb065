"""What Hikvision cameras post is read, of whatever firmware; what is no passage costs nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.errors import MalformedPushError
from gtvision_edge.detections.model import PictureKind, Reading, Rectangle
from gtvision_edge.detections.sources.hikvision import read_push
from tests.fakes.pushes import (
    PLATE_PART,
    SCENE_PART,
    XML_PART,
    anpr_xml,
    jpeg,
    multipart,
)

SCENE, PLATE = jpeg(), jpeg(120, 40, "white")
US = 1773491213_000_000  # 2026-03-14T09:26:53-03:00


def read(content_type: str, body: bytes) -> Reading:
    reading = read_push(content_type, body)
    assert reading is not None
    return reading


def read_xml(xml: str, encoding: str = "utf-8") -> Reading:
    return read("application/xml", xml.encode(encoding))


def kinds(reading: Reading) -> dict[PictureKind, bytes]:
    return {picture.kind: picture.jpeg for picture in reading.pictures}


def test_a_whole_push_is_read() -> None:
    reading = read(
        *multipart((XML_PART, anpr_xml().encode()), (PLATE_PART, PLATE), (SCENE_PART, SCENE))
    )

    assert reading.plate == "ABC1D23"
    assert reading.confidence == pytest.approx(0.97)
    assert reading.least_character == pytest.approx(0.91)
    assert reading.captured_us == US + 120_000
    assert reading.offset_min == -180
    assert reading.event_id == "20260314092653122000xyz"
    assert (reading.direction, reading.lane, reading.country) == ("forward", 2, "BR")
    assert (reading.vehicle.color, reading.vehicle.kind) == ("silver", "SUVMPV")
    assert reading.plate_area == Rectangle(413 / 2560, 241 / 1568, 126 / 2560, 44 / 1568)
    assert kinds(reading) == {PictureKind.PLATE: PLATE, PictureKind.SCENE: SCENE}


@pytest.mark.parametrize(
    ("namespace", "prefix"),
    [
        ("", ""),
        (' xmlns="http://www.isapi.org/ver20/XMLSchema"', ""),
        (' xmlns="http://www.std-cgi.com/ver10/XMLSchema"', ""),
        (' xmlns="urn:psialliance-org"', ""),
        (' xmlns:ns1="http://www.hikvision.com/ver20/XMLSchema"', "ns1"),
    ],
)
def test_no_namespace_matters(namespace: str, prefix: str) -> None:
    assert read_xml(anpr_xml(namespace=namespace, prefix=prefix)).plate == "ABC1D23"


@pytest.mark.parametrize(
    "heads",
    [
        (PLATE_PART, SCENE_PART),
        (SCENE_PART, PLATE_PART),
        tuple(
            each.replace("image/jpeg", "application/octet-stream")
            for each in (PLATE_PART, SCENE_PART)
        ),
        tuple(each.split("; filename")[0] for each in (PLATE_PART, SCENE_PART)),
        (
            'Content-Disposition: form-data; filename="licensePlatePicture.jpg";',
            'Content-Disposition: form-data;name="x";filename="detectionPicture.jpg"',
        ),
        ("Content-Type: image/jpeg", "Content-Type: image/jpeg"),
        ('Content-Disposition: form-data; name="a"', 'Content-Disposition: form-data; name="b"'),
    ],
)
def test_pictures_are_told_apart_however_they_are_called(heads: tuple[str, str]) -> None:
    contents = [SCENE if "detection" in head else PLATE for head in heads]
    if "Picture" not in "".join(heads):
        contents = [PLATE, SCENE]

    reading = read(*multipart((XML_PART, anpr_xml().encode()), *zip(heads, contents, strict=True)))

    assert kinds(reading) == {PictureKind.PLATE: PLATE, PictureKind.SCENE: SCENE}


def test_a_single_scene_is_never_taken_for_a_plate() -> None:
    reading = read(*multipart(("Content-Type: text/xml", anpr_xml().encode()), ("A: b", SCENE)))

    assert kinds(reading) == {PictureKind.SCENE: SCENE}


def test_what_calls_itself_a_picture_and_is_none_is_left_out() -> None:
    reading = read(
        *multipart((XML_PART, anpr_xml().encode()), (PLATE_PART, b"\xff\xd8\xffnothing"))
    )

    assert reading.pictures == ()


@pytest.mark.parametrize(
    ("when", "us", "local", "offset"),
    [
        ("2026-03-14T09:26:53-03:00", US + 120_000, None, -180),
        ("2026-03-14T09:26:53-0300", US + 120_000, None, -180),
        ("2026-03-14T20:26:53+08:00", US + 120_000, None, 480),
        ("2026-03-14T20:26:53 08:00", US + 120_000, None, 480),
        ("2026-03-14T20:26:5308:00", US + 120_000, None, 480),
        ("2026-03-14T9:26:53-03:00", US + 120_000, None, -180),
        ("2026-03-14T12:26:53Z", US + 120_000, None, 0),
        ("2026-03-14T09:26:53.500-03:00", US + 500_000, None, -180),
        ("2026-03-14T09:26:53", None, "2026-03-14T09:26:53.120000", None),
        ("2026-13-14T09:26:53-03:00", None, None, None),
        ("yesterday", None, None, None),
        ("", None, None, None),
        ("0000-00-00T00:00:00+00:00", None, None, None),
        ("9999-12-31T23:59:59-14:00", 253402351199_000_000, None, -840),
    ],
)
def test_times_are_believed_as_written(
    when: str, us: int | None, local: str | None, offset: int | None
) -> None:
    reading = read_xml(anpr_xml(when=when))

    assert (reading.captured_us, reading.local_time, reading.offset_min) == (us, local, offset)


@pytest.mark.parametrize(
    ("sent", "confidence"),
    [
        ("92.5", 0.925),
        ("0", 0.0),
        ("100", 1.0),
        ("101", None),
        ("-1", None),
        ("nan", None),
        ("", None),
        ("1e400", None),
    ],
)
def test_confidence_is_a_hundredth_or_nothing(sent: str, confidence: float | None) -> None:
    reading = read_xml(anpr_xml(confidence=sent))

    assert reading.confidence == (None if confidence is None else pytest.approx(confidence))
    assert reading.confidence_sent == sent


@pytest.mark.parametrize("plate", ["unknown", "noPlate", ""])
def test_a_passage_without_plate_is_a_passage(plate: str) -> None:
    assert read_xml(anpr_xml(plate=plate)).plate == plate


@pytest.mark.parametrize("event", ["VMD", "videoloss", "duration"])
def test_other_events_are_none(event: str) -> None:
    xml = f"<EventNotificationAlert><eventType>{event}</eventType><eventState>inactive</eventState></EventNotificationAlert>"

    assert read_push("application/xml; charset=UTF-8", xml.encode()) is None


def test_what_is_sent_again_says_so() -> None:
    xml = anpr_xml().replace("<isDataRetransmission>false", "<isDataRetransmission>true")

    assert read_xml(xml).is_resent


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "latin-1"),
        ('<?xml version="1.0" encoding="no-such"?>', "utf-8"),
        ("", "latin-1"),
        ('<?xml version="1.0" encoding="GB2312"?>', "gb2312"),
    ],
)
def test_a_name_in_another_charset_costs_nothing(declaration: str, encoding: str) -> None:
    name = "Av. Sao Joao" if encoding == "gb2312" else "Av. São João"

    assert (
        read_xml(anpr_xml(declaration=declaration, channel_name=name), encoding).plate == "ABC1D23"
    )


@pytest.mark.parametrize("name", ["Rua A & B", "A < B", "\x01\x02"])
def test_a_name_that_breaks_the_xml_costs_nothing(name: str) -> None:
    reading = read_xml(anpr_xml(channel_name=name))

    assert reading.plate == "ABC1D23"
    assert reading.confidence == pytest.approx(0.97)
    assert reading.event_id == "20260314092653122000xyz"


@pytest.mark.parametrize("key", ["ANPR", "aNPR", "anpr"])
def test_the_json_variant(key: str) -> None:
    event = {
        "eventType": "ANPR",
        "dateTime": "2026-03-14T09:26:53-03:00",
        "UUID": "u1",
        "isDataRetransmission": False,
        key: {
            "licensePlate": "ABC1D23",
            "confidenceLevel": "97",
            "line": 2,
            "direction": "reverse",
            "pictureInfoList": [
                {"fileName": "x.jpg", "type": "detectionPicture", "absTime": "20260314092653120"}
            ],
        },
    }

    bare = read("application/json", json.dumps(event).encode())
    whole = read(
        *multipart(
            (
                "Content-Type: application/json",
                json.dumps({"EventNotificationAlert": event}).encode(),
            ),
            ('Content-Disposition: form-data; name="x.jpg"', SCENE),
        )
    )

    for reading in (bare, whole):
        assert (reading.plate, reading.lane, reading.event_id) == ("ABC1D23", 2, "u1")
        assert reading.captured_us == US + 120_000
    assert kinds(whole) == {PictureKind.SCENE: SCENE}


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    "<EventNotificationAlert><ANPR><licensePlate>&b;</licensePlate></ANPR></EventNotificationAlert>"
)
FOREIGN = (
    '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    "<EventNotificationAlert><ANPR><licensePlate>&f;</licensePlate></ANPR></EventNotificationAlert>"
)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/xml", b""),
        ("application/xml", b"\xff\xd8\xff\xe0"),
        ("text/plain", b"hello"),
        ("application/xml", BOMB.encode()),
        ("application/xml", FOREIGN.encode()),
        ("application/xml", BOMB.replace("<ANPR>", "<name>a & b</name><ANPR>").encode()),
        ("application/xml", b"<a>" * 100_000),
        ("application/xml", b"<a>" * 200 + b"</a>" * 200),
        ("application/xml", b"<a>" + b"<b/>" * 10_000 + b"</a>"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"ANPR":' * 50 + b"1" + b"}" * 50),
        ("application/json", b"{"),
        ("application/xml", b"<a>" + b" " * 600_000 + b"</a>"),
        multipart(("Content-Type: image/jpeg", jpeg())),
    ],
)
def test_nonsense_and_bombs_are_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(MalformedPushError):
        read_push(content_type, body)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e999", "9" * 5000, '"\\ud800"', "null", "[]", "{}"]
)
def test_odd_json_values_harm_nothing(value: str) -> None:
    body = (
        f'{{"eventType":"ANPR","dateTime":{value},"ANPR":{{"licensePlate":"ABC1D23","confidenceLevel":{value},'
        f'"line":{value},"plateCharBelieve":{value}}}}}'
    )

    reading = read("application/json", body.encode())

    assert reading.plate == "ABC1D23"
    assert reading.confidence is None
    reading.confidence_sent.encode()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for content_type in (
        "application/xml",
        "application/json",
        "multipart/form-data; boundary=b",
        "",
    ):
        try:
            read_push(content_type, raw)
        except MalformedPushError:
            continue


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_text_in_a_field_is_read_or_refused(plate: str, when: str, number: str) -> None:
    event = {
        "ANPR": {"licensePlate": plate, "line": number, "confidenceLevel": number},
        "dateTime": when,
    }

    reading = read_push("application/json", json.dumps(event).encode())

    if reading is not None:
        reading.plate.encode()
