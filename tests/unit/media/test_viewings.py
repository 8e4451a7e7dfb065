"""Viewings are written down once at each end, late rather than never."""

import asyncio
import json

import pytest

from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.media.viewings import ENDS_AFTER_S, Viewings
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock

ANA = Actor("u1", "ana", "10.0.0.5")
CAMERA = FakeCamera()


async def actions(database: Database) -> list[str]:
    rows = await database.fetch_all("SELECT action FROM audit_log ORDER BY seq")
    return [row["action"] for row in rows]


async def test_a_burst_of_first_requests_is_one_viewing(
    database: Database, clock: FakeClock
) -> None:
    viewings = Viewings(database, AuditLog(clock), clock)

    await asyncio.gather(*(viewings.touch("a", ANA, CAMERA, "cam01_live") for _ in range(10)))

    assert await actions(database) == ["view.started"]
    assert viewings.count() == viewings.count_of("cam01") == 1


async def test_while_the_database_cannot_be_written_people_watch_and_the_entries_come_late(
    database: Database, clock: FakeClock
) -> None:
    await database.write(lambda t: t.execute("ALTER TABLE audit_log RENAME TO away"))
    viewings = Viewings(database, AuditLog(clock), clock)

    await asyncio.gather(*(viewings.touch("a", ANA, CAMERA, "cam01_live") for _ in range(5)))
    await clock.advance(ENDS_AFTER_S)
    await viewings.sweep()
    assert viewings.count() == 0

    await database.write(lambda t: t.execute("ALTER TABLE away RENAME TO audit_log"))
    await viewings.sweep()
    await viewings.sweep()

    assert await actions(database) == ["view.started", "view.ended"]
    rows = await database.fetch_all("SELECT details FROM audit_log ORDER BY seq")
    assert [json.loads(row["details"])["late"] for row in rows] == [True, True]
    assert json.loads(rows[0]["details"])["at"].startswith("2026-01-01T00:00:00")


async def test_a_held_viewing_does_not_run_dry(database: Database, clock: FakeClock) -> None:
    viewings = Viewings(database, AuditLog(clock), clock)

    async with viewings.hold("a", ANA, CAMERA, "cam01_live"):
        await clock.advance(10 * ENDS_AFTER_S)
        await viewings.sweep()
        assert viewings.count() == 1

    assert await actions(database) == ["view.started", "view.ended"]


@pytest.mark.parametrize(("who", "path"), [("b", "cam01_live"), ("a", "cam01_rec")])
async def test_another_person_or_path_is_another_viewing(
    database: Database, clock: FakeClock, who: str, path: str
) -> None:
    viewings = Viewings(database, AuditLog(clock), clock)

    await viewings.touch("a", ANA, CAMERA, "cam01_live")
    await viewings.touch(who, ANA, CAMERA, path)

    assert viewings.count() == 2


async def test_a_socket_that_ends_leaves_the_requests_beside_it_their_viewing(
    database: Database, clock: FakeClock
) -> None:
    viewings = Viewings(database, AuditLog(clock), clock)

    async with viewings.hold("a", ANA, CAMERA, "cam01_live"):
        await viewings.touch("a", ANA, CAMERA, "cam01_live")
    assert viewings.count() == 1
    await clock.advance(ENDS_AFTER_S)
    await viewings.sweep()

    assert await actions(database) == ["view.started", "view.ended"]
