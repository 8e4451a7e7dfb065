"""Messages that the hub refused, as an administrator meets them."""

import hashlib
import json
from typing import Any

import pytest

from gtvision_edge.lines.standing import Standing
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Message, Outbox, outbox
from gtvision_edge.uplink.link import LinkState
from gtvision_edge.uplink.outbox import Backlog
from gtvision_edge.uplink.watch import LineView
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import FakeMonitor, Served


@pytest.fixture
async def parked(database: Database, clock: FakeClock) -> list[str]:
    """Ids of three messages, of which the first two are parked."""
    box = Outbox(clock, site_id="site-1")
    names = ["m-1", "m-2", "m-3"]

    def write(transaction: Transaction) -> None:
        for name in names:
            box.add(
                transaction,
                Message(
                    name,
                    "t",
                    "deteccoes.lpr",
                    "u-1",
                    "camera/cam01",
                    1,
                    "x.json",
                    {"placa": "ABC1D23"},
                ),
            )
        outbox.note_failed(transaction, [1, 2], reason="returned", park_at=1, now_us=clock.now_us())

    await database.write(write)
    return names


async def entries(database: Database) -> list[tuple[str, dict[str, Any]]]:
    rows = await database.fetch_all(
        "SELECT action, details FROM audit_log WHERE action LIKE 'uplink.%' ORDER BY seq"
    )
    return [(row[0], json.loads(row[1])) for row in rows]


async def waiting(database: Database) -> list[str]:
    return [each.message_id for each in await outbox.fetch_waiting(database, limit=10)]


async def test_they_are_listed_page_by_page_without_what_they_say(
    served: Served, parked: list[str]
) -> None:
    status, first = await served.call("GET", "/uplink/parked?limit=1", who="admin")
    _, second = await served.call(
        "GET", f"/uplink/parked?limit=1&cursor={first['next']}", who="admin"
    )

    assert status == 200
    (item,) = first["items"]
    assert (item["message_id"], item["reason"], item["attempts"]) == ("m-1", "returned", 1)
    assert item["camera_id"] == "cam01"
    assert [each["message_id"] for each in second["items"]] == ["m-2"]
    assert second["next"] is None
    assert "ABC1D23" not in repr(first)


async def test_one_is_tried_again_in_its_old_place(
    served: Served, database: Database, parked: list[str]
) -> None:
    status, _ = await served.call("POST", "/uplink/parked/m-1/retry", json={}, who="admin")

    assert status == 204
    assert await waiting(database) == ["m-1", "m-3"]
    ((action, facts),) = await entries(database)
    assert (action, facts["refused_as"]) == ("uplink.message_retried", "returned")
    again, problem = await served.call("POST", "/uplink/parked/m-1/retry", json={}, who="admin")
    assert (again, problem["code"]) == (404, "unknown_message")


async def test_all_are_tried_again(served: Served, database: Database, parked: list[str]) -> None:
    _, told = await served.call("POST", "/uplink/parked/retry", json={}, who="admin")
    _, again = await served.call("POST", "/uplink/parked/retry", json={}, who="admin")

    assert (told, again) == ({"messages": 2}, {"messages": 0})
    assert await waiting(database) == parked
    assert [action for action, _ in await entries(database)] == ["uplink.messages_retried"]


async def test_one_is_put_away_with_a_reason_and_counted_as_never_sent(
    served: Served, database: Database, parked: list[str]
) -> None:
    without, _ = await served.call("POST", "/uplink/parked/m-2/discard", json={}, who="admin")
    status, _ = await served.call(
        "POST", "/uplink/parked/m-2/discard", json={"reason": "câmera de teste"}, who="admin"
    )

    assert (without, status) == (422, 204)
    ((action, facts),) = await entries(database)
    assert (action, facts["reason"]) == ("uplink.message_discarded", "câmera de teste")
    assert len(facts["sha256"]) == 64
    backlog = await outbox.fetch_backlog(database)
    assert (backlog.waiting, backlog.parked, backlog.dropped) == (1, 1, 1)


async def test_all_are_put_away_with_one_reason(
    served: Served, database: Database, parked: list[str]
) -> None:
    path, body = "/uplink/parked/discard", {"reason": "fila desfeita pela central"}
    without, _ = await served.call("POST", path, json={}, who="admin")
    stranger, _ = await served.call("POST", path, json=body, who="admin-a")
    assert (without, stranger, await entries(database)) == (422, 403, [])

    _, told = await served.call("POST", path, json=body, who="admin")
    _, again = await served.call("POST", path, json=body, who="admin")

    assert (told, again) == ({"messages": 2}, {"messages": 0})
    ((action, facts),) = await entries(database)
    assert action == "uplink.messages_discarded"
    assert facts == {
        "messages": 2,
        "reason": "fila desfeita pela central",
        "kinds": {"deteccoes.lpr": 2},
        "refused_as": {"returned": 2},
        "ids_sha256": hashlib.sha256(b"m-1\nm-2").hexdigest(),
    }
    assert await waiting(database) == ["m-3"]
    backlog = await outbox.fetch_backlog(database)
    assert (backlog.waiting, backlog.parked, backlog.dropped) == (1, 0, 2)


async def test_what_is_parked_after_somebody_asked_is_not_put_away_with_the_others(
    served: Served, database: Database, clock: FakeClock, parked: list[str]
) -> None:
    later_us = clock.now_us() + 1

    def park(transaction: Transaction) -> int:
        return outbox.note_failed(transaction, [3], reason="refused", park_at=1, now_us=later_us)

    await database.write(park)

    _, told = await served.call(
        "POST", "/uplink/parked/discard", json={"reason": "duplicata de teste"}, who="admin"
    )

    assert told == {"messages": 2}
    assert (await outbox.fetch_backlog(database)).parked == 1


async def test_what_waits_and_is_not_parked_cannot_be_put_away(
    served: Served, parked: list[str]
) -> None:
    status, problem = await served.call(
        "POST", "/uplink/parked/m-3/discard", json={"reason": "câmera de teste"}, who="admin"
    )
    assert (status, problem["code"]) == (404, "unknown_message")


@pytest.mark.parametrize("path", ["/uplink/parked", "/uplink/purges"])
async def test_the_line_is_for_people_of_the_whole_site(served: Served, path: str) -> None:
    assert (await served.call("GET", path, who="admin"))[0] == 200
    assert (await served.call("GET", path, who="admin-a"))[0] == 403
    assert (await served.call("GET", path, who="operator-a"))[0] == 403


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 19, "²"])
async def test_a_cursor_of_somebody_else_is_refused(served: Served, cursor: str) -> None:
    status, problem = await served.call("GET", f"/uplink/parked?cursor={cursor}", who="admin")
    assert (status, problem["code"]) == (422, "invalid_input")


async def test_status_tells_of_the_line_to_the_whole_site_only(
    served: Served, monitor: FakeMonitor
) -> None:
    backlog = Backlog(12, 2, 1_767_225_600_000_000, 4096, 200, 7)
    monitor.line = LineView(
        Standing(LinkState.BLOCKED, 1_767_225_600_000_000),
        backlog,
        3.14159,
        {"hub": 4, "none": None},
    )

    _, box = await served.call("GET", "/status", who="admin")
    _, mine = await served.call("GET", "/status", who="admin-a")

    assert mine["uplink"] is None
    assert box["uplink"] == {
        "state": "blocked",
        "since": "2025-12-31T21:00:00-03:00",
        "reason": None,
        "waiting": 12,
        "waiting_bytes": 4096,
        "oldest": "2025-12-31T21:00:00-03:00",
        "rate": 3.14,
        "parked": 2,
        "dropped": 7,
        "queues": [{"name": "hub", "depth": 4}, {"name": "none", "depth": None}],
    }
