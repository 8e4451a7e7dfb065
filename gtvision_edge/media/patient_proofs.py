"""Who may go on watching while the database cannot tell: decided here for playlists, live sockets and WebRTC alike."""

import hashlib
from collections import OrderedDict
from typing import Final, Protocol, TypeVar

import structlog
from aiohttp import hdrs, web

from gtvision_edge.accounts import Session
from gtvision_edge.accounts.passes import Sessions
from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import StorageError

log = structlog.get_logger(__name__)

K = TypeVar("K")
V = TypeVar("V")

GRACE_S: Final = 60.0
"""So long after he was last let in a viewer goes on without being asked anew; a wall of tiles outlives a disk out of breath."""
MAX_REMEMBERED: Final = 10_000
"""Proofs and sessions each."""


class Authenticator(Protocol):
    """Finds out who sends a request, by bearer token or cookie."""

    async def find_session(self, request: web.Request) -> Session:
        """Return the session the request proves.

        Raises:
            EdgeError: it proves none.

        """
        ...


class PatientProofs:
    """An authenticator and the logins of the site, which remember for ``GRACE_S`` whom they let in.

    That counts where the database does not answer, and nowhere else: a ticket, and a proof that ran out or was refused since,
    are refused. Proofs are remembered as hashes.
    """

    def __init__(self, authenticator: Authenticator, sessions: Sessions, clock: Clock) -> None:
        self._authenticator = authenticator
        self._sessions = sessions
        self._clock = clock
        self._proven: OrderedDict[bytes, Session] = OrderedDict()
        self._let_in: OrderedDict[Session, float] = OrderedDict()
        self._told_at = float("-inf")

    async def find_session(self, request: web.Request) -> Session:
        """Return the session the request proves, or proved within the grace.

        Raises:
            StorageError: the database does not tell, and it is too long ago that this was proven, if ever.
            EdgeError: it proves none.

        """
        proof = _proof(request)
        try:
            session = await self._authenticator.find_session(request)
        except StorageError as error:
            proven = self._proven.get(proof)
            if proven is None or not self._is_in_grace(proven):
                raise
            self._tell(error)
            return proven
        except EdgeError:
            self._proven.pop(proof, None)
            raise
        _remember(self._proven, proof, session)
        self._let(session)
        return session

    async def redeem_ticket(self, ticket: str, *, path: str | None) -> Session:
        session = await self._sessions.redeem_ticket(ticket, path=path)
        self._let(session)
        return session

    async def is_still_good(self, session: Session) -> bool:
        """Tell whether *session* would be let in again, or was within the grace.

        Raises:
            StorageError: the database does not tell, and the grace is over: he may not go on.

        """
        try:
            is_good = await self._sessions.is_still_good(session)
        except StorageError as error:
            if not self._is_in_grace(session):
                raise
            self._tell(error)
            return True
        if is_good:
            self._let(session)
        else:
            self._let_in.pop(session, None)
        return is_good

    def _let(self, session: Session) -> None:
        _remember(self._let_in, session, self._clock.monotonic())

    def _is_in_grace(self, session: Session) -> bool:
        return self._clock.monotonic() - self._let_in.get(session, float("-inf")) < GRACE_S

    def _tell(self, error: StorageError) -> None:
        now = self._clock.monotonic()
        if now - self._told_at >= GRACE_S:  # not for each tile of a wall
            self._told_at = now
            log.warning("rights_not_checked", code=error.code)


def _remember(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MAX_REMEMBERED:
        kept.popitem(last=False)


def _proof(request: web.Request) -> bytes:
    told = [request.headers.get(name, "") for name in (hdrs.AUTHORIZATION, hdrs.COOKIE)]
    return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).digest()
