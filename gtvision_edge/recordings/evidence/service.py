"""What people may do with exports, and what is written down of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.recordings.evidence import repository
from gtvision_edge.recordings.evidence.copies import NO_COPIES, Copies
from gtvision_edge.recordings.evidence.downloads import Downloads
from gtvision_edge.recordings.evidence.errors import (
    ExportNotReadyError,
    ExportTooLongError,
    NothingToExportError,
    TooManyExportsError,
    UnknownExportError,
)
from gtvision_edge.recordings.evidence.folder import ExportFolder
from gtvision_edge.recordings.evidence.maker import ExportMaker, note, tell_gone
from gtvision_edge.recordings.evidence.model import (
    Export,
    ExportOptions,
    LegalRequest,
    expected_bytes,
)
from gtvision_edge.recordings.evidence.ordering import OrderWriter
from gtvision_edge.recordings.evidence.states import ALIVE, ExportState
from gtvision_edge.recordings.incidents.errors import IncidentReleasedError
from gtvision_edge.recordings.incidents.model import Incident
from gtvision_edge.recordings.incidents.service import IncidentService
from gtvision_edge.recordings.model import CameraNo, ExportId, RecordedCamera, Span
from gtvision_edge.recordings.naming import may_see
from gtvision_edge.recordings.playback.answering import Asked
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

MAX_WAITING: Final = 20
WRITERS: Final = frozenset({Role.ADMIN, Role.OPERATOR})
READERS: Final = WRITERS | {Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class NewExport:
    """What is asked for. None = as the incident has it."""

    incident_id: str
    request: LegalRequest
    camera_ids: tuple[str, ...] | None = None
    start_us: int | None = None
    end_us: int | None = None
    options: ExportOptions = field(default_factory=ExportOptions)
    operator_registration: str = ""


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Newest first; ``after`` is the cursor of the following page, None = there is none."""

    exports: list[Export]
    after: str | None


class ExportService:
    """What people do with exports; :class:`~gtvision_edge.recordings.evidence.maker.ExportMaker` makes them."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        incidents: IncidentService,
        orders: OrderWriter,
        maker: ExportMaker,
        folder: ExportFolder,
        max_length_s: float,
        copies: Copies = NO_COPIES,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._incidents = incidents
        self._orders = orders
        self._maker = maker
        self._folder = folder
        self._max_length_s = max_length_s
        self._copies = copies
        self._downloads = Downloads(database, audit, clock)

    async def create(self, principal: Principal, wanted: NewExport, *, address: str = "") -> Export:
        """Ask for an export; it is made when those before it are.

        Raises:
            NotPermittedError: *principal* may not export.
            UnknownIncidentError, UnknownCameraError: none such that *principal* may see.
            IncidentReleasedError: its footage is no longer kept.
            InvalidInputError, ExportTooLongError: the interval is none of the incident's, or too long.
            NothingToExportError: there is no footage.
            ExportNoSpaceError, TooManyExportsError, VolumeError: it could not be made now.

        """
        require_role(principal, WRITERS)
        incident = await self._incidents.find(principal, wanted.incident_id)
        if not incident.is_open:
            raise IncidentReleasedError("The incident was released: its footage is not kept.")
        span = self._span(incident, wanted)
        cameras = _chosen(await self._orders.cameras(incident.cameras), wanted.camera_ids)
        total = await self._orders.footage_bytes(cameras, span)
        is_growing = await self._maker.is_growing(cameras, span)
        if not total and not is_growing:
            raise NothingToExportError("There is no footage of these cameras in the interval.")
        pictures = await self._picture_bytes(cameras, span, incident, wanted.options)
        await self._maker.require_room(total, pictures)
        export = Export(
            export_id=ExportId(new_uuid7(self._clock)),
            incident_id=incident.incident_id,
            tenant_id=incident.tenant_id,
            camera_nos=tuple(camera.camera_no for camera in cameras),
            camera_ids=tuple(camera.camera_id for camera in cameras),
            span=span,
            options=wanted.options,
            request=wanted.request,
            operator_registration=wanted.operator_registration,
            operator_role=principal.role.value,
            operator_name=principal.name,
            state=ExportState.QUEUED,
            step="",
            done_bytes=0,
            total_bytes=expected_bytes(total),
            error="",
            created_by=principal.user_id,
            created_by_name=principal.username,
            created_us=self._clock.now_us(),
            finished_us=None,
            expires_us=None,
            bundle=None,
        )

        def write(transaction: Transaction) -> None:
            if repository.count_waiting(transaction) >= MAX_WAITING:
                raise TooManyExportsError("Too many exports wait already.", retry_after_s=60)
            if not repository.incident_is_open(transaction, incident.incident_id):
                raise IncidentReleasedError("The incident was released: its footage is not kept.")
            repository.insert_export(transaction, export)
            note(
                self._audit,
                transaction,
                principal.actor(address),
                "export.created",
                export,
                authority=wanted.request.authority,
                reference=wanted.request.reference,
                legal_basis=wanted.request.legal_basis,
                purpose=wanted.request.purpose,
            )

        await self._database.write(write)
        self._maker.wake()
        return export

    async def get(self, principal: Principal, export_id: str) -> Export:
        """Return an export, as far as it is.

        Raises:
            UnknownExportError: none such, or with a camera that *principal* may not see.
            NotPermittedError: viewers have nothing to do with exports.

        """
        require_role(principal, READERS)
        return self._maker.as_far_as_it_is(await self.find(principal, export_id))

    def eta_s(self, export: Export) -> float | None:
        """Return how long it will take, judged by how fast it went so far; None = not known, or not running."""
        return self._maker.eta_s(export)

    async def find(self, principal: Principal, export_id: str) -> Export:
        """Return an export as the table has it, whatever the role of *principal*.

        Raises:
            UnknownExportError: none such, or with a camera that *principal* may not see.

        """
        export = await repository.find_export(self._database, export_id)
        if export is None or not await self._may_see(principal, export):
            raise UnknownExportError("There is no such export.")
        return export

    async def list_exports(
        self,
        principal: Principal,
        *,
        before: str | None = None,
        limit: int = 50,
        incident_id: str | None = None,
    ) -> ExportPage:
        """Return the exports that *principal* may see, newest first."""
        require_role(principal, READERS)
        seen: list[Export] = []
        while len(seen) <= limit:
            found = await repository.exports_before(
                self._database,
                before,
                limit + 1,
                tenant_id=principal.tenant_id,
                incident_id=incident_id,
            )
            for export in found:
                before = export.export_id
                if await self._may_see(principal, export):
                    seen.append(self._maker.as_far_as_it_is(export))
            if len(found) <= limit:
                break
        more = len(seen) > limit
        return ExportPage(seen[:limit], seen[limit - 1].export_id if more else None)

    async def remove(self, principal: Principal, export_id: str, *, address: str = "") -> None:
        """Cancel an export that is being made, or delete the bundle of a finished one; again does nothing.

        Raises:
            UnknownExportError, NotPermittedError: as for the others.

        """
        require_role(principal, WRITERS)
        export = await self.find(principal, export_id)
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> bool:
            cancelled = repository.move_state(
                transaction, export_id, ALIVE, ExportState.CANCELLED, finished_us=now_us
            )
            deleted = repository.move_state(
                transaction,
                export_id,
                frozenset({ExportState.DONE}),
                ExportState.EXPIRED,
                expires_us=now_us,
            )
            if cancelled or deleted:
                action = "export.cancelled" if cancelled else "export.deleted"
                note(self._audit, transaction, principal.actor(address), action, export)
            if deleted:
                tell_gone(self._copies, export_id, transaction)
            return cancelled or deleted

        if await self._database.write(write):
            await self._maker.drop(export_id)

    async def bundle_of(self, principal: Principal, export_id: str) -> tuple[Export, Path]:
        """Return the bundle to hand to *principal*; what is handed over is noted by :meth:`note_download`.

        Raises:
            UnknownExportError, NotPermittedError: as for the others.
            ExportNotReadyError: there is no bundle.

        """
        require_role(principal, WRITERS)
        export = await self.find(principal, export_id)
        if export.state is not ExportState.DONE or export.bundle is None:
            raise ExportNotReadyError("There is no bundle.", state=export.state.value)
        return export, self._folder.bundle(export_id)

    async def note_download(
        self, principal: Principal, export: Export, asked: Asked, *, address: str = ""
    ) -> None:
        """Write down that *principal* is about to get *asked* of the bundle, unless the log says so already.

        Raises:
            StorageError: it could not be written down; then nothing may be sent.

        """
        await self._downloads.note(principal.actor(address), export, asked)

    def _span(self, incident: Incident, wanted: NewExport) -> Span:
        span = Span(
            incident.start_us if wanted.start_us is None else wanted.start_us,
            min(incident.end_us, self._clock.now_us()) if wanted.end_us is None else wanted.end_us,
        )
        # Only what the incident holds is sure to be there to the end.
        if span.start_us < incident.start_us or span.end_us > incident.end_us:
            raise _fault("start", "must lie in the incident's interval; make that longer first")
        if span.end_us <= span.start_us:
            raise _fault("end", "must be after start")
        if span.end_us > self._clock.now_us():
            raise _fault("end", "must not lie in the future")
        if span.length_us > self._max_length_s * 1_000_000:
            raise ExportTooLongError(
                "The interval is longer than one export may be; make several.",
                max_hours=self._max_length_s / 3600,
            )
        return span

    async def _picture_bytes(
        self,
        cameras: Sequence[RecordedCamera],
        span: Span,
        incident: Incident,
        options: ExportOptions,
    ) -> int:
        """Return how much the pictures of the plate readings take that an export holds."""
        if not options.readings:
            return 0
        found = [
            await self._orders.find_readings(camera, span, incident.tenant_id) for camera in cameras
        ]
        return sum(each.picture_bytes for each in found)

    async def _may_see(self, principal: Principal, export: Export) -> bool:
        if not principal.may_see_tenant(export.tenant_id):
            return False
        if principal.camera_ids is None:
            return True
        cameras = await self._orders.cameras(export.camera_nos)
        return len(cameras) == len(export.camera_nos) and all(
            may_see(principal, camera.camera_id, camera.tenant_id) for camera in cameras
        )


def require_role(principal: Principal, roles: frozenset[Role]) -> None:
    if principal.role not in roles:
        raise NotPermittedError("Your role does not allow this.")


def _chosen(
    cameras: Sequence[RecordedCamera], wanted: Sequence[str] | None
) -> list[RecordedCamera]:
    """Return those of the incident's *cameras* that are *wanted*, by id or uuid; None = all.

    Raises:
        UnknownCameraError: one is not among them.

    """
    if wanted is None:
        return list(cameras)
    chosen: dict[CameraNo, RecordedCamera] = {}
    for name in wanted:
        found = [each for each in cameras if name in (each.camera_id, each.camera_uuid)]
        if not found:
            raise UnknownCameraError("The incident has no such camera.", camera_id=name)
        chosen |= {each.camera_no: each for each in found}
    return list(chosen.values())


def _fault(path: str, message: str) -> InvalidInputError:
    return InvalidInputError(f"{path} {message}.", faults=[{"path": path, "message": message}])
