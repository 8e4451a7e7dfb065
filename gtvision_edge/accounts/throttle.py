"""Slows down who guesses passwords, without giving anyone the means to lock a user out for good."""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from gtvision_edge.accounts.errors import LoginThrottledError
from gtvision_edge.runtime.clock import Clock

_MAX_ENTRIES: Final = 10_000
"""Of each table; the oldest goes first. What a stranger can make us remember is bounded."""

_ADDRESS_FACTOR: Final = 4
"""An address may fail this many times as often as one user from it: people share addresses behind a router."""

_USER_FACTOR: Final = 10
"""A user may fail this many times as often from everywhere together before new addresses must wait in turn."""

_USER_PAUSE_S: Final = 10.0
"""From then on, one try per so many seconds from addresses the user never logged in from."""


@dataclass(slots=True)
class _Count:
    tries: int = 0
    last: float = 0.0
    until: float = 0.0


class _Table:
    """Counts tries per key; after *limit* of them, *pause_s* without any; forgets after *memory_s* of quiet."""

    def __init__(self, limit: int, pause_s: float, memory_s: float) -> None:
        self._limit = limit
        self._pause_s = pause_s
        self._memory_s = memory_s
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def wait_s(self, key: str, now: float) -> float:
        count = self._counts.get(key)
        return max(0.0, count.until - now) if count else 0.0

    def count(self, key: str, now: float) -> bool:
        """Count a try; True if it is the one that shuts the door."""
        count = self._counts.setdefault(key, _Count())
        if now - count.last > self._memory_s:
            count.tries = 0
        count.tries += 1
        count.last = now
        self._counts.move_to_end(key)
        if len(self._counts) > _MAX_ENTRIES:
            self._counts.popitem(last=False)
        if count.tries < self._limit:
            return False
        count.until = now + self._pause_s
        return count.tries == self._limit

    def take_back(self, key: str) -> None:
        count = self._counts.get(key)
        if count is not None and count.tries:
            count.tries -= 1
            if count.tries < self._limit:
                count.until = 0.0

    def forget(self, key: str) -> None:
        self._counts.pop(key, None)


class LoginThrottle:
    """Three counters of failed logins: user from an address, address, user from everywhere.

    The first two shut the door for *lockout_s* after *attempts* (times four for an address). The third only makes
    addresses from which the user never logged in take turns. Kept in memory: a restart forgives.
    """

    def __init__(self, clock: Clock, *, attempts: int, lockout_s: float) -> None:
        self._clock = clock
        self._pairs = _Table(attempts, lockout_s, lockout_s)
        self._addresses = _Table(attempts * _ADDRESS_FACTOR, lockout_s, lockout_s)
        self._users = _Table(attempts * _USER_FACTOR, _USER_PAUSE_S, lockout_s)
        self._known: OrderedDict[str, None] = OrderedDict()

    def begin(self, username: str, address: str) -> bool:
        """Count a try before it is checked, so that many at once gain nothing; True if it is the last one for now.

        Raises:
            LoginThrottledError: not now; ``retry_after_s`` is a whole number of seconds.

        """
        now = self._clock.monotonic()
        user, origin, pair = _keys(username, address)
        waits = [self._pairs.wait_s(pair, now)]
        if (
            pair not in self._known
        ):  # who guesses behind a shared address locks out no colleague there
            waits += [self._addresses.wait_s(origin, now), self._users.wait_s(user, now)]
        if max(waits) > 0:
            raise LoginThrottledError(
                "Too many wrong passwords; wait before the next try.",
                retry_after_s=math.ceil(max(waits)),
            )
        shut = [
            self._pairs.count(pair, now),
            self._addresses.count(origin, now),
            self._users.count(user, now),
        ]
        return any(shut)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the pair's failures, for the try begun last was right; remember the address as the user's own."""
        user, origin, pair = _keys(username, address)
        self._pairs.forget(pair)
        # The address keeps its other failures: else one good account would buy a guesser any number of tries.
        self._addresses.take_back(origin)
        self._users.take_back(user)
        self._known[pair] = None
        self._known.move_to_end(pair)
        if len(self._known) > _MAX_ENTRIES:
            self._known.popitem(last=False)

    def abandoned(self, username: str, address: str) -> None:
        """Take back the try begun last, which was never checked (we were busy or failed)."""
        user, origin, pair = _keys(username, address)
        self._pairs.take_back(pair)
        self._addresses.take_back(origin)
        self._users.take_back(user)


def _keys(username: str, address: str) -> tuple[str, str, str]:
    user, origin = username.casefold(), _origin(address)
    return user, origin, f"{origin} {user}"


def _origin(address: str) -> str:
    """Return *address*, or its /64 for IPv6: one household has 2^64 of those."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
