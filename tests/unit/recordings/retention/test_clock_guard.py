import contextlib
from dataclasses import dataclass

import pytest

from gtvision_edge.recordings.aging.repository import UNSETTLED_US, settle_segments
from gtvision_edge.recordings.retention.clock_guard import (
    CONFIRMED_S,
    LOOK_S,
    STABLE_S,
    UNCONFIRMED_S,
    ClockGuard,
    ClockReason,
    kernel_says_synced,
)
from gtvision_edge.recordings.retention.repository import insert_clock_entry
from gtvision_edge.storage import Database, StorageError
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import a_segment, add, keep

DAY_S = 86400


@dataclass
class Bench:
    guard: ClockGuard
    clock: FakeClock
    database: Database
    synced: bool | None = None

    def trusts(self) -> bool:
        return self.guard.is_trusted

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.guard.look()

    async def log(self) -> list[tuple[str, int]]:
        rows = await self.database.fetch_all("SELECT kind, step_us FROM clock_log ORDER BY rowid")
        return [(row["kind"], row["step_us"]) for row in rows]


@pytest.fixture
def bench(database: Database, clock: FakeClock) -> Bench:
    found = Bench(None, clock, database)  # type: ignore[arg-type]  # set below
    found.guard = ClockGuard(database, clock, is_synced=lambda: found.synced)
    return found


async def knew(database: Database, at_us: int) -> None:
    await database.write(lambda transaction: insert_clock_entry(transaction, at_us, "start"))


async def test_a_step_is_doubted_by_who_asks_before_the_next_look(bench: Bench) -> None:
    bench.synced = True
    await bench.guard.start()
    await bench.pass_time(STABLE_S)
    assert bench.trusts()

    bench.clock.step_wall(40 * DAY_S)

    assert not bench.trusts()


async def test_a_clock_is_believed_after_ten_quiet_minutes(bench: Bench) -> None:
    await bench.guard.start()
    await bench.guard.look()
    assert bench.guard.reason is ClockReason.STARTED
    assert bench.guard.findings() == []

    await bench.pass_time(STABLE_S - 1)
    assert not bench.trusts()
    await bench.pass_time(1)
    assert bench.trusts()


@pytest.mark.parametrize("step_s", [20 * 3600, -3 * 3600, 5, -5])
async def test_a_step_is_logged_and_doubted_for_ten_minutes(bench: Bench, step_s: int) -> None:
    bench.synced = True
    await bench.guard.start()
    await bench.pass_time(STABLE_S)
    assert bench.trusts()

    bench.clock.step_wall(step_s)
    await bench.pass_time(LOOK_S)
    assert not bench.trusts()
    assert ("step", step_s * 1_000_000) in await bench.log()
    await bench.pass_time(STABLE_S - 10)
    assert not bench.trusts()
    await bench.pass_time(20)
    assert bench.trusts()


async def test_a_leap_that_no_time_server_confirms_is_doubted_for_a_week(bench: Bench) -> None:
    bench.synced = False
    await bench.guard.start()
    await bench.pass_time(STABLE_S)
    bench.clock.step_wall(40 * DAY_S)
    await bench.pass_time(LOOK_S)
    await bench.pass_time(STABLE_S + 1)
    assert bench.guard.reason is ClockReason.LEAPT_UNSYNCED

    await bench.pass_time(UNCONFIRMED_S)
    assert bench.trusts()


async def test_a_time_server_ends_the_doubt(bench: Bench) -> None:
    bench.synced = False
    await bench.guard.start()
    bench.clock.step_wall(20 * 3600)
    await bench.pass_time(LOOK_S)
    await bench.pass_time(STABLE_S + 1)
    assert not bench.trusts()

    bench.synced = True
    await bench.pass_time(LOOK_S)

    assert bench.trusts()
    assert [kind for kind, _ in await bench.log()] == ["start", "unsynced", "step", "synced"]


async def test_a_start_before_what_is_recorded_is_doubted(bench: Bench, clock: FakeClock) -> None:
    await knew(bench.database, clock.now_us() + DAY_S * 1_000_000)
    await bench.guard.start()
    await bench.pass_time(STABLE_S + 1)
    assert bench.guard.reason is ClockReason.BEHIND_FOOTAGE

    await bench.pass_time(DAY_S)
    assert bench.trusts()


async def test_a_start_long_after_what_is_recorded_is_doubted(
    bench: Bench, clock: FakeClock
) -> None:
    await knew(bench.database, clock.now_us() - 40 * DAY_S * 1_000_000)
    await bench.guard.start()
    await bench.pass_time(STABLE_S + 1)

    assert bench.guard.reason is ClockReason.LEAPT_UNSYNCED


async def test_a_time_server_far_ahead_is_believed_after_a_day_only(bench: Bench) -> None:
    bench.synced = True
    await bench.guard.start()
    await bench.pass_time(STABLE_S)
    bench.clock.step_wall(40 * DAY_S)
    await bench.pass_time(LOOK_S)
    await bench.pass_time(CONFIRMED_S - 10)
    assert bench.guard.reason is ClockReason.LEAPT_FAR
    assert [each.facts for each in bench.guard.findings()] == [{"reason": "leapt_far"}]

    await bench.pass_time(20)
    assert bench.trusts()


async def test_a_far_leap_that_is_taken_back_is_forgotten(bench: Bench) -> None:
    bench.synced = True
    await bench.guard.start()
    await bench.pass_time(STABLE_S)
    bench.clock.step_wall(40 * DAY_S)
    await bench.pass_time(LOOK_S)
    bench.clock.step_wall(-40 * DAY_S)
    await bench.pass_time(LOOK_S)
    await bench.pass_time(STABLE_S)

    assert bench.trusts()


async def test_a_clock_without_battery_is_believed_once_it_is_right_again(
    bench: Bench, clock: FakeClock
) -> None:
    await knew(bench.database, clock.now_us())
    clock.step_wall(-20 * 365 * DAY_S)
    bench.synced = True
    await bench.guard.start()
    await bench.pass_time(LOOK_S)
    clock.step_wall(20 * 365 * DAY_S)
    await bench.pass_time(LOOK_S)
    await bench.pass_time(STABLE_S)

    assert bench.trusts()


@pytest.mark.parametrize("at_start", [True, False])
async def test_a_restart_does_not_make_one_forget_a_far_leap(
    bench: Bench, clock: FakeClock, *, at_start: bool
) -> None:
    await knew(bench.database, clock.now_us())
    bench.synced = True
    if not at_start:
        await bench.guard.start()
    clock.step_wall(40 * DAY_S)
    if at_start:
        await bench.guard.start()
    await bench.pass_time(LOOK_S)
    await bench.pass_time(3600)

    again = Bench(ClockGuard(bench.database, clock, is_synced=lambda: True), clock, bench.database)
    await again.guard.start()
    await again.pass_time(STABLE_S + 1)
    assert again.guard.reason is ClockReason.LEAPT_FAR

    await again.pass_time(CONFIRMED_S - 3600 - STABLE_S)
    assert again.trusts()


async def test_a_restart_after_a_leap_was_taken_back_doubts_no_longer_than_any(
    bench: Bench, clock: FakeClock
) -> None:
    bench.synced = True
    await bench.guard.start()
    await bench.pass_time(LOOK_S)
    for days in (40, -40):
        clock.step_wall(days * DAY_S)
        await bench.pass_time(LOOK_S)

    again = Bench(ClockGuard(bench.database, clock, is_synced=lambda: True), clock, bench.database)
    await again.guard.start()
    await again.pass_time(STABLE_S)
    await again.pass_time(LOOK_S)

    assert again.trusts()


async def test_slewing_is_no_step(bench: Bench) -> None:
    await bench.guard.start()
    await bench.pass_time(STABLE_S)
    for _ in range(20):
        bench.clock.step_wall(0.0005)
        await bench.pass_time(LOOK_S)

    assert bench.trusts()
    assert await bench.log() == [("start", 0)]


def test_the_kernel_can_be_asked() -> None:
    assert kernel_says_synced() in (True, False, None)


async def test_a_step_that_could_not_be_written_down_is_not_lost(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_synced = [False]
    guard = ClockGuard(database, clock, is_synced=lambda: is_synced[0])
    await guard.start()
    await guard.look()
    clock.step_wall(20 * 3600)
    is_synced[0] = True

    async def refuse(self: Database, work: object) -> None:
        raise StorageError("full")

    real = Database.write
    monkeypatch.setattr(Database, "write", refuse)
    with pytest.raises(StorageError):
        await guard.look()
    for _ in range(700):
        await clock.advance(1)
        with contextlib.suppress(StorageError):
            await guard.look()
    believed = [guard.is_trusted]
    monkeypatch.setattr(Database, "write", real)
    for _ in range(601):
        await clock.advance(1)
        await guard.look()
    believed.append(guard.is_trusted)

    assert believed == [False, True]
    assert len(await database.fetch_all("SELECT * FROM clock_doubts")) == 1


async def doubts(database: Database) -> list[tuple[int, int, int]]:
    rows = await database.fetch_all("SELECT first_us, last_us, known_us FROM clock_doubts")
    return [(row[0], row[1], row[2]) for row in rows]


async def test_a_run_behind_what_is_known_is_noted_while_it_lasts(bench: Bench) -> None:
    begun_us = bench.clock.now_us()
    await knew(bench.database, begun_us + 90 * DAY_S * 1_000_000)
    await bench.guard.start()
    for _ in range(5):
        await bench.pass_time(LOOK_S * 10)
    noted = await doubts(bench.database)

    bench.synced = True
    for _ in range(5):
        await bench.pass_time(LOOK_S * 10)

    assert noted == [
        (begun_us + 10_000_000, begun_us + 50_000_000, begun_us + 90 * DAY_S * 1_000_000)
    ]
    assert await doubts(bench.database) == noted


async def test_what_a_wrong_clock_settled_is_doubted_again(
    bench: Bench, database: Database
) -> None:
    """A box without time server is believed after a week, though it is years behind."""
    begun_us = bench.clock.now_us()
    await knew(database, begun_us + 90 * DAY_S * 1_000_000)
    await bench.guard.start()
    await bench.guard.look()
    (number,) = await keep(database, FakeCamera())
    await add(database, a_segment(number, begun_us))
    for _ in range(8):
        await bench.pass_time(DAY_S)
    assert bench.trusts()
    settled_us = bench.clock.now_us()
    await database.write(lambda transaction: settle_segments(transaction, settled_us, limit=9))
    await bench.pass_time(60)

    bench.clock.step_wall(100 * DAY_S)
    again = ClockGuard(database, bench.clock, is_synced=lambda: False)
    await again.start()

    row = await database.fetch_one("SELECT aged_us FROM segments")
    assert row is not None
    assert row[0] == UNSETTLED_US


async def ages(database: Database) -> list[int | None]:
    return [row[0] for row in await database.fetch_all("SELECT aged_us FROM segments")]


async def test_footage_before_a_leap_counts_from_where_the_leap_led_to(
    bench: Bench, database: Database
) -> None:
    await bench.guard.start()
    await bench.guard.look()
    (number,) = await keep(database, FakeCamera())
    now_us = bench.clock.now_us()
    await add(
        database,
        a_segment(number, now_us - 3 * DAY_S * 1_000_000),
        a_segment(number, now_us - DAY_S * 1_000_000),
    )

    bench.clock.step_wall(40 * DAY_S)
    await bench.guard.look()

    assert await ages(database) == [None, bench.clock.now_us()]


@pytest.mark.parametrize("how", ["passes", "leaps", "is synced"])
async def test_footage_of_a_clock_behind_counts_from_when_it_came_right(
    bench: Bench, database: Database, how: str
) -> None:
    known_us = bench.clock.now_us() + 3 * 3600 * 1_000_000
    await knew(database, known_us)
    await bench.guard.start()
    await bench.guard.look()
    (number,) = await keep(database, FakeCamera())
    await add(database, a_segment(number, bench.clock.now_us()))
    await bench.pass_time(60)
    unsettled = await ages(database)

    if how == "leaps":
        bench.clock.step_wall(5 * DAY_S)
        await bench.guard.look()
    elif how == "is synced":
        bench.synced = True
        await bench.guard.look()
    else:
        await bench.pass_time(5 * DAY_S)

    assert unsettled == [UNSETTLED_US]
    assert await ages(database) == [known_us if how == "passes" else bench.clock.now_us()]
