"""Makes the exports that were asked for, one after another, and deletes bundles that are past their time.

What must survive a power cut is in the table ``exports``:

| the row says | on disk | after a kill |
|---|---|---|
| queued | nothing | made when its turn comes; so it is after an orderly stop, too |
| running | a draft, or a bundle not yet entered | both removed, queued again |
| done | the bundle | stays; if it is gone, asking for it says so |
| failed, cancelled, expired | nothing | what is left is removed |
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.audit import SYSTEM, Actor, AuditLog
from gtvision_edge.errors import EdgeError
from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import UnknownSegmentError, VolumeError, VolumeUnwritableError
from gtvision_edge.recordings.evidence import repository
from gtvision_edge.recordings.evidence.copies import NO_COPIES, Copies
from gtvision_edge.recordings.evidence.folder import ExportFolder
from gtvision_edge.recordings.evidence.model import Bundle, Export, Progress, room_for
from gtvision_edge.recordings.evidence.ordering import OrderWriter
from gtvision_edge.recordings.evidence.process import run_export
from gtvision_edge.recordings.evidence.states import ExportState
from gtvision_edge.recordings.incidents.repository import find_incident
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import CameraNo, RecordedCamera, Span
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.tasks import is_fatal
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.storage import Database, StorageError, Transaction

log = structlog.get_logger(__name__)

LOOK_S: Final = 30.0
"""So often it looks whether something is past its time, or a volume has come back."""
GROWING_LOOK_S: Final = 2.0
GROWING_PATIENCE_S: Final = 300.0
STOP_PATIENCE_S: Final = 5.0
"""So long a stop waits for what a broken-off export leaves to go."""
_FOLDER_PATIENCE_S: Final = 30.0

LEAP_US: Final = 3_600_000_000
"""A step of the clock ahead by more than this says nothing of how long a bundle has lain here."""

T = TypeVar("T")


class Trust(Protocol):
    """Whether the wall clock may be believed."""

    @property
    def is_trusted(self) -> bool: ...


class ExportMaker:
    """One export at a time. *require_volume* raises VolumeError while bundles cannot be kept; they wait meanwhile."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        index: SegmentIndex,
        orders: OrderWriter,
        folder: ExportFolder,
        keep_s: float,
        require_volume: Callable[[], object],
        trust: Trust,
        copies: Copies = NO_COPIES,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._index = index
        self._orders = orders
        self._folder = folder
        self._keep_us = round(keep_s * 1_000_000)
        self._require_volume = require_volume
        self._trust = trust
        self._copies = copies
        self._threads = DiskThreads("exports", threads=2, patience_s=_FOLDER_PATIENCE_S)
        self._news = asyncio.Event()
        self._is_swept = False
        self._current: tuple[str, asyncio.Task[tuple[Bundle, int] | None]] | None = None
        self._progress: dict[str, Progress] = {}
        self._began: dict[str, float] = {}
        """When the first bytes of an export were moved, by the monotonic clock."""
        self._ended = Counter(
            "gtvision_edge_exports",
            "Evidence exports that ended, by how.",
            ["outcome"],
            registry=registry or CollectorRegistry(),
        )

    async def run(self) -> None:
        """Make what waits and expire what is due, until cancelled; what was being made then waits for the next start."""
        try:
            await self._run()
        except asyncio.CancelledError:
            await self._put_back()
            raise

    async def _run(self) -> None:
        self._is_swept = False  # an earlier run may have broken off at any step
        while True:
            try:
                await self._on_disk(self._folder.open)
                await self._recover()
                await self.expire()
                while waiting := await repository.exports_in(self._database, ExportState.QUEUED):
                    await self._make(waiting[0])
            except VolumeError as error:
                log.debug("exports_wait", code=error.code)
                self._is_swept = False
            self._news.clear()
            await sleep_or_wake(self._clock, LOOK_S, self._news)

    def wake(self) -> None:
        """Tell that something was asked for."""
        self._news.set()

    def close(self) -> None:
        self._threads.close()

    async def require_room(self, footage_bytes: int, picture_bytes: int = 0) -> None:
        """Return if a bundle of so much footage, and so many bytes of readings' pictures, can be made now.

        Raises:
            ExportNoSpaceError, VolumeError: it cannot.

        """

        def look() -> None:
            self._folder.open()
            self._folder.require_room(room_for(footage_bytes, picture_bytes))

        await self._on_disk(look)

    async def is_growing(self, cameras: Sequence[RecordedCamera], span: Span) -> bool:
        """Tell whether a file that is being written reaches into *span*: it is exported when it is finished."""
        for camera in cameras:
            growing = await self._index.look_at_growing(camera)
            if growing is not None and growing.span.overlaps(span):
                return True
        return False

    def as_far_as_it_is(self, export: Export) -> Export:
        """Return *export* with the progress of this moment."""
        progress = self._progress.get(export.export_id)
        if progress is None or export.state is not ExportState.RUNNING:
            return export
        return replace(
            export,
            step=progress.step,
            done_bytes=progress.done_bytes,
            total_bytes=progress.total_bytes,
        )

    def eta_s(self, export: Export) -> float | None:
        """Return how long *export* will take by its speed so far; None = not known, or not being made."""
        began, progress = self._began.get(export.export_id), self._progress.get(export.export_id)
        if began is None or progress is None or progress.done_bytes <= 0:
            return None
        elapsed = self._clock.monotonic() - began
        return elapsed * (progress.total_bytes - progress.done_bytes) / progress.done_bytes

    async def drop(self, export_id: str) -> None:
        """End the export if it is being made, and remove its files; its row says already what became of it."""
        if self._current is not None and self._current[0] == export_id:
            self._current[1].cancel()
            await asyncio.wait({self._current[1]})
        try:
            await self._on_disk(lambda: self._folder.remove(export_id))
        except VolumeError:
            self._is_swept = False  # when the volume is back, what belongs to nothing goes

    async def expire(self) -> None:
        """Delete the bundles whose time is over: none while the clock is in doubt (I11)."""
        if not self._trust.is_trusted:
            return
        now_us = self._clock.now_us()
        for export in await repository.exports_in(self._database, ExportState.DONE):
            if export.expires_us is None or export.expires_us > now_us:
                continue
            leap_us = await repository.find_last_leap(
                self._database, export.finished_us or 0, now_us, least_us=LEAP_US
            )
            if leap_us is None or leap_us + self._keep_us <= now_us:
                await self._on_disk(lambda: self._folder.remove(export.export_id))  # noqa: B023 -- awaited here
                await self._move(
                    export,
                    {ExportState.DONE},
                    ExportState.EXPIRED,
                    "export.expired",
                    also=partial(tell_gone, self._copies, export.export_id),
                )

    async def _recover(self) -> None:
        """Take up what a kill or a failure broke off; once, until the next."""
        if self._is_swept:
            return
        for export in await repository.exports_in(self._database, ExportState.RUNNING):
            await self._database.write(
                lambda transaction: repository.move_state(
                    transaction,
                    export.export_id,  # noqa: B023 -- awaited here
                    frozenset({ExportState.RUNNING}),
                    ExportState.QUEUED,
                    step="",
                )
            )
        done = await repository.exports_in(self._database, ExportState.DONE)
        finished = {export.export_id for export in done}
        removed = await self._on_disk(lambda: self._folder.sweep(finished))
        if removed:
            log.info("exports_swept", files=len(removed))
        self._is_swept = True

    async def _put_back(self) -> None:
        """Leave the box as it is between two exports. A kill, or a disk that does not answer, leaves it to the next start."""
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                for export in await repository.exports_in(self._database, ExportState.RUNNING):
                    # The row first: the bundle of one that was entered at the last moment stays.
                    if await self._move(
                        export, {ExportState.RUNNING}, ExportState.QUEUED, "", step=""
                    ):
                        await self._on_disk(lambda: self._folder.remove(export.export_id))  # noqa: B023 -- awaited here
        except (TimeoutError, VolumeError, StorageError) as error:
            log.warning("export_not_put_back", error=type(error).__name__)

    async def _make(self, export: Export) -> None:
        if not await self._move(export, {ExportState.QUEUED}, ExportState.RUNNING, ""):
            return
        task = asyncio.create_task(  # cancelled by drop(), awaited here
            self._bundle(export), name=f"export-{export.export_id}"
        )
        self._current = (export.export_id, task)
        try:
            made = await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise  # the daemon stops: the next start takes it up
            await self._on_disk(lambda: self._folder.remove(export.export_id))
            self._ended.labels("cancelled").inc()
        except VolumeError:
            await self._move(export, {ExportState.RUNNING}, ExportState.QUEUED, "")
            raise
        except (
            Exception
        ) as error:  # what one export makes us stumble over must not keep the others waiting
            if is_fatal(error):
                raise
            code = _code_of(error)
            log.exception("export_failed", export_id=export.export_id, code=code)
            await self._fail(export, code)
        else:
            if made is not None:
                await self._finish(export, *made)
        finally:
            task.cancel()
            await asyncio.wait({task})
            self._current = None
            self._progress.pop(export.export_id, None)
            self._began.pop(export.export_id, None)

    async def _fail(self, export: Export, code: str) -> None:
        await self._move(
            export,
            {ExportState.RUNNING},
            ExportState.FAILED,
            "export.failed",
            error=code,
            finished_us=self._clock.now_us(),
        )
        await self._on_disk(lambda: self._folder.remove(export.export_id))
        self._ended.labels("failed").inc()

    async def _bundle(self, export: Export) -> tuple[Bundle, int] | None:
        """Return the finished draft, and how many readings it holds; None when the export was cancelled before its process began."""
        await self._wait_for_growing(export)
        incident = await find_incident(self._database, export.incident_id)
        if incident is None or not await self._is_wanted(export):
            return None
        order = await self._orders.write(
            export,
            incident,
            self._folder.draft(export.export_id),
            expires_us=self._clock.now_us() + self._keep_us,
        )

        def prepare() -> None:
            self._folder.remove(export.export_id)
            self._folder.require_room(order.needed_bytes)

        await self._on_disk(prepare)
        if not await self._is_wanted(export):
            return None
        bundle = await run_export(order, lambda progress: self._hear(export, progress))
        return bundle, order.reading_count

    async def _is_wanted(self, export: Export) -> bool:
        """Tell whether the row says that the export is being made: nobody cancelled it meanwhile."""
        now = await repository.find_export(self._database, export.export_id)
        return now is not None and now.state is ExportState.RUNNING

    async def _finish(self, export: Export, bundle: Bundle, readings: int) -> None:
        await self._on_disk(lambda: self._folder.publish(export.export_id))
        now_us = self._clock.now_us()
        entered = await self._move(
            export,
            {ExportState.RUNNING},
            ExportState.DONE,
            "export.finished",
            details={
                "sha256": bundle.sha256.hex(),
                "bytes": bundle.size_bytes,
                "readings": readings,
            },
            also=lambda transaction: self._copies.made(
                transaction,
                export.export_id,
                tenant_id=export.tenant_id,
                sha256=bundle.sha256,
                size_bytes=bundle.size_bytes,
            ),
            finished_us=now_us,
            expires_us=now_us + self._keep_us,
            done_bytes=bundle.size_bytes,
            total_bytes=bundle.size_bytes,
            step="",
            bundle=f"{export.export_id}.zip",
            bundle_bytes=bundle.size_bytes,
            bundle_sha256=bundle.sha256,
        )
        if not entered:  # cancelled at the last moment
            await self._on_disk(lambda: self._folder.remove(export.export_id))
        self._ended.labels("done" if entered else "cancelled").inc()

    async def _wait_for_growing(self, export: Export) -> None:
        """Wait until the files that reach into the interval are finished and indexed: originals are handed over whole."""
        until = self._clock.monotonic() + GROWING_PATIENCE_S
        awaited: dict[CameraNo, int] = {}
        for camera in await self._orders.cameras(export.camera_nos):
            growing = await self._index.look_at_growing(camera)
            if growing is not None and growing.span.overlaps(export.span):
                awaited[camera.camera_no] = growing.name_us
        while awaited and self._clock.monotonic() < until:
            self._progress[export.export_id] = Progress(
                "waiting_for_recording", 0, export.total_bytes
            )
            await self._clock.sleep(GROWING_LOOK_S)
            if not await self._is_wanted(export):
                return
            for camera_no, name_us in list(awaited.items()):
                with contextlib.suppress(UnknownSegmentError):  # not finished yet
                    await self._index.get_named(camera_no, name_us)
                    del awaited[camera_no]

    def _hear(self, export: Export, progress: Progress) -> None:
        self._began.setdefault(export.export_id, self._clock.monotonic())
        self._progress[export.export_id] = progress

    async def _move(
        self,
        export: Export,
        before: set[ExportState],
        after: ExportState,
        action: str,
        *,
        details: dict[str, object] | None = None,
        also: Callable[[Transaction], None] = lambda _: None,
        **columns: object,
    ) -> bool:
        """Change the export's state, with its entry in the log (*action* '' = none) and what *also* writes; tell whether it was one of *before*."""

        def write(transaction: Transaction) -> bool:
            moved = repository.move_state(
                transaction, export.export_id, frozenset(before), after, **columns
            )
            if moved and action:
                facts = {
                    **(details or {}),
                    **({"error": columns["error"]} if "error" in columns else {}),
                }
                note(self._audit, transaction, SYSTEM, action, export, **facts)
            if moved:
                also(transaction)
            return moved

        return await self._database.write(write)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        self._require_volume()
        try:
            return await self._threads.run(work)
        except OSError as error:
            raise VolumeUnwritableError("The export folder cannot be used.") from error


def _code_of(error: Exception) -> str:
    """Return what an export that failed by *error* says: the reason its process gave; ``internal`` for what nobody foresaw."""
    if isinstance(error, EdgeError):
        return str(error.details.get("failure", error.code))
    return EdgeError.code


def tell_gone(copies: Copies, export_id: str, transaction: Transaction) -> None:
    """Tell *copies* that the bundle of an export is there no more."""
    export = repository.read_export(transaction, export_id)
    if export is not None and export.bundle is not None:
        copies.gone(
            transaction,
            export.export_id,
            tenant_id=export.tenant_id,
            sha256=export.bundle.sha256,
        )


def note(
    audit: AuditLog,
    transaction: Transaction,
    actor: Actor,
    action: str,
    export: Export,
    **details: object,
) -> None:
    """Write an act on *export* to the audit log, in the transaction of the act."""
    audit.append(
        transaction,
        actor=actor,
        action=action,
        subject=f"export:{export.export_id}",
        tenant_id=export.tenant_id,
        details={
            "incident": export.incident_id,
            "cameras": list(export.camera_ids),
            "start": to_rfc3339(export.span.start_us),
            "end": to_rfc3339(export.span.end_us),
            **details,
        },
    )
