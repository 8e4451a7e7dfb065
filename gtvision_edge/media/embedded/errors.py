"""Why a source gives no stream. Handled inside the server: the API only shows the path as not ready."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class SourceError(EdgeError):
    """The source gave no stream, or ended."""

    code: ClassVar[str] = "source_failed"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class SourceUnauthorizedError(SourceError):
    """The source refused the credentials; asking again soon may lock us out."""

    code: ClassVar[str] = "source_unauthorized"


class SourceUnreachableError(SourceError):
    """No TCP connection."""

    code: ClassVar[str] = "source_unreachable"


class NoVideoError(SourceError):
    """The source has no video track that we can store."""

    code: ClassVar[str] = "source_no_video"
