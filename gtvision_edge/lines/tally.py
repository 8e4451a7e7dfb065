"""What is written down of things that leave a line undone: how many, of which kinds, of when; never their contents."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leaving:
    """One of them. *name* tells it from all others; *since_us*: since when it waited."""

    name: str
    kind: str
    size_bytes: int
    since_us: int


@dataclass(frozen=True, slots=True)
class Tally:
    """All that leave at once. *names_sha256* (hex), of the names in their order, shows later whether one was among them."""

    count: int
    kinds: Mapping[str, int]
    size_bytes: int
    first_us: int
    last_us: int
    names_sha256: str


def tally(leaving: Sequence[Leaving]) -> Tally:
    """Count *leaving*, of which there is at least one."""
    names = "\n".join(each.name for each in leaving)
    return Tally(
        count=len(leaving),
        kinds=Counter(each.kind for each in leaving),
        size_bytes=sum(each.size_bytes for each in leaving),
        first_us=min(each.since_us for each in leaving),
        last_us=max(each.since_us for each in leaving),
        names_sha256=hashlib.sha256(names.encode()).hexdigest(),
    )
