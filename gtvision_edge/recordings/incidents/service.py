"""The rules about incidents: who may hold what, for how long it was there, and who let it go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.audit import SYSTEM, Actor, AuditLog
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.recordings.errors import SpanTooLongError
from gtvision_edge.recordings.incidents import repository
from gtvision_edge.recordings.incidents.covering import gaps_of, with_growing
from gtvision_edge.recordings.incidents.errors import (
    IncidentExportingError,
    IncidentReleasedError,
    UnknownIncidentError,
)
from gtvision_edge.recordings.incidents.flags import HoldFlags
from gtvision_edge.recordings.incidents.model import (
    HeldFootage,
    Incident,
    IncidentFile,
    IncidentPage,
    Release,
)
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import IncidentId, RecordedCamera, Span
from gtvision_edge.recordings.naming import may_see
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

LONGEST_US: Final = 31 * 86_400_000_000
AHEAD_US: Final = 7 * 86_400_000_000
"""An event may be kept before it is over, or begins."""
MOST_CAMERAS: Final = 64
SHORTEST_REASON: Final = 5

_FRESH_US: Final = 10_000_000
"""So old the end of a growing file may be without anything being missing."""
_WRITERS: Final = frozenset({Role.ADMIN, Role.OPERATOR})
_READERS: Final = _WRITERS | {Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class IncidentRequest:
    """What to keep and why. *cameras* are ids of the site's cameras, or uuids of cameras that were removed."""

    cameras: Sequence[str]
    span: Span
    reason: str
    reference: str = ""
    review_us: int | None = None
    tenant_id: str | None = None


class IncidentService:
    """Makes, shows, changes and releases incidents."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, *, index: SegmentIndex
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._index = index
        self._flags = HoldFlags(database, clock)

    async def run(self) -> None:
        """Keep the flags of held footage right, until cancelled."""
        await self._flags.run()

    async def create(
        self, principal: Principal, request: IncidentRequest, *, address: str = ""
    ) -> IncidentFile:
        """Keep the footage of *request*, also what is still being recorded or will be.

        What is being deleted at this moment is not kept any more: the footage returned shows it as missing.

        Raises:
            NotPermittedError: *principal* may not make incidents.
            UnknownCameraError, UnknownTenantError: none such that *principal* may see.
            InvalidInputError, SpanTooLongError: the interval or the reason is none.

        """
        _require(principal, _WRITERS)
        now_us = self._clock.now_us()
        _check(request, now_us)
        cameras = await self._index.named(principal, request.cameras)
        incident = Incident(
            incident_id=IncidentId(new_uuid7(self._clock)),
            tenant_id=_tenant(principal, request, cameras),
            start_us=request.span.start_us,
            end_us=request.span.end_us,
            cameras=tuple(sorted(camera.camera_no for camera in cameras)),
            reason=request.reason.strip(),
            reference=request.reference.strip(),
            review_us=request.review_us,
            created_by=principal.user_id,
            created_by_name=principal.username,
            created_us=now_us,
        )

        def write(transaction: Transaction) -> None:
            if not repository.exists_tenant(transaction, incident.tenant_id):
                raise UnknownTenantError("There is no such tenant.", tenant_id=incident.tenant_id)
            repository.insert_incident(transaction, incident)
            self._note(transaction, principal.actor(address), "incident.created", incident)

        await self._database.write(write)  # from here on it holds
        await self._flags.follow(incident)
        return await self._file(incident)

    async def get(self, principal: Principal, incident_id: str) -> IncidentFile:
        """Return an incident with what there is of its footage.

        Raises:
            UnknownIncidentError: none such, or with a camera that *principal* may not see.
            NotPermittedError: viewers have nothing to do with incidents.

        """
        _require(principal, _READERS)
        return await self._file(await self.find(principal, incident_id))

    async def find(self, principal: Principal, incident_id: str) -> Incident:
        """Return an incident, whatever the role of *principal*.

        Raises:
            UnknownIncidentError: none such, or with a camera that *principal* may not see.

        """
        found = await repository.find_incident(self._database, incident_id)
        if found is None or not await self._may_see(principal, found):
            raise UnknownIncidentError("There is no such incident.")
        return found

    async def list_incidents(
        self,
        principal: Principal,
        *,
        before: str = "",
        limit: int = 50,
        is_open: bool | None = None,
    ) -> IncidentPage:
        """Return the incidents that *principal* may see, newest first; *is_open* None = open and released ones."""
        _require(principal, _READERS)
        files: list[IncidentFile] = []
        while len(files) < limit:
            found = await repository.incidents_before(
                self._database, before, limit + 1, tenant_id=principal.tenant_id, is_open=is_open
            )
            for incident in found[:limit]:
                before = incident.incident_id
                if await self._may_see(principal, incident):
                    files.append(await self._file(incident))
                if len(files) == limit:
                    break
            else:
                if len(found) <= limit:
                    return IncidentPage(files, None)
        more = await repository.incidents_before(
            self._database, before, 1, tenant_id=principal.tenant_id, is_open=is_open
        )
        return IncidentPage(files, IncidentId(before) if more else None)

    async def change(
        self,
        principal: Principal,
        incident_id: str,
        *,
        reason: str | None = None,
        reference: str | None = None,
        review_us: int | None = None,
        forgets_review: bool = False,
        span: Span | None = None,
        address: str = "",
    ) -> IncidentFile:
        """Change an open incident; None leaves a part as it is. The interval may only grow.

        Raises:
            UnknownIncidentError, NotPermittedError, InvalidInputError: as for the others.
            IncidentReleasedError: it is over.

        """
        _require(principal, _WRITERS)
        await self.find(principal, incident_id)
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> Incident:
            before = _open(transaction, incident_id)
            wanted = span or before.span
            if wanted.start_us > before.start_us or wanted.end_us < before.end_us:
                raise _fault("end", "an incident's interval may only grow; release it instead")
            after = replace(
                before,
                reason=before.reason if reason is None else reason.strip(),
                reference=before.reference if reference is None else reference.strip(),
                review_us=None if forgets_review else review_us or before.review_us,
                start_us=wanted.start_us,
                end_us=wanted.end_us,
            )
            _check_interval(after.span, now_us)
            _check_reason(after.reason)
            repository.update_incident(transaction, after)
            self._note(transaction, principal.actor(address), "incident.changed", after)
            return after

        changed = await self._database.write(write)
        await self._flags.follow(changed)
        return await self._file(changed)

    async def release(
        self, principal: Principal, incident_id: str, *, reason: str, address: str = ""
    ) -> IncidentFile:
        """End the hold: retention may delete the footage from now on, unless another incident keeps it.

        Raises:
            UnknownIncidentError, NotPermittedError, InvalidInputError: as for the others.
            IncidentReleasedError: it is over already.
            IncidentExportingError: a bundle of it is being made; wait, or cancel that first.

        """
        _require(principal, _WRITERS)
        await self.find(principal, incident_id)
        _check_reason(reason)
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> Incident:
            before = _open(transaction, incident_id)
            if repository.is_being_exported(transaction, incident_id):
                raise IncidentExportingError(
                    "A bundle of this incident is being made; wait for it, or cancel it first."
                )
            after = replace(before, release=Release(now_us, principal.username, reason.strip()))
            repository.update_incident(transaction, after)
            self._note(
                transaction,
                principal.actor(address),
                "incident.released",
                after,
                release_reason=reason.strip(),
            )
            return after

        released = await self._database.write(write)
        await self._flags.follow(released)
        return await self._file(released)

    async def release_for_room(self, incident_id: str, *, reason: str, standing_by: str) -> bool:
        """End the hold by the standing order for a full volume, which *standing_by* gave for *reason*; audited.

        Return False when it is over already, or a bundle of it is being made: then nothing was changed. When this returns,
        what only it held bears no flag any more.
        """

        def write(transaction: Transaction) -> Incident | None:
            before = repository.get_incident_row(transaction, incident_id)
            if before is None or not before.is_open:
                return None
            if repository.is_being_exported(transaction, incident_id):
                return None
            after = replace(before, release=Release(self._clock.now_us(), SYSTEM.name, reason))
            repository.update_incident(transaction, after)
            self._note(
                transaction,
                SYSTEM,
                "incident.released",
                after,
                release_reason=reason,
                standing_by=standing_by,
                because="volume_full",
            )
            return after

        released = await self._database.write(write)
        if released is None:
            return False
        await self._flags.follow(released)
        log.warning("incident_released_for_room", incident_id=incident_id)
        return True

    async def footage(self, incident: Incident) -> list[HeldFootage]:
        """Return what there is of each camera; what lies in the future is not missing yet."""
        until_us = min(incident.end_us, self._clock.now_us())
        span = Span(incident.start_us, max(incident.start_us, until_us))
        return [
            await self._held(camera, span)
            for camera_no in incident.cameras
            if (camera := await self._index.camera_by_no(camera_no)) is not None
        ]

    async def _held(self, camera: RecordedCamera, span: Span) -> HeldFootage:
        found = await repository.fetch_coverage(self._database, camera.camera_no, span)
        growing = await self._index.look_at_growing(camera)
        if growing is not None and growing.span.overlaps(span):
            found = with_growing(found, growing, span)
            if self._clock.now_us() - growing.end_us < _FRESH_US:  # the last part is on its way
                span = Span(span.start_us, max(span.start_us, min(span.end_us, growing.end_us)))
        return HeldFootage(
            camera=camera,
            segments=found.segments,
            size_bytes=found.size_bytes,
            recorded_us=found.extent.length_us - found.missing_us if found.extent else 0,
            gaps=gaps_of(found, span),
        )

    async def _file(self, incident: Incident) -> IncidentFile:
        return IncidentFile(incident, await self.footage(incident))

    async def _may_see(self, principal: Principal, incident: Incident) -> bool:
        if not principal.may_see_tenant(incident.tenant_id):
            return False
        if principal.camera_ids is None:
            return True
        cameras = [await self._index.camera_by_no(camera_no) for camera_no in incident.cameras]
        return all(
            camera and may_see(principal, camera.camera_id, camera.tenant_id) for camera in cameras
        )

    def _note(
        self,
        transaction: Transaction,
        actor: Actor,
        action: str,
        incident: Incident,
        **details: object,
    ) -> None:
        self._audit.append(
            transaction,
            actor=actor,
            action=action,
            subject=f"incident:{incident.incident_id}",
            tenant_id=incident.tenant_id,
            details={
                "start": to_rfc3339(incident.start_us),
                "end": to_rfc3339(incident.end_us),
                "cameras": list(incident.cameras),
                "reason": incident.reason,
                "reference": incident.reference,
                **details,
            },
        )


def _open(transaction: Transaction, incident_id: str) -> Incident:
    found = repository.get_incident_row(transaction, incident_id)
    if found is None:
        raise UnknownIncidentError("There is no such incident.")
    if not found.is_open:
        raise IncidentReleasedError("The incident was released.")
    return found


def _require(principal: Principal, roles: frozenset[Role]) -> None:
    if principal.role not in roles:
        raise NotPermittedError("Your role may not do this.")


def _tenant(
    principal: Principal, request: IncidentRequest, cameras: Sequence[RecordedCamera]
) -> str:
    """Return whose incident it is: that of all its cameras.

    Raises:
        InvalidInputError: the cameras belong to several tenants, or to none that is known.
        UnknownTenantError: another one was asked for.

    """
    owners = {camera.tenant_id for camera in cameras if camera.tenant_id is not None}
    if len(owners) > 1:
        raise _fault("cameras", "must belong to one tenant")
    owner = next(iter(owners), None) or request.tenant_id or principal.tenant_id
    if owner is None:
        raise _fault("tenant_id", "must be given for footage whose tenant is not known")
    if request.tenant_id not in (None, owner) or not principal.may_see_tenant(owner):
        raise UnknownTenantError("There is no such tenant.", tenant_id=request.tenant_id or owner)
    return owner


def _check(request: IncidentRequest, now_us: int) -> None:
    if not request.cameras:
        raise _fault("cameras", "must name a camera")
    if len(request.cameras) > MOST_CAMERAS:
        raise _fault("cameras", f"must be {MOST_CAMERAS} at most")
    _check_interval(request.span, now_us)
    _check_reason(request.reason)


def _check_interval(span: Span, now_us: int) -> None:
    if span.start_us >= span.end_us:
        raise _fault("end", "must be after start")
    if span.start_us < 0:
        raise _fault("start", "must be after 1970")
    if span.end_us > now_us + AHEAD_US:
        raise _fault("end", f"must lie {AHEAD_US // 86_400_000_000} days ahead at most")
    if span.length_us > LONGEST_US:
        raise SpanTooLongError(
            "An incident keeps 31 days at most.", longest_s=LONGEST_US // 1_000_000
        )


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise _fault("reason", f"must have {SHORTEST_REASON} characters at least")


def _fault(path: str, message: str) -> InvalidInputError:
    return InvalidInputError(f"{path} {message}.", faults=[{"path": path, "message": message}])
