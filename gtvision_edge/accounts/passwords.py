"""Passwords: Argon2id in a bounded pool of threads, the rules for new ones, and readable random ones."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import argon2

from gtvision_edge.accounts.errors import LoginBusyError, WeakPasswordError

T = TypeVar("T")

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 256

# 32 MiB and two passes: 40-60 ms on a small box, and two at a time take no more than 64 MiB of it.
BOX_HASHER: Final = argon2.PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)

_WORKERS: Final = 2
_MAX_WAITING: Final = 32
_READABLE: Final = (
    "abcdefghjkmnpqrstuvwxyz23456789"  # no l 1 i o 0: read from a screen, typed by hand
)


def random_password() -> str:
    """Return 16 random characters (79 bits) in groups, fit to be read aloud."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def check_new_password(password: str, *, username: str) -> None:
    """Refuse a password that is too short, too long, or the login name.

    Raises:
        WeakPasswordError: with ``rule`` = ``length`` or ``username``.

    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPasswordError(
            f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.",
            rule="length",
            minimum=MIN_LENGTH,
            maximum=MAX_LENGTH,
        )
    if password.casefold() == username.casefold():
        raise WeakPasswordError("The password is the user name.", rule="username")


class Passwords:
    """Hashes and checks passwords outside the loop, so many at a time; the rest wait, and too many are turned away.

    Close it with :meth:`close`.
    """

    def __init__(self, hasher: argon2.PasswordHasher = BOX_HASHER) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="passwords")
        self._waiting = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return the PHC string of *password*.

        Raises:
            LoginBusyError: the queue is full.

        """
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Tell whether *password* made *password_hash*; None (no such user) costs as much and is False.

        Raises:
            LoginBusyError: the queue is full.

        """
        return await self._run(lambda: self._check(password_hash, password))

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether *password_hash* was made with other parameters than we use now."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, password_hash: str | None, password: str) -> bool:
        if self._decoy is None:
            self._decoy = self._hasher.hash(secrets.token_bytes(16))
        try:
            self._hasher.verify(password_hash or self._decoy, _bytes(password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return password_hash is not None

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _MAX_WAITING:
            raise LoginBusyError("Too many logins at once; try again.", retry_after_s=1)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
