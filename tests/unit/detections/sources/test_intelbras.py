"""What Intelbras and Dahua cameras push and tell is read, with every habit they have."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.detections.errors import MalformedPushError
from gtvision_edge.detections.model import PictureKind, Reading
from gtvision_edge.detections.sources.intelbras import (
    ConfidenceScale,
    device_of,
    read_pulled,
    read_push,
)
from tests.fakes.pushes import jpeg

DEVICE = "5b1d0b9e-0000-4000-8000-000000000001"
SCENE, PLATE, VEHICLE = jpeg(), jpeg(120, 40, "white"), jpeg(300, 200, "black")


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def push(**changes: Any) -> dict[str, Any]:
    picture: dict[str, Any] = {
        "Plate": {
            "IsExist": True,
            "PlateNumber": "ABC1D23",
            "PlateColor": "White",
            "Confidence": 232,
            "BoundingBox": [812, 640, 1004, 702],
            "Channel": 0,
            "Region": "BRA",
        },
        "Vehicle": {
            "VehicleColor": "Black",
            "VehicleType": "SaloonCar",
            "VehicleSign": "Fiat",
            "VehicleSeries": "Argo",
            "Speed": 42,
        },
        "SnapInfo": {
            "DeviceID": DEVICE,
            "SnapTime": "2026-03-14 09:26:53",
            "AccurateTime": "2026-03-14 09:26:53.120",
            "TimeZone": 22,
            "LanNo": 1,
            "Direction": "Obverse",
            "DefenceCode": "k2Yx0000",
            "AllowUser": True,
            "OpenStrobe": True,
        },
        "NormalPic": {"PicName": "../../etc/passwd", "Content": text(SCENE)},
        "CutoutPic": {"PicName": "cut.jpg", "Content": "data:image/jpeg;base64," + text(PLATE)},
        "VehiclePic": {"PicName": "veh.jpg", "Content": text(VEHICLE)},
    }
    for name, value in changes.items():
        picture[name] = picture[name] | value if isinstance(value, dict) else value
    return {"Picture": picture}


def read(value: Any, scale: ConfidenceScale = ConfidenceScale.AUTO) -> Reading:
    reading, _ = read_push(json.dumps(value).encode(), scale=scale)
    assert reading is not None
    return reading


def kinds(reading: Reading) -> dict[PictureKind, bytes]:
    return {picture.kind: picture.jpeg for picture in reading.pictures}


def test_a_whole_push_is_read() -> None:
    reading = read(push())

    assert reading.plate == "ABC1D23"
    assert reading.confidence == pytest.approx(232 / 255)
    assert reading.local_time == "2026-03-14T09:26:53.120000"
    assert reading.captured_us is None
    assert (reading.lane, reading.direction, reading.country) == (1, "Obverse", "BR")
    assert reading.speed_kmh == 42
    assert reading.vehicle.make == "Fiat"
    assert reading.plate_area is None
    assert kinds(reading) == {
        PictureKind.SCENE: SCENE,
        PictureKind.PLATE: PLATE,
        PictureKind.VEHICLE: VEHICLE,
    }


def test_plate_and_snapshot_may_lie_outside_of_picture() -> None:
    inner = push()["Picture"]
    outer = {"Plate": inner.pop("Plate"), "SnapInfo": inner.pop("SnapInfo"), "Picture": inner}

    reading = read(outer)

    assert reading.plate == "ABC1D23"
    assert reading.local_time == "2026-03-14T09:26:53.120000"
    assert len(reading.pictures) == 3


def test_two_pictures_in_one_field_are_two() -> None:
    reading = read(push(CutoutPic=None, VehiclePic={"Content": text(VEHICLE + PLATE)}))

    assert kinds(reading) == {
        PictureKind.SCENE: SCENE,
        PictureKind.VEHICLE: VEHICLE,
        PictureKind.PLATE: PLATE,
    }


@pytest.mark.parametrize(
    ("sent", "scale", "confidence"),
    [
        (98, ConfidenceScale.AUTO, 0.98),
        (204, ConfidenceScale.AUTO, 0.8),
        (90, ConfidenceScale.OF_255, 90 / 255),
        (90, ConfidenceScale.OF_100, 0.9),
        (204, ConfidenceScale.OF_100, None),
        (256, ConfidenceScale.AUTO, None),
        (-1, ConfidenceScale.AUTO, None),
        ("NaN", ConfidenceScale.AUTO, None),
        (None, ConfidenceScale.AUTO, None),
    ],
)
def test_the_scale_of_confidence_is_the_cameras(
    sent: object, scale: ConfidenceScale, confidence: float | None
) -> None:
    reading = read(push(Plate={"Confidence": sent}), scale)

    assert reading.confidence == (None if confidence is None else pytest.approx(confidence))


@pytest.mark.parametrize(
    "plate", [{"PlateNumber": ""}, {"PlateNumber": "Unknown"}, {"IsExist": False}]
)
def test_a_passage_without_plate_is_a_passage(plate: dict[str, object]) -> None:
    assert read(push(Plate=plate)).plate in ("", "Unknown")


def test_a_passage_sent_again_has_the_same_id_with_and_without_its_pictures() -> None:
    first, again = read(push(NormalPic=None, CutoutPic=None)), read(push())
    other = read(push(SnapInfo={"AccurateTime": "2026-03-14 09:26:54.120"}))

    assert first.event_id == again.event_id != ""
    assert other.event_id != first.event_id


@pytest.mark.parametrize("body", [{}, {"Picture": {}}, {"Active": "keepAlive", "DeviceID": DEVICE}])
def test_a_heartbeat_is_no_passage(body: object) -> None:
    assert read_push(json.dumps(body).encode())[0] is None


def test_the_device_is_found_to_be_answered() -> None:
    assert read_push(json.dumps(push()).encode())[1] == DEVICE
    assert device_of(json.dumps(push()).encode()) == DEVICE
    assert device_of(json.dumps({"Active": "keepAlive", "DeviceID": DEVICE}).encode()) == DEVICE
    assert device_of(b"nonsense") == ""


def test_xml_is_taken_too() -> None:
    body = b"<TollgateInfo><Picture><Plate><PlateNumber>ABC1D23</PlateNumber></Plate></Picture></TollgateInfo>"

    reading, _ = read_push(body)

    assert reading is not None
    assert reading.plate == "ABC1D23"


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"Picture":' * 40, b"\xff\xd8\xff"])
def test_nonsense_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedPushError):
        read_push(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "Picture",
                        "Plate",
                        "SnapInfo",
                        "PlateNumber",
                        "AccurateTime",
                        "NormalPic",
                        "Content",
                        "Confidence",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    try:
        read_push(json.dumps(value).encode())
    except MalformedPushError:
        return


LINES = """Events[0].EventBaseInfo.Code=TrafficJunction
Events[0].EventBaseInfo.Action=Pulse
Events[0].EventID=5864
Events[0].UTC=1773480413
Events[0].UTCMS=120
Events[0].RealUTC=1773491213
Events[0].Lane=1
Events[0].Object.Text=ABC1D23
Events[0].Object.Confidence=232
Events[0].TrafficCar.PlateNumber=ABC1D23
Events[0].TrafficCar.DrivingDirection[0]=Approach
"""


def test_the_pull_stream_tells_a_passage_with_its_true_time() -> None:
    reading = read_pulled(LINES, [SCENE, PLATE], scale=ConfidenceScale.AUTO)

    assert reading is not None
    assert (reading.plate, reading.lane, reading.direction) == ("ABC1D23", 1, "Approach")
    assert reading.captured_us == 1773491213_120_000
    assert kinds(reading) == {PictureKind.SCENE: SCENE, PictureKind.PLATE: PLATE}


def test_the_field_called_utc_is_local_time() -> None:
    lines = LINES.replace("Events[0].RealUTC=1773491213\n", "")

    reading = read_pulled(lines, [], scale=ConfidenceScale.AUTO)

    assert reading is not None
    assert reading.captured_us is None
    assert reading.local_time == "2026-03-14T09:26:53.120000"


def test_other_events_of_the_stream_are_none() -> None:
    assert read_pulled("Heartbeat", [], scale=ConfidenceScale.AUTO) is None
    assert (
        read_pulled(LINES.replace("TrafficJunction", "VideoMotion"), [], scale=ConfidenceScale.AUTO)
        is None
    )
