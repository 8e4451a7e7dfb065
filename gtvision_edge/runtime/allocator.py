"""The C library's memory: what a busy hour took is given back to the system when it is over."""

import ctypes
from collections.abc import Callable

_trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's


def give_memory_back() -> None:
    """Return to the system the whole pages that are free in between; milliseconds, call it outside the loop.

    glibc itself returns only what is free at the end of its heap: one small object there keeps all before it.
    """
    if _trim is not None:
        _trim(0)
