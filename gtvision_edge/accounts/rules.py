"""The rules about people and tenants: who may handle whom, what their entries may hold, what of a change is told."""

import re
import unicodedata
from typing import Final

from gtvision_edge.accounts import repository
from gtvision_edge.accounts.errors import LastAdminError, NotPermittedError, UnknownTenantError
from gtvision_edge.accounts.model import CAMERA_ID, TENANT_ID, Principal, Role, TenantId, User
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.storage import Transaction

_USERNAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_MAX_NAME: Final = 120
_MAX_CAMERAS: Final = 2000


def require_own_user(principal: Principal) -> None:
    """Refuse who is no user of ours.

    Raises:
        NotPermittedError: another issuer vouches for this person.

    """
    if principal.issuer is not None:
        raise NotPermittedError("Your account is kept elsewhere.")


def require_admin(principal: Principal) -> None:
    """Refuse who is no administrator, be it of one tenant."""
    if principal.role is not Role.ADMIN:
        raise NotPermittedError("Only an administrator may do this.")


def require_site_admin(principal: Principal) -> None:
    """Refuse who does not administer the whole site."""
    require_admin(principal)
    if not principal.is_of_whole_site:
        raise NotPermittedError("Only an administrator of the whole site may do this.")


def is_within_tenant(principal: Principal, user: User) -> bool:
    """Tell whether *user* exists for *principal*; people of the whole site exist for their like only."""
    return principal.user_id == user.user_id or (
        principal.tenant_id is None or principal.tenant_id == user.tenant_id
    )


def check_reach(principal: Principal, user: User) -> None:
    """Refuse to handle or make a *user* who reaches further than *principal*: else a password reset is a promotion."""
    within_tenant = principal.tenant_id is None or principal.tenant_id == user.tenant_id
    within_cameras = principal.camera_ids is None or (
        user.camera_ids is not None and user.camera_ids <= principal.camera_ids
    )
    if not (within_tenant and within_cameras):
        raise NotPermittedError("This user would reach further than you do.")


def is_site_admin(user: User) -> bool:
    """Tell whether *user* may administer the whole site now."""
    return (
        user.role is Role.ADMIN
        and user.enabled
        and user.tenant_id is None
        and user.camera_ids is None
    )


def require_other_admin(transaction: Transaction, user: User) -> None:
    """Refuse to lose *user* where nobody else administers the whole site."""
    if not repository.has_other_site_admin(transaction, user.user_id):
        raise LastAdminError("The site needs an administrator; make another one first.")


def require_tenant(transaction: Transaction, tenant_id: TenantId | None) -> None:
    """Refuse a tenant that does not exist; None is the whole site."""
    if tenant_id is not None and repository.find_tenant(transaction, tenant_id) is None:
        raise UnknownTenantError("There is no such tenant.", tenant_id=tenant_id)


def check_fields(user: User) -> None:
    """Refuse a *user* whose fields hold what they may not, with all faults."""
    faults: list[dict[str, str]] = []
    if not _USERNAME.fullmatch(user.username):
        faults.append(_fault("username", "letters, digits and . _ @ + -, at most 64"))
    if not _is_readable(user.name):
        faults.append(_fault("name", f"1 to {_MAX_NAME} characters in one line"))
    ids = sorted(user.camera_ids or ())
    if len(ids) > _MAX_CAMERAS or not all(CAMERA_ID.fullmatch(camera_id) for camera_id in ids):
        faults.append(_fault("camera_ids", "ids of cameras"))
    if faults:
        raise InvalidInputError("The user is not right.", faults=faults)


def check_tenant(tenant_id: str, name: str) -> None:
    """Refuse an id or a name that no tenant may have, with all faults."""
    faults: list[dict[str, str]] = []
    if not TENANT_ID.fullmatch(tenant_id):
        faults.append(_fault("tenant_id", "a-z, 0-9 and -, at most 40"))
    if not _is_readable(name):
        faults.append(_fault("name", f"1 to {_MAX_NAME} characters in one line"))
    if faults:
        raise InvalidInputError("The tenant is not right.", faults=faults)


def slug(name: str) -> str:
    """Return an id made from *name*."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:34].strip("-") or "tenant"


def _is_readable(name: str) -> bool:
    return 0 < len(name) <= _MAX_NAME and name.isprintable() and bool(name.strip())


def _fault(path: str, message: str) -> dict[str, str]:
    return {"path": path, "message": message}


def facts(user: User) -> dict[str, object]:
    """Return what an audit entry tells of *user*."""
    return {
        "username": user.username,
        "name": user.name,
        "role": user.role.value,
        "tenant_id": user.tenant_id,
        "camera_ids": None if user.camera_ids is None else sorted(user.camera_ids),
        "locale": user.locale,
        "enabled": user.enabled,
        "must_change_password": user.must_change_password,
    }


def changes_between(before: User, after: User) -> dict[str, object]:
    """Return ``{field: [before, after]}`` of what an audit entry should tell."""
    old, new = facts(before), facts(after)
    return {field: [old[field], new[field]] for field in old if old[field] != new[field]}


def has_other_rights(before: User, after: User) -> bool:
    """Tell whether a login of *before* would give what *after* may not do, or the reverse."""
    return (before.role, before.tenant_id, before.camera_ids, before.username) != (
        after.role,
        after.tenant_id,
        after.camera_ids,
        after.username,
    )
