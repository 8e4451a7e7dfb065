"""What can go wrong between the media server, its streams and us."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class MediaServerUnavailableError(EdgeError):
    """The media server's API did not answer, or not in time."""

    code: ClassVar[str] = "media_server_unavailable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class MediaServerRefusedError(EdgeError):
    """The media server answered and said no; ``status`` is its HTTP status."""

    code: ClassVar[str] = "media_server_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message, status_upstream=status)
        self.status = status


class MediaServerUnauthorizedError(MediaServerRefusedError):
    """The media server's API wants credentials we do not have."""

    code: ClassVar[str] = "media_server_unauthorized"


class UnknownPathError(MediaServerRefusedError):
    """The media server knows no path of that name."""

    code: ClassVar[str] = "unknown_path"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class StreamUnavailableError(EdgeError):
    """The stream cannot be served now; worth another try in a moment."""

    code: ClassVar[str] = "stream_unavailable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class UnknownStreamFileError(EdgeError):
    """The stream has no such file, or no longer: live segments live some seconds only."""

    code: ClassVar[str] = "unknown_stream_file"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class NoPictureError(EdgeError):
    """There is no picture of this camera to show yet."""

    code: ClassVar[str] = "no_picture"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
