"""What can go wrong with exports and bundles."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class UnknownExportError(EdgeError):
    """No export with that id that the asker may see."""

    code: ClassVar[str] = "unknown_export"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class NothingToExportError(EdgeError):
    """No footage of these cameras lies in the interval."""

    code: ClassVar[str] = "no_footage_to_export"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ExportTooLongError(EdgeError):
    """The interval is longer than one export may be; ``max_hours`` tells how long that is."""

    code: ClassVar[str] = "export_too_long"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ExportNoSpaceError(EdgeError):
    """The export folder cannot hold the bundle; ``needed_bytes`` and ``free_bytes`` tell by how much."""

    code: ClassVar[str] = "export_no_space"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class ExportNotReadyError(EdgeError):
    """There is no bundle to download: not made yet, failed, cancelled or expired."""

    code: ClassVar[str] = "export_not_ready"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class TooManyExportsError(EdgeError):
    """Too many exports wait already."""

    code: ClassVar[str] = "too_many_exports"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY


class ExportFailedError(EdgeError):
    """The export's process ended without a bundle."""

    code: ClassVar[str] = "export_failed"


class DamagedFootageError(EdgeError):
    """A recorded file is not what its recorder writes."""

    code: ClassVar[str] = "damaged_footage"


class UnreadableFootageError(EdgeError):
    """A recorded file cannot be read; what was already read of it is of no use."""

    code: ClassVar[str] = "unreadable_footage"


class BrokenBundleError(EdgeError):
    """The file is no evidence bundle, or is built in a way that no exporter of ours builds it."""

    code: ClassVar[str] = "broken_bundle"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
