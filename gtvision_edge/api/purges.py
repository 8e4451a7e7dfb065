"""Deletion by order, and the record of what was deleted."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gtvision_edge.api.moments import Moment
from gtvision_edge.api.policies import DryRunQuery, Name, Text, WouldGoAnswer, would_go_answer
from gtvision_edge.api.routing import (
    ADMINS,
    INSPECTORS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
    Reply,
)
from gtvision_edge.cameras.errors import UnknownCameraError
from gtvision_edge.recordings.retention.errors import UnknownPurgeError
from gtvision_edge.recordings.retention.model import Purge
from gtvision_edge.recordings.retention.ordering import PurgeRequest, PurgeService, Spared
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339


class PurgeBody(Body):
    cameras: Annotated[list[Name], Field(max_length=1000)] | None = None
    """Ids, or uuids of removed cameras; null = all one may see."""
    before: Moment
    """What ended by then goes."""
    after: Moment | None = None
    """What began before it stays; null = however old."""
    reason: Text
    reference: Annotated[str, Field(max_length=200)] = ""
    """The request or the decision behind it; stands in the report."""


class HoldingAnswer(Answer):
    incident_id: str
    reason: str


class SparedAnswer(Answer):
    camera_id: str
    camera_uuid: str
    name: str
    segments: int
    bytes: int
    incidents: list[HoldingAnswer]
    """Those that keep it, as far as one may see them."""


class PurgeOrderAnswer(Answer):
    purge_ids: list[str]
    """One per tenant; empty with ``dry_run``, and where nothing would be deleted."""
    would_delete: list[WouldGoAnswer] | None
    """With ``dry_run`` alone."""
    deletes: list[WouldGoAnswer] | None
    """What the order deletes, as of now; null with ``dry_run``."""
    held: list[SparedAnswer]
    """What stays because open incidents keep it."""
    crossing: int
    """So many files reach beyond an end of the interval and stay: files are deleted whole."""


class ActorAnswer(Answer):
    user_id: str
    name: str


class PurgedCameraAnswer(Answer):
    camera_id: str | None
    camera_uuid: str | None
    name: str | None
    segments: int
    bytes: int
    start: str
    end: str


class PurgeAnswer(Answer):
    purge_id: str
    kind: Literal["age", "quota", "pressure", "manual", "camera_removed", "incident_override"]
    tenant_id: str | None
    started_at: str
    finished_at: str | None
    """null: it goes on. One by age is finished when its day is."""
    policy: dict[str, Any]
    actor: ActorAnswer
    reason: str
    segments: int
    bytes: int
    held_skipped: int
    failures: int
    root: str | None
    """Merkle root (RFC 6962) over the SHA-256 of what was deleted, hexadecimal."""
    unhashed: int
    audit_seq: int | None


class PurgeDetailAnswer(PurgeAnswer):
    cameras: list[PurgedCameraAnswer]


class _PurgeResource:
    def __init__(self, purges: PurgeService) -> None:
        self._purges = purges

    async def purge(self, call: Call) -> Reply:
        body = call.body_as(PurgeBody)
        request = PurgeRequest(
            body.cameras,
            from_datetime(body.before),
            body.reason,
            None if body.after is None else from_datetime(body.after),
            body.reference,
        )
        preview = await self._purges.try_out(call.principal, request)
        ids: list[str] = []
        is_dry = call.query_as(DryRunQuery).is_dry
        if not is_dry and preview.would_go:
            ordered = await self._purges.order(call.principal, request, address=call.address)
            ids = [str(each) for each in ordered]
        told = [would_go_answer(each) for each in preview.would_go]
        return Reply(
            PurgeOrderAnswer(
                purge_ids=ids,
                would_delete=told if is_dry else None,
                deletes=None if is_dry else told,
                held=[_spared_answer(each) for each in preview.spared],
                crossing=preview.crossing,
            )
        )

    async def list_purges(self, call: Call) -> Listing[PurgeAnswer]:
        query = call.query_as(PageQuery)
        page = await self._purges.list_purges(
            call.principal, before=query.cursor or "", limit=query.limit
        )
        return Listing[PurgeAnswer](
            items=[PurgeAnswer(**_purge_facts(each)) for each in page.purges], next=page.after
        )

    async def get_purge(self, call: Call) -> PurgeDetailAnswer:
        purge = await self._purges.find(call.principal, call.path("purge_id"))
        lost = await self._purges.lost_of(purge)
        return PurgeDetailAnswer(
            **_purge_facts(purge),
            cameras=[
                PurgedCameraAnswer(
                    camera_id=camera.camera_id if camera else None,
                    camera_uuid=camera.camera_uuid if camera else None,
                    name=camera.name if camera else None,
                    segments=each.segments,
                    bytes=each.size_bytes,
                    start=to_rfc3339(each.first_us),
                    end=to_rfc3339(each.last_us),
                )
                for camera, each in lost
            ],
        )


def _spared_answer(spared: Spared) -> SparedAnswer:
    return SparedAnswer(
        camera_id=spared.camera.camera_id,
        camera_uuid=spared.camera.camera_uuid,
        name=spared.camera.name,
        segments=spared.segments,
        bytes=spared.size_bytes,
        incidents=[
            HoldingAnswer(incident_id=incident_id, reason=reason)
            for incident_id, reason in spared.incidents
        ],
    )


def _purge_facts(purge: Purge) -> dict[str, Any]:
    policy = {name: value for name, value in purge.policy.items() if name != "camera_nos"}
    for name in ("before", "after"):
        at_us = policy.pop(f"{name}_us", None)
        if isinstance(at_us, int):
            policy[name] = to_rfc3339(at_us)
    return {
        "purge_id": purge.purge_id,
        "kind": purge.kind.value,
        "tenant_id": purge.tenant_id,
        "started_at": to_rfc3339(purge.started_us),
        "finished_at": None if purge.finished_us is None else to_rfc3339(purge.finished_us),
        "policy": policy,
        "actor": ActorAnswer(user_id=purge.actor, name=purge.actor_name),
        "reason": purge.reason,
        "segments": purge.segments,
        "bytes": purge.size_bytes,
        "held_skipped": purge.held_skipped,
        "failures": purge.failures,
        "root": purge.root.hex() if purge.root is not None else None,
        "unhashed": purge.unhashed,
        "audit_seq": purge.audit_seq,
    }


def purge_endpoints(purges: PurgeService) -> list[Endpoint]:
    """Return ``/storage/purge`` and ``/purges``; those of single purges come last, after the reports as PDF."""
    resource = _PurgeResource(purges)
    return [
        Endpoint(
            "POST",
            "/storage/purge",
            resource.purge,
            "Delete footage before its time",
            "storage",
            ADMINS,
            body=PurgeBody,
            query=DryRunQuery,
            response=PurgeOrderAnswer,
            errors=(UnknownCameraError,),
            description="What an open incident keeps is spared and listed as held; files are deleted whole. The deletion goes on by itself: see /purges.",
        ),
        Endpoint(
            "GET",
            "/purges",
            resource.list_purges,
            "List what was deleted, newest first",
            "storage",
            INSPECTORS,
            query=PageQuery,
            response=Listing[PurgeAnswer],
        ),
        Endpoint(
            "GET",
            "/purges/{purge_id}",
            resource.get_purge,
            "Show a purge with what each camera lost",
            "storage",
            INSPECTORS,
            response=PurgeDetailAnswer,
            ids={"purge_id": UnknownPurgeError},
        ),
    ]
