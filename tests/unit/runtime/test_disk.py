"""Threads for a disk that may hang."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtvision_edge.runtime.disk import DiskThreads
from gtvision_edge.runtime.errors import DiskHangsError


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a hanging disk waits for; opened at the end, so that no thread stays."""
    made = threading.Event()
    yield made
    made.set()


async def test_what_work_returns_or_raises_comes_back() -> None:
    threads = DiskThreads("test", threads=1)

    assert await threads.run(lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        await threads.run(Path("/nothing/here").stat)
    assert threads.taken == 0
    threads.close()


async def test_nobody_waits_for_a_disk_that_hangs(gate: threading.Event) -> None:
    threads = DiskThreads("test", threads=1, waiting=1, patience_s=0.05)

    with pytest.raises(DiskHangsError):
        await threads.run(gate.wait)
    with pytest.raises(DiskHangsError):
        await threads.run(lambda: 1)  # waits behind it, in vain
    assert threads.taken == 2
    with pytest.raises(DiskHangsError):  # no place is left: refused at once
        await asyncio.wait_for(threads.run(lambda: 1), 0.02)

    gate.set()
    async with asyncio.timeout(5):
        while threads.taken:  # noqa: ASYNC110 -- another thread
            await asyncio.sleep(0.005)
    assert await threads.run(lambda: 2) == 2
    threads.close()


async def test_what_comes_too_late_is_undone(gate: threading.Event) -> None:
    threads = DiskThreads("test", threads=1, patience_s=0.05)
    undone = threading.Event()

    def work() -> str:
        gate.wait()
        return "opened"

    with pytest.raises(DiskHangsError):
        await threads.run(work, undo=lambda _: undone.set())
    gate.set()

    assert await asyncio.to_thread(undone.wait, 5)
    threads.close()
