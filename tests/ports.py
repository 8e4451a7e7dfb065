"""Ports for servers that must know theirs before they start, or get the same one again after a restart."""

import os
import random
import socket
from collections.abc import Iterator

# Below the range from which the kernel takes ports for outgoing connections (32768 and up on Linux): a port from in
# there may be some client's by the time our server binds it, above all between a kill and the start after it.
_RANGE = range(20_000, 32_000)


def _numbers() -> Iterator[int]:
    """Each number once: no two tests of a process share a port, whatever is still closing."""
    # The workers of one run (gw0, gw1 …) share no number; other runs on this machine hardly ever meet.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    numbers = list(_RANGE[worker % 16 :: 16])
    random.Random(os.getpid()).shuffle(numbers)  # noqa: S311 -- nothing secret
    while True:
        yield from numbers


_NEXT = _numbers()


def free_port() -> int:
    """Return a port on which nobody listens, and that no earlier call returned."""
    while True:
        port = next(_NEXT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def free_ports(count: int) -> list[int]:
    return [free_port() for _ in range(count)]
