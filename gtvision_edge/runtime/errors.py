"""What can go wrong wherever disks are read and bytes are sent."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class TooManyTransfersError(EdgeError):
    """As many segments and files are on their way to the login as may be; ask again in a moment."""

    code: ClassVar[str] = "too_many_transfers"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY


class DiskHangsError(EdgeError):
    """A disk has not answered a read for long."""

    code: ClassVar[str] = "disk_hangs"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
