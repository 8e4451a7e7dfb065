from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import argon2
import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts import Accounts, Principal, open_accounts
from gtvision_edge.audit import AuditLog
from gtvision_edge.settings import AccountSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The weakest Argon2id there is: tests are about our rules, not about its cost."""


class Opener(Protocol):
    def __call__(
        self, settings: AccountSettings = ...
    ) -> AbstractAsyncContextManager[Accounts]: ...


@pytest.fixture
def audit(clock: FakeClock) -> AuditLog:
    return AuditLog(clock)


@pytest.fixture
def opener(tmp_path: Path, database: Database, audit: AuditLog, clock: FakeClock) -> Opener:
    def open_(
        settings: AccountSettings = AccountSettings(),
    ) -> AbstractAsyncContextManager[Accounts]:
        return open_accounts(
            settings,
            state_dir=tmp_path / "state",
            database=database,
            audit=audit,
            clock=clock,
            hasher=QUICK,
            registry=CollectorRegistry(),
        )

    return open_


@pytest.fixture
async def accounts(opener: Opener) -> AsyncIterator[Accounts]:
    async with opener() as opened:
        yield opened


@pytest.fixture
async def admin(accounts: Accounts) -> Principal:
    assert accounts.first_password is not None
    login = await accounts.sessions.login("admin", accounts.first_password, address="10.0.0.1")
    return login.user.principal()
