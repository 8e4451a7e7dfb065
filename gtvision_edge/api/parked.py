"""What the other side of a line refused too often: listed, tried again, put away; one by one or all together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from gtvision_edge.api.routing import ADMINS, Answer, Body, Call, Endpoint, Listing, PageQuery
from gtvision_edge.errors import EdgeError
from gtvision_edge.lines.parked import ParkedDesk

P = TypeVar("P")
A = TypeVar("A", bound=Answer)
M = TypeVar("M", bound=Answer)


class DiscardBody(Body):
    reason: Annotated[str, Field(min_length=5, max_length=500)]
    """Why the other side shall never have it; goes into the audit log."""


class RetryBody(Body):
    pass


@dataclass(frozen=True, slots=True)
class Summaries:
    """What each endpoint is for, in the words of its line; of ``all`` and of one."""

    list_all: str
    retry_all: str
    discard_all: str
    retry: str
    discard: str


@dataclass(frozen=True, slots=True)
class Parking(Generic[P, A, M]):
    """How the parked things of a line are told: *shown* one of them, *many* how many were seen to. *name*: what the address calls one."""

    path: str
    name: str
    unknown: type[EdgeError]
    shown: Callable[[P], A]
    listing: type[Listing[A]]
    many: Callable[[int], M]
    counted: type[M]
    summaries: Summaries


class _ParkedResource(Generic[P, A, M]):
    def __init__(self, desk: ParkedDesk[P], parking: Parking[P, A, M]) -> None:
        self._desk = desk
        self._parking = parking

    async def listing(self, call: Call) -> Listing[A]:
        query = call.query_as(PageQuery)
        found, after = await self._desk.list_parked(
            call.principal, after=query.number() or 0, limit=query.limit
        )
        return self._parking.listing(
            items=[self._parking.shown(each) for each in found],
            next=None if after is None else str(after),
        )

    async def retry(self, call: Call) -> None:
        name = call.path(self._parking.name)
        await self._desk.retry(call.principal, name, address=call.address)

    async def retry_all(self, call: Call) -> M:
        return self._parking.many(await self._desk.retry_all(call.principal, address=call.address))

    async def discard(self, call: Call) -> None:
        await self._desk.discard(
            call.principal,
            call.path(self._parking.name),
            reason=call.body_as(DiscardBody).reason,
            address=call.address,
        )

    async def discard_all(self, call: Call) -> M:
        return self._parking.many(
            await self._desk.discard_all(
                call.principal, reason=call.body_as(DiscardBody).reason, address=call.address
            )
        )


def parked_endpoints(desk: ParkedDesk[P], parking: Parking[P, A, M]) -> list[Endpoint]:
    """Return what is at ``parking.path``: for administrators of the whole site, since a line carries what is every tenant's."""
    resource, say = _ParkedResource(desk, parking), parking.summaries
    one, ids = f"{parking.path}/{{{parking.name}}}", {parking.name: parking.unknown}
    return [
        Endpoint(
            "GET",
            parking.path,
            resource.listing,
            say.list_all,
            "box",
            ADMINS,
            query=PageQuery,
            response=parking.listing,
        ),
        Endpoint(
            "POST",
            f"{parking.path}/retry",
            resource.retry_all,
            say.retry_all,
            "box",
            ADMINS,
            body=RetryBody,
            response=parking.counted,
        ),
        Endpoint(
            "POST",
            f"{parking.path}/discard",
            resource.discard_all,
            say.discard_all,
            "box",
            ADMINS,
            body=DiscardBody,
            response=parking.counted,
            description="Those that are parked as it is asked, no later ones.",
        ),
        Endpoint(
            "POST",
            f"{one}/retry",
            resource.retry,
            say.retry,
            "box",
            ADMINS,
            body=RetryBody,
            status=204,
            ids=ids,
        ),
        Endpoint(
            "POST",
            f"{one}/discard",
            resource.discard,
            say.discard,
            "box",
            ADMINS,
            body=DiscardBody,
            status=204,
            ids=ids,
        ),
    ]
