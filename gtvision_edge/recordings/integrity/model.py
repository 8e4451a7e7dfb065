"""What a comparison looks at, and what it finds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

EXAMPLES: Final = 20
"""So many findings of each kind are written down one by one; all are counted."""


class Kind(StrEnum):
    """What does not fit."""

    DATABASE_DAMAGED = "database_damaged"
    AUDIT_BROKEN = "audit_broken"
    SEAL_BROKEN = "seal_broken"
    SEAL_LATE = "seal_late"
    """Hashed hours ago and not in the audit log yet."""
    VOLUME_AWAY = "volume_away"
    """The volume is not there, or went away: files could not be compared."""
    FORMER_VOLUME = "former_volume"
    """A row of footage on the disk that was there before ``volume adopt``."""
    DIRECTORY_UNOWNED = "directory_unowned"
    """A camera's directory without a marker that can be read; nothing in it was compared."""
    DIRECTORY_TWICE = "directory_twice"
    """Another directory has the same camera; nothing in this one was compared."""
    DIRECTORY_UNKNOWN = "directory_unknown"
    """A directory of a camera that the index does not know."""
    DAY_IMPOSSIBLE = "day_impossible"
    """A directory of a day on which nothing can have been recorded, such as of the year 9999; nothing in it is indexed."""
    UNREADABLE = "unreadable"
    """A file or directory that the disk does not give."""
    FILE_MISSING = "file_missing"
    """A row whose file is gone. Mending keeps the row apart and the timeline shows the gap."""
    FILE_NOT_INDEXED = "file_not_indexed"
    """A sound file without a row. Mending gives it one."""
    FILE_UNSOUND = "file_unsound"
    """A file without a row in which nothing is recorded. Mending moves it aside."""
    SIZE_DIFFERS = "size_differs"
    HASH_DIFFERS = "hash_differs"
    LAYOUT_DIFFERS = "layout_differs"
    """A file without hash whose boxes do not lie where the index noted them."""
    DELETION_UNFINISHED = "deletion_unfinished"
    NOT_HELD = "not_held"
    """A row that an open incident keeps and that was not marked so."""
    HELD_BY_NOBODY = "held_by_nobody"
    """A row that is marked as held and that no open incident keeps: nothing would ever delete it."""
    TOTALS_DIFFER = "totals_differ"
    EXPORT_MISSING = "export_missing"
    """The bundle of a finished export is gone, or has another size."""
    EXPORT_UNFINISHED = "export_unfinished"
    """What a broken-off export left; the daemon removes it at its next start, and makes the bundle anew."""
    REFUSED = "refused"
    """More than half of the rows, or files, would have gone: nothing was changed but what marks footage as held."""


class Verdict(StrEnum):
    GOOD = "good"
    MENDED = "mended"
    """All that was found was mended, and nothing was lost."""
    FAULTS = "faults"
    BROKEN_OFF = "broken_off"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit; what of it does not apply is empty."""

    kind: Kind
    camera_id: str = ""
    file: str = ""
    """Relative to the volume."""
    segment_id: int | None = None
    detail: str = ""


@dataclass(slots=True)
class Tally:
    """How many of a kind there are, how many of them were mended, and the first."""

    count: int = 0
    mended: int = 0
    examples: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """Grows while it is made. Counts are of what was looked at."""

    deep: bool = False
    mends: bool = False
    cameras: int = 0
    rows: int = 0
    files: int = 0
    waiting_files: int = 0
    """Files that are being written, or wait for the index."""
    missing_before: int = 0
    """Rows kept apart since earlier comparisons."""
    hashed_files: int = 0
    hashed_bytes: int = 0
    unhashed_files: int = 0
    """Files without hash yet, of which a deep comparison could look at the boxes alone."""
    sample_after: int = 0
    """The segment up to which the sample came: the next one goes on there."""
    sealed_late: int = 0
    """Segments that got their seal later than they should; those are sealed all the same."""
    tallies: dict[Kind, Tally] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        tally = self.tallies.setdefault(finding.kind, Tally())
        tally.count += 1
        if len(tally.examples) < EXAMPLES:
            tally.examples.append(finding)

    def mend(self, kind: Kind, count: int = 1) -> None:
        """Count so many of a kind as mended."""
        self.tallies.setdefault(kind, Tally()).mended += count

    def has(self, *kinds: Kind) -> bool:
        return any(self.count(kind) for kind in kinds)

    def count(self, kind: Kind) -> int:
        tally = self.tallies.get(kind)
        return tally.count if tally else 0

    @property
    def findings(self) -> Iterable[tuple[Kind, Tally]]:
        """Return what was found, in the order of :class:`Kind`."""
        return [(kind, self.tallies[kind]) for kind in Kind if self.count(kind)]

    @property
    def verdict(self) -> Verdict:
        if not self.findings:
            return Verdict.GOOD
        # Footage that is gone is a fault however well the index knows of it.
        is_whole = all(
            kind is not Kind.FILE_MISSING and tally.mended >= tally.count
            for kind, tally in self.findings
        )
        return Verdict.MENDED if is_whole else Verdict.FAULTS

    def document(self) -> dict[str, Any]:
        """Return the report as it is stored and handed out."""
        return {
            "deep": self.deep,
            "mends": self.mends,
            "cameras": self.cameras,
            "rows": self.rows,
            "files": self.files,
            "waiting_files": self.waiting_files,
            "missing_before": self.missing_before,
            "hashed_files": self.hashed_files,
            "hashed_bytes": self.hashed_bytes,
            "unhashed_files": self.unhashed_files,
            "sample_after": self.sample_after,
            "sealed_late": self.sealed_late,
            "findings": [
                {
                    "kind": kind.value,
                    "count": tally.count,
                    "mended": tally.mended,
                    "examples": [
                        {
                            "camera_id": each.camera_id or None,
                            "file": each.file or None,
                            "segment_id": each.segment_id,
                            "detail": each.detail,
                        }
                        for each in tally.examples
                    ],
                }
                for kind, tally in self.findings
            ],
        }


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A row of ``integrity_reports``; *document* as of :meth:`Report.document`, empty while it is being made."""

    report_id: str
    started_us: int
    finished_us: int | None
    asked_by: str
    verdict: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class IntegrityFaultsFound:
    """A comparison of disk and index ended with faults."""

    report_id: str
    kinds: tuple[str, ...]
