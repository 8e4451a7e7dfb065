"""What failed at the object store too often: listed, tried again, put away."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.api.routing import ADMINS, Answer, Body, Call, Endpoint, Listing, PageQuery
from gtvision_edge.archive.desk import ArchiveDesk
from gtvision_edge.archive.model import Parked
from gtvision_edge.runtime.timestamps import to_rfc3339


class RetryArchiveBody(Body):
    pass


class DiscardArchiveBody(Body):
    reason: Annotated[str, Field(min_length=5, max_length=500)]
    """Why it shall not be done at the store; goes into the audit log."""


class ParkedCopyAnswer(Answer):
    id: str
    kind: Literal["picture", "evidence"]
    act: Literal["copy", "remove"]
    key: str
    """Where the copy is, or would be, below the site's folder in the store."""
    size_bytes: int
    queued_at: str
    parked_at: str
    attempts: int
    reason: str
    """``file_gone``, ``file_changed``, ``internal``, or what the store said last."""


class ParkedActsAnswer(Answer):
    acts: int


class _ArchiveResource:
    def __init__(self, desk: ArchiveDesk) -> None:
        self._desk = desk

    async def parked(self, call: Call) -> Listing[ParkedCopyAnswer]:
        query = call.query_as(PageQuery)
        found, after = await self._desk.list_parked(
            call.principal, after=query.number() or 0, limit=query.limit
        )
        return Listing[ParkedCopyAnswer](
            items=[_parked(each) for each in found], next=None if after is None else str(after)
        )

    async def retry(self, call: Call) -> ParkedActsAnswer:
        return ParkedActsAnswer(acts=await self._desk.retry(call.principal, address=call.address))

    async def discard(self, call: Call) -> ParkedActsAnswer:
        return ParkedActsAnswer(
            acts=await self._desk.discard(
                call.principal,
                reason=call.body_as(DiscardArchiveBody).reason,
                address=call.address,
            )
        )


def _parked(parked: Parked) -> ParkedCopyAnswer:
    owed = parked.owed
    return ParkedCopyAnswer(
        id=str(owed.seq),
        kind=owed.kind.value,
        act=owed.act.value,
        key=owed.key,
        size_bytes=owed.size_bytes,
        queued_at=to_rfc3339(owed.queued_us),
        parked_at=to_rfc3339(parked.parked_us),
        attempts=owed.attempts,
        reason=parked.reason,
    )


def archive_endpoints(desk: ArchiveDesk) -> list[Endpoint]:
    """Return ``/archive``: for people of the whole site, since copies are of every tenant."""
    resource = _ArchiveResource(desk)
    return [
        Endpoint(
            "GET",
            "/archive/parked",
            resource.parked,
            "List the copies and removals that failed too often at the object store, oldest first",
            "box",
            ADMINS,
            query=PageQuery,
            response=Listing[ParkedCopyAnswer],
        ),
        Endpoint(
            "POST",
            "/archive/parked/retry",
            resource.retry,
            "Have all of them tried again",
            "box",
            ADMINS,
            body=RetryArchiveBody,
            response=ParkedActsAnswer,
        ),
        Endpoint(
            "POST",
            "/archive/parked/discard",
            resource.discard,
            "Put all of them away for good: not copied, not removed there",
            "box",
            ADMINS,
            body=DiscardArchiveBody,
            response=ParkedActsAnswer,
        ),
    ]
