"""Incidents as people see them. Times are UTC µs."""

from collections.abc import Sequence
from dataclasses import dataclass

from gtvision_edge.recordings.model import CameraNo, IncidentId, RecordedCamera, Span


@dataclass(frozen=True, slots=True)
class Release:
    at_us: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Incident:
    """A hold. While it is open, no segment of its cameras that overlaps the interval is deleted.

    ``reference`` names the case outside (BO, ofício, processo), '' = none yet; ``review_us``: when somebody should look
    again whether it is still needed.
    """

    incident_id: IncidentId
    tenant_id: str
    start_us: int
    end_us: int
    cameras: tuple[CameraNo, ...]
    reason: str
    reference: str
    review_us: int | None
    created_by: str
    created_by_name: str
    created_us: int
    release: Release | None = None

    @property
    def span(self) -> Span:
        return Span(self.start_us, self.end_us)

    @property
    def is_open(self) -> bool:
        return self.release is None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What finished files there are of one camera in an interval; None for *extent* = none.

    ``gaps`` are those between files, the first of them where there are very many; ``missing_us`` is the sum of all.
    """

    segments: int
    size_bytes: int
    extent: Span | None
    gaps: Sequence[Span]
    missing_us: int


@dataclass(frozen=True, slots=True)
class HeldFootage:
    """What there is of one camera in the interval, up to now; ``gaps`` are what is missing of it, also before it came."""

    camera: RecordedCamera
    segments: int
    size_bytes: int
    recorded_us: int
    gaps: Sequence[Span]

    @property
    def is_complete(self) -> bool:
        return not self.gaps


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """An incident with its cameras and what there is of them."""

    incident: Incident
    footage: Sequence[HeldFootage]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was recorded at all of what has passed of its interval; of the future nothing is said."""
        return not any(each.segments for each in self.footage) and any(
            each.gaps for each in self.footage
        )


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Newest first; ``after`` is the cursor of the following page, None = there is none."""

    files: Sequence[IncidentFile]
    after: IncidentId | None
