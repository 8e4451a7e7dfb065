"""The outbox: with its transaction or not at all, in order, and only what failed too often is put aside."""

import json

import pytest

from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Message, Outbox, outbox, repository
from tests.fakes.clock import FakeClock


@pytest.fixture
def box(clock: FakeClock) -> Outbox:
    return Outbox(clock, site_id="site-1")


def message(name: str, lane: str = "u-1", *, is_late: bool = False) -> Message:
    return Message(
        message_id=name,
        kind="br.gtvision.deteccao.lpr.v1",
        routing_key="deteccoes.lpr",
        lane=lane,
        subject="camera/cam01",
        time_us=1_767_225_600_000_000,
        schema="deteccao.lpr.v1.json",
        data={"placa": "ÇBC1D23"},
        is_late=is_late,
    )


async def add(database: Database, box: Outbox, *messages: Message) -> None:
    def write(transaction: Transaction) -> None:
        for each in messages:
            box.add(transaction, each)

    await database.write(write)


async def ids(database: Database, **wanted: object) -> list[str]:
    found = await outbox.fetch_waiting(database, limit=100, **wanted)  # type: ignore[arg-type]
    return [each.message_id for each in found]


async def test_a_message_is_kept_with_its_transaction_or_not_at_all(
    database: Database, box: Outbox
) -> None:
    def broken(transaction: Transaction) -> None:
        box.add(transaction, message("a"))
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        await database.write(broken)
    await add(database, box, message("b"))

    assert await ids(database) == ["b"]


async def test_the_envelope_is_a_cloud_event_that_can_be_marked_late(
    database: Database, box: Outbox
) -> None:
    await add(database, box, message("a"), message("b", is_late=True))
    prompt, late = [each.body for each in await outbox.fetch_waiting(database, limit=2)]

    event = json.loads(prompt)
    assert event.pop("late") is False
    assert event["specversion"] == "1.0"
    assert event["source"] == "urn:gtvision:site:site-1"
    assert event["time"].startswith("2026-01-01T00:00:00")
    assert event["data"] == {"placa": "ÇBC1D23"}
    assert json.loads(outbox.marked_late(prompt)) == {"late": True, **event}
    assert json.loads(late)["late"] is True
    assert outbox.marked_late(late) == late


async def test_lanes_can_be_left_out_and_the_order_stays(database: Database, box: Outbox) -> None:
    await add(database, box, *(message(f"{n}", f"u-{n % 2}") for n in range(6)))

    assert await ids(database) == ["0", "1", "2", "3", "4", "5"]
    assert await ids(database, but_lanes=["u-1"]) == ["0", "2", "4"]
    assert await ids(database, after=4) == ["4", "5"]
    assert await ids(database, until=2) == ["0", "1"]


async def test_what_was_refused_too_often_is_parked_and_can_be_let_go_again(
    database: Database, box: Outbox, clock: FakeClock
) -> None:
    await add(database, box, message("a"), message("b"))

    def refuse(transaction: Transaction) -> int:
        return outbox.note_failed(transaction, [1], reason="returned", park_at=2, now_us=7)

    assert [await database.write(refuse), await database.write(refuse)] == [0, 1]
    assert await ids(database) == ["b"]
    backlog = await outbox.fetch_backlog(database)
    assert (backlog.waiting, backlog.parked, backlog.oldest_us) == (1, 1, clock.now_us())
    await database.write(lambda transaction: repository.unpark(transaction, [1, 2]))
    assert await ids(database) == ["a", "b"]


async def test_the_newest_before_a_moment_is_found(
    database: Database, box: Outbox, clock: FakeClock
) -> None:
    began_us = clock.now_us()
    await add(database, box, message("a"), message("b"))
    await clock.advance(100)
    await add(database, box, message("c"))

    assert await outbox.last_before(database, began_us) == 0
    assert await outbox.last_before(database, began_us + 1) == 2
    assert await outbox.last_before(database, clock.now_us() + 1) == 3


async def test_while_no_hub_is_named_nothing_is_taken_and_nobody_is_woken(
    database: Database, clock: FakeClock
) -> None:
    woken: list[str] = []
    await add(database, Outbox(clock, site_id="site-1"), message("before"))
    box = Outbox(clock, site_id="site-1", has_hub=False, wake=lambda: woken.append("woken"))

    await add(database, box, message("a"), message("b"))

    assert await ids(database) == ["before"]
    assert (await outbox.fetch_backlog(database)).waiting == 1
    assert woken == []
    await add(database, Outbox(clock, site_id="site-1"), message("after"))
    assert await ids(database) == ["before", "after"]
