"""Who may do what: users, roles, tenants, tokens, tickets."""

from gtvision_edge.accounts.errors import NotAuthenticatedError, NotPermittedError
from gtvision_edge.accounts.issuer_keys import find_key_faults
from gtvision_edge.accounts.model import (
    DEFAULT_TENANT,
    THE_BOX,
    Principal,
    Role,
    Tenant,
    TenantId,
    User,
    UserId,
)
from gtvision_edge.accounts.opening import Accounts, open_accounts
from gtvision_edge.accounts.passes import Pass, Passes
from gtvision_edge.accounts.service import AccountService, NewUser, ensure_site
from gtvision_edge.accounts.sessions import Login, Session, SessionService, require_own_password
from gtvision_edge.accounts.tenants import TenantService

__all__ = [
    "DEFAULT_TENANT",
    "THE_BOX",
    "AccountService",
    "Accounts",
    "Login",
    "NewUser",
    "NotAuthenticatedError",
    "NotPermittedError",
    "Pass",
    "Passes",
    "Principal",
    "Role",
    "Session",
    "SessionService",
    "Tenant",
    "TenantId",
    "TenantService",
    "User",
    "UserId",
    "ensure_site",
    "find_key_faults",
    "open_accounts",
    "require_own_password",
]
