"""What is known of the connections that ask cameras for their readings."""

from enum import StrEnum


class PullState(StrEnum):
    """How the asking goes."""

    OFF = "off"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    UNREACHABLE = "unreachable"
    """It does not answer, or the stream broke; tried again soon."""
    UNAUTHORIZED = "unauthorized"
    """It refuses user and password; tried again rarely, since cameras lock out who is wrong too often."""
    UNSUPPORTED = "unsupported"
    """It does not know the question; tried again rarely."""


class PullFailedError(Exception):
    """A connection could not be made or ended; *reason* are words of ours."""

    def __init__(self, state: PullState, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason
