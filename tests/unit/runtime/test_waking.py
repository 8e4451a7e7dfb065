"""A wait that ends with its time or with news, and leaves nothing behind."""

import asyncio

import pytest

from gtvision_edge.runtime.waking import sleep_or_wake
from tests.fakes.clock import FakeClock


def left_behind() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if "sleep-or-wake" in task.get_name()]


async def test_it_ends_when_the_time_is_over(clock: FakeClock) -> None:
    waiting = asyncio.create_task(sleep_or_wake(clock, 10, asyncio.Event()))
    await clock.until_asleep()
    await clock.advance(9)
    early = waiting.done()
    await clock.advance(2)
    await asyncio.wait_for(waiting, 1)

    assert not early
    assert left_behind() == []


async def test_it_ends_when_it_is_woken(clock: FakeClock) -> None:
    wake = asyncio.Event()
    waiting = asyncio.create_task(sleep_or_wake(clock, 3600, wake))
    await clock.until_asleep()

    wake.set()
    await asyncio.wait_for(waiting, 1)

    assert left_behind() == []


async def test_what_cancels_it_ends_what_it_started(clock: FakeClock) -> None:
    waiting = asyncio.create_task(sleep_or_wake(clock, 3600, asyncio.Event()))
    await clock.until_asleep()

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert left_behind() == []


async def test_a_failing_clock_is_not_kept_quiet() -> None:
    class Broken(FakeClock):
        async def sleep(self, seconds: float) -> None:
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        await sleep_or_wake(Broken(), 1, asyncio.Event())
