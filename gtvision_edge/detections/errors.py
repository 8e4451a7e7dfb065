"""What can go wrong with plate readings."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class MalformedPushError(EdgeError):
    """What the camera sent cannot be understood; nothing was kept."""

    code: ClassVar[str] = "malformed_push"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class PushRefusedError(EdgeError):
    """Who sent it is not known, or did not prove it; which of both is not said."""

    code: ClassVar[str] = "push_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class TooManyPushesError(EdgeError):
    """The camera, or the address, sends more than it may; ``retry_after_s`` says when to send again."""

    code: ClassVar[str] = "too_many_pushes"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY


class UnknownDetectionError(EdgeError):
    """No detection with that id that the asker may see."""

    code: ClassVar[str] = "unknown_detection"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class NoDetectionPictureError(EdgeError):
    """The reading has no such picture; ``picture_state`` says what there is to say of it."""

    code: ClassVar[str] = "no_detection_picture"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class PictureLostError(EdgeError):
    """The reading had such a picture, and its file is gone though nobody took it away."""

    code: ClassVar[str] = "picture_lost"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class PictureNotKeptError(EdgeError):
    """A picture could not be stored, so nothing of the reading was; it shall be sent again."""

    code: ClassVar[str] = "picture_not_kept"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class StalePushError(EdgeError):
    """Well signed, but its time is too far from the box's clock; ``away_s`` says how far."""

    code: ClassVar[str] = "stale_push"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ReadingTimeRefusedError(EdgeError):
    """Well signed, but of a time that is too long ago, or has not come; ``earliest`` and ``latest`` say what is taken."""

    code: ClassVar[str] = "reading_time_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class PurposeRequiredError(EdgeError):
    """Whoever searches for a plate says what for; it goes into the audit log."""

    code: ClassVar[str] = "purpose_required"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class NoPushSecretError(EdgeError):
    """The camera has no secret for pushing yet; make one first."""

    code: ClassVar[str] = "no_push_secret"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class UnknownWatchError(EdgeError):
    """No entry of the watchlist with that id that the asker may see."""

    code: ClassVar[str] = "unknown_watch"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class AlreadyWatchedError(EdgeError):
    """The tenant's watchlist has this vehicle already, in this or the other form; ``watch_id`` names the entry."""

    code: ClassVar[str] = "already_watched"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
