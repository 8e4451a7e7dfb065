"""What is set for a camera's readings holds for the next one that comes in, and who set it is written down."""

import json
from typing import Any

import pytest

from gtvision_edge.detections.model import PictureState, Reading, TrustLevel
from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.plate_sources.service import PlateSources
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.picture_jobs import find_job
from tests.fakes.pushes import anpr_xml
from tests.unit.api.conftest import Served
from tests.unit.api.test_itsapi import TOLLGATE, ItsapiCamera, kept, passage
from tests.unit.api.test_plates import access, message, post

PATH = "/cameras/cam01/plate-source"
NOTHING: dict[str, Any] = {
    "camera_id": "cam01",
    "confidence_scale": "auto",
    "addresses": [],
    "directions": {},
    "timezone": None,
    "least_trust": "secret_path",
    "pull": False,
    "pull_state": "off",
    "pull_trouble": None,
    "picture_sources": [],
}
HERE = "127.0.0.1"
ELSEWHERE = "10.20.0.64"


async def setting(served: Served, who: str = "admin-a", **changes: Any) -> dict[str, Any]:
    status, content = await served.call("PATCH", PATH, who=who, json=changes)
    assert status == 200, content
    return dict(content)


async def post_xml(served: Served, path: str, xml: str) -> int:
    status, _, _ = await served.exchange(
        "POST", path, data=xml.encode(), headers={"Content-Type": "application/xml"}
    )
    return int(status)


async def newest(served: Served, database: Database) -> dict[str, Any]:
    row = await database.fetch_one(
        "SELECT confidence, captured_us, time_source, facts FROM detections ORDER BY rowid DESC"
    )
    assert row is not None
    return dict(row) | {"facts": json.loads(row["facts"])}


async def test_nothing_is_set_at_first_and_what_is_set_stays(
    served: Served, detections: Detections, database: Database, clock: FakeClock
) -> None:
    assert await served.call("GET", PATH, who="admin-a") == (200, NOTHING)

    changed = await setting(
        served,
        confidence_scale="255",
        addresses=["10.20.0.64", "2001:db8::/32", "10.20.0.64"],
        directions={" Obverse ": "sentido centro"},
        timezone="America/Manaus",
        least_trust="authenticated",
    )
    later = await setting(served, confidence_scale="100")

    assert changed == NOTHING | {
        "confidence_scale": "255",
        "addresses": ["10.20.0.64/32", "2001:db8::/32"],
        "directions": {"obverse": "sentido centro"},
        "timezone": "America/Manaus",
        "least_trust": "authenticated",
    }
    assert later == changed | {"confidence_scale": "100"}
    again = PlateSources(
        database,
        detections.sources._audit,
        clock,
        detections.sources._bus,
        cameras=detections.sources._cameras,
    )
    await again.load()
    assert again._by_camera == detections.sources._by_camera


async def test_a_change_is_audited_with_what_was_before_and_no_change_is_not(
    served: Served,
) -> None:
    await setting(served, least_trust="signed")
    await setting(served, least_trust="signed")

    _, log = await served.call("GET", "/audit?limit=500", who="auditor-a")

    entries = [each for each in log["items"] if each["action"] == "camera.plate_source_changed"]
    assert [each["details"] for each in entries] == [
        {"least_trust": {"before": "secret_path", "after": "signed"}}
    ]
    assert entries[0]["subject"] == "camera:cam01"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"confidence_scale": None}, "confidence_scale"),
        ({"confidence_scale": "50"}, "confidence_scale"),
        ({"addresses": None}, "addresses"),
        ({"addresses": ["10.20.0.5/24"]}, "addresses.0"),
        ({"addresses": ["10.0.0.1", "camera.local"]}, "addresses.1"),
        ({"addresses": ["10.0.0.1"] * 17}, "addresses"),
        ({"directions": {"": "x"}}, "directions"),
        ({"directions": {"a\nb": "x"}}, "directions"),
        ({"directions": {"Away": " "}}, "directions.Away"),
        ({"directions": {"Away": "x" * 65}}, "directions.Away"),
        ({"directions": {"Away": "x", "away ": "y"}}, "directions.away "),
        ({"timezone": "Brasilia"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "America"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"least_trust": "fetched"}, "least_trust"),
        ({"least_trust": "signed", "pull": True}, "pull"),
        ({"pull": None}, "pull"),
        ({"picture_sources": None}, "picture_sources"),
        ({"picture_sources": ["10.0.0.1"] * 17}, "picture_sources"),
        ({"picture_sources": ["fotos.example", "http://fotos.example/"]}, "picture_sources.1"),
        ({"picture_sources": [""]}, "picture_sources.0"),
        ({"picture_sources": ["127.0.0.1"]}, "picture_sources.0"),
        ({"picture_sources": ["10.0.0.0/8", "Localhost."]}, "picture_sources.1"),
        ({"trust": "signed"}, "trust"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_changed(
    served: Served, change: dict[str, Any], path: str
) -> None:
    status, content = await served.call(
        "PATCH", PATH, who="admin", json={"confidence_scale": "255"} | change
    )

    assert (status, content["code"]) == (422, "invalid_input")
    assert path in [fault["path"] for fault in content["faults"]]
    assert await served.call("GET", PATH, who="admin") == (200, NOTHING)


async def test_scale_zone_and_direction_are_the_cameras(served: Served, database: Database) -> None:
    camera = ItsapiCamera(served, (await access(served))["secret"])
    plate = {"IsExist": True, "PlateNumber": "ABC1D23", "Confidence": 90}

    def told(second: int) -> bytes:
        snap = {"AccurateTime": f"2025-12-31 20:59:{second}", "Direction": "Obverse"}
        return passage(Plate=plate, SnapInfo=snap)

    await camera.post(TOLLGATE, told(10))
    before = await newest(served, database)
    await setting(
        served,
        confidence_scale="255",
        timezone="America/Noronha",
        directions={"obverse": "sentido centro"},
    )
    await camera.post(TOLLGATE, told(20))
    after = await newest(served, database)

    assert before["confidence"] == pytest.approx(0.9)
    assert before["facts"]["direction"] == "Obverse"
    assert after["confidence"] == pytest.approx(90 / 255)
    assert after["time_source"] == "camera_zone"
    assert after["captured_us"] - before["captured_us"] == (10 - 3600) * 1_000_000
    assert after["facts"]["direction"] == "sentido centro"
    assert after["facts"]["direction_sent"] == "Obverse"


async def test_a_push_from_elsewhere_is_refused_like_a_wrong_one(
    served: Served, clock: FakeClock, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await access(served)
    camera = ItsapiCamera(served, made["secret"])
    raw = json.dumps(message(clock, made["secret"])).encode()
    wrong = json.dumps(message(clock, "whsec_bm8=")).encode()
    await setting(served, addresses=[ELSEWHERE])

    answers = [await post(served, raw), await post(served, wrong)]
    xml = await post_xml(served, made["hikvision_path"], anpr_xml())
    status, headers, content = await camera.post(TOLLGATE, passage())
    stranger = await ItsapiCamera(served, "wrong").post(TOLLGATE, passage())

    assert answers[0] == answers[1]
    assert (answers[0][0], xml, status) == (401, 401, 401)
    assert content == stranger[2]
    assert "stale" not in headers["WWW-Authenticate"]
    assert await kept(database) == 0
    printed = capsys.readouterr()
    (line,) = [each for each in printed.out.splitlines() if "push_disbelieved" in each]
    assert "127.0.0.1" in line
    assert made["secret"] not in printed.out

    await setting(served, addresses=["127.0.0.0/8"])
    assert (await post(served, raw))[0] == 202
    assert await post_xml(served, made["hikvision_path"], anpr_xml()) == 200
    assert (await camera.post(TOLLGATE, passage()))[0] == 200


async def test_what_proves_less_than_it_must_is_refused(
    served: Served, clock: FakeClock, database: Database
) -> None:
    made = await access(served)
    camera = ItsapiCamera(served, made["secret"])

    async def statuses(number: int) -> list[int]:
        body: dict[str, Any] = message(clock, made["secret"], placa=f"ABC1D2{number}")
        signed = await post(served, json.dumps(body).encode())
        pushed = await camera.post(TOLLGATE, passage(f"ABC1D2{number}"))
        posted = await post_xml(served, made["hikvision_path"], anpr_xml(plate=f"ABC1D2{number}"))
        return [signed[0], pushed[0], posted]

    assert await statuses(1) == [202, 200, 200]
    await setting(served, least_trust="authenticated")
    assert await statuses(2) == [202, 200, 401]
    await setting(served, least_trust="signed")
    assert await statuses(3) == [202, 401, 401]


async def test_settings_are_the_administrators(served: Served) -> None:
    for who, status in (("operator-a", 403), ("viewer-a", 403), ("auditor-a", 403)):
        assert (await served.call("GET", PATH, who=who))[0] == status
        assert (await served.call("PATCH", PATH, who=who, json={}))[0] == status
    other = "/cameras/cam09/plate-source"
    for method in ("GET", "PATCH"):
        extra: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        status, content = await served.call(method, other, who="admin-a", **extra)
        assert (status, content["code"]) == (404, "unknown_camera")


async def test_hosts_of_pictures_are_the_cameras_own_and_set_by_who_looks_after_the_site(
    served: Served, detections: Detections, database: Database, clock: FakeClock
) -> None:
    async def outcome(camera: FakeCamera) -> PictureState:
        reading = Reading(
            "ABC1D23", captured_us=clock.now_us(), picture_url="http://[fd00::1]/p.jpg"
        )
        taken = await detections.intake.take(
            camera, reading, source="webhook", trust=TrustLevel.SIGNED
        )
        job = await find_job(database, taken.detection_id)
        assert job is not None
        return await detections.picture_getter.get(job)

    (row,) = await database.fetch_all("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam01'")
    here, other = FakeCamera("cam01", row["camera_uuid"]), FakeCamera("cam02", "u-other")
    assert await outcome(here) is PictureState.ADDRESS_REFUSED
    wanted = {"picture_sources": ["fd00::/64", "Fotos.Example.", "fd00::/64"]}

    status, content = await served.call("PATCH", PATH, who="admin-a", json=wanted)
    assert (status, content["code"]) == (403, "not_permitted")
    changed = await setting(served, "admin", **wanted)
    same = await setting(served, "admin-a", **wanted, confidence_scale="255")

    assert changed["picture_sources"] == ["fd00::/64", "fotos.example"]
    assert same == changed | {"confidence_scale": "255"}
    await clock.advance(1)
    assert await outcome(here) is PictureState.WAITING  # asked, and nobody answers there
    assert await outcome(other) is PictureState.ADDRESS_REFUSED
