"""Secrets with which cameras and integrators prove their readings."""

from gtvision_edge.api.routing import ADMINS, Answer, Body, Call, Endpoint
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections.push_access import PushAccessService
from gtvision_edge.runtime.timestamps import to_rfc3339


class PushSecretBody(Body):
    at_once: bool = False
    """The secret before ends now; else it is good for a week, so that the sender can be changed."""


class PushAccessAnswer(Answer):
    camera_id: str
    secret: str
    """Shown here alone."""
    made_at: str
    previous_until: str | None
    webhook_path: str
    hikvision_path: str


class _PushAccessResource:
    def __init__(self, access: PushAccessService) -> None:
        self._access = access

    async def renew(self, call: Call) -> PushAccessAnswer:
        made = await self._access.renew(
            call.principal,
            call.path("camera_id"),
            at_once=call.body_as(PushSecretBody).at_once,
            address=call.address,
        )
        until_us = made.previous_until_us
        return PushAccessAnswer(
            camera_id=made.camera_id,
            secret=made.secret,
            made_at=to_rfc3339(made.made_us),
            previous_until=to_rfc3339(until_us) if until_us is not None else None,
            webhook_path=made.webhook_path,
            hikvision_path=made.hikvision_path,
        )


def push_access_endpoints(access: PushAccessService) -> list[Endpoint]:
    """Return ``/cameras/{camera_id}/push-secret``."""
    resource = _PushAccessResource(access)
    return [
        Endpoint(
            "POST",
            "/cameras/{camera_id}/push-secret",
            resource.renew,
            "Make the secret with which a camera's readings are signed, or its next one",
            "plates in",
            ADMINS,
            body=PushSecretBody,
            response=PushAccessAnswer,
            status=201,
            ids={"camera_id": UnknownCameraError},
            look_up=access.see_camera,
        )
    ]
