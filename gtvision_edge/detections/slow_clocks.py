"""Cameras whose clock is behind: their readings look told late, and what is told late alarms nobody.

A camera that was cut off and sends again what it kept tells things that are ever younger, and quickly. One whose clock is behind tells
of each passage with the same delay, for as long as one looks.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from gtvision_edge.detections.model import Detection, PlateRead, TimeSource
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding

SPREAD_S: Final = 30.0
"""The delays of one clock differ by no more."""
READINGS: Final = 3
FOR_S: Final = 60.0
"""So many readings, over so long at least, before somebody is told."""


class KnownCameras(Protocol):
    """The site's cameras."""

    def find_by_uuid(self, camera_uuid: str) -> "KnownCamera | None": ...


class KnownCamera(Protocol):
    """A camera, as far as it is told of."""

    @property
    def camera_id(self) -> str: ...


@dataclass(slots=True)
class _Run:
    """Late readings of a camera, one after the other, with one delay. *began*, *last*: monotonic."""

    delay_s: float
    began: float
    last: float
    count: int = 1

    @property
    def is_telling(self) -> bool:
        return self.count >= READINGS and self.last - self.began >= FOR_S


class SlowClocks:
    """Watches the delays of readings; :meth:`findings` ends by itself when one of the camera comes in time.

    While *trusts_clock* is False it is this box's clock that is odd: what was seen by it says nothing of a camera's.
    """

    def __init__(
        self,
        cameras: KnownCameras,
        bus: EventBus,
        clock: Clock,
        *,
        trusts_clock: Callable[[], bool],
    ) -> None:
        self._trusts_clock = trusts_clock
        self._cameras = cameras
        self._bus = bus
        self._clock = clock
        self._runs: dict[str, _Run] = {}

    async def run(self) -> None:
        """Watch until cancelled. Of readings that come too fast some are passed over: the next ones tell the same."""
        with self._bus.listen(PlateRead) as mailbox:
            async for event in mailbox:
                if isinstance(event, PlateRead):
                    self.note(event.detection)

    def note(self, detection: Detection) -> None:
        """Take a reading that was accepted just now."""
        if not self._trusts_clock():
            self._runs.clear()
            return
        if detection.facts.get("is_resent"):
            return
        camera_uuid = detection.camera_uuid
        # What is filed as of its receipt is in time, whatever the camera's clock says.
        if not detection.is_late or detection.time_source is TimeSource.RECEIPT:
            self._runs.pop(camera_uuid, None)
            return
        now = self._clock.monotonic()
        delay_s = (detection.received_us - detection.captured_us) / 1e6
        run = self._runs.get(camera_uuid)
        if run is None or abs(delay_s - run.delay_s) > SPREAD_S:
            self._runs[camera_uuid] = _Run(delay_s, now, now)
        else:
            run.count, run.last = run.count + 1, now

    def findings(self) -> Iterable[Finding]:
        """Return the cameras whose clock is behind, and by how much."""
        if not self._trusts_clock():
            return
        for camera_uuid, run in self._runs.items():
            camera = self._cameras.find_by_uuid(camera_uuid)
            if camera is not None and run.is_telling:
                facts = {"camera_id": camera.camera_id, "behind_s": round(run.delay_s)}
                yield Finding("plate_clock_behind", facts=facts)
