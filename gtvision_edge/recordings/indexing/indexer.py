"""Puts what lies on the volume into the index: looks every two seconds where something changed, and now and then everywhere."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.media.model import PathView
from gtvision_edge.recordings.index import CameraOfSite
from gtvision_edge.recordings.indexing.repository import (
    fetch_names,
    insert_segment,
    keep_cameras,
    place_cameras,
)
from gtvision_edge.recordings.indexing.survey import (
    Fate,
    Judgement,
    Listing,
    OpenFile,
    Place,
    Survey,
)
from gtvision_edge.recordings.model import (
    DAY_US,
    CameraNo,
    SegmentId,
    SegmentWritten,
)
from gtvision_edge.recordings.ownership.mending import MarkerMender
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

T = TypeVar("T")

LOOK_INTERVAL_S = 2.0
WHOLE_INTERVAL_S = 3600.0
"""Between two looks at everything; what changed in old directories waits that long."""
HANGS_AFTER_S = 10.0
AT_ONCE = 200
"""Files judged and rows written in one go."""
BREATH_S = 0.02
"""Pause after each old day of a whole look: the disk has cameras to serve."""


MOST_TOLD = 20
"""Directories that cannot be read, told one by one; a failing disk has thousands."""


MOST_HANGING = 4
"""Directories that may hang while the others are looked at; a disk on which more do hangs as a whole."""


class LookHangsError(Exception):
    """A look hung in one camera's directory; it is left to itself, and the next look leaves that directory out."""


class SiteCameras(Protocol):
    """The cameras of the site, in memory."""

    def all_cameras(self) -> Sequence[CameraOfSite]: ...


class Indexer:
    """Finds finished files and indexes them. One thread does all file work: a disk that hangs stops this part alone.

    One that hangs in the directory of one camera costs that camera alone: it is left there, another thread looks at the others,
    and a finding names the directory until the look comes home.

    What is being written is left alone until it is closed, or surely cut off (see ``DESIGN.md``). Nothing is looked at while the
    volume is away.
    """

    def __init__(
        self,
        root: Path,
        database: Database,
        cameras: SiteCameras,
        *,
        is_present: Callable[[], bool],
        view: Callable[[str], PathView | None],
        bus: EventBus,
        clock: Clock,
        mender: MarkerMender | None = None,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._cameras = cameras
        self._mender = mender or MarkerMender(root, database, clock)
        self._is_present = is_present
        self._view = view
        self._bus = bus
        self._clock = clock
        self._root = root
        self._hanging: dict[str, asyncio.Future[Any]] = {}
        """By the directory in which it hangs: a look that is left to itself."""
        self._survey = self._new_survey()
        self._thread = ThreadPoolExecutor(1, "footage-scan")
        self._places: list[tuple[Place, CameraNo]] = []
        self._placed: object = None
        self._names: dict[tuple[CameraNo, int], set[int]] = {}
        self._open: dict[CameraNo, dict[int, OpenFile]] = {}
        self._order = 0
        self._judged_order = 0
        """Of the newest file that was judged: until then its predecessor, just closed, is what can be looked at."""
        self._latest: dict[CameraNo, int] = {}
        """Order of the file of each camera that was found last; by discovery, for a clock may be set back."""
        self._whole_at = float("-inf")
        registry = registry or CollectorRegistry()
        self._indexed = Counter(
            "gtvision_edge_segments_indexed",
            "Recorded files put into the index.",
            registry=registry,
        )
        self._cut = Counter(
            "gtvision_edge_segments_cut",
            "Recorded files that their recorder had not closed (kill, power cut).",
            registry=registry,
        )
        self._looked = Gauge(
            "gtvision_edge_footage_look_timestamp_seconds",
            "When the recordings were last looked at for new files.",
            registry=registry,
        )

    def findings(self) -> list[Finding]:
        """Tell of directories that are there and cannot be read: what lies in them is not indexed."""
        if not self._is_present():
            return []
        # A copy: the thread may note another.
        reasons = dict(self._survey.unreadable) | dict.fromkeys(self._hanging, "does not answer")
        unreadable = sorted(reasons.items())
        return [
            Finding(
                "footage_unreadable", Severity.ALARM, {"directory": directory, "reason": reason}
            )
            for directory, reason in unreadable[:MOST_TOLD]
        ]

    async def run(self) -> None:
        """Look until cancelled."""
        is_whole = False
        while True:
            if not is_whole:  # what was listed and then lost must be listed again
                await self._in_thread(self._survey.forget)
            is_whole = False
            if self._is_present():
                with suppress(LookHangsError):
                    await self.look()
                    if self._clock.monotonic() - self._whole_at >= WHOLE_INTERVAL_S:
                        await self.look_everywhere()
                    is_whole = self._is_present()
            await self._clock.sleep(LOOK_INTERVAL_S)

    async def look(self) -> None:
        """Look where files may have come or been finished since the last time."""
        places = await self._find_places()
        today_us = self._clock.now_us() // DAY_US * DAY_US
        near = {today_us - DAY_US, today_us, today_us + DAY_US}

        survey = (
            self._survey
        )  # the one that was asked: a look that hung may come home when there is another

        def changed() -> list[Listing]:
            # The newest day that exists, too: the clock may have been set back.
            found = []
            for place, _ in places:
                days = survey.days(place)
                found += survey.changed(place, {*days[:1], *near.intersection(days)})
            return found

        listings = await self._in_thread(changed)
        numbers = {place.directory: camera_no for place, camera_no in places}
        for listing in listings:
            await self._note(listing, numbers[listing.place.directory])
        self._forget_names_but(listing.day_us for listing in listings)
        await self._judge_all()
        self._looked.set(self._clock.now_us() / 1e6)

    async def look_everywhere(self) -> None:
        """Look at every directory once, new days first, and remove the empty ones of past days."""
        began = self._clock.monotonic()
        places = await self._find_places()
        days: list[tuple[int, Place, CameraNo]] = []
        for place, camera_no in places:
            found = await self._in_thread(partial(self._survey.days, place))
            days += [(day_us, place, camera_no) for day_us in found]
        for day_us, place, camera_no in sorted(days, key=lambda day: -day[0]):
            listing = await self._in_thread(partial(self._survey.listing, place, day_us))
            if listing is not None and await self._note(listing, camera_no):
                await self._judge_all()
            self._forget_names_but([])
            await self._clock.sleep(BREATH_S)
            if not self._is_present():
                return
        await self._tidy(places)
        self._whole_at = self._clock.monotonic()
        log.info("footage_looked_over", days=len(days), seconds=round(self._whole_at - began, 1))

    def newest_open(self, camera_no: CameraNo) -> OpenFile | None:
        """Return the file that a camera is being recorded to, or was until just now; None when there is none."""
        known = (
            file
            for file in self._open.get(camera_no, {}).values()
            if file.order <= self._judged_order
        )
        return max(known, key=lambda file: file.order, default=None)

    def forget_names(self) -> None:
        """Ask the index anew which files it has: rows went by another hand, and their files may come back."""
        self._names.clear()

    def close(self) -> None:
        """Let the thread go without waiting for a disk that hangs."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _find_places(self) -> list[tuple[Place, CameraNo]]:
        """Return the cameras' directories; the index follows when they, or the site's cameras, changed."""
        cameras = self._cameras.all_cameras()
        places = await self._in_thread(self._survey.places)
        if await self._mender.look(self._survey.unmarked, self._in_thread):
            places = await self._in_thread(self._survey.places)
        state = (places, [(camera.camera_uuid, camera.camera_id) for camera in cameras])
        if state == self._placed:
            return self._places
        now_us = self._clock.now_us()

        def work(transaction: Transaction) -> dict[str, CameraNo]:
            keep_cameras(transaction, cameras, now_us=now_us)
            found = [(place.directory, place.marker) for place in places]
            return place_cameras(transaction, found, now_us=now_us)

        numbers = await self._database.write(work)
        taken: set[str] = set()
        self._places = []
        for place in places:
            uuid = place.marker.camera_uuid
            if uuid in taken:
                log.warning("recordings_twice", directory=place.directory)
                continue
            taken.add(uuid)
            self._places.append((place, numbers[uuid]))
        self._placed = state
        return self._places

    async def _note(self, listing: Listing, camera_no: CameraNo) -> bool:
        """Remember the files of a day that are not in the index; tell whether there are any."""
        key = (camera_no, listing.day_us)
        if key not in self._names:
            self._names[key] = await fetch_names(self._database, camera_no, listing.day_us)
        open_files = self._open.setdefault(camera_no, {})
        unknown = listing.names - self._names[key] - open_files.keys()
        for name_us in sorted(unknown):
            self._order += 1
            self._latest[camera_no] = self._order
            open_files[name_us] = OpenFile(
                camera_no,
                listing.place.marker.camera_id,
                listing.place.directory,
                name_us,
                self._order,
            )
        return bool(unknown)

    async def _judge_all(self) -> None:
        order = self._order
        directories = {camera_no: place for place, camera_no in self._places}
        looks = []
        for camera_no, open_files in self._open.items():
            if not open_files:
                continue
            place = directories.get(camera_no)
            is_recorded = self._is_recorded(next(iter(open_files.values())).camera_id)
            for file in sorted(open_files.values(), key=lambda file: file.order):
                may_grow = False
                if place is not None:
                    file.directory = place.directory  # it may have been set aside since
                    is_latest = self._latest[camera_no] == file.order
                    may_grow = is_latest and not place.is_set_aside
                looks.append((file, may_grow, is_recorded))
        for start in range(0, len(looks), AT_ONCE):
            await self._judge(looks[start : start + AT_ONCE])
        self._judged_order = order

    async def _judge(self, looks: Sequence[tuple[OpenFile, bool, bool]]) -> None:
        judged = await self._in_thread(lambda: list(self._survey.judge(looks)))
        await self._insert([each for each in judged if each.fate is Fate.FINISHED])
        for judgement in judged:
            if judgement.fate is not Fate.GROWS:
                self._open[judgement.open_file.camera_no].pop(judgement.open_file.name_us, None)

    def _is_recorded(self, camera_id: str) -> bool:
        view = self._view(camera_id)
        return view is not None and view.available

    async def _insert(self, finished: Sequence[Judgement]) -> None:
        rows = [each.described for each in finished if each.described is not None]
        if not rows:
            return

        def work(transaction: Transaction) -> list[SegmentId]:
            return [insert_segment(transaction, row.segment, row.run) for row in rows]

        ids = await self._database.write(work)
        self._indexed.inc(len(rows))
        uuids = {camera_no: place.marker.camera_uuid for place, camera_no in self._places}
        for segment_id, row in zip(ids, rows, strict=True):
            segment = row.segment
            self._cut.inc(segment.is_cut)
            names = self._names.get((segment.camera_no, segment.name_us // DAY_US * DAY_US))
            if names is not None:
                names.add(segment.name_us)
            self._bus.publish(
                SegmentWritten(
                    uuids.get(segment.camera_no, ""), segment_id, segment.start_us, segment.end_us
                )
            )

    async def _tidy(self, places: Iterable[tuple[Place, CameraNo]]) -> None:
        now_us = self._clock.now_us()
        present = {camera.camera_uuid for camera in self._cameras.all_cameras()}
        for place, _ in places:
            await self._in_thread(partial(self._survey.tidy, place, now_us))
            if place.marker.camera_uuid not in present:
                await self._in_thread(partial(self._survey.remove_bare, place))

    def _forget_names_but(self, days: Iterable[int]) -> None:
        """Keep in memory the names of the last days only: those are asked for with every new file."""
        recent_us = self._clock.now_us() - 2 * DAY_US
        kept = set(days)
        for key in [key for key in self._names if key[1] < recent_us and key[1] not in kept]:
            del self._names[key]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run *work*; a disk that hangs is waited for, and told of once.

        Raises:
            LookHangsError: it hangs in the directory of one camera.

        """
        survey = self._survey

        def run() -> T:
            survey.at = ""
            return work()

        job = asyncio.get_running_loop().run_in_executor(self._thread, run)
        while True:
            steps = survey.steps
            done, _ = await asyncio.wait({job}, timeout=HANGS_AFTER_S)
            if done:
                return job.result()
            if survey.steps == steps:
                break
        if survey.at and len(self._hanging) < MOST_HANGING:
            self._leave(job, survey)
            raise LookHangsError(survey.at)
        log.error("footage_look_hangs")
        await asyncio.wait({job})
        return job.result()

    def _leave(self, job: "asyncio.Future[Any]", survey: Survey) -> None:
        """Leave *job* where it hangs; its directory is looked at again when it comes home."""
        directory = survey.at
        log.error("footage_look_hangs", directory=directory)
        survey.is_over = True
        self._hanging[directory] = job

        def come_home(over: "asyncio.Future[Any]") -> None:
            del self._hanging[directory]
            if not over.cancelled():
                over.exception()  # that of a survey that is over is nobody's news
            log.info("footage_look_came_home", directory=directory)

        job.add_done_callback(come_home)
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._thread = ThreadPoolExecutor(1, "footage-scan")
        self._survey = self._new_survey()

    def _new_survey(self) -> Survey:
        return Survey(self._root, self._clock.monotonic, shunned=self._hanging.keys())
