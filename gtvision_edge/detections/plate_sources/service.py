"""The settings of all cameras' plate sources: asked for by everyone who takes readings, changed by administrators."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.detections.plate_sources import repository
from gtvision_edge.detections.plate_sources.model import (
    NOTHING_SET,
    PlateSourceChanged,
    SourceChanges,
    SourceSettings,
)
from gtvision_edge.detections.plate_sources.wording import changed, facts_of, restored, stored
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, Transaction


class SourceCameras(Protocol):
    """The site's cameras, in memory."""

    def find_camera(self, camera_id: str) -> PushingCamera | None: ...


class PlateSources:
    """Holds the settings of all cameras in memory; what :meth:`change` returns is on disk and in force."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        bus: EventBus,
        *,
        cameras: SourceCameras,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._bus = bus
        self._cameras = cameras
        self._by_camera: dict[str, SourceSettings] = {}
        self._one_change = asyncio.Lock()
        self._committing: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        rows = await repository.fetch_all(self._database)

        def restore() -> dict[str, SourceSettings]:
            return {row.camera_uuid: restored(row) for row in rows}

        self._by_camera = await asyncio.to_thread(restore)

    def of(self, camera_uuid: str) -> SourceSettings:
        """Return what holds for a camera's readings."""
        return self._by_camera.get(camera_uuid, NOTHING_SET)

    async def see_camera(self, principal: Principal, camera_id: str) -> PushingCamera:
        """Return the camera, whatever the role of *principal*.

        Raises:
            UnknownCameraError: none such that *principal* may see.

        """
        camera = self._cameras.find_camera(camera_id)
        if camera is None or not principal.may_see_camera(camera.camera_id, camera.tenant_id):
            raise UnknownCameraError("There is no such camera.", camera_id=camera_id)
        return camera

    async def show(
        self, principal: Principal, camera_id: str
    ) -> tuple[PushingCamera, SourceSettings]:
        """Return a camera and what is set for its readings.

        Raises:
            UnknownCameraError: none such that *principal* may see.
            NotPermittedError: *principal* is no admin.

        """
        camera = await self.see_camera(principal, camera_id)
        if principal.role is not Role.ADMIN:
            raise NotPermittedError("Your role does not allow this.")
        return camera, self.of(camera.camera_uuid)

    async def change(
        self, principal: Principal, camera_id: str, changes: SourceChanges, *, address: str = ""
    ) -> tuple[PushingCamera, SourceSettings]:
        """Set *changes* for a camera's readings; audited, with what was set before.

        Raises:
            UnknownCameraError: as for :meth:`show`.
            NotPermittedError: likewise; or *principal* is not of the whole site and ``picture_sources`` would be others.
            InvalidInputError: ``faults`` names what is wrong; nothing was changed.

        """
        camera, _ = await self.show(principal, camera_id)
        async with self._one_change:
            before = self.of(camera.camera_uuid)
            after = await asyncio.to_thread(changed, before, changes)
            if after == before:
                return camera, before
            if after.picture_sources != before.picture_sources and not principal.is_of_whole_site:
                # It is the box that asks there, in the site's own network.
                raise NotPermittedError(
                    "Only who looks after the whole site may set picture_sources."
                )

            def write(transaction: Transaction) -> None:
                row = stored(camera.camera_uuid, after)
                repository.put(transaction, row, now_us=self._clock.now_us())
                self._audit.append(
                    transaction,
                    actor=principal.actor(address),
                    action="camera.plate_source_changed",
                    subject=f"camera:{camera.camera_id}",
                    tenant_id=camera.tenant_id,
                    details=_difference(facts_of(before), facts_of(after)),
                )

            await self._whole(camera.camera_uuid, after, write)
        return camera, after

    async def _whole(
        self, camera_uuid: str, after: SourceSettings, write: Callable[[Transaction], None]
    ) -> None:
        """Commit *write*, then put *after* in force, to the end even when the caller goes away: disk and memory must not differ."""

        async def run() -> None:
            await self._database.write(write)
            self._by_camera[camera_uuid] = after
            self._bus.publish(PlateSourceChanged(camera_uuid))

        task = asyncio.create_task(run(), name="plate-source-commit")  # ends by itself in a write
        self._committing.add(task)
        task.add_done_callback(self._committing.discard)
        await asyncio.shield(task)


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"before": before[name], "after": value}
        for name, value in after.items()
        if value != before[name]
    }
