"""Nothing waits for ever, and nothing is given up in silence."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from gtvision_edge.audit import AuditLog
from gtvision_edge.lines.bounds import BATCH
from gtvision_edge.runtime.findings import Severity
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Message, Outbox, outbox, repository
from gtvision_edge.uplink.bounds import Bounds
from gtvision_edge.uplink.outbox import ANCHORS, CAMERAS, DISK
from tests.fakes.clock import FakeClock

DAY_S = 86_400.0


def a_message(name: str, key: str = "deteccoes.lpr", size: int = 100) -> Message:
    lane = key if key != "deteccoes.lpr" else "u-1"
    return Message(name, "t", key, lane, "s", 1, "x.json", {"pad": "x" * size})


async def add(database: Database, clock: FakeClock, *messages: Message) -> None:
    box = Outbox(clock, site_id="site-1")

    def write(transaction: Transaction) -> None:
        for each in messages:
            box.add(transaction, each)

    await database.write(write)


def bounds(database: Database, clock: FakeClock, *, trusts: bool = True, **settings: Any) -> Bounds:
    wanted = UplinkSettings.model_validate({"url": SecretStr("amqp://hub/")} | settings)
    return Bounds(wanted, database, AuditLog(clock), clock, trusts_clock=lambda: trusts)


async def ids(database: Database) -> list[str]:
    rows = await database.fetch_all("SELECT message_id FROM outbox ORDER BY seq")
    return [row[0] for row in rows]


async def test_what_waited_too_long_is_given_up_with_record_entry_and_finding(
    database: Database, clock: FakeClock
) -> None:
    await add(database, clock, a_message("old"), a_message("older", CAMERAS))
    await clock.advance(2 * DAY_S)
    await add(database, clock, a_message("young"))
    looked_at = bounds(database, clock, keep="1d")

    assert await looked_at.go_round() == 2

    assert await ids(database) == ["young"]
    (purge,) = await repository.purges_before(database, "", 10)
    assert (purge.reason, purge.bound, purge.messages) == ("age", 86_400, 2)
    assert purge.kinds == {"deteccoes.lpr": 1, CAMERAS: 1}
    entry = await AuditLog(clock).find_entry(database, purge.audit_seq)
    assert entry is not None
    assert entry.action == "uplink.messages_given_up"
    assert json.loads(entry.details)["ids_sha256"] == purge.ids_sha256
    (finding,) = looked_at.findings()
    assert (finding.code, finding.severity) == ("hub_messages_given_up", Severity.ALARM)
    assert (await outbox.fetch_backlog(database)).dropped == 2


async def test_while_the_clock_is_in_doubt_nothing_is_judged_by_its_age(
    database: Database, clock: FakeClock
) -> None:
    await add(database, clock, a_message("old"))
    clock.step_wall(400 * DAY_S)

    assert await bounds(database, clock, trusts=False, keep="1d").go_round() == 0
    assert await ids(database) == ["old"]


async def test_for_want_of_room_fading_news_goes_first_then_the_oldest_and_no_anchor(
    database: Database, clock: FakeClock
) -> None:
    big = 300_000
    await add(
        database,
        clock,
        a_message("anchor", ANCHORS, big),
        a_message("first", size=big),
        a_message("second", size=big),
        a_message("camera", CAMERAS, 50_000),
        a_message("disk", DISK, 50_000),
        a_message("third", size=big),
    )
    looked_at = bounds(database, clock, max_bytes="1MiB")

    assert await looked_at.go_round() == 3

    assert await ids(database) == ["anchor", "second", "third"]
    backlog = await outbox.fetch_backlog(database)
    assert backlog.total_bytes <= 0.95 * 2**20
    assert await looked_at.go_round() == 0
    purges = await repository.purges_before(database, "", 10)
    assert sum(each.messages for each in purges) == 3
    assert {each.reason for each in purges} == {"bytes"}


async def test_what_is_parked_counts_and_goes_too(database: Database, clock: FakeClock) -> None:
    await add(database, clock, a_message("parked", size=900_000), a_message("b", size=300_000))

    def park(transaction: Transaction) -> int:
        return outbox.note_failed(transaction, [1], reason="refused", park_at=1, now_us=1)

    await database.write(park)

    assert await bounds(database, clock, max_bytes="1MiB").go_round() == 1
    assert await ids(database) == ["b"]
    assert (await outbox.fetch_backlog(database)).parked == 0


async def test_a_great_many_go_in_batches_each_with_its_record(
    database: Database, clock: FakeClock
) -> None:
    await add(database, clock, *(a_message(f"m{n}", size=1) for n in range(BATCH + 5)))
    await clock.advance(2 * DAY_S)

    assert await bounds(database, clock, keep="1d").go_round() == BATCH + 5

    purges = await repository.purges_before(database, "", 10)
    assert sorted(each.messages for each in purges) == [5, BATCH]


async def test_without_a_hub_it_is_written_down_and_nobody_is_alarmed(
    database: Database, clock: FakeClock
) -> None:
    await add(database, clock, a_message("old"))
    await clock.advance(2 * DAY_S)
    looked_at = bounds(database, clock, url=SecretStr(""), keep="1d")

    assert await looked_at.go_round() == 1
    assert list(looked_at.findings()) == []


def parked_and_back(transaction: Transaction) -> None:
    outbox.note_failed(transaction, [3, 4], reason="refused", park_at=1, now_us=1)
    repository.unpark(transaction, [3])


@pytest.mark.parametrize("step", ["add", "send", "park", "unpark", "privacy", "discard"])
async def test_the_running_totals_are_what_a_count_would_find(
    database: Database, clock: FakeClock, step: str
) -> None:
    await add(database, clock, *(a_message(f"m{n}", size=n * 10) for n in range(12)))
    work = {
        "add": lambda transaction: None,
        "send": lambda transaction: outbox.forget_sent(transaction, [1, 2, 99]),
        "park": lambda transaction: outbox.note_failed(
            transaction, [3, 4, 5], reason="refused", park_at=1, now_us=1
        ),
        "unpark": parked_and_back,
        "privacy": lambda transaction: (
            outbox.note_failed(transaction, [3], reason="refused", park_at=1, now_us=1),
            outbox.forget_unsent(transaction, ["m2", "m7"]),
        ),
        "discard": lambda transaction: (
            outbox.note_failed(transaction, [3], reason="refused", park_at=1, now_us=1),
            repository.give_up(transaction, [3]),
        ),
    }[step]

    await database.write(work)

    row = await database.fetch_one(
        "SELECT count(*) FILTER (WHERE parked_us IS NULL), count(*) FILTER (WHERE parked_us IS NOT NULL),"
        " coalesce(sum(length(body)) FILTER (WHERE parked_us IS NULL), 0),"
        " coalesce(sum(length(body)) FILTER (WHERE parked_us IS NOT NULL), 0) FROM outbox"
    )
    assert row is not None
    backlog = await outbox.fetch_backlog(database)
    told = (backlog.waiting, backlog.parked, backlog.waiting_bytes, backlog.parked_bytes)
    assert told == tuple(row)
