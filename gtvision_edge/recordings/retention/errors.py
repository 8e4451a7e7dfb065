"""What can go wrong with deleting and keeping."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class BreakerOpenError(EdgeError):
    """Recording is switched off, for the volume is nearly full."""

    code: ClassVar[str] = "breaker_open"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class UnknownPurgeError(EdgeError):
    """No purge with that id exists for who asks."""

    code: ClassVar[str] = "unknown_purge"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class FootageHeldError(EdgeError):
    """An open incident keeps footage of that camera, so it cannot be deleted."""

    code: ClassVar[str] = "footage_held"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
