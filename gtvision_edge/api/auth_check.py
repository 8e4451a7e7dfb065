"""Answers a reverse proxy that asks, before it serves a stream itself, whether somebody may have it (``auth_request``)."""

import re
from typing import Final, Protocol

import structlog
from aiohttp import hdrs, web
from yarl import URL

from gtvision_edge.accounts import NotAuthenticatedError, NotPermittedError
from gtvision_edge.api.auth import SESSION, Proxies
from gtvision_edge.api.routing import PUBLIC, Call, Endpoint, Reply
from gtvision_edge.errors import EdgeError, ErrorKind

log = structlog.get_logger(__name__)

ORIGINAL_URI: Final = "X-Original-URI"
ORIGINAL_METHOD: Final = "X-Original-Method"
STREAM_QUERY: Final = "X-Stream-Query"
"""What the proxy has to put behind the addresses in a playlist, so that a ticket lasts beyond it."""

_MAX_URI: Final = 2048
# As the client wrote it: nothing encoded, no dots for a name, no doubled or turned slashes. The proxy serves what *it*
# makes of the address, so only addresses are let through that nobody can read in two ways. And only playlists and segments:
# posters, live sockets and WebRTC come through the daemon, which does more for them than to let somebody in.
_PATH: Final = r"(?!\.{1,2}/)[A-Za-z0-9_.-]{1,200}"
_FILE: Final = r"[A-Za-z0-9_.-]{1,195}\.(?:m3u8|mp4)"
_URI: Final = re.compile(
    rf"/stream/(?P<path>{_PATH})/{_FILE}(?:\?[!-\"$-~]*)?",
    re.ASCII,
)


class Gate(Protocol):
    """Lets viewers in or not; :class:`gtvision_edge.media.access.Doorkeeper` is one."""

    async def admit(self, request: web.Request, path: str) -> str:
        """Return if who sends *request* may have *path*; note it as its viewing.

        What is returned is the query that the addresses in a playlist have to carry for a player without cookies, '' = none.

        Raises:
            EdgeError: may not.

        """
        ...


class _AuthCheckResource:
    def __init__(self, gate: Gate, proxies: Proxies) -> None:
        self._gate = gate
        self._proxies = proxies

    async def check(self, call: Call) -> Reply:
        if not self._proxies.is_proxy(call.request):
            raise NotPermittedError("Only a trusted proxy is told.")
        original, path = _original(call.request)
        try:
            query = await self._gate.admit(original, path)
        except NotAuthenticatedError:
            raise
        except EdgeError as error:
            if error.kind not in (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN):
                raise
            # The proxy knows 401 and 403 only, and what is not theirs must look like what never was.
            log.info("stream_not_permitted", path=path, code=error.code, address=call.address)
            raise NotPermittedError("This may not be had.") from error
        finally:
            if SESSION in original:
                call.request[SESSION] = original[SESSION]
        return Reply(headers={STREAM_QUERY: f"?{query}"} if query else {})


def _original(request: web.Request) -> tuple[web.Request, str]:
    """Return the request that the proxy got, as if it had come to us, and the path of the stream it is for.

    Raises:
        NotPermittedError: it is for what no proxy serves itself, or may be read in two ways.

    """
    uris = request.headers.getall(ORIGINAL_URI, [])
    methods = request.headers.getall(ORIGINAL_METHOD, ["GET"])
    found = _URI.fullmatch(uris[0]) if len(uris) == 1 and len(uris[0]) <= _MAX_URI else None
    if found is None or methods != ["GET"]:
        raise NotPermittedError("This may not be had.")
    headers = request.headers.copy()
    headers.pop(hdrs.UPGRADE, None)
    original = request.clone(method="GET", rel_url=URL(uris[0], encoded=True), headers=headers)
    return original, found["path"]


def auth_check_endpoints(gate: Gate, proxies: Proxies) -> list[Endpoint]:
    """Return ``/auth/check``."""
    resource = _AuthCheckResource(gate, proxies)
    return [
        Endpoint(
            "GET",
            "/auth/check",
            resource.check,
            "Tell a reverse proxy whether a stream may be had",
            "session",
            PUBLIC,
            status=204,
            errors=(NotAuthenticatedError, NotPermittedError),
            description="For auth_request of nginx: 204, 401 or 403 for the GET of a playlist or segment in X-Original-URI and X-Original-Method,"
            " by its cookie, bearer token, ticket (which is used up) or stream session. Where the answer has X-Stream-Query, the addresses in the playlist must"
            " carry it. Only for api.trusted_proxies.",
        ),
    ]
