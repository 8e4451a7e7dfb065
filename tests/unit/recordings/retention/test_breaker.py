from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.retention.breaker import (
    CLOSES_AFTER_S,
    STAGGER_S,
    Breaker,
    BreakerClosed,
    BreakerOpened,
    BreakerState,
)
from gtvision_edge.recordings.retention.disk_news import DiskEvent, DiskNews
from gtvision_edge.recordings.retention.errors import BreakerOpenError
from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.settings import VolumeSettings
from gtvision_edge.storage import Database, Transaction
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus

GIB = 2**30
TOTAL = 1000 * GIB


def used(share: float) -> Usage:
    return Usage(TOTAL, int(TOTAL * share), TOTAL - int(TOTAL * share))


@dataclass
class FakeVolume:
    usage: Usage | None = field(default_factory=lambda: used(0.5))


@dataclass
class FakeCameras:
    ids: tuple[str, ...] = ("a", "b", "c")

    def all_cameras(self) -> Sequence[FakeCamera]:
        return [FakeCamera(each) for each in self.ids]


@dataclass
class Bench:
    breaker: Breaker
    volume: FakeVolume
    clock: FakeClock
    bus: RememberingBus
    database: Database

    def at(self, share: float) -> BreakerState:
        self.volume.usage = used(share)
        self.breaker.look()
        return self.breaker.state

    async def actions(self) -> list[str]:
        page = await AuditLog(self.clock).page(self.database)
        return [entry.action for entry in reversed(page.entries)]


def a_breaker(
    database: Database, clock: FakeClock, bus: RememberingBus, volume: FakeVolume
) -> Breaker:
    return Breaker(
        volume,
        FakeCameras(),
        database=database,
        audit=AuditLog(clock),
        bus=bus,
        clock=clock,
        settings=VolumeSettings(),
    )


@pytest.fixture
def bench(database: Database, clock: FakeClock) -> Bench:
    bus, volume = RememberingBus(), FakeVolume()
    return Bench(a_breaker(database, clock, bus, volume), volume, clock, bus, database)


async def test_it_opens_at_trip_and_not_before(bench: Bench) -> None:
    assert bench.at(0.949) is BreakerState.CLOSED
    assert bench.breaker.allows("a")
    assert bench.at(0.951) is BreakerState.OPEN
    assert not bench.breaker.allows("a")
    assert bench.breaker.reason == "nearly_full"
    with pytest.raises(BreakerOpenError):
        await bench.breaker.require()
    assert [type(event) for event in bench.bus.events] == [BreakerOpened]


async def test_a_disk_filled_at_once_by_another_program_opens_it(bench: Bench) -> None:
    bench.volume.usage = Usage(TOTAL, TOTAL, 0)
    bench.breaker.look()

    assert (bench.breaker.state, bench.breaker.reason) == (BreakerState.OPEN, "volume_full")


async def test_it_closes_when_there_was_room_for_a_minute_without_a_break(bench: Bench) -> None:
    bench.at(0.96)
    assert bench.at(0.92) is BreakerState.OPEN
    assert bench.at(0.89) is BreakerState.WAITING
    await bench.clock.advance(CLOSES_AFTER_S - 1)
    assert bench.at(0.91) is BreakerState.OPEN
    assert bench.at(0.89) is BreakerState.WAITING
    await bench.clock.advance(CLOSES_AFTER_S - 1)
    assert bench.at(0.89) is BreakerState.WAITING
    await bench.clock.advance(1)
    assert bench.at(0.89) is BreakerState.CLOSED
    assert [type(event) for event in bench.bus.events] == [BreakerOpened, BreakerClosed]


async def test_cameras_begin_one_after_the_other(bench: Bench) -> None:
    bench.at(0.96)
    bench.at(0.5)
    await bench.clock.advance(CLOSES_AFTER_S)
    bench.at(0.5)

    begun = []
    for _ in range(4):
        begun.append([each for each in "abc" if bench.breaker.allows(each)])
        await bench.clock.advance(STAGGER_S)

    assert begun == [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c"]]
    assert bench.breaker.allows("new")


async def test_a_volume_that_is_away_changes_nothing(bench: Bench) -> None:
    bench.at(0.96)
    bench.volume.usage = None
    bench.breaker.look()
    await bench.clock.advance(2 * CLOSES_AFTER_S)
    bench.breaker.look()

    assert bench.breaker.state is BreakerState.OPEN


async def test_a_restart_does_not_forget_that_it_was_open(bench: Bench) -> None:
    bench.at(0.96)
    await bench.breaker._tell()
    bench.volume.usage = used(0.92)

    again = a_breaker(bench.database, bench.clock, bench.bus, bench.volume)
    await again.load()

    assert again.state is BreakerState.OPEN
    assert again.since_us == bench.breaker.since_us


async def test_what_a_full_disk_kept_from_being_written_down_is_written_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_full = True
    append = AuditLog.append

    def refusing(self: AuditLog, transaction: Transaction, **words: object) -> int:
        if is_full:
            transaction.execute("INSERT INTO no_such_table VALUES (1)")
        return append(self, transaction, **words)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(AuditLog, "append", refusing)
    bench.at(0.96)
    await bench.breaker._tell()
    assert await bench.actions() == []
    assert not bench.breaker.allows("a")

    is_full = False
    await bench.clock.advance(10)
    bench.at(0.5)
    await bench.clock.advance(CLOSES_AFTER_S)
    bench.at(0.5)
    await bench.breaker._tell()

    assert await bench.actions() == ["breaker.opened", "breaker.closed"]


@settings(deadline=None)
@given(
    total=st.integers(2**20, 2**50),
    reserve=st.integers(1, 2**42),
    shares=st.lists(st.floats(0.01, 0.99), min_size=4, max_size=4, unique=True),
)
def test_the_thresholds_are_in_order_on_any_volume(
    total: int, reserve: int, shares: list[float]
) -> None:
    low, high, reset, trip = sorted(shares)
    thresholds = VolumeSettings.model_construct(
        low_water=low, high_water=high, reset=reset, trip=trip, reserve=reserve
    )
    found = waters(thresholds, Usage(total, total, 0))

    assert 0 < found.trip <= found.reset <= found.high <= found.low <= total


async def test_what_others_are_told_is_written_with_the_row_or_not_at_all(
    database: Database, clock: FakeClock
) -> None:
    told: list[DiskNews] = []
    volume = FakeVolume()
    breaker = Breaker(
        volume,
        FakeCameras(),
        database=database,
        audit=AuditLog(clock),
        bus=RememberingBus(),
        clock=clock,
        settings=VolumeSettings(),
        tell=lambda _, news: told.append(news),
    )
    volume.usage = used(0.96)
    breaker.look()
    assert told == []

    await breaker._tell()

    (news,) = told
    assert (news.event, news.reason) == (DiskEvent.BREAKER_OPENED, "nearly_full")
    assert (news.free_bytes, news.total_bytes) == (volume.usage.free, volume.usage.total)
