"""What failed at the object store too often: listed, tried again, put away."""

from typing import Literal

from gtvision_edge.api.parked import Parking, Summaries, parked_endpoints
from gtvision_edge.api.routing import Answer, Endpoint, Listing
from gtvision_edge.archive.errors import UnknownCopyError
from gtvision_edge.archive.model import Parked
from gtvision_edge.lines.parked import ParkedDesk
from gtvision_edge.runtime.timestamps import to_rfc3339


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


def archive_endpoints(desk: ParkedDesk[Parked]) -> list[Endpoint]:
    """Return ``/archive``: for people of the whole site, since copies are of every tenant."""
    parking = Parking(
        path="/archive/parked",
        name="copy_id",
        unknown=UnknownCopyError,
        shown=_parked,
        listing=Listing[ParkedCopyAnswer],
        many=lambda count: ParkedActsAnswer(acts=count),
        counted=ParkedActsAnswer,
        summaries=Summaries(
            list_all="List the copies and removals that failed too often at the object store, oldest first",
            retry_all="Have all of them tried again",
            discard_all="Put all of them away for good: not copied, not removed there",
            retry="Have a copy or removal tried again",
            discard="Put a copy or removal away for good: not copied, or not removed there",
        ),
    )
    return parked_endpoints(desk, parking)
