"""What failed at the object store too often, as an administrator meets it."""

import pytest

from gtvision_edge.archive import repository
from gtvision_edge.archive.model import Kind, StoreState, Totals
from gtvision_edge.archive.watch import ArchiveView
from gtvision_edge.lines.standing import Standing
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import FakeMonitor, Served

NAMES = ["a" * 64, "b" * 64]


@pytest.fixture
async def parked(database: Database, clock: FakeClock) -> None:
    """Two pictures that could not be copied."""
    now_us = clock.now_us()
    await database.write(
        lambda transaction: repository.owe_copies(
            transaction, Kind.PICTURE, dict.fromkeys(NAMES, 10), now_us=now_us
        )
    )
    owed = await repository.fetch_due(database, Kind.PICTURE, now_us, 10, but=[])

    def write(transaction: Transaction) -> None:
        for each in owed:
            repository.put_off(
                transaction,
                each,
                reason="AccessDenied",
                due_us=now_us,
                is_counted=True,
                parked_us=now_us,
            )

    await database.write(write)


@pytest.mark.usefixtures("parked")
async def test_they_are_listed_page_by_page(served: Served) -> None:
    status, first = await served.call("GET", "/archive/parked?limit=1", who="admin")
    _, second = await served.call(
        "GET", f"/archive/parked?limit=1&cursor={first['next']}", who="admin"
    )

    assert status == 200
    (item,) = first["items"]
    assert item == {
        "id": "1",
        "kind": "picture",
        "act": "copy",
        "key": f"pictures/aa/{NAMES[0]}.jpg",
        "size_bytes": 10,
        "queued_at": "2026-01-01T00:00:00+00:00",
        "parked_at": "2026-01-01T00:00:00+00:00",
        "attempts": 1,
        "reason": "AccessDenied",
    }
    assert [each["key"] for each in second["items"]] == [f"pictures/bb/{NAMES[1]}.jpg"]
    assert second["next"] is None


@pytest.mark.usefixtures("parked")
async def test_they_are_tried_again_together(served: Served, database: Database) -> None:
    assert await served.call("POST", "/archive/parked/retry", json={}, who="admin") == (
        200,
        {"acts": 2},
    )
    totals = await repository.fetch_totals(database)
    assert (totals.waiting, totals.parked) == (2, 0)


@pytest.mark.usefixtures("parked")
async def test_they_are_put_away_for_a_reason_only(served: Served, database: Database) -> None:
    path = "/archive/parked/discard"
    without, _ = await served.call("POST", path, json={}, who="admin")
    _, told = await served.call("POST", path, json={"reason": "bucket trocado"}, who="admin")

    assert (without, told) == (422, {"acts": 2})
    assert await repository.fetch_totals(database) == Totals(given_up=2)


@pytest.mark.usefixtures("parked")
async def test_the_archive_is_for_administrators_of_the_whole_site(served: Served) -> None:
    for who in ("admin-a", "operator-a"):
        assert (await served.call("GET", "/archive/parked", who=who))[0] == 403
        assert (await served.call("POST", "/archive/parked/retry", json={}, who=who))[0] == 403


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 19, "²"])
async def test_a_cursor_of_somebody_else_is_refused(served: Served, cursor: str) -> None:
    status, problem = await served.call("GET", f"/archive/parked?cursor={cursor}", who="admin")
    assert (status, problem["code"]) == (422, "invalid_input")


async def test_status_tells_of_the_archive_to_the_whole_site_only(
    served: Served, monitor: FakeMonitor
) -> None:
    totals = Totals(12, 4096, 3, 2, 70, 9000, 7, None, 1_767_225_600_000_000)
    monitor.archive = ArchiveView(
        Standing(StoreState.REFUSED, 1_767_225_600_000_000, "AccessDenied"), totals
    )

    _, box = await served.call("GET", "/status", who="admin")
    _, mine = await served.call("GET", "/status", who="admin-a")

    assert mine["archive"] is None
    assert box["archive"] == {
        "state": "refused",
        "since": "2025-12-31T21:00:00-03:00",
        "reason": "AccessDenied",
        "waiting": 12,
        "waiting_bytes": 4096,
        "removing": 3,
        "oldest": "2025-12-31T21:00:00-03:00",
        "parked": 2,
        "copies": 70,
        "copied_bytes": 9000,
        "given_up": 7,
    }
