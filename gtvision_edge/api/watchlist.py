"""The watchlist. Fields in Portuguese are the customer's."""

from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.api.moments import Moment
from gtvision_edge.api.routing import (
    EDITORS,
    WATCHERS,
    Answer,
    Body,
    Call,
    Endpoint,
    Listing,
    PageQuery,
)
from gtvision_edge.detections.errors import AlreadyWatchedError, UnknownWatchError
from gtvision_edge.detections.model import Watch, WatchLevel
from gtvision_edge.detections.watchlist import NewWatch, WatchChanges, Watchlist
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import from_datetime, to_rfc3339

Level = Literal["info", "warning", "critical"]
Reason = Annotated[str, Field(max_length=500)]


class WatchBody(Body):
    placa: Annotated[str, Field(max_length=64)]
    """A whole plate; its other form (ABC1234, ABC1C34) is watched for too."""
    reason: Reason
    level: Level = "warning"
    expires_at: Moment | None = None
    """From then on it alerts nobody; null = never."""
    tenant_id: Annotated[str, Field(max_length=40)] | None = None
    """For who belongs to the whole site; absent = the tenant "default"."""


class WatchChangeBody(Body):
    reason: Reason | None = None
    level: Level | None = None
    expires_at: Moment | None = None
    """null takes the end away; absent leaves it."""


class WatchAnswer(Answer):
    watch_id: str
    tenant_id: str
    placa: str
    reason: str
    level: Level
    expires_at: str | None
    expired: bool
    created_at: str
    updated_at: str


class _WatchResource:
    def __init__(self, watchlist: Watchlist, clock: Clock) -> None:
        self._watchlist = watchlist
        self._clock = clock

    async def list_watches(self, call: Call) -> Listing[WatchAnswer]:
        query = call.query_as(PageQuery)
        page = await self._watchlist.list_watches(
            call.principal, after=query.cursor or "", limit=query.limit
        )
        return Listing[WatchAnswer](
            items=[self._answer(each) for each in page.watches], next=page.after
        )

    async def get(self, call: Call) -> WatchAnswer:
        return self._answer(await self._watchlist.get(call.principal, call.path("watch_id")))

    async def add(self, call: Call) -> WatchAnswer:
        body = call.body_as(WatchBody)
        wanted = NewWatch(
            body.placa,
            body.reason,
            WatchLevel(body.level),
            from_datetime(body.expires_at) if body.expires_at else None,
            body.tenant_id,
        )
        return self._answer(await self._watchlist.add(call.principal, wanted, address=call.address))

    async def update(self, call: Call) -> WatchAnswer:
        changes = _changes(call.body_as(WatchChangeBody))
        return self._answer(
            await self._watchlist.update(
                call.principal, call.path("watch_id"), changes, address=call.address
            )
        )

    async def remove(self, call: Call) -> None:
        await self._watchlist.remove(call.principal, call.path("watch_id"), address=call.address)

    def _answer(self, watch: Watch) -> WatchAnswer:
        return WatchAnswer(
            watch_id=watch.watch_id,
            tenant_id=watch.tenant_id,
            placa=watch.plate,
            reason=watch.reason,
            level=watch.level.value,
            expires_at=None if watch.expires_us is None else to_rfc3339(watch.expires_us),
            expired=watch.is_over(self._clock.now_us()),
            created_at=to_rfc3339(watch.created_us),
            updated_at=to_rfc3339(watch.updated_us),
        )


def _changes(body: WatchChangeBody) -> WatchChanges:
    given = body.model_fields_set
    faults = [
        {"path": name, "message": "must not be null"}
        for name in ("reason", "level")
        if name in given and getattr(body, name) is None
    ]
    if faults:
        raise InvalidInputError("The entry is not right.", faults=faults)
    changes = WatchChanges()
    if body.reason is not None:
        changes["reason"] = body.reason
    if body.level is not None:
        changes["level"] = WatchLevel(body.level)
    if "expires_at" in given:
        changes["expires_us"] = from_datetime(body.expires_at) if body.expires_at else None
    return changes


def watchlist_endpoints(watchlist: Watchlist, clock: Clock) -> list[Endpoint]:
    """Return ``/watchlist``."""
    resource = _WatchResource(watchlist, clock)
    ids = {"watch_id": UnknownWatchError}
    one = "/watchlist/{watch_id}"
    return [
        Endpoint(
            "GET",
            "/watchlist",
            resource.list_watches,
            "List the plates that are watched for",
            "plates out",
            WATCHERS,
            query=PageQuery,
            response=Listing[WatchAnswer],
        ),
        Endpoint(
            "POST",
            "/watchlist",
            resource.add,
            "Watch for a plate",
            "plates out",
            EDITORS,
            body=WatchBody,
            response=WatchAnswer,
            status=201,
            errors=(AlreadyWatchedError, UnknownTenantError),
        ),
        Endpoint(
            "GET",
            one,
            resource.get,
            "Show an entry of the watchlist",
            "plates out",
            WATCHERS,
            response=WatchAnswer,
            ids=ids,
            look_up=watchlist.find,
        ),
        Endpoint(
            "PATCH",
            one,
            resource.update,
            "Change an entry of the watchlist; absent fields stay as they are",
            "plates out",
            EDITORS,
            body=WatchChangeBody,
            response=WatchAnswer,
            ids=ids,
            look_up=watchlist.find,
        ),
        Endpoint(
            "DELETE",
            one,
            resource.remove,
            "Watch for a plate no longer",
            "plates out",
            EDITORS,
            status=204,
            ids=ids,
            look_up=watchlist.find,
        ),
    ]
