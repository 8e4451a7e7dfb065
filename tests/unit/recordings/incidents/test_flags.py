"""The flag follows the incidents in small commits, also after a kill between two of them."""

from pathlib import Path

import pytest

from gtvision_edge.recordings.incidents import repository
from gtvision_edge.recordings.incidents.flags import HoldFlags
from gtvision_edge.recordings.incidents.model import Incident, Release
from gtvision_edge.recordings.model import CameraNo, IncidentId
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "FLAGGED_AT_A_TIME", 3)


async def incident_over(
    database: Database, cameras: tuple[CameraNo, ...], first: int, minutes: int, number: int = 1
) -> Incident:
    incident = Incident(
        incident_id=IncidentId(f"i{number}"),
        tenant_id="default",
        start_us=START_US + first * MINUTE_US,
        end_us=START_US + (first + minutes) * MINUTE_US,
        cameras=cameras,
        reason="colisão",
        reference="",
        review_us=None,
        created_by="u",
        created_by_name="ana",
        created_us=START_US,
    )
    await database.write(lambda transaction: repository.insert_incident(transaction, incident))
    return incident


async def release(database: Database, incident: Incident, clock: FakeClock) -> Incident:
    released = Incident(
        **{name: getattr(incident, name) for name in Incident.__slots__ if name != "release"},
        release=Release(clock.now_us(), "ana", "encerrado"),
    )
    await database.write(lambda transaction: repository.update_incident(transaction, released))
    return released


async def flagged(database: Database) -> list[tuple[int, int]]:
    rows = await database.fetch_all(
        "SELECT camera_no, (start_us - ?) / ? AS minute FROM segments WHERE held = 1 ORDER BY 1, 2",
        (START_US, MINUTE_US),
    )
    return [(row["camera_no"], row["minute"]) for row in rows]


@pytest.fixture
async def cameras(database: Database, tmp_path: Path) -> tuple[CameraNo, ...]:
    await database.write(
        lambda transaction: transaction.execute(
            "INSERT OR IGNORE INTO tenants VALUES ('default', 'x', 0)"
        )
    )
    numbers = await keep(
        database, FakeCamera("c1", "u1", "default"), FakeCamera("c2", "u2", "default")
    )
    for number in numbers:
        await add(database, *[a_segment(number, START_US + n * MINUTE_US) for n in range(10)])
    return tuple(numbers)


async def test_flags_are_set_and_taken_off_in_steps(
    database: Database, clock: FakeClock, cameras: tuple[CameraNo, ...]
) -> None:
    flags = HoldFlags(database, clock)
    wide = await incident_over(database, cameras, 1, 7)
    narrow = await incident_over(database, cameras[:1], 4, 1, number=2)
    assert await flags.follow(wide) == 14
    assert await flags.follow(narrow) == 0

    freed = await flags.follow(await release(database, wide, clock))

    assert freed == 13
    assert await flagged(database) == [(cameras[0], 4)]


async def test_what_a_kill_left_half_done_is_made_right(
    database: Database, clock: FakeClock, cameras: tuple[CameraNo, ...]
) -> None:
    flags = HoldFlags(database, clock)
    gone = await incident_over(database, cameras, 0, 3, number=1)
    await flags.follow(gone)
    await release(database, gone, clock)
    held = await incident_over(database, cameras[:1], 5, 4, number=2)
    await database.write(lambda transaction: repository.hold_some(transaction, held))

    await flags.settle()

    assert await flagged(database) == [(cameras[0], minute) for minute in (5, 6, 7, 8)]


async def test_an_incident_released_meanwhile_holds_nothing_more(
    database: Database, clock: FakeClock, cameras: tuple[CameraNo, ...]
) -> None:
    held = await incident_over(database, cameras, 0, 9)
    await release(database, held, clock)
    assert await HoldFlags(database, clock).follow(held) == 0
    assert await flagged(database) == []
