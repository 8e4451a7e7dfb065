"""Python's garbage collector, told what a daemon of many threads needs of it."""

import gc

COLLECT_EVERY = 10_000
"""New container objects between collections, instead of 700: a thread a camera makes thousands a second, none in cycles."""


def spare_the_started() -> None:
    """Leave all that exists now out of garbage collection; call once, when the program is up.

    A full collection holds the GIL while it walks every object: modules and routes alone, which never go, took it
    longer than the loop may be held.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
