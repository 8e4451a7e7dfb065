"""What can go wrong with plate readings."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class MalformedPushError(EdgeError):
    """What the camera sent cannot be understood; nothing was kept."""

    code: ClassVar[str] = "malformed_push"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
