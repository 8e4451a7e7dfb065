"""What ``/status`` says of the lines that lead out of the site."""

from typing import Literal
from zoneinfo import ZoneInfo

from gtvision_edge.api.routing import Answer
from gtvision_edge.archive.watch import ArchiveView
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.uplink.watch import LineView


class HubQueueAnswer(Answer):
    name: str
    depth: int | None
    """Messages in it; null: not known, as of a queue that may not be asked."""


class UplinkAnswer(Answer):
    """The line to the hub, and what waits for it."""

    state: Literal[
        "off", "connecting", "up", "unreachable", "refused", "blocked", "stalled", "not_taking"
    ]
    """``off``: no hub is named in the settings; ``blocked``: its broker takes nothing and says so; ``stalled``: it confirms nothing; ``not_taking``: it sends every message back, see reason."""
    since: str
    reason: str | None
    """A word of why it is ``refused`` or ``unreachable``."""
    waiting: int
    waiting_bytes: int
    oldest: str | None
    """Since when the oldest message waits; null: nothing does."""
    rate: float
    """Messages confirmed a second, over the last minute."""
    parked: int
    """Refused too often; see ``/uplink/parked``."""
    dropped: int
    """Never reached the hub, since the box is in use: given up (``/uplink/purges``) or discarded."""
    queues: list[HubQueueAnswer]


class ArchiveAnswer(Answer):
    """Copies of pictures and evidence bundles in the object store, and what is still to be done there."""

    state: Literal["off", "unknown", "up", "unreachable", "refused"]
    """``off``: the settings name no bucket; ``unknown``: not tried since the daemon started."""
    since: str
    reason: str | None
    """A word of why it is ``refused`` or ``unreachable``, the store's own code where it gave one."""
    waiting: int
    """Files to copy."""
    waiting_bytes: int
    removing: int
    """Copies to remove."""
    oldest: str | None
    """Since when the oldest of both waits; null: none does."""
    parked: int
    """Failed too often; see ``/archive/parked``."""
    copies: int
    """In the store, by what it confirmed."""
    copied_bytes: int
    given_up: int
    """Never done there, since the box is in use: by the bounds of ``[archive]``, or discarded."""


def uplink_answer(view: LineView, zone: ZoneInfo) -> UplinkAnswer:
    standing, backlog = view.standing, view.backlog
    return UplinkAnswer(
        state=standing.state.value,
        since=to_rfc3339(standing.since_us, zone),
        reason=standing.reason or None,
        waiting=backlog.waiting,
        waiting_bytes=backlog.waiting_bytes,
        oldest=None if backlog.oldest_us is None else to_rfc3339(backlog.oldest_us, zone),
        rate=round(view.rate, 2),
        parked=backlog.parked,
        dropped=backlog.dropped,
        queues=[HubQueueAnswer(name=name, depth=depth) for name, depth in view.depths.items()],
    )


def archive_answer(view: ArchiveView, zone: ZoneInfo) -> ArchiveAnswer:
    standing, totals = view.standing, view.totals
    return ArchiveAnswer(
        state=standing.state.value,
        since=to_rfc3339(standing.since_us, zone),
        reason=standing.reason or None,
        waiting=totals.waiting,
        waiting_bytes=totals.waiting_bytes,
        removing=totals.removing,
        oldest=None if totals.oldest_us is None else to_rfc3339(totals.oldest_us, zone),
        parked=totals.parked,
        copies=totals.copies,
        copied_bytes=totals.copied_bytes,
        given_up=totals.given_up,
    )
