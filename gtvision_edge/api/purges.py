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
from gtvision_edge.recordings.retention.ordering import PurgeRequest, PurgeService
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339


class PurgeBody(Body):
    cameras: Annotated[list[Name], Field(max_length=1000)] | None = None
    """Ids, or uuids of removed cameras; null = all one may see."""
    before: Moment
    """What ended by then goes."""
    reason: Text


class PurgeOrderAnswer(Answer):
    purge_ids: list[str]
    """One per tenant; empty with ``dry_run``."""
    would_delete: list[WouldGoAnswer] | None
    """With ``dry_run`` alone."""
    deletes: list[WouldGoAnswer] | None
    """What the order deletes, as of now; null with ``dry_run``."""


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
        request = PurgeRequest(body.cameras, from_datetime(body.before), body.reason)
        would = await self._purges.try_out(call.principal, request)
        told = [would_go_answer(each) for each in would]
        if call.query_as(DryRunQuery).is_dry:
            return Reply(PurgeOrderAnswer(purge_ids=[], would_delete=told, deletes=None))
        ids: list[str] = []
        if would:
            ordered = await self._purges.order(call.principal, request, address=call.address)
            ids = [str(each) for each in ordered]
        return Reply(PurgeOrderAnswer(purge_ids=ids, would_delete=None, deletes=told))

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


def _purge_facts(purge: Purge) -> dict[str, Any]:
    policy = {name: value for name, value in purge.policy.items() if name != "camera_nos"}
    before_us = policy.pop("before_us", None)
    if isinstance(before_us, int):
        policy["before"] = to_rfc3339(before_us)
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
            description="What an open incident keeps is spared. The deletion goes on by itself: see /purges.",
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
