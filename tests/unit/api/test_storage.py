"""Storage, rules and purges as a client meets them."""

from typing import Any

import pytest

from gtvision_edge.accounts import Principal
from gtvision_edge.recordings.incidents.service import IncidentRequest
from gtvision_edge.recordings.markers import VOLUME_MARKER, CameraMarker
from gtvision_edge.recordings.model import CameraNo, Span
from gtvision_edge.recordings.retention import repository as purges
from gtvision_edge.recordings.retention.model import DAY_US
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database
from gtvision_edge.storage.errors import StorageError
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep, place
from tests.fakes.recorded_volume import mark
from tests.unit.api.conftest import FakeFootage, FakeVolume, Served

GIB = 2**30
SIZE = a_segment(CameraNo(1)).size_bytes
NOW = "2026-01-01T00:00:00Z"


async def record(
    footage: FakeFootage,
    database: Database,
    camera_id: str,
    tenant_id: str,
    *,
    minutes: int = 2,
    start_us: int = START_US - DAY_US,
) -> CameraNo:
    """Give the camera footage, of a day ago unless told otherwise; its files are gone, which deletion does not mind."""
    (footage.root / VOLUME_MARKER).write_text("{}")
    rows = await database.fetch_all(
        "SELECT camera_id, camera_uuid, tenant_id FROM recorded_cameras WHERE camera_id <> ?",
        (camera_id,),
    )
    others = [FakeCamera(row[0], row[1], row[2]) for row in rows]
    (uuid,) = [
        row["camera_uuid"]
        for row in await database.fetch_all(
            "SELECT camera_uuid FROM cameras WHERE camera_id = ?", (camera_id,)
        )
    ]
    numbers = await keep(database, *others, FakeCamera(camera_id, uuid, tenant_id))
    await place(database, numbers[-1], f"{camera_id}_rec")
    mark(footage.root / f"{camera_id}_rec", CameraMarker(uuid, camera_id, tenant_id))
    await add(
        database,
        *[a_segment(numbers[-1], start_us + n * MINUTE_US) for n in range(minutes)],
    )
    return numbers[-1]


@pytest.fixture
async def recorded(footage: FakeFootage, database: Database, volume: FakeVolume) -> None:
    volume.usage = Usage(1000 * GIB, 300 * GIB, 700 * GIB)
    await record(footage, database, "cam01", "a", minutes=3)
    await record(footage, database, "cam02", "a")
    await record(footage, database, "cam09", "b")


async def get(served: Served, path: str, who: str) -> Any:
    status, content = await served.call("GET", path, who=who)
    assert status == 200, content
    return content


@pytest.mark.usefixtures("recorded")
async def test_storage_tells_sizes_thresholds_breaker_and_clock(served: Served) -> None:
    box = await get(served, "/storage", "admin")

    assert box["volume"]["free_bytes"] == 700 * GIB
    assert box["volume"]["recordings_bytes"] == 7 * SIZE
    assert (box["thresholds"]["trip"], box["thresholds"]["trip_free_bytes"]) == (
        0.95,
        pytest.approx(50 * GIB, abs=8),
    )
    assert box["breaker"]["state"] == "closed"
    assert (box["clock"]["state"], box["clock"]["reason"]) == ("suspect", "started")
    cam01 = box["cameras"][0]
    assert (cam01["camera_id"], cam01["segments"], cam01["bytes"]) == ("cam01", 3, 3 * SIZE)
    assert (cam01["first"], cam01["retain_days"], cam01["rule"], cam01["removed"]) == (
        "2025-12-31T00:00:00+00:00",
        30,
        "site",
        False,
    )
    assert [each["bytes"] for each in box["tenants"] if each["tenant_id"] == "b"] == [2 * SIZE]


@pytest.mark.parametrize(("minutes", "is_told"), [(59, False), (60, True)])
async def test_nothing_is_foretold_before_an_hour_of_each_camera(
    served: Served,
    footage: FakeFootage,
    database: Database,
    volume: FakeVolume,
    minutes: int,
    is_told: bool,
) -> None:
    volume.usage = Usage(1000 * GIB, 300 * GIB, 700 * GIB)
    for camera_id, tenant_id in (("cam01", "a"), ("cam02", "a"), ("cam09", "b")):
        await record(
            footage,
            database,
            camera_id,
            tenant_id,
            minutes=minutes,
            start_us=START_US - 60 * MINUTE_US,
        )

    forecast = (await get(served, "/storage", "admin"))["forecast"]

    assert forecast["bytes_per_day"] == (3 * SIZE * 24 * 60 if is_told else None)
    assert (forecast["holds_days"] is not None) == is_told


@pytest.mark.usefixtures("recorded")
async def test_a_tenant_sees_its_own_storage_alone(served: Served) -> None:
    box = await get(served, "/storage", "operator-a")
    narrow = await get(served, "/storage", "narrow-a")

    assert [each["camera_id"] for each in box["cameras"]] == ["cam01", "cam02"]
    assert [each["tenant_id"] for each in box["tenants"]] == ["a"]
    assert box["volume"]["recordings_bytes"] is None
    assert box["forecast"]["bytes_per_day"] is None
    assert [each["camera_id"] for each in narrow["cameras"]] == ["cam01"]
    assert narrow["tenants"] == []
    status, _ = await served.call("GET", "/storage", who="viewer-a")
    assert status == 403


@pytest.mark.usefixtures("recorded")
async def test_a_rule_is_tried_out_then_changed_and_audited(served: Served) -> None:
    rules = {"cameras": [{"camera_id": "cam01", "retain_days": 1}]}

    status, tried = await served.call(
        "PUT", "/storage/policies?dry_run=1", who="admin-a", json=rules
    )
    assert status == 200
    assert tried["cameras"] == []
    assert tried["would_delete"] == []  # nothing is older than a day yet
    rules["cameras"][0]["retain_days"] = 30
    await served.call("PUT", "/storage/policies", who="admin-a", json=rules)
    book = await get(served, "/storage/policies", "auditor-a")

    assert [(each["camera_id"], each["retain_days"]) for each in book["cameras"]] == [("cam01", 30)]
    assert book["would_delete"] is None
    entries = (await get(served, "/audit?action=policy.changed", "auditor-a"))["items"]
    assert entries[0]["details"]["retain_days"] == 30


async def test_a_dry_run_says_per_camera_what_would_go(
    served: Served, footage: FakeFootage, database: Database
) -> None:
    number = await record(footage, database, "cam01", "a")
    await add(database, a_segment(number, START_US - 10 * DAY_US))

    status, tried = await served.call(
        "PUT",
        "/storage/policies?dry_run=1",
        who="admin",
        json={
            "site": {"retain_days": 5},
            "tenants": [{"tenant_id": "a", "quota_bytes": SIZE}],
        },
    )

    assert status == 200
    (would,) = tried["would_delete"]
    assert (would["camera_id"], would["segments"], would["bytes"]) == ("cam01", 1, SIZE)
    assert would["start"] == "2025-12-22T00:00:00+00:00"
    (over,) = tried["over_quota"]
    assert over["tenant_id"] == "a"
    assert SIZE < over["bytes"] < 2 * SIZE  # what is too old went before
    (going,) = over["cameras"]
    assert (going["camera_id"], going["segments"], going["bytes"]) == ("cam01", 2, 2 * SIZE)
    assert going["end"] > going["start"] > would["end"]
    assert tried["site"]["retain_days"] is None


@pytest.mark.usefixtures("recorded")
async def test_a_rule_without_its_camera_is_told_the_name_of_the_field(served: Served) -> None:
    status, problem = await served.call(
        "PUT", "/storage/policies", who="admin", json={"cameras": [{"retain_days": 1}]}
    )

    assert (status, problem["faults"][0]["path"]) == (422, "cameras.0.camera_id")


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ({"site": {"retain_days": 7}}, 403),
        ({"on_full": {"action": "stop"}}, 403),
        ({"tenants": [{"tenant_id": "a", "quota_bytes": 1}]}, 403),
        ({"tenants": [{"tenant_id": "b", "retain_days": 1}]}, 404),
        ({"cameras": [{"camera": "cam09", "retain_days": 1}]}, 404),
        ({"tenants": [{"tenant_id": "a", "retain_days": 7}]}, 200),
        ({"site": {"retain_days": 4000}}, 422),
    ],
)
@pytest.mark.usefixtures("recorded")
async def test_an_admin_of_a_tenant_changes_what_is_the_tenants(
    served: Served, rules: dict[str, Any], status: int
) -> None:
    assert (await served.call("PUT", "/storage/policies", who="admin-a", json=rules))[0] == status


async def test_a_standing_order_needs_its_reason(served: Served) -> None:
    order = {"on_full": {"action": "release_oldest_incident", "reason": "x"}}
    status, problem = await served.call("PUT", "/storage/policies", who="admin", json=order)
    assert (status, problem["faults"][0]["path"]) == (422, "on_full.reason")

    order["on_full"]["reason"] = "Ata 12/2026 do comitê gestor"
    status, book = await served.call("PUT", "/storage/policies", who="admin", json=order)

    assert status == 200
    assert book["on_full"] == {
        "action": "release_oldest_incident",
        "reason": "Ata 12/2026 do comitê gestor",
        "by": "admin",
        "at": "2026-01-01T00:00:00+00:00",
    }


@pytest.mark.usefixtures("recorded")
async def test_footage_is_deleted_by_order_and_the_record_says_what(
    served: Served, footage: FakeFootage
) -> None:
    order = {"cameras": ["cam01"], "before": NOW, "reason": "pedido do titular"}
    for yes in ("1", "true"):
        status, tried = await served.call(
            "POST", f"/storage/purge?dry_run={yes}", who="admin-a", json=order
        )
        assert (status, tried["purge_ids"], tried["would_delete"][0]["segments"]) == (200, [], 3)
        assert tried["deletes"] is None

    _, ordered = await served.call(
        "POST", "/storage/purge?dry_run=false", who="admin-a", json=order
    )
    assert (ordered["would_delete"], ordered["deletes"][0]["segments"]) == (None, 3)
    await footage.retention.keeper.keep_house()
    (purge_id,) = ordered["purge_ids"]
    (listed,) = (await get(served, "/purges", "auditor-a"))["items"]
    purge = await get(served, f"/purges/{purge_id}", "auditor-a")

    assert listed == {name: value for name, value in purge.items() if name != "cameras"}
    assert (purge["kind"], purge["tenant_id"], purge["segments"]) == ("manual", "a", 3)
    assert purge["policy"] == {"before": "2026-01-01T00:00:00+00:00", "cameras": ["cam01"]}
    assert (purge["actor"]["name"], purge["reason"]) == ("admin-a", "pedido do titular")
    assert purge["finished_at"] is not None
    assert [(each["camera_id"], each["segments"]) for each in purge["cameras"]] == [("cam01", 3)]
    assert (await get(served, "/purges", "admin-b"))["items"] == []
    assert (await served.call("GET", f"/purges/{purge_id}", who="admin-b"))[0] == 404
    assert (await served.call("GET", "/purges", who="operator-a"))[0] == 403


@pytest.mark.usefixtures("recorded")
async def test_an_order_for_an_interval_takes_whole_files_of_it_and_no_other(
    served: Served, footage: FakeFootage, database: Database
) -> None:
    begin_us = START_US - DAY_US
    order = {
        "cameras": ["cam01"],
        "after": to_rfc3339(begin_us + MINUTE_US - 1),
        "before": to_rfc3339(begin_us + 3 * MINUTE_US - 1),
        "reason": "pedido do titular",
        "reference": "Protocolo 7/2026",
    }
    status, tried = await served.call("POST", "/storage/purge?dry_run=1", who="admin-a", json=order)
    assert status == 200
    (would,) = tried["would_delete"]
    assert (would["segments"], tried["crossing"], tried["held"]) == (1, 2, [])

    _, ordered = await served.call("POST", "/storage/purge", who="admin-a", json=order)
    await footage.retention.keeper.keep_house()
    purge = await get(served, f"/purges/{ordered['purge_ids'][0]}", "auditor-a")
    left = await database.fetch_all(
        "SELECT start_us FROM segments JOIN recorded_cameras USING (camera_no) WHERE camera_id = 'cam01' ORDER BY start_us"
    )

    assert [row["start_us"] - begin_us for row in left] == [0, 2 * MINUTE_US]
    assert purge["segments"] == 1
    assert purge["policy"] == {
        "cameras": ["cam01"],
        "after": order["after"],
        "before": order["before"],
        "reference": "Protocolo 7/2026",
    }


@pytest.mark.usefixtures("recorded")
async def test_an_order_says_at_once_what_incidents_keep_from_it(
    served: Served, footage: FakeFootage, admin: Principal, database: Database
) -> None:
    span = Span(START_US - DAY_US, START_US - DAY_US + 3 * MINUTE_US)
    kept = await footage.incidents.create(
        admin, IncidentRequest(("cam01",), span, "furto na praça")
    )
    order = {"cameras": ["cam01"], "before": NOW, "reason": "pedido do titular"}

    status, answer = await served.call("POST", "/storage/purge", who="admin-a", json=order)

    assert status == 200
    assert (answer["purge_ids"], answer["deletes"]) == ([], [])
    (held,) = answer["held"]
    assert (held["camera_id"], held["segments"], held["bytes"]) == ("cam01", 3, 3 * SIZE)
    incident_id = kept.incident.incident_id
    assert held["incidents"] == [{"incident_id": incident_id, "reason": "furto na praça"}]
    assert await database.fetch_all("SELECT 1 FROM purges") == []


async def test_an_order_for_an_interval_that_ends_before_it_begins_is_refused(
    served: Served,
) -> None:
    order = {"before": NOW, "after": NOW, "reason": "pedido do titular"}

    status, problem = await served.call("POST", "/storage/purge", who="admin-a", json=order)

    assert (status, problem["faults"][0]["path"]) == (422, "before")


@pytest.mark.usefixtures("recorded")
async def test_a_camera_is_removed_with_its_footage_unless_an_incident_keeps_some(
    served: Served, footage: FakeFootage, admin: Principal, database: Database
) -> None:
    span = Span(START_US - DAY_US, START_US - DAY_US + MINUTE_US)
    await footage.incidents.create(admin, IncidentRequest(("cam01",), span, "furto na praça"))

    status, problem = await served.call("DELETE", "/cameras/cam01?footage=delete", who="admin-a")
    assert (status, problem["code"]) == (409, "footage_held")
    status, _ = await served.call("DELETE", "/cameras/cam02?footage=delete", who="admin-a")
    assert status == 204
    await footage.retention.keeper.keep_house()

    rows = await database.fetch_all(
        "SELECT camera_id, count(s.segment_id) AS n FROM recorded_cameras LEFT JOIN segments s USING (camera_no)"
        " GROUP BY camera_no"
    )
    assert {row["camera_id"]: row["n"] for row in rows} == {"cam01": 3, "cam02": 0, "cam09": 2}
    assert (await get(served, "/cameras/cam01", "admin-a"))["camera_id"] == "cam01"


@pytest.mark.usefixtures("recorded")
async def test_a_camera_and_the_order_to_delete_its_footage_go_together_or_not_at_all(
    served: Served, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(purges, "insert_purge", refuse)
        refused, _ = await served.call("DELETE", "/cameras/cam02?footage=delete", who="admin-a")
    still_there = await get(served, "/cameras/cam02", "admin-a")
    ordered_then = await database.fetch_all("SELECT 1 FROM purges")
    status, _ = await served.call("DELETE", "/cameras/cam02?footage=delete", who="admin-a")

    assert (refused, still_there["camera_id"], ordered_then) == (503, "cam02", [])
    assert status == 204
    (purge,) = await database.fetch_all("SELECT kind FROM purges")
    assert purge["kind"] == "camera_removed"
    acts = await database.fetch_all("SELECT action FROM audit_log ORDER BY seq DESC LIMIT 2")
    assert [act["action"] for act in acts] == ["purge.ordered", "camera.removed"]
