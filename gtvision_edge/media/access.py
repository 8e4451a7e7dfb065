"""Who may watch which camera: asked on every request for a stream, and again of whoever stays connected."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry

from gtvision_edge.accounts import NotPermittedError, Passes, Session
from gtvision_edge.accounts.passes import Sessions
from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.media.errors import StreamUnavailableError
from gtvision_edge.media.model import CameraOnAir
from gtvision_edge.media.paths import PathUse, parse_path_name
from gtvision_edge.media.patient_proofs import Authenticator, PatientProofs
from gtvision_edge.media.viewer import Viewer
from gtvision_edge.media.viewings import Viewings
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.tasks import background, keep_running
from gtvision_edge.storage import Database


class Cameras(Protocol):
    """The cameras of the site by id, in memory."""

    def find_camera(self, camera_id: str) -> CameraOnAir | None: ...


class Doorkeeper:
    """Lets viewers in and notes what they watch. Made by :func:`open_doorkeeper`.

    *admits* tells whether the media server has a path of this very camera; else the path may still be that of one removed.
    """

    def __init__(
        self,
        *,
        cameras: Cameras,
        proofs: PatientProofs,
        client_address: Callable[[web.Request], str],
        admits: Callable[[CameraOnAir, PathUse], bool],
        viewings: Viewings,
        clock: Clock,
    ) -> None:
        self._cameras = cameras
        self._proofs = proofs
        self._client_address = client_address
        self._admits = admits
        self._viewings = viewings
        self._passes = Passes(proofs, clock)

    async def viewer(self, request: web.Request, path: str | None = None) -> Viewer:
        """Return who asks for which camera; *path* is that of the route unless given.

        Raises:
            EdgeError: nobody we know, or a camera that does not exist for him; both kinds of the latter look the same.

        """
        path = request.match_info["path"] if path is None else path
        session, token = await self._session(request, path)
        if not session.principal.may_watch:
            raise NotPermittedError("Your role does not allow this.")
        parsed = parse_path_name(path)
        camera = self._cameras.find_camera(parsed[0]) if parsed else None
        if parsed is None or camera is None or not _may_see(session, camera):
            raise UnknownCameraError("There is no such camera.")
        address = self._client_address(request)
        return Viewer(
            session=session,
            camera=camera,
            use=parsed[1],
            path=path,
            # Not by ticket: a player that takes a new one for each request is still one viewer.
            who=f"{session.session_id} {address}",
            address=address,
            query=f"s={token}" if token else "",
        )

    async def admit(self, request: web.Request, path: str) -> str:
        """Check *request*, whose answer somebody else will give, as if it had come for a stream here; note it as a viewing.

        Return the query, such as ``s=…``, that the next requests of a player without cookies have to bring; '' for others.

        Raises:
            EdgeError: nobody we know, or a camera that does not exist for him.
            StreamUnavailableError: the media server was not yet seen to have that camera under the name.

        """
        viewer = await self.viewer(request, path)
        if not self.admits(viewer.camera, viewer.use):
            raise StreamUnavailableError("The stream is not this camera's yet.", retry_after_s=1)
        await self.note(viewer)
        return viewer.query

    def admits(self, camera: CameraOnAir, use: PathUse) -> bool:
        """Tell whether what the media server has under the name is this very camera's."""
        return self._admits(camera, use)

    async def may_go_on(self, viewer: Viewer) -> bool:
        """Tell whether a viewer that stays connected would still be let in. His pass does not run out meanwhile.

        Raises:
            StorageError: the database has not told for too long: he may not.

        """
        self._passes.keep(viewer.query.removeprefix("s="))
        camera = self._cameras.find_camera(viewer.camera.camera_id)
        return (
            camera is not None
            and camera.camera_uuid == viewer.camera.camera_uuid
            and _may_see(viewer.session, camera)
            and await self._proofs.is_still_good(viewer.session)
        )

    async def note(self, viewer: Viewer) -> None:
        """Note a request as part of a viewing; the first is in the audit log before this returns."""
        await self._viewings.touch(*_watching(viewer))

    def hold(self, viewer: Viewer) -> AbstractAsyncContextManager[None]:
        """Keep his viewing open while the block is, as one who stays connected does."""
        return self._viewings.hold(*_watching(viewer))

    def viewers(self) -> int:
        """Return how many viewings are going on."""
        return self._viewings.count()

    def sweep(self) -> None:
        """Forget passes that nobody uses."""
        self._passes.sweep()

    async def _session(self, request: web.Request, path: str) -> tuple[Session, str]:
        """Return the session of the request, and the token of its pass if it has one or gets one now."""
        token = request.query.get("s")
        if token is not None:
            return (await self._passes.find(token, path=path)).session, token
        ticket = request.query.get("ticket")
        if ticket is None:
            return await self._proofs.find_session(request), ""
        opened = await self._passes.open(ticket, path=path)
        return opened.session, opened.token


@asynccontextmanager
async def open_doorkeeper(
    *,
    tasks: asyncio.TaskGroup,
    cameras: Cameras,
    authenticator: Authenticator,
    sessions: Sessions,
    client_address: Callable[[web.Request], str],
    admits: Callable[[CameraOnAir, PathUse], bool],
    database: Database,
    audit: AuditLog,
    clock: Clock,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Doorkeeper]:
    """Open the doorkeeper, with its job in *tasks*; leaving ends all viewings in the audit log."""
    viewings = Viewings(database, audit, clock, registry=registry)
    name = "viewings-sweep"
    try:
        async with background(tasks, name, lambda: keep_running(name, viewings.run, clock=clock)):
            yield Doorkeeper(
                cameras=cameras,
                proofs=PatientProofs(authenticator, sessions, clock),
                client_address=client_address,
                admits=admits,
                viewings=viewings,
                clock=clock,
            )
    finally:
        await viewings.close()


def _watching(viewer: Viewer) -> tuple[str, Actor, CameraOnAir, str]:
    actor = viewer.session.principal.actor(viewer.address)
    return viewer.who, actor, viewer.camera, viewer.path


def _may_see(session: Session, camera: CameraOnAir) -> bool:
    return session.principal.may_see_camera(camera.camera_id, camera.tenant_id)
