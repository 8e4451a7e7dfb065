"""Keeps the media server's paths as they should be: desired state wins, and what is right is not touched."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.cameras.model import (
    CameraAdded,
    CameraChanged,
    CameraRemoved,
    CameraStateChanged,
)
from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.client import MediaServerClient, PathConf, ServerInfo
from gtvision_edge.media.errors import MediaServerRefusedError, MediaServerUnavailableError
from gtvision_edge.media.model import (
    MediaServerFound,
    MediaServerState,
)
from gtvision_edge.media.path_backoff import PathBackoff
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import Action, ActionKind, diff
from gtvision_edge.media.wanted import WantedPaths
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.waking import sleep_or_wake

log = structlog.get_logger(__name__)


_NEWS = (CameraAdded, CameraChanged, CameraRemoved, CameraStateChanged)

VERIFY_AFTER_S = (0.05, 0.2, 0.75)
"""The server says 200 before it acts; so long we give it, step by step."""

NOT_APPLIED = "not_applied"
"""The code of a change that the server took and does not show."""

MAX_UNANSWERED = 3
"""So many changes of one pass may go without a good answer: each can take as long as the API's timeout."""


class Reconciler:
    """Compares what the media server has with what it should have, and mends the difference.

    One pass at a time; a pass that finds the server dead ends at the first call that says so, so nothing piles up.
    *news* are further events that call for a pass at once. *admissions* learns which path is whose, *path_troubles* what
    is wrong with which.
    """

    def __init__(
        self,
        client: MediaServerClient,
        wanted: WantedPaths,
        *,
        bus: EventBus,
        clock: Clock,
        admissions: Admissions,
        path_troubles: PathTroubles,
        news: tuple[type, ...] = (),
        interval_s: float = 2.0,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._bus = bus
        self._clock = clock
        self._admissions = admissions
        self._path_troubles = path_troubles
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
        self._backoff = PathBackoff(clock)
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
        except (MediaServerUnavailableError, MediaServerRefusedError) as error:
            self._note_down(error)  # a refused question; refused changes are told in _apply

    async def _pass(self) -> bool:
        """Mend what is wrong; return whether paths were ended whose camera is waiting for their name."""
        info = await self._client.info()
        actual = await self._client.config_paths()
        self._note_loss(info, actual)
        wanted = await self._wanted.work_out(actual)
        differences = self._differences(wanted.paths, actual)
        self._backoff.forget_all_but({action.name for action in differences})
        due = self._backoff.due(differences, wanted.paths)
        tried, failed = await self._apply(due, wanted.paths)
        wrong = await self._verify(wanted.paths, tried, failed)
        self._note_seen(wanted.paths, tried, wrong)
        self._note_owners(actual, tried, wrong, wanted.owners)
        self._path_troubles.note({**self._backoff.codes, **wanted.unclaimed})
        self._note_up(info)
        return bool(wanted.left_behind - wrong.keys())

    def _differences(
        self, desired: Mapping[str, PathConf], actual: Mapping[str, PathConf]
    ) -> list[Action]:
        """Return what must be done."""
        if actual is self._agreed[0] and desired == self._agreed[1]:
            return []  # as nearly always, and then nothing has to be compared
        actions = diff(desired, actual)
        if not actions:
            self._agreed = (actual, desired)
        return actions

    async def _listen(self) -> None:
        with self._bus.listen(*self._news, size=8) as mailbox:
            async for _ in mailbox:
                self._wake.set()

    async def _apply(
        self, actions: list[Action], desired: Mapping[str, PathConf]
    ) -> tuple[list[Action], dict[str, str]]:
        """Make the changes in order; return those that were tried, and by path the codes of those that failed.

        A change without a good answer is its own path's trouble, as long as the server answers what it is: else one path
        over which it stumbles would keep all others from being mended. But so many of them end the pass.

        Raises:
            MediaServerUnavailableError, MediaServerRefusedError: the server does not even tell what it is.

        """
        failed: dict[str, str] = {}
        unanswered = 0
        for number, action in enumerate(actions, start=1):
            try:
                await self._apply_one(action)
            except (MediaServerRefusedError, MediaServerUnavailableError) as error:
                failed[action.name] = error.code
                self._backoff.note(action.name, desired.get(action.name, {}), error.code)
                if isinstance(error, MediaServerUnavailableError):
                    await self._client.info()
                    unanswered += 1
                if unanswered == MAX_UNANSWERED:
                    return actions[:number], failed
            else:
                self._changes.labels(action.kind).inc()
        return actions, failed

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
        self, desired: Mapping[str, PathConf], actions: list[Action], failed: Mapping[str, str]
    ) -> dict[str, str]:
        """Wait until the changes are seen; return which of them stay unseen, by path."""
        if not actions:
            return {}
        acted = {action.name for action in actions}
        wrong: dict[str, str] = {}
        for delay_s in VERIFY_AFTER_S:
            await self._clock.sleep(delay_s)
            remaining = {action.name for action in diff(desired, await self._client.config_paths())}
            if remaining - acted - self._backoff.codes.keys():
                self._wake.set()  # not tried yet, or changed by somebody else: the next pass is due now
            wrong = {name: failed.get(name, NOT_APPLIED) for name in remaining & acted}
            if wrong.keys() <= failed.keys():
                break
        return wrong

    def _note_seen(
        self, desired: Mapping[str, PathConf], tried: list[Action], wrong: Mapping[str, str]
    ) -> None:
        """Note the changes that were answered well and are not seen, and forget those that are."""
        for action in tried:
            if action.name not in wrong:
                self._backoff.forget(action.name)
            elif wrong[action.name] == NOT_APPLIED:
                self._backoff.note(action.name, desired.get(action.name, {}), NOT_APPLIED)
        vain = self._backoff.codes
        self._right = set(desired) - vain.keys()
        self._wrong.set(len(vain))

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
        """Tell what the server forgot: all that the API made at a restart or a reload, or what somebody removed by hand."""
        restarted = bool(self._started) and self._started != info.started
        if restarted:
            log.warning("media_server_restarted", version=info.version)
            self._losses.labels("restart").inc()
            self._backoff.forget_all_but(())
        elif missing := self._right - actual.keys():
            cause = "reload" if missing == self._right else "removal"
            log.warning("media_paths_lost", paths=len(missing), cause=cause)
            self._losses.labels(cause).inc()
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
        else:
            self._state = replace(self._state, error=error.code)
