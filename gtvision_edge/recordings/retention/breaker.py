"""The disk's circuit breaker: nothing is recorded before the volume is full (I3), and again when there is room.

It looks at what the volume last saw, twice a second, in memory. Opening is a decision of that moment: the audit entry and
the row follow as soon as the database, which may lie on the same full disk, takes them. The row makes that a restart in
between does not forget the hysteresis.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.disk_news import DiskEvent, DiskNews
from gtvision_edge.recordings.retention.errors import BreakerOpenError
from gtvision_edge.recordings.retention.waters import waters
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import VolumeSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.storage.errors import StorageError

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.5
CLOSES_AFTER_S: Final = 60.0
"""So long there must have been room without a break."""
STAGGER_S: Final = 1.0
STAGGER_WHOLE_S: Final = 30.0
"""Between one camera and the next, and for all of them together at most."""
TELL_AGAIN_S: Final = 5.0


class BreakerState(StrEnum):
    """``waiting``: there is room again, and recording begins when it has lasted."""

    CLOSED = "closed"
    OPEN = "open"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class BreakerOpened:
    reason: str
    free_bytes: int


@dataclass(frozen=True, slots=True)
class BreakerClosed:
    free_bytes: int


class WatchedVolume(Protocol):
    """The volume as it was at the last look; None while it is away."""

    @property
    def usage(self) -> Usage | None: ...


class OneOfTheCameras(Protocol):
    @property
    def camera_id(self) -> str: ...


class CamerasOfSite(Protocol):
    def all_cameras(self) -> Sequence[OneOfTheCameras]: ...


@dataclass(frozen=True, slots=True)
class _Transition:
    state: BreakerState
    at_us: int
    reason: str
    free_bytes: int
    total_bytes: int


class Breaker:
    """Says per camera whether it may be recorded. While the volume is away the state stays: others see to that."""

    def __init__(
        self,
        volume: WatchedVolume,
        cameras: CamerasOfSite,
        *,
        database: Database,
        audit: AuditLog,
        bus: EventBus,
        clock: Clock,
        settings: VolumeSettings,
        tell: Callable[[Transaction, DiskNews], None] = lambda _, __: None,
        registry: CollectorRegistry | None = None,
    ) -> None:
        """Give *tell* what writes down, with the row, what others are told of it."""
        self._tell_others = tell
        self._volume = volume
        self._cameras = cameras
        self._database = database
        self._audit = audit
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._is_open = False
        self._since_us = clock.now_us()
        self._reason = ""
        self._room_since: float | None = None
        self._closed_at = float("-inf")
        self._untold: list[_Transition] = []
        self._tell_at = float("-inf")
        registry = registry or CollectorRegistry()
        self._gauge = Gauge(
            "gtvision_edge_breaker_open",
            "1 while recording is switched off for want of room",
            registry=registry,
        )
        self._openings = Counter(
            "gtvision_edge_breaker_openings", "Times the breaker opened", registry=registry
        )

    @property
    def state(self) -> BreakerState:
        if not self._is_open:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._room_since is None else BreakerState.WAITING

    @property
    def since_us(self) -> int:
        return self._since_us

    @property
    def reason(self) -> str:
        """Return why it is open: ``nearly_full``, or ``volume_full`` when that came too fast; '' while it is closed."""
        return self._reason

    @property
    def trouble(self) -> str:
        """Return the code of what keeps every camera from being recorded, '' when nothing does."""
        return BreakerOpenError.code if self._is_open else ""

    async def require(self) -> None:
        """Return when it is closed.

        Raises:
            BreakerOpenError: it is not.

        """
        if self._is_open:
            raise BreakerOpenError("Recording is switched off: the volume is nearly full.")

    def allows(self, camera_id: str) -> bool:
        """Tell whether the camera may be recorded: not while open, and one after the other when it has closed."""
        if self._is_open:
            return False
        passed_s = self._clock.monotonic() - self._closed_at
        if passed_s >= STAGGER_WHOLE_S:
            return True
        ids = sorted(camera.camera_id for camera in self._cameras.all_cameras())
        if camera_id not in ids:
            return True
        step_s = min(STAGGER_S, STAGGER_WHOLE_S / len(ids))
        return passed_s >= ids.index(camera_id) * step_s

    async def load(self) -> None:
        """Take up the state of the last run, then look; once, before anything is recorded."""
        guard = await repository.fetch_guard(self._database)
        if guard.breaker_is_open:
            self._is_open, self._since_us = True, guard.breaker_us
            self._reason = guard.breaker_reason
            self._gauge.set(1)
        self.look()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await self._tell()
            await self._clock.sleep(LOOK_S)

    def look(self) -> None:
        """Decide by the volume's sizes as last seen."""
        usage = self._volume.usage
        if usage is None:
            self._room_since = None
            return
        wanted = waters(self._settings, usage)
        if not self._is_open:
            if usage.free < wanted.trip:
                self._open(usage, "volume_full" if usage.is_full else "nearly_full")
            return
        if usage.free < wanted.reset:
            self._room_since = None
            return
        now = self._clock.monotonic()
        if self._room_since is None:
            self._room_since = now
        elif now - self._room_since >= CLOSES_AFTER_S:
            self._close(usage)

    def _open(self, usage: Usage, reason: str) -> None:
        free_bytes = usage.free
        self._is_open, self._room_since = True, None
        self._since_us, self._reason = self._clock.now_us(), reason
        self._gauge.set(1)
        self._openings.inc()
        log.error("breaker_opened", reason=reason, free_bytes=free_bytes)
        self._untold.append(
            _Transition(BreakerState.OPEN, self._since_us, reason, free_bytes, usage.total)
        )
        self._bus.publish(BreakerOpened(reason, free_bytes))

    def _close(self, usage: Usage) -> None:
        free_bytes = usage.free
        self._is_open, self._room_since, self._closed_at = False, None, self._clock.monotonic()
        self._since_us, self._reason = self._clock.now_us(), ""
        self._gauge.set(0)
        log.info("breaker_closed", free_bytes=free_bytes)
        self._untold.append(
            _Transition(BreakerState.CLOSED, self._since_us, "", free_bytes, usage.total)
        )
        self._bus.publish(BreakerClosed(free_bytes))

    async def _tell(self) -> None:
        """Write down what happened; on a full disk later rather than never."""
        if not self._untold or self._clock.monotonic() < self._tell_at:
            return
        untold = list(self._untold)

        def write(transaction: Transaction) -> None:
            for each in untold:
                self._write(transaction, each)

        try:
            await self._database.write(write)
        except StorageError:
            self._tell_at = self._clock.monotonic() + TELL_AGAIN_S
        else:
            del self._untold[: len(untold)]

    def _write(self, transaction: Transaction, change: _Transition) -> None:
        is_open = change.state is BreakerState.OPEN
        repository.update_breaker(
            transaction, is_open=is_open, at_us=change.at_us, reason=change.reason
        )
        details: dict[str, object] = {"free_bytes": change.free_bytes}
        if change.reason:
            details["reason"] = change.reason
        self._audit.append(
            transaction,
            actor=SYSTEM,
            action="breaker.opened" if is_open else "breaker.closed",
            subject="volume",
            details=details,
        )
        self._tell_others(
            transaction,
            DiskNews(
                DiskEvent.BREAKER_OPENED if is_open else DiskEvent.BREAKER_CLOSED,
                change.at_us,
                change.reason,
                change.free_bytes,
                change.total_bytes,
            ),
        )
