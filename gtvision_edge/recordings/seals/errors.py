"""What cannot be said of a segment's seal."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class NotSealedError(EdgeError):
    """The segment has no seal yet, or is not the one that was sealed."""

    code: ClassVar[str] = "not_sealed"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
