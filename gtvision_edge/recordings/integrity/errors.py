"""What can go wrong with comparing."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class UnknownReportError(EdgeError):
    """There is no such report."""

    code: ClassVar[str] = "unknown_integrity_report"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class IntegrityRunningError(EdgeError):
    """Disk and index are being compared already."""

    code: ClassVar[str] = "integrity_running"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
