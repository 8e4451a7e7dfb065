"""Who exists, which tenants and which logins live, as every request asks: from memory, and never older than a few seconds."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from gtvision_edge.accounts import repository
from gtvision_edge.accounts.model import User
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database

T = TypeVar("T")

_FRESH_S: Final = 5.0
"""How long a change made by another process (the command line) may go unnoticed; our own are seen at once."""

_MAX_ENTRIES: Final = 10_000


class _Cache(Generic[T]):
    def __init__(self, clock: Clock, load: Callable[[str], Awaitable[T]]) -> None:
        self._clock = clock
        self._load = load
        self._entries: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._changes = 0

    async def get(self, key: str) -> T:
        entry = self._entries.get(key)
        now = self._clock.monotonic()
        if entry is not None and now - entry[0] < _FRESH_S:
            return entry[1]
        changes = self._changes
        value = await self._load(key)
        if changes == self._changes:  # else what was read may be from before a change
            self._entries[key] = (now, value)
            self._entries.move_to_end(key)
            if len(self._entries) > _MAX_ENTRIES:
                self._entries.popitem(last=False)
        return value

    def clear(self) -> None:
        self._changes += 1
        self._entries.clear()


class Directory:
    """Users by id, tenants and the liveness of logins, cached. Whoever changes one calls :meth:`changed` afterwards."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._users: _Cache[User | None] = _Cache(
            clock, lambda user_id: repository.find_user(database, user_id)
        )
        self._families: _Cache[bool] = _Cache(
            clock, lambda family_id: repository.is_family_alive(database, family_id)
        )
        self._tenants: _Cache[bool] = _Cache(
            clock, lambda tenant_id: repository.is_tenant(database, tenant_id)
        )

    async def find_user(self, user_id: str) -> User | None:
        return await self._users.get(user_id)

    async def is_login_alive(self, session_id: str) -> bool:
        return await self._families.get(session_id)

    async def is_tenant(self, tenant_id: str) -> bool:
        return await self._tenants.get(tenant_id)

    def changed(self) -> None:
        """Forget everything: some user, tenant or login was changed and committed."""
        self._users.clear()
        self._families.clear()
        self._tenants.clear()
