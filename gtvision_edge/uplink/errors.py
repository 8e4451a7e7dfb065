"""What can go wrong between the box and the hub; each is a state that somebody sees, none ends anything."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class HubUnreachableError(EdgeError):
    """The hub's broker does not answer, or the line was lost."""

    code: ClassVar[str] = "hub_unreachable"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class HubRefusedError(EdgeError):
    """The hub's broker does not let this box in, or does not have what it publishes to."""

    code: ClassVar[str] = "hub_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class HubStalledError(EdgeError):
    """The hub's broker is connected and confirms nothing: it is frozen, or blocks publishers."""

    code: ClassVar[str] = "hub_stalled"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class UnknownMessageError(EdgeError):
    """No message of that id is parked."""

    code: ClassVar[str] = "unknown_message"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class NoHubError(EdgeError):
    """The settings name no hub."""

    code: ClassVar[str] = "no_hub"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
