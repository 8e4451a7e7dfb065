"""Who asks: from a bearer token, the session cookie, or a one-time ticket; and from which address."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web

from gtvision_edge.accounts import (
    Login,
    NotAuthenticatedError,
    NotPermittedError,
    Principal,
    Session,
    SessionService,
    require_own_password,
)
from gtvision_edge.api.errors import ForeignOriginError
from gtvision_edge.api.routing import PREFIX, PUBLIC, Access, Cookie

log = structlog.get_logger(__name__)

SESSION_COOKIE: Final = "gtv_session"
REFRESH_COOKIE: Final = "gtv_refresh"
REFRESH_PATH: Final = f"{PREFIX}/auth"

SESSION: Final = web.RequestKey("session", Session)
"""Who was found to ask, for the access log."""

_SPEAKS_FOR_OTHERS: Final = ("X-Forwarded-For", "X-Original-URI")
_MAX_TOLD: Final = 20
"""Anybody may send such headers: the log is not to be filled by it."""

_ADDRESSES_KEPT: Final = 1024

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Proxies:
    """Believes ``X-Forwarded-*`` of the reverse proxies we were told of, and of nobody else."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = [ipaddress.ip_network(each, strict=False) for each in trusted]
        self._told_of: set[str] = set()
        # Asked several times of each request, and of few addresses.
        self._is_trusted = lru_cache(_ADDRESSES_KEPT)(self._lies_in_trusted)

    def client_address(self, request: web.Request) -> str:
        """Return the address of the client: the last one in the chain that is no proxy of ours."""
        address = request.remote or ""
        if not self._is_trusted(address):
            self._tell_of(request, address)
            return address
        chain = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, [])).split(",")
        for entry in reversed([each.strip() for each in chain if each.strip()]):
            try:
                address = str(ipaddress.ip_address(entry))
            except ValueError:
                return address
            if not self._is_trusted(address):
                return address
        return address

    def is_proxy(self, request: web.Request) -> bool:
        """Tell whether *request* came by one of our proxies, whose word on it we take."""
        return self._is_trusted(request.remote or "")

    def is_https(self, request: web.Request) -> bool:
        if self._is_trusted(request.remote or ""):
            scheme = request.headers.get(hdrs.X_FORWARDED_PROTO, "").rpartition(",")[2]
            if scheme.strip():
                return scheme.strip().lower() == "https"
        return request.secure

    def host(self, request: web.Request) -> str:
        """Return host and port as the client addressed us, in lower case."""
        if self._is_trusted(request.remote or ""):
            forwarded = request.headers.get(hdrs.X_FORWARDED_HOST, "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded.lower()
        return request.host.lower()

    def _tell_of(self, request: web.Request, address: str) -> None:
        """Say once of each address that it speaks for others and is not believed: mostly a proxy nobody told us of."""
        if address in self._told_of or len(self._told_of) >= _MAX_TOLD:
            return
        if not any(name in request.headers for name in _SPEAKS_FOR_OTHERS):
            return
        self._told_of.add(address)
        log.warning("proxy_not_trusted", address=address, setting="api.trusted_proxies")

    def _lies_in_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


class RequestAuthenticator:
    """Finds the session a request proves."""

    def __init__(
        self,
        sessions: SessionService,
        proxies: Proxies,
        *,
        cors_origins: Sequence[str] = (),
    ) -> None:
        self._sessions = sessions
        self._proxies = proxies
        self._cors_origins = frozenset(cors_origins)

    async def find_session(
        self, request: web.Request, *, with_provisional_password: bool = False
    ) -> Session:
        """Return the session of *request*: the bearer token's, else the cookie's.

        Raises:
            PasswordChangeRequiredError: the password has to be changed first, unless *with_provisional_password*.
            NotAuthenticatedError: no proof, or one that is no longer good.
            ForeignOriginError: a cookie came along with what a page of another site wants to change.

        """
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer":
                raise NotAuthenticatedError("Only bearer tokens are accepted.")
            session = await self._sessions.authenticate(token.strip())
        else:
            cookie = request.cookies.get(SESSION_COOKIE)
            if not cookie:
                raise NotAuthenticatedError("Log in first.")
            self.require_own_origin(request)
            session = await self._sessions.authenticate(cookie)
        request[SESSION] = session
        if not with_provisional_password:
            require_own_password(session.principal)
        return session

    def require_own_origin(self, request: web.Request) -> None:
        """Refuse what another site's page sends with our cookie: unsafe methods and WebSockets.

        A browser says so itself (``Sec-Fetch-Site``, which no page can set); an older one, or one without HTTPS, tells the
        origin; a client that tells neither is no browser and has its cookie from us.

        Raises:
            ForeignOriginError: it comes from elsewhere.

        """
        is_socket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        if request.method in _SAFE and not is_socket:
            return
        origin = request.headers.get(hdrs.ORIGIN)
        if origin in self._cors_origins:
            return
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            is_own = site in ("same-origin", "none")
        else:
            is_own = origin is None or _host_of(origin) == self._proxies.host(request)
        if is_own:
            return
        raise ForeignOriginError("This came from a page of another site.")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # such as an open bracket: an origin of nobody
        return None


def require_access(access: Access, principal: Principal) -> None:
    """Refuse who may not do this.

    Raises:
        NotPermittedError: the role is not among those that may.

    """
    if access != PUBLIC and principal.role not in access:
        raise NotPermittedError("Your role does not allow this.")


def login_cookies(login: Login) -> list[Cookie]:
    """Return the cookies of a login: the access token for every path, the refresh token for its own."""
    return [
        Cookie(SESSION_COOKIE, login.access_token, login.expires_in_s),
        Cookie(REFRESH_COOKIE, login.refresh_token, login.refresh_expires_in_s, REFRESH_PATH),
    ]


def no_cookies() -> list[Cookie]:
    """Return what takes the cookies of a login away."""
    return [Cookie(SESSION_COOKIE, "", 0), Cookie(REFRESH_COOKIE, "", 0, REFRESH_PATH)]


def set_cookies(
    response: web.StreamResponse,
    cookies: Sequence[Cookie],
    *,
    is_https: bool,
    secure: Literal["auto", "always", "never"],
) -> None:
    """Put *cookies* on *response*: HttpOnly, SameSite=Strict, Secure by HTTPS or as *secure* says."""
    for cookie in cookies:
        response.set_cookie(
            cookie.name,
            cookie.value,
            max_age=cookie.max_age_s,
            path=cookie.path,
            secure=secure == "always" or (secure == "auto" and is_https),
            httponly=True,
            samesite="Strict",
        )
