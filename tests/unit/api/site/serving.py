"""The real server over loopback, and its client."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDictProxy
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts import Accounts, Principal, SessionService
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.auth_check import Gate, auth_check_endpoints
from gtvision_edge.api.console import Console
from gtvision_edge.api.door import STALL_PATIENCE_S
from gtvision_edge.api.itsapi import itsapi_routes
from gtvision_edge.api.probes import probe_routes
from gtvision_edge.api.routing import Endpoint
from gtvision_edge.api.server import Api, build_api, serve
from gtvision_edge.api.session import session_endpoints
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.detections.opening import Detections
from gtvision_edge.health.board import HealthBoard
from gtvision_edge.settings import ApiSettings
from gtvision_edge.storage import Database
from tests.unit.api.site.accounts import PEOPLE, SECRET
from tests.unit.api.site.monitor import FakeMonitor
from tests.unit.api.site.recordings import FakeFootage

CONSOLE = Console(
    {
        "index.html": b"<!doctype html><title>console</title>",
        "assets/app-1a2b.js": b"export const a = 1;\n" * 100,
        "favicon.svg": b"<svg/>",
    }
)


@dataclass
class Served:
    """The API as a client meets it."""

    url: str
    api: Api
    endpoints: list[Endpoint]
    http: aiohttp.ClientSession
    sessions: SessionService
    passwords: dict[str, str]
    user_ids: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    async def token(self, who: str) -> str:
        """Return an access token of *who*, who logs in when first needed."""
        if who not in self.tokens:
            login = await self.sessions.login(who, self.passwords[who], address=f"{who}'s own")
            self.tokens[who] = login.access_token
        return self.tokens[who]

    async def call(
        self, method: str, path: str, *, who: str | None = None, **arguments: Any
    ) -> tuple[int, Any]:
        """Call below the prefix; return status and decoded body."""
        status, _, content = await self.exchange(method, "/api/v1" + path, who=who, **arguments)
        return status, content

    async def exchange(
        self, method: str, path: str, *, who: str | None = None, **arguments: Any
    ) -> tuple[int, CIMultiDictProxy[str], Any]:
        headers = dict(arguments.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {await self.token(who)}"
        async with self.http.request(
            method, self.url + path, headers=headers, allow_redirects=False, **arguments
        ) as response:
            content: Any = await response.read()
            if "json" in response.content_type:
                content = await response.json(content_type=None)
            return response.status, response.headers, content


Starter = Callable[..., Any]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def stall_patience_s() -> float:
    """After how long who takes nothing is cut off; a test may set it by a parameter."""
    return STALL_PATIENCE_S


@pytest.fixture
def start(
    accounts: Accounts,
    admin: Principal,
    cameras: CameraService,
    footage: FakeFootage,
    database: Database,
    api_settings: ApiSettings,
    registry: CollectorRegistry,
    resources: list[Endpoint],
    monitor: FakeMonitor,
    stall_patience_s: float,
    detections: Detections,
) -> Callable[..., Any]:
    """Return a context manager that serves all resources, more endpoints, and other parts' routes."""

    @asynccontextmanager
    async def serving(
        endpoints: list[Endpoint] | None = None,
        *,
        settings: ApiSettings = api_settings,
        routes: Callable[[RequestAuthenticator], list[web.RouteDef]] = lambda _: [],
        gate: Gate = monitor,
    ) -> AsyncIterator[Served]:
        proxies = Proxies(settings.trusted_proxies)
        authenticator = RequestAuthenticator(
            accounts.sessions, proxies, cors_origins=settings.cors_origins
        )

        async def reads() -> None:
            await database.fetch_one("SELECT 1")

        board = HealthBoard({"database": reads})
        declared = [
            *session_endpoints(
                accounts.sessions,
                accounts.service,
                accounts.tenants,
                authenticator,
                cameras,
                footage.playback,
            ),
            *auth_check_endpoints(gate, proxies),
            *resources,
            *(endpoints or []),
        ]
        api = build_api(
            declared,
            settings=settings,
            authenticator=authenticator,
            proxies=proxies,
            console=CONSOLE,
            version="1.2.3",
            extra_routes=[
                *probe_routes(board, registry, authenticator),
                *itsapi_routes(detections.pushes, detections.login, proxies),
                *routes(authenticator),
            ],
            registry=registry,
        )
        assert accounts.first_password is not None
        passwords = {"admin": accounts.first_password} | {each.username: SECRET for each in PEOPLE}
        everyone = await accounts.service.list_users(admin)
        user_ids = {user.username: str(user.user_id) for user in everyone.users}
        async with (
            serve(
                api.application,
                host="127.0.0.1",
                port=0,
                short_way=api.short_way,
                stall_patience_s=stall_patience_s,
            ) as port,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        ):
            url = f"http://127.0.0.1:{port}"
            yield Served(url, api, declared, http, accounts.sessions, passwords, user_ids)

    return serving


@pytest.fixture
async def served(start: Starter) -> AsyncIterator[Served]:
    async with start() as opened:
        yield opened
