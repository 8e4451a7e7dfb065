"""What is the hub's alone among the things that an administrator sees of a line."""

import hashlib
import json

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
async def parked(database: Database, clock: FakeClock) -> None:
    """Two readings of a plate that the hub refused."""
    box = Outbox(clock, site_id="site-1")

    def write(transaction: Transaction) -> None:
        for name in ("m-1", "m-2"):
            told = {"placa": "ABC1D23"}
            subject = "camera/cam01"
            box.add(
                transaction,
                Message(name, "t", "deteccoes.lpr", "u-1", subject, 1, "x.json", told),
            )
        outbox.note_failed(transaction, [1, 2], reason="returned", park_at=1, now_us=clock.now_us())

    await database.write(write)


async def facts_of(database: Database) -> dict[str, object]:
    row = await database.fetch_one("SELECT details FROM audit_log WHERE action LIKE 'uplink.%'")
    assert row is not None
    return dict(json.loads(row[0]))


@pytest.mark.usefixtures("parked")
async def test_a_message_is_shown_with_its_camera_and_without_what_it_says(served: Served) -> None:
    _, page = await served.call("GET", "/uplink/parked", who="admin")

    item = page["items"][0]
    assert (item["message_id"], item["reason"], item["attempts"]) == ("m-1", "returned", 1)
    assert item["camera_id"] == "cam01"
    assert "ABC1D23" not in repr(page)


@pytest.mark.usefixtures("parked")
async def test_of_one_that_is_put_away_the_hash_of_what_it_said_is_kept(
    served: Served, database: Database
) -> None:
    row = await database.fetch_one("SELECT body FROM outbox WHERE seq = 2")
    assert row is not None
    await served.call(
        "POST", "/uplink/parked/m-2/discard", json={"reason": "câmera de teste"}, who="admin"
    )

    facts = await facts_of(database)
    assert facts["sha256"] == hashlib.sha256(row[0]).hexdigest()
    assert facts["refused_as"] == "returned"


@pytest.mark.usefixtures("parked")
async def test_of_many_that_are_put_away_kinds_and_ids_are_kept(
    served: Served, database: Database
) -> None:
    await served.call(
        "POST", "/uplink/parked/discard", json={"reason": "câmera de teste"}, who="admin"
    )

    assert await facts_of(database) == {
        "messages": 2,
        "reason": "câmera de teste",
        "kinds": {"deteccoes.lpr": 2},
        "refused_as": {"returned": 2},
        "ids_sha256": hashlib.sha256(b"m-1\nm-2").hexdigest(),
    }


async def test_what_was_given_up_is_for_people_of_the_whole_site(served: Served) -> None:
    assert (await served.call("GET", "/uplink/purges", who="admin"))[0] == 200
    assert (await served.call("GET", "/uplink/purges", who="admin-a"))[0] == 403
    assert (await served.call("GET", "/uplink/purges", who="operator-a"))[0] == 403


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
