"""Plate readings: looked through, searched, shown. Fields in Portuguese are the customer's."""

from typing import Annotated, Any

from aiohttp import hdrs, web
from pydantic import Field

from gtvision_edge.api.moments import Moment
from gtvision_edge.api.routing import (
    WATCHERS,
    Answer,
    Call,
    Endpoint,
    PageQuery,
)
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.detections.errors import (
    NoDetectionPictureError,
    PictureLostError,
    PurposeRequiredError,
    UnknownDetectionError,
)
from gtvision_edge.detections.model import Detection, PictureKind
from gtvision_edge.detections.plates import suggestions
from gtvision_edge.detections.service import DetectionDesk, Search
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.entity_tags import has_already
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339
from gtvision_edge.storage import SearchTooLongError

FOREVER_US = 253_000_000_000_000_000


class DetectionQuery(PageQuery):
    placa: Annotated[str, Field(max_length=64)] = ""
    """A plate, or a part with ? for one character and * for any number of them. Both forms of one plate are found."""
    camera: Annotated[str, Field(max_length=32)] | None = None
    """A camera's id; absent = all that the asker may see."""
    start: Moment | None = None
    """Readings from this moment on."""
    end: Moment | None = None
    """Readings before this moment."""
    purpose: Annotated[str, Field(max_length=500)] = ""
    """What a plate is searched for; needed with placa, at least 5 characters, kept in the audit log."""


class DetectionAnswer(Answer):
    detection_id: str
    camera_id: str
    tenant_id: str
    placa: str | None
    """null: none was read, or it was anonymised."""
    placa_lida: str
    """As the camera wrote it."""
    sugestoes: list[str]
    """What the camera may have meant; never put in place of what it read."""
    confianca: float | None
    timestamp: str
    received_at: str
    time_source: str
    source: str
    trust: str
    late: bool
    passage_id: str
    facts: dict[str, Any]
    has_scene: bool
    has_plate_picture: bool
    scene_sha256: str | None
    plate_sha256: str | None
    picture_state: str
    """'' = nothing to say; waiting; or why a picture is not there, such as picture_unreachable."""
    anonymised: bool


class DetectionListing(Answer):
    items: list[DetectionAnswer]
    next: str | None = None
    semelhantes: list[str]
    """With the first page of a search for a whole plate: others that were read then, one doubtful character away. Not among items."""


class _DetectionResource:
    def __init__(self, desk: DetectionDesk) -> None:
        self._desk = desk

    async def search(self, call: Call) -> DetectionListing:
        query = call.query_as(DetectionQuery)
        wanted = Search(
            from_datetime(query.start) if query.start else 0,
            from_datetime(query.end) if query.end else FOREVER_US,
            plate=query.placa,
            camera_id=query.camera,
            purpose=query.purpose,
            before=_place(query.cursor) if query.cursor else None,
        )
        found = await self._desk.search(
            call.principal, wanted, limit=query.limit + 1, address=call.address
        )
        page = found[: query.limit]
        more = len(found) > query.limit
        return DetectionListing(
            items=[answer(each) for each in page],
            next=_cursor(page[-1]) if more else None,
            semelhantes=[] if query.cursor else await self._desk.similar(call.principal, wanted),
        )

    async def get(self, call: Call) -> DetectionAnswer:
        return answer(await self._desk.get(call.principal, call.path("detection_id")))

    async def scene(self, call: Call) -> web.StreamResponse:
        return await self._picture(call, PictureKind.SCENE)

    async def plate(self, call: Call) -> web.StreamResponse:
        return await self._picture(call, PictureKind.PLATE)

    async def _picture(self, call: Call, kind: PictureKind) -> web.StreamResponse:
        name = await self._desk.picture_name(call.principal, call.path("detection_id"), kind)
        headers = {hdrs.CACHE_CONTROL: "private, max-age=3600", hdrs.ETAG: f'"{name}"'}
        if has_already(call.request, name):
            return web.Response(status=304, headers=headers)
        jpeg = await self._desk.picture(name)
        return web.Response(body=jpeg, content_type="image/jpeg", headers=headers)


def answer(detection: Detection) -> DetectionAnswer:
    return DetectionAnswer(
        detection_id=detection.detection_id,
        camera_id=detection.camera_id,
        tenant_id=detection.tenant_id,
        placa=detection.plate,
        placa_lida=detection.plate_sent,
        sugestoes=suggestions(detection.plate) if detection.plate else [],
        confianca=detection.confidence,
        timestamp=to_rfc3339(detection.captured_us),
        received_at=to_rfc3339(detection.received_us),
        time_source=detection.time_source.value,
        source=detection.source,
        trust=detection.trust.value,
        late=detection.is_late,
        passage_id=detection.passage_id,
        facts=dict(detection.facts),
        has_scene=detection.scene is not None,
        has_plate_picture=detection.crop is not None,
        scene_sha256=detection.scene,
        plate_sha256=detection.crop,
        picture_state=detection.picture_state.value,
        anonymised=detection.anonymised_us is not None,
    )


def _cursor(last: Detection) -> str:
    return f"{last.captured_us}.{last.detection_id}"


def _place(cursor: str) -> tuple[int, str]:
    time, _, detection_id = cursor.partition(".")
    if not (time.isascii() and time.isdigit() and len(time) < 18):
        fault = {"path": "cursor", "message": "is none of ours"}
        raise InvalidInputError("The query is not right.", faults=[fault])
    return int(time), detection_id


def detection_endpoints(desk: DetectionDesk) -> list[Endpoint]:
    """Return ``/detections``."""
    resource = _DetectionResource(desk)
    ids = {"detection_id": UnknownDetectionError}
    return [
        Endpoint(
            "GET",
            "/detections",
            resource.search,
            "Look through plate readings, the newest first",
            "plates out",
            WATCHERS,
            query=DetectionQuery,
            response=DetectionListing,
            errors=(UnknownCameraError, PurposeRequiredError, SearchTooLongError),
        ),
        Endpoint(
            "GET",
            "/detections/{detection_id}",
            resource.get,
            "Show a plate reading",
            "plates out",
            WATCHERS,
            response=DetectionAnswer,
            ids=ids,
            look_up=desk.find,
        ),
        *(
            Endpoint(
                "GET",
                f"/detections/{{detection_id}}/{name}",
                handler,
                summary,
                "plates out",
                WATCHERS,
                response="image/jpeg",
                errors=(NoDetectionPictureError, PictureLostError),
                ids=ids,
                look_up=desk.find,
            )
            for name, handler, summary in (
                ("scene.jpg", resource.scene, "The picture of the scene"),
                ("plate.jpg", resource.plate, "The picture of the plate"),
            )
        ),
    ]
