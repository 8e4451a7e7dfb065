"""People: who may make, change and remove whom."""

from dataclasses import dataclass, replace
from typing import Final, TypedDict

from gtvision_edge.accounts import repository
from gtvision_edge.accounts.directory import Directory
from gtvision_edge.accounts.errors import (
    UnknownUserError,
    UsernameTakenError,
)
from gtvision_edge.accounts.model import (
    DEFAULT_TENANT,
    Locale,
    Principal,
    Role,
    Tenant,
    TenantId,
    User,
    UserId,
)
from gtvision_edge.accounts.passwords import Passwords, check_new_password, random_password
from gtvision_edge.accounts.rules import (
    changes_between,
    check_fields,
    check_reach,
    facts,
    has_other_rights,
    is_site_admin,
    is_within_tenant,
    require_admin,
    require_other_admin,
    require_own_user,
    require_tenant,
)
from gtvision_edge.audit import COMMAND_LINE, SYSTEM, AuditLog
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

FIRST_ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to be made; the meaning of the fields is :class:`User`'s."""

    username: str
    password: str
    role: Role
    name: str = ""
    tenant_id: TenantId | None = None
    camera_ids: frozenset[str] | None = None
    locale: Locale = "pt-BR"
    enabled: bool = True
    must_change_password: bool = True


class UserChanges(TypedDict, total=False):
    """What an administrator may change of a user, each as in :class:`User`; absent = left as it is."""

    username: str
    name: str
    role: Role
    tenant_id: TenantId | None
    camera_ids: frozenset[str] | None
    locale: Locale
    enabled: bool
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class UserPage:
    """Users in order of their login names; *after* asks for the next ones, None = there are none."""

    users: list[User]
    after: str | None


async def ensure_site(database: Database, clock: Clock) -> str:
    """Return the site's id; make it, and the default tenant, at the first start."""

    def write(transaction: Transaction) -> str:
        site_id = repository.find_site_id(transaction)
        if site_id is None:
            site_id = new_uuid7(clock)
            repository.insert_site(transaction, site_id, clock.now_us())
        if repository.find_tenant(transaction, DEFAULT_TENANT) is None:
            tenant = Tenant(DEFAULT_TENANT, "Padrão", clock.now_us())
            repository.insert_tenant(transaction, tenant)
        return site_id

    return await database.write(write)


class AccountService:
    """The rules about users. Every change is audited in its own transaction."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        directory: Directory,
        passwords: Passwords,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._directory = directory
        self._passwords = passwords

    async def ensure_first_admin(self) -> str | None:
        """Make the user ``admin`` if there is no user at all; return its password, which is kept nowhere else."""
        if await repository.users_after(self._database, "", 1, tenant_id=None):
            return None
        password = random_password()
        password_hash = await self._passwords.hash(password)
        user = self._fresh(
            # The password is random and long: nobody has to change it before the first look.
            NewUser(
                FIRST_ADMIN,
                password,
                Role.ADMIN,
                name="Administrador",
                must_change_password=False,
            ),
            tenant_id=None,
        )

        def write(transaction: Transaction) -> bool:
            if repository.has_users(transaction):
                return False
            repository.insert_user(transaction, user, password_hash)
            self._audit.append(
                transaction,
                actor=SYSTEM,
                action="user.created",
                subject=f"user:{user.user_id}",
                details=facts(user),
            )
            return True

        return password if await self._database.write(write) else None

    async def reset_password(self, username: str) -> str:
        """Give *username* a random password, enable the user, end all logins; for the command line of the box.

        Raises:
            UnknownUserError: there is no such user.

        """
        password = random_password()
        password_hash = await self._passwords.hash(password)
        found = await repository.find_login(self._database, username)
        if found is None:
            raise UnknownUserError(f'There is no user "{username}".')
        user_id = found[0].user_id

        def write(transaction: Transaction) -> None:
            user = repository.get_user_row(transaction, user_id)
            if user is None:
                raise UnknownUserError(f'There is no user "{username}".')
            after = replace(
                user,
                enabled=True,
                must_change_password=True,
                token_version=user.token_version + 1,
            )
            repository.update_user(transaction, after)
            repository.set_password_hash(transaction, user_id, password_hash)
            repository.delete_families_of_user(transaction, user_id)
            self._audit.append(
                transaction,
                actor=COMMAND_LINE,
                action="user.password_reset",
                subject=f"user:{user_id}",
                tenant_id=user.tenant_id,
            )

        await self._database.write(write)
        self._directory.changed()
        return password

    # -- users ---------------------------------------------------------------------------------------------

    async def list_users(
        self, principal: Principal, *, after: str = "", limit: int = 100
    ) -> UserPage:
        """Return the users *principal* may see.

        Raises:
            NotPermittedError: *principal* is no administrator.

        """
        require_admin(principal)
        users = await repository.users_after(
            self._database, after, limit + 1, tenant_id=principal.tenant_id
        )
        more = len(users) > limit
        return UserPage(users[:limit], users[limit - 1].username if more else None)

    async def get_user(self, principal: Principal, user_id: str) -> User:
        """Return a user *principal* may see: an administrator those of the own tenant, anyone the own entry.

        Raises:
            UnknownUserError: none such, or another tenant's.
            NotPermittedError: *principal* is no administrator.

        """
        if user_id != principal.user_id:
            require_admin(principal)
        user = await repository.find_user(self._database, user_id)
        if user is None or not is_within_tenant(principal, user):
            raise UnknownUserError("There is no such user.")
        return user

    async def create_user(self, principal: Principal, wanted: NewUser, *, address: str) -> User:
        """Make a user whose reach is not wider than *principal*'s.

        Raises:
            NotPermittedError: *principal* is no administrator, or the reach would be wider.
            UsernameTakenError, UnknownTenantError, WeakPasswordError, InvalidInputError: as they say.

        """
        require_admin(principal)
        user = self._fresh(wanted, tenant_id=wanted.tenant_id)
        check_reach(principal, user)
        check_new_password(wanted.password, username=wanted.username)
        password_hash = await self._passwords.hash(wanted.password)

        def write(transaction: Transaction) -> User:
            if repository.is_username_taken(transaction, user.username):
                raise UsernameTakenError(
                    "Another user has this login name.", username=user.username
                )
            require_tenant(transaction, user.tenant_id)
            repository.insert_user(transaction, user, password_hash)
            self._audit.append(
                transaction,
                actor=principal.actor(address),
                action="user.created",
                subject=f"user:{user.user_id}",
                tenant_id=user.tenant_id,
                details=facts(user),
            )
            return user

        created = await self._database.write(write)
        self._directory.changed()
        return created

    async def update_user(
        self,
        principal: Principal,
        user_id: str,
        changes: UserChanges,
        *,
        password: str | None = None,
        address: str,
    ) -> User:
        """Change a user and, if given, the password.

        What narrows or widens rights counts at once; a new password or being disabled ends all logins.

        Raises:
            UnknownUserError: none such, or another tenant's.
            NotPermittedError: *principal* is no administrator, or the user's reach is or would be wider.
            LastAdminError: nobody would be left to administer the site.
            UsernameTakenError, UnknownTenantError, WeakPasswordError, InvalidInputError: as they say.

        """
        await self._require_manageable(principal, user_id)
        password_hash = None
        if password is not None:
            target = await self.get_user(principal, user_id)
            check_new_password(password, username=changes.get("username", target.username))
            password_hash = await self._passwords.hash(password)

        def write(transaction: Transaction) -> User:
            before = repository.get_user_row(transaction, user_id)
            if before is None or not is_within_tenant(principal, before):
                raise UnknownUserError("There is no such user.")
            check_reach(principal, before)
            wanted = replace(before, **changes)
            check_fields(wanted)
            check_reach(principal, wanted)
            require_tenant(transaction, wanted.tenant_id)
            if wanted.username.casefold() != before.username.casefold() and (
                repository.is_username_taken(transaction, wanted.username)
            ):
                raise UsernameTakenError(
                    "Another user has this login name.", username=wanted.username
                )
            if is_site_admin(before) and not is_site_admin(wanted):
                require_other_admin(transaction, before)
            difference = changes_between(before, wanted)
            if not difference and password_hash is None:
                return before
            ends_logins = password_hash is not None or (before.enabled and not wanted.enabled)
            if ends_logins or has_other_rights(before, wanted):
                wanted = replace(wanted, token_version=before.token_version + 1)
            repository.update_user(transaction, wanted)
            if password_hash is not None:
                repository.set_password_hash(transaction, wanted.user_id, password_hash)
            if ends_logins:
                repository.delete_families_of_user(transaction, wanted.user_id)
            self._audit.append(
                transaction,
                actor=principal.actor(address),
                action="user.changed",
                subject=f"user:{wanted.user_id}",
                # The tenant that loses sight of a user must still see where it went.
                tenant_id=before.tenant_id,
                details={"changes": difference, "password": password_hash is not None},
            )
            return wanted

        changed = await self._database.write(write)
        self._directory.changed()
        return changed

    async def update_self(
        self,
        principal: Principal,
        *,
        name: str | None = None,
        locale: Locale | None = None,
        address: str,
    ) -> User:
        """Change what anyone may change of oneself; None leaves a field as it is.

        Raises:
            NotPermittedError: another issuer vouches for this person and keeps these things.
            UnknownUserError, InvalidInputError: as they say.

        """
        require_own_user(principal)

        def write(transaction: Transaction) -> User:
            before = repository.get_user_row(transaction, principal.user_id)
            if before is None:
                raise UnknownUserError("There is no such user.")
            wanted = replace(
                before,
                name=before.name if name is None else name,
                locale=before.locale if locale is None else locale,
            )
            check_fields(wanted)
            difference = changes_between(before, wanted)
            if difference:
                repository.update_user(transaction, wanted)
                self._audit.append(
                    transaction,
                    actor=principal.actor(address),
                    action="user.changed",
                    subject=f"user:{wanted.user_id}",
                    tenant_id=wanted.tenant_id,
                    details={"changes": difference, "password": False},
                )
            return wanted

        changed = await self._database.write(write)
        self._directory.changed()
        return changed

    async def remove_user(self, principal: Principal, user_id: str, *, address: str) -> None:
        """Remove a user and end its logins; what it did stays in the audit log.

        Raises:
            UnknownUserError, NotPermittedError, LastAdminError: as for :meth:`update_user`.

        """
        await self._require_manageable(principal, user_id)

        def write(transaction: Transaction) -> None:
            user = repository.get_user_row(transaction, user_id)
            if user is None or not is_within_tenant(principal, user):
                raise UnknownUserError("There is no such user.")
            check_reach(principal, user)
            if is_site_admin(user):
                require_other_admin(transaction, user)
            repository.delete_user(transaction, user.user_id)
            self._audit.append(
                transaction,
                actor=principal.actor(address),
                action="user.removed",
                subject=f"user:{user.user_id}",
                tenant_id=user.tenant_id,
                details=facts(user),
            )

        await self._database.write(write)
        self._directory.changed()

    # -- rules ---------------------------------------------------------------------------------------------

    async def _require_manageable(self, principal: Principal, user_id: str) -> None:
        require_admin(principal)
        check_reach(principal, await self.get_user(principal, user_id))

    def _fresh(self, wanted: NewUser, *, tenant_id: TenantId | None) -> User:
        user = User(
            user_id=UserId(new_uuid7(self._clock)),
            username=wanted.username,
            name=wanted.name or wanted.username,
            role=wanted.role,
            tenant_id=tenant_id,
            camera_ids=wanted.camera_ids,
            locale=wanted.locale,
            enabled=wanted.enabled,
            must_change_password=wanted.must_change_password,
            token_version=1,
            created_us=self._clock.now_us(),
            last_login_us=None,
        )
        check_fields(user)
        return user
