import sqlite3
from pathlib import Path

import pytest

from gtvision_edge.accounts import Accounts, NotAuthenticatedError, Principal
from tests.fakes.clock import FakeClock


def _disable_from_outside(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE users SET enabled = 0")
    connection.commit()
    connection.close()


async def test_a_change_by_another_process_is_noticed_within_five_seconds(
    accounts: Accounts, admin: Principal, clock: FakeClock, tmp_path: Path
) -> None:
    assert accounts.first_password is not None
    login = await accounts.sessions.login("admin", accounts.first_password, address="10.0.0.1")
    await accounts.sessions.authenticate(login.access_token)
    _disable_from_outside(tmp_path / "edge.db")

    await accounts.sessions.authenticate(login.access_token)  # from memory

    await clock.advance(5)
    with pytest.raises(NotAuthenticatedError):
        await accounts.sessions.authenticate(login.access_token)
