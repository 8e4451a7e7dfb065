"""Watching processes: share of a core, proportional memory."""

import asyncio
import contextlib
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


async def watch_threads(pid: int, seconds: float) -> dict[str, float]:
    """Measure the threads of *pid* for *seconds*; return per cent of one core by thread name, added up where names are the same."""
    loop = asyncio.get_running_loop()
    before, began = thread_seconds(pid), loop.time()
    await asyncio.sleep(seconds)
    elapsed = loop.time() - began
    found: dict[str, float] = {}
    for thread, (name, busy_s) in thread_seconds(pid).items():
        used_s = busy_s - before.get(thread, (name, 0.0))[1]
        found[name] = found.get(name, 0.0) + used_s / elapsed * 100
    return found


def thread_seconds(pid: int) -> dict[int, tuple[str, float]]:
    """Return the name and the processor seconds of each thread of *pid*, by its id; one that ends meanwhile is left out."""
    found = {}
    for folder in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            name = (folder / "comm").read_text().strip()
            busy_ns = int((folder / "schedstat").read_text().split()[0])
            found[int(folder.name)] = (name, busy_ns / 1e9)
    return found


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
