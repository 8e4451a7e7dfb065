"""Whether each camera answers and is recorded: the media server's view every second, the camera itself every minute."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.cameras import repository
from gtvision_edge.cameras.errors import CameraKeyLostError, CameraUnauthorizedError
from gtvision_edge.cameras.model import (
    RESTARTED,
    RESTARTS,
    SERVICE_RESTARTED,
    Camera,
    CameraId,
    CameraState,
    CameraStateChanged,
    CameraUuid,
    StateEntry,
)
from gtvision_edge.cameras.names import NameResolver
from gtvision_edge.cameras.rtsp import describe
from gtvision_edge.cameras.urls import ProfileName
from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import CameraSettings
from gtvision_edge.storage import Database, StorageError, Transaction

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
"""Between two looks at the media server's view."""
SETTLE_S: Final = 3.0
"""A stream that is away for less changes nothing: some flap every few seconds."""
START_S: Final = 6.0
"""What a new stream is given to be opened and written before its silence means something."""
RECHECK_S: Final = 2.0
"""Between checks while a failure is not yet confirmed."""
FIRST_SPREAD_S: Final = 10.0
MAX_CHECKS: Final = 512
"""At once. Large, for each lasts five seconds at most: cameras that hang must not hold up the others."""
MAX_HISTORY: Final = 5000
"""States kept per camera. Bounded by number and not by age, so that a stepped clock deletes nothing."""
PRUNE_S: Final = 24 * 3600.0
MAX_PAGE: Final = 500

NO_STREAM: Final = "no_stream"
"""The camera answers, and the media server has no picture of it."""
NOT_RECORDING: Final = "not_recording"
"""There is a picture, nothing is recorded, and nothing is known to keep it from being."""
RECORDING_OFF: Final = "recording_off"
INTERNAL: Final = "internal"
OWN_REASONS: Final = RESTARTS | {NO_STREAM, NOT_RECORDING, RECORDING_OFF, INTERNAL}
"""Reasons of a state beside the codes of failures; the console has words for each."""

_WRONG: Final = CameraUnauthorizedError.code
_REFUSED: Final = frozenset({_WRONG, CameraKeyLostError.code})
"""The camera is there, the password is not: asking again soon would lock us out."""
_ANSWERS: Final = frozenset(
    {
        "camera_path_not_found",
        "camera_busy",
        "camera_no_video",
        "camera_no_data",
        "camera_unsupported_auth",
    }
)
"""The camera is there, but gives no stream."""


_CALM: Final = frozenset({CameraState.RECORDING, CameraState.UNKNOWN, CameraState.DISABLED})


class PathView(Protocol):
    """The media server's view of a camera's main stream."""

    @property
    def available(self) -> bool:
        """There is a stream."""

    @property
    def receiving(self) -> bool:
        """Bytes came in the last seconds."""

    @property
    def recording(self) -> bool:
        """Its file grows."""


class MediaView(Protocol):
    """Whoever knows what the media server does; None = nothing is known of that camera."""

    def path_view(self, camera_id: str) -> PathView | None: ...


class CameraDirectory(Protocol):
    """The cameras in memory, as :class:`~gtvision_edge.cameras.service.CameraService` has them."""

    def all_cameras(self) -> Sequence[Camera]: ...

    def find_camera(self, camera_id: str) -> Camera | None: ...

    def stream_url(self, camera_id: str, profile: ProfileName) -> str | None: ...


Ask = Callable[[str], Awaitable[object]]
"""Asks the camera of a URL whether it is there: returns, or raises an EdgeError with the reason's code."""


def rtsp_ask(resolver: NameResolver, *, timeout_s: float) -> Ask:
    """Return the asking by DESCRIBE."""

    async def ask(url: str) -> object:
        return await describe(url, resolver=resolver, timeout_s=timeout_s)

    return ask


@dataclass(slots=True)
class _Watch:
    """What is known of one camera; times are monotonic seconds."""

    camera: Camera
    entry: StateEntry
    next_check: float
    is_checking: bool = False
    answer: str | None = None
    """Outcome of the last check: '' = it answered, else a code; None = not asked since the stream went."""
    failures: int = 0
    quiet_until: float = 0.0
    """No check before, whatever happens: the camera refused the password."""
    bad_since: float | None = None
    silent_since: float | None = None
    """Since when the stream comes but its file does not grow."""
    was_good: bool = False


@dataclass(frozen=True, slots=True)
class _Unsaved:
    """A state to be written down; *news*: others are told of it."""

    camera_uuid: CameraUuid
    entry: StateEntry
    news: CameraStateChanged | None


class CameraMonitor:
    """Keeps every camera's state: debounced, as history in the database, told on the bus."""

    def __init__(
        self,
        cameras: CameraDirectory,
        *,
        database: Database,
        media: MediaView,
        ask: Ask,
        bus: EventBus,
        clock: Clock,
        settings: CameraSettings,
        registry: CollectorRegistry | None = None,
        first_spread_s: float = FIRST_SPREAD_S,
        was_booted: bool = False,
        recording_trouble: Callable[[], str] = lambda: "",
        stream_trouble: Callable[[], str] = lambda: "",
        tell: Callable[[Transaction, CameraStateChanged], None] = lambda _, __: None,
    ) -> None:
        """Give both troubles as a code, '' when there is none; *tell* writes down, with a new state, what others are told.

        *recording_trouble* keeps every camera from being recorded, *stream_trouble* keeps every stream away though
        the camera answers. *was_booted*: the box was, since the daemon ran last; False also when that is not known.
        """
        self._cameras = cameras
        self._database = database
        self._media = media
        self._ask = ask
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._first_spread_s = first_spread_s
        self._restart = RESTARTED if was_booted else SERVICE_RESTARTED
        self._recording_trouble = recording_trouble
        self._stream_trouble = stream_trouble
        self._watches: dict[CameraId, _Watch] = {}
        self._last_us: dict[CameraUuid, int] = {}
        self._is_loaded = False
        self._places = asyncio.Semaphore(MAX_CHECKS)
        self._tell = tell
        self._unsaved: deque[_Unsaved] = deque(maxlen=10_000)
        self._has_unsaved = asyncio.Event()
        registry = registry or CollectorRegistry()
        self._gauge = Gauge(
            "gtvision_edge_cameras", "Cameras by their state.", ["state"], registry=registry
        )
        self._checks = Counter(
            "gtvision_edge_camera_checks",
            "DESCRIBE checks by outcome: ok, or the code of the failure.",
            ["outcome"],
            registry=registry,
        )

    def state_of(self, camera_id: str) -> StateEntry:
        """Return the present state; unknown since it was added for a camera that was not looked at yet."""
        camera = self._cameras.find_camera(camera_id)
        watch = self._watches.get(CameraId(camera_id))
        if watch and camera and watch.camera.camera_uuid == camera.camera_uuid:
            return watch.entry
        return StateEntry(CameraState.UNKNOWN, camera.created_us if camera else 0)

    def count_recorded(self) -> int:
        """Return how many cameras are recorded now."""
        return sum(watch.entry.state is CameraState.RECORDING for watch in self._watches.values())

    def count_unexplained(self) -> int:
        """Return how many cameras have a picture and are not recorded, and nobody knows why."""
        return sum(watch.entry.reason == NOT_RECORDING for watch in self._watches.values())

    async def history(
        self, camera_uuid: CameraUuid, *, before_us: int | None = None, limit: int = 100
    ) -> Sequence[StateEntry]:
        """Return a camera's states, newest first, older than *before_us*; at most *limit* (1–500)."""
        return await repository.fetch_states(
            self._database,
            camera_uuid,
            before_us=before_us,
            limit=min(max(limit, 1), MAX_PAGE),
        )

    async def load(self) -> None:
        """Recall what was known before the daemon stopped; call it before anybody else goes to the cameras.

        A camera that had refused the password is still in that state, and is asked a whole ``unauthorized_backoff`` from
        now: a daemon that is restarted again and again would otherwise have cameras lock the box out. Who has changed the
        camera since wants to know at once.
        """
        last = await repository.fetch_last_states(self._database)
        self._last_us = {uuid: entry.since_us for uuid, entry in last.items()}
        now = self._clock.monotonic()
        for camera in self._cameras.all_cameras():
            entry = last.get(camera.camera_uuid)
            if entry is not None and entry.reason == _WRONG and entry.since_us >= camera.updated_us:
                quiet_until = now + self._settings.unauthorized_backoff
                watch = _Watch(camera, entry, now, quiet_until=quiet_until)
                watch.answer, watch.bad_since = _WRONG, now
                self._watches[camera.camera_id] = watch
        self._is_loaded = True

    async def run(self) -> None:
        """Watch until cancelled; start it again after a failure."""
        if not self._is_loaded:
            await self.load()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._save_forever(), name="camera-states")
            while True:
                self._look(tasks)
                await self._clock.sleep(LOOK_S)

    def _look(self, tasks: asyncio.TaskGroup) -> None:
        now = self._clock.monotonic()
        self._follow_directory(now)
        for watch in self._watches.values():
            news = self._judge(watch, self._media.path_view(watch.camera.camera_id), now)
            if news is not None:
                self._enter(watch, *news)
            is_due = now >= max(watch.next_check, watch.quiet_until)
            if watch.camera.enabled and is_due and not watch.is_checking:
                watch.is_checking = True
                tasks.create_task(self._check(watch), name=f"check-{watch.camera.camera_id}")
        for state in CameraState:
            count = sum(watch.entry.state is state for watch in self._watches.values())
            self._gauge.labels(state.value).set(count)

    def _follow_directory(self, now: float) -> None:
        cameras = {camera.camera_id: camera for camera in self._cameras.all_cameras()}
        for camera_id, watch in list(self._watches.items()):
            camera = cameras.get(camera_id)
            if camera is None or camera.camera_uuid != watch.camera.camera_uuid:
                del self._watches[camera_id]
            elif camera.updated_us != watch.camera.updated_us:
                # Whoever changed a camera wants to know now, also after a wrong password.
                self._watches[camera_id] = _Watch(camera, watch.entry, now)
        for camera_id, camera in cameras.items():
            if camera_id not in self._watches:
                watch = _Watch(
                    camera,
                    StateEntry(CameraState.UNKNOWN, camera.created_us),
                    now + random.uniform(0, self._first_spread_s),  # noqa: S311 -- spreads load
                )
                self._watches[camera_id] = watch
                is_known = camera.camera_uuid in self._last_us
                # What was before the box went down is no longer known: the history says so.
                reason = self._restart if is_known else ""
                self._keep(watch, StateEntry(CameraState.UNKNOWN, self._next_us(camera), reason))

    def _judge(
        self, watch: _Watch, view: PathView | None, now: float
    ) -> tuple[CameraState, str] | None:
        """Return the state to be in by what is known now, None = stay."""
        if not watch.camera.enabled:
            return CameraState.DISABLED, ""
        if view is not None and view.available and view.receiving:
            return self._judge_stream(watch, now, is_recording=view.recording)
        if watch.bad_since is None:
            self._lose_stream(watch, now)
        watch.silent_since = None
        return self._judge_answer(watch, now)

    def _judge_stream(
        self, watch: _Watch, now: float, *, is_recording: bool
    ) -> tuple[CameraState, str] | None:
        watch.bad_since, watch.was_good = None, True
        if not watch.camera.record:
            return CameraState.ONLINE_NOT_RECORDING, RECORDING_OFF
        if is_recording:
            watch.silent_since = None
            return CameraState.RECORDING, ""
        if watch.silent_since is None:
            watch.silent_since = now
        was_recording = watch.entry.state is CameraState.RECORDING
        if now - watch.silent_since < (SETTLE_S if was_recording else START_S):
            return None
        return CameraState.ONLINE_NOT_RECORDING, self._recording_trouble() or NOT_RECORDING

    def _lose_stream(self, watch: _Watch, now: float) -> None:
        """Ask the camera at once; the lost stream is a first sign that it is gone."""
        watch.bad_since = now
        watch.failures = 1 if watch.was_good else 0
        if now >= watch.quiet_until and watch.was_good:
            watch.answer, watch.next_check = None, now
        watch.was_good = False

    def _judge_answer(self, watch: _Watch, now: float) -> tuple[CameraState, str] | None:
        assert watch.bad_since is not None  # noqa: S101 -- the caller saw to it
        if watch.answer is None:
            return None
        if watch.answer in _REFUSED:
            return CameraState.UNAUTHORIZED, watch.answer
        if watch.answer == "":
            patience_s = START_S if watch.entry.state is CameraState.UNKNOWN else SETTLE_S
            is_settled = now - watch.bad_since >= patience_s
            reason = self._stream_trouble() or NO_STREAM
            return (CameraState.ONLINE_NOT_RECORDING, reason) if is_settled else None
        if watch.failures < self._settings.offline_after:
            return None
        state = (
            CameraState.ONLINE_NOT_RECORDING if watch.answer in _ANSWERS else CameraState.OFFLINE
        )
        return state, watch.answer

    async def _check(self, watch: _Watch) -> None:
        try:
            async with self._places:
                code = await self._outcome(watch.camera)
        except Exception:  # what one camera makes us stumble over must not end the watch over all
            log.exception("camera_check_failed", camera_id=watch.camera.camera_id)
            code = INTERNAL
        finally:
            watch.is_checking = False  # also when the whole monitor is started again
        now = self._clock.monotonic()
        self._checks.labels(code or "ok").inc()
        watch.answer = code
        watch.failures = watch.failures + 1 if code else 0
        interval_s = self._settings.monitor_interval * random.uniform(0.9, 1.1)  # noqa: S311
        if code in _REFUSED:
            watch.quiet_until = now + self._settings.unauthorized_backoff
        elif code and watch.bad_since is not None and watch.failures < self._settings.offline_after:
            interval_s = min(interval_s, RECHECK_S)
        watch.next_check = now + interval_s

    async def _outcome(self, camera: Camera) -> str:
        url = self._cameras.stream_url(camera.camera_id, "main")
        if url is None:
            return "camera_key_lost"
        try:
            await self._ask(url)
        except EdgeError as error:
            return error.code
        return ""

    def _enter(self, watch: _Watch, state: CameraState, reason: str) -> None:
        before, camera = watch.entry, watch.camera
        # A password that was changed and is refused again is news: from it counts how long the camera is left alone.
        is_refused_anew = reason == _WRONG and before.since_us < camera.updated_us
        if (before.state, before.reason) == (state, reason) and not is_refused_anew:
            return
        entry = StateEntry(state, self._next_us(camera), reason)
        if state is before.state:
            self._keep(watch, entry)
            return  # another reason alone is history, not news
        news = CameraStateChanged(
            camera_id=camera.camera_id,
            camera_uuid=camera.camera_uuid,
            tenant_id=camera.tenant_id,
            previous=before.state,
            state=state,
            since_us=entry.since_us,
            reason=reason,
        )
        self._keep(watch, entry, news)
        level = log.info if state in _CALM else log.warning
        level(
            "camera_state_changed",
            camera_id=camera.camera_id,
            previous=before.state.value,
            state=state.value,
            reason=reason,
        )
        self._bus.publish(news)

    def _next_us(self, camera: Camera) -> int:
        """Return now, but after the camera's last state even when the clock was set back."""
        return max(self._clock.now_us(), self._last_us.get(camera.camera_uuid, 0) + 1)

    def _keep(
        self, watch: _Watch, entry: StateEntry, news: CameraStateChanged | None = None
    ) -> None:
        watch.entry = entry
        self._last_us[watch.camera.camera_uuid] = entry.since_us
        self._unsaved.append(_Unsaved(watch.camera.camera_uuid, entry, news))
        self._has_unsaved.set()

    async def _save_forever(self) -> None:
        """Write states as they come; apart from the looking, so that a slow disk does not blind us."""
        prune_at = self._clock.monotonic()
        while True:
            await self._has_unsaved.wait()
            self._has_unsaved.clear()
            entries = list(self._unsaved)
            self._unsaved.clear()
            try:
                await self._database.write(partial(self._insert, entries))
                if self._clock.monotonic() >= prune_at:
                    prune_at += PRUNE_S
                    await self._database.write(_prune)
            except StorageError:
                self._unsaved.extendleft(reversed(entries))
                log.warning("camera_states_not_saved", waiting=len(self._unsaved))
                await self._clock.sleep(LOOK_S)
                self._has_unsaved.set()

    def _insert(self, entries: Sequence[_Unsaved], transaction: Transaction) -> None:
        repository.insert_states(transaction, [(each.camera_uuid, each.entry) for each in entries])
        for each in entries:
            if each.news is not None:
                self._tell(transaction, each.news)


def _prune(transaction: Transaction) -> None:
    repository.prune_states(transaction, keep=MAX_HISTORY)
