"""What an integrator needs to have a camera send its readings here: addresses, a secret, and what to type where."""

from dataclasses import dataclass
from typing import Final, Protocol

from gtvision_edge.accounts import NotPermittedError, Principal, Role
from gtvision_edge.audit import AuditLog
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections.errors import NoPushSecretError
from gtvision_edge.detections.intake import PushingCamera
from gtvision_edge.detections.push_log import PushLog, PushNews
from gtvision_edge.detections.push_secrets import PushSecret, PushSecrets, path_token
from gtvision_edge.storage import Database, Transaction

WEBHOOK: Final = "/api/v1/webhooks/lpr"
HIKVISION: Final = "/api/v1/webhooks/hikvision/"


class PushCameras(Protocol):
    """The site's cameras, in memory."""

    def find_camera(self, camera_id: str) -> PushingCamera | None: ...


@dataclass(frozen=True, slots=True)
class PushAccess:
    """How a camera's readings are sent: *secret* signs the webhook, *hikvision_path* is secret itself."""

    camera_id: str
    secret: str
    made_us: int
    previous_until_us: int | None
    """The secret before is good until then; None = there is none."""
    webhook_path: str
    hikvision_path: str


@dataclass(frozen=True, slots=True)
class PushState:
    """Whether a camera's readings can be sent, and whether they come; no secret in it. *made_us* None = there is no secret yet."""

    camera_id: str
    made_us: int | None
    previous_until_us: int | None
    news: PushNews


class PushAccessService:
    """Shows and changes it; for admins who may see the camera. Each look is audited: it is a key."""

    def __init__(
        self,
        secrets: PushSecrets,
        cameras: PushCameras,
        audit: AuditLog,
        database: Database,
        log: PushLog,
    ) -> None:
        self._log = log
        self._database = database
        self._secrets = secrets
        self._cameras = cameras
        self._audit = audit

    async def renew(
        self, principal: Principal, camera_id: str, *, at_once: bool, address: str = ""
    ) -> PushAccess:
        """Make a camera's secret, or its next one; *at_once* ends the one before now instead of in a week.

        Raises:
            UnknownCameraError: none such that *principal* may see.
            NotPermittedError: *principal* is no admin.

        """
        camera = await self.see_camera(principal, camera_id)
        if principal.role is not Role.ADMIN:
            raise NotPermittedError("Your role does not allow this.")

        def note(transaction: Transaction) -> None:
            self._audit.append(
                transaction,
                actor=principal.actor(address),
                action="camera.push_secret_made",
                subject=f"camera:{camera.camera_id}",
                tenant_id=camera.tenant_id,
                details={"at_once": at_once},
            )

        made = await self._secrets.renew(camera.camera_uuid, note=note, at_once=at_once)
        return access_with(made, camera.camera_id, self._secrets.previous_until(camera.camera_uuid))

    async def show(self, principal: Principal, camera_id: str, *, address: str = "") -> PushAccess:
        """Show how a camera's readings are sent, with its present secret; the look is audited before anything is shown.

        Raises:
            UnknownCameraError, NotPermittedError: as for :meth:`renew`.
            NoPushSecretError: none was made yet.

        """
        camera = await self.see_camera(principal, camera_id)
        if principal.role is not Role.ADMIN:
            raise NotPermittedError("Your role does not allow this.")
        present = self._secrets.present(camera.camera_uuid)
        if present is None:
            raise NoPushSecretError("The camera has no secret yet; make one first.")

        def note(transaction: Transaction) -> None:
            self._audit.append(
                transaction,
                actor=principal.actor(address),
                action="camera.push_secret_shown",
                subject=f"camera:{camera.camera_id}",
                tenant_id=camera.tenant_id,
            )

        await self._database.write(note)
        return access_with(
            present, camera.camera_id, self._secrets.previous_until(camera.camera_uuid)
        )

    async def state(self, principal: Principal, camera_id: str) -> PushState:
        """Tell whether a camera's readings come.

        Raises:
            UnknownCameraError, NotPermittedError: as for :meth:`renew`.

        """
        camera = await self.see_camera(principal, camera_id)
        if principal.role is not Role.ADMIN:
            raise NotPermittedError("Your role does not allow this.")
        present = self._secrets.present(camera.camera_uuid)
        return PushState(
            camera.camera_id,
            present.made_us if present else None,
            self._secrets.previous_until(camera.camera_uuid),
            self._log.news_of(camera.camera_uuid),
        )

    async def see_camera(self, principal: Principal, camera_id: str) -> PushingCamera:
        """Return the camera, whatever the role of *principal*.

        Raises:
            UnknownCameraError: none such that *principal* may see.

        """
        camera = self._cameras.find_camera(camera_id)
        if camera is None or not principal.may_see_camera(camera.camera_id, camera.tenant_id):
            raise UnknownCameraError("There is no such camera.", camera_id=camera_id)
        return camera


def access_with(secret: PushSecret, camera_id: str, previous_until_us: int | None) -> PushAccess:
    """Return the access that *secret* gives."""
    return PushAccess(
        camera_id=camera_id,
        secret=secret.text,
        made_us=secret.made_us,
        previous_until_us=previous_until_us,
        webhook_path=WEBHOOK,
        hikvision_path=HIKVISION + path_token(secret.text),
    )
