import asyncio

import pytest

from gtvision_edge.errors import FatalError
from gtvision_edge.runtime.tasks import RestartPolicy, background, keep_running
from tests.fakes.clock import FakeClock

POLICY = RestartPolicy(first_delay=1, max_delay=4, stable_after=60)


async def test_a_failing_job_starts_again_with_growing_pauses(clock: FakeClock) -> None:
    starts: list[float] = []

    async def job() -> None:
        starts.append(clock.monotonic())
        raise RuntimeError("broken")

    async with (
        asyncio.TaskGroup() as tasks,
        background(tasks, "job", lambda: keep_running("job", job, clock=clock, policy=POLICY)),
    ):
        await asyncio.sleep(0)
        for _ in range(16):
            await clock.advance(1)

    assert [start - starts[0] for start in starts] == [0, 1, 3, 7, 11, 15]


async def test_a_long_good_run_resets_the_pause(clock: FakeClock) -> None:
    starts: list[float] = []

    async def job() -> None:
        starts.append(clock.monotonic())
        if len(starts) == 4:
            await clock.sleep(120)
        raise RuntimeError("broken")

    async with (
        asyncio.TaskGroup() as tasks,
        background(tasks, "job", lambda: keep_running("job", job, clock=clock, policy=POLICY)),
    ):
        await asyncio.sleep(0)
        for _ in range(130):
            await clock.advance(1)

    assert starts[4] - starts[3] == 121


async def test_a_fatal_error_inside_a_group_escapes(clock: FakeClock) -> None:
    async def job() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())

    async def fail() -> None:
        raise FatalError("no disk at all")

    with pytest.raises(ExceptionGroup) as caught:
        await keep_running("job", job, clock=clock)

    assert caught.value.subgroup(FatalError)


async def test_background_waits_for_the_clean_up_of_its_job() -> None:
    steps: list[str] = []

    async def job() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned")

    async with asyncio.TaskGroup() as tasks:
        async with background(tasks, "job", job):
            await asyncio.sleep(0)
        steps.append("left")

    assert steps == ["cleaned", "left"]
