"""Deletions that people order, and the records of all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.cameras.model import Camera
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import IncidentId, PurgeId, RecordedCamera
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.errors import FootageHeldError, UnknownPurgeError
from gtvision_edge.recordings.retention.keeper import Keeper
from gtvision_edge.recordings.retention.model import Order, Purge, PurgedOfCamera, PurgeKind
from gtvision_edge.recordings.retention.policies import WouldGo
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

SHORTEST_REASON: Final = 5
_READERS: Final = frozenset({Role.ADMIN, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class PurgeRequest:
    """What to delete: footage of these cameras (ids, or uuids of removed ones; None = all one may see) that ended by *before_us*.

    With *after_us* only what did not begin before it. Files go whole or not at all. *reference* names the request or the
    decision behind it.
    """

    cameras: Sequence[str] | None
    before_us: int
    reason: str
    after_us: int | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Spared:
    """What incidents keep of one camera in the interval; *incidents* (id, why) are those one may see."""

    camera: RecordedCamera
    segments: int
    size_bytes: int
    incidents: Sequence[tuple[IncidentId, str]]


@dataclass(frozen=True, slots=True)
class PurgePreview:
    """What an order would delete now, what it would spare for incidents, and how many files reach beyond its interval."""

    would_go: Sequence[WouldGo]
    spared: Sequence[Spared]
    crossing: int


@dataclass(frozen=True, slots=True)
class PurgePage:
    """Newest first; ``after`` asks for the following page, None = there is none."""

    purges: Sequence[Purge]
    after: PurgeId | None


class Cameras(Protocol):
    """The site's cameras; see ``CameraService``."""

    async def remove(
        self,
        principal: Principal,
        camera_id: str,
        *,
        client_address: str = "",
        along: Callable[[Transaction, Camera], None],
    ) -> None: ...


class PurgeService:
    """Orders deletions and shows the records. What an incident holds is spared, whoever orders."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        cameras: Cameras,
        index: SegmentIndex,
        deleter: Deleter,
        keeper: Keeper,
    ) -> None:
        self._database = database
        self._clock = clock
        self._cameras = cameras
        self._index = index
        self._deleter = deleter
        self._keeper = keeper

    async def try_out(self, principal: Principal, request: PurgeRequest) -> PurgePreview:
        """Tell what :meth:`order` would delete now, and what it would not.

        Raises:
            as :meth:`order`.

        """
        after_us, before_us = request.after_us or 0, request.before_us
        would_go: list[WouldGo] = []
        spared: list[Spared] = []
        crossing = 0
        for camera in await self._asked(principal, request):
            no = camera.camera_no
            sums = await repository.fetch_would_go(
                self._database, no, before_us, after_us=request.after_us
            )
            if sums[0]:
                would_go.append(WouldGo(camera, *sums))
            held, size, beyond = await repository.fetch_spared(
                self._database, no, before_us, after_us=after_us
            )
            crossing += beyond
            if held:
                holding = await repository.fetch_holding(
                    self._database, no, before_us, after_us=after_us
                )
                shown = [
                    (incident_id, reason)
                    for incident_id, tenant_id, reason in holding
                    if principal.camera_ids is None and principal.may_see_tenant(tenant_id)
                ]
                spared.append(Spared(camera, held, size, shown))
        return PurgePreview(would_go, spared, crossing)

    async def order(
        self, principal: Principal, request: PurgeRequest, *, address: str = ""
    ) -> list[PurgeId]:
        """Have it deleted, one record per tenant; goes on after a restart. Audited now and when it is done.

        Raises:
            NotPermittedError: *principal* is no admin.
            UnknownCameraError: none such that *principal* may see.
            InvalidInputError: the reason or the interval is none, or the time lies ahead.

        """
        cameras = await self._asked(principal, request)
        by_tenant: dict[str | None, list[RecordedCamera]] = {}
        for camera in cameras:
            by_tenant.setdefault(camera.tenant_id, []).append(camera)
        ordered: list[PurgeId] = []
        reference = request.reference.strip()
        for tenant_id, some in by_tenant.items():
            order = Order(
                PurgeKind.MANUAL,
                {
                    "cameras": [camera.camera_id for camera in some],
                    "camera_nos": [camera.camera_no for camera in some],
                    **({} if request.after_us is None else {"after_us": request.after_us}),
                    "before_us": request.before_us,
                    **({"reference": reference} if reference else {}),
                },
                principal.actor(address),
                request.reason.strip(),
            )
            ordered += await self._deleter.order(order, [tenant_id], audited_as="purge.ordered")
        self._keeper.wake()
        return ordered

    async def remove_with_footage(
        self, principal: Principal, camera_id: str, *, address: str = ""
    ) -> None:
        """Remove a camera and have all its footage deleted, its last file included. One commit: a kill leaves both or neither.

        Raises:
            UnknownCameraError: there is none for this person.
            FootageHeldError: an open incident keeps some of it, or what is still to come; nothing was changed.

        """

        def delete_footage(transaction: Transaction, removed: Camera) -> None:
            camera = repository.get_recorded_camera(transaction, removed.camera_uuid)
            if camera is None:
                return  # so new that nothing was recorded
            if repository.is_in_open_incident(transaction, camera.camera_no):
                raise FootageHeldError(
                    "An open incident keeps footage of this camera.", camera_id=camera_id
                )
            order = Order(
                PurgeKind.CAMERA_REMOVED,
                {"cameras": [camera.camera_id], "camera_nos": [camera.camera_no]},
                principal.actor(address),
            )
            self._deleter.write_order(
                transaction, order, camera.tenant_id, audited_as="purge.ordered"
            )

        await self._cameras.remove(
            principal, camera_id, client_address=address, along=delete_footage
        )
        self._keeper.wake()

    async def find(self, principal: Principal, purge_id: str) -> Purge:
        """Return a record.

        Raises:
            UnknownPurgeError: none such, or another tenant's.
            NotPermittedError: who is limited to some cameras reads no records.

        """
        _require_reader(principal)
        found = await repository.find_purge(self._database, purge_id)
        if found is None or not _is_of(principal, found):
            raise UnknownPurgeError("There is no such purge.")
        return found

    async def list_purges(
        self, principal: Principal, *, before: str = "", limit: int = 50
    ) -> PurgePage:
        """Return the records that *principal* may see, newest first.

        Raises:
            NotPermittedError: as for :meth:`find`.

        """
        _require_reader(principal)
        found = await repository.purges_before(
            self._database, before, limit + 1, tenant_id=principal.tenant_id
        )
        more = len(found) > limit
        return PurgePage(found[:limit], found[limit - 1].purge_id if more else None)

    async def lost_of(self, purge: Purge) -> list[tuple[RecordedCamera | None, PurgedOfCamera]]:
        """Return what each camera lost, up to now if the purge goes on."""
        lost = purge.cameras
        if purge.finished_us is None:
            lost = await repository.fetch_purged_cameras(self._database, purge.purge_id)
        return [(await self._index.camera_by_no(each.camera_no), each) for each in lost]

    async def _asked(self, principal: Principal, request: PurgeRequest) -> list[RecordedCamera]:
        if principal.role is not Role.ADMIN:
            raise NotPermittedError("Your role does not allow this.")
        if len(request.reason.strip()) < SHORTEST_REASON:
            raise _fault("reason", f"must have {SHORTEST_REASON} characters at least")
        if request.before_us > self._clock.now_us():
            raise _fault("before", "must not lie ahead")
        if request.after_us is not None and request.after_us >= request.before_us:
            raise _fault("before", "must be later than after")
        if request.cameras is None:
            return await self._index.visible(principal)
        return await self._index.named(principal, request.cameras)


def _require_reader(principal: Principal) -> None:
    if principal.role not in _READERS or principal.camera_ids is not None:
        raise NotPermittedError("Your role does not allow this.")


def _is_of(principal: Principal, purge: Purge) -> bool:
    if purge.tenant_id is None:
        return principal.tenant_id is None
    return principal.may_see_tenant(purge.tenant_id)


def _fault(path: str, message: str) -> InvalidInputError:
    return InvalidInputError(f"{path} {message}.", faults=[{"path": path, "message": message}])
