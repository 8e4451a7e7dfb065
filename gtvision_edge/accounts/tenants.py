"""Tenants: who may see, make and rename them."""

from dataclasses import replace

from gtvision_edge.accounts import repository
from gtvision_edge.accounts.directory import Directory
from gtvision_edge.accounts.errors import TenantExistsError, UnknownTenantError
from gtvision_edge.accounts.model import Principal, Tenant, TenantId
from gtvision_edge.accounts.rules import check_tenant, require_site_admin, slug
from gtvision_edge.audit import AuditLog
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction


class TenantService:
    """The rules about tenants. Every change is audited in its own transaction."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, *, directory: Directory
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._directory = directory

    async def list_tenants(self, principal: Principal) -> list[Tenant]:
        """Return the tenants *principal* belongs to or may see."""
        tenants = await repository.all_tenants(self._database)
        return [tenant for tenant in tenants if principal.may_see_tenant(tenant.tenant_id)]

    async def get_tenant(self, principal: Principal, tenant_id: str) -> Tenant:
        """Return one of :meth:`list_tenants`.

        Raises:
            UnknownTenantError: none such that *principal* may see.

        """
        for tenant in await self.list_tenants(principal):
            if tenant.tenant_id == tenant_id:
                return tenant
        raise UnknownTenantError("There is no such tenant.")

    async def create_tenant(
        self, principal: Principal, name: str, *, tenant_id: str | None = None, address: str
    ) -> Tenant:
        """Make a tenant, its id (None = made from *name*) is for ever; only an administrator of the whole site may.

        Raises:
            NotPermittedError, TenantExistsError, InvalidInputError: as they say.

        """
        require_site_admin(principal)
        wanted_id = slug(name) if tenant_id is None else tenant_id
        check_tenant(wanted_id, name)

        def write(transaction: Transaction) -> Tenant:
            free_id, number = wanted_id, 1
            while repository.find_tenant(transaction, free_id) is not None:
                if tenant_id is not None:
                    raise TenantExistsError("A tenant has this id.", tenant_id=tenant_id)
                number += 1
                free_id = f"{wanted_id}-{number}"
            tenant = Tenant(TenantId(free_id), name, self._clock.now_us())
            repository.insert_tenant(transaction, tenant)
            self._audit.append(
                transaction,
                actor=principal.actor(address),
                action="tenant.created",
                subject=f"tenant:{free_id}",
                tenant_id=free_id,
                details={"name": name},
            )
            return tenant

        tenant = await self._database.write(write)
        self._directory.changed()
        return tenant

    async def rename_tenant(
        self, principal: Principal, tenant_id: str, name: str, *, address: str
    ) -> Tenant:
        """Change what people read; the id stays.

        Raises:
            NotPermittedError, UnknownTenantError, InvalidInputError: as they say.

        """
        before = await self.get_tenant(principal, tenant_id)
        require_site_admin(principal)
        check_tenant(before.tenant_id, name)

        def write(transaction: Transaction) -> None:
            repository.rename_tenant(transaction, before.tenant_id, name)
            self._audit.append(
                transaction,
                actor=principal.actor(address),
                action="tenant.changed",
                subject=f"tenant:{tenant_id}",
                tenant_id=tenant_id,
                details={"name": [before.name, name]},
            )

        await self._database.write(write)
        return replace(before, name=name)
