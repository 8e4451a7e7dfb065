"""Supervised tasks: each has an owner, a name and an end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from gtvision_edge.errors import FatalError
from gtvision_edge.runtime.clock import Clock

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[None]]
T = TypeVar("T")
FEW: Final = 64


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How long to wait before a failed job starts again; all in seconds."""

    first_delay: float = 1.0
    max_delay: float = 60.0
    stable_after: float = 60.0


def is_fatal(error: BaseException) -> bool:
    """Tell whether *error* is a FatalError, or a group with one somewhere inside."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(FatalError) is not None
    return isinstance(error, FatalError)


async def keep_running(
    name: str, job: Job, *, clock: Clock, policy: RestartPolicy = RestartPolicy()
) -> None:
    """Run *job* until cancelled, starting it again whenever it fails or returns.

    The delay doubles up to ``policy.max_delay`` and falls back to the first one after a run of
    ``policy.stable_after`` seconds. Only :class:`FatalError` escapes.
    """
    delay = policy.first_delay
    while True:
        started = clock.monotonic()
        try:
            await job()
            log.warning("job_returned", job=name)
        except Exception as error:  # one part's failure must not stop its neighbours
            if is_fatal(error):
                raise
            log.exception("job_failed", job=name)
        if clock.monotonic() - started >= policy.stable_after:
            delay = policy.first_delay
        await clock.sleep(delay)
        delay = min(delay * 2, policy.max_delay)


@asynccontextmanager
async def background(tasks: asyncio.TaskGroup, name: str, job: Job) -> AsyncIterator[None]:
    """Run *job* in *tasks* while the block is open; on leaving, cancel it and wait it out."""

    async def run() -> None:
        await job()

    task = tasks.create_task(run(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def aside(work: Callable[[], T], items: int) -> T:
    """Return what *work* does with so many *items*: off the loop, unless they are so few that the way to a thread takes longer."""
    return work() if items <= FEW else await asyncio.to_thread(work)
