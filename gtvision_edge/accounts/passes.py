"""Sessions of players without cookies: opened with a one-time ticket, carried on in the addresses they are given."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol

from gtvision_edge.accounts.errors import NotAuthenticatedError
from gtvision_edge.accounts.sessions import Session
from gtvision_edge.runtime.clock import Clock

IDLE_S: Final = 120.0
"""A player may pause for so long before its session ends."""
MAX_PASSES: Final = 10_000


class Sessions(Protocol):
    """The logins of the site; :class:`~gtvision_edge.accounts.SessionService` is one."""

    async def redeem_ticket(self, ticket: str, *, path: str | None) -> Session: ...
    async def is_still_good(self, session: Session) -> bool: ...


@dataclass(slots=True)
class Pass:
    """Whose session it is and for which path it is good; ends with the login, and when it is not used."""

    token: str
    session: Session
    path: str
    until: float


class Passes:
    """The passes of one kind of address. In memory: after a restart players need a new ticket."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._passes: OrderedDict[str, Pass] = OrderedDict()

    async def open(self, ticket: str, *, path: str) -> Pass:
        """Use *ticket* up and return a pass for *path*.

        Raises:
            NotAuthenticatedError: unknown, used, run out, or for another path.

        """
        session = await self._sessions.redeem_ticket(ticket, path=path)
        token = secrets.token_urlsafe(24)
        self.sweep()
        until = self._clock.monotonic() + IDLE_S
        opened = self._passes[token] = Pass(token, session, path, until)
        while len(self._passes) > MAX_PASSES:
            self._passes.popitem(last=False)
        return opened

    async def find(self, token: str, *, path: str | None = None) -> Pass:
        """Return a pass and keep it alive. *path* None: whether its path is the right one is for the caller to see.

        Raises:
            NotAuthenticatedError: there is no such pass, it is for another path, or its login has ended.

        """
        held = self._passes.get(token)
        if (
            held is None
            or held.until < self._clock.monotonic()
            or (path is not None and held.path != path)
        ):
            raise NotAuthenticatedError("This player's session has ended.")
        if not await self._sessions.is_still_good(held.session):
            self._passes.pop(token, None)
            raise NotAuthenticatedError("The session has ended.")
        self.keep(token)
        return held

    def keep(self, token: str) -> None:
        """Put off the end of a pass whose player stays connected; nothing happens to one that ended."""
        held = self._passes.get(token)
        if held is not None:
            held.until = self._clock.monotonic() + IDLE_S
            self._passes.move_to_end(token, last=True)

    def sweep(self) -> None:
        """Forget the passes that nobody used for long."""
        now = self._clock.monotonic()
        while self._passes and next(iter(self._passes.values())).until < now:
            self._passes.popitem(last=False)
