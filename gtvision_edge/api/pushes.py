"""Where cameras and integrators send plate readings. No login: each push proves itself."""

import asyncio
from typing import Final

from aiohttp import web

from gtvision_edge.api.push_schema import WEBHOOK_BODY, WEBHOOK_HEADERS
from gtvision_edge.api.raw_body import BodyPlaces, read_capped
from gtvision_edge.api.routing import PUBLIC, Answer, Call, Endpoint
from gtvision_edge.detections.errors import (
    MalformedPushError,
    PictureNotKeptError,
    PushRefusedError,
    ReadingTimeRefusedError,
    StalePushError,
    TooManyPushesError,
)
from gtvision_edge.detections.pushes import PushDesk, SignatureHeaders
from gtvision_edge.detections.sources.generic import MAX_BODY
from gtvision_edge.detections.sources.vectors import read_vectors
from gtvision_edge.errors import InvalidInputError

MAX_PUSH: Final = 8 * 2**20
"""With pictures; forty times what cameras usually send."""


class AcceptedAnswer(Answer):
    detection_id: str
    repeated: bool
    """It had been sent before; this is the first result."""


class _PushResource:
    def __init__(self, desk: PushDesk) -> None:
        self._desk = desk
        self._places = BodyPlaces()

    async def webhook(self, call: Call) -> AcceptedAnswer:
        self._desk.admit(call.address)
        raw = await read_capped(call.request, MAX_BODY)
        taken = await self._desk.webhook(
            raw, SignatureHeaders.of(call.request.headers), address=call.address
        )
        return AcceptedAnswer(detection_id=taken.detection_id, repeated=not taken.is_new)

    async def vectors(self, _call: Call) -> web.StreamResponse:
        return web.Response(
            body=await asyncio.to_thread(read_vectors), content_type="application/json"
        )

    async def hikvision(self, call: Call) -> web.StreamResponse:
        self._desk.admit(call.address)
        camera = self._desk.hikvision_camera(call.path("secret"), address=call.address)
        async with self._places.take(camera.camera_uuid):
            raw = await read_capped(call.request, MAX_PUSH)
            content_type = call.request.headers.get("Content-Type", "")
            await self._desk.hikvision(camera, content_type, raw)
        return web.Response(headers={"Connection": "close"})


def push_endpoints(desk: PushDesk) -> list[Endpoint]:
    """Return where readings arrive."""
    resource = _PushResource(desk)
    again = (TooManyPushesError, PictureNotKeptError)
    return [
        Endpoint(
            "POST",
            "/webhooks/lpr",
            resource.webhook,
            "Send a plate reading",
            "plates in",
            PUBLIC,
            accepts=("application/json",),
            accepted=WEBHOOK_BODY,
            headers=WEBHOOK_HEADERS,
            is_busy=True,
            response=AcceptedAnswer,
            status=202,
            errors=(
                InvalidInputError,
                PushRefusedError,
                StalePushError,
                ReadingTimeRefusedError,
                *again,
            ),
            description=(
                "`{camera_id, placa, timestamp, confianca, imagem_url, signature}`. Signed by the headers of Standard"
                " Webhooks over the raw body, or by `signature`: hex HMAC-SHA256, keyed with the camera's secret, over"
                " `v1\\n{camera_id}\\n{placa}\\n{timestamp}\\n{confianca}\\n{imagem_url}`. 202 means: it is on disk."
                " Signatures to test with: GET /webhooks/lpr/vectors. `signature` is good for five minutes around `timestamp`; who keeps"
                " readings while the line is down signs by the headers, which sign the time of sending. The reading keeps its own time, is `late`"
                " after a minute and alarms nobody then; what is older than 400 days (and than `[detections] keep`) or more than five"
                " minutes ahead is refused: `reading_time_refused`."
                " Where the headers sign it, `sentido` (a word for the direction) and `area_placa` (`[left, top, width, height]` of the"
                " plate in the picture, each 0 to 1 of the picture's) are taken, too; the plate is then cut out of the picture."
            ),
        ),
        Endpoint(
            "GET",
            "/webhooks/lpr/vectors",
            resource.vectors,
            "Signatures to test a sender of plate readings with",
            "plates in",
            PUBLIC,
            response="application/json",
            description="Bodies, the text that is signed, and what it gives, for both ways to sign. Secret and times are examples.",
        ),
        Endpoint(
            "POST",
            "/webhooks/hikvision/{secret}",
            resource.hikvision,
            "Where a Hikvision camera posts its events (ISAPI httpHosts)",
            "plates in",
            PUBLIC,
            accepts=("multipart/form-data", "application/xml", "application/json"),
            errors=(PushRefusedError, MalformedPushError, *again),
            ids={"secret": PushRefusedError},
            description="200 for events that are no plate readings, too: the camera would send them again.",
        ),
    ]
