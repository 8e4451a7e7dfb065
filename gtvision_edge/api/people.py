"""Users and tenants."""

from typing import Annotated, Literal, cast

from pydantic import Field

from gtvision_edge.accounts import (
    AccountService,
    NewUser,
    Role,
    Tenant,
    TenantId,
    TenantService,
    User,
)
from gtvision_edge.accounts.errors import (
    LastAdminError,
    LoginBusyError,
    TenantExistsError,
    UnknownTenantError,
    UnknownUserError,
    UsernameTakenError,
    WeakPasswordError,
)
from gtvision_edge.accounts.service import UserChanges
from gtvision_edge.api.routing import (
    ADMINS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
)
from gtvision_edge.api.session import LocaleName, Secret
from gtvision_edge.runtime.timestamps import to_rfc3339

RoleName = Literal["admin", "operator", "viewer", "auditor"]
Name = Annotated[str, Field(max_length=120)]
CameraIds = Annotated[list[str], Field(max_length=2000)]


class UserBody(Body):
    username: Annotated[str, Field(max_length=64)]
    password: Secret
    role: RoleName
    name: Name = ""
    tenant_id: str | None = None
    """null = every tenant of the site; absent = that of who makes the user."""
    camera_ids: CameraIds | None = None
    locale: LocaleName = "pt-BR"
    enabled: bool = True
    must_change_password: bool = True


class UserChangeBody(Body):
    username: Annotated[str, Field(max_length=64)] = ""
    password: Secret | None = None
    role: RoleName = "viewer"
    name: Name = ""
    tenant_id: str | None = None
    camera_ids: CameraIds | None = None
    locale: LocaleName = "pt-BR"
    enabled: bool = True
    must_change_password: bool = False


class UserAnswer(Answer):
    user_id: str
    username: str
    name: str
    role: RoleName
    tenant_id: str | None
    camera_ids: list[str] | None
    locale: LocaleName
    enabled: bool
    must_change_password: bool
    created_at: str
    last_login_at: str | None


class TenantBody(Body):
    name: Name
    tenant_id: Annotated[str, Field(max_length=40)] | None = None
    """a-z, 0-9 and -, for ever; absent = made from the name."""


class TenantChangeBody(Body):
    name: Name


class TenantAnswer(Answer):
    tenant_id: str
    name: str
    created_at: str


class _PeopleResource:
    def __init__(self, accounts: AccountService, tenants: TenantService) -> None:
        self._accounts = accounts
        self._tenants = tenants

    async def list_users(self, call: Call) -> Listing[UserAnswer]:
        query = call.query_as(PageQuery)
        page = await self._accounts.list_users(
            call.principal, after=query.cursor or "", limit=query.limit
        )
        return Listing[UserAnswer](
            items=[_user_answer(user) for user in page.users], next=page.after
        )

    async def get_user(self, call: Call) -> UserAnswer:
        return _user_answer(await self._accounts.get_user(call.principal, call.path("user_id")))

    async def create_user(self, call: Call) -> UserAnswer:
        body = call.body_as(UserBody)
        is_tenant_given = "tenant_id" in body.model_fields_set
        wanted = NewUser(
            username=body.username,
            password=body.password,
            role=Role(body.role),
            name=body.name,
            tenant_id=_tenant_id(body.tenant_id) if is_tenant_given else call.principal.tenant_id,
            camera_ids=_camera_ids(body.camera_ids),
            locale=body.locale,
            enabled=body.enabled,
            must_change_password=body.must_change_password,
        )
        return _user_answer(
            await self._accounts.create_user(call.principal, wanted, address=call.address)
        )

    async def update_user(self, call: Call) -> UserAnswer:
        body = call.body_as(UserChangeBody)
        everything = UserChanges(
            username=body.username,
            name=body.name,
            role=Role(body.role),
            tenant_id=_tenant_id(body.tenant_id),
            camera_ids=_camera_ids(body.camera_ids),
            locale=body.locale,
            enabled=body.enabled,
            must_change_password=body.must_change_password,
        )
        given = {k: value for k, value in everything.items() if k in body.model_fields_set}
        changes = cast("UserChanges", given)
        user = await self._accounts.update_user(
            call.principal,
            call.path("user_id"),
            changes,
            password=body.password,
            address=call.address,
        )
        return _user_answer(user)

    async def remove_user(self, call: Call) -> None:
        await self._accounts.remove_user(call.principal, call.path("user_id"), address=call.address)

    async def list_tenants(self, call: Call) -> Listing[TenantAnswer]:
        tenants = await self._tenants.list_tenants(call.principal)
        return Listing[TenantAnswer](items=[_tenant_answer(tenant) for tenant in tenants])

    async def get_tenant(self, call: Call) -> TenantAnswer:
        return _tenant_answer(
            await self._tenants.get_tenant(call.principal, call.path("tenant_id"))
        )

    async def create_tenant(self, call: Call) -> TenantAnswer:
        body = call.body_as(TenantBody)
        return _tenant_answer(
            await self._tenants.create_tenant(
                call.principal, body.name, tenant_id=body.tenant_id, address=call.address
            )
        )

    async def rename_tenant(self, call: Call) -> TenantAnswer:
        body = call.body_as(TenantChangeBody)
        return _tenant_answer(
            await self._tenants.rename_tenant(
                call.principal, call.path("tenant_id"), body.name, address=call.address
            )
        )


def _tenant_id(tenant_id: str | None) -> TenantId | None:
    return None if tenant_id is None else TenantId(tenant_id)


def _camera_ids(camera_ids: list[str] | None) -> frozenset[str] | None:
    return None if camera_ids is None else frozenset(camera_ids)


def _user_answer(user: User) -> UserAnswer:
    return UserAnswer(
        user_id=user.user_id,
        username=user.username,
        name=user.name,
        role=user.role.value,
        tenant_id=user.tenant_id,
        camera_ids=None if user.camera_ids is None else sorted(user.camera_ids),
        locale=user.locale,
        enabled=user.enabled,
        must_change_password=user.must_change_password,
        created_at=to_rfc3339(user.created_us),
        last_login_at=None if user.last_login_us is None else to_rfc3339(user.last_login_us),
    )


def _tenant_answer(tenant: Tenant) -> TenantAnswer:
    return TenantAnswer(
        tenant_id=tenant.tenant_id, name=tenant.name, created_at=to_rfc3339(tenant.created_us)
    )


def people_endpoints(accounts: AccountService, tenants: TenantService) -> list[Endpoint]:
    """Return ``/users`` and ``/tenants``."""
    resource = _PeopleResource(accounts, tenants)
    user = {"user_id": UnknownUserError}
    tenant = {"tenant_id": UnknownTenantError}
    return [
        Endpoint(
            "GET",
            "/users",
            resource.list_users,
            "List the users of the own tenant, or of the site",
            "people",
            ADMINS,
            query=PageQuery,
            response=Listing[UserAnswer],
        ),
        Endpoint(
            "POST",
            "/users",
            resource.create_user,
            "Make a user who reaches no further than oneself",
            "people",
            ADMINS,
            body=UserBody,
            response=UserAnswer,
            status=201,
            errors=(UsernameTakenError, UnknownTenantError, WeakPasswordError, LoginBusyError),
        ),
        Endpoint(
            "GET",
            "/users/{user_id}",
            resource.get_user,
            "Show a user",
            "people",
            ADMINS,
            response=UserAnswer,
            ids=user,
        ),
        Endpoint(
            "PATCH",
            "/users/{user_id}",
            resource.update_user,
            "Change a user; absent fields stay as they are",
            "people",
            ADMINS,
            body=UserChangeBody,
            response=UserAnswer,
            errors=(
                UsernameTakenError,
                UnknownTenantError,
                WeakPasswordError,
                LastAdminError,
                LoginBusyError,
            ),
            ids=user,
            description="New rights count at once. A new password, or being disabled, ends all sessions.",
        ),
        Endpoint(
            "DELETE",
            "/users/{user_id}",
            resource.remove_user,
            "Remove a user and end all sessions",
            "people",
            ADMINS,
            status=204,
            errors=(LastAdminError,),
            ids=user,
        ),
        Endpoint(
            "GET",
            "/tenants",
            resource.list_tenants,
            "List the tenants one may see",
            "people",
            ADMINS,
            response=Listing[TenantAnswer],
        ),
        Endpoint(
            "POST",
            "/tenants",
            resource.create_tenant,
            "Make a tenant; for administrators of the whole site",
            "people",
            ADMINS,
            body=TenantBody,
            response=TenantAnswer,
            status=201,
            errors=(TenantExistsError,),
        ),
        Endpoint(
            "GET",
            "/tenants/{tenant_id}",
            resource.get_tenant,
            "Show a tenant",
            "people",
            ADMINS,
            response=TenantAnswer,
            ids=tenant,
        ),
        Endpoint(
            "PATCH",
            "/tenants/{tenant_id}",
            resource.rename_tenant,
            "Rename a tenant; for administrators of the whole site",
            "people",
            ADMINS,
            body=TenantChangeBody,
            response=TenantAnswer,
            ids=tenant,
        ),
    ]
