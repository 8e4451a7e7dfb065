"""Keeps the media server's paths as they should be: desired state wins, and what is right is not touched."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.cameras.model import (
    CameraAdded,
    CameraChanged,
    CameraRemoved,
    CameraStateChanged,
)
from gtvision_edge.errors import EdgeError
from gtvision_edge.media.admission import Admissions, paths_of
from gtvision_edge.media.client import MediaServerClient, PathConf, ServerInfo
from gtvision_edge.media.errors import MediaServerRefusedError, MediaServerUnavailableError
from gtvision_edge.media.model import (
    CameraDirectory,
    CameraOnAir,
    MediaServerFound,
    MediaServerLost,
    MediaServerState,
)
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import (
    Action,
    ActionKind,
    PathRules,
    PathUse,
    Sources,
    desired_paths,
    diff,
    differing_fields,
    path_name,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.waking import sleep_or_wake

log = structlog.get_logger(__name__)


class ClaimDirectory(Protocol):
    """Makes a camera's directory its own, whether or not it records.

    False: another camera's lies there, and without *may_set_aside* it was left alone. Raises EdgeError when the directory
    cannot be claimed: the camera then goes on the air unrecorded.
    """

    async def __call__(self, camera: CameraOnAir, *, may_set_aside: bool) -> bool: ...


_NEWS = (CameraAdded, CameraChanged, CameraRemoved, CameraStateChanged)

VERIFY_AFTER_S = (0.05, 0.2, 0.75)
"""The server says 200 before it acts; so long we give it, step by step."""

ENDING_PATIENCE_S = 10.0
"""So long a camera waits for the streams, not only the configuration, of the one that had its name before."""

TROUBLE_FIRST_S = 4.0
TROUBLE_MAX_S = 60.0
"""A path that the server refuses, or shows otherwise than we set it, is tried again ever more seldom.

Without this a server that prints a value in a way we do not know would be told the same every two seconds, and would
cut the stream each time.
"""


@dataclass(slots=True)
class _Trouble:
    """A change that did not help: not tried again before ``until`` (monotonic) unless something else is wanted."""

    wanted: PathConf
    code: str
    delay_s: float
    until: float


class Reconciler:
    """Compares what the media server has with what it should have, and mends the difference.

    One pass at a time; a pass that finds the server dead ends at the first call that says so, so nothing piles up.
    *suspended* tells of cameras that must be left alone for now (wrong password: the media server would try every
    5 s, and cameras lock out who does). *recording_allowed* False switches the recording of a camera (by its id) off, its
    streams stay. *news* are further events that call for a pass at once. *admissions* learns which path is whose,
    *path_troubles* what is wrong with which.
    """

    def __init__(
        self,
        client: MediaServerClient,
        cameras: CameraDirectory,
        rules: PathRules,
        *,
        bus: EventBus,
        clock: Clock,
        claim_directory: ClaimDirectory,
        admissions: Admissions,
        path_troubles: PathTroubles,
        suspended: Callable[[str], bool] = lambda _: False,
        recording_allowed: Callable[[str], bool] = lambda _: True,
        news: tuple[type, ...] = (),
        interval_s: float = 2.0,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._client = client
        self._cameras = cameras
        self._rules = rules
        self._bus = bus
        self._clock = clock
        self._claim_directory = claim_directory
        self._admissions = admissions
        self._path_troubles = path_troubles
        self._suspended = suspended
        self._recording_allowed = recording_allowed
        self._news = (*_NEWS, *news)
        self._interval_s = interval_s
        self._wake = asyncio.Event()
        self._state = MediaServerState(up=False, since_us=clock.now_us(), error="")
        self._failure: MediaServerUnavailableError | MediaServerRefusedError = (
            MediaServerUnavailableError("The media server was not asked yet.")
        )
        self._started = ""
        self._right: set[str] = set()
        self._agreed: tuple[Mapping[str, PathConf], Mapping[str, PathConf]] = ({}, {})
        """What was there and what was wanted when the two were last found to agree."""
        self._wanted: dict[str, tuple[tuple[str, Sources, bool], Mapping[str, PathConf]]] = {}
        """By the camera's uuid: what its paths were made of, and they."""
        self._troubles: dict[str, _Trouble] = {}
        self._unclaimed: dict[str, str] = {}
        self._left_behind: set[str] = set()
        self._ending: dict[str, float] = {}
        registry = registry or CollectorRegistry()
        self._up = Gauge(
            "gtvision_edge_media_server_up",
            "1 while the media server's API answers",
            registry=registry,
        )
        self._changes = Counter(
            "gtvision_edge_media_path_changes",
            "Paths of the media server changed by us",
            ["kind"],
            registry=registry,
        )
        self._losses = Counter(
            "gtvision_edge_media_path_losses",
            "Times the media server was found without paths it had",
            ["cause"],
            registry=registry,
        )
        self._wrong = Gauge(
            "gtvision_edge_media_paths_wrong",
            "Paths that are not as they should be after the last pass",
            registry=registry,
        )

    @property
    def state(self) -> MediaServerState:
        return self._state

    @property
    def troubles(self) -> Mapping[str, str]:
        """Return why a path is not as it should be, by path name, as an error code."""
        return {name: trouble.code for name, trouble in self._troubles.items()} | self._unclaimed

    async def require(self) -> None:
        """Return while the media server answers.

        Raises:
            MediaServerUnavailableError, MediaServerRefusedError: what it did instead.

        """
        if not self._state.up:
            raise self._failure.with_traceback(None)

    def wake(self) -> None:
        """Ask for a pass now instead of at the next interval."""
        self._wake.set()

    async def run(self) -> None:
        """Reconcile until cancelled: every interval, and at once on news of cameras."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="reconciler-news")
            while True:
                self._wake.clear()
                await self.reconcile()
                await sleep_or_wake(self._clock, self._interval_s, self._wake)

    async def reconcile(self) -> None:
        """Make one pass. A dead server, or a path that cannot be mended, is a state here, not an error."""
        try:
            if await self._pass():  # what another camera had under the same name has ended
                await self._pass()
            self._path_troubles.note(self.troubles)
        except (MediaServerUnavailableError, MediaServerRefusedError) as error:
            self._note_down(error)  # a refused question; refused changes are told in _apply

    async def _pass(self) -> bool:
        """Mend what is wrong; return whether paths were ended whose camera is waiting for their name."""
        info = await self._client.info()
        listed = await self._client.config_paths()
        self._note_loss(info, listed)
        actual = dict(listed)
        desired, owners = await self._desired(actual)
        actions = self._due(self._differences(desired, listed, actual), desired)
        wrong = await self._verify(desired, actions, await self._apply(actions))
        self._note_troubles(desired, wrong)
        self._note_owners(actual, actions, wrong, owners)
        self._note_up(info)
        return bool(self._left_behind - wrong.keys())

    def _differences(
        self,
        desired: Mapping[str, PathConf],
        listed: Mapping[str, PathConf],
        actual: Mapping[str, PathConf],
    ) -> list[Action]:
        """Return what must be done; *actual* is *listed* without paths that were ended since."""
        is_whole = len(actual) == len(listed)
        if is_whole and listed is self._agreed[0] and desired == self._agreed[1]:
            return []  # as nearly always, and then nothing has to be compared
        actions = diff(desired, actual)
        if is_whole and not actions:
            self._agreed = (listed, desired)
        return actions

    async def _listen(self) -> None:
        with self._bus.listen(*self._news, size=8) as mailbox:
            async for _ in mailbox:
                self._wake.set()

    async def _desired(
        self, actual: Mapping[str, PathConf]
    ) -> tuple[dict[str, PathConf], dict[str, str]]:
        """Return the wanted paths, and the uuid of each one's camera.

        A camera under whose name the server still has another one's paths gets none until those have ended: it must
        neither show that one's picture nor have its footage in its own directory.
        """
        desired: dict[str, PathConf] = {}
        owners: dict[str, str] = {}
        self._unclaimed, self._left_behind = {}, set()
        cameras = self._cameras.all_cameras()
        known = {camera.camera_uuid for camera in cameras}
        self._wanted = {uuid: paths for uuid, paths in self._wanted.items() if uuid in known}
        self._ending = {uuid: until for uuid, until in self._ending.items() if uuid in known}
        for camera in cameras:
            strange = await self._strange_paths(camera, actual)
            # Also of a camera that is not recorded: what its predecessor of the same name left is not its own.
            allowed = not strange and self._recording_allowed(camera.camera_id)
            present = paths_of(camera, actual)
            claimed = allowed and await self._claim(camera, may_set_aside=not present)
            if allowed and not claimed and not self._is_unclaimed(camera):
                strange = present  # they record into the directory, which is another camera's
            if strange:
                if present or camera.camera_uuid not in self._ending:
                    until = self._clock.monotonic() + ENDING_PATIENCE_S
                    self._ending[camera.camera_uuid] = until
                self._left_behind |= strange
                continue
            self._ending.pop(camera.camera_uuid, None)
            main = self._cameras.stream_url(camera.camera_id, "main")
            if not camera.enabled or main is None or self._suspended(camera.camera_id):
                continue
            sources = Sources(main, self._cameras.stream_url(camera.camera_id, "sub"))
            record = claimed and camera.record
            paths = self._paths_for(camera, sources, record=record)
            desired |= paths
            owners |= dict.fromkeys(paths, camera.camera_uuid)
        return desired, owners

    def _paths_for(
        self, camera: CameraOnAir, sources: Sources, *, record: bool
    ) -> Mapping[str, PathConf]:
        """Return the camera's wanted paths; the very same objects while nothing changed, which makes comparing them cheap."""
        key = (camera.camera_id, sources, record)
        known = self._wanted.get(camera.camera_uuid)
        if known is None or known[0] != key:
            paths = desired_paths(camera.camera_id, sources, self._rules, record=record)
            known = self._wanted[camera.camera_uuid] = (key, paths)
        return known[1]

    async def _strange_paths(self, camera: CameraOnAir, actual: Mapping[str, PathConf]) -> set[str]:
        """Return the paths under the camera's name that are another's, configured or not quite ended."""
        present = paths_of(camera, actual)
        until = self._ending.get(camera.camera_uuid)
        if until is not None:
            # Without limit a path that somebody publishes by hand under such a name would keep the camera off the air.
            if self._clock.monotonic() < until:
                present |= paths_of(camera, await self._client.runtime_paths())
            return present
        if self._admissions.is_anothers(camera):
            return present
        name = path_name(camera.camera_id, PathUse.RECORD)
        main = self._cameras.stream_url(camera.camera_id, "main")
        if self._admissions.is_known(camera) or main is None or name not in actual:
            return set()
        # Left by a daemon before us: whose these are only the address tells.
        wanted = desired_paths(camera.camera_id, Sources(main, None), self._rules, record=False)
        return present if "source" in differing_fields(wanted[name], actual[name]) else set()

    async def _claim(self, camera: CameraOnAir, *, may_set_aside: bool) -> bool:
        """Return whether the camera's directory is its own, so that its path may record into it."""
        try:
            return await self._claim_directory(camera, may_set_aside=may_set_aside)
        except EdgeError as error:
            self._unclaimed[path_name(camera.camera_id, PathUse.RECORD)] = error.code
            return False

    def _is_unclaimed(self, camera: CameraOnAir) -> bool:
        return path_name(camera.camera_id, PathUse.RECORD) in self._unclaimed

    def _due(self, actions: list[Action], desired: Mapping[str, PathConf]) -> list[Action]:
        """Leave out what was tried lately in vain."""
        now = self._clock.monotonic()
        return [
            action
            for action in actions
            if (trouble := self._troubles.get(action.name)) is None
            or trouble.until <= now
            or trouble.wanted != desired.get(action.name, {})
        ]

    async def _apply(self, actions: list[Action]) -> dict[str, str]:
        """Make the changes in order; return the codes of those that the server refused, by path."""
        refused: dict[str, str] = {}
        for action in actions:
            try:
                await self._apply_one(action)
            except MediaServerRefusedError as error:
                refused[action.name] = error.code
            else:
                self._changes.labels(action.kind).inc()
        return refused

    async def _apply_one(self, action: Action) -> None:
        match action.kind:
            case ActionKind.ADD:
                await self._client.add_path(action.name, action.conf)
            case ActionKind.PATCH_RECORD:
                await self._client.patch_path(action.name, action.conf)
            case ActionKind.REPLACE:
                await self._client.replace_path(action.name, action.conf)
            case ActionKind.DELETE:
                await self._client.delete_path(action.name)

    async def _verify(
        self, desired: Mapping[str, PathConf], actions: list[Action], refused: Mapping[str, str]
    ) -> dict[str, str]:
        """Wait until the changes are seen; return which of them stay unseen, by path."""
        acted = {action.name for action in actions}
        if acted <= refused.keys():
            return dict(refused)
        wrong: dict[str, str] = {}
        for delay_s in VERIFY_AFTER_S:
            await self._clock.sleep(delay_s)
            remaining = {action.name for action in diff(desired, await self._client.config_paths())}
            if remaining - acted - self._troubles.keys():
                self._wake.set()  # somebody else changed something meanwhile: the next pass is due now
            wrong = {name: refused.get(name, "not_applied") for name in remaining & acted}
            if wrong.keys() <= refused.keys():
                break
        return wrong

    def _note_troubles(self, desired: Mapping[str, PathConf], wrong: Mapping[str, str]) -> None:
        now = self._clock.monotonic()
        waiting = {
            name: trouble
            for name, trouble in self._troubles.items()
            if trouble.until > now and trouble.wanted == desired.get(name, {})
        }
        for name, code in wrong.items():
            before = self._troubles.get(name)
            wanted = desired.get(name, {})
            again = before is not None and before.wanted == wanted
            delay_s = (
                min(before.delay_s * 2, TROUBLE_MAX_S) if again and before else TROUBLE_FIRST_S
            )
            waiting[name] = _Trouble(wanted, code, delay_s, now + delay_s)
        self._troubles = waiting
        self._right = set(desired) - waiting.keys()
        self._wrong.set(len(waiting))

    def _note_owners(
        self,
        actual: Mapping[str, PathConf],
        actions: list[Action],
        wrong: Mapping[str, str],
        owners: Mapping[str, str],
    ) -> None:
        """Let be shown what was seen right, and forget whose was what is gone."""
        deleted = {action.name for action in actions if action.kind is ActionKind.DELETE}
        self._admissions.forget_all_but(owners.keys() | (actual.keys() - (deleted - wrong.keys())))
        self._admissions.confirm({name: owners[name] for name in self._right})

    def _note_loss(self, info: ServerInfo, actual: Mapping[str, PathConf]) -> None:
        """Tell a restart or a reload of the server, which both forget what the API made, from the first look."""
        restarted = bool(self._started) and self._started != info.started
        if restarted:
            log.warning("media_server_restarted", version=info.version)
            self._losses.labels("restart").inc()
        elif missing := self._right - actual.keys():
            log.warning("media_paths_lost", paths=len(missing))
            self._losses.labels("reload").inc()
        if restarted:
            self._troubles = {}
        self._started = info.started

    def _note_up(self, info: ServerInfo) -> None:
        self._up.set(1)
        if self._state.up and self._state.version == info.version:
            return
        log.info("media_server_found", version=info.version, kind=info.kind)
        self._state = MediaServerState(
            up=True, since_us=self._clock.now_us(), version=info.version, kind=info.kind
        )
        self._bus.publish(MediaServerFound(info.version, info.kind))

    def _note_down(self, error: MediaServerUnavailableError | MediaServerRefusedError) -> None:
        self._up.set(0)
        self._failure = error
        if self._state.up or not self._state.was_asked:
            log.warning("media_server_lost", code=error.code)
            self._state = replace(
                self._state, up=False, since_us=self._clock.now_us(), error=error.code
            )
            self._bus.publish(MediaServerLost(error.code))
        else:
            self._state = replace(self._state, error=error.code)
