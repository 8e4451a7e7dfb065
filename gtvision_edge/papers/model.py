"""What stands on the papers. Times are UTC µs, texts as people wrote them; '' = not known, and the paper says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues a paper: the organisation (the tenant), its site, and the program. *zone* is the IANA zone of all times."""

    organisation: str
    site_name: str
    site_id: str
    zone: str
    software: str
    """Name and version, such as ``GT-Vision Edge 0.1.0``."""


@dataclass(frozen=True, slots=True)
class PurgedCamera:
    """What one camera lost: from the start of its first deleted segment to the end of its last."""

    camera_id: str
    name: str
    camera_uuid: str
    segments: int
    size_bytes: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class PurgePaper:
    """A "Relatório de Expurgo": one deletion run.

    *kind* is that of the table ``purges``; *policy* the rule that was applied as retention wrote it down, with its
    ``version``; *actor_name* '' = the system; *root* the Merkle root over what was deleted (RFC 6962).
    """

    issuer: Issuer
    purge_id: str
    kind: str
    started_us: int
    finished_us: int
    policy: Mapping[str, object]
    actor_name: str
    reason: str
    segments: int
    size_bytes: int
    held_skipped: int
    failures: int
    root: bytes
    cameras: Sequence[PurgedCamera]
    unhashed: int = 0
    """Deleted segments that had never been hashed: they stand in the tree with a leaf of zeros or without content."""
    root_audit_seq: int | None = None
    """The audit entry that names the root."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Footage that was asked for and is not there; *cause* is a code of the timeline, '' = not known."""

    start_us: int
    end_us: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class ClockStep:
    at_us: int
    step_s: float


@dataclass(frozen=True, slots=True)
class CustodyRequest:
    """Who asked for the footage, and by which right."""

    authority: str
    reference: str
    legal_basis: str
    purpose: str


@dataclass(frozen=True, slots=True)
class CustodyCamera:
    """A camera whose footage is handed over, as it was then."""

    camera_id: str
    name: str
    camera_uuid: str
    model: str = ""
    serial: str = ""
    firmware: str = ""
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    bearing: float | None = None
    """Degrees clockwise from north in which it looks."""
    video: str = ""
    """Such as ``H.264 1920×1080``."""
    clock_offset_s: float | None = None
    """Camera's clock minus ours as last measured."""
    clock_offset_at_us: int | None = None
    recorded_us: int = 0
    """How much of the interval is there."""
    gaps: Sequence[Gap] = ()


@dataclass(frozen=True, slots=True)
class CustodyFile:
    """A file of the bundle. *segment_ids* are the recordings it was made from; *ingest_sha256* their hash when they were recorded."""

    path: str
    size_bytes: int
    sha256: bytes
    camera_id: str = ""
    codec: str = ""
    start_us: int | None = None
    end_us: int | None = None
    segment_ids: Sequence[int] = ()
    ingest_sha256: bytes | None = None
    is_derived: bool = False
    """A viewing copy, a snapshot, a list: made by the export, no original."""


@dataclass(frozen=True, slots=True)
class CustodyReadings:
    """The plate readings of the interval, listed in the file *path*."""

    path: str
    count: int
    pictures: int
    left_out: int = 0
    """Later readings of the interval that are not handed over: they were too many."""
    not_there: int = 0
    """Pictures that were received and are not handed over: their files are gone or cannot be read."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of the movement table."""

    at_us: int
    place: str
    handed_by: str
    received_by: str
    purpose: str
    seal: str


@dataclass(frozen=True, slots=True)
class CustodyForm:
    """A "Termo de Custódia": what an evidence bundle holds, where it comes from, and who had it."""

    issuer: Issuer
    package_id: str
    seal: str
    """Number of the package's seal (CPP art. 158-D)."""
    issued_us: int
    request: CustodyRequest
    operator_name: str
    operator_registration: str
    operator_role: str
    start_us: int
    end_us: int
    cameras: Sequence[CustodyCamera]
    files: Sequence[CustodyFile]
    sums_sha256: bytes
    """SHA-256 of the file ``SHA256SUMS``."""
    key_fingerprint: str
    """Of the site's key that signed ``SHA256SUMS``."""
    readings: CustodyReadings | None = None
    """None = whoever exported left them out."""
    incident_id: str = ""
    incident_reason: str = ""
    incident_reference: str = ""
    hold_review_us: int | None = None
    disposal_us: int | None = None
    """When the copy on the box expires; None = it does not."""
    approver_name: str = ""
    approver_registration: str = ""
    clock_source: str = ""
    """The time server, '' = not known."""
    clock_is_synced: bool | None = None
    """Whether the site's clock was in step with it at the export."""
    clock_offset_s: float | None = None
    clock_steps: Sequence[ClockStep] = ()
    """Steps of the site's clock within the interval."""
    processing: Sequence[str] = ()
    """What was done to make the derived files: tool, version, parameters; nothing = the originals alone."""
    checkpoint: str = ""
    """The signed checkpoint of the audit log in which the seals stand."""
    seals: Mapping[str, str] = field(default_factory=dict)
    """Root (hex) of each seal → number of its audit entry as text."""
    delivery_medium: str = ""
    movements: Sequence[Movement] = ()
