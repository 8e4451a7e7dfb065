"""Rules of keeping as people read and change them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import UNSET, Unset
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import RecordedCamera
from gtvision_edge.recordings.naming import by_name
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.keeper import Keeper
from gtvision_edge.recordings.retention.model import Guard, OnFull, Policy
from gtvision_edge.recordings.retention.rules import (
    RuleBook,
    excess_of_quota,
    expiry_us,
    rule_book,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

SHORTEST_REASON: Final = 10
"""Of a standing order to release incidents."""
_READERS: Final = frozenset({Role.ADMIN, Role.OPERATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class TenantRule:
    """None = that of the site; no quota."""

    retain_days: int | None
    quota_bytes: int | None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What to change; what is not named stays. Days: None = the wider rule's, 0 = no limit by age."""

    site_days: int | Unset | None = UNSET
    tenants: Mapping[str, TenantRule] = field(default_factory=dict)
    cameras: Mapping[str, int | None] = field(default_factory=dict)
    """By camera id, or the uuid of a camera that was removed."""
    on_full: OnFull | None = None
    on_full_reason: str = ""


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """All rules that somebody may see. *guard* None = not theirs to see."""

    default_days: int
    site: Policy | None
    tenants: Sequence[Policy]
    cameras: Sequence[tuple[RecordedCamera, Policy]]
    guard: Guard | None


@dataclass(frozen=True, slots=True)
class WouldGo:
    """What a rule would delete of one camera at the next pass."""

    camera: RecordedCamera
    segments: int
    size_bytes: int
    first_us: int | None
    last_us: int | None


@dataclass(frozen=True, slots=True)
class OverQuota:
    """By how many bytes a tenant is over its quota when all that is too old has gone, and what goes of which camera for it."""

    tenant_id: str
    size_bytes: int
    cameras: Sequence[WouldGo]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a change would delete: by age, camera by camera, and then of tenants over their quota."""

    cameras: Sequence[WouldGo]
    over_quota: Sequence[OverQuota]


class PolicyService:
    """Shows and changes the rules. Those of the site, quotas and the standing order are for people of the whole site."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        index: SegmentIndex,
        keeper: Keeper,
        default_days: int,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._index = index
        self._keeper = keeper
        self._default_days = default_days

    async def read(self, principal: Principal) -> PolicyBook:
        """Return the rules that *principal* may see.

        Raises:
            NotPermittedError: viewers have nothing to do with rules.

        """
        if principal.role not in _READERS:
            raise NotPermittedError("Your role does not allow this.")
        policies = await repository.fetch_policies(self._database)
        cameras = {camera.camera_uuid: camera for camera in await self._index.visible(principal)}
        return PolicyBook(
            default_days=self._default_days,
            site=next((each for each in policies if each.scope == "site"), None),
            tenants=[
                each
                for each in policies
                if each.scope == "tenant" and principal.may_see_tenant(each.subject)
            ],
            cameras=[
                (cameras[each.subject], each)
                for each in policies
                if each.scope == "camera" and each.subject in cameras
            ],
            guard=await repository.fetch_guard(self._database)
            if principal.is_of_whole_site
            else None,
        )

    async def change(
        self, principal: Principal, change: PolicyChange, *, address: str = ""
    ) -> PolicyBook:
        """Change rules; they count from the next pass on, which is asked for.

        Raises:
            NotPermittedError: *principal* is no admin, or not of the whole site.
            UnknownCameraError, UnknownTenantError: none such that *principal* may see.
            InvalidInputError: a standing order needs its reason; a camera is named twice.

        """
        wanted = await self._wanted(principal, change)
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> None:
            version = repository.newest_version(transaction) + 1
            for tenant_id, policy in wanted:
                repository.put_policy(
                    transaction,
                    replace(policy, version=version),
                    by=principal.user_id,
                    at_us=now_us,
                )
                self._audit.append(
                    transaction,
                    actor=principal.actor(address),
                    action="policy.changed",
                    subject=f"policy:{policy.scope}:{policy.subject}".rstrip(":"),
                    tenant_id=tenant_id,
                    details={
                        "retain_days": policy.retain_days,
                        "quota_bytes": policy.quota_bytes,
                        "version": version,
                    },
                )
            if change.on_full is not None:
                reason = change.on_full_reason.strip()
                repository.update_on_full(
                    transaction,
                    change.on_full,
                    reason=reason,
                    by=principal.user_id,
                    by_name=principal.username,
                    at_us=now_us,
                )
                self._audit.append(
                    transaction,
                    actor=principal.actor(address),
                    action="policy.changed",
                    subject="policy:on_full",
                    details={"on_full": change.on_full.value, "reason": reason},
                )

        await self._database.write(write)
        self._keeper.wake()
        return await self.read(principal)

    async def try_out(self, principal: Principal, change: PolicyChange) -> Forecast:
        """Tell what the next pass would delete after *change*; nothing is changed.

        Raises:
            as :meth:`change`.

        """
        wanted = await self._wanted(principal, change)
        changed = {(policy.scope, policy.subject): policy for _, policy in wanted}
        present = {
            (policy.scope, policy.subject): policy
            for policy in await repository.fetch_policies(self._database)
        }
        rules = rule_book((present | changed).values(), default_days=self._default_days)
        aged = await self._would_go(await self._index.cameras(), rules)
        over = [
            each
            for tenant_id in rules.tenants
            if principal.may_see_tenant(tenant_id)
            and (each := await self._over_quota(tenant_id, rules, aged)) is not None
        ]
        visible = {camera.camera_no for camera in await self._index.visible(principal)}
        return Forecast([each for each in aged if each.camera.camera_no in visible], over)

    async def _over_quota(
        self, tenant_id: str, rules: RuleBook, aged: Sequence[WouldGo]
    ) -> OverQuota | None:
        used = (await repository.fetch_tenant_bytes(self._database)).get(tenant_id, 0)
        held = (await self._held_by_tenant()).get(tenant_id, 0)
        left = used - sum(each.size_bytes for each in aged if each.camera.tenant_id == tenant_id)
        excess = excess_of_quota(left, rules.quota_of(tenant_id), held)
        if excess == 0:
            return None
        now_us = self._clock.now_us()
        cameras = [each for each in await self._index.cameras() if each.tenant_id == tenant_id]
        gone = await repository.fetch_over_quota(
            self._database,
            {each.camera_no: expiry_us(rules.rule_of(each), now_us) for each in cameras},
            excess,
        )
        return OverQuota(
            tenant_id,
            excess,
            [WouldGo(each, *gone[each.camera_no]) for each in cameras if each.camera_no in gone],
        )

    async def _held_by_tenant(self) -> dict[str | None, int]:
        held = await repository.fetch_held_bytes(self._database)
        sums: dict[str | None, int] = {}
        for camera in await self._index.cameras():
            sums[camera.tenant_id] = sums.get(camera.tenant_id, 0) + held.get(camera.camera_no, 0)
        return sums

    async def _would_go(self, cameras: Sequence[RecordedCamera], rules: RuleBook) -> list[WouldGo]:
        found = []
        now_us = self._clock.now_us()
        for camera in cameras:
            before_us = expiry_us(rules.rule_of(camera), now_us)
            if before_us is None:
                continue
            sums = await repository.fetch_would_go(self._database, camera.camera_no, before_us)
            if sums[0]:
                found.append(WouldGo(camera, *sums))
        return found

    async def _wanted(
        self, principal: Principal, change: PolicyChange
    ) -> list[tuple[str | None, Policy]]:
        """Return the rules that *change* asks for, each with whose business it is."""
        if principal.role is not Role.ADMIN or principal.camera_ids is not None:
            raise NotPermittedError("Your role does not allow this.")
        if not principal.is_of_whole_site and (
            change.site_days is not UNSET or change.on_full is not None
        ):
            raise NotPermittedError("Only who belongs to the whole site may change this.")
        if (
            change.on_full is OnFull.RELEASE_OLDEST_INCIDENT
            and len(change.on_full_reason.strip()) < SHORTEST_REASON
        ):
            message = f"must have {SHORTEST_REASON} characters at least"
            raise InvalidInputError(
                "The order needs its reason.",
                faults=[{"path": "on_full.reason", "message": message}],
            )
        wanted: list[tuple[str | None, Policy]] = []
        if change.site_days is not UNSET:
            wanted.append((None, Policy("site", "", change.site_days, None, 0)))
        wanted += await self._tenant_rules(principal, change.tenants)
        return wanted + await self._camera_rules(principal, change.cameras)

    async def _camera_rules(
        self, principal: Principal, days_of: Mapping[str, int | None]
    ) -> list[tuple[str | None, Policy]]:
        known = by_name(await self._index.visible(principal))
        wanted: dict[str, tuple[str | None, Policy]] = {}
        for name, days in days_of.items():
            camera = known.get(name)
            if camera is None:
                raise UnknownCameraError("There is no such camera.", camera_id=name[:40])
            if camera.camera_uuid in wanted:
                message = f"names {camera.camera_id} twice"
                raise InvalidInputError(
                    "A camera has one rule.", faults=[{"path": "cameras", "message": message}]
                )
            policy = Policy("camera", camera.camera_uuid, days, None, 0)
            wanted[camera.camera_uuid] = (camera.tenant_id, policy)
        return list(wanted.values())

    async def _tenant_rules(
        self, principal: Principal, rules: Mapping[str, TenantRule]
    ) -> list[tuple[str | None, Policy]]:
        tenants = set(await repository.fetch_tenants(self._database))
        present = rule_book(
            await repository.fetch_policies(self._database), default_days=self._default_days
        )
        wanted: list[tuple[str | None, Policy]] = []
        for tenant_id, rule in rules.items():
            if tenant_id not in tenants or not principal.may_see_tenant(tenant_id):
                raise UnknownTenantError("There is no such tenant.", tenant_id=tenant_id[:40])
            if not principal.is_of_whole_site and rule.quota_bytes != present.quota_of(tenant_id):
                raise NotPermittedError("Only who belongs to the whole site may change a quota.")
            policy = Policy("tenant", tenant_id, rule.retain_days, rule.quota_bytes, 0)
            wanted.append((tenant_id, policy))
        return wanted
