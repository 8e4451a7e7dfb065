"""Plate readings arrive by HTTP, proved or refused, and are seen by those whose cameras they are of."""

import asyncio
import json
from typing import Any, Literal

import pytest

from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.sources.signatures import SignedFields, sign_body, sign_fields
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database, Row
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import PLATE_PART, SCENE_PART, XML_PART, anpr_xml, jpeg, multipart
from tests.unit.api.conftest import Served

WEBHOOK = "/api/v1/webhooks/lpr"


async def access(served: Served, camera_id: str = "cam01", **body: Any) -> dict[str, Any]:
    status, made = await served.call(
        "POST", f"/cameras/{camera_id}/push-secret", who="admin", json=body
    )
    assert status == 201, made
    return dict(made)


def message(clock: FakeClock, secret: str = "", **changes: Any) -> dict[str, Any]:
    body = {
        "camera_id": "cam01",
        "placa": "ABC1D23",
        "timestamp": to_rfc3339(clock.now_us()),
        "confianca": 0.95,
        "imagem_url": None,
    } | changes
    fields = SignedFields(
        str(body["camera_id"]),
        str(body["placa"]),
        str(body["timestamp"]),
        str(body["confianca"]),
        "",
    )
    return body | {"signature": sign_fields(secret, fields) if secret else "00"}


async def post(served: Served, raw: bytes, **headers: str) -> tuple[int, Any]:
    status, _, content = await served.exchange(
        "POST", WEBHOOK, data=raw, headers={"Content-Type": "application/json"} | headers
    )
    return status, content


async def rows(database: Database, table: Literal["detections", "outbox"]) -> int:
    found = await database.fetch_one(f"SELECT count(*) FROM {table}")  # noqa: S608 -- two names
    assert found is not None
    return int(found[0])


async def test_a_signed_reading_is_accepted_once_and_waits_for_the_hub(
    served: Served, clock: FakeClock, database: Database
) -> None:
    secret = (await access(served))["secret"]
    raw = json.dumps(message(clock, secret)).encode()

    first, again = await post(served, raw), await post(served, raw)

    assert first[0] == again[0] == 202
    assert first[1]["detection_id"] == again[1]["detection_id"]
    assert (first[1]["repeated"], again[1]["repeated"]) == (False, True)
    assert await rows(database, "detections") == await rows(database, "outbox") == 1
    row = await database.fetch_one("SELECT message_id, body FROM outbox")
    assert row is not None
    event = json.loads(row["body"])
    assert event["id"] == row["message_id"] == first[1]["detection_id"]
    assert event["type"] == "br.gtvision.deteccao.lpr.v1"
    assert event["data"]["placa"] == "ABC1D23"


async def test_a_body_signed_by_its_headers_is_accepted(served: Served, clock: FakeClock) -> None:
    secret = (await access(served))["secret"]
    raw = json.dumps(message(clock)).encode()
    stamp = str(clock.now_us() // 1_000_000)
    signature = sign_body(secret, message_id="m1", timestamp=stamp, body=raw)

    status, _ = await post(
        served,
        raw,
        **{"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": signature},
    )

    assert status == 202


async def test_unknown_cameras_and_bad_signatures_are_refused_alike(
    served: Served, clock: FakeClock, database: Database
) -> None:
    secret = (await access(served))["secret"]
    other = (await access(served, "cam02"))["secret"]
    wrong = [
        message(clock, secret, camera_id="cam77"),
        message(clock, other),
        message(clock, secret) | {"placa": "ABC1D24"},
        message(clock, secret) | {"signature": None},
        message(clock, secret, camera_id="cam09"),
    ]

    answers = [await post(served, json.dumps(each).encode()) for each in wrong]

    assert {status for status, _ in answers} == {401}
    assert len({json.dumps(content) for _, content in answers}) == 1
    assert await rows(database, "detections") == 0


async def test_what_is_old_is_refused_with_its_reason(served: Served, clock: FakeClock) -> None:
    secret = (await access(served))["secret"]
    old = message(clock, secret, timestamp=to_rfc3339(clock.now_us() - 301_000_000))

    status, content = await post(served, json.dumps(old).encode())

    assert (status, content["code"]) == (422, "stale_push")


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[" * 30_000, b"\xff", b'{"camera_id":"cam01","placa":"\\ud800"}', b"NaN"],
)
async def test_nonsense_is_a_clear_fault(served: Served, raw: bytes) -> None:
    status, content = await post(served, raw)

    assert (status, content["code"]) == (422, "invalid_input")


async def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
    status, content = await post(served, b" " * 70_000)

    assert (status, content["code"]) == (413, "body_too_large")


async def test_a_flood_is_told_to_wait(served: Served, clock: FakeClock) -> None:
    secret = (await access(served))["secret"]
    raw = json.dumps(message(clock, secret)).encode()

    answers = [await post(served, raw) for _ in range(401)]

    assert {status for status, _ in answers[:400]} == {202}
    status, content = answers[400]
    assert (status, content["code"], content["retry_after_s"]) == (429, "too_many_pushes", 1)


async def test_what_was_overheard_and_is_sent_again_keeps_no_reading_out(
    served: Served, clock: FakeClock
) -> None:
    secret = (await access(served))["secret"]
    overheard = json.dumps(message(clock, secret)).encode()
    await clock.advance(600)

    old = [await post(served, overheard) for _ in range(401)]
    status, _ = await post(served, json.dumps(message(clock, secret)).encode())

    assert {content["code"] for _, content in old} == {"stale_push"}
    assert status == 202


async def test_a_hikvision_camera_posts_to_its_secret_address(
    served: Served, database: Database
) -> None:
    path = (await access(served))["hikvision_path"]
    content_type, raw = multipart(
        (XML_PART, anpr_xml(when="2025-12-31T20:59:59-03:00").encode()),
        (PLATE_PART, jpeg(120, 40)),
        (SCENE_PART, jpeg()),
    )

    status, _, _ = await served.exchange(
        "POST", path, data=raw, headers={"Content-Type": content_type}
    )

    assert status == 200
    _, page = await served.call("GET", "/detections", who="operator-a")
    (item,) = page["items"]
    assert (item["placa"], item["trust"], item["has_scene"]) == ("ABC1D23", "secret_path", True)
    status, headers, picture = await served.exchange(
        "GET", f"/api/v1/detections/{item['detection_id']}/plate.jpg", who="viewer-a"
    )
    assert (status, headers["Content-Type"], picture) == (200, "image/jpeg", jpeg(120, 40))


async def test_other_events_of_a_hikvision_camera_are_answered_and_forgotten(
    served: Served, database: Database
) -> None:
    path = (await access(served))["hikvision_path"]
    event = b"<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>"

    status, _, _ = await served.exchange(
        "POST", path, data=event, headers={"Content-Type": "application/xml"}
    )
    wrong, _, _ = await served.exchange(
        "POST",
        path[:-1] + ("2" if path.endswith("7") else "7"),
        data=event,
        headers={"Content-Type": "application/xml"},
    )

    assert (status, wrong) == (200, 401)
    assert await rows(database, "detections") == 0


async def test_the_secret_address_is_not_logged(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    path = (await access(served))["hikvision_path"]

    await served.exchange("POST", path, data=b"?", headers={"Content-Type": "application/xml"})

    printed = capsys.readouterr()
    assert "webhooks/hikvision" in printed.out + printed.err
    assert path.rpartition("/")[2] not in printed.out + printed.err


async def test_a_search_for_a_plate_needs_a_purpose_and_is_audited(
    served: Served, clock: FakeClock, detections: Detections
) -> None:
    secret = (await access(served))["secret"]
    await post(served, json.dumps(message(clock, secret, placa="ABC1234")).encode())

    refused = await served.call("GET", "/detections?placa=ABC1C34", who="operator-a")
    status, page = await served.call(
        "GET", "/detections?placa=abc1c34&purpose=BO+45/2026", who="operator-a"
    )
    _, log = await served.call("GET", "/audit?limit=500", who="auditor-a")

    assert (refused[0], refused[1]["code"]) == (422, "purpose_required")
    assert status == 200
    assert [item["placa"] for item in page["items"]] == ["ABC1234"]
    entries = [each for each in log["items"] if each["action"] == "plates.searched"]
    assert [each["details"]["purpose"] for each in entries] == ["BO 45/2026"]


async def test_the_pages_of_a_search_are_one_entry_and_a_cursor_of_ones_own_is_a_search(
    served: Served, clock: FakeClock
) -> None:
    secret = (await access(served))["secret"]
    for _ in range(3):
        await clock.advance(20)
        await post(served, json.dumps(message(clock, secret, placa="ABC1D23")).encode())
    search = "/detections?placa=ABC1D23&purpose=BO+45/2026&limit=1"

    async def searched(query: str, who: str = "operator-a") -> tuple[dict[str, Any], int]:
        _, page = await served.call("GET", query, who=who)
        _, log = await served.call("GET", "/audit?limit=500", who="auditor-a")
        return page, sum(each["action"] == "plates.searched" for each in log["items"])

    first, once = await searched(search)
    second, still_once = await searched(f"{search}&cursor={first['next']}")
    place, _, proof = second["next"].rpartition(".")
    others = [
        await searched(f"{search}&cursor={place}"),
        await searched(f"{search}&cursor=99999999999999999.z.{proof}"),
        await searched(f"{search}&cursor={second['next']}", who="admin"),
        await searched(f"{search.replace('ABC1D23', 'ABC*')}&cursor={second['next']}"),
    ]

    assert (once, still_once) == (1, 1)
    assert first["items"] != second["items"]
    assert all(len(page["items"]) == 1 for page, _ in others)
    assert [count for _, count in others] == [2, 3, 3, 4]  # that of admin is of no tenant's log


async def test_a_person_has_few_searches_running_and_others_pages_do_not_wait_for_them(
    served: Served, database: Database
) -> None:
    search = "/detections?placa=*Z*&purpose=BO+45/2026"
    async with asyncio.timeout(20):
        async with database._searching:  # a search of somebody goes on
            waiting = [
                asyncio.create_task(served.call("GET", search, who="operator-a")) for _ in range(5)
            ]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            refused = [each.result() for each in done]
            others = [
                (await served.call("GET", path, who="viewer-b"))[0]
                for path in ("/alerts", "/detections")
            ]
        answered = [await each for each in waiting]

    assert [(status, body["code"]) for status, body in refused] == [(429, "too_many_searches")]
    assert others == [200, 200]
    assert sorted(status for status, _ in answered) == [200, 200, 200, 200, 429]


@pytest.mark.parametrize(
    ("who", "query", "index"),
    [
        ("operator-a", "placa=ABC1D23&purpose=BO+45/2026", "detections_by_plate"),
        ("operator-a", "", "detections_by_tenant"),
        ("admin", "", "detections_by_time"),
    ],
)
async def test_searches_find_their_readings_by_an_index(
    served: Served,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    query: str,
    index: str,
) -> None:
    plans: list[str] = []
    search_all = database.search_all

    async def planned(sql: str, parameters: Any = ()) -> list[Row]:
        plan = await search_all("EXPLAIN QUERY PLAN " + sql, parameters)
        if "FROM detections WHERE" in sql:
            plans.append(" ".join(row["detail"] for row in plan))
        return await search_all(sql, parameters)

    monkeypatch.setattr(database, "search_all", planned)
    monkeypatch.setattr(database, "fetch_all", planned)
    status, _ = await served.call("GET", f"/detections?{query}", who=who)

    assert status == 200
    assert plans
    assert all(f"INDEX {index} " in each for each in plans)


async def test_tenants_and_cameras_of_others_are_not_seen(served: Served, clock: FakeClock) -> None:
    for camera_id in ("cam01", "cam02", "cam09"):
        secret = (await access(served, camera_id))["secret"]
        status, _ = await post(
            served, json.dumps(message(clock, secret, camera_id=camera_id)).encode()
        )
        assert status == 202

    seen = {}
    for who in ("admin", "operator-a", "narrow-a", "viewer-b"):
        _, page = await served.call("GET", "/detections", who=who)
        seen[who] = {item["camera_id"] for item in page["items"]}
    _, page = await served.call("GET", "/detections", who="admin")
    foreign = next(each for each in page["items"] if each["camera_id"] == "cam09")
    paths = ("", "/scene.jpg", "/plate.jpg")
    refused = [
        (await served.call("GET", f"/detections/{foreign['detection_id']}{path}", who=who))[0]
        for path in paths
        for who in ("operator-a", "narrow-a", "auditor-a")
    ]

    assert seen == {
        "admin": {"cam01", "cam02", "cam09"},
        "operator-a": {"cam01", "cam02"},
        "narrow-a": {"cam01"},
        "viewer-b": {"cam09"},
    }
    assert set(refused) == {404}
    assert (await served.call("GET", "/detections?camera=cam09", who="operator-a"))[0] == 404
    assert (await served.call("GET", "/detections", who="auditor-a"))[0] == 403


async def test_pages_follow_one_another(served: Served, clock: FakeClock) -> None:
    secret = (await access(served))["secret"]
    for number in range(5):
        await clock.advance(20)
        status, _ = await post(
            served, json.dumps(message(clock, secret, placa=f"ABC1D2{number}")).encode()
        )
        assert status == 202

    plates: list[str] = []
    cursor = ""
    for _ in range(4):
        _, page = await served.call("GET", f"/detections?limit=2{cursor}", who="viewer-a")
        plates += [item["placa"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert plates == [f"ABC1D2{number}" for number in (4, 3, 2, 1, 0)]


async def test_plates_that_a_camera_may_have_misread_are_suggested_apart_from_what_was_found(
    served: Served, clock: FakeClock
) -> None:
    secret = (await access(served))["secret"]
    for plate in ("ABC1B34", "ABC1834", "ABC7B34", "XYZ9Z99"):
        await post(served, json.dumps(message(clock, secret, placa=plate)).encode())
    search = "/detections?placa=ABC1B34&purpose=BO+45/2026"

    _, page = await served.call("GET", search, who="operator-a")
    _, part = await served.call(
        "GET", "/detections?placa=ABC1B3*&purpose=BO+45/2026", who="operator-a"
    )
    _, others = await served.call("GET", search, who="viewer-b")

    assert [each["placa"] for each in page["items"]] == ["ABC1B34"]
    assert sorted(page["semelhantes"]) == ["ABC1834", "ABC7B34"]
    assert part["semelhantes"] == []
    assert others == {"items": [], "next": None, "semelhantes": []}


async def test_suggestions_are_no_second_search_in_the_log(
    served: Served, clock: FakeClock, database: Database
) -> None:
    await access(served)

    await served.call("GET", "/detections?placa=ABC1B34&purpose=BO+45/2026", who="operator-a")

    found = await database.fetch_one(
        "SELECT count(*) FROM audit_log WHERE action = 'plates.searched'"
    )
    assert found is not None
    assert found[0] == 1
