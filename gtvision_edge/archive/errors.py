"""What can go wrong with copies in an object store."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class ArchiveExtraMissingError(EdgeError):
    """``[archive]`` names a bucket, and the package that talks to object stores is not installed."""

    code: ClassVar[str] = "archive_extra_missing"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ArchiveUnreachableError(EdgeError):
    """The store does not answer, or says that it cannot now; ``reason`` is a word of why."""

    code: ClassVar[str] = "archive_unreachable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class ArchiveRefusedError(EdgeError):
    """The store does not let us; ``reason`` is a word of why."""

    code: ClassVar[str] = "archive_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class FileToCopyError(EdgeError):
    """The file to copy is not there or not what it was; ``reason``: ``file_gone``, ``file_changed`` or ``file_unreadable``."""

    code: ClassVar[str] = "file_to_copy"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class UnknownCopyError(EdgeError):
    """No copy or removal of that id is parked."""

    code: ClassVar[str] = "unknown_copy"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
