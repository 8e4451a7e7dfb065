"""Times at the ends of the calendar are refused by every endpoint that takes one, and nothing is kept of them."""

from typing import Any

import pytest

from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import keep
from tests.unit.api.conftest import Served

EDGES = (
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59",
    "1969-12-31T23:59:59Z",
)
GOOD = "2026-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
async def recorded(database: Database, served: Served) -> None:
    rows = await database.fetch_all("SELECT camera_uuid FROM cameras WHERE camera_id = 'cam01'")
    await keep(database, FakeCamera("cam01", camera_uuid=rows[0]["camera_uuid"], tenant_id="a"))


def incident(**changes: str) -> dict[str, Any]:
    return {
        "cameras": ["cam01"],
        "start": "2025-12-31T23:00:00Z",
        "end": GOOD,
        "reason": "colisão na portaria",
    } | changes


@pytest.mark.parametrize("edge", EDGES)
async def test_odd_times_are_refused_everywhere(served: Served, edge: str) -> None:
    asked: list[tuple[str, str, Any]] = [
        ("POST", "/incidents", incident(review_at=edge)),
        ("POST", "/incidents", incident(start=edge)),
        ("POST", "/incidents", incident(end=edge)),
        ("POST", "/storage/purge", {"before": edge, "reason": "pedido do titular"}),
        ("GET", f"/cameras/cam01/snapshot?time={edge.replace('+', '%2B')}", None),
        ("GET", f"/cameras/cam01/thumbnails/{edge.replace('+', '%2B')}", None),
        *(
            ("GET", f"/cameras/cam01/{what}?start={start}&end={end}".replace("+", "%2B"), None)
            for what in ("timeline", "playback.m3u8")
            for start, end in ((edge, GOOD), (GOOD, edge))
        ),
    ]
    for method, path, body in asked:
        status, content = await served.call(method, path, who="admin", json=body)
        assert (status, content["code"]) == (422, "invalid_input"), (path, body, content)
    status, content = await served.call("GET", "/incidents", who="admin")
    assert (status, content["items"]) == (200, [])


@pytest.mark.parametrize("odd", ["2026-12-29", "2026-12-29T12:00:00", "amanhã", 5, None])
async def test_what_is_no_moment_is_told_what_one_looks_like(served: Served, odd: object) -> None:
    body = {"before": odd, "reason": "pedido do titular"}
    status, content = await served.call("POST", "/storage/purge", who="admin", json=body)

    assert status == 422
    assert content["faults"] == [
        {
            "path": "before",
            "message": "must be a date and time with offset, such as 2026-12-29T12:00:00Z",
        }
    ]


@pytest.mark.parametrize("month", ["9999-12", "0001-01", "1969-12", "2026-13", "0000-01"])
async def test_odd_months_are_refused(served: Served, month: str) -> None:
    status, content = await served.call("GET", f"/cameras/cam01/days?month={month}", who="admin")

    assert (status, content["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("size", [2**63, 10**30, 0])
@pytest.mark.parametrize("dry_run", ["0", "1"])
async def test_a_quota_is_what_a_disk_could_hold(served: Served, size: int, dry_run: str) -> None:
    body = {"tenants": [{"tenant_id": "a", "quota_bytes": size}]}
    path = f"/storage/policies?dry_run={dry_run}"
    status, content = await served.call("PUT", path, who="admin", json=body)

    assert (status, content["code"]) == (422, "invalid_input")
