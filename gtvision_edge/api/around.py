"""What stands around every handler: the access log and its figures, headers, questions of browsers, pages of the console, and failures as problems."""

import logging
import time
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Final

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter, Histogram

from gtvision_edge.api.auth import SESSION, Proxies
from gtvision_edge.api.console import Console
from gtvision_edge.api.errors import IS_STARTED, problems
from gtvision_edge.api.headers import ON_EVERY_ANSWER
from gtvision_edge.api.routing import PREFIX
from gtvision_edge.runtime.ids import new_request_id
from gtvision_edge.runtime.logs import REQUEST_ID, mask_secrets

log = structlog.get_logger(__name__)

_EXPOSED: Final = "Content-Range, Accept-Ranges, ETag, Link, Location, Retry-After, X-Request-Id, X-Stream-State, X-Picture-Time, X-GTV-Time, X-GTV-Codecs, X-GTV-Audio"
_REQUEST_ID: Final = web.RequestKey("request_id", str)
_QUIET_ROUTES: Final = (
    *("/healthz", "/readyz", "/metrics", "/stream/", "/whep/", "/ws/", "/assets/"),
    # Hundreds a second; each that is kept is a row of its own.
    *(f"{PREFIX}/webhooks/", "/NotificationInfo/", "/BNotificationInfo/"),
)


class AccessLog:
    """Numbers requests, counts them by route, and writes down those that somebody may want to read."""

    def __init__(self, proxies: Proxies, registry: CollectorRegistry) -> None:
        self._proxies = proxies
        requests = Counter(
            "gtvision_edge_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        seconds = Histogram(
            "gtvision_edge_http_request_seconds",
            "Time from a request's head to the end of its answer.",
            ["route"],
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 1, 5, 30),
            registry=registry,
        )

        @cache  # as many as there are series, which the metric itself keeps
        def series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
            return requests.labels(method, route, status), seconds.labels(route)

        self._series = series

    async def around(
        self, request: web.Request, handler: Handler, *, route: str | None = None
    ) -> web.StreamResponse:
        """Return what *handler* answers; *route* None: the one that the router found."""
        request_id = request[_REQUEST_ID] = new_request_id()
        started = time.perf_counter()  # measures work, decides nothing: no Clock needed
        outside = REQUEST_ID.set(request_id)
        try:
            response = await handler(request)
            elapsed_s = time.perf_counter() - started
            method = request.method if request.method in hdrs.METH_ALL else "other"
            count, took = self._series(method, route or _route_of(request), response.status)
            count.inc()
            took.observe(elapsed_s)
            is_quiet = response.status < 400 and (
                request.method in ("GET", "HEAD") or request.path.startswith(_QUIET_ROUTES)
            )
            # What nobody will read is not even put together.
            if not is_quiet or logging.getLogger(__name__).isEnabledFor(logging.DEBUG):
                session = request.get(SESSION)
                (log.debug if is_quiet else log.info)(
                    "request",
                    method=method,
                    # Never the query: it may hold a token or a ticket.
                    path=mask_secrets(request.path[:200]),
                    status=response.status,
                    seconds=round(elapsed_s, 4),
                    address=self._proxies.client_address(request),
                    user=session.principal.username if session else None,
                )
        finally:
            REQUEST_ID.reset(outside)
        return response

    def middleware(self) -> Any:
        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self.around(request, handler)

        return middleware


def _route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def rules(origins: Sequence[str], console: Console) -> Any:
    """Return what stands around every handler: questions of browsers, pages of the console, and failures as problems."""

    async def page_or_handler(request: web.Request, handler: Handler) -> web.StreamResponse:
        page = _console_page(request, console)
        return page if page is not None else await handler(request)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "OPTIONS" and _is_preflight(request, origins):
            return web.Response(
                status=204,
                headers={
                    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, PATCH, PUT, DELETE",
                    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Content-Type, If-Match, Range",
                    hdrs.ACCESS_CONTROL_MAX_AGE: "600",
                },
            )
        if request.method in ("GET", "HEAD"):
            return await problems(request, partial(page_or_handler, handler=handler))
        return await problems(request, handler)

    return middleware


def _is_preflight(request: web.Request, origins: Sequence[str]) -> bool:
    origin = request.headers.get(hdrs.ORIGIN)
    asks = hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    return origin is not None and asks and _is_allowed(origin, origins)


def _console_page(request: web.Request, console: Console) -> web.StreamResponse | None:
    is_unknown = isinstance(request.match_info.http_exception, web.HTTPNotFound)
    return console.respond(request) if is_unknown else None


def _is_allowed(origin: str, origins: Sequence[str]) -> bool:
    return origin in origins or "*" in origins


def set_headers(request: web.Request, response: web.StreamResponse, origins: Sequence[str]) -> None:
    """Put on *response* what stands above every answer, before it is sent."""
    response.headers.update(ON_EVERY_ANSWER)
    if request.path.startswith("/api/"):
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    if _REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[_REQUEST_ID]
    origin = request.headers.get(hdrs.ORIGIN)
    if origins:
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
    if origin is not None and _is_allowed(origin, origins):
        # Without credentials: our cookies are SameSite=Strict, other sites use bearer tokens and tickets.
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
    request[IS_STARTED] = True
