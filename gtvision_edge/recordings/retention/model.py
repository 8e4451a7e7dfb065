"""Rules of keeping, and deletion runs. Times are UTC µs, sizes bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Final, Literal

from gtvision_edge.audit import SYSTEM, Actor
from gtvision_edge.recordings.model import CameraNo, PurgeId
from gtvision_edge.recordings.timeline.model import GapCause

DAY_US: Final = 86_400_000_000

Scope = Literal["site", "tenant", "camera"]


class Ends(Enum):
    """When the record of a deletion run is closed."""

    WITH_ITS_PASS = auto()
    """When its pass ends; what a lost volume or a kill broke off, at the next pass."""
    WITH_ITS_DAY = auto()
    WHEN_DONE = auto()
    """When nothing is left of what was ordered."""


class PurgeKind(StrEnum):
    """Why footage was deleted. ``incident_override``: a hold was released by the standing rule for a full volume."""

    AGE = "age"
    QUOTA = "quota"
    PRESSURE = "pressure"
    MANUAL = "manual"
    CAMERA_REMOVED = "camera_removed"
    INCIDENT_OVERRIDE = "incident_override"

    @property
    def leaves(self) -> GapCause:
        """What the timeline says where the footage was."""
        match self:
            case PurgeKind.AGE:
                return GapCause.DELETED
            case PurgeKind.QUOTA | PurgeKind.PRESSURE | PurgeKind.INCIDENT_OVERRIDE:
                return GapCause.DELETED_FOR_ROOM
            case PurgeKind.MANUAL | PurgeKind.CAMERA_REMOVED:
                return GapCause.DELETED_BY_ORDER

    @property
    def ends(self) -> Ends:
        """When the record of such a run is closed."""
        match self:
            case PurgeKind.AGE:
                return Ends.WITH_ITS_DAY
            case PurgeKind.QUOTA | PurgeKind.PRESSURE | PurgeKind.INCIDENT_OVERRIDE:
                return Ends.WITH_ITS_PASS
            case PurgeKind.MANUAL | PurgeKind.CAMERA_REMOVED:
                return Ends.WHEN_DONE


class OnFull(StrEnum):
    """What to do when only held footage is left on a full volume."""

    STOP = "stop"
    RELEASE_OLDEST_INCIDENT = "release_oldest_incident"


@dataclass(frozen=True, slots=True)
class Guard:
    """The row of ``volume_guard``."""

    breaker_is_open: bool
    breaker_us: int
    breaker_reason: str
    on_full: OnFull
    on_full_reason: str
    on_full_by_name: str
    on_full_us: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule. ``subject``: '' for the site, a tenant's id or a camera's uuid; ``retain_days`` 0 = no limit by age."""

    scope: Scope
    subject: str
    retain_days: int | None
    quota_bytes: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one camera. ``retain_days`` 0 = no limit by age; *version* 0 = the settings' own."""

    scope: Scope
    subject: str
    retain_days: int
    version: int

    @property
    def facts(self) -> dict[str, object]:
        found: dict[str, object] = {"scope": self.scope, "retain_days": self.retain_days}
        if self.subject:
            found["subject"] = self.subject
        return found | {"version": self.version}


@dataclass(frozen=True, slots=True)
class Order:
    """What a purge is for. *policy* is the rule that is applied, as JSON facts."""

    kind: PurgeKind
    policy: Mapping[str, object] = field(default_factory=dict)
    actor: Actor = SYSTEM
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PurgedOfCamera:
    """What one camera lost."""

    camera_no: CameraNo
    segments: int
    size_bytes: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Purge:
    """A row of ``purges``; ``cameras``, ``root`` and ``audit_seq`` are there when it has finished."""

    purge_id: PurgeId
    kind: PurgeKind
    tenant_id: str | None
    started_us: int
    finished_us: int | None
    policy: Mapping[str, object]
    actor: str
    actor_name: str
    reason: str
    segments: int
    size_bytes: int
    held_skipped: int
    failures: int
    root: bytes | None
    unhashed: int
    audit_seq: int | None
    cameras: Sequence[PurgedOfCamera]

    @property
    def interval_us(self) -> tuple[int | None, int | None]:
        """From when and until when it deletes; None = without that limit."""
        found = (self.policy.get(name) for name in ("after_us", "before_us"))
        after, before = (each if isinstance(each, int) else None for each in found)
        return after, before
