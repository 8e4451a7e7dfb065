"""The HTTP server: puts endpoints, other parts' routes and the console behind one set of rules."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from gtvision_edge.accounts import NotPermittedError, Principal
from gtvision_edge.api.around import AccessLog, rules, set_headers
from gtvision_edge.api.auth import (
    SESSION,
    Proxies,
    RequestAuthenticator,
    require_access,
    set_cookies,
)
from gtvision_edge.api.console import Console
from gtvision_edge.api.door import STALL_PATIENCE_S, Door, connection_limit
from gtvision_edge.api.errors import BodyTooSlowError
from gtvision_edge.api.openapi import describe
from gtvision_edge.api.parsing import parse_body, parse_query
from gtvision_edge.api.protocol import MAX_FIELD, Protocol
from gtvision_edge.api.routing import PREFIX, PUBLIC, Call, Endpoint, Reply
from gtvision_edge.api.short_way import ShortWay
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.settings import ApiSettings

log = structlog.get_logger(__name__)

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}")
"""Ids, and times as RFC 3339 writes them."""
_BODY_PATIENCE_S: Final = 30.0
STOP_PATIENCE_S: Final = 2.0
_READING: Final[dict[str, Any]] = {"access_log": None, "max_field_size": MAX_FIELD}
"""How aiohttp reads requests; it may log none, for their addresses carry tickets."""
_THREAD_FROM: Final = 64 * 1024
"""Bodies from this size on are parsed outside the loop."""


@dataclass(frozen=True, slots=True)
class Api:
    """What :func:`build_api` made; *authenticator* is for the parts whose *extra_routes* it serves."""

    application: web.Application
    short_way: ShortWay
    authenticator: RequestAuthenticator
    proxies: Proxies
    document: dict[str, Any]


def build_api(
    endpoints: Sequence[Endpoint],
    *,
    settings: ApiSettings,
    authenticator: RequestAuthenticator,
    proxies: Proxies,
    console: Console,
    version: str,
    extra_routes: Iterable[web.RouteDef] = (),
    registry: CollectorRegistry | None = None,
) -> Api:
    """Build the application that serves *endpoints* below the prefix, *extra_routes* beside it, and *console*.

    *extra_routes* get the same errors, headers, access log and CORS; they ask *authenticator* themselves.
    """
    document = describe(endpoints, version=version)
    access_log = AccessLog(proxies, registry or CollectorRegistry())
    application = web.Application(
        middlewares=[
            access_log.middleware(),
            rules(settings.cors_origins, console),
        ],
        client_max_size=settings.max_body,
    )

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        set_headers(request, response, settings.cors_origins)

    application.on_response_prepare.append(prepare)
    server = _Server(settings, authenticator, proxies)
    busy: dict[tuple[str, str], Handler] = {}
    for endpoint in endpoints:
        serving = server.serving(endpoint)
        if endpoint.is_busy:
            busy[endpoint.method, endpoint.full_path] = serving
        if endpoint.method == "GET":
            application.router.add_get(endpoint.full_path, serving)  # and HEAD
        else:
            application.router.add_route(endpoint.method, endpoint.full_path, serving)
    application.router.add_get(f"{PREFIX}/openapi.json", _document(document))
    application.add_routes(list(extra_routes))
    short_way = ShortWay(busy, access_log=access_log, origins=settings.cors_origins)
    return Api(application, short_way, authenticator, proxies, document)


@asynccontextmanager
async def serve(
    application: web.Application,
    *,
    host: str,
    port: int,
    short_way: ShortWay | None = None,
    stall_patience_s: float = STALL_PATIENCE_S,
) -> AsyncIterator[int]:
    """Listen on *host* and *port* (0 = any free one) while the block is open; yields the port.

    Who takes nothing of an answer for *stall_patience_s* is cut off. On leaving, no new request is taken; running ones have two seconds.
    """
    logging.getLogger("aiohttp.server").addFilter(_quiet_about_strangers)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_PATIENCE_S)
    await runner.setup()
    try:
        server, loop = runner.server, asyncio.get_running_loop()
        assert server is not None  # noqa: S101 -- made by setup()
        if short_way is not None:
            server.request_handler = short_way.before(server.request_handler)
        door = Door(
            server,
            lambda: Protocol(server, loop=loop, **_READING),
            limit=connection_limit(),
            stall_patience_s=stall_patience_s,
        )
        listener = await loop.create_server(door, host, port, backlog=512)
        try:
            yield int(listener.sockets[0].getsockname()[1])
        finally:
            listener.close()
    finally:
        await runner.cleanup()


def _quiet_about_strangers(record: logging.LogRecord) -> bool:
    """Drop aiohttp's trace of a request that was no HTTP: whoever scans ports would fill the journal."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


class _Server:
    def __init__(
        self, settings: ApiSettings, authenticator: RequestAuthenticator, proxies: Proxies
    ) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._proxies = proxies

    def serving(self, endpoint: Endpoint) -> Handler:
        _check_declaration(endpoint)

        async def handle(request: web.Request) -> web.StreamResponse:
            session = None
            if endpoint.access != PUBLIC:
                session = await endpoint.guest(request) if endpoint.guest else None
                if session is None:
                    session = await self._authenticator.find_session(
                        request, with_provisional_password=endpoint.with_provisional_password
                    )
                request[SESSION] = session
                await _require_access(endpoint, request, session.principal)
            _check_ids(endpoint, request)
            call = Call(
                request=request,
                address=self._proxies.client_address(request),
                session=session,
                query=_query(endpoint, request),
                body=await _body(endpoint, request),
            )
            return self._respond(endpoint, request, await endpoint.handler(call))

        return handle

    def _respond(
        self,
        endpoint: Endpoint,
        request: web.Request,
        result: BaseModel | Reply | web.StreamResponse | None,
    ) -> web.StreamResponse:
        if isinstance(result, web.StreamResponse):
            return result
        reply = result if isinstance(result, Reply) else Reply(result)
        if reply.content is None:
            response = web.Response(status=endpoint.status, headers=reply.headers)
        else:
            response = web.Response(
                body=reply.content.model_dump_json(by_alias=True).encode(),
                status=endpoint.status,
                headers=reply.headers,
                content_type="application/json",
            )
        if reply.cookies:
            set_cookies(
                response,
                reply.cookies,
                is_https=self._proxies.is_https(request),
                secure=self._settings.secure_cookies,
            )
        return response


def _check_declaration(endpoint: Endpoint) -> None:
    names = set(re.findall(r"\{(\w+)\}", endpoint.path))
    if names != set(endpoint.ids):
        raise ValueError(f"{endpoint.method} {endpoint.path}: ids must name {sorted(names)}")
    if names and endpoint.is_busy:
        raise ValueError(
            f"{endpoint.method} {endpoint.path}: what is busy is found by its whole path"
        )


async def _require_access(endpoint: Endpoint, request: web.Request, principal: Principal) -> None:
    try:
        require_access(endpoint.access, principal)
    except NotPermittedError:
        _check_ids(endpoint, request)
        if endpoint.look_up is not None:
            await endpoint.look_up(principal, *(request.match_info[name] for name in endpoint.ids))
        raise


def _check_ids(endpoint: Endpoint, request: web.Request) -> None:
    for name, error in endpoint.ids.items():
        if not _ID.fullmatch(request.match_info[name]):
            raise error("There is no such thing.")


def _query(endpoint: Endpoint, request: web.Request) -> BaseModel | None:
    if endpoint.query is None:
        return None
    return parse_query(list(request.query.items()), endpoint.query)


async def _body(endpoint: Endpoint, request: web.Request) -> BaseModel | None:
    if endpoint.body is None:
        return None
    try:
        async with asyncio.timeout(_BODY_PATIENCE_S):
            raw = await request.read()
    except TimeoutError as error:
        raise BodyTooSlowError("The request's body did not arrive in time.") from error
    if not raw and not any(field.is_required() for field in endpoint.body.model_fields.values()):
        raw = b"{}"
    # A form of another site can send text or form fields, but no JSON without asking first (CORS).
    elif request.content_type != "application/json":
        raise InvalidInputError(
            "The request is not right.",
            faults=[{"path": "", "message": "send application/json"}],
        )
    if len(raw) >= _THREAD_FROM:
        return await asyncio.to_thread(parse_body, raw, endpoint.body)
    return parse_body(raw, endpoint.body)


def _document(document: dict[str, Any]) -> Handler:
    content = json.dumps(document, ensure_ascii=False).encode()

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(body=content, content_type="application/json")

    return handle
