"""The people of the site, their two tenants, the log and the keys."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import argon2
import pytest

from gtvision_edge.accounts import Accounts, NewUser, Principal, Role, TenantId, open_accounts
from gtvision_edge.audit import AuditLog
from gtvision_edge.keys import OpenedKeys, open_keys
from gtvision_edge.settings import AccountSettings, IdentitySettings, PaperSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRET = "a longer secret"
A, B = TenantId("a"), TenantId("b")
person = partial(NewUser, must_change_password=False)
PEOPLE = [
    person("admin-a", SECRET, Role.ADMIN, tenant_id=A),
    person("operator-a", SECRET, Role.OPERATOR, tenant_id=A),
    person("viewer-a", SECRET, Role.VIEWER, tenant_id=A),
    person("auditor-a", SECRET, Role.AUDITOR, tenant_id=A),
    person("narrow-a", SECRET, Role.OPERATOR, tenant_id=A, camera_ids=frozenset({"cam01"})),
    person("admin-b", SECRET, Role.ADMIN, tenant_id=B),
    person("viewer-b", SECRET, Role.VIEWER, tenant_id=B),
]


@pytest.fixture
def audit(clock: FakeClock) -> AuditLog:
    return AuditLog(clock)


@pytest.fixture
def keys(tmp_path: Path) -> OpenedKeys:
    return open_keys(tmp_path / "keys", PaperSettings(), site_id="a-site")


@pytest.fixture
def identity() -> IdentitySettings:
    return IdentitySettings()


@pytest.fixture
async def accounts(
    tmp_path: Path,
    database: Database,
    audit: AuditLog,
    clock: FakeClock,
    identity: IdentitySettings,
) -> AsyncIterator[Accounts]:
    async with open_accounts(
        AccountSettings(),
        state_dir=tmp_path / "state",
        database=database,
        audit=audit,
        clock=clock,
        identity=identity,
        hasher=QUICK,
    ) as opened:
        yield opened


@pytest.fixture
async def admin(accounts: Accounts) -> Principal:
    assert accounts.first_password is not None
    login = await accounts.sessions.login("admin", accounts.first_password, address="10.0.0.1")
    principal = login.user.principal()
    for tenant_id in (A, B):
        await accounts.tenants.create_tenant(
            principal, tenant_id.upper(), tenant_id=tenant_id, address=""
        )
    for person in PEOPLE:
        await accounts.service.create_user(principal, person, address="")
    return principal
