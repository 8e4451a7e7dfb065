"""What can go wrong with alerts."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class UnknownAlertError(EdgeError):
    """No alert with that id that the asker may see."""

    code: ClassVar[str] = "unknown_alert"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class NotAcknowledgedError(EdgeError):
    """Nobody saw to the alert, so there is nothing to take back."""

    code: ClassVar[str] = "not_acknowledged"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class AcknowledgementStandsError(EdgeError):
    """It was somebody else who saw to it, or too long ago; ``by`` says who, ``at`` when."""

    code: ClassVar[str] = "acknowledgement_stands"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class AlreadyAcknowledgedError(EdgeError):
    """Somebody saw to it before; ``by`` says who, ``at`` when. The note was not kept."""

    code: ClassVar[str] = "already_acknowledged"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
