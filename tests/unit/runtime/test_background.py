"""Threads that step back."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import get_native_id

from gtvision_edge.runtime.background import NICENESS, step_back


def test_a_thread_that_steps_back_is_nice_and_bears_its_name_alone() -> None:
    def look() -> tuple[int, str]:
        own = get_native_id()
        comm = Path(f"/proc/self/task/{own}/comm").read_text("ascii").strip()
        return os.getpriority(os.PRIO_PROCESS, own), comm

    before = look()
    with ThreadPoolExecutor(
        1, initializer=step_back, initargs=("a-name-of-twenty-chars",)
    ) as threads:
        found = threads.submit(look).result()

    assert found == (max(NICENESS, before[0]), "a-name-of-twent")
    assert look() == before
