"""What is owed to the object store, and how it stands there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What is copied. Pictures are called by their SHA-256 (hex), evidence ``<export id>/<SHA-256 of the bundle>``."""

    PICTURE = "picture"
    EVIDENCE = "evidence"


AT_ONCE: Final = {Kind.PICTURE: 8, Kind.EVIDENCE: 1}
"""Acts of a kind that are under way at most; those that are due the longest."""


class Act(StrEnum):
    """What is to be done at the store."""

    COPY = "copy"
    REMOVE = "remove"


class StoreState(StrEnum):
    """How the store is. ``unknown``: it was not tried since the daemon started."""

    OFF = "off"
    UNKNOWN = "unknown"
    UP = "up"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Owed:
    """An act that the store has not confirmed. *attempts*: tries that failed while the store took other things."""

    seq: int
    kind: Kind
    name: str
    act: Act
    tenant_id: str | None
    size_bytes: int
    queued_us: int
    attempts: int

    @property
    def sha256(self) -> str:
        """Return the hash (hex) of the file to copy."""
        return self.name.rpartition("/")[2]

    @property
    def export_id(self) -> str:
        """Return the export of a piece of evidence, '' of a picture."""
        return self.name.rpartition("/")[0]

    @property
    def key(self) -> str:
        """Return where the copy is, below the site's own place in the store."""
        if self.kind is Kind.PICTURE:
            return f"pictures/{self.name[:2]}/{self.name}.jpg"
        return f"evidence/{self.name}.zip"


@dataclass(frozen=True, slots=True)
class Parked:
    """An act that failed too often."""

    owed: Owed
    parked_us: int
    reason: str


@dataclass(frozen=True, slots=True)
class Totals:
    """How much is owed and how much was copied; costs the same to know however much that is."""

    waiting: int = 0
    waiting_bytes: int = 0
    removing: int = 0
    parked: int = 0
    copies: int = 0
    copied_bytes: int = 0
    given_up: int = 0
    given_up_us: int | None = None
    """When the bounds last gave something up; None = never."""
    oldest_us: int | None = None
    """Since when the oldest act waits that is not parked; None = none does."""
