"""What the recordings are made of, as the rest of the program sees it."""

from dataclasses import dataclass
from typing import Final, NamedTuple, NewType, Self

DAY_US: Final = 86_400_000_000
MAX_SEGMENT_US: Final = 25 * 3600 * 1_000_000
"""No row of the index is longer: the media servers close a segment after 24 h at the latest."""

SegmentId = NewType("SegmentId", int)
CameraNo = NewType("CameraNo", int)
"""Short key of a recorded camera in the footage tables; never reused."""
IncidentId = NewType("IncidentId", str)
PurgeId = NewType("PurgeId", str)
ExportId = NewType("ExportId", str)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of wall-clock time in UTC µs, ``start_us`` included, ``end_us`` not."""

    start_us: int
    end_us: int

    def overlaps(self, other: "Span") -> bool:
        return self.start_us < other.end_us and other.start_us < self.end_us

    def within(self, other: "Span") -> "Span":
        """Return the part inside *other*; empty (end ≤ start) when there is none."""
        return Span(max(self.start_us, other.start_us), min(self.end_us, other.end_us))

    @property
    def length_us(self) -> int:
        return max(0, self.end_us - self.start_us)


@dataclass(frozen=True, slots=True)
class RecordedCamera:
    """Whose footage lies in a directory of the volume; outlives the camera of that name."""

    camera_no: CameraNo
    camera_uuid: str
    camera_id: str
    name: str
    tenant_id: str | None
    directory: str | None
    removed_us: int | None


@dataclass(frozen=True, slots=True)
class RecorderRun:
    """Which run of a recorder a file is of (``run`` is 64 random bits), and which file of that run, counted from 0."""

    run: int
    number: int


@dataclass(frozen=True, slots=True)
class SegmentFormat:
    """``video`` and ``audio`` are RFC 6381 strings, or the four letters of the sample entry (``ipcm``); '' = no such track."""

    video: str
    width: int
    height: int
    audio: str


class Group(NamedTuple):
    """A run of whole parts (moof + mdat) of which the first holds a key frame. A tuple: an hour's playlist has 1800.

    ``offset`` and ``size`` are bytes in the file. ``start_us`` is the time of its first video sample and ``key_us`` that of
    its first key frame, both since the segment's ``start_us``; ``length_us`` is the length of its video.
    """

    offset: int
    size: int
    start_us: int
    key_us: int
    length_us: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One recorded file, finished, or the growing one as far as it is whole (then ``segment_id`` is 0)."""

    segment_id: SegmentId
    camera_no: CameraNo
    name_us: int
    start_us: int
    end_us: int
    media_us: int
    size_bytes: int
    format: SegmentFormat
    init_bytes: int
    groups: tuple[Group, ...]
    continues: bool = False
    is_cut: bool = False
    sha256: bytes | None = None
    held: bool = False

    @property
    def span(self) -> Span:
        return Span(self.start_us, self.end_us)

    @property
    def is_growing(self) -> bool:
        return self.segment_id == 0


@dataclass(frozen=True, slots=True)
class SegmentWritten:
    """A finished segment is in the index now."""

    camera_uuid: str
    segment_id: SegmentId
    start_us: int
    end_us: int


class SegmentSpan(NamedTuple):
    """A row of the index without its groups. ``video`` and ``audio`` as in SegmentFormat."""

    segment_id: SegmentId
    start_us: int
    end_us: int
    size_bytes: int
    held: bool
    continues: bool
    video: str
    audio: str


class Footage(NamedTuple):
    """What a timeline needs of a segment: a tuple of no more, for a day of a camera has 1440 and its timeline a few milliseconds."""

    start_us: int
    end_us: int
    held: bool
    continues: bool
    video: str

    @classmethod
    def of(cls, segment: Segment) -> Self:
        return cls(
            segment.start_us,
            segment.end_us,
            segment.held,
            segment.continues,
            segment.format.video,
        )


@dataclass(frozen=True, slots=True)
class LeanSegment:
    """What deleting, counting and sealing need of a segment."""

    segment_id: SegmentId
    camera_no: CameraNo
    name_us: int
    start_us: int
    end_us: int
    size_bytes: int
    sha256: bytes | None
