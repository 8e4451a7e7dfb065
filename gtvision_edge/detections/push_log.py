"""When a camera's pushes last came and were last turned away: by this an integrator sees that readings arrive, or why not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.clock import Clock


class PushKind(StrEnum):
    """What a push that was taken held."""

    READING = "reading"
    OTHER = "other"
    """A sign of life, or an event that is no plate reading."""


@dataclass(frozen=True, slots=True)
class ReceivedPush:
    """The last one that was taken; *source* as in detections."""

    at_us: int
    source: str
    kind: PushKind


@dataclass(frozen=True, slots=True)
class RefusedPush:
    """The last one that was turned away, and by which code. It may have come from a stranger who knew the camera's name."""

    at_us: int
    source: str
    code: str


@dataclass(frozen=True, slots=True)
class PushNews:
    """What was heard of a camera's pushes since *since_us*, when the daemon started."""

    since_us: int
    received: ReceivedPush | None
    refused: RefusedPush | None


@dataclass(slots=True)
class Push:
    """A push on its way in; a reading unless said otherwise."""

    kind: PushKind = PushKind.READING


class PushLog:
    """Remembers the last of both for each camera, in memory: no more entries than there are cameras."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_us = clock.now_us()
        self._received: dict[str, ReceivedPush] = {}
        self._refused: dict[str, RefusedPush] = {}

    @contextmanager
    def watch(self, camera: PushingCamera | None, source: str) -> Iterator[Push]:
        """Note what becomes of a push that names *camera*; None = no camera of ours, nothing is noted."""
        push = Push()
        try:
            yield push
        except EdgeError as error:
            if camera is not None:
                self.refuse(camera, source, error.code)
            raise
        if camera is not None:
            now_us = self._clock.now_us()
            self._received[camera.camera_uuid] = ReceivedPush(now_us, source, push.kind)

    def refuse(self, camera: PushingCamera, source: str, code: str) -> None:
        """Note that a push that names *camera* was turned away."""
        self._refused[camera.camera_uuid] = RefusedPush(self._clock.now_us(), source, code)

    def news_of(self, camera_uuid: str) -> PushNews:
        return PushNews(
            self._since_us, self._received.get(camera_uuid), self._refused.get(camera_uuid)
        )
