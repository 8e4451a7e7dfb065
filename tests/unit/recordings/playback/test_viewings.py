"""What the audit log says of who looked at which footage, and when."""

import json
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import RecordedCamera, Span
from gtvision_edge.recordings.playback import viewings as viewings_module
from gtvision_edge.recordings.playback.viewings import ENDS_AFTER_S, FootageViewings
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, keep

WHO = Actor("u1", "ana")


@pytest.fixture
async def camera(database: Database, tmp_path: Path) -> RecordedCamera:
    (number,) = await keep(database, FakeCamera("cam01", tenant_id="a"))
    found = await SegmentIndex(database, root=tmp_path).camera_by_no(number)
    assert found is not None
    return found


@pytest.fixture
def viewings(database: Database, clock: FakeClock) -> FootageViewings:
    return FootageViewings(database, AuditLog(clock), clock)


async def entries(database: Database) -> list[tuple[str, Any]]:
    rows = await database.fetch_all("SELECT action, details FROM audit_log ORDER BY seq")
    return [(row["action"], json.loads(row["details"])) for row in rows]


async def test_an_interval_that_reaches_into_the_future_is_announced_up_to_now(
    viewings: FootageViewings, camera: RecordedCamera, database: Database, clock: FakeClock
) -> None:
    await clock.advance(60)

    await viewings.open("s", WHO, camera, Span(START_US, START_US + 60 * MINUTE_US))

    assert await entries(database) == [
        (
            "footage.viewed",
            {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:01:00+00:00"},
        )
    ]


async def test_a_recording_that_is_followed_as_it_grows_is_one_viewing(
    viewings: FootageViewings, camera: RecordedCamera, database: Database, clock: FakeClock
) -> None:
    for minute in range(5):
        await clock.advance(50)
        start_us = START_US + minute * MINUTE_US
        await viewings.open("s", WHO, camera, Span(START_US, start_us + 60 * MINUTE_US))
        await viewings.touch("s", WHO, camera, Span(start_us, start_us + MINUTE_US))
    await clock.advance(ENDS_AFTER_S)
    await viewings.sweep()

    (viewed, ended) = await entries(database)

    assert viewed[1]["end"] == "2026-01-01T00:00:50+00:00"
    assert ended[1]["played"] == [
        {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:05:00+00:00"}
    ]


async def test_footage_that_nobody_announced_opens_its_hour_up_to_now(
    viewings: FootageViewings, camera: RecordedCamera, database: Database, clock: FakeClock
) -> None:
    await clock.advance(600)
    for minute in range(3):
        start_us = START_US + (5 + minute) * MINUTE_US
        await viewings.touch("s", WHO, camera, Span(start_us, start_us + MINUTE_US))

    ((action, details),) = await entries(database)

    assert action == "footage.viewed"
    assert details == {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:10:00+00:00"}


async def test_an_hour_later_what_came_meanwhile_is_announced(
    viewings: FootageViewings, camera: RecordedCamera, database: Database, clock: FakeClock
) -> None:
    far = Span(START_US, START_US + 24 * 60 * MINUTE_US)
    await viewings.open("s", WHO, camera, far)
    await clock.advance(3700)
    await viewings.open("s", WHO, camera, far)

    assert [details["end"] for _, details in await entries(database)] == [
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T01:01:40+00:00",
    ]


async def test_a_camera_whose_clock_runs_ahead_is_not_seen_in_the_future(
    viewings: FootageViewings, camera: RecordedCamera, database: Database, clock: FakeClock
) -> None:
    await clock.advance(60)
    await viewings.touch("s", WHO, camera, Span(START_US, START_US + 9 * MINUTE_US))
    await viewings.close()

    (_, ended) = await entries(database)

    assert ended[1]["played"][0]["end"] == "2026-01-01T00:01:00+00:00"


async def test_while_the_database_cannot_be_written_footage_is_shown_and_the_entries_come_late(
    viewings: FootageViewings, camera: RecordedCamera, database: Database, clock: FakeClock
) -> None:
    await clock.advance(120)
    await database.write(lambda t: t.execute("ALTER TABLE audit_log RENAME TO away"))
    await viewings.open("s", WHO, camera, Span(START_US, START_US + MINUTE_US))
    await viewings.touch("s", WHO, camera, Span(START_US, START_US + MINUTE_US))
    await clock.advance(ENDS_AFTER_S)
    await viewings.sweep()

    await database.write(lambda t: t.execute("ALTER TABLE away RENAME TO audit_log"))
    await viewings.sweep()
    await viewings.sweep()

    (viewed, ended) = await entries(database)
    assert (viewed[0], ended[0]) == ("footage.viewed", "footage.view_ended")
    assert (viewed[1]["late"], viewed[1]["at"]) == (True, "2026-01-01T00:02:00+00:00")
    assert ended[1]["played"] == [
        {"start": "2026-01-01T00:00:00+00:00", "end": "2026-01-01T00:01:00+00:00"}
    ]


async def test_a_viewing_that_makes_room_for_others_ends_in_the_log(
    viewings: FootageViewings,
    camera: RecordedCamera,
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viewings_module, "MAX_VIEWINGS", 1)
    await clock.advance(120)

    for who in ("first", "second"):
        await viewings.touch(who, WHO, camera, Span(START_US, START_US + MINUTE_US))
    await viewings.sweep()

    assert [action for action, _ in await entries(database)] == [
        "footage.viewed",
        "footage.viewed",
        "footage.view_ended",
    ]
