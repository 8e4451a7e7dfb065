"""Watching processes: share of a core, proportional memory."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Use:
    """Per cent of one core over the window, and memory at its end."""

    cpu_percent: float
    pss_mb: float


def pss_mb(pids: Sequence[int]) -> float:
    """Return the proportional set size of *pids* together: shared pages are shared out, so that processes can be added."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


async def watch(pids: Sequence[int], seconds: float) -> Use:
    """Measure *pids* for *seconds*."""
    processes = [psutil.Process(pid) for pid in pids]

    def busy() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    loop = asyncio.get_running_loop()
    before, started = busy(), loop.time()
    await asyncio.sleep(seconds)
    cpu = (busy() - before) / (loop.time() - started) * 100
    return Use(cpu, await asyncio.to_thread(pss_mb, pids))


@asynccontextmanager
async def started(
    *command: str,
    stdout: int | None = subprocess.DEVNULL,
    environment: dict[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run *command* while the block is open; ended by SIGTERM, then SIGKILL."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
