"""What a seal says, and what a check of seals found."""

from dataclasses import dataclass

from gtvision_edge.recordings.model import SegmentId


@dataclass(frozen=True, slots=True)
class SealedFacts:
    """What of a segment is sealed: which camera's it is, its place there by the time in its name, its size, its content."""

    camera_uuid: str
    name_us: int
    size_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A hashed segment that waits for its seal."""

    segment_id: SegmentId
    tenant_id: str | None
    facts: SealedFacts


@dataclass(frozen=True, slots=True)
class Seal:
    """A row of ``footage_seals``; ``leaves`` are RFC 6962 leaf hashes, empty once none of its segments is left."""

    seal_id: int
    tenant_id: str | None
    sealed_us: int
    root: bytes
    leaves: tuple[bytes, ...]
    audit_seq: int


@dataclass(frozen=True, slots=True)
class SegmentProof:
    """That *facts* are the leaf at *index* of a seal whose *root* stands in the audit entry *audit_seq*."""

    segment_id: SegmentId
    facts: SealedFacts
    index: int
    size: int
    path: tuple[bytes, ...]
    root: bytes
    sealed_us: int
    audit_seq: int


@dataclass(frozen=True, slots=True)
class SealFault:
    """Something that is not as it was sealed.

    ``code``: ``row_changed`` (a segment's), ``leaves_changed``, ``root_changed`` (the audit entry names another),
    ``entry_missing``, or ``seal_missing``: *audit_seq* names a seal that is not there.
    """

    code: str
    audit_seq: int
    segment_id: SegmentId | None = None


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was looked at, and the first faults.

    Late is no fault of what is sealed: *sealed_late* segments got their seal hours after their end, as after a long stop;
    *waiting* (the first) have none yet, though seals should have been made.
    """

    seals: int
    segments: int
    faults: tuple[SealFault, ...]
    sealed_late: int = 0
    waiting: tuple[SegmentId, ...] = ()

    @property
    def is_good(self) -> bool:
        return not self.faults
