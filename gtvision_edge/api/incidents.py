"""Incidents: footage that is kept."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.api.moments import Moment
from gtvision_edge.api.routing import (
    CARETAKERS,
    EDITORS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
)
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.recordings.errors import SpanTooLongError
from gtvision_edge.recordings.incidents.errors import (
    IncidentExportingError,
    IncidentReleasedError,
    UnknownIncidentError,
)
from gtvision_edge.recordings.incidents.model import IncidentFile
from gtvision_edge.recordings.incidents.service import IncidentRequest, IncidentService
from gtvision_edge.recordings.model import Span
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339

Text = Annotated[str, Field(max_length=2000)]
Reference = Annotated[str, Field(max_length=200)]
CameraName = Annotated[str, Field(max_length=40)]


class IncidentBody(Body):
    cameras: Annotated[list[CameraName], Field(max_length=64)]
    """Camera ids; for a camera that was removed, its uuid."""
    start: Moment
    end: Moment
    """Up to seven days ahead: what is still to be recorded is kept, too."""
    reason: Text
    reference: Reference = ""
    review_at: Moment | None = None
    tenant_id: Annotated[str, Field(max_length=40)] | None = None


class IncidentChangeBody(Body):
    reason: Text | None = None
    reference: Reference | None = None
    review_at: Moment | Literal[""] | None = None
    """"" takes it away."""
    start: Moment | None = None
    end: Moment | None = None


class ReleaseBody(Body):
    reason: Text


class IncidentQuery(PageQuery):
    state: Literal["open", "released"] | None = None


class MissingAnswer(Answer):
    start: str
    end: str


class CameraFootageAnswer(Answer):
    camera_id: str
    camera_uuid: str
    name: str
    segments: int
    bytes: int
    recorded_s: float
    gaps: list[MissingAnswer]
    complete: bool


class HeldAnswer(Answer):
    segments: int
    bytes: int
    recorded_s: float
    complete: bool
    per_camera: list[CameraFootageAnswer]


class CreatorAnswer(Answer):
    user_id: str
    name: str


class ReleaseAnswer(Answer):
    at: str
    by: str
    reason: str


class IncidentAnswer(Answer):
    incident_id: str
    tenant_id: str
    start: str
    end: str
    cameras: list[str]
    reason: str
    reference: str
    review_at: str | None
    state: Literal["open", "released"]
    created_by: CreatorAnswer
    created_at: str
    released: ReleaseAnswer | None
    footage: HeldAnswer
    warnings: list[Literal["no_footage"]]
    """``no_footage``: it has begun, and nothing at all was recorded of it: nothing is kept."""


class _IncidentResource:
    def __init__(self, incidents: IncidentService) -> None:
        self._incidents = incidents

    async def list_incidents(self, call: Call) -> Listing[IncidentAnswer]:
        query = call.query_as(IncidentQuery)
        page = await self._incidents.list_incidents(
            call.principal,
            before=query.cursor or "",
            limit=min(query.limit, 100),
            is_open=None if query.state is None else query.state == "open",
        )
        return Listing[IncidentAnswer](items=[answer(file) for file in page.files], next=page.after)

    async def get(self, call: Call) -> IncidentAnswer:
        return answer(await self._incidents.get(call.principal, call.path("incident_id")))

    async def create(self, call: Call) -> IncidentAnswer:
        body = call.body_as(IncidentBody)
        request = IncidentRequest(
            cameras=body.cameras,
            span=Span(from_datetime(body.start), from_datetime(body.end)),
            reason=body.reason,
            reference=body.reference,
            review_us=None if body.review_at is None else from_datetime(body.review_at),
            tenant_id=body.tenant_id,
        )
        return answer(await self._incidents.create(call.principal, request, address=call.address))

    async def change(self, call: Call) -> IncidentAnswer:
        body = call.body_as(IncidentChangeBody)
        incident_id = call.path("incident_id")
        before = await self._incidents.find(call.principal, incident_id)
        review = body.review_at
        file = await self._incidents.change(
            call.principal,
            incident_id,
            reason=body.reason,
            reference=body.reference,
            review_us=from_datetime(review) if review else None,
            forgets_review=review == "",
            span=Span(
                before.start_us if body.start is None else from_datetime(body.start),
                before.end_us if body.end is None else from_datetime(body.end),
            ),
            address=call.address,
        )
        return answer(file)

    async def release(self, call: Call) -> IncidentAnswer:
        body = call.body_as(ReleaseBody)
        file = await self._incidents.release(
            call.principal, call.path("incident_id"), reason=body.reason, address=call.address
        )
        return answer(file)


def answer(file: IncidentFile) -> IncidentAnswer:
    incident, release = file.incident, file.incident.release
    return IncidentAnswer(
        incident_id=incident.incident_id,
        tenant_id=incident.tenant_id,
        start=to_rfc3339(incident.start_us),
        end=to_rfc3339(incident.end_us),
        cameras=[each.camera.camera_id for each in file.footage],
        reason=incident.reason,
        reference=incident.reference,
        review_at=None if incident.review_us is None else to_rfc3339(incident.review_us),
        state="open" if incident.is_open else "released",
        created_by=CreatorAnswer(user_id=incident.created_by, name=incident.created_by_name),
        created_at=to_rfc3339(incident.created_us),
        released=None
        if release is None
        else ReleaseAnswer(at=to_rfc3339(release.at_us), by=release.by, reason=release.reason),
        footage=_footage(file),
        warnings=["no_footage"] if file.is_empty else [],
    )


def _footage(file: IncidentFile) -> HeldAnswer:
    return HeldAnswer(
        segments=sum(each.segments for each in file.footage),
        bytes=sum(each.size_bytes for each in file.footage),
        recorded_s=sum(each.recorded_us for each in file.footage) / 1e6,
        complete=all(each.is_complete for each in file.footage),
        per_camera=[
            CameraFootageAnswer(
                camera_id=each.camera.camera_id,
                camera_uuid=each.camera.camera_uuid,
                name=each.camera.name,
                segments=each.segments,
                bytes=each.size_bytes,
                recorded_s=each.recorded_us / 1e6,
                gaps=[
                    MissingAnswer(start=to_rfc3339(gap.start_us), end=to_rfc3339(gap.end_us))
                    for gap in each.gaps
                ],
                complete=each.is_complete,
            )
            for each in file.footage
        ],
    )


def incident_endpoints(incidents: IncidentService) -> list[Endpoint]:
    """Return ``/incidents``."""
    resource = _IncidentResource(incidents)
    ids: dict[str, Any] = {"incident_id": UnknownIncidentError}
    return [
        Endpoint(
            "GET",
            "/incidents",
            resource.list_incidents,
            "List incidents, newest first",
            "incidents",
            CARETAKERS,
            query=IncidentQuery,
            response=Listing[IncidentAnswer],
        ),
        Endpoint(
            "POST",
            "/incidents",
            resource.create,
            "Keep the footage of some cameras in an interval",
            "incidents",
            EDITORS,
            body=IncidentBody,
            response=IncidentAnswer,
            status=201,
            errors=(UnknownCameraError, UnknownTenantError, SpanTooLongError),
            description="Footage that is being recorded, or will be, is kept as well. What was deleted before is told as a gap,"
            " and `warnings` holds `no_footage` where nothing was recorded at all.",
        ),
        Endpoint(
            "GET",
            "/incidents/{incident_id}",
            resource.get,
            "Show an incident and what there is of its footage",
            "incidents",
            CARETAKERS,
            response=IncidentAnswer,
            ids=ids,
            look_up=incidents.find,
        ),
        Endpoint(
            "PATCH",
            "/incidents/{incident_id}",
            resource.change,
            "Change an open incident; absent fields stay as they are",
            "incidents",
            EDITORS,
            body=IncidentChangeBody,
            response=IncidentAnswer,
            errors=(IncidentReleasedError, SpanTooLongError),
            ids=ids,
            look_up=incidents.find,
            description="The interval may only grow: to keep less, release it and make another.",
        ),
        Endpoint(
            "POST",
            "/incidents/{incident_id}/release",
            resource.release,
            "End the hold; the footage may be deleted from then on",
            "incidents",
            EDITORS,
            body=ReleaseBody,
            response=IncidentAnswer,
            errors=(
                IncidentExportingError,
                IncidentReleasedError,
            ),
            ids=ids,
            look_up=incidents.find,
        ),
    ]
