"""A time limit that really ends a libav session: the session's own socket is shut down from outside.

libav's ``timeout`` bounds one read, so a camera that dribbles bytes or redirects in a circle never trips it. PyAV's
interrupt callback would, but takes the GIL six times per RTP packet. Closing a container under a reader is a crash.
Shutting down its socket is none: the read returns, and the session ends in its own thread.
"""

import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator

_FD_DIR = "/proc/self/fd"
_FIRST_POLL_S = 0.002
_MAX_POLL_S = 0.1
_IDLE_POLL_S = 0.5

Peer = tuple[str, int]


class Leash:
    """One session's time limit. ``extend`` is cheap: call it with each picture."""

    def __init__(self, peer: Peer, seconds: float) -> None:
        self.peer = peer
        self.deadline = time.monotonic() + seconds
        self.is_cut = False
        self.known: frozenset[int] = frozenset()
        self.inode: int | None = None

    def extend(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds


class LeashKeeper:
    """Watches all sessions from one thread and cuts those that are over their time.

    Sessions to the same address connect one after another (only the TCP connect, milliseconds), so that a new
    socket to that address is known to belong to the one that is connecting.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._leashes: set[Leash] = set()
        self._connecting: dict[Peer, Leash] = {}
        self._is_closed = False
        self._thread = threading.Thread(target=self._watch, name="media-leash", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the watch. Blocks for a moment."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
        self._thread.join(1.0)

    @contextlib.contextmanager
    def hold(self, peer: Peer, seconds: float, stop: threading.Event) -> Iterator[Leash]:
        """Give the calling thread a leash for a session with *peer* that it opens within the block.

        Raises:
            TimeoutError: another session was connecting to the same address all the time, or *stop* was set.

        """
        leash = Leash(peer, seconds)
        with self._condition:
            while peer in self._connecting and not stop.is_set():
                if time.monotonic() > leash.deadline or self._is_closed:
                    raise TimeoutError("another session is still connecting to this address")
                self._condition.wait(0.1)
            if stop.is_set():
                raise TimeoutError("stopped")
            leash.known = frozenset(_socket_inodes().values())
            leash.deadline = time.monotonic() + seconds
            self._connecting[peer] = leash
            self._leashes.add(leash)
            self._condition.notify_all()
        try:
            yield leash
        finally:
            with self._condition:
                self._leashes.discard(leash)
                self._release(leash)

    def cut(self, leash: Leash) -> None:
        """End the session of *leash* now; its thread sees an error from libav."""
        with self._condition:
            self._cut(leash)

    def _release(self, leash: Leash) -> None:
        if self._connecting.get(leash.peer) is leash:
            del self._connecting[leash.peer]
            self._condition.notify_all()

    def _cut(self, leash: Leash) -> None:
        leash.is_cut = True
        claimed = {other.inode for other in self._leashes if other is not leash}
        for descriptor, inode in _socket_inodes().items():
            if inode == leash.inode or (
                inode not in leash.known
                and inode not in claimed
                and _peer_of(descriptor, inode) == leash.peer
            ):
                _shut_down(descriptor, inode)

    def _watch(self) -> None:
        poll = _FIRST_POLL_S
        with self._condition:
            while not self._is_closed:
                before = len(self._connecting)
                self._claim()
                now = time.monotonic()
                for leash in tuple(self._leashes):
                    if now > leash.deadline:
                        self._cut(leash)
                if not self._connecting:
                    poll = _FIRST_POLL_S
                    self._condition.wait(_IDLE_POLL_S)
                    continue
                poll = (
                    _FIRST_POLL_S if len(self._connecting) < before else min(poll * 2, _MAX_POLL_S)
                )
                self._condition.wait(poll)

    def _claim(self) -> None:
        if not self._connecting:
            return
        inodes = _socket_inodes()
        claimed = {leash.inode for leash in self._leashes}
        for peer, leash in tuple(self._connecting.items()):
            for descriptor, inode in inodes.items():
                if inode in leash.known or inode in claimed:
                    continue
                if _peer_of(descriptor, inode) == peer:
                    leash.inode = inode
                    self._release(leash)
                    break


def _socket_inodes() -> dict[int, int]:
    """Return this process's sockets as descriptor → inode."""
    found: dict[int, int] = {}
    # Listed every few milliseconds while a session connects: no Path object for each.
    for name in os.listdir(_FD_DIR):  # noqa: PTH208
        with contextlib.suppress(OSError, ValueError):
            target = os.readlink(f"{_FD_DIR}/{name}")  # noqa: PTH115
            if target.startswith("socket:["):
                found[int(name)] = int(target[8:-1])
    return found


@contextlib.contextmanager
def _borrow(descriptor: int, inode: int) -> Iterator[socket.socket | None]:
    # The number may mean another file by now: look at what the duplicate really is.
    try:
        duplicate = os.dup(descriptor)
    except OSError:
        yield None
        return
    status = os.fstat(duplicate)
    if not stat.S_ISSOCK(status.st_mode) or status.st_ino != inode:
        os.close(duplicate)
        yield None
        return
    with socket.socket(fileno=duplicate) as borrowed:
        yield borrowed


def _peer_of(descriptor: int, inode: int) -> Peer | None:
    with _borrow(descriptor, inode) as borrowed:
        if borrowed is None or borrowed.family not in (socket.AF_INET, socket.AF_INET6):
            return None
        try:
            name = borrowed.getpeername()
        except OSError:
            return None
        return str(name[0]), int(name[1])


def _shut_down(descriptor: int, inode: int) -> None:
    with _borrow(descriptor, inode) as borrowed:
        if borrowed is not None:
            with contextlib.suppress(OSError):
                borrowed.shutdown(socket.SHUT_RDWR)
