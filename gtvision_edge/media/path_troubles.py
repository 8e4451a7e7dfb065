"""What keeps a camera's paths from being as they should be: for people, and in the log when it comes and goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from gtvision_edge.media.paths import PathUse, parse_path_name
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PathTrouble:
    """Why a path of a camera is not as it should be, as an error code, and since when (UTC µs)."""

    use: PathUse
    code: str
    since_us: int


class PathTroubles:
    """The troubles as of the reconciler's last pass."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, PathTrouble] = {}

    def of(self, camera_id: str) -> Sequence[PathTrouble]:
        """Return what is wrong with the paths of a camera, in the order of their names."""
        return [
            trouble
            for name, trouble in sorted(self._known.items())
            if _camera_id(name) == camera_id
        ]

    @property
    def codes(self) -> Mapping[str, str]:
        """Return what is wrong by path name, as error codes."""
        return {name: trouble.code for name, trouble in self._known.items()}

    def findings(self) -> list[Finding]:
        """Return that there are some, with the ids of their cameras; each camera's page tells the rest."""
        cameras = sorted({_camera_id(name) for name in self._known})
        return [Finding("media_path_wrong", facts={"cameras": cameras})] if cameras else []

    def note(self, codes: Mapping[str, str]) -> None:
        """Take over the error *codes* by path name, all there are; log what came and what went."""
        for name in self._known.keys() - codes.keys():
            gone = self._known.pop(name)
            log.info("media_path_right", path=name, code=gone.code)
        for name, code in codes.items():
            before = self._known.get(name)
            parsed = parse_path_name(name)
            if parsed is None or (before is not None and before.code == code):
                continue
            self._known[name] = PathTrouble(parsed[1], code, self._clock.now_us())
            log.warning("media_path_wrong", path=name, code=code)


def _camera_id(name: str) -> str:
    parsed = parse_path_name(name)
    return parsed[0] if parsed else ""
