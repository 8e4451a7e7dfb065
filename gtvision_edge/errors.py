"""The root of every failure we foresee. Domains derive theirs in their own ``errors.py``."""

from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """What an edge (HTTP, CLI) makes of an error; one place per edge maps it."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class EdgeError(Exception):
    """A failure with a stable ``code`` for clients and a message for people.

    *details* are facts safe to show (never a secret); they become members of the problem document.
    """

    code: ClassVar[str] = "internal"
    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class FatalError(EdgeError):
    """Nothing but a restart of the daemon can help; escapes every supervised job."""

    code: ClassVar[str] = "fatal"


class InvalidInputError(EdgeError):
    """The request is malformed; nothing was changed. ``faults`` lists ``{path, message}``."""

    code: ClassVar[str] = "invalid_input"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
