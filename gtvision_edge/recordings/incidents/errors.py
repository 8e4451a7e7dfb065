"""What can go wrong with incidents."""

from typing import ClassVar

from gtvision_edge.errors import EdgeError, ErrorKind


class UnknownIncidentError(EdgeError):
    """There is no such incident, or not for this person."""

    code: ClassVar[str] = "unknown_incident"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class IncidentReleasedError(EdgeError):
    """The incident was released: its footage is no longer kept, and nothing can be changed or exported any more."""

    code: ClassVar[str] = "incident_released"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class IncidentExportingError(EdgeError):
    """A bundle of this incident is being made, or waits for its turn: its footage must stay until it is done."""

    code: ClassVar[str] = "incident_exporting"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
