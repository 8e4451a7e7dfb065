"""Messages that did not go the plain way to the hub. What they say is not shown: plates are searched for with a purpose."""

from typing import Final, Literal

from gtvision_edge.api.parked import Parking, Summaries, parked_endpoints
from gtvision_edge.api.routing import INSPECTORS, Answer, Call, Endpoint, Listing, PageQuery
from gtvision_edge.lines.parked import ParkedDesk
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.uplink.errors import UnknownMessageError
from gtvision_edge.uplink.outbox import subject_of
from gtvision_edge.uplink.parked import OutboxPurges
from gtvision_edge.uplink.repository import OutboxPurge, Parked

_CAMERA: Final = "camera/"


class ParkedAnswer(Answer):
    message_id: str
    routing_key: str
    lane: str
    """Order is kept within it: a camera's uuid, or the kind of news."""
    camera_id: str | None
    """Of the camera that it tells of; null: of none. There may be none with that id any more."""
    accepted_at: str
    parked_at: str
    reason: Literal["returned", "refused"]
    """``returned``: no queue of the hub is bound for it; ``refused``: its queue does not take it."""
    attempts: int
    size_bytes: int


class ManyAnswer(Answer):
    messages: int
    """How many there were."""


class OutboxPurgeAnswer(Answer):
    purge_id: str
    at: str
    reason: Literal["age", "bytes"]
    bound: int
    """The setting that was passed: seconds (``keep``) or bytes (``max_bytes``)."""
    messages: int
    size_bytes: int
    first_accepted_at: str
    last_accepted_at: str
    kinds: dict[str, int]
    """How many of each routing key."""
    ids_sha256: str
    audit_seq: int


class _PurgesResource:
    def __init__(self, purges: OutboxPurges) -> None:
        self._purges = purges

    async def purges(self, call: Call) -> Listing[OutboxPurgeAnswer]:
        query = call.query_as(PageQuery)
        found, before = await self._purges.list_purges(
            call.principal, before=query.cursor or "", limit=query.limit
        )
        return Listing[OutboxPurgeAnswer](items=[_purge(each) for each in found], next=before)


def _parked(parked: Parked) -> ParkedAnswer:
    subject = subject_of(parked.body)
    return ParkedAnswer(
        message_id=parked.message_id,
        routing_key=parked.routing_key,
        lane=parked.lane,
        camera_id=subject.removeprefix(_CAMERA) if subject.startswith(_CAMERA) else None,
        accepted_at=to_rfc3339(parked.created_us),
        parked_at=to_rfc3339(parked.parked_us),
        reason="returned" if parked.reason == "returned" else "refused",
        attempts=parked.attempts,
        size_bytes=parked.size_bytes,
    )


def _purge(purge: OutboxPurge) -> OutboxPurgeAnswer:
    return OutboxPurgeAnswer(
        purge_id=purge.purge_id,
        at=to_rfc3339(purge.at_us),
        reason="age" if purge.reason == "age" else "bytes",
        bound=purge.bound,
        messages=purge.messages,
        size_bytes=purge.size_bytes,
        first_accepted_at=to_rfc3339(purge.first_us),
        last_accepted_at=to_rfc3339(purge.last_us),
        kinds=dict(purge.kinds),
        ids_sha256=purge.ids_sha256,
        audit_seq=purge.audit_seq,
    )


def uplink_endpoints(desk: ParkedDesk[Parked], purges: OutboxPurges) -> list[Endpoint]:
    """Return ``/uplink``: for people of the whole site, since the line carries every tenant's news."""
    parking = Parking(
        path="/uplink/parked",
        name="message_id",
        unknown=UnknownMessageError,
        shown=_parked,
        listing=Listing[ParkedAnswer],
        many=lambda count: ManyAnswer(messages=count),
        counted=ManyAnswer,
        summaries=Summaries(
            list_all="List the messages that the hub refused too often, oldest first",
            retry_all="Have all of them tried again",
            discard_all="Put all of them away for good: the hub never gets them",
            retry="Have a message tried again, in its old place",
            discard="Put a message away for good: the hub never gets it",
        ),
    )
    return [
        *parked_endpoints(desk, parking),
        Endpoint(
            "GET",
            "/uplink/purges",
            _PurgesResource(purges).purges,
            "List what was given up before the hub had it, newest first",
            "box",
            INSPECTORS,
            query=PageQuery,
            response=Listing[OutboxPurgeAnswer],
        ),
    ]
