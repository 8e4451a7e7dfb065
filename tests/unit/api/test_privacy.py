"""What was anonymised is found nowhere: not in the database, its log, nor the folder of pictures."""

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gtvision_edge.cameras.service import CameraService
from gtvision_edge.detections import repository
from gtvision_edge.detections.opening import Detections
from gtvision_edge.detections.privacy import Round, remaining_facts
from gtvision_edge.recordings.keeping import CameraKeeper
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.pushes import PLATE_PART, SCENE_PART, XML_PART, anpr_xml, jpeg, multipart
from tests.unit.api.conftest import Served

DAY_S = 86_400.0
OLD, YOUNG = "QZX7J42", "KWV3H88"


async def push(served: Served, path: str, plate: str, when: str, number: int = 0) -> None:
    xml = anpr_xml(plate=plate, when=when).replace("000xyz", f"{number:03}{plate}")
    content_type, raw = multipart(
        (XML_PART, xml.encode()),
        (PLATE_PART, jpeg(120, 40, "white" if plate == OLD else "black")),
        (SCENE_PART, jpeg()),
    )
    status, _, _ = await served.exchange(
        "POST", path, data=raw, headers={"Content-Type": content_type}
    )
    assert status == 200


async def filled(served: Served, clock: FakeClock) -> None:
    """Take in and search an old reading, and a young one that has the same scene."""
    _, made = await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={})
    path = made["hikvision_path"]
    for number in range(300):
        await push(
            served, path, f"QZX{number % 10}J{number // 10:02}", "2025-12-31T20:59:59-03:00", number
        )
        await clock.advance(0.5)
    await push(served, path, OLD, "2025-12-31T20:59:59-03:00")
    status, found = await served.call(
        "GET", f"/detections?placa={OLD}&purpose=procuro+{OLD}", who="operator-a"
    )
    assert (status, len(found["items"])) == (200, 1)
    await clock.advance(179 * DAY_S)
    await push(served, path, YOUNG, "2026-06-28T20:59:59-03:00")
    await clock.advance(2 * DAY_S)


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def state_of(root: Path) -> dict[str, bytes]:
    return await asyncio.to_thread(files, root)


async def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await database.fetch_all(sql)]


async def test_after_anonymising_a_byte_search_finds_nothing(
    served: Served, clock: FakeClock, detections: Detections, database: Database, tmp_path: Path
) -> None:
    await filled(served, clock)
    before = await state_of(tmp_path)
    assert any(OLD.encode() in content for content in before.values())

    done = await detections.anonymiser.go_round()
    again = await detections.anonymiser.go_round()

    after = await state_of(tmp_path)
    assert {name.rpartition("/")[2] for name in after} >= {"edge.db", "edge.db-wal"}
    for name, content in after.items():
        assert not re.search(rb"QZX[0-9]J[0-9]{2}", content), name
    assert any(YOUNG.encode() in content for content in after.values())
    assert (done.readings, done.unsent, again.readings) == (301, 301, 0)
    # Copies elsewhere are to go with them; that of the young reading's scene stays.
    owed = await rows(database, "SELECT act, count(*) FROM archive_queue GROUP BY act ORDER BY act")
    assert owed == [("copy", 2), ("remove", 1)]
    pictures = {content for name, content in after.items() if name.endswith(".jpg")}
    # The scene is the young reading's, too; its plate's picture is its own.
    assert pictures == {jpeg(), jpeg(120, 40, "black")}


async def test_counts_remain_and_the_act_is_in_the_log(
    served: Served, clock: FakeClock, detections: Detections, database: Database
) -> None:
    await filled(served, clock)

    await detections.anonymiser.go_round()

    assert await rows(database, "SELECT camera_id, day, readings FROM detection_counts") == [
        ("cam01", "2025-12-31", 301)
    ]
    kept = await rows(
        database,
        "SELECT plate, vehicle, plate_sent FROM detections WHERE anonymised_us IS NOT NULL",
    )
    assert set(kept) == {(None, None, "")}
    assert await rows(
        database,
        "SELECT actor, tenant_id, sum(json_extract(details, '$.readings')) FROM audit_log"
        " WHERE action = 'plates.anonymised'",
    ) == [("system", "a", 301)]


async def test_inspectors_read_who_searched_which_plate_what_for(
    served: Served, database: Database
) -> None:
    await served.call("GET", f"/detections?placa={OLD}&purpose=BO+45/2026", who="operator-a")
    _, log = await served.call("GET", "/audit?action=plates.searched", who="auditor-a")

    (entry,) = log["items"]
    assert (entry["details"]["plate"], entry["details"]["purpose"]) == (OLD, "BO 45/2026")
    assert "sealed" not in entry["details"]
    ((stored,),) = await rows(
        database, "SELECT details FROM audit_log WHERE action = 'plates.searched'"
    )
    assert OLD not in stored
    assert "45/2026" not in stored


async def test_nothing_is_taken_away_while_the_clock_is_in_doubt(
    served: Served, clock: FakeClock, detections: Detections, database: Database
) -> None:
    await filled(served, clock)
    trusted = False
    detections.anonymiser._trusts_clock = lambda: trusted
    running = asyncio.create_task(detections.anonymiser.run())
    await clock.until_asleep()
    await clock.advance(900 + 600)
    await clock.until_asleep()

    assert await rows(database, "SELECT count(*) FROM detection_counts") == [(0,)]

    trusted = True
    await clock.advance(600)
    await clock.until_asleep()
    running.cancel()
    await asyncio.wait({running})
    assert await rows(database, "SELECT readings FROM detection_counts") == [(301,)]


async def test_a_round_is_made_soon_after_the_start_and_then_at_night(
    clock: FakeClock, detections: Detections, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    rounds: list[datetime] = []

    async def go_round() -> Round:
        rounds.append(datetime.fromtimestamp(clock.now_us() / 1e6, zone))
        return Round()

    monkeypatch.setattr(detections.anonymiser, "go_round", go_round)
    began = datetime.fromtimestamp(clock.now_us() / 1e6, zone)
    running = asyncio.create_task(detections.anonymiser.run())
    for _ in range(4 * 96):
        await clock.until_asleep()
        await clock.advance(900)
    running.cancel()
    await asyncio.wait({running})

    assert rounds[0] - began == timedelta(seconds=900)
    nights = rounds[1:]
    assert {f"{each:%H:%M}" for each in nights} == {"03:30"}
    assert len({each.date() for each in nights}) == len(nights) in (3, 4)


async def test_storage_tells_how_long_readings_live_and_when_the_rounds_are(
    served: Served, clock: FakeClock, detections: Detections
) -> None:
    async def told() -> dict[str, Any]:
        served.tokens.clear()  # they end sooner than the clock goes here
        status, report = await served.call("GET", "/storage", who="auditor-a")
        assert status == 200
        return dict(report["readings"])

    trusted = True
    detections.anonymiser._trusts_clock = lambda: trusted
    began = clock.now_us()
    running = asyncio.create_task(detections.anonymiser.run())
    await clock.until_asleep()
    first = to_rfc3339(began + 900_000_000)
    assert await told() == {"keep_days": 180.0, "last_round": None, "next_round": first}

    trusted = False
    await clock.advance(900)
    await clock.until_asleep()
    assert (await told())["next_round"] is None

    trusted = True
    await clock.advance(600)
    await clock.until_asleep()
    after = await told()
    running.cancel()
    await asyncio.wait({running})
    assert after["last_round"] == to_rfc3339(began + 1_500_000_000)
    night = datetime.fromisoformat(after["next_round"]).astimezone(ZoneInfo("America/Sao_Paulo"))
    assert f"{night:%H:%M}" == "03:30"


def test_of_the_facts_only_what_cannot_be_a_plate_remains() -> None:
    facts = {
        "direction": "forward",
        "lane": 2,
        "speed_kmh": 42.0,
        "country": "BR",
        "plate_color": "white",
        "confidence_sent": "97",
        "least_character": 0.91,
        "vehicle": {"color": "silver", "kind": "SUVMPV", "make": "QZX7J42"},
    }

    assert remaining_facts(facts) == {
        "direction": "forward",
        "lane": 2,
        "speed_kmh": 42.0,
        "vehicle": {"kind": "SUVMPV"},
    }
    assert remaining_facts({"direction": "QZX7J42", "vehicle": {"kind": "QZX7J42"}}) == {}


@pytest.fixture
async def recorded(database: Database, cameras: CameraService) -> None:
    """The site's cameras are known as recorded ones, as the daemon sees to."""
    await CameraKeeper(database, cameras, bus=EventBus(), clock=FakeClock()).keep()


async def hold(served: Served, start: str, end: str) -> str:
    """Keep an interval of cam01 as an incident and return its id."""
    body = {"cameras": ["cam01"], "start": start, "end": end, "reason": "furto na praça"}
    status, made = await served.call("POST", "/incidents", who="operator-a", json=body)
    assert status == 201, made
    return str(made["incident_id"])


async def kept_plates(database: Database) -> list[str]:
    return [row[0] for row in await rows(database, "SELECT plate FROM detections WHERE plate > ''")]


@pytest.mark.usefixtures("recorded")
async def test_what_an_incident_holds_keeps_plate_and_pictures_until_it_is_released(
    served: Served, clock: FakeClock, detections: Detections, database: Database, tmp_path: Path
) -> None:
    _, made = await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={})
    for number, second in enumerate((9, 10, 19, 20)):
        when = f"2025-12-31T20:59:{second:02}-03:00"
        await push(served, made["hikvision_path"], f"QZX7J4{number}", when, number)
    incident_id = await hold(served, "2025-12-31T23:59:10Z", "2025-12-31T23:59:20Z")
    await clock.advance(181 * DAY_S)

    done = await detections.anonymiser.go_round()

    assert done.readings == 2
    assert await kept_plates(database) == ["QZX7J41", "QZX7J42"]
    assert (await detections.anonymiser.go_round()).readings == 0
    ids = await rows(database, "SELECT detection_id FROM detections WHERE plate > ''")
    for (detection_id,) in ids:
        status, _ = await served.call("GET", f"/detections/{detection_id}/scene.jpg", who="admin-a")
        assert status == 200

    status, _ = await served.call(
        "POST", f"/incidents/{incident_id}/release", who="admin-a", json={"reason": "encerrado"}
    )
    assert status == 200
    assert (await detections.anonymiser.go_round()).readings == 2
    assert await kept_plates(database) == []
    assert not [name for name in await state_of(tmp_path) if name.endswith(".jpg")]


@pytest.mark.usefixtures("recorded")
async def test_an_incident_that_comes_while_readings_go_keeps_those_that_are_left(
    served: Served,
    clock: FakeClock,
    detections: Detections,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, made = await served.call("POST", "/cameras/cam01/push-secret", who="admin", json={})
    for number in range(4):
        when = f"2025-12-31T20:59:{10 + number}-03:00"
        await push(served, made["hikvision_path"], f"QZX7J4{number}", when, number)
    await clock.advance(181 * DAY_S)
    fetch_due = repository.fetch_due
    found: list[int] = []

    async def and_then_hold(*arguments: Any, **named: Any) -> Any:
        batch = await fetch_due(*arguments, **named)
        found.append(len(batch))
        if len(found) == 1:
            await hold(served, "2025-12-31T23:59:12Z", "2025-12-31T23:59:20Z")
        return batch

    monkeypatch.setattr(repository, "fetch_due", and_then_hold)

    done = await detections.anonymiser.go_round()

    assert found == [4, 0]
    assert done.readings == 2
    assert await kept_plates(database) == ["QZX7J42", "QZX7J43"]
    names = await rows(database, "SELECT scene FROM detections WHERE plate > ''")
    assert all(detections.desk._pictures.path_of(name).exists() for (name,) in names)
