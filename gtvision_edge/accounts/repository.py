"""All SQL about people, tenants and refresh tokens. Functions of a transaction run in the writer's thread."""

import json
from dataclasses import dataclass
from typing import Any

from gtvision_edge.accounts.model import Role, Tenant, TenantId, User, UserId
from gtvision_edge.storage import Database, Row, Transaction

_USER = (
    "user_id, username, name, role, tenant_id, camera_ids, locale, enabled,"
    " must_change_password, token_version, created_us, last_login_us"
)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A row of ``refresh_tokens``; ``successor_used`` tells whether a token made from it was used in turn."""

    family_id: str
    user_id: UserId
    expires_us: int
    used_us: int | None
    successor_used: bool


# -- the site ----------------------------------------------------------------------------------------------


def find_site_id(transaction: Transaction) -> str | None:
    row = transaction.execute("SELECT site_id FROM site").fetchone()
    return str(row[0]) if row else None


def insert_site(transaction: Transaction, site_id: str, now_us: int) -> None:
    transaction.execute(
        "INSERT INTO site (id, site_id, created_us) VALUES (1, ?, ?)", (site_id, now_us)
    )


# -- tenants -----------------------------------------------------------------------------------------------


async def all_tenants(database: Database) -> list[Tenant]:
    rows = await database.fetch_all(
        "SELECT tenant_id, name, created_us FROM tenants ORDER BY tenant_id"
    )
    return [Tenant(*row) for row in rows]


def find_tenant(transaction: Transaction, tenant_id: str) -> Tenant | None:
    row = transaction.execute(
        "SELECT tenant_id, name, created_us FROM tenants WHERE tenant_id = ?", (tenant_id,)
    ).fetchone()
    return Tenant(*row) if row else None


async def is_tenant(database: Database, tenant_id: str) -> bool:
    row = await database.fetch_one("SELECT 1 FROM tenants WHERE tenant_id = ?", (tenant_id,))
    return row is not None


def insert_tenant(transaction: Transaction, tenant: Tenant) -> None:
    transaction.execute(
        "INSERT INTO tenants (tenant_id, name, created_us) VALUES (?, ?, ?)",
        (tenant.tenant_id, tenant.name, tenant.created_us),
    )


def rename_tenant(transaction: Transaction, tenant_id: TenantId, name: str) -> None:
    transaction.execute("UPDATE tenants SET name = ? WHERE tenant_id = ?", (name, tenant_id))


# -- users -------------------------------------------------------------------------------------------------


async def users_after(
    database: Database, username: str, limit: int, *, tenant_id: TenantId | None
) -> list[User]:
    """Return up to *limit* users in order of their login names, after *username*."""
    rows = await database.fetch_all(
        f"SELECT {_USER} FROM users WHERE username > ? AND (?2 IS NULL OR tenant_id = ?2)"  # noqa: S608 -- a constant
        " ORDER BY username LIMIT ?3",
        (username, tenant_id, limit),
    )
    return [_to_user(row) for row in rows]


async def find_user(database: Database, user_id: str) -> User | None:
    row = await database.fetch_one(
        f"SELECT {_USER} FROM users WHERE user_id = ?",  # noqa: S608 -- a constant
        (user_id,),
    )
    return _to_user(row) if row else None


async def find_login(database: Database, username: str) -> tuple[User, str] | None:
    """Return the user with that login name and the password's hash."""
    row = await database.fetch_one(
        f"SELECT {_USER}, password_hash FROM users WHERE username = ?",  # noqa: S608 -- a constant
        (username,),
    )
    return (_to_user(row), row["password_hash"]) if row else None


def get_user_row(transaction: Transaction, user_id: str) -> User | None:
    row = transaction.execute(
        f"SELECT {_USER} FROM users WHERE user_id = ?",  # noqa: S608 -- a constant
        (user_id,),
    ).fetchone()
    return _to_user(row) if row else None


def has_users(transaction: Transaction) -> bool:
    return transaction.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None


def is_username_taken(transaction: Transaction, username: str) -> bool:
    found = transaction.execute("SELECT 1 FROM users WHERE username = ?", (username,)).fetchone()
    return found is not None


def has_other_site_admin(transaction: Transaction, user_id: str) -> bool:
    """Tell whether an enabled administrator of everything exists besides *user_id*."""
    found = transaction.execute(
        "SELECT 1 FROM users WHERE role = 'admin' AND enabled = 1 AND tenant_id IS NULL"
        " AND camera_ids IS NULL AND user_id != ? LIMIT 1",
        (user_id,),
    ).fetchone()
    return found is not None


def insert_user(transaction: Transaction, user: User, password_hash: str) -> None:
    transaction.execute(
        f"INSERT INTO users ({_USER}, password_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- a constant
        (*_from_user(user), password_hash),
    )


def update_user(transaction: Transaction, user: User) -> None:
    """Write all columns of *user* but the password's hash."""
    names = _USER.split(", ")
    transaction.execute(
        f"UPDATE users SET {', '.join(f'{name} = ?' for name in names)} WHERE user_id = ?",  # noqa: S608 -- constants
        (*_from_user(user), user.user_id),
    )


def set_password_hash(transaction: Transaction, user_id: UserId, password_hash: str) -> None:
    transaction.execute(
        "UPDATE users SET password_hash = ? WHERE user_id = ?", (password_hash, user_id)
    )


def set_last_login(transaction: Transaction, user_id: UserId, now_us: int) -> None:
    transaction.execute("UPDATE users SET last_login_us = ? WHERE user_id = ?", (now_us, user_id))


def delete_user(transaction: Transaction, user_id: UserId) -> None:
    transaction.execute("DELETE FROM users WHERE user_id = ?", (user_id,))


def _to_user(row: Row) -> User:
    camera_ids = row["camera_ids"]
    return User(
        user_id=row["user_id"],
        username=row["username"],
        name=row["name"],
        role=Role(row["role"]),
        tenant_id=row["tenant_id"],
        camera_ids=None if camera_ids is None else frozenset(json.loads(camera_ids)),
        locale=row["locale"],
        enabled=bool(row["enabled"]),
        must_change_password=bool(row["must_change_password"]),
        token_version=row["token_version"],
        created_us=row["created_us"],
        last_login_us=row["last_login_us"],
    )


def _from_user(user: User) -> tuple[Any, ...]:
    return (
        user.user_id,
        user.username,
        user.name,
        user.role.value,
        user.tenant_id,
        None if user.camera_ids is None else json.dumps(sorted(user.camera_ids)),
        user.locale,
        user.enabled,
        user.must_change_password,
        user.token_version,
        user.created_us,
        user.last_login_us,
    )


# -- refresh tokens ----------------------------------------------------------------------------------------


def insert_refresh_token(
    transaction: Transaction,
    token_hash: bytes,
    *,
    family_id: str,
    user_id: UserId,
    now_us: int,
    expires_us: int,
) -> None:
    transaction.execute(
        "INSERT INTO refresh_tokens (token_hash, family_id, user_id, created_us, expires_us)"
        " VALUES (?, ?, ?, ?, ?)",
        (token_hash, family_id, user_id, now_us, expires_us),
    )


def find_refresh_token(transaction: Transaction, token_hash: bytes) -> RefreshToken | None:
    row = transaction.execute(
        "SELECT family_id, user_id, expires_us, used_us, created_us FROM refresh_tokens"
        " WHERE token_hash = ?",
        (token_hash,),
    ).fetchone()
    if row is None:
        return None
    successor_used = transaction.execute(
        "SELECT 1 FROM refresh_tokens WHERE family_id = ? AND token_hash != ?"
        " AND created_us >= ? AND used_us IS NOT NULL LIMIT 1",
        (row["family_id"], token_hash, row["used_us"] or 0),
    ).fetchone()
    return RefreshToken(
        family_id=row["family_id"],
        user_id=row["user_id"],
        expires_us=row["expires_us"],
        used_us=row["used_us"],
        successor_used=successor_used is not None,
    )


def mark_refresh_token_used(transaction: Transaction, token_hash: bytes, now_us: int) -> None:
    """Note the first use only: later ones within the grace must not prolong it."""
    transaction.execute(
        "UPDATE refresh_tokens SET used_us = ? WHERE token_hash = ? AND used_us IS NULL",
        (now_us, token_hash),
    )


def delete_family(transaction: Transaction, family_id: str) -> int:
    return transaction.execute(
        "DELETE FROM refresh_tokens WHERE family_id = ?", (family_id,)
    ).rowcount


def delete_families_of_user(transaction: Transaction, user_id: UserId) -> None:
    transaction.execute("DELETE FROM refresh_tokens WHERE user_id = ?", (user_id,))


def delete_expired_tokens(transaction: Transaction, now_us: int) -> None:
    transaction.execute("DELETE FROM refresh_tokens WHERE expires_us <= ?", (now_us,))


async def is_family_alive(database: Database, family_id: str) -> bool:
    row = await database.fetch_one(
        "SELECT 1 FROM refresh_tokens WHERE family_id = ? LIMIT 1", (family_id,)
    )
    return row is not None
