"""Plate readings arrive by HTTP, proved or refused, and are seen by those whose cameras they are of."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Literal

import pytest

from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.sources.signatures import SignedFields, sign_body, sign_fields
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import PLATE_PART, SCENE_PART, XML_PART, anpr_xml, jpeg, multipart
from tests.unit.api.conftest import Served
from tests.waiting import becomes

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


async def test_one_id_is_one_reading_unless_plate_or_time_differ(
    served: Served, clock: FakeClock, database: Database
) -> None:
    secret = (await access(served))["secret"]
    first = message(clock) | {"imagem_url": "https://example.org/a.jpg?key=1"}
    bodies = [
        first,
        first | {"imagem_url": "https://example.org/a.jpg?key=2"},
        first | {"placa": "XYZ9A87"},
        first | {"timestamp": to_rfc3339(clock.now_us() - 30_000_000)},
    ]
    stamp = str(clock.now_us() // 1_000_000)
    answers = []
    for body in bodies:
        raw = json.dumps(body).encode()
        signature = sign_body(secret, message_id="m1", timestamp=stamp, body=raw)
        headers = {
            "webhook-id": "m1",
            "webhook-timestamp": stamp,
            "webhook-signature": signature,
        }
        answers.append(await post(served, raw, **headers))

    assert {status for status, _ in answers} == {202}
    assert [content["repeated"] for _, content in answers] == [False, True, False, False]
    assert await rows(database, "detections") == 3


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


async def signed_whole(served: Served, clock: FakeClock, secret: str, when: str) -> Any:
    """Send a reading of *when*, signed now by its headers; return status and answer."""
    raw = json.dumps(message(clock, timestamp=when)).encode()
    stamp = str(clock.now_us() // 1_000_000)
    signature = sign_body(secret, message_id=when, timestamp=stamp, body=raw)
    return await post(
        served,
        raw,
        **{"webhook-id": when, "webhook-timestamp": stamp, "webhook-signature": signature},
    )


@pytest.mark.parametrize("ago_s", [3600 * 3, 86_400 * 179.0, 86_400 * 399.0])
async def test_a_reading_that_was_kept_while_the_line_was_down_has_its_own_time_and_alarms_nobody(
    served: Served, clock: FakeClock, database: Database, ago_s: float
) -> None:
    secret = (await access(served))["secret"]
    watch = {"placa": "ABC1D23", "reason": "furto", "level": "critical"}
    await served.call("POST", "/watchlist", who="operator-a", json=watch)
    # Three hours ago in UTC: what a camera of the zone that forgot its offset would write for now.
    when = to_rfc3339(clock.now_us() - round(ago_s * 1e6))

    status, _ = await signed_whole(served, clock, secret, when)

    assert status == 202
    _, page = await served.call("GET", "/detections", who="operator-a")
    assert [(each["timestamp"], each["late"]) for each in page["items"]] == [(when, True)]
    row = await database.fetch_one(
        "SELECT time_source, (SELECT count(*) FROM alerts) FROM detections"
    )
    assert row is not None
    assert tuple(row) == ("camera", 0)


@pytest.mark.parametrize("ago_s", [86_400 * 401.0, 86_400 * 700.0, -301.0, -86_400 * 3650.0])
async def test_a_signed_reading_of_a_time_that_cannot_be_is_refused_and_not_dated_anew(
    served: Served, clock: FakeClock, database: Database, ago_s: float
) -> None:
    secret = (await access(served))["secret"]
    now_us = clock.now_us()

    status, content = await signed_whole(
        served, clock, secret, to_rfc3339(now_us - round(ago_s * 1e6))
    )

    assert (status, content["code"]) == (422, "reading_time_refused")
    assert content["earliest"] == to_rfc3339(now_us - 400 * 86_400_000_000)
    assert content["latest"] == to_rfc3339(now_us + 300_000_000)
    assert await rows(database, "detections") == 0
    _, told = await served.call("GET", "/cameras/cam01/push-status", who="admin")
    assert told["last_refused"]["reason"] == "reading_time_refused"


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
    assert "at least 5 characters" in refused[1]["detail"]
    assert status == 200
    assert [item["placa"] for item in page["items"]] == ["ABC1234"]
    entries = [each for each in log["items"] if each["action"] == "plates.searched"]
    assert [each["details"]["purpose"] for each in entries] == ["BO 45/2026"]


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


async def test_what_a_camera_misread_is_offered_to_who_searches_the_plate_that_it_suggests(
    served: Served, clock: FakeClock
) -> None:
    secret = (await access(served))["secret"]
    for plate in ("RI02A18", "RIOZ018", "RI0ZAI8"):
        await post(served, json.dumps(message(clock, secret, placa=plate)).encode())

    _, page = await served.call(
        "GET", "/detections?placa=RIO2A18&purpose=BO+45/2026", who="operator-a"
    )

    assert page["items"] == []
    assert sorted(page["semelhantes"]) == ["RI02A18", "RIOZ018"]


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


@pytest.mark.parametrize("path", ["detections", "detections.csv"])
async def test_a_time_that_ends_before_it_begins_is_told_as_such(
    served: Served, database: Database, path: str
) -> None:
    span = "start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z&purpose=BO+45/2026"

    status, problem = await served.call("GET", f"/{path}?{span}", who="operator-a")

    assert (status, problem["code"]) == (422, "invalid_input")
    assert problem["faults"] == [{"path": "end", "message": "must be after start"}]
    entries = await database.fetch_all("SELECT 1 FROM audit_log WHERE action LIKE 'plates.%'")
    assert entries == []


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


async def test_a_search_that_begins_at_a_cursor_is_written_down_unless_it_goes_on(
    served: Served, clock: FakeClock, database: Database
) -> None:
    secret = (await access(served))["secret"]

    async def read(plate: str) -> None:
        await clock.advance(20)
        raw = json.dumps(message(clock, secret, placa=plate)).encode()
        assert (await post(served, raw))[0] == 202

    async def searched(query: str, who: str = "operator-a") -> tuple[list[str], str | None]:
        status, page = await served.call(
            "GET", f"/detections?limit=2&purpose=BO+45/2026&{query}", who=who
        )
        assert status == 200
        return [each["placa"] for each in page["items"]], page["next"]

    async def written() -> int:
        found = await database.fetch_one(
            "SELECT count(*) FROM audit_log WHERE action = 'plates.searched'"
        )
        return found[0] if found else 0

    for number in range(5):
        await read(f"ABC1D2{number}")
    _, after = await searched("placa=ABC*")
    _, after_that = await searched(f"placa=ABC*&cursor={after}")
    await searched(f"placa=ABC*&cursor={after_that}")
    assert await written() == 1  # pages of one search

    of_everything = (await served.call("GET", "/detections?limit=1", who="operator-a"))[1]["next"]
    assert (await searched(f"placa=ABC1D20&cursor={of_everything}"))[0] == ["ABC1D20"]
    assert await written() == 2  # another plate
    await searched(f"placa=ABC*&cursor={after}", who="viewer-a")
    assert await written() == 3  # another person
    await read("ABC1D29")
    assert "ABC1D29" in (await searched("placa=ABC*&cursor=99999999999999999.x"))[0]
    assert await written() == 4  # what came since


async def test_many_searches_of_one_person_leave_room_for_those_of_others(
    served: Served, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    may_end = asyncio.Event()
    search_all = database.search_all

    async def slow(sql: str, values: Sequence[Any]) -> list[Any]:
        begun.append(next(str(value) for value in values if "*" in str(value)))
        await may_end.wait()
        return await search_all(sql, values)

    monkeypatch.setattr(database, "search_all", slow)
    searches = [
        asyncio.create_task(
            served.call("GET", f"/detections?placa={plate}&purpose=BO+45/2026", who=who)
        )
        for plate, who in (("*11", "operator-a"), ("*12", "operator-a"), ("*13", "viewer-b"))
    ]

    async def all_are_written_down() -> bool:
        rows = await database.fetch_all("SELECT 1 FROM audit_log WHERE action = 'plates.searched'")
        return len(rows) == 3 and len(begun) > 1

    await becomes(all_are_written_down, 10)

    assert "*13" in begun
    assert len(begun) == 2
    may_end.set()
    assert {status for status, _ in await asyncio.gather(*searches)} == {200}
