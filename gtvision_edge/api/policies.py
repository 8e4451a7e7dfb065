"""The rules of keeping: what they are, and what a change would delete."""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.api.routing import ADMINS, CARETAKERS, Answer, Body, Call, Endpoint, Query
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import UNSET
from gtvision_edge.recordings.retention.model import OnFull
from gtvision_edge.recordings.retention.policies import (
    PolicyBook,
    PolicyChange,
    PolicyService,
    TenantRule,
    WouldGo,
)
from gtvision_edge.runtime.timestamps import to_rfc3339

Days = Annotated[int, Field(ge=0, le=3650)]
"""0 = no limit by age."""
Name = Annotated[str, Field(max_length=40)]
Text = Annotated[str, Field(max_length=2000)]


class DryRunQuery(Query):
    dry_run: Literal["0", "1", "false", "true"] = "0"
    """1 or true = tell what would be deleted, and change nothing."""

    @property
    def is_dry(self) -> bool:
        return self.dry_run in ("1", "true")


class SiteRuleBody(Body):
    retain_days: Days | None
    """null = the setting ``recordings.retain_days``."""


class TenantRuleBody(Body):
    tenant_id: Name
    retain_days: Days | None = None
    """null = as the site."""
    quota_bytes: Annotated[int, Field(ge=1, le=2**60)] | None = None
    """null = none."""


class CameraRuleBody(Body):
    camera_id: Annotated[Name, Field(validation_alias=AliasChoices("camera_id", "camera"))]
    """Its id, or the uuid of a camera that was removed."""
    retain_days: Days | None
    """null = as its tenant."""


class OnFullBody(Body):
    action: Literal["stop", "release_oldest_incident"]
    reason: Text = ""
    """Why incidents may be released without anybody being asked; at least ten characters."""


class PoliciesBody(Body):
    """What is absent stays as it is."""

    site: SiteRuleBody | None = None
    tenants: Annotated[list[TenantRuleBody], Field(max_length=200)] | None = None
    cameras: Annotated[list[CameraRuleBody], Field(max_length=1000)] | None = None
    on_full: OnFullBody | None = None


class SiteRuleAnswer(Answer):
    retain_days: int | None
    default_days: int


class TenantRuleAnswer(Answer):
    tenant_id: str
    retain_days: int | None
    quota_bytes: int | None


class CameraRuleAnswer(Answer):
    camera_id: str
    camera_uuid: str
    retain_days: int | None


class OnFullAnswer(Answer):
    action: Literal["stop", "release_oldest_incident"]
    reason: str
    by: str
    at: str | None


class WouldGoAnswer(Answer):
    camera_id: str
    camera_uuid: str
    name: str
    segments: int
    bytes: int
    start: str | None
    end: str | None


class ExcessAnswer(Answer):
    tenant_id: str
    bytes: int
    """By how much it is over when all that is too old has gone."""
    cameras: list[WouldGoAnswer]
    """What would go for it, oldest of all first."""


class PoliciesAnswer(Answer):
    site: SiteRuleAnswer
    tenants: list[TenantRuleAnswer]
    cameras: list[CameraRuleAnswer]
    on_full: OnFullAnswer | None
    """null for those of one tenant."""
    would_delete: list[WouldGoAnswer] | None = None
    """With ``dry_run``: what the next pass would delete by age."""
    over_quota: list[ExcessAnswer] | None = None
    """With ``dry_run``: what it would delete besides of tenants over their quota."""


class _PolicyResource:
    def __init__(self, policies: PolicyService) -> None:
        self._policies = policies

    async def read_policies(self, call: Call) -> PoliciesAnswer:
        return _policies_answer(await self._policies.read(call.principal))

    async def change_policies(self, call: Call) -> PoliciesAnswer:
        change = _change(call.body_as(PoliciesBody))
        if call.query_as(DryRunQuery).is_dry:
            forecast = await self._policies.try_out(call.principal, change)
            answer = _policies_answer(await self._policies.read(call.principal))
            return answer.model_copy(
                update={
                    "would_delete": [would_go_answer(each) for each in forecast.cameras],
                    "over_quota": [
                        ExcessAnswer(
                            tenant_id=each.tenant_id,
                            bytes=each.size_bytes,
                            cameras=[would_go_answer(camera) for camera in each.cameras],
                        )
                        for each in forecast.over_quota
                    ],
                }
            )
        book = await self._policies.change(call.principal, change, address=call.address)
        return _policies_answer(book)


def _change(body: PoliciesBody) -> PolicyChange:
    return PolicyChange(
        site_days=UNSET if body.site is None else body.site.retain_days,
        tenants={
            each.tenant_id: TenantRule(each.retain_days, each.quota_bytes)
            for each in body.tenants or ()
        },
        cameras={each.camera_id: each.retain_days for each in body.cameras or ()},
        on_full=None if body.on_full is None else OnFull(body.on_full.action),
        on_full_reason="" if body.on_full is None else body.on_full.reason,
    )


def _policies_answer(book: PolicyBook) -> PoliciesAnswer:
    guard = book.guard
    return PoliciesAnswer(
        site=SiteRuleAnswer(
            retain_days=book.site.retain_days if book.site else None,
            default_days=book.default_days,
        ),
        tenants=[
            TenantRuleAnswer(
                tenant_id=each.subject, retain_days=each.retain_days, quota_bytes=each.quota_bytes
            )
            for each in book.tenants
        ],
        cameras=[
            CameraRuleAnswer(
                camera_id=camera.camera_id,
                camera_uuid=camera.camera_uuid,
                retain_days=each.retain_days,
            )
            for camera, each in book.cameras
        ],
        on_full=None
        if guard is None
        else OnFullAnswer(
            action=guard.on_full.value,
            reason=guard.on_full_reason,
            by=guard.on_full_by_name,
            at=to_rfc3339(guard.on_full_us) if guard.on_full_us else None,
        ),
    )


def would_go_answer(would: WouldGo) -> WouldGoAnswer:
    """Tell what a camera would lose."""
    return WouldGoAnswer(
        camera_id=would.camera.camera_id,
        camera_uuid=would.camera.camera_uuid,
        name=would.camera.name,
        segments=would.segments,
        bytes=would.size_bytes,
        start=None if would.first_us is None else to_rfc3339(would.first_us),
        end=None if would.last_us is None else to_rfc3339(would.last_us),
    )


def policy_endpoints(policies: PolicyService) -> list[Endpoint]:
    """Return ``/storage/policies``."""
    resource = _PolicyResource(policies)
    return [
        Endpoint(
            "GET",
            "/storage/policies",
            resource.read_policies,
            "Show how long footage is kept",
            "storage",
            CARETAKERS,
            response=PoliciesAnswer,
        ),
        Endpoint(
            "PUT",
            "/storage/policies",
            resource.change_policies,
            "Change how long footage is kept",
            "storage",
            ADMINS,
            body=PoliciesBody,
            query=DryRunQuery,
            response=PoliciesAnswer,
            errors=(UnknownTenantError, UnknownCameraError),
            description="What is absent stays. The rules count from the next pass on, at once; try them with dry_run=1.",
        ),
    ]
