"""What an export is asked for, what its process is told, and how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gtvision_edge.recordings.evidence.readings import OrderedReadings
from gtvision_edge.recordings.evidence.states import ExportState
from gtvision_edge.recordings.evidence.viewing import Gaps
from gtvision_edge.recordings.model import CameraNo, ExportId, Segment, Span

_PAPERS_BYTES: Final = 8 * 2**20
"""What the files that are no footage take at most, about."""


@dataclass(frozen=True, slots=True)
class LegalRequest:
    """Who asks for the footage and by which right; as it will stand on the custody form."""

    authority: str
    reference: str
    legal_basis: str
    purpose: str


@dataclass(frozen=True, slots=True)
class ExportOptions:
    gaps: Gaps = "keep"
    readings: bool = True
    snapshots: bool = True


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle in the export folder."""

    name: str
    size_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Export:
    """An export as the API shows it. ``camera_ids`` are the names the cameras had when it was asked for."""

    export_id: ExportId
    incident_id: str
    tenant_id: str
    camera_nos: tuple[CameraNo, ...]
    camera_ids: tuple[str, ...]
    span: Span
    options: ExportOptions
    request: LegalRequest
    operator_registration: str
    operator_role: str
    state: ExportState
    step: str
    done_bytes: int
    total_bytes: int
    error: str
    operator_name: str
    """Of the person, for the form; ``created_by_name`` is the login."""
    created_by: str
    created_by_name: str
    created_us: int
    finished_us: int | None
    expires_us: int | None
    bundle: Bundle | None


@dataclass(frozen=True, slots=True)
class OrderedSegment:
    """A file to export and what is known of it. ``seal``: how its hash was sealed at ingest, as :mod:`proof` says it."""

    path: Path
    segment: Segment
    seal: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MissingSpan:
    """Footage of the interval that is not there; ``cause`` is a code of the timeline, '' = not known."""

    start_us: int
    end_us: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class OrderedCamera:
    """A camera of the order; ``facts`` go into manifest and form as they are (name, place, model, state then …)."""

    camera_id: str
    camera_uuid: str
    name: str
    directory: str
    """Its folder's name in the bundle."""
    segments: Sequence[OrderedSegment]
    gaps: Sequence[MissingSpan]
    recorded_us: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    readings: OrderedReadings = field(default_factory=OrderedReadings)


@dataclass(frozen=True, slots=True)
class Order:
    """Everything the export's process needs; it asks nobody else."""

    export_id: str
    draft: Path
    """The file to write; whoever ordered it moves it to its place."""
    created_us: int
    expires_us: int | None
    site: Mapping[str, str]
    """``id``, ``name``, ``timezone``, ``organisation``."""
    software: Mapping[str, str]
    """``name``, ``version``."""
    incident: Mapping[str, Any]
    operator: Mapping[str, str]
    request: LegalRequest
    options: ExportOptions
    span: Span
    cameras: Sequence[OrderedCamera]
    clock: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    """Entries of the audit log about exactly this footage, with their proofs where there are any."""
    checkpoint: str
    """Signed note of the log in which they stand; '' = none."""
    site_key_pem: str = field(repr=False)
    paper_key_pem: str = field(repr=False)
    history_left_out: int = 0
    """Viewings of this footage, the oldest, that are not in ``history``: too many."""

    @property
    def footage_bytes(self) -> int:
        return sum(each.segment.size_bytes for camera in self.cameras for each in camera.segments)

    @property
    def needed_bytes(self) -> int:
        """How much room the bundle takes at most."""
        return room_for(
            self.footage_bytes, sum(each.readings.picture_bytes for each in self.cameras)
        )

    @property
    def reading_count(self) -> int:
        return sum(len(each.readings.readings) for each in self.cameras)


def room_for(footage_bytes: int, picture_bytes: int = 0) -> int:
    """Return how much room a bundle of so much footage, and so many bytes of readings' pictures, takes at most.

    It holds originals and a copy to watch.
    """
    return expected_bytes(footage_bytes) + picture_bytes + _PAPERS_BYTES


def expected_bytes(footage_bytes: int) -> int:
    """Return about how large a bundle gets: originals, and a viewing copy of as much."""
    return 2 * footage_bytes


@dataclass(frozen=True, slots=True)
class Progress:
    step: str
    done_bytes: int
    total_bytes: int
