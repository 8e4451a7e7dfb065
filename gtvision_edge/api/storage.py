"""The volume: how full it is, with what, and for how long it will do."""

from typing import Final, Literal, Protocol

from gtvision_edge.api.policies import policy_endpoints
from gtvision_edge.api.purges import purge_endpoints
from gtvision_edge.api.routing import CARETAKERS, Answer, Call, Endpoint
from gtvision_edge.recordings.retention.breaker import BreakerState
from gtvision_edge.recordings.retention.clock_guard import ClockReason
from gtvision_edge.recordings.retention.ordering import PurgeService
from gtvision_edge.recordings.retention.policies import PolicyService
from gtvision_edge.recordings.retention.reports import CameraStorage, StorageReports
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.settings import VolumeSettings

_DAY_S: Final = 86_400


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


class ReadingsView(Protocol):
    """What takes plate readings away when their time is over."""

    @property
    def keep_s(self) -> float: ...
    @property
    def last_round_us(self) -> int | None: ...
    @property
    def next_round_us(self) -> int | None: ...


class VolumeAnswer(Answer):
    root: str
    total_bytes: int | None
    """null, as the others: the volume is not there."""
    used_bytes: int | None
    free_bytes: int | None
    recordings_bytes: int | None
    """Of finished files, a minute long each; null for those of one tenant."""
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
    """null, as the others: less than an hour of each camera was recorded, or it is another's business."""
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


class ReadingsAnswer(Answer):
    """Plate readings: they lose plate and pictures when their time is over, and only counts remain."""

    keep_days: float
    """``[detections] keep`` of the settings."""
    last_round: str | None
    """When what was past its time was last taken away; null = not since the box started."""
    next_round: str | None
    """null = one is going on, or it waits until the clock is believed."""


class StorageReportAnswer(Answer):
    volume: VolumeAnswer
    thresholds: ThresholdsAnswer
    breaker: BreakerAnswer
    forecast: ForecastAnswer
    clock: ClockAnswer
    cameras: list[CameraStorageAnswer]
    tenants: list[TenantStorageAnswer]
    held_bytes: int
    readings: ReadingsAnswer


class _StorageResource:
    def __init__(
        self,
        reports: StorageReports,
        *,
        root: str,
        thresholds: VolumeSettings,
        breaker: BreakerView,
        clock: ClockView,
        readings: ReadingsView,
    ) -> None:
        self._reports = reports
        self._root = root
        self._thresholds = thresholds
        self._breaker = breaker
        self._clock = clock
        self._readings = readings

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
            readings=_readings_answer(self._readings),
        )


def _readings_answer(readings: ReadingsView) -> ReadingsAnswer:
    return ReadingsAnswer(
        keep_days=round(readings.keep_s / _DAY_S, 3),
        last_round=_time_or_none(readings.last_round_us),
        next_round=_time_or_none(readings.next_round_us),
    )


def _time_or_none(time_us: int | None) -> str | None:
    return None if time_us is None else to_rfc3339(time_us)


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


def storage_endpoints(
    reports: StorageReports,
    policies: PolicyService,
    purges: PurgeService,
    *,
    root: str,
    thresholds: VolumeSettings,
    breaker: BreakerView,
    clock: ClockView,
    readings: ReadingsView,
) -> list[Endpoint]:
    """Return ``/storage`` and ``/purges``; those of single purges come last, after the reports as PDF."""
    resource = _StorageResource(
        reports, root=root, thresholds=thresholds, breaker=breaker, clock=clock, readings=readings
    )
    return [
        Endpoint(
            "GET",
            "/storage",
            resource.report,
            "Tell how full the volume is, with what, and for how long it will do",
            "storage",
            CARETAKERS,
            response=StorageReportAnswer,
        ),
        *policy_endpoints(policies),
        *purge_endpoints(purges),
    ]
