"""What can go wrong between the media server, its streams and us."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class MediaServerUnavailableError(EdgeError):
    """The media server's API did not answer, or not in time."""

    code: ClassVar[str] = "media_server_unavailable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class MediaServerSilentError(MediaServerUnavailableError):
    """The media server takes the connection and does not answer in time: it hangs, or the box is out of breath."""

    code: ClassVar[str] = "media_server_silent"


class ForeignServerError(MediaServerUnavailableError):
    """What answers at the media server's address is no media server."""

    code: ClassVar[str] = "media_server_foreign"


class MediaServerOddError(MediaServerUnavailableError):
    """The media server's answers make no sense, or have no end."""

    code: ClassVar[str] = "media_server_odd"


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


class MediaServerTooOldError(MediaServerRefusedError):
    """It is MediaMTX, but from before 1.15.2: its API does not even tell its version."""

    code: ClassVar[str] = "media_server_too_old"


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


class NoWebRtcError(EdgeError):
    """The media server offers no WebRTC: use HLS."""

    code: ClassVar[str] = "no_webrtc"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class WhepRefusedError(EdgeError):
    """The media server does not give a stream by WebRTC, such as for its codec: use HLS."""

    code: ClassVar[str] = "whep_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class UnknownWhepSessionError(EdgeError):
    """No WebRTC session of this login has that address, or no longer."""

    code: ClassVar[str] = "unknown_whep_session"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class TooManyWhepSessionsError(EdgeError):
    """A person, or the site, has as many WebRTC sessions as may be."""

    code: ClassVar[str] = "too_many_whep_sessions"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY
