"""Which changes of paths were in vain, and when each may be tried again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gtvision_edge.media.client import PathConf
from gtvision_edge.media.paths import Action
from gtvision_edge.runtime.clock import Clock

FIRST_S = 4.0
MAX_S = 60.0
"""A path that the server refuses, or shows otherwise than we set it, is tried again ever more seldom.

Without this a server that prints a value in a way we do not know would be told the same every two seconds, and would
cut the stream each time.
"""


@dataclass(frozen=True, slots=True)
class _Vain:
    """A change that did not help: not tried again before ``until`` (monotonic) unless something else is wanted."""

    wanted: PathConf
    code: str
    delay_s: float
    until: float


class PathBackoff:
    """Remembers by path name the last change that was in vain, and why, as an error code."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._vain: dict[str, _Vain] = {}

    @property
    def codes(self) -> Mapping[str, str]:
        return {name: vain.code for name, vain in self._vain.items()}

    def due(self, actions: Collection[Action], desired: Mapping[str, PathConf]) -> list[Action]:
        """Leave out of *actions* what was tried lately in vain; what was tried before then comes last."""
        now = self._clock.monotonic()
        due = [
            action
            for action in actions
            if (vain := self._vain.get(action.name)) is None
            or vain.until <= now
            or vain.wanted != desired.get(action.name, {})
        ]
        return sorted(due, key=lambda action: action.name in self._vain)

    def note(self, name: str, wanted: PathConf, code: str) -> None:
        """Note that a change of path *name* to *wanted* was in vain."""
        before = self._vain.get(name)
        delay_s = FIRST_S
        if before is not None and before.wanted == wanted:
            delay_s = min(before.delay_s * 2, MAX_S)
        self._vain[name] = _Vain(wanted, code, delay_s, self._clock.monotonic() + delay_s)

    def forget(self, name: str) -> None:
        self._vain.pop(name, None)

    def forget_all_but(self, names: Collection[str]) -> None:
        self._vain = {name: vain for name, vain in self._vain.items() if name in names}
