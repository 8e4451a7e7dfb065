"""Gets the pictures that a reading lacks when it is accepted: fetched from where the sender says, cut out of its scene.

What is still to be got is a row of the reading's own transaction, so a stop forgets nothing. A sender that is slow or down keeps
no other camera waiting: few jobs of a camera run at a time, and after one that failed the camera pauses.
"""

import asyncio
import random
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar, TypeVarTuple

import prometheus_client
import structlog
from prometheus_client import CollectorRegistry

from gtvision_edge.cameras.errors import CameraKeyLostError
from gtvision_edge.detections import repository as readings
from gtvision_edge.detections.acceptance import Told
from gtvision_edge.detections.model import Detection, PictureCame, PictureState
from gtvision_edge.detections.picture_store import PictureStore, name_of
from gtvision_edge.detections.pictures import repository
from gtvision_edge.detections.pictures.copies import NO_COPIES, Copies
from gtvision_edge.detections.pictures.cropping import cut_out, is_whole
from gtvision_edge.detections.pictures.fetching import NotFetchedError, PictureFetcher
from gtvision_edge.detections.pictures.repository import PictureJob
from gtvision_edge.detections.push_secrets import Unseal
from gtvision_edge.runtime.background import step_back
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.put_back import PutBack
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

AT_ONCE: Final = 8
OF_A_CAMERA: Final = 2
DELAYS_S: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0)
"""After each try that failed; then it is given up."""
GIVE_UP_AFTER_S: Final = 86_400.0
"""Also when there were so many that it was never its turn."""
PAUSE_S: Final = (5.0, 300.0)
"""Of a camera whose picture did not come; doubles up to the second."""
IDLE_S: Final = 2.0
TOLD_AFTER: Final = 3
"""A camera whose pictures fail so often, one after the other, is shown to people."""
_EXPIRED_AT_A_TIME: Final = 500


@dataclass(slots=True)
class _Trouble:
    """What became of a camera's last pictures. *until*: it pauses (monotonic)."""

    state: PictureState
    in_a_row: int = 0
    at: float = 0.0
    """When the last one failed (monotonic)."""
    until: float = 0.0
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Got:
    """JPEGs with their names; None = none of that kind."""

    scene: bytes | None = None
    crop: bytes | None = None

    @property
    def sizes(self) -> dict[str, int]:
        return {name_of(each): len(each) for each in (self.scene, self.crop) if each is not None}


class PictureGetter:
    """Works through what is still to be got. Run :meth:`run` as a service; call :meth:`wake` when there is more.

    *sources_of* says what else is open for the pictures of a camera, by its uuid, as of each try. While *trusts_clock* is False
    nothing is given up for its age.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bus: EventBus,
        *,
        fetcher: PictureFetcher,
        pictures: PictureStore,
        unseal: Unseal,
        trusts_clock: Callable[[], bool],
        sources_of: Callable[[str], Sequence[str]] = lambda _: (),
        tell: Sequence[Told] = (),
        copies: Copies = NO_COPIES,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._fetcher = fetcher
        self._pictures = pictures
        self._unseal = unseal
        self._trusts_clock = trusts_clock
        self._put_back = PutBack(clock)
        self._sources_of = sources_of
        self._tell = tell
        self._copies = copies
        self._threads = ThreadPoolExecutor(
            1, "plate-pictures", initializer=lambda: step_back("plate-pictures")
        )
        self._running: dict[str, str] = {}
        """Camera of each reading whose job runs."""
        self._troubles: dict[str, _Trouble] = {}
        self._more = asyncio.Event()
        self._outcomes = prometheus_client.Counter(
            "gtvision_edge_detection_pictures",
            "Pictures that came after their reading, by what became of them",
            ["outcome"],
            registry=registry or CollectorRegistry(),
        )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def wake(self) -> None:
        """Tell that there is something to get."""
        self._more.set()

    def findings(self) -> Iterable[Finding]:
        """Return that pictures of some cameras keep failing, with why most of them do."""
        since = self._clock.monotonic() - GIVE_UP_AFTER_S
        failing = [
            each
            for each in self._troubles.values()
            if each.in_a_row >= TOLD_AFTER and each.at > since
        ]
        if failing:
            reason = Tally(each.state.value for each in failing).most_common(1)[0][0]
            yield Finding(
                "plate_pictures_failing", facts={"cameras": len(failing), "reason": reason}
            )

    async def run(self) -> None:
        """Get what is due, until cancelled."""
        await self._bring_forward(round(2 * DELAYS_S[-1] * 1e6))
        self._running.clear()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._more.clear()
                if self._put_back.is_news():
                    await self._bring_forward(0)
                await self._give_up_old()
                for job in await self._due():
                    self._running[job.detection.detection_id] = job.detection.camera_uuid
                    tasks.create_task(self._work(job), name="plate-picture")
                await sleep_or_wake(self._clock, IDLE_S, self._more)

    async def get(self, job: PictureJob) -> PictureState:
        """Get what *job* is for; return how its reading stands then: ``waiting`` = it will be tried again.

        Raises:
            StorageError, OSError: the disk failed; the job stays as it is.

        """
        try:
            got = await self._got(job)
        except NotFetchedError as error:
            return await self._put_off(job, error)
        async with self._pictures.claims.keeping(got.sizes):
            for jpeg in (got.scene, got.crop):
                if jpeg is not None:
                    await self._in_thread(self._pictures.keep, jpeg)
            added = await self._database.write(lambda transaction: self._add(transaction, job, got))
        if added is not None:
            self._bus.publish(PictureCame(added.detection_id))
        else:
            await self._remove_unnamed(got)
        return PictureState.NONE

    async def _due(self) -> list[PictureJob]:
        now = self._clock.monotonic()
        busy = Tally(self._running.values())
        held = {uuid for uuid, count in busy.items() if count >= OF_A_CAMERA}
        for uuid, trouble in self._troubles.items():
            if trouble.until > now or (trouble.in_a_row and busy[uuid]):
                held.add(uuid)
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return []
        return await repository.due_jobs(
            self._database,
            self._clock.now_us(),
            free,
            but_cameras=sorted(held),
            but_readings=sorted(self._running),
        )

    async def _work(self, job: PictureJob) -> None:
        camera_uuid = job.detection.camera_uuid
        try:
            state = await self.get(job)
            self._note(job, state)
        except Exception:  # one picture's trouble is no other's
            log.exception("plate_picture_failed", detection_id=job.detection.detection_id)
            self._trouble_of(camera_uuid, PictureState.NOT_KEPT)
        finally:
            self._running.pop(job.detection.detection_id, None)
            self._more.set()

    async def _got(self, job: PictureJob) -> _Got:
        detection = job.detection
        fetched = None
        if job.url_sealed is not None and detection.scene is None:
            fetched = await self._fetcher.fetch(
                self._opened(job, job.url_sealed), of_camera=self._sources_of(detection.camera_uuid)
            )
            if not await self._in_thread(is_whole, fetched):
                raise NotFetchedError(PictureState.NO_JPEG, "content", is_final=True)
        scene = fetched
        if scene is None and detection.scene is not None:
            scene = await self._in_thread(self._pictures.read, detection.scene)
        crop = None
        if scene is not None and job.plate_area is not None and detection.crop is None:
            crop = await self._in_thread(cut_out, scene, job.plate_area)
        return _Got(fetched, crop)

    def _opened(self, job: PictureJob, sealed: bytes) -> str:
        try:
            return self._unseal(job.detection.detection_id, sealed)
        except CameraKeyLostError as error:
            raise NotFetchedError(PictureState.KEY_LOST, "key", is_final=True) from error

    async def _remove_unnamed(self, got: _Got) -> None:
        """Remove what was stored for a reading that may have no pictures any more: it was anonymised meanwhile."""
        async with self._pictures.claims.removing(got.sizes) as free:
            names = await self._database.write(lambda found: repository.unnamed(found, free))
            await self._in_thread(self._pictures.remove, names)

    def _add(self, transaction: Transaction, job: PictureJob, got: _Got) -> Detection | None:
        detection_id = job.detection.detection_id
        if not repository.close_job(transaction, detection_id):
            return None
        names = [name_of(each) if each else None for each in (got.scene, got.crop)]
        added = readings.add_pictures(transaction, detection_id, scene=names[0], crop=names[1])
        if added is None:
            repository.set_state(transaction, detection_id, PictureState.NONE)
            return None
        repository.note_files(transaction, got.sizes, self._copies)
        for tell in self._tell:
            tell(transaction, added)
        return added

    async def _put_off(self, job: PictureJob, error: NotFetchedError) -> PictureState:
        detection_id = job.detection.detection_id
        # The first of a camera is news; what follows until one comes is counted.
        write = log.debug if job.detection.camera_uuid in self._troubles else log.warning
        write(
            "plate_picture_missing",
            camera_id=job.detection.camera_id,
            detection_id=detection_id,
            state=error.state.value,
            detail=error.detail,
        )
        if error.is_final or job.attempts >= len(DELAYS_S):
            await self._database.write(
                lambda transaction: _close(transaction, detection_id, error.state)
            )
            return error.state
        delay_s = DELAYS_S[job.attempts] * random.uniform(0.9, 1.1)  # noqa: S311 -- spreads the tries
        due_us = self._clock.now_us() + round(delay_s * 1e6)
        await self._database.write(
            lambda transaction: repository.postpone(transaction, detection_id, due_us=due_us)
        )
        return PictureState.WAITING

    def _note(self, job: PictureJob, state: PictureState) -> None:
        self._outcomes.labels(state.value or "got").inc()
        camera_uuid = job.detection.camera_uuid
        if state is PictureState.NONE:
            self._troubles.pop(camera_uuid, None)
            return
        self._trouble_of(
            camera_uuid, PictureState.UNREACHABLE if state is PictureState.WAITING else state
        )

    def _trouble_of(self, camera_uuid: str, state: PictureState) -> _Trouble:
        """Count a failure of a camera's picture; it pauses when trying the next one might fail alike."""
        trouble = self._troubles.setdefault(camera_uuid, _Trouble(state))
        trouble.state = state
        trouble.in_a_row += 1
        trouble.at = self._clock.monotonic()
        if state in (PictureState.UNREACHABLE, PictureState.NOT_KEPT):
            trouble.delay_s = min(max(trouble.delay_s * 2, PAUSE_S[0]), PAUSE_S[1])
            trouble.until = self._clock.monotonic() + trouble.delay_s
        return trouble

    async def _bring_forward(self, longest_us: int) -> None:
        await self._database.write(
            lambda transaction: repository.bring_forward(
                transaction, self._clock.now_us(), longest_us
            )
        )

    async def _give_up_old(self) -> None:
        if not self._trusts_clock():
            return
        before_us = self._clock.now_us() - round(GIVE_UP_AFTER_S * 1e6)
        if not await repository.has_older(self._database, before_us):
            return
        given_up = await self._database.write(
            lambda transaction: repository.give_up_older(transaction, before_us, _EXPIRED_AT_A_TIME)
        )
        self._outcomes.labels(PictureState.UNREACHABLE.value).inc(given_up)

    async def _in_thread(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def _close(transaction: Transaction, detection_id: str, state: PictureState) -> None:
    if repository.close_job(transaction, detection_id):
        repository.set_state(transaction, detection_id, state)
