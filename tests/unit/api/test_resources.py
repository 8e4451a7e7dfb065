from typing import Any

import pytest

from gtvision_edge.accounts import Principal
from gtvision_edge.cameras.errors import CameraTimeoutError, CameraUnauthorizedError
from gtvision_edge.cameras.model import CameraState, StateEntry
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.media.model import MediaServerState, PathView
from gtvision_edge.media.path_troubles import PathTrouble
from gtvision_edge.media.paths import PathUse
from gtvision_edge.media.posters import Picture
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.findings import Finding, Severity
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import SECRET, FakeMonitor, FakeVolume, Served
from tests.unit.cameras.fixtures import FixedProber

NEW_YEAR = "2026-01-01T00:00:00+00:00"
MAIN = {
    "codec": "h264",
    "width": 1920,
    "height": 1080,
    "fps": 25.0,
    "keyframe_interval_s": 2.0,
    "keyframe_interval_is_minimum": False,
    "audio_codec": "aac",
    "bitrate_bps": 4_000_000,
}


async def test_a_camera_is_shown_without_its_password(
    served: Served, monitor: FakeMonitor, cameras: CameraService
) -> None:
    monitor.states["cam01"] = StateEntry(CameraState.RECORDING, 1_767_225_600_000_000)

    status, camera = await served.call("GET", "/cameras/cam01", who="admin-a")

    known = cameras.find_camera("cam01")
    assert known is not None
    assert status == 200
    assert camera == {
        "camera_id": "cam01",
        "camera_uuid": known.camera_uuid,
        "name": "cam01",
        "vendor": "intelbras",
        "host": "10.0.0.9",
        "rtsp_port": 554,
        "http_port": 80,
        "onvif_port": 80,
        "channel": 1,
        "username": "user",
        "has_password": True,
        "main_url": "rtsp://10.0.0.9:554/cam/realmonitor?channel=1&subtype=0",
        "sub_url": "rtsp://10.0.0.9:554/cam/realmonitor?channel=1&subtype=1",
        "tenant_id": "a",
        "place": {"latitude": None, "longitude": None, "bearing": None, "label": ""},
        "record": True,
        "enabled": True,
        "profiles": {
            "main": MAIN,
            "sub": MAIN
            | {
                "width": 640,
                "height": 360,
                "fps": 12.0,
                "audio_codec": None,
                "bitrate_bps": None,
            },
        },
        "warnings": [{"code": "smart_codec"}],
        "state": {"state": "recording", "since": NEW_YEAR, "reason": ""},
        "paths": {"rec": "cam01_rec", "live": "cam01_live", "ai": "cam01_ai"},
        "path_troubles": [],
        "created_at": NEW_YEAR,
        "updated_at": NEW_YEAR,
    }


async def test_who_may_not_change_cameras_sees_no_address_of_theirs(served: Served) -> None:
    _, camera = await served.call("GET", "/cameras/cam01", who="viewer-a")

    assert (camera["username"], camera["main_url"], camera["sub_url"]) == (None, None, None)


async def test_a_probe_tells_what_it_found(served: Served) -> None:
    status, report = await served.call(
        "POST", "/cameras/probe", who="admin-a", json={"vendor": "intelbras", "host": "10.0.0.5"}
    )

    assert status == 200
    assert report == {
        "main": MAIN,
        "sub": report["sub"],
        "warnings": [{"code": "smart_codec"}],
        "snapshot": "data:image/jpeg;base64,anBlZw==",
        "clock_offset_s": 0.5,
        "elapsed_s": 1.0,
        "device": None,
    }


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (CameraUnauthorizedError("Refused."), 422, "camera_unauthorized"),
        (CameraTimeoutError("Too late."), 503, "camera_timeout"),
    ],
)
async def test_a_failed_probe_says_why_and_stores_nothing(
    served: Served, prober: FixedProber, failure: Exception, status: int, code: str
) -> None:
    prober.failure = failure
    body = {"name": "New", "camera_id": "new", "vendor": "intelbras", "host": "10.0.0.5"}

    answer = await served.call("POST", "/cameras", who="admin-a", json=body)

    assert (answer[0], answer[1]["code"]) == (status, code)
    assert (await served.call("GET", "/cameras/new", who="admin-a"))[0] == 404


async def test_a_camera_is_added_changed_and_removed(served: Served, prober: FixedProber) -> None:
    body = {
        "name": "Portão",
        "vendor": "hikvision",
        "host": "10.0.0.5",
        "username": "admin",
        "password": "p@ss:w/rd#1?%ç",
        "place": {"latitude": -23.5, "longitude": -46.6, "bearing": 90, "label": "Portaria 1"},
    }

    status, made = await served.call("POST", "/cameras", who="admin-a", json=body)
    assert (status, made["camera_id"], made["tenant_id"]) == (201, "portao", "a")
    assert made["place"]["label"] == "Portaria 1"
    assert "p@ss" not in repr(made)

    prober.asked.clear()
    status, changed = await served.call(
        "PATCH", "/cameras/portao", who="admin-a", json={"name": "Pátio", "record": False}
    )
    assert (status, changed["name"], changed["record"]) == (200, "Pátio", False)
    assert (changed["host"], changed["has_password"]) == ("10.0.0.5", True)
    assert prober.asked == []

    assert (await served.call("DELETE", "/cameras/portao", who="admin-a"))[0] == 204
    assert (await served.call("GET", "/cameras/portao", who="admin-a"))[0] == 404


async def test_who_is_limited_to_some_cameras_adds_none(served: Served, admin: Principal) -> None:
    path = f"/users/{served.user_ids['narrow-a']}"
    await served.call("PATCH", path, who="admin", json={"role": "admin"})
    login = {"username": "narrow-a", "password": SECRET}
    _, session = await served.call("POST", "/auth/login", json=login)
    served.tokens["narrow-a"] = session["access_token"]

    status, content = await served.call(
        "POST",
        "/cameras",
        who="narrow-a",
        json={"name": "New", "vendor": "intelbras", "host": "10.0.0.5"},
    )

    assert (status, content["code"]) == (403, "not_permitted")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"vendor": "generic_onvif"}, "username"),
        ({"vendor": "generic_onvif", "username": "admin"}, "password"),
        ({"vendor": "intelbras", "username": "admin"}, "password"),
        (
            {"vendor": "intelbras", "username": "admin", "password": "x", "anonymous": True},
            "anonymous",
        ),
    ],
)
async def test_a_forgotten_password_is_not_taken_for_none(
    served: Served, fields: dict[str, object], path: str
) -> None:
    for route, more in (("/cameras/probe", {}), ("/cameras", {"name": "New"})):
        status, problem = await served.call(
            "POST", route, who="admin-a", json={"host": "10.0.0.5", **fields, **more}
        )
        assert (status, problem["code"]) == (422, "invalid_input")
        assert [fault["path"] for fault in problem["faults"]] == [path]


@pytest.mark.parametrize(
    "fields",
    [
        {"vendor": "generic_onvif", "anonymous": True},
        {"vendor": "intelbras", "username": "admin", "password": ""},
        {"vendor": "intelbras"},
    ],
)
async def test_a_camera_without_password_is_asked_when_that_is_meant(
    served: Served, fields: dict[str, object]
) -> None:
    status, answer = await served.call(
        "POST", "/cameras/probe", who="admin-a", json={"host": "10.0.0.5", **fields}
    )

    assert status == 200, answer


async def test_a_search_takes_a_range_of_full_addresses(served: Served) -> None:
    status, _ = await served.call(
        "POST",
        "/cameras/discover",
        who="admin-a",
        json={"method": "unicast", "network": "192.168.100.100-192.168.100.200"},
    )

    assert status == 200


async def test_a_cameras_status_tells_its_past_and_the_media_servers_view(
    served: Served, monitor: FakeMonitor, cameras: CameraService
) -> None:
    camera = cameras.find_camera("cam01")
    assert camera is not None
    now = StateEntry(CameraState.OFFLINE, 1_767_225_600_000_000, "camera_timeout")
    monitor.states["cam01"] = now
    monitor.histories[camera.camera_uuid] = [now]
    _, before = await served.call("GET", "/cameras/cam01/status", who="viewer-a")
    monitor.views["cam01"] = PathView(available=True, receiving=True, recording=False)
    trouble = PathTrouble(PathUse.RECORD, "media_server_refused", 1_767_225_600_000_000)
    monitor.troubles["cam01"] = [trouble]

    _, listed = await served.call("GET", "/cameras", who="viewer-a")
    _, after = await served.call("GET", "/cameras/cam01/status", who="viewer-a")

    assert before["media"] is None
    assert after == {
        "state": "offline",
        "since": NEW_YEAR,
        "reason": "camera_timeout",
        "history": [{"state": "offline", "since": NEW_YEAR, "reason": "camera_timeout"}],
        "media": {
            "available": True,
            "receiving": True,
            "recording": False,
            "inbound_bytes": 1000,
        },
        "paths": {"rec": "cam01_rec", "live": "cam01_live", "ai": "cam01_ai"},
        "path_troubles": [{"path": "rec", "code": "media_server_refused", "since": NEW_YEAR}],
    }
    assert [camera["path_troubles"] for camera in listed["items"]][:2] == [
        after["path_troubles"],
        [],
    ]


async def test_a_snapshot_is_a_jpeg_that_need_not_be_sent_twice(
    served: Served, monitor: FakeMonitor
) -> None:
    path = "/api/v1/cameras/cam01/snapshot"
    status, _, content = await served.exchange("GET", path, who="viewer-a")
    assert (status, content["code"]) == (404, "no_picture")

    monitor.pictures["cam01"] = Picture(b"\xff\xd8jpeg", 1_767_225_600_000_000, 640, 360)
    status, headers, content = await served.exchange("GET", path, who="viewer-a")
    assert (status, content, headers["Content-Type"]) == (200, b"\xff\xd8jpeg", "image/jpeg")
    assert headers["Cache-Control"].startswith("private")

    status, _, content = await served.exchange(
        "GET", path, who="viewer-a", headers={"If-None-Match": headers["ETag"]}
    )
    assert (status, content) == (304, b"")


async def test_vendors_are_listed(served: Served) -> None:
    status, page = await served.call("GET", "/vendors", who="viewer-a")

    vendors = {vendor["key"]: vendor for vendor in page["items"]}
    assert status == 200
    assert page["next"] is None
    assert vendors["generic_rtsp"]["needs_url"]
    assert vendors["intelbras"]["rtsp_port"] == 554


async def test_a_mosaic_has_the_customers_words(served: Served) -> None:
    body = {"nome": "Portaria", "layout": "1+5", "cameras": ["cam01", None, "cam02"]}

    status, made = await served.call("POST", "/mosaics", who="operator-a", json=body)
    path = f"/mosaics/{made['mosaic_id']}"
    assert status == 201
    assert made == body | {
        "mosaic_id": made["mosaic_id"],
        "tenant_id": "a",
        "created_at": NEW_YEAR,
        "updated_at": NEW_YEAR,
    }

    assert await served.call("GET", path, who="viewer-a") == (200, made)
    _, narrow = await served.call("GET", path, who="narrow-a")
    assert narrow["cameras"] == ["cam01", None, None]
    _, changed = await served.call("PATCH", path, who="operator-a", json={"layout": "2x2"})
    assert changed["layout"] == "2x2"
    assert (await served.call("DELETE", path, who="operator-a"))[0] == 204
    assert (await served.call("GET", path, who="viewer-a"))[0] == 404


@pytest.mark.parametrize(
    "change",
    [
        {"layout": "5x5"},
        {"layout": None},
        {"cameras": "cam01"},
        {"cameras": ["cam01"] * 17},
        {"cameras": [1]},
        {"cameras": ["cam01", "cam01"], "layout": "1x1"},
        {"nome": ""},
        {"nome": 1},
        {"extra": 1},
    ],
)
async def test_an_odd_mosaic_is_a_422(served: Served, change: dict[str, Any]) -> None:
    body = {"nome": "x", "layout": "2x2", "cameras": ["cam01"]} | change

    status, content = await served.call("POST", "/mosaics", who="operator-a", json=body)

    assert (status, content["code"]) == (422, "invalid_input")


async def test_users_are_managed(served: Served) -> None:
    body = {"username": "ana", "password": SECRET, "role": "viewer", "camera_ids": ["cam01"]}

    status, made = await served.call("POST", "/users", who="admin-a", json=body)
    assert (status, made["tenant_id"], made["camera_ids"]) == (201, "a", ["cam01"])
    assert (made["created_at"], made["last_login_at"]) == (NEW_YEAR, None)
    assert "password" not in made

    path = f"/users/{made['user_id']}"
    change = {"camera_ids": None, "role": "operator"}
    _, changed = await served.call("PATCH", path, who="admin-a", json=change)
    assert (changed["camera_ids"], changed["role"], changed["username"]) == (
        None,
        "operator",
        "ana",
    )
    assert (await served.call("GET", path, who="admin-a")) == (200, changed)
    login = {"username": "ana", "password": SECRET}
    assert (await served.call("POST", "/auth/login", json=login))[0] == 200

    _, page = await served.call("GET", "/users?limit=2", who="admin-a")
    _, rest = await served.call("GET", f"/users?cursor={page['next']}", who="admin-a")
    names = [user["username"] for user in page["items"] + rest["items"]]
    assert names == sorted(["admin-a", "ana", "auditor-a", "narrow-a", "operator-a", "viewer-a"])

    assert (await served.call("DELETE", path, who="admin-a"))[0] == 204
    assert (await served.call("POST", "/auth/login", json=login))[0] == 401


async def test_user_faults_have_their_codes(served: Served) -> None:
    def body(**changes: object) -> dict[str, object]:
        return {"username": "new", "password": SECRET, "role": "viewer"} | changes

    async def code(who: str, method: str, path: str, content: dict[str, object]) -> str:
        _, answer = await served.call(method, path, who=who, json=content)
        return str(answer["code"])

    admin = f"/users/{served.user_ids['admin']}"
    assert await code("admin", "POST", "/users", body(username="ADMIN-A")) == "username_taken"
    assert await code("admin", "POST", "/users", body(password="short")) == "weak_password"
    assert await code("admin", "POST", "/users", body(tenant_id="no")) == "unknown_tenant"
    assert await code("admin", "POST", "/users", body(role="king")) == "invalid_input"
    assert await code("admin", "POST", "/users", body(username="a b")) == "invalid_input"
    assert await code("admin", "PATCH", admin, {"role": "viewer"}) == "last_admin"
    assert await code("admin", "PATCH", admin, {"username": None}) == "invalid_input"
    assert await code("admin-a", "PATCH", admin, {"name": "x"}) == "unknown_user"


async def test_tenants_are_managed_by_the_site(served: Served) -> None:
    status, made = await served.call("POST", "/tenants", who="admin", json={"name": "Zona Sul"})
    assert (status, made["tenant_id"]) == (201, "zona-sul")

    _, changed = await served.call(
        "PATCH", "/tenants/zona-sul", who="admin", json={"name": "Zona Sul II"}
    )
    _, page = await served.call("GET", "/tenants", who="admin")

    assert changed["name"] == "Zona Sul II"
    assert [tenant["tenant_id"] for tenant in page["items"]] == ["a", "b", "default", "zona-sul"]
    again = await served.call(
        "POST", "/tenants", who="admin", json={"name": "x", "tenant_id": "zona-sul"}
    )
    assert (again[0], again[1]["code"]) == (409, "tenant_exists")


async def test_the_audit_log_is_read_in_pages_and_the_reading_is_audited(served: Served) -> None:
    _, first = await served.call("GET", "/audit?limit=2&action=user.", who="auditor-a")
    _, second = await served.call(
        "GET", f"/audit?limit=2&action=user.&cursor={first['next']}", who="auditor-a"
    )
    _, reads = await served.call("GET", "/audit?action=audit.read", who="auditor-a")

    seqs = [entry["seq"] for entry in first["items"] + second["items"]]
    assert len(seqs) == 4
    assert seqs == sorted(seqs, reverse=True)
    assert {entry["tenant_id"] for entry in first["items"]} == {"a"}
    assert len(reads["items"]) == 1  # the second page belonged to the first reading
    assert reads["items"][0]["actor"]["name"] == "auditor-a"


async def test_a_reading_of_the_audit_log_that_begins_at_a_cursor_is_audited_too(
    served: Served,
) -> None:
    _, page = await served.call("GET", "/audit?action=user.&cursor=999999", who="auditor-a")
    # Another's cursor, and one's own of another reading.
    await served.call("GET", "/audit?limit=1&action=user.", who="admin")
    _, own = await served.call("GET", "/audit?limit=1&action=user.", who="auditor-a")
    await served.call("GET", f"/audit?action=tenant.&cursor={own['next']}", who="auditor-a")
    _, reads = await served.call("GET", "/audit?action=audit.read", who="auditor-a")

    assert page["items"]
    told = [entry["details"] for entry in reads["items"]]
    assert [each.get("action") for each in told] == ["tenant.", "user.", "user."]
    assert told[0]["cursor"] == own["next"]
    assert told[2]["cursor"] == "999999"


async def test_the_audit_log_is_asked_for_some_families_and_one_camera(served: Served) -> None:
    _, acts = await served.call("GET", "/audit?action=audit.read,user.&limit=500", who="admin")
    _, none = await served.call("GET", "/audit?action=user.&camera=cam77", who="admin")

    assert {entry["action"].split(".")[0] for entry in acts["items"]} <= {"audit", "user"}
    assert acts["items"]
    assert none["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=-1",
        "cursor=%C2%B2",
        "start=yesterday",
        "start=2026-01-01T00:00:00",
        "end=2026-13-01T00:00:00Z",
    ],
)
async def test_an_odd_audit_query_is_a_422(served: Served, query: str) -> None:
    status, content = await served.call("GET", f"/audit?{query}", who="admin")

    assert (status, content["code"]) == (422, "invalid_input")


async def test_audit_times_are_understood(served: Served, clock: FakeClock) -> None:
    await served.token("admin")
    await clock.advance(60)
    await served.token("viewer-a")

    _, after = await served.call(
        "GET", "/audit?start=2025-12-31T21:00:30-03:00&action=user.login", who="admin"
    )
    _, before = await served.call(
        "GET", "/audit?end=2025-01-01T00:00:00Z&action=user.login", who="admin"
    )

    assert [entry["actor"]["name"] for entry in after["items"]] == ["viewer-a"]
    assert before["items"] == []


async def test_the_status_counts_what_one_may_see(served: Served, monitor: FakeMonitor) -> None:
    monitor.states["cam01"] = StateEntry(CameraState.RECORDING, 0)
    monitor.states["cam09"] = StateEntry(CameraState.OFFLINE, 0)
    monitor.offers_webrtc = True

    _, box = await served.call("GET", "/status", who="admin")
    _, mine = await served.call("GET", "/status", who="viewer-a")

    assert box["site"]["name"] == "Portaria"
    assert box["site"]["now"] == "2025-12-31T21:00:00-03:00"
    assert box["cameras"] == {
        "total": 3,
        "recording": 1,
        "online_not_recording": 0,
        "offline": 1,
        "unauthorized": 0,
        "unknown": 1,
        "disabled": 0,
    }
    assert (box["viewers"], box["uplink"]["state"], box["version"]) == (3, "off", "1.2.3")
    assert box["storage"] == {
        "volume": "/rec",
        "state": "present",
        "error": None,
        "total_bytes": 1000,
        "free_bytes": 600,
        "used_bytes": 400,
    }
    assert box["media_server"] == {
        "kind": "embedded",
        "version": "gtvision-embedded-1",
        "state": "up",
        "error": None,
        "since": "1969-12-31T21:00:00-03:00",
        "webrtc": True,
    }
    assert box["findings"] == []
    assert (mine["cameras"]["total"], mine["cameras"]["offline"]) == (2, 0)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("volume_missing", "missing"),
        ("volume_hangs", "unusable"),
        ("volume_note_damaged", "unusable"),
    ],
)
async def test_a_lost_volume_is_said_and_has_no_sizes(
    served: Served, volume: FakeVolume, code: str, state: str
) -> None:
    volume.usage, volume.trouble = None, code

    _, box = await served.call("GET", "/status", who="admin")

    assert box["storage"] == {
        "volume": "/rec",
        "state": state,
        "error": code,
        "total_bytes": None,
        "free_bytes": None,
        "used_bytes": None,
    }


async def test_a_full_volume_is_said_with_its_sizes(served: Served, volume: FakeVolume) -> None:
    volume.usage, volume.trouble = Usage(1000, 999, 1), "volume_full"

    _, box = await served.call("GET", "/status", who="admin")

    assert (box["storage"]["state"], box["storage"]["error"]) == ("full", "volume_full")
    assert box["storage"]["free_bytes"] == 1


@pytest.mark.parametrize(
    ("error", "state"),
    [("", "unknown"), ("media_server_unauthorized", "down"), ("media_server_silent", "down")],
)
async def test_a_media_server_that_was_not_asked_is_unknown_and_one_in_trouble_says_which(
    served: Served, monitor: FakeMonitor, error: str, state: str
) -> None:
    monitor.state = MediaServerState(up=False, since_us=0, error=error)

    _, box = await served.call("GET", "/status", who="admin")

    assert box["media_server"] == {
        "kind": None,
        "version": None,
        "state": state,
        "error": error or None,
        "since": "1969-12-31T21:00:00-03:00",
        "webrtc": False,
    }


async def test_findings_are_one_list_and_a_tenant_reads_the_alarms_without_facts(
    served: Served, monitor: FakeMonitor
) -> None:
    monitor.findings = [
        Finding("media_server_not_utc", Severity.ALARM, {"offset": "-03:00"}),
        Finding("media_server_without_rtsp"),
    ]

    _, box = await served.call("GET", "/status", who="admin")
    _, mine = await served.call("GET", "/status", who="viewer-a")

    assert box["findings"] == [
        {"code": "media_server_not_utc", "severity": "alarm", "offset": "-03:00"},
        {"code": "media_server_without_rtsp", "severity": "warning"},
    ]
    assert mine["findings"] == [{"code": "media_server_not_utc", "severity": "alarm"}]
