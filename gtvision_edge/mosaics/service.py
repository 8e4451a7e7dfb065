"""The rules about mosaics: shared by a tenant, shown to each person without what that person may not see."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from gtvision_edge.accounts import DEFAULT_TENANT, NotPermittedError, Principal, Role
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.mosaics import repository
from gtvision_edge.mosaics.errors import UnknownMosaicError
from gtvision_edge.mosaics.model import Cameras, Layout, Mosaic, MosaicId, MosaicPage
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

_MAX_NAME: Final = 80
_EDITORS: Final = frozenset({Role.ADMIN, Role.OPERATOR})
_READERS: Final = _EDITORS | {Role.VIEWER}


class PlacedCamera(Protocol):
    """What a mosaic needs to know of a camera."""

    @property
    def camera_id(self) -> str: ...
    @property
    def tenant_id(self) -> str: ...


class CameraDirectory(Protocol):
    """The cameras of the site, in memory."""

    def all_cameras(self) -> Sequence[PlacedCamera]: ...


class MosaicService:
    """Makes, shows, changes and removes mosaics."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, *, cameras: CameraDirectory
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._cameras = cameras

    async def list_mosaics(
        self, principal: Principal, *, after: str = "", limit: int = 100
    ) -> MosaicPage:
        """Return the mosaics of *principal*'s tenant, as that person may see them.

        Raises:
            NotPermittedError: auditors watch no cameras.

        """
        _require(principal, _READERS)
        found = await repository.mosaics_after(
            self._database, after, limit + 1, tenant_id=principal.tenant_id
        )
        visible = self._visible(principal)
        more = len(found) > limit
        return MosaicPage(
            [_seen(mosaic, visible) for mosaic in found[:limit]],
            found[limit - 1].mosaic_id if more else None,
        )

    async def get_mosaic(self, principal: Principal, mosaic_id: str) -> Mosaic:
        """Return a mosaic with empty places where *principal* may not see the camera.

        Raises:
            UnknownMosaicError: none such, or another tenant's.
            NotPermittedError: as above.

        """
        _require(principal, _READERS)
        mosaic = await repository.find_mosaic(self._database, mosaic_id)
        if mosaic is None or not principal.may_see_tenant(mosaic.tenant_id):
            raise UnknownMosaicError("There is no such mosaic.")
        return _seen(mosaic, self._visible(principal))

    async def create(
        self,
        principal: Principal,
        *,
        name: str,
        layout: Layout,
        cameras: Cameras,
        tenant_id: str | None = None,
        address: str = "",
    ) -> Mosaic:
        """Make a mosaic. Who belongs to no tenant makes it for *tenant_id*, or for the one all *cameras* belong to.

        Raises:
            NotPermittedError: *principal* may not edit mosaics.
            UnknownCameraError, UnknownTenantError: none such that *principal* may see.
            InvalidInputError: the name is empty or too long, or there are more cameras than places.

        """
        _require(principal, _EDITORS)
        visible = self._visible(principal)
        _check(name, layout, cameras, visible)
        owner = tenant_id or principal.tenant_id or _common_tenant(cameras, visible)
        if not principal.may_see_tenant(owner):
            raise UnknownTenantError("There is no such tenant.", tenant_id=owner)
        now_us = self._clock.now_us()
        mosaic = Mosaic(
            mosaic_id=MosaicId(new_uuid7(self._clock)),
            tenant_id=owner,
            name=name,
            layout=layout,
            cameras=cameras,
            created_by=principal.user_id,
            created_us=now_us,
            updated_us=now_us,
        )

        def write(transaction: Transaction) -> None:
            if not repository.tenant_exists(transaction, owner):
                raise UnknownTenantError("There is no such tenant.", tenant_id=owner)
            repository.insert_mosaic(transaction, mosaic)
            self._note(transaction, principal, address, "mosaic.created", mosaic)

        await self._database.write(write)
        return mosaic

    async def update(
        self,
        principal: Principal,
        mosaic_id: str,
        *,
        name: str | None = None,
        layout: Layout | None = None,
        cameras: Cameras | None = None,
        address: str = "",
    ) -> Mosaic:
        """Change a mosaic; None leaves a part as it is.

        A camera that *principal* may not see keeps its place where *cameras* has none: it looked empty.

        Raises:
            UnknownMosaicError: none such, or another tenant's.
            NotPermittedError, UnknownCameraError, InvalidInputError: as for :meth:`create`.

        """
        _require(principal, _EDITORS)
        visible = self._visible(principal)

        def write(transaction: Transaction) -> Mosaic:
            before = repository.get_mosaic_row(transaction, mosaic_id)
            if before is None or not principal.may_see_tenant(before.tenant_id):
                raise UnknownMosaicError("There is no such mosaic.")
            wanted_layout = layout or before.layout
            wanted_name = before.name if name is None else name
            if cameras is not None:
                _check(wanted_name, wanted_layout, cameras, visible)
                placed = _merged(before.cameras, cameras, wanted_layout, visible)
            else:
                # Cameras that were removed since leave their places; a smaller layout drops the last ones.
                placed = before.cameras[: wanted_layout.places]
                _check(wanted_name, wanted_layout, (), visible)
            after = replace(
                before,
                name=wanted_name,
                layout=wanted_layout,
                cameras=placed,
                updated_us=self._clock.now_us(),
            )
            repository.update_mosaic(transaction, after)
            self._note(transaction, principal, address, "mosaic.changed", after)
            return after

        return _seen(await self._database.write(write), visible)

    async def remove(self, principal: Principal, mosaic_id: str, *, address: str = "") -> None:
        """Remove a mosaic.

        Raises:
            UnknownMosaicError, NotPermittedError: as for :meth:`update`.

        """
        _require(principal, _EDITORS)

        def write(transaction: Transaction) -> None:
            mosaic = repository.get_mosaic_row(transaction, mosaic_id)
            if mosaic is None or not principal.may_see_tenant(mosaic.tenant_id):
                raise UnknownMosaicError("There is no such mosaic.")
            repository.delete_mosaic(transaction, mosaic.mosaic_id)
            self._note(transaction, principal, address, "mosaic.removed", mosaic)

        await self._database.write(write)

    def _visible(self, principal: Principal) -> dict[str, str]:
        """Return the tenant of each camera that exists for *principal*."""
        return {
            camera.camera_id: camera.tenant_id
            for camera in self._cameras.all_cameras()
            if principal.may_see_camera(camera.camera_id, camera.tenant_id)
        }

    def _note(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        action: str,
        mosaic: Mosaic,
    ) -> None:
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action=action,
            subject=f"mosaic:{mosaic.mosaic_id}",
            tenant_id=mosaic.tenant_id,
            details={
                "name": mosaic.name,
                "layout": mosaic.layout.value,
                "cameras": list(mosaic.cameras),
            },
        )


def _require(principal: Principal, roles: frozenset[Role]) -> None:
    if principal.role not in roles:
        raise NotPermittedError("Your role does not allow this.")


def _seen(mosaic: Mosaic, visible: dict[str, str]) -> Mosaic:
    cameras = tuple(camera_id if camera_id in visible else None for camera_id in mosaic.cameras)
    return replace(mosaic, cameras=cameras)


def _merged(before: Cameras, wanted: Cameras, layout: Layout, visible: dict[str, str]) -> Cameras:
    """Return *wanted*, its empty places filled with those cameras of *before* that looked empty to the editor."""
    hidden = [
        camera_id if camera_id is not None and camera_id not in visible else None
        for camera_id in before[: layout.places]
    ]
    length = max([len(wanted), *(index + 1 for index, camera_id in enumerate(hidden) if camera_id)])
    padded = [*wanted, *[None] * (length - len(wanted))]
    hidden += [None] * (length - len(hidden))
    return tuple(new or old for new, old in zip(padded, hidden[:length], strict=True))


def _check(name: str, layout: Layout, cameras: Cameras, visible: dict[str, str]) -> None:
    faults: list[dict[str, str]] = []
    if not (0 < len(name) <= _MAX_NAME and name.isprintable() and name.strip()):
        message = f"1 to {_MAX_NAME} characters in one line"
        faults.append({"path": "nome", "message": message})
    if len(cameras) > layout.places:
        message = f"{layout.value} has {layout.places} place(s)"
        faults.append({"path": "cameras", "message": message})
    if faults:
        raise InvalidInputError("The mosaic is not right.", faults=faults)
    for camera_id in cameras:
        if camera_id is not None and camera_id not in visible:
            raise UnknownCameraError("There is no such camera.", camera_id=camera_id)


def _common_tenant(cameras: Cameras, visible: dict[str, str]) -> str:
    tenants = {visible[camera_id] for camera_id in cameras if camera_id is not None}
    return tenants.pop() if len(tenants) == 1 else DEFAULT_TENANT
