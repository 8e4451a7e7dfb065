"""What cannot be had of the log."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class UnknownEntryError(EdgeError):
    """The audit log has no entry of that number."""

    code: ClassVar[str] = "unknown_audit_entry"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class DamagedTreeError(EdgeError):
    """The tree over the audit log lacks a part."""

    code: ClassVar[str] = "audit_tree_damaged"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class BadProofError(EdgeError):
    """A proof does not show what it claims; the message says where it breaks."""

    code: ClassVar[str] = "bad_proof"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
