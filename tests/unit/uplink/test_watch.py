"""What people are told of the line: by figures that cost nothing, and told once."""

from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from gtvision_edge.lines.standing import Standing
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Outbox, outbox
from gtvision_edge.uplink.errors import HubUnreachableError
from gtvision_edge.uplink.link import LinkState
from gtvision_edge.uplink.watch import DEPTH_EVERY, NOT_TAKING_S, UplinkWatch
from tests.fakes.clock import FakeClock
from tests.unit.uplink.test_bounds import a_message, add


@dataclass
class FakeLink:
    standing: Standing[LinkState] = field(default_factory=lambda: Standing(LinkState.UP, 7))
    confirmed: int = 0
    came_back: tuple[int, str] = (0, "")
    depths: dict[str, int | None] = field(default_factory=dict)
    asked: int = 0
    is_down: bool = False

    async def depth(self, queue: str) -> int | None:
        self.asked += 1
        if self.is_down:
            raise HubUnreachableError("down")
        return self.depths[queue]


def watch(
    database: Database, clock: FakeClock, link: FakeLink, *, url: str = "amqp://hub/"
) -> UplinkWatch:
    settings = UplinkSettings(
        url=SecretStr(url), watch_queues=("hub",) if link.depths else (), alert_waiting=10
    )
    return UplinkWatch(settings, database, link, clock, registry=CollectorRegistry())


def codes(watched: UplinkWatch) -> list[str]:
    return [each.code for each in watched.findings()]


async def test_far_behind_is_told_until_most_of_it_was_sent(
    database: Database, clock: FakeClock
) -> None:
    watched = watch(database, clock, FakeLink())
    await add(database, clock, *(a_message(f"m{n}") for n in range(10)))
    await watched.look()
    (finding,) = watched.findings()
    assert (finding.code, finding.facts) == ("hub_far_behind", {"waiting": 10, "oldest_s": 0})

    await database.write(lambda transaction: outbox.forget_sent(transaction, list(range(1, 7))))
    await watched.look()
    assert codes(watched) == []


async def test_one_old_message_is_far_behind_too(database: Database, clock: FakeClock) -> None:
    watched = watch(database, clock, FakeLink())
    await add(database, clock, a_message("m"))
    await clock.advance(3600)

    await watched.look()

    (finding,) = watched.findings()
    assert finding.facts == {"waiting": 1, "oldest_s": 3600}


async def test_a_deep_queue_of_the_hub_is_told_until_it_is_well_below(
    database: Database, clock: FakeClock
) -> None:
    link = FakeLink(depths={"hub": 10})
    watched = watch(database, clock, link)
    await watched.look()
    (finding,) = watched.findings()
    assert (finding.code, finding.facts) == ("hub_far_behind", {"queue": "hub", "depth": 10})

    link.is_down = True
    for _ in range(DEPTH_EVERY):
        await watched.look()
    assert watched.view.depths == {"hub": 10}  # what was known last
    link.is_down, link.depths["hub"] = False, 4
    for _ in range(DEPTH_EVERY):
        await watched.look()
    assert codes(watched) == []


async def test_the_rate_is_that_of_the_last_minute(database: Database, clock: FakeClock) -> None:
    link = FakeLink()
    watched = watch(database, clock, link)
    for _ in range(30):
        await watched.look()
        await clock.advance(5)
        link.confirmed += 50
    await watched.look()
    assert watched.view.rate == pytest.approx(10)
    for _ in range(13):
        await watched.look()
        await clock.advance(5)
    await watched.look()
    assert watched.view.rate == 0


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (LinkState.UNREACHABLE, "hub_unreachable"),
        (LinkState.REFUSED, "hub_refused"),
        (LinkState.BLOCKED, "hub_blocked"),
        (LinkState.STALLED, "hub_stalled"),
    ],
)
async def test_each_trouble_of_the_line_has_its_finding(
    database: Database, clock: FakeClock, state: LinkState, code: str
) -> None:
    watched = watch(database, clock, FakeLink(Standing(state, 7, "certificate")))
    await watched.look()
    (finding,) = watched.findings()
    assert (finding.code, finding.facts) == (code, {"since_us": 7, "reason": "certificate"})


async def test_without_a_hub_nothing_is_wrong(database: Database, clock: FakeClock) -> None:
    watched = watch(database, clock, FakeLink(Standing(LinkState.OFF, 7)), url="")
    await add(database, clock, *(a_message(f"m{n}") for n in range(20)))

    await watched.look()

    assert codes(watched) == []
    assert watched.view.backlog.waiting == 20


async def test_who_waits_behind_a_held_camera_is_found(
    database: Database, clock: FakeClock
) -> None:
    box = Outbox(clock, site_id="x")

    def write(transaction: Transaction) -> None:
        for number in range(300):
            box.add(transaction, a_message(f"m{number}"))
        box.add(transaction, a_message("free", "sistema.disco"))

    await database.write(write)

    found = await outbox.fetch_waiting(database, but_lanes=["u-1"], limit=10)
    plan = await database.fetch_all(
        f"EXPLAIN QUERY PLAN {outbox._LANES} SELECT lane FROM lanes WHERE lane IS NOT NULL"  # noqa: S608 -- a constant
    )

    assert [each.message_id for each in found] == ["free"]
    steps = [row[3] for row in plan if "outbox" in row[3]]
    assert len(steps) == 2
    assert all(step.startswith("SEARCH outbox USING") for step in steps)


async def test_a_hub_that_sends_everything_back_is_told_until_it_takes_something(
    database: Database, clock: FakeClock
) -> None:
    link = FakeLink()
    watched = watch(database, clock, link)
    await add(database, clock, a_message("m"))
    await watched.look()
    link.came_back = (1, "returned")
    await watched.look()
    begun_us = clock.now_us()
    assert codes(watched) == []  # that one message may be at fault
    assert watched.view.standing.state is LinkState.UP

    await clock.advance(NOT_TAKING_S)
    await watched.look()
    (finding,) = watched.findings()
    assert finding.code == "hub_takes_nothing"
    assert finding.facts == {"since_us": begun_us, "reason": "returned"}
    assert (watched.view.standing.state, watched.view.standing.reason) == (
        LinkState.NOT_TAKING,
        "returned",
    )

    link.confirmed = 1
    await watched.look()
    assert codes(watched) == []
    assert watched.view.standing.state is LinkState.UP


async def test_what_is_wrong_with_the_line_itself_is_told_before_what_it_brought_back(
    database: Database, clock: FakeClock
) -> None:
    link = FakeLink()
    watched = watch(database, clock, link)
    await add(database, clock, a_message("m"))
    await watched.look()
    link.came_back = (3, "refused")
    await watched.look()
    await clock.advance(NOT_TAKING_S)
    link.standing = Standing(LinkState.UNREACHABLE, 7)

    assert codes(watched) == ["hub_unreachable"]
