"""Access tokens (JWT), refresh tokens, one-time tickets, and the key that signs."""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jwt
import structlog

from gtvision_edge.accounts.errors import NotAuthenticatedError
from gtvision_edge.accounts.issuers import IssuedClaims
from gtvision_edge.accounts.model import UserId
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.durable import write_whole

log = structlog.get_logger(__name__)

KEY_FILE: Final = "session.key"
_KEY_BYTES: Final = 32
_ALGORITHM: Final = "HS256"
_AUDIENCE: Final = "gtvision-edge-api"
_CLOCK_LEEWAY_S: Final = 60
_MAX_TICKETS: Final = 10_000


def load_signing_key(state_dir: Path) -> bytes:
    """Return the key that signs access tokens; make it (mode 0600) at the first start. Blocks on the disk.

    It outlives restarts, so a restart logs nobody out. A damaged key is replaced: people log in again, which is better
    than a recorder that does not start.
    """
    path = state_dir / KEY_FILE
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    else:
        if len(key) == _KEY_BYTES:
            path.chmod(0o600)
            return key
        log.error("session_key_damaged", path=str(path))
    key = secrets.token_bytes(_KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, key)
    return key


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a good access token says. ``session_id`` is the login's refresh family."""

    user_id: UserId
    session_id: str
    token_version: int


Claims = AccessClaims | IssuedClaims
"""What a token of ours or of another issuer says."""


class AccessTokens:
    """Issues and reads JWTs of one site; the algorithm is pinned, the clock is ours."""

    def __init__(self, key: bytes, *, issuer: str, clock: Clock, lifetime_s: float) -> None:
        self._key = key
        self.issuer = issuer
        self._clock = clock
        self.lifetime_s = int(lifetime_s)

    def issue(self, claims: AccessClaims) -> str:
        now = self._clock.now_us() // 1_000_000
        payload = {
            "iss": self.issuer,
            "aud": _AUDIENCE,
            "sub": claims.user_id,
            "sid": claims.session_id,
            "ver": claims.token_version,
            "iat": now,
            "exp": now + self.lifetime_s,
        }
        return jwt.encode(payload, self._key, algorithm=_ALGORITHM)

    def read(self, token: str) -> AccessClaims:
        """Return what *token* says.

        Raises:
            NotAuthenticatedError: forged, foreign, malformed, run out, or from the future (the clock was set back).

        """
        try:
            payload = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=self.issuer,
                options={
                    "require": ["iss", "aud", "sub", "iat", "exp"],
                    # Checked below against our own clock.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            subject, session_id = payload["sub"], payload["sid"]
            version, issued, expires = payload["ver"], payload["iat"], payload["exp"]
        except (jwt.PyJWTError, KeyError, ValueError, RecursionError) as error:
            raise NotAuthenticatedError("The access token is not valid.") from error
        now = self._clock.now_us() // 1_000_000
        if (
            not isinstance(subject, str)
            or not isinstance(session_id, str)
            or not all(type(number) is int for number in (version, issued, expires))
        ):
            raise NotAuthenticatedError("The access token is not valid.")
        if not issued - _CLOCK_LEEWAY_S <= now < expires:
            raise NotAuthenticatedError("The access token has run out.")
        return AccessClaims(UserId(subject), session_id, version)


def new_secret() -> str:
    """Return 256 random bits fit for a cookie or a URL."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """Return what is kept of a refresh token or ticket: enough to know it again, not to use it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class _Ticket:
    claims: Claims
    path: str | None
    expires: float


class Tickets:
    """One-time proofs for what cannot send a header (WebSocket, players); in memory, so a restart ends them."""

    def __init__(self, clock: Clock, *, lifetime_s: float) -> None:
        self._clock = clock
        self.lifetime_s = int(lifetime_s)
        self._tickets: OrderedDict[bytes, _Ticket] = OrderedDict()

    def issue(self, claims: Claims, *, path: str | None) -> str:
        """Return a ticket for the bearer of *claims*; with *path* it opens that path alone."""
        now = self._clock.monotonic()
        while self._tickets:
            oldest = next(iter(self._tickets.values()))
            if oldest.expires > now and len(self._tickets) < _MAX_TICKETS:
                break
            self._tickets.popitem(last=False)
        ticket = new_secret()
        self._tickets[secret_hash(ticket)] = _Ticket(claims, path, now + self.lifetime_s)
        return ticket

    def redeem(self, ticket: str, *, path: str | None) -> Claims:
        """Use *ticket* up and return whose it is; a wrong *path* uses it up too.

        Raises:
            NotAuthenticatedError: unknown, used, run out, or for another path.

        """
        found = self._tickets.pop(secret_hash(ticket), None)
        if (
            found is None
            or found.expires <= self._clock.monotonic()
            or (found.path is not None and found.path != path)
        ):
            raise NotAuthenticatedError("The ticket is not valid.")
        return found.claims
