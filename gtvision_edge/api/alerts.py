"""Alerts: shown, polled, acknowledged. Fields in Portuguese are the customer's."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.alerts.errors import (
    AcknowledgementStandsError,
    AlreadyAcknowledgedError,
    NotAcknowledgedError,
    UnknownAlertError,
)
from gtvision_edge.alerts.model import Alert
from gtvision_edge.alerts.service import LONGEST_NOTE, AlertDesk
from gtvision_edge.api.detections import DetectionAnswer
from gtvision_edge.api.detections import answer as detection_answer
from gtvision_edge.api.routing import (
    EDITORS,
    WATCHERS,
    Answer,
    Body,
    Call,
    Endpoint,
    PageQuery,
)
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.timestamps import to_rfc3339

Cursor = Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]
"""A place in the feed; good for ``/alerts`` and ``/ws/alerts``."""


class AlertQuery(PageQuery):
    since: Cursor | None = None
    """A cursor of the feed, from the ``since`` or ``next`` of an answer or from ``/ws/alerts``: what is new, was acknowledged or waits again after it, in order; absent = all alerts, the newest first."""
    acknowledged: bool | None = None
    """true: those that were acknowledged; false: those that wait; absent = both. Not with since."""


class AckBody(Body):
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class Acknowledged(Answer):
    by: str
    at: str
    note: str


class AlertAnswer(Answer):
    alert_id: str
    watch_id: str
    level: Literal["info", "warning", "critical"]
    reason: str
    """As the watchlist said when the vehicle passed, likewise the level."""
    raised_at: str
    camera_id: str
    tenant_id: str
    detection: DetectionAnswer
    acknowledged: Acknowledged | None


class AlertListing(Answer):
    items: list[AlertAnswer]
    next: str | None = None
    """With since: come back with it at once. Else the cursor of the next page. null = there is none."""
    since: str
    """Come back with it later to hear what is new."""
    missed: bool = False
    """More happened after since than is remembered: look through the whole list once."""


class _AlertResource:
    def __init__(self, desk: AlertDesk) -> None:
        self._desk = desk

    async def list_alerts(self, call: Call) -> AlertListing:
        query = call.query_as(AlertQuery)
        if query.since is not None:
            return await self._since(call, query, int(query.since))
        before = _place(query.cursor) if query.cursor else None
        found, head = await self._desk.latest(
            call.principal,
            acknowledged=query.acknowledged,
            before=before,
            limit=query.limit + 1,
        )
        page = found[: query.limit]
        more = len(found) > query.limit
        return AlertListing(
            items=[answer(each) for each in page],
            next=f"{page[-1].raised_us}.{page[-1].alert_id}" if more else None,
            since=str(head),
        )

    async def _since(self, call: Call, query: AlertQuery, cursor: int) -> AlertListing:
        given = [name for name in ("cursor", "acknowledged") if getattr(query, name) is not None]
        if given:
            faults = [{"path": name, "message": "does not go with since"} for name in given]
            raise InvalidInputError("The query is not right.", faults=faults)
        found = await self._desk.since(call.principal, cursor, limit=query.limit)
        return AlertListing(
            items=[answer(each) for each in found.alerts],
            next=str(found.reached) if found.more else None,
            since=str(found.reached),
            missed=found.missed,
        )

    async def get(self, call: Call) -> AlertAnswer:
        return answer(await self._desk.get(call.principal, call.path("alert_id")))

    async def acknowledge(self, call: Call) -> AlertAnswer:
        return answer(
            await self._desk.acknowledge(
                call.principal,
                call.path("alert_id"),
                note=call.body_as(AckBody).note,
                address=call.address,
            )
        )

    async def take_back(self, call: Call) -> AlertAnswer:
        return answer(
            await self._desk.take_back(call.principal, call.path("alert_id"), address=call.address)
        )


def answer(alert: Alert) -> AlertAnswer:
    done = alert.acknowledged
    return AlertAnswer(
        alert_id=alert.alert_id,
        watch_id=alert.watch_id,
        level=alert.level.value,
        reason=alert.reason,
        raised_at=to_rfc3339(alert.raised_us),
        camera_id=alert.detection.camera_id,
        tenant_id=alert.detection.tenant_id,
        detection=detection_answer(alert.detection),
        acknowledged=Acknowledged(by=done.name, at=to_rfc3339(done.at_us), note=done.note)
        if done
        else None,
    )


def _place(cursor: str) -> tuple[int, str]:
    time, _, alert_id = cursor.partition(".")
    if not (time.isascii() and time.isdigit() and len(time) < 18):
        fault = {"path": "cursor", "message": "is none of ours"}
        raise InvalidInputError("The query is not right.", faults=[fault])
    return int(time), alert_id


def alert_endpoints(desk: AlertDesk) -> list[Endpoint]:
    """Return ``/alerts``."""
    resource = _AlertResource(desk)
    ids = {"alert_id": UnknownAlertError}
    return [
        Endpoint(
            "GET",
            "/alerts",
            resource.list_alerts,
            "List alerts, the newest first; or what happened to them since",
            "plates out",
            WATCHERS,
            query=AlertQuery,
            response=AlertListing,
            description="The same is told at once over the WebSocket /ws/alerts, with the same cursors.",
        ),
        Endpoint(
            "GET",
            "/alerts/{alert_id}",
            resource.get,
            "Show an alert",
            "plates out",
            WATCHERS,
            response=AlertAnswer,
            ids=ids,
            look_up=desk.find,
        ),
        Endpoint(
            "POST",
            "/alerts/{alert_id}/ack",
            resource.acknowledge,
            "Acknowledge an alert; the first who does counts",
            "plates out",
            EDITORS,
            body=AckBody,
            response=AlertAnswer,
            errors=(AlreadyAcknowledgedError,),
            ids=ids,
            look_up=desk.find,
        ),
        Endpoint(
            "DELETE",
            "/alerts/{alert_id}/ack",
            resource.take_back,
            "Take back one's own acknowledgement, within a minute: the alert waits again",
            "plates out",
            EDITORS,
            response=AlertAnswer,
            errors=(NotAcknowledgedError, AcknowledgementStandsError),
            ids=ids,
            look_up=desk.find,
        ),
    ]
