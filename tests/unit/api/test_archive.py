"""What is the object store's alone among the things that an administrator sees of a line."""

import pytest

from gtvision_edge.archive import repository
from gtvision_edge.archive.model import Kind, StoreState, Totals
from gtvision_edge.archive.watch import ArchiveView
from gtvision_edge.lines.standing import Standing
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import FakeMonitor, Served

NAME = "a" * 64


@pytest.fixture
async def parked(database: Database, clock: FakeClock) -> None:
    """A picture that could not be copied."""
    now_us = clock.now_us()
    await database.write(
        lambda transaction: repository.owe_copies(
            transaction, Kind.PICTURE, {NAME: 10}, now_us=now_us
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
async def test_a_copy_is_shown_with_its_place_in_the_store_and_why_it_is_not_there(
    served: Served,
) -> None:
    _, page = await served.call("GET", "/archive/parked", who="admin")

    (item,) = page["items"]
    assert item == {
        "id": "1",
        "kind": "picture",
        "act": "copy",
        "key": f"pictures/aa/{NAME}.jpg",
        "size_bytes": 10,
        "queued_at": "2026-01-01T00:00:00+00:00",
        "parked_at": "2026-01-01T00:00:00+00:00",
        "attempts": 1,
        "reason": "AccessDenied",
    }


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
