"""What the other side of a line refused, as an administrator meets it: the same of the hub and of the object store."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import pytest

from gtvision_edge.archive import repository
from gtvision_edge.archive.model import Kind, Owed
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Message, Outbox, outbox
from tests.fakes.clock import FakeClock
from tests.unit.api.conftest import Served

PICTURES = [letter * 64 for letter in "abc"]
REASON = "fila desfeita pela central"


class Park(Protocol):
    def __call__(self, transaction: Transaction, *, seq: int, now_us: int) -> object:
        """Park the thing with that ``seq``, at that time."""
        ...


@dataclass
class Line:
    """Three things of a line, of which the first two are parked, and how they are called."""

    path: str
    names: list[str]
    name_of: Callable[[dict[str, Any]], str]
    park: Park
    gone: str
    """SQL for how many were given up ever."""
    waiting: str
    """SQL for those that wait."""
    counted_as: str
    unknown: str
    acts: dict[str, str]


@pytest.fixture(params=["uplink", "archive"])
async def line(request: pytest.FixtureRequest, database: Database, clock: FakeClock) -> Line:
    made = await {"uplink": messages, "archive": pictures}[request.param](database, clock)
    for seq in (1, 2):
        await database.write(partial(made.park, seq=seq, now_us=clock.now_us()))
    return made


async def messages(database: Database, clock: FakeClock) -> Line:
    box = Outbox(clock, site_id="site-1")
    names = ["m-1", "m-2", "m-3"]

    def write(transaction: Transaction) -> None:
        for name in names:
            told = {"placa": "ABC1D23"}
            subject = "camera/cam01"
            box.add(
                transaction,
                Message(name, "t", "deteccoes.lpr", "u-1", subject, 1, "x.json", told),
            )

    await database.write(write)
    return Line(
        path="/uplink/parked",
        names=names,
        name_of=lambda item: str(item["message_id"]),
        park=lambda transaction, *, seq, now_us: outbox.note_failed(
            transaction, [seq], reason="returned", park_at=1, now_us=now_us
        ),
        gone="SELECT dropped FROM outbox_totals",
        waiting="SELECT message_id FROM outbox WHERE parked_us IS NULL ORDER BY seq",
        counted_as="messages",
        unknown="unknown_message",
        acts={
            "retry": "uplink.message_retried",
            "retry all": "uplink.messages_retried",
            "discard": "uplink.message_discarded",
            "discard all": "uplink.messages_discarded",
        },
    )


async def pictures(database: Database, clock: FakeClock) -> Line:
    now_us = clock.now_us()
    await database.write(
        lambda transaction: repository.owe_copies(
            transaction, Kind.PICTURE, dict.fromkeys(PICTURES, 10), now_us=now_us
        )
    )
    owed = await repository.fetch_due(database, Kind.PICTURE, now_us, 10, but=[])
    by_seq: dict[int, Owed] = {each.seq: each for each in owed}
    return Line(
        path="/archive/parked",
        names=["1", "2", "3"],
        name_of=lambda item: str(item["id"]),
        park=lambda transaction, *, seq, now_us: repository.put_off(
            transaction,
            by_seq[seq],
            reason="AccessDenied",
            due_us=now_us,
            is_counted=True,
            parked_us=now_us,
        ),
        gone="SELECT given_up FROM archive_totals",
        waiting="SELECT CAST(seq AS TEXT) FROM archive_queue WHERE parked_us IS NULL ORDER BY seq",
        counted_as="acts",
        unknown="unknown_copy",
        acts={
            "retry": "archive.copy_retried",
            "retry all": "archive.retried",
            "discard": "archive.copy_discarded",
            "discard all": "archive.discarded",
        },
    )


async def entries(database: Database) -> list[tuple[str, dict[str, Any]]]:
    rows = await database.fetch_all(
        "SELECT action, details FROM audit_log WHERE action LIKE 'uplink.%' OR action LIKE 'archive.%' ORDER BY seq"
    )
    return [(row[0], json.loads(row[1])) for row in rows]


async def column(database: Database, sql: str) -> list[Any]:
    return [row[0] for row in await database.fetch_all(sql)]


async def test_they_are_listed_page_by_page(served: Served, line: Line) -> None:
    status, first = await served.call("GET", f"{line.path}?limit=1", who="admin")
    _, second = await served.call("GET", f"{line.path}?limit=1&cursor={first['next']}", who="admin")

    assert status == 200
    assert [line.name_of(each) for each in first["items"]] == line.names[:1]
    assert [line.name_of(each) for each in second["items"]] == line.names[1:2]
    assert second["next"] is None


async def test_one_is_tried_again_in_its_old_place(
    served: Served, database: Database, line: Line
) -> None:
    path = f"{line.path}/{line.names[0]}/retry"
    status, _ = await served.call("POST", path, json={}, who="admin")

    assert status == 204
    assert await column(database, line.waiting) == [line.names[0], line.names[2]]
    ((action, facts),) = await entries(database)
    assert action == line.acts["retry"]
    assert facts["refused_as"] in ("returned", "AccessDenied")
    again, problem = await served.call("POST", path, json={}, who="admin")
    assert (again, problem["code"]) == (404, line.unknown)


async def test_all_are_tried_again(served: Served, database: Database, line: Line) -> None:
    _, told = await served.call("POST", f"{line.path}/retry", json={}, who="admin")
    _, again = await served.call("POST", f"{line.path}/retry", json={}, who="admin")

    assert (told, again) == ({line.counted_as: 2}, {line.counted_as: 0})
    assert await column(database, line.waiting) == line.names
    assert await entries(database) == [(line.acts["retry all"], {line.counted_as: 2})]


async def test_one_is_put_away_with_a_reason_and_counted_as_never_done(
    served: Served, database: Database, line: Line
) -> None:
    path = f"{line.path}/{line.names[1]}/discard"
    without, _ = await served.call("POST", path, json={}, who="admin")
    status, _ = await served.call("POST", path, json={"reason": REASON}, who="admin")

    assert (without, status) == (422, 204)
    ((action, facts),) = await entries(database)
    assert (action, facts["reason"]) == (line.acts["discard"], REASON)
    assert await column(database, line.gone) == [1]
    _, left = await served.call("GET", line.path, who="admin")
    assert [line.name_of(each) for each in left["items"]] == line.names[:1]


async def test_all_are_put_away_with_one_reason(
    served: Served, database: Database, line: Line
) -> None:
    path, body = f"{line.path}/discard", {"reason": REASON}
    without, _ = await served.call("POST", path, json={}, who="admin")
    assert (without, await entries(database)) == (422, [])

    _, told = await served.call("POST", path, json=body, who="admin")
    _, again = await served.call("POST", path, json=body, who="admin")

    assert (told, again) == ({line.counted_as: 2}, {line.counted_as: 0})
    ((action, facts),) = await entries(database)
    assert (action, facts["reason"], facts[line.counted_as]) == (
        line.acts["discard all"],
        REASON,
        2,
    )
    assert await column(database, line.waiting) == line.names[2:]
    assert await column(database, line.gone) == [2]


async def test_all_are_put_away_though_the_clock_was_put_back_since(
    served: Served, clock: FakeClock, line: Line
) -> None:
    clock.step_wall(-86_400)

    _, told = await served.call(
        "POST", f"{line.path}/discard", json={"reason": REASON}, who="admin"
    )

    assert told == {line.counted_as: 2}


@pytest.mark.parametrize("name", ["waiting", "999", "x", "²"])
@pytest.mark.parametrize("act", ["retry", "discard"])
async def test_what_is_not_parked_is_not_seen_to(
    served: Served, line: Line, name: str, act: str
) -> None:
    wanted = line.names[2] if name == "waiting" else name
    body = {"reason": REASON} if act == "discard" else {}
    status, problem = await served.call(
        "POST", f"{line.path}/{wanted}/{act}", json=body, who="admin"
    )
    assert (status, problem["code"]) == (404, line.unknown)


async def test_a_line_is_for_administrators_of_the_whole_site(
    served: Served, database: Database, line: Line
) -> None:
    one, why = f"{line.path}/{line.names[0]}", {"reason": REASON}
    for who, of_one in (("admin-a", 404), ("operator-a", 403)):
        assert (await served.call("GET", line.path, who=who))[0] == 403
        assert (await served.call("POST", f"{line.path}/retry", json={}, who=who))[0] == 403
        assert (await served.call("POST", f"{line.path}/discard", json=why, who=who))[0] == 403
        assert (await served.call("POST", f"{one}/retry", json={}, who=who))[0] == of_one
        assert (await served.call("POST", f"{one}/discard", json=why, who=who))[0] == of_one
    assert await entries(database) == []
    assert await column(database, line.waiting) == line.names[2:]


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 19, "²"])
async def test_a_cursor_of_somebody_else_is_refused(
    served: Served, line: Line, cursor: str
) -> None:
    status, problem = await served.call("GET", f"{line.path}?cursor={cursor}", who="admin")
    assert (status, problem["code"]) == (422, "invalid_input")
