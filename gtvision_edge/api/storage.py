"""The volume, the rules of keeping, and what was deleted by them."""

from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, Field

from gtvision_edge.accounts import Role
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.api.routing import (
    ADMINS,
    EDITORS,
    INSPECTORS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
    Query,
    Reply,
)
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.cameras.model import UNSET
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.recordings.retention.breaker import BreakerState
from gtvision_edge.recordings.retention.clock_guard import ClockReason
from gtvision_edge.recordings.retention.errors import UnknownPurgeError
from gtvision_edge.recordings.retention.model import OnFull, Purge
from gtvision_edge.recordings.retention.ordering import PurgeRequest, PurgeService
from gtvision_edge.recordings.retention.policies import (
    PolicyBook,
    PolicyChange,
    PolicyService,
    TenantRule,
    WouldGo,
)
from gtvision_edge.recordings.retention.reports import CameraStorage, StorageReports
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339
from gtvision_edge.settings import VolumeSettings

READERS = EDITORS | {Role.AUDITOR}

Days = Annotated[int, Field(ge=0, le=3650)]
"""0 = no limit by age."""
Name = Annotated[str, Field(max_length=40)]
Text = Annotated[str, Field(max_length=2000)]


class BreakerView(Protocol):
    """The disk's circuit breaker."""

    @property
    def state(self) -> BreakerState: ...
    @property
    def since_us(self) -> int: ...
    @property
    def reason(self) -> str: ...


class ClockView(Protocol):
    """Whether the clock is believed."""

    @property
    def is_trusted(self) -> bool: ...
    @property
    def reason(self) -> ClockReason | None: ...
    @property
    def since_us(self) -> int: ...
    @property
    def is_synced(self) -> bool | None: ...


class DryRunQuery(Query):
    dry_run: Literal["0", "1"] = "0"
    """1 = tell what would be deleted, and change nothing."""


class SiteRuleBody(Body):
    retain_days: Days | None
    """null = the setting ``recordings.retain_days``."""


class TenantRuleBody(Body):
    tenant_id: Name
    retain_days: Days | None = None
    """null = as the site."""
    quota_bytes: Annotated[int, Field(ge=1)] | None = None
    """null = none."""


class CameraRuleBody(Body):
    camera: Name
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


class PurgeBody(Body):
    cameras: Annotated[list[Name], Field(max_length=1000)] | None = None
    """Ids, or uuids of removed cameras; null = all one may see."""
    before: AwareDatetime
    """What ended by then goes."""
    reason: Text


class VolumeAnswer(Answer):
    root: str
    total_bytes: int | None
    """null, as the others: the volume is not there."""
    used_bytes: int | None
    free_bytes: int | None
    recordings_bytes: int | None
    """null for those of one tenant."""
    short_of_room: bool
    """Less is free than wanted, and only what incidents keep is left."""


class ThresholdsAnswer(Answer):
    """Shares of the volume that are in use; and what must be free for it, where the volume is there."""

    low_water: float
    high_water: float
    reset: float
    trip: float
    low_water_free_bytes: int | None
    high_water_free_bytes: int | None
    reset_free_bytes: int | None
    trip_free_bytes: int | None


class BreakerAnswer(Answer):
    state: Literal["closed", "open", "waiting"]
    """``open``: nothing is recorded; ``waiting``: there is room again, and recording begins when that lasts."""
    since: str
    reason: str | None


class ForecastAnswer(Answer):
    bytes_per_day: int | None
    holds_days: float | None
    """How many days of footage the volume can hold at the present rate."""
    days_left: float | None
    """In how many days footage begins to go before its time; null = not at all, or not known yet."""


class ClockAnswer(Answer):
    state: Literal["trusted", "suspect"]
    """``suspect``: nothing is deleted by its age."""
    since: str
    reason: str | None
    synced: bool | None


class CameraStorageAnswer(Answer):
    camera_id: str
    camera_uuid: str
    name: str
    tenant_id: str | None
    bytes: int
    held_bytes: int
    segments: int
    first: str | None
    last: str | None
    retain_days: int
    """0 = no limit by age."""
    rule: Literal["site", "tenant", "camera"]
    removed: bool


class TenantStorageAnswer(Answer):
    tenant_id: str
    bytes: int
    quota_bytes: int | None
    retain_days: int | None


class StorageReportAnswer(Answer):
    volume: VolumeAnswer
    thresholds: ThresholdsAnswer
    breaker: BreakerAnswer
    forecast: ForecastAnswer
    clock: ClockAnswer
    cameras: list[CameraStorageAnswer]
    tenants: list[TenantStorageAnswer]
    held_bytes: int


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


class PoliciesAnswer(Answer):
    site: SiteRuleAnswer
    tenants: list[TenantRuleAnswer]
    cameras: list[CameraRuleAnswer]
    on_full: OnFullAnswer | None
    """null for those of one tenant."""
    would_delete: list[WouldGoAnswer] | None = None
    """With ``dry_run``: what the next pass would delete by age."""
    over_quota: list[ExcessAnswer] | None = None
    """With ``dry_run``: how much it would delete of tenants over their quota."""


class PurgeOrderAnswer(Answer):
    purge_ids: list[str]
    """One per tenant; empty with ``dry_run``."""
    would_delete: list[WouldGoAnswer]


class ActorAnswer(Answer):
    user_id: str
    name: str


class PurgedCameraAnswer(Answer):
    camera_id: str | None
    camera_uuid: str | None
    name: str | None
    segments: int
    bytes: int
    start: str
    end: str


class PurgeAnswer(Answer):
    purge_id: str
    kind: Literal["age", "quota", "pressure", "manual", "camera_removed", "incident_override"]
    tenant_id: str | None
    started_at: str
    finished_at: str | None
    """null: it goes on. One by age is finished when its day is."""
    policy: dict[str, Any]
    actor: ActorAnswer
    reason: str
    segments: int
    bytes: int
    held_skipped: int
    failures: int
    root: str | None
    """Merkle root (RFC 6962) over the SHA-256 of what was deleted, hexadecimal."""
    unhashed: int
    audit_seq: int | None


class PurgeDetailAnswer(PurgeAnswer):
    cameras: list[PurgedCameraAnswer]


class _StorageResource:
    def __init__(
        self,
        reports: StorageReports,
        policies: PolicyService,
        purges: PurgeService,
        *,
        root: str,
        thresholds: VolumeSettings,
        breaker: BreakerView,
        clock: ClockView,
    ) -> None:
        self._reports = reports
        self._policies = policies
        self._purges = purges
        self._root = root
        self._thresholds = thresholds
        self._breaker = breaker
        self._clock = clock

    async def report(self, call: Call) -> StorageReportAnswer:
        found = await self._reports.report(call.principal)
        usage, free = found.usage, found.waters
        is_of_the_site = call.principal.tenant_id is None
        clock_reason = self._clock.reason
        return StorageReportAnswer(
            volume=VolumeAnswer(
                root=self._root,
                total_bytes=usage.total if usage else None,
                used_bytes=usage.used if usage else None,
                free_bytes=usage.free if usage else None,
                recordings_bytes=found.recordings_bytes if is_of_the_site else None,
                short_of_room=found.is_short_of_room,
            ),
            thresholds=ThresholdsAnswer(
                low_water=self._thresholds.low_water,
                high_water=self._thresholds.high_water,
                reset=self._thresholds.reset,
                trip=self._thresholds.trip,
                low_water_free_bytes=free.low if free else None,
                high_water_free_bytes=free.high if free else None,
                reset_free_bytes=free.reset if free else None,
                trip_free_bytes=free.trip if free else None,
            ),
            breaker=BreakerAnswer(
                state=self._breaker.state.value,
                since=to_rfc3339(self._breaker.since_us),
                reason=self._breaker.reason or None,
            ),
            forecast=ForecastAnswer(
                bytes_per_day=found.outlook.bytes_per_day if is_of_the_site else None,
                holds_days=found.outlook.holds_days,
                days_left=found.outlook.days_left,
            ),
            clock=ClockAnswer(
                state="trusted" if self._clock.is_trusted else "suspect",
                since=to_rfc3339(self._clock.since_us),
                reason=clock_reason.value if clock_reason else None,
                synced=self._clock.is_synced,
            ),
            cameras=[_camera_answer(each) for each in found.cameras],
            tenants=[
                TenantStorageAnswer(
                    tenant_id=each.tenant_id,
                    bytes=each.size_bytes,
                    quota_bytes=each.quota_bytes,
                    retain_days=each.retain_days,
                )
                for each in found.tenants
            ],
            held_bytes=found.held_bytes,
        )

    async def read_policies(self, call: Call) -> PoliciesAnswer:
        return _policies_answer(await self._policies.read(call.principal))

    async def change_policies(self, call: Call) -> PoliciesAnswer:
        change = _change(call.body_as(PoliciesBody))
        if call.query_as(DryRunQuery).dry_run == "1":
            forecast = await self._policies.try_out(call.principal, change)
            answer = _policies_answer(await self._policies.read(call.principal))
            return answer.model_copy(
                update={
                    "would_delete": [_would_go_answer(each) for each in forecast.cameras],
                    "over_quota": [
                        ExcessAnswer(tenant_id=tenant_id, bytes=size)
                        for tenant_id, size in forecast.excess.items()
                    ],
                }
            )
        book = await self._policies.change(call.principal, change, address=call.address)
        return _policies_answer(book)

    async def purge(self, call: Call) -> Reply:
        body = call.body_as(PurgeBody)
        try:
            before_us = from_datetime(body.before)
        except OverflowError as error:
            raise InvalidInputError(
                "before is out of range.",
                faults=[{"path": "before", "message": "is out of range"}],
            ) from error
        request = PurgeRequest(body.cameras, before_us, body.reason)
        would = await self._purges.try_out(call.principal, request)
        ids: list[str] = []
        if call.query_as(DryRunQuery).dry_run == "0" and would:
            ordered = await self._purges.order(call.principal, request, address=call.address)
            ids = [str(each) for each in ordered]
        return Reply(
            PurgeOrderAnswer(purge_ids=ids, would_delete=[_would_go_answer(each) for each in would])
        )

    async def list_purges(self, call: Call) -> Listing[PurgeAnswer]:
        query = call.query_as(PageQuery)
        page = await self._purges.list_purges(
            call.principal, before=query.cursor or "", limit=query.limit
        )
        return Listing[PurgeAnswer](
            items=[PurgeAnswer(**_purge_facts(each)) for each in page.purges], next=page.after
        )

    async def get_purge(self, call: Call) -> PurgeDetailAnswer:
        purge = await self._purges.find(call.principal, call.path("purge_id"))
        lost = await self._purges.lost_of(purge)
        return PurgeDetailAnswer(
            **_purge_facts(purge),
            cameras=[
                PurgedCameraAnswer(
                    camera_id=camera.camera_id if camera else None,
                    camera_uuid=camera.camera_uuid if camera else None,
                    name=camera.name if camera else None,
                    segments=each.segments,
                    bytes=each.size_bytes,
                    start=to_rfc3339(each.first_us),
                    end=to_rfc3339(each.last_us),
                )
                for camera, each in lost
            ],
        )


def _change(body: PoliciesBody) -> PolicyChange:
    return PolicyChange(
        site_days=UNSET if body.site is None else body.site.retain_days,
        tenants={
            each.tenant_id: TenantRule(each.retain_days, each.quota_bytes)
            for each in body.tenants or ()
        },
        cameras={each.camera: each.retain_days for each in body.cameras or ()},
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


def _would_go_answer(would: WouldGo) -> WouldGoAnswer:
    return WouldGoAnswer(
        camera_id=would.camera.camera_id,
        camera_uuid=would.camera.camera_uuid,
        name=would.camera.name,
        segments=would.segments,
        bytes=would.size_bytes,
        start=None if would.first_us is None else to_rfc3339(would.first_us),
        end=None if would.last_us is None else to_rfc3339(would.last_us),
    )


def _camera_answer(found: CameraStorage) -> CameraStorageAnswer:
    camera, extent = found.camera, found.extent
    return CameraStorageAnswer(
        camera_id=camera.camera_id,
        camera_uuid=camera.camera_uuid,
        name=camera.name,
        tenant_id=camera.tenant_id,
        bytes=found.size_bytes,
        held_bytes=found.held_bytes,
        segments=found.segments,
        first=to_rfc3339(extent.start_us) if extent else None,
        last=to_rfc3339(extent.end_us) if extent else None,
        retain_days=found.rule.retain_days,
        rule=found.rule.scope,
        removed=camera.removed_us is not None,
    )


def _purge_facts(purge: Purge) -> dict[str, Any]:
    policy = {name: value for name, value in purge.policy.items() if name != "camera_nos"}
    before_us = policy.pop("before_us", None)
    if isinstance(before_us, int):
        policy["before"] = to_rfc3339(before_us)
    return {
        "purge_id": purge.purge_id,
        "kind": purge.kind.value,
        "tenant_id": purge.tenant_id,
        "started_at": to_rfc3339(purge.started_us),
        "finished_at": None if purge.finished_us is None else to_rfc3339(purge.finished_us),
        "policy": policy,
        "actor": ActorAnswer(user_id=purge.actor, name=purge.actor_name),
        "reason": purge.reason,
        "segments": purge.segments,
        "bytes": purge.size_bytes,
        "held_skipped": purge.held_skipped,
        "failures": purge.failures,
        "root": purge.root.hex() if purge.root is not None else None,
        "unhashed": purge.unhashed,
        "audit_seq": purge.audit_seq,
    }


def storage_endpoints(
    reports: StorageReports,
    policies: PolicyService,
    purges: PurgeService,
    *,
    root: str,
    thresholds: VolumeSettings,
    breaker: BreakerView,
    clock: ClockView,
) -> list[Endpoint]:
    """Return ``/storage`` and ``/purges``; those of single purges come last, after the reports as PDF."""
    resource = _StorageResource(
        reports, policies, purges, root=root, thresholds=thresholds, breaker=breaker, clock=clock
    )
    return [
        Endpoint(
            "GET",
            "/storage",
            resource.report,
            "Tell how full the volume is, with what, and for how long it will do",
            "storage",
            READERS,
            response=StorageReportAnswer,
        ),
        Endpoint(
            "GET",
            "/storage/policies",
            resource.read_policies,
            "Show how long footage is kept",
            "storage",
            READERS,
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
        Endpoint(
            "POST",
            "/storage/purge",
            resource.purge,
            "Delete footage before its time",
            "storage",
            ADMINS,
            body=PurgeBody,
            query=DryRunQuery,
            response=PurgeOrderAnswer,
            errors=(UnknownCameraError,),
            description="What an open incident keeps is spared. The deletion goes on by itself: see /purges.",
        ),
        Endpoint(
            "GET",
            "/purges",
            resource.list_purges,
            "List what was deleted, newest first",
            "storage",
            INSPECTORS,
            query=PageQuery,
            response=Listing[PurgeAnswer],
        ),
        Endpoint(
            "GET",
            "/purges/{purge_id}",
            resource.get_purge,
            "Show a purge with what each camera lost",
            "storage",
            INSPECTORS,
            response=PurgeDetailAnswer,
            ids={"purge_id": UnknownPurgeError},
        ),
    ]
