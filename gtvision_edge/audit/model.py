"""Who acted, what the log keeps of it, and what a check of the log found."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: a user (id and login name at that time), the box itself, or the command line."""

    user_id: str
    name: str
    address: str = ""


SYSTEM: Final = Actor("system", "system")
COMMAND_LINE: Final = Actor("cli", "cli")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act as it was written down. ``details`` is canonical JSON text."""

    seq: int
    at_us: int
    actor: str
    actor_name: str
    tenant_id: str | None
    action: str
    subject: str
    address: str
    details: str
    salt: bytes
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first; ``before_seq`` asks for the next older ones, None = there are none."""

    entries: list[AuditEntry]
    before_seq: int | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to show of the log; None = anything.

    ``action`` ending in a dot matches a whole family of acts; several stand with commas between them. ``camera_id`` finds
    what is about that camera, and exports in which it has a part.
    """

    action: str | None = None
    actor: str | None = None
    subject: str | None = None
    camera_id: str | None = None
    start_us: int | None = None
    end_us: int | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known from elsewhere of the log: entry *seq* existed and had *hash*."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The log in 40 bytes: how many entries it has, and the RFC 6962 root over their hashes."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class EntryProof:
    """That *entry* is in the log of which *head* is known: the hashes beside its way up, from the leaf's sibling on."""

    entry: AuditEntry
    head: TreeHead
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of a check. ``bad_seq`` is the first sequence number at which the log is not what was written.

    A log rewritten from some entry on, or whose last entries were cut off, looks whole by itself: only a
    :class:`Checkpoint` or :class:`TreeHead` kept elsewhere shows that. ``entries``, ``head`` and ``root`` are of what
    stands before ``bad_seq``, or of the whole log.
    """

    entries: int
    head: bytes
    bad_seq: int | None = None
    fault: str = ""
    root: bytes = b""

    @property
    def is_whole(self) -> bool:
        return self.bad_seq is None
