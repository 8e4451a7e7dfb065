"""Threads whose work may wait: lower in priority than all else, and told apart by their names."""

import contextlib
import os
import threading
from pathlib import Path
from typing import Final

NICENESS: Final = 10
_MAX_NAME: Final = 15
"""Linux keeps so many bytes of a thread's name."""


def step_back(name: str) -> None:
    """Lower the priority of this thread alone, and give it *name* (ASCII) where the system lists threads, as in ``top -H``.

    Linux keeps both per thread. A hardened unit may forbid either, which is no reason to fail. May be called again.
    """
    own = threading.get_native_id()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, own, NICENESS)
    with contextlib.suppress(OSError):
        Path(f"/proc/self/task/{own}/comm").write_text(name[:_MAX_NAME], "ascii")
