"""A site of two tenants behind the real server, over loopback."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import argon2
import pytest
from aiohttp import web
from multidict import CIMultiDictProxy
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts import Accounts, NewUser, Principal, Role, TenantId, open_accounts
from gtvision_edge.api.auth import Proxies, RequestAuthenticator
from gtvision_edge.api.console import Console
from gtvision_edge.api.probes import probe_routes
from gtvision_edge.api.routing import Endpoint
from gtvision_edge.api.server import Api, build_api, serve
from gtvision_edge.api.session import session_endpoints
from gtvision_edge.audit import AuditLog
from gtvision_edge.health.board import HealthBoard
from gtvision_edge.settings import AccountSettings, ApiSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "a longer secret"
A, B = TenantId("a"), TenantId("b")
PEOPLE = [
    NewUser("admin-a", SECRET, Role.ADMIN, tenant_id=A),
    NewUser("operator-a", SECRET, Role.OPERATOR, tenant_id=A),
    NewUser("viewer-a", SECRET, Role.VIEWER, tenant_id=A),
    NewUser("auditor-a", SECRET, Role.AUDITOR, tenant_id=A),
    NewUser("narrow-a", SECRET, Role.OPERATOR, tenant_id=A, camera_ids=frozenset({"cam01"})),
    NewUser("admin-b", SECRET, Role.ADMIN, tenant_id=B),
    NewUser("viewer-b", SECRET, Role.VIEWER, tenant_id=B),
]

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
    http: aiohttp.ClientSession
    tokens: dict[str, str]
    user_ids: dict[str, str]

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
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        async with self.http.request(
            method, self.url + path, headers=headers, allow_redirects=False, **arguments
        ) as response:
            content: Any = await response.read()
            if "json" in response.content_type:
                content = await response.json(content_type=None)
            return response.status, response.headers, content


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def audit(clock: FakeClock) -> AuditLog:
    return AuditLog(clock)


@pytest.fixture
async def accounts(
    tmp_path: Path, database: Database, audit: AuditLog, clock: FakeClock
) -> AsyncIterator[Accounts]:
    async with open_accounts(
        AccountSettings(),
        state_dir=tmp_path / "state",
        database=database,
        audit=audit,
        clock=clock,
        hasher=QUICK,
    ) as opened:
        yield opened


@pytest.fixture
async def admin(accounts: Accounts) -> Principal:
    assert accounts.first_password is not None
    login = await accounts.sessions.login("admin", accounts.first_password, address="10.0.0.1")
    principal = login.user.principal()
    for tenant_id in (A, B):
        await accounts.service.create_tenant(principal, tenant_id, tenant_id.upper(), address="")
    for person in PEOPLE:
        await accounts.service.create_user(principal, person, address="")
    return principal


Starter = Callable[..., Any]


@pytest.fixture
def start(
    accounts: Accounts,
    admin: Principal,
    database: Database,
    api_settings: ApiSettings,
    registry: CollectorRegistry,
) -> Callable[..., Any]:
    """Return a context manager that serves given endpoints and routes beside the session's."""

    @asynccontextmanager
    async def serving(
        endpoints: list[Endpoint] | None = None,
        *,
        settings: ApiSettings = api_settings,
        routes: Callable[[RequestAuthenticator], list[web.RouteDef]] = lambda _: [],
    ) -> AsyncIterator[Served]:
        proxies = Proxies(settings.trusted_proxies)
        authenticator = RequestAuthenticator(
            accounts.sessions, proxies, cors_origins=settings.cors_origins
        )

        async def reads() -> None:
            await database.fetch_one("SELECT 1")

        board = HealthBoard({"database": reads})
        api = build_api(
            [
                *session_endpoints(accounts.sessions, accounts.service, authenticator),
                *(endpoints or []),
            ],
            settings=settings,
            authenticator=authenticator,
            proxies=proxies,
            console=CONSOLE,
            version="1.2.3",
            extra_routes=[
                *probe_routes(board, registry, authenticator),
                *routes(authenticator),
            ],
            registry=registry,
        )
        assert accounts.first_password is not None
        passwords = {"admin": accounts.first_password} | {each.username: SECRET for each in PEOPLE}
        tokens: dict[str, str] = {}
        user_ids: dict[str, str] = {}
        for number, (username, password) in enumerate(passwords.items()):
            login = await accounts.sessions.login(username, password, address=f"10.0.1.{number}")
            tokens[username] = login.access_token
            user_ids[username] = login.user.user_id
        async with (
            serve(api.application, host="127.0.0.1", port=0) as port,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        ):
            yield Served(f"http://127.0.0.1:{port}", api, http, tokens, user_ids)

    return serving


@pytest.fixture
async def served(start: Starter) -> AsyncIterator[Served]:
    async with start() as opened:
        yield opened


Call = Callable[..., Awaitable[tuple[int, Any]]]
