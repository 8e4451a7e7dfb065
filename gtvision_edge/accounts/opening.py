"""Puts the parts of accounts together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import argon2
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts.directory import Directory
from gtvision_edge.accounts.issuers import TokenIssuers
from gtvision_edge.accounts.passwords import BOX_HASHER, Passwords
from gtvision_edge.accounts.service import AccountService, ensure_site
from gtvision_edge.accounts.sessions import SessionService
from gtvision_edge.accounts.tenants import TenantService
from gtvision_edge.accounts.throttle import LoginThrottle
from gtvision_edge.accounts.tokens import AccessTokens, Tickets, load_signing_key
from gtvision_edge.audit import AuditLog
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.settings import AccountSettings, IdentitySettings
from gtvision_edge.storage import Database


@dataclass(frozen=True, slots=True)
class Accounts:
    """People (*service*), their *tenants*, their logins (*sessions*) and who else vouches for people (*issuers*), of the site *site_id*.

    *first_password* is that of the user ``admin``, made just now because nobody could log in; show it once.
    """

    site_id: str
    service: AccountService
    tenants: TenantService
    sessions: SessionService
    issuers: TokenIssuers
    first_password: str | None


@asynccontextmanager
async def open_accounts(
    settings: AccountSettings,
    *,
    state_dir: Path,
    database: Database,
    audit: AuditLog,
    clock: Clock,
    identity: IdentitySettings = IdentitySettings(),
    hasher: argon2.PasswordHasher = BOX_HASHER,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Accounts]:
    """Open the accounts of the site; at the first start make the site's id, its tenant and its administrator.

    Run ``sessions.keep_house_forever`` and ``issuers.keep_keys_fresh_forever`` while it is open.
    """
    site_id = await ensure_site(database, clock)
    key = await asyncio.to_thread(load_signing_key, state_dir)
    issuers = TokenIssuers(identity, clock, registry=registry)
    await asyncio.to_thread(issuers.refresh_keys)
    directory = Directory(database, clock)
    passwords = Passwords(hasher)
    try:
        service = AccountService(database, audit, clock, directory=directory, passwords=passwords)
        sessions = SessionService(
            database,
            audit,
            clock,
            directory=directory,
            passwords=passwords,
            throttle=LoginThrottle(
                clock, attempts=settings.login_attempts, lockout_s=settings.login_lockout
            ),
            tokens=AccessTokens(
                key,
                issuer=f"urn:gtvision:site:{site_id}",
                clock=clock,
                lifetime_s=settings.access_token,
            ),
            tickets=Tickets(clock, lifetime_s=settings.ticket),
            issuers=issuers,
            refresh_lifetime_s=settings.refresh_token,
            registry=registry,
        )
        first_password = await service.ensure_first_admin()
        tenants = TenantService(database, audit, clock, directory=directory)
        yield Accounts(site_id, service, tenants, sessions, issuers, first_password)
    finally:
        passwords.close()
