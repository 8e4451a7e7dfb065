"""Waiting for a while, or until there is something to do."""

import asyncio

from gtvision_edge.runtime.clock import Clock


async def sleep_or_wake(clock: Clock, seconds: float, wake: asyncio.Event) -> None:
    """Return after *seconds*, or as soon as *wake* is set; who calls clears it. Leaves no task behind, also when cancelled."""
    sleeping = asyncio.create_task(clock.sleep(seconds), name="sleep-or-wake-sleep")
    waking = asyncio.create_task(_until_set(wake), name="sleep-or-wake-wake")
    try:
        done, _ = await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sleeping, waking):
            task.cancel()
        await asyncio.wait({sleeping, waking})
    for task in done:
        task.result()


async def _until_set(wake: asyncio.Event) -> None:
    await wake.wait()
