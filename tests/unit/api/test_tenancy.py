"""Tenants are strangers, and roles are what the endpoints say: tables made from the endpoints themselves."""

import re
from typing import Any

import pytest

from gtvision_edge.accounts import Principal, Role
from gtvision_edge.alerts.service import AlertDesk
from gtvision_edge.api.errors import status_of
from gtvision_edge.api.routing import PUBLIC, Endpoint
from gtvision_edge.archive import repository as archive
from gtvision_edge.archive.model import Kind
from gtvision_edge.detections.model import Picture, PictureKind, Reading, TrustLevel, WatchLevel
from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.watchlist import NewWatch
from gtvision_edge.mosaics import Layout, MosaicService
from gtvision_edge.recordings.evidence.model import LegalRequest
from gtvision_edge.recordings.evidence.service import NewExport
from gtvision_edge.recordings.incidents.service import IncidentRequest
from gtvision_edge.recordings.model import CameraNo, Span
from gtvision_edge.recordings.retention.model import DAY_US
from gtvision_edge.recordings.retention.ordering import PurgeRequest
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import outbox
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep, place
from tests.fakes.push_service import Browser
from tests.fakes.pushes import jpeg
from tests.unit.api.conftest import SECRET, FakeFootage, Served

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/auth/ticket"): {},
    ("POST", "/auth/password"): {"current": "not this one", "new": "another secret"},
    ("PATCH", "/me"): {},
    ("POST", "/users"): {"username": "new", "password": SECRET, "role": "viewer"},
    ("PATCH", "/users/{user_id}"): {"name": "Changed"},
    ("POST", "/tenants"): {"name": "New"},
    ("PATCH", "/tenants/{tenant_id}"): {"name": "Changed"},
    ("POST", "/cameras"): {"name": "New", "vendor": "intelbras", "host": "10.0.0.1"},
    ("POST", "/cameras/probe"): {"vendor": "intelbras", "host": "10.0.0.1"},
    ("POST", "/cameras/discover"): {"method": "multicast"},
    ("PATCH", "/cameras/{camera_id}"): {"name": "Changed"},
    ("POST", "/cameras/{camera_id}/push-secret"): {},
    ("PATCH", "/cameras/{camera_id}/plate-source"): {"confidence_scale": "255"},
    ("POST", "/incidents"): {
        "cameras": ["cam01"],
        "start": "2026-01-01T00:00:00Z",
        "end": "2026-01-01T00:01:00Z",
        "reason": "furto na praça",
    },
    ("PATCH", "/incidents/{incident_id}"): {"reference": "BO 1/2026"},
    ("POST", "/incidents/{incident_id}/release"): {"reason": "inquérito arquivado"},
    ("POST", "/exports"): {
        "incident_id": "0" * 8,
        "request": {"authority": "Delegacia", "purpose": "investigação"},
    },
    ("PUT", "/storage/policies"): {},
    ("POST", "/integrity"): {},
    ("POST", "/uplink/parked/retry"): {},
    ("POST", "/archive/parked/retry"): {},
    ("POST", "/archive/parked/discard"): {"reason": "cópias de teste"},
    ("POST", "/archive/parked/{copy_id}/retry"): {},
    ("POST", "/archive/parked/{copy_id}/discard"): {"reason": "cópias de teste"},
    ("POST", "/uplink/parked/discard"): {"reason": "duplicata de teste"},
    ("POST", "/uplink/parked/{message_id}/retry"): {},
    ("POST", "/uplink/parked/{message_id}/discard"): {"reason": "duplicata de teste"},
    ("POST", "/storage/purge"): {
        "before": "2025-01-01T00:00:00Z",
        "reason": "pedido do titular",
        "cameras": [],
    },
    ("POST", "/alerts/{alert_id}/ack"): {"note": "viatura a caminho"},
    ("POST", "/push/subscriptions"): {
        "endpoint": "https://push.example/wp/of-a-test",
        "keys": Browser().keys,
    },
    ("PATCH", "/push/subscriptions/{subscription_id}"): {"plates_from": "critical"},
    ("POST", "/watchlist/import"): {"text": "ABC1234;furto na praça", "dry_run": False},
    ("POST", "/watchlist"): {"placa": "ABC1234", "reason": "furto na praça"},
    ("PATCH", "/watchlist/{watch_id}"): {"level": "info"},
    ("POST", "/mosaics"): {"nome": "New", "layout": "2x2", "cameras": []},
    ("PATCH", "/mosaics/{mosaic_id}"): {"nome": "Changed"},
}
DAY = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z"}
QUERIES: dict[str, dict[str, str]] = {
    "/cameras/{camera_id}/timeline": DAY,
    "/cameras/{camera_id}/playback.m3u8": DAY,
    "/cameras/{camera_id}/days": {"month": "2026-01"},
    "/detections.csv": {"purpose": "BO 45/2026"},
}
PEOPLE_OF_A = ["admin-a", "operator-a", "viewer-a", "auditor-a", "narrow-a"]


@pytest.fixture
async def foreign(
    served: Served,
    mosaics: MosaicService,
    admin: Principal,
    database: Database,
    footage: FakeFootage,
    detections: Detections,
    alerts: AlertDesk,
) -> dict[str, str]:
    """Ids of tenant b, by the name of the path parameter."""
    (camera_no,) = await keep(database, FakeCamera("cam09", tenant_id="b"))
    await place(database, camera_no, "cam09_rec")
    (segment_id,) = await add(database, a_segment(camera_no))
    mosaic = await mosaics.create(
        admin, name="b's own", layout=Layout.ONE, cameras=("cam09",), tenant_id="b"
    )
    incident = await footage.incidents.create(
        admin, IncidentRequest(("cam09",), Span(START_US, START_US + MINUTE_US), "furto na praça")
    )
    export = await _export(footage, database, admin, camera_no, "cam09")
    report = await footage.integrity.ask(admin, deep=False, address="")
    return {
        "export_id": export,
        "purge_id": await _purge(footage, admin),
        "camera_id": "cam09",
        "detection_id": await _detection(detections, FakeCamera("cam09", tenant_id="b")),
        "watch_id": await _watch(detections, admin, "b"),
        "alert_id": await _alert(detections, alerts, admin, FakeCamera("cam09", tenant_id="b")),
        "incident_id": incident.incident.incident_id,
        "subscription_id": await _subscription(served, "viewer-b"),
        "mosaic_id": mosaic.mosaic_id,
        "user_id": served.user_ids["viewer-b"],
        "tenant_id": "b",
        "segment_id": str(segment_id),
        "time": DAY["start"],
        "seq": "1",  # the site's own
        "report_id": report.report_id,  # likewise
        "message_id": await _parked(database),  # likewise
        "copy_id": await _failed_copy(database),  # likewise
    }


async def _subscription(served: Served, who: str) -> str:
    """Have a phone of *who* told of things, and return its id."""
    body = BODIES["POST", "/push/subscriptions"] | {"endpoint": f"https://push.example/wp/{who}"}
    status, made = await served.call("POST", "/push/subscriptions", who=who, json=body)
    assert status == 201, made
    return str(made["subscription_id"])


async def _purge(footage: FakeFootage, admin: Principal, camera_id: str = "cam09") -> str:
    """Order old footage of a camera deleted, and return the id of the record."""
    request = PurgeRequest((camera_id,), START_US - DAY_US, "pedido do titular")
    (purge_id,) = await footage.retention.purges.order(admin, request)
    return purge_id


async def _detection(detections: Detections, camera: FakeCamera) -> str:
    """Have a plate read by *camera*, with its pictures, and return the id."""
    pictures = (Picture(PictureKind.SCENE, jpeg()), Picture(PictureKind.PLATE, jpeg(120, 40)))
    taken = await detections.intake.take(
        camera,
        Reading("ABC1D23", pictures=pictures),
        source="hikvision",
        trust=TrustLevel.SECRET_PATH,
    )
    return taken.detection_id


async def _alert(
    detections: Detections, alerts: AlertDesk, admin: Principal, camera: FakeCamera
) -> str:
    """Have a wanted plate pass *camera*, and return the alert's id."""
    await detections.watchlist.add(
        admin, NewWatch("ABC1D24", "carro roubado", WatchLevel.INFO, tenant_id=camera.tenant_id)
    )
    await detections.intake.take(
        camera, Reading("ABC1D24"), source="hikvision", trust=TrustLevel.SECRET_PATH
    )
    (alert,), _ = await alerts.latest(admin, limit=1)
    return alert.alert_id


async def _parked(database: Database) -> str:
    """Have the newest message refused too often, and return its id."""

    def park(transaction: Transaction) -> str:
        seq, message_id = transaction.execute(
            "SELECT seq, message_id FROM outbox ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        outbox.note_failed(transaction, [seq], reason="returned", park_at=1, now_us=1)
        return str(message_id)

    return await database.write(park)


async def _failed_copy(database: Database) -> str:
    """Have the copy of a picture fail too often at the object store, and return its id."""

    def park(transaction: Transaction) -> str:
        archive.owe_copies(transaction, Kind.PICTURE, {"a" * 64: 10}, now_us=1)
        return str(
            transaction.execute(
                "UPDATE archive_queue SET parked_us = 1, reason = 'AccessDenied' RETURNING seq"
            ).fetchone()[0]
        )

    return await database.write(park)


async def _watch(detections: Detections, admin: Principal, tenant_id: str) -> str:
    """Have a plate of nobody's readings watched for, and return the entry's id."""
    wanted = NewWatch("XYZ9A87", "carro roubado", WatchLevel.INFO, tenant_id=tenant_id)
    return (await detections.watchlist.add(admin, wanted)).watch_id


async def _export(
    footage: FakeFootage, database: Database, admin: Principal, camera_no: CameraNo, camera_id: str
) -> str:
    """Ask for an export of the minute before the day of these tests, and return its id."""
    await add(database, a_segment(camera_no, START_US - MINUTE_US))
    span = Span(START_US - MINUTE_US, START_US)
    incident = await footage.incidents.create(
        admin, IncidentRequest((camera_id,), span, "furto na praça")
    )
    request = LegalRequest("Delegacia", "", "", "perícia")
    export = await footage.exports.service.create(
        admin, NewExport(incident.incident.incident_id, request)
    )
    return export.export_id


def _filled(endpoint: Endpoint, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], endpoint.path)


def _body(endpoint: Endpoint) -> dict[str, Any]:
    """Return what must go along for the request to be a right one."""
    if endpoint.body is None:
        return {"params": QUERIES.get(endpoint.path, {})}
    return {"json": BODIES[endpoint.method, endpoint.path]}


async def test_what_belongs_to_another_tenant_does_not_exist(
    served: Served, foreign: dict[str, str]
) -> None:
    asked = 0
    for endpoint in served.endpoints:
        for who in PEOPLE_OF_A:
            role = Role(who.partition("-")[0]) if who != "narrow-a" else Role.OPERATOR
            if not endpoint.ids or endpoint.access == PUBLIC or role not in endpoint.access:
                continue
            path = _filled(endpoint, foreign)
            status, content = await served.call(endpoint.method, path, who=who, **_body(endpoint))
            (expected,) = {error.code for error in endpoint.ids.values()}
            where = f"{who} {endpoint.method} {path}"
            assert (status, content["code"]) == (404, expected), where
            # nothing tells it from one that never was
            never = dict.fromkeys(foreign, "0" * 8)
            other = await served.call(
                endpoint.method, _filled(endpoint, never), who=who, **_body(endpoint)
            )
            assert other[0] == 404
            assert other[1]["detail"] == content["detail"], where
            asked += 1
    assert asked > 20


async def test_what_is_foreign_does_not_exist_even_for_a_role_that_may_not_do_it(
    served: Served, foreign: dict[str, str]
) -> None:
    asked = 0
    for endpoint in served.endpoints:
        if endpoint.look_up is None or Role.VIEWER in endpoint.access:
            continue
        (expected,) = {error.code for error in endpoint.ids.values()}
        status, content = await served.call(
            endpoint.method, _filled(endpoint, foreign), who="viewer-a", **_body(endpoint)
        )
        assert (status, content["code"]) == (404, expected), endpoint
        asked += 1
    assert asked >= 4

    status, content = await served.call("DELETE", "/cameras/cam01", who="viewer-a")
    assert (status, content["code"]) == (403, "not_permitted")


async def test_a_camera_outside_the_own_list_does_not_exist(served: Served) -> None:
    for path in ("", "/status", "/snapshot"):
        status, content = await served.call("GET", f"/cameras/cam02{path}", who="narrow-a")
        assert (status, content["code"]) == (404, "unknown_camera")

    _, page = await served.call("GET", "/cameras", who="narrow-a")
    assert [camera["camera_id"] for camera in page["items"]] == ["cam01"]


@pytest.mark.parametrize("who", PEOPLE_OF_A)
async def test_lists_show_the_own_tenant_only(
    served: Served, foreign: dict[str, str], who: str
) -> None:
    for path in (
        "/cameras",
        "/mosaics",
        "/detections",
        "/watchlist",
        "/alerts",
        "/alerts?since=0",
        "/push/subscriptions",
        "/users",
        "/tenants",
        "/audit",
    ):
        status, content = await served.call("GET", path, who=who)
        if status == 403:
            continue
        assert status == 200
        text = repr(content)
        assert "cam09" not in text
        assert "viewer-b" not in text
        assert foreign["mosaic_id"] not in text
        assert foreign["alert_id"] not in text
        assert "'b'" not in text
    _, box = await served.call("GET", "/status", who=who)
    assert box["cameras"]["total"] == (1 if who == "narrow-a" else 2)
    assert box["viewers"] is None


async def test_foreign_cameras_in_bodies_do_not_exist(
    served: Served, foreign: dict[str, str]
) -> None:
    body = {"nome": "x", "layout": "2x2", "cameras": ["cam01", "cam09"]}

    status, content = await served.call("POST", "/mosaics", who="operator-a", json=body)
    assert (status, content["code"]) == (404, "unknown_camera")

    body = {"nome": "x", "layout": "2x2", "cameras": ["cam01", "cam02"]}
    _, made = await served.call("POST", "/mosaics", who="operator-a", json=body)
    path = f"/mosaics/{made['mosaic_id']}"
    status, content = await served.call("PATCH", path, who="narrow-a", json={"cameras": ["cam02"]})
    assert (status, content["code"]) == (404, "unknown_camera")


async def test_nobody_moves_things_into_another_tenant(
    served: Served, foreign: dict[str, str]
) -> None:
    camera = BODIES["POST", "/cameras"] | {"tenant_id": "b"}
    user = BODIES["POST", "/users"] | {"tenant_id": "b"}
    everywhere = BODIES["POST", "/users"] | {"tenant_id": None}

    answers = [
        await served.call("POST", "/cameras", who="admin-a", json=camera),
        await served.call("PATCH", "/cameras/cam01", who="admin-a", json={"tenant_id": "b"}),
        await served.call("POST", "/users", who="admin-a", json=user),
        await served.call("POST", "/users", who="admin-a", json=everywhere),
        await served.call(
            "PATCH",
            f"/users/{served.user_ids['viewer-a']}",
            who="admin-a",
            json={"tenant_id": None},
        ),
        await served.call(
            "POST",
            "/mosaics",
            who="admin-a",
            json=BODIES["POST", "/mosaics"] | {"tenant_id": "b"},
        ),
    ]

    assert [status for status, _ in answers] == [422, 422, 403, 403, 403, 404]


async def test_a_tenants_administrator_does_not_verify_the_whole_log(served: Served) -> None:
    assert (await served.call("GET", "/audit/verify", who="admin-a"))[0] == 403
    status, content = await served.call("GET", "/audit/verify", who="admin")
    assert (status, content["is_whole"], content["bad_seq"]) == (200, True, None)


async def test_every_endpoint_with_a_body_has_one_in_the_table(served: Served) -> None:
    wanted = {
        (endpoint.method, endpoint.path)
        for endpoint in served.endpoints
        if endpoint.body is not None and endpoint.access != PUBLIC
    }

    assert wanted == set(BODIES)


ODD_VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    2**70,
    1e300,
    "",
    "\x00",
    "a\nb",
    "../..",
    "ç" * 3000,
    "%s{}$(x)",
    [],
    [None],
    ["\x00"],
    {},
    {"a": {"b": 1}},
]


@pytest.mark.timeout(60)
async def test_no_odd_value_of_any_field_is_an_incident(
    served: Served, mosaics: MosaicService, admin: Principal
) -> None:
    mosaic = await mosaics.create(admin, name="x", layout=Layout.ONE, cameras=("cam01",))
    ids = {
        "camera_id": "cam02",
        "mosaic_id": mosaic.mosaic_id,
        "user_id": served.user_ids["viewer-b"],
        "tenant_id": "b",
        "incident_id": "none",
        "watch_id": "none",
        "alert_id": "none",
        "message_id": "none",
        "copy_id": "none",
        "subscription_id": "none",
    }
    for endpoint in served.endpoints:
        if endpoint.body is None or endpoint.path == "/auth/login":
            continue
        for name in endpoint.body.model_fields:
            for value in ODD_VALUES:
                body = BODIES[endpoint.method, endpoint.path] | {name: value}
                status, content = await served.call(
                    endpoint.method, _filled(endpoint, ids), who="admin", json=body
                )
                assert status < 500, f"{endpoint.method} {endpoint.path} {body} {content}"


@pytest.mark.parametrize("role", [*Role, None])
async def test_roles_may_what_the_endpoints_say(
    served: Served,
    role: Role | None,
    database: Database,
    footage: FakeFootage,
    detections: Detections,
    alerts: AlertDesk,
    admin: Principal,
) -> None:
    """Whoever may gets past the door; people and tenants named here do not exist, which comes after the door."""
    (camera_no,) = await keep(database, FakeCamera("cam01", tenant_id="a"))
    await place(database, camera_no, "cam01_rec")
    (segment_id,) = await add(database, a_segment(camera_no))
    body = {"nome": "x", "layout": "1x1", "cameras": ["cam01"]}
    _, mosaic = await served.call("POST", "/mosaics", who="operator-a", json=body)
    _, incident = await served.call(
        "POST", "/incidents", who="operator-a", json=BODIES["POST", "/incidents"]
    )
    export = await _export(footage, database, admin, camera_no, "cam01")
    ids = {
        "camera_id": "cam01",
        "detection_id": await _detection(detections, FakeCamera("cam01", tenant_id="a")),
        "watch_id": await _watch(detections, admin, "a"),
        "alert_id": await _alert(detections, alerts, admin, FakeCamera("cam01", tenant_id="a")),
        "export_id": export,
        "purge_id": await _purge(footage, admin, "cam01"),
        "mosaic_id": mosaic["mosaic_id"],
        "subscription_id": "none",
        "user_id": "none",
        "tenant_id": "none",
        "incident_id": incident["incident_id"],
        "segment_id": str(segment_id),
        "time": DAY["start"],
        "seq": "1",  # the site's own
        "report_id": "none",
        "message_id": "none",
        "copy_id": "none",
    }
    # What removes a thing comes last: the others need it.
    for endpoint in sorted(served.endpoints, key=lambda endpoint: endpoint.method == "DELETE"):
        if endpoint.access == PUBLIC:
            continue
        status, content = await served.call(
            endpoint.method,
            _filled(endpoint, ids),
            who=None if role is None else f"{role}-a",
            **_body(endpoint),
        )
        where = f"{role} {endpoint.method} {endpoint.path} {status} {content}"
        if role is None:
            assert (status, content["code"]) == (401, "not_authenticated"), where
        elif role not in endpoint.access:
            assert (status, content["code"]) == (403, "not_permitted"), where
        else:
            may_fail_with = {status_of(error) for error in endpoint.ids.values()}
            # these tell more than the role does: a wrong password, and the site's own business
            if endpoint.path in (
                "/auth/password",
                "/tenants",
                "/audit/verify",
                "/audit/checkpoint",
                "/integrity",
                "/uplink/parked",
                "/uplink/parked/retry",
                "/uplink/parked/discard",
                "/uplink/purges",
                "/archive/parked",
                "/archive/parked/retry",
                "/archive/parked/discard",
            ):
                may_fail_with.add(403)
            # this incident does not exist, this bundle is not made yet, and this purge goes on
            may_fail_with |= {
                "/exports": {404},
                "/exports/{export_id}/bundle": {409},
                "/purges/{purge_id}.pdf": {409},
            }.get(endpoint.path, set())
            assert status == endpoint.status or status in may_fail_with, where
