"""The day of a camera, as a person reads it. Times are UTC µs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gtvision_edge.recordings.model import IncidentId, Span


class GapCause(StrEnum):
    """Why nothing was recorded, where that is known."""

    CAMERA_OFFLINE = "camera_offline"
    CAMERA_UNAUTHORIZED = "camera_unauthorized"
    NOT_RECORDING = "not_recording"
    VOLUME_MISSING = "volume_missing"
    VOLUME_FULL = "volume_full"
    BREAKER = "breaker"
    SERVICE_STOPPED = "service_stopped"
    DELETED = "deleted"
    """It grew older than it is kept."""
    DELETED_FOR_ROOM = "deleted_for_room"
    """Before its time: the disk or the tenant's quota was full."""
    DELETED_BY_ORDER = "deleted_by_order"
    """Because a person said so, or removed the camera."""
    FILES_MISSING = "files_missing"
    """It was recorded, but the files are not on the disk any more, and it was not us who deleted them."""


class Stretch(Protocol):
    """One recorded file, as far as the timeline needs it. ``video`` is its codec (RFC 6381), '' = none."""

    @property
    def start_us(self) -> int: ...
    @property
    def end_us(self) -> int: ...
    @property
    def held(self) -> bool: ...
    @property
    def continues(self) -> bool: ...
    @property
    def video(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """Continuous footage of one codec, all of it held by an incident or none of it."""

    start_us: int
    end_us: int
    held: bool
    codec: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing between spans; ``cause`` None = not known."""

    start_us: int
    end_us: int
    cause: GapCause | None = None


@dataclass(frozen=True, slots=True)
class IncidentMark:
    """An open incident that holds footage of the camera in the interval."""

    incident_id: IncidentId
    start_us: int
    end_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The box's clock jumped: ``at_us`` is the wall clock afterwards."""

    at_us: int
    step_us: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """``first_us`` and ``last_us`` bound all footage of the camera; ``growing_us`` is how far the file being written reaches."""

    span: Span
    spans: Sequence[RecordedSpan]
    gaps: Sequence[Gap]
    incidents: Sequence[IncidentMark]
    clock_steps: Sequence[ClockStep]
    first_us: int | None
    last_us: int | None
    growing_us: int | None


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """A day of the calendar, by the site's zone as near as the totals by UTC day allow."""

    day: str
    recorded_us: int
    size_bytes: int
    held: bool
