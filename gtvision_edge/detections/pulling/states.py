"""What is known of the connections that ask cameras for their readings."""

from dataclasses import dataclass
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
    GARBLED = "garbled"
    """What it says makes no sense; tried again soon."""
    NOT_KEPT = "not_kept"
    """The disk does not take what it tells; tried again soon."""


@dataclass(frozen=True, slots=True)
class PullTrouble:
    """Why a camera's readings do not come. *since_us*: when it was first so, *in_a_row*: how many tries failed since."""

    state: PullState
    since_us: int
    in_a_row: int = 1


@dataclass(frozen=True, slots=True)
class PullView:
    """How the asking of a camera goes. *trouble* stays while it is tried again, until the camera has answered for a while."""

    state: PullState
    trouble: PullTrouble | None = None


class PullFailedError(Exception):
    """A connection could not be made or ended; *reason* are words of ours."""

    def __init__(self, state: PullState, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason
