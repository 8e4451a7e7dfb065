"""What keeps a camera's paths from being as they should be: for people, and told on the bus when it comes and goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from gtvision_edge.media.paths import PathUse, parse_path_name
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PathTrouble:
    """Why a path of a camera is not as it should be, as an error code, and since when (UTC µs)."""

    use: PathUse
    code: str
    since_us: int


@dataclass(frozen=True, slots=True)
class PathTroubleRaised:
    """A camera's path is not as it should be, or for another reason than before."""

    camera_id: str
    use: PathUse
    code: str


@dataclass(frozen=True, slots=True)
class PathTroubleCleared:
    """What was wrong with a camera's path is so no more; *code* is what it was."""

    camera_id: str
    use: PathUse
    code: str


class PathTroubles:
    """The troubles as of the reconciler's last pass."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._known: dict[str, PathTrouble] = {}

    def of(self, camera_id: str) -> Sequence[PathTrouble]:
        """Return what is wrong with the paths of a camera, in the order of their names."""
        return [
            trouble
            for name, trouble in sorted(self._known.items())
            if _camera_id(name) == camera_id
        ]

    def any_code(self) -> str:
        """Return the code of one of them, '' when there is none."""
        return next((trouble.code for trouble in self._known.values()), "")

    def note(self, codes: Mapping[str, str]) -> None:
        """Take over the error *codes* by path name, all there are; tell what came and what went."""
        for name in self._known.keys() - codes.keys():
            gone = self._known.pop(name)
            log.info("media_path_right", path=name, code=gone.code)
            self._bus.publish(PathTroubleCleared(_camera_id(name), gone.use, gone.code))
        for name, code in codes.items():
            before = self._known.get(name)
            parsed = parse_path_name(name)
            if parsed is None or (before is not None and before.code == code):
                continue
            camera_id, use = parsed
            self._known[name] = PathTrouble(use, code, self._clock.now_us())
            log.warning("media_path_wrong", path=name, code=code)
            self._bus.publish(PathTroubleRaised(camera_id, use, code))


def _camera_id(name: str) -> str:
    parsed = parse_path_name(name)
    return parsed[0] if parsed else ""
