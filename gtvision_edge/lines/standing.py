"""How a line is, since when, and why."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Standing(Generic[S]):
    """The state of a line. *since_us*: of the state. *reason*: a word of why the other side refuses or does not answer, no secret; '' = nothing is known."""

    state: S
    since_us: int
    reason: str = ""

    def becoming(self, state: S, reason: str, *, now_us: int) -> "Standing[S]":
        """Return how it is from now on: in the same state it is since the same time, though perhaps for another reason."""
        if state is self.state:
            return replace(self, reason=reason)
        return Standing(state, now_us, reason)

    def facts(self) -> dict[str, object]:
        """Return what a finding about the line says of it."""
        facts: dict[str, object] = {"since_us": self.since_us}
        return facts | {"reason": self.reason} if self.reason else facts
