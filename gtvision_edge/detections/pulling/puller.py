"""One task a camera that asks it for its readings, holds the connection, and takes what it tells through the one pipeline."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, Protocol

import structlog
from prometheus_client import CollectorRegistry, Gauge
from pydantic import SecretStr

from gtvision_edge.cameras.model import Camera, CameraAdded, CameraChanged, CameraRemoved
from gtvision_edge.detections.errors import PictureNotKeptError, TooManyPushesError
from gtvision_edge.detections.intake import Intake, SettingsOf
from gtvision_edge.detections.model import Reading, TrustLevel
from gtvision_edge.detections.plate_sources.model import PlateSourceChanged
from gtvision_edge.detections.pulling.connection import (
    HEARTBEAT_S,
    PullTarget,
    Resolver,
    connect,
)
from gtvision_edge.detections.pulling.events import PulledEvent
from gtvision_edge.detections.pulling.pace import StreamPace
from gtvision_edge.detections.pulling.states import (
    PullFailedError,
    PullState,
    PullTrouble,
    PullView,
)
from gtvision_edge.detections.rates import SendRate
from gtvision_edge.detections.sources.intelbras import read_pulled
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.tasks import keep_running
from gtvision_edge.storage.errors import StorageError

log = structlog.get_logger(__name__)

SOURCE: Final = "snapmanager"
SILENT_S: Final = 3.0 * HEARTBEAT_S
FIRST_DELAY_S: Final = 1.0
MAX_DELAY_S: Final = 60.0
STABLE_AFTER_S: Final = 60.0
LONG_DELAY_S: Final = {PullState.UNAUTHORIZED: 600.0, PullState.UNSUPPORTED: 300.0}
RATE: Final = (50.0, 400.0)
"""Readings per second and at once, as for cameras that push; what is more waits in the camera."""
TRIES: Final = 5
"""To keep a reading while the disk fails; after that the connection is given up with it."""
TOLD_AFTER: Final = 3
"""Tries that fail in a row before people are told; of a camera that refuses or does not know the question, at once."""


class PulledCameras(Protocol):
    """The site's cameras, in memory."""

    def all_cameras(self) -> Sequence[Camera]: ...
    def find_by_uuid(self, camera_uuid: str) -> Camera | None: ...
    def login_of(self, camera_id: str) -> tuple[str, SecretStr] | None: ...


class _Puller:
    """Asks one camera, for as long as its task lives."""

    def __init__(
        self, target: PullTarget, owner: "Pullers", clock: Clock, *, silent_s: float
    ) -> None:
        self._target = target
        self._owner = owner
        self._clock = clock
        self._silent_s = silent_s
        self._rate = SendRate(clock, per_s=RATE[0], burst=RATE[1])
        self._has_told = False
        self._connected_at = 0.0
        """Monotonic."""
        self._has_read = False
        """A reading came since it is connected."""
        self._trouble: PullTrouble | None = None
        self.state = PullState.CONNECTING

    @property
    def trouble(self) -> PullTrouble | None:
        """Return why its readings do not come, None = nothing is known against it."""
        return None if self._is_steady() else self._trouble

    def _is_steady(self) -> bool:
        """Tell whether the camera is heard: who only takes the call is not trusted until it would have been silent too long."""
        if self.state is not PullState.CONNECTED:
            return False
        return self._has_read or self._clock.monotonic() - self._connected_at > self._silent_s

    async def run(self) -> None:
        delay_s = FIRST_DELAY_S
        while True:
            self.state = PullState.CONNECTING
            began = self._clock.monotonic()
            try:
                await self._hold()
                failure = PullFailedError(PullState.UNREACHABLE, "it ended the stream")
            except PullFailedError as error:
                failure = error
            if self._clock.monotonic() - began >= STABLE_AFTER_S:
                delay_s, self._has_told = FIRST_DELAY_S, False
            self._tell_of(failure)
            wait_s = LONG_DELAY_S.get(failure.state, delay_s)
            # Cameras behind one router come back together; they are not all asked at once.
            await self._clock.sleep(wait_s * (0.75 + secrets.randbelow(500) / 1000))
            delay_s = min(delay_s * 2, MAX_DELAY_S)

    async def _hold(self) -> None:
        async with connect(
            self._target,
            self._owner.resolver,
            silent_s=self._silent_s,
            pace=StreamPace(self._clock),
        ) as events:
            self._connected_at, self._has_read = self._clock.monotonic(), False
            self.state = PullState.CONNECTED
            async for event in events:
                await self._take(event)

    async def _take(self, event: PulledEvent) -> None:
        scale = self._owner.settings_of(self._target.camera_uuid).confidence_scale
        reading = await asyncio.to_thread(read_pulled, event.lines, list(event.jpegs), scale=scale)
        if reading is None:
            return
        while True:
            try:
                self._rate.take("")
                break
            except TooManyPushesError as error:
                await self._clock.sleep(float(str(error.details["retry_after_s"])))
        await self._keep(reading)
        self._has_read = True

    async def _keep(self, reading: Reading) -> None:
        """Hand *reading* over. A camera does not tell it twice, so a disk that fails for a moment is waited for."""
        for pause_s in (*(2.0**each for each in range(TRIES - 1)), None):
            try:
                await self._owner.take(self._target.camera_uuid, reading)
                return  # noqa: TRY300 -- the loop goes on after a failure alone
            except (StorageError, PictureNotKeptError) as error:
                if pause_s is None:
                    reason = "the disk does not take its readings"
                    raise PullFailedError(PullState.NOT_KEPT, reason) from error
                await self._clock.sleep(pause_s)

    def _tell_of(self, failure: PullFailedError) -> None:
        before = self.trouble
        since_us = before.since_us if before else self._clock.now_us()
        self._trouble = PullTrouble(failure.state, since_us, before.in_a_row + 1 if before else 1)
        self.state = failure.state
        tell = log.debug if self._has_told else log.warning
        tell(
            "plate_pull_failed",
            camera_uuid=self._target.camera_uuid,
            state=failure.state.value,
            reason=failure.reason,
        )
        self._has_told = True


class Pullers:
    """Owns a task for each camera that is to be asked; run :meth:`run` as a service.

    It is an HTTP connection to the camera's web server, none of the two RTSP sessions that a camera serves. What a camera tells
    faster than it is kept stays in the camera: nothing is queued here.
    """

    def __init__(
        self,
        cameras: PulledCameras,
        intake: Intake,
        bus: EventBus,
        clock: Clock,
        *,
        settings_of: SettingsOf,
        resolver: Resolver,
        silent_s: float = SILENT_S,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._cameras = cameras
        self._intake = intake
        self._bus = bus
        self._clock = clock
        self._silent_s = silent_s
        self.settings_of = settings_of
        self.resolver = resolver
        self._asked: dict[PullTarget, tuple[_Puller, asyncio.Task[None]]] = {}
        gauge = Gauge(
            "gtvision_edge_plate_pulls",
            "Cameras that are asked for their plate readings, by how it goes",
            ["state"],
            registry=registry or CollectorRegistry(),
        )
        for state in PullState:
            if state is not PullState.OFF:
                gauge.labels(state.value).set_function(partial(self._count, state))

    def view_of(self, camera_uuid: str) -> PullView:
        """Return how the asking of a camera goes."""
        for target, (puller, _) in self._asked.items():
            if target.camera_uuid == camera_uuid:
                return PullView(puller.state, puller.trouble)
        return PullView(PullState.OFF)

    def findings(self) -> Iterable[Finding]:
        """Return the cameras whose readings do not come, each with why and since when."""
        for target, (puller, _) in self._asked.items():
            trouble = puller.trouble
            camera = self._cameras.find_by_uuid(target.camera_uuid)
            if trouble is None or camera is None:
                continue
            if trouble.in_a_row >= TOLD_AFTER or trouble.state in LONG_DELAY_S:
                yield Finding(
                    "plate_pull_failing",
                    facts={
                        "camera_id": camera.camera_id,
                        "reason": trouble.state.value,
                        "since_us": trouble.since_us,
                    },
                )

    async def run(self) -> None:
        """Ask whom the settings say, until cancelled; the tasks end with it."""
        news = (CameraAdded, CameraChanged, CameraRemoved, PlateSourceChanged)
        try:
            # One place is enough: whatever changed, all cameras are looked through.
            with self._bus.listen(*news, size=1) as mailbox:
                await self._arrange()
                async for _ in mailbox:
                    await self._arrange()
        finally:
            await self._end(list(self._asked))

    async def take(self, camera_uuid: str, reading: Reading) -> None:
        """Keep a reading of a camera that may be gone, or another tenant's, since."""
        camera = self._cameras.find_by_uuid(camera_uuid)
        if camera is not None:
            await self._intake.take(camera, reading, source=SOURCE, trust=TrustLevel.FETCHED)

    async def _arrange(self) -> None:
        wanted = self._wanted()
        await self._end([target for target in self._asked if target not in wanted])
        for target in wanted:
            if target not in self._asked:
                puller = _Puller(target, self, self._clock, silent_s=self._silent_s)
                name = f"plate-pull-{target.camera_uuid}"
                job = keep_running(name, puller.run, clock=self._clock)
                # Owned here: ended and awaited in _end().
                self._asked[target] = puller, asyncio.create_task(job, name=name)

    def _wanted(self) -> dict[PullTarget, None]:
        wanted: dict[PullTarget, None] = {}
        for camera in self._cameras.all_cameras():
            if not camera.enabled or not self.settings_of(camera.camera_uuid).is_pulled:
                continue
            login = self._cameras.login_of(camera.camera_id)
            if login is not None and camera.host:
                target = PullTarget(
                    camera.camera_uuid, camera.host, camera.http_port, camera.channel, *login
                )
                wanted[target] = None
        return wanted

    async def _end(self, targets: Sequence[PullTarget]) -> None:
        tasks = [self._asked.pop(target)[1] for target in targets]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _count(self, state: PullState) -> float:
        return Counter(puller.state for puller, _ in self._asked.values())[state]
