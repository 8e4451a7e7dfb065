"""Comparisons of disk and index as a client meets them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import FakeFootage, Served


@pytest.fixture
async def working(footage: FakeFootage) -> AsyncIterator[None]:
    job = asyncio.create_task(footage.integrity.run())
    yield
    job.cancel()
    await asyncio.wait({job})


async def finished(served: Served, report_id: str) -> dict[str, Any]:
    async with asyncio.timeout(8):
        while True:
            status, report = await served.call("GET", f"/integrity/{report_id}", who="admin")
            assert status == 200
            if report["verdict"] != "running":
                return dict(report)
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("working")
async def test_an_admin_asks_and_reads_the_report(served: Served, database: Database) -> None:
    status, begun = await served.call("POST", "/integrity", json={}, who="admin")
    assert (status, begun["verdict"], begun["finished_at"]) == (200, "running", None)

    report = await finished(served, begun["report_id"])

    assert report["verdict"] == "faults"  # the volume of this test has no marker
    (finding,) = report["findings"]
    assert (finding["kind"], finding["count"], finding["mended"]) == ("volume_away", 1, 0)
    _, page = await served.call("GET", "/integrity?limit=1", who="admin")
    assert page == {"items": [report], "next": None}
    rows = await database.fetch_all("SELECT action FROM audit_log WHERE action LIKE 'integrity.%'")
    assert [row["action"] for row in rows] == ["integrity.started", "integrity.finished"]


async def test_one_comparison_at_a_time(served: Served) -> None:
    assert (await served.call("POST", "/integrity", json={}, who="admin"))[0] == 200

    status, problem = await served.call("POST", "/integrity", json={"deep": True}, who="admin")

    assert (status, problem["code"]) == (409, "integrity_running")


@pytest.mark.parametrize("who", ["operator-a", "admin-a"])
async def test_it_is_for_people_of_the_whole_site(served: Served, who: str) -> None:
    assert (await served.call("GET", "/integrity", who=who))[0] == 403
    assert (await served.call("POST", "/integrity", json={}, who=who))[0] == 403


async def test_an_unknown_report_is_not_found(served: Served) -> None:
    status, problem = await served.call("GET", "/integrity/nothing", who="admin")

    assert (status, problem["code"]) == (404, "unknown_integrity_report")


async def test_a_comparison_that_a_stop_broke_off_is_said_to_be(
    served: Served, footage: FakeFootage, clock: FakeClock
) -> None:
    _, begun = await served.call("POST", "/integrity", json={}, who="admin")
    await footage.integrity._resume()

    report = await finished(served, begun["report_id"])

    assert report["verdict"] == "broken_off"
