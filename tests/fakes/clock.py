"""A clock that tests turn by hand."""

import asyncio


class FakeClock:
    """Starts at 2026-01-01T00:00:00Z; sleepers wake when :meth:`advance` passes their time."""

    def __init__(self, now_us: int = 1_767_225_600_000_000) -> None:
        self._now_us = now_us
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._came = asyncio.Event()

    def now_us(self) -> int:
        return self._now_us

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, wake))
        self._came.set()
        await wake

    async def until_asleep(self, sleepers: int = 1) -> None:
        """Wait, in real time, until as many wait for this clock: who reads the database first comes to it later."""
        while sum(not wake.done() for _, wake in self._sleepers) < sleepers:
            self._came.clear()
            await self._came.wait()

    async def advance(self, seconds: float) -> None:
        """Let *seconds* pass, waking sleepers in order and letting them run."""
        end = self._monotonic + seconds
        while True:
            due = [entry for entry in self._sleepers if entry[0] <= end and not entry[1].done()]
            if not due:
                break
            at, wake = min(due, key=lambda entry: entry[0])
            self._move_to(max(at, self._monotonic))
            self._sleepers.remove((at, wake))
            wake.set_result(None)
            for _ in range(20):
                await asyncio.sleep(0)
        self._move_to(end)
        self._sleepers = [entry for entry in self._sleepers if not entry[1].done()]
        for _ in range(20):
            await asyncio.sleep(0)

    def step_wall(self, seconds: float) -> None:
        """Step the wall clock alone, as NTP does."""
        self._now_us += round(seconds * 1_000_000)

    def _move_to(self, monotonic: float) -> None:
        self._now_us += round((monotonic - self._monotonic) * 1_000_000)
        self._monotonic = monotonic
