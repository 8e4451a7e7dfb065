"""Threads that read a disk: bounded, and given up on when it hangs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeVar

from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.errors import DiskHangsError

T = TypeVar("T")

PATIENCE_S = 10.0
"""A disk that spins up takes five seconds; one that needs more than ten for a read hangs."""


class DiskThreads:
    """Runs blocking reads apart from the loop; who comes while all places are taken is refused at once.

    A work that does not end keeps its thread and its place, but nobody waits for it longer than *patience_s*.
    """

    hangs: ClassVar[type[EdgeError]] = DiskHangsError
    """What is raised: who knows which disk it is says so."""

    def __init__(
        self, name: str, *, threads: int, waiting: int = 64, patience_s: float = PATIENCE_S
    ) -> None:
        self._executor = ThreadPoolExecutor(threads, name)
        self._places = threads + waiting
        self._taken = 0
        self._patience_s = patience_s

    @property
    def taken(self) -> int:
        """How many works run or wait."""
        return self._taken

    async def run(self, work: Callable[[], T], *, undo: Callable[[T], object] | None = None) -> T:
        """Return what *work* returns. *undo* is given a result for which nobody waits any more, in the same thread.

        Raises:
            DiskHangsError: (or what ``hangs`` says) no place is free, or it did not end in time.

        """
        if self._taken >= self._places:
            raise self.hangs("The disk does not answer, or too slowly.")
        is_given_up = False

        def whole() -> T:
            result = work()
            if is_given_up and undo is not None:
                undo(result)
            return result

        self._taken += 1
        job = asyncio.get_running_loop().run_in_executor(self._executor, whole)
        job.add_done_callback(self._leave)
        try:
            done, _ = await asyncio.wait({job}, timeout=self._patience_s)
        except asyncio.CancelledError:
            is_given_up = True
            if job.done() and not job.cancelled() and not job.exception() and undo is not None:
                undo(job.result())
            raise
        if not done:
            is_given_up = True
            raise self.hangs("The disk does not answer.")
        return job.result()

    def start(self, work: Callable[[], object]) -> None:
        """Run *work*, such as a closing, some time, without anybody waiting for it."""
        self._executor.submit(work)

    def close(self) -> None:
        """Take nothing more; what was taken is done, and nobody waits for it, for that could be for ever."""
        self._executor.shutdown(wait=False)

    def _leave(self, job: "asyncio.Future[Any]") -> None:
        self._taken -= 1
        if not job.cancelled():
            job.exception()  # it was told to who waited, or nobody waits
