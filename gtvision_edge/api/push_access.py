"""Secrets with which cameras and integrators prove their readings."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.api.auth import Proxies
from gtvision_edge.api.routing import ADMINS, Answer, Body, Call, Endpoint, Query
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections.errors import NoPushSecretError
from gtvision_edge.detections.push_access import PushAccessService, PushState
from gtvision_edge.detections.push_help import BoxAddress, explain
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339


class PushSecretBody(Body):
    at_once: bool = False
    """The secret before ends now; else it is good for a week, so that the sender can be changed."""


class PushAccessAnswer(Answer):
    camera_id: str
    secret: str
    """Shown here and in ``push-help``."""
    made_at: str
    previous_until: str | None
    webhook_path: str
    hikvision_path: str


class PushHelpQuery(Query):
    url: Annotated[str, Field(max_length=300)] | None = None
    """Where senders reach this box, such as http://10.20.0.5:8080; without it, as the asker does."""


class WebhookHelp(Answer):
    url: str
    curl: str
    """Sends one reading of AAA0A00; its signature is good for five minutes."""
    signed_text: str
    """What ``signature`` of that reading was made over."""


class HikvisionHelp(Answer):
    url: str
    http_host_xml: str
    """For PUT /ISAPI/Event/notification/httpHosts/1."""


class ItsapiHelp(Answer):
    host: str
    port: int
    https: bool
    user: str
    password: str
    short_password: str
    """The same secret, for fields that do not take the long one."""
    paths: list[str]


class PushHelpAnswer(Answer):
    camera_id: str
    secret: str
    webhook: WebhookHelp
    hikvision: HikvisionHelp
    itsapi: ItsapiHelp


class ReceivedAnswer(Answer):
    at: str
    source: str
    kind: Literal["reading", "other"]
    """other: a sign of life, or an event that is no plate reading."""


class RefusedAnswer(Answer):
    at: str
    source: str
    reason: str
    """The code of the error. Who sent it did not prove to be the camera."""


class PushStatusAnswer(Answer):
    camera_id: str
    made_at: str | None
    """When the present secret was made; null: there is none yet."""
    previous_until: str | None
    since: str
    """When the daemon started: what came before is not told of here."""
    last_received: ReceivedAnswer | None
    last_refused: RefusedAnswer | None


class _PushAccessResource:
    def __init__(self, access: PushAccessService, proxies: Proxies, clock: Clock) -> None:
        self._access = access
        self._proxies = proxies
        self._clock = clock

    async def help(self, call: Call) -> PushHelpAnswer:
        scheme = "https" if self._proxies.is_https(call.request) else "http"
        asked = f"{scheme}://{self._proxies.host(call.request)}"
        box = BoxAddress.parse(call.query_as(PushHelpQuery).url or asked)
        access = await self._access.show(
            call.principal, call.path("camera_id"), address=call.address
        )
        found = explain(access, box, now_us=self._clock.now_us())
        fields = found.itsapi
        return PushHelpAnswer(
            camera_id=found.camera_id,
            secret=found.secret,
            webhook=WebhookHelp(
                url=found.webhook_url, curl=found.webhook_curl, signed_text=found.webhook_signed
            ),
            hikvision=HikvisionHelp(url=found.hikvision_url, http_host_xml=found.hikvision_xml),
            itsapi=ItsapiHelp(
                host=fields.host,
                port=fields.port,
                https=fields.is_https,
                user=fields.user,
                password=fields.password,
                short_password=fields.short_password,
                paths=list(fields.paths),
            ),
        )

    async def status(self, call: Call) -> PushStatusAnswer:
        return status_answer(await self._access.state(call.principal, call.path("camera_id")))

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


def status_answer(state: PushState) -> PushStatusAnswer:
    received, refused = state.news.received, state.news.refused
    return PushStatusAnswer(
        camera_id=state.camera_id,
        made_at=None if state.made_us is None else to_rfc3339(state.made_us),
        previous_until=None
        if state.previous_until_us is None
        else to_rfc3339(state.previous_until_us),
        since=to_rfc3339(state.news.since_us),
        last_received=None
        if received is None
        else ReceivedAnswer(
            at=to_rfc3339(received.at_us), source=received.source, kind=received.kind.value
        ),
        last_refused=None
        if refused is None
        else RefusedAnswer(
            at=to_rfc3339(refused.at_us), source=refused.source, reason=refused.code
        ),
    )


def push_access_endpoints(
    access: PushAccessService, proxies: Proxies, clock: Clock
) -> list[Endpoint]:
    """Return ``/cameras/{camera_id}/push-secret``, ``/push-help`` and ``/push-status``."""
    resource = _PushAccessResource(access, proxies, clock)
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
        ),
        Endpoint(
            "GET",
            "/cameras/{camera_id}/push-help",
            resource.help,
            "Show how a camera's readings are sent here, with its secret, ready to paste",
            "plates in",
            ADMINS,
            query=PushHelpQuery,
            response=PushHelpAnswer,
            errors=(NoPushSecretError,),
            ids={"camera_id": UnknownCameraError},
            look_up=access.see_camera,
            description="It shows a key: each look is audited.",
        ),
        Endpoint(
            "GET",
            "/cameras/{camera_id}/push-status",
            resource.status,
            "Tell when a camera's pushes last came, and when and why one was last turned away",
            "plates in",
            ADMINS,
            response=PushStatusAnswer,
            ids={"camera_id": UnknownCameraError},
            look_up=access.see_camera,
        ),
    ]
