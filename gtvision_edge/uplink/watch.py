"""What people, ``/status`` and metrics are told of the line to the hub; all cumulative figures have their one place here."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.lines.lag import Lag, age_s, is_over
from gtvision_edge.lines.standing import Standing
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database
from gtvision_edge.uplink import outbox
from gtvision_edge.uplink.errors import HubUnreachableError
from gtvision_edge.uplink.link import LinkState
from gtvision_edge.uplink.outbox import Backlog

LOOK_S: Final = 5.0
DEPTH_EVERY: Final = 3
"""Looks between two questions for the depth of the hub's queues."""
RATE_OVER_S: Final = 60.0
NOT_TAKING_S: Final = 15.0
"""So long everything comes back before it is told: one message alone may be at fault."""

_TROUBLES: Final = {
    LinkState.UNREACHABLE: "hub_unreachable",
    LinkState.REFUSED: "hub_refused",
    LinkState.BLOCKED: "hub_blocked",
    LinkState.STALLED: "hub_stalled",
    LinkState.NOT_TAKING: "hub_takes_nothing",
}


class Link(Protocol):
    """The link, as far as it is watched."""

    @property
    def standing(self) -> Standing[LinkState]: ...
    @property
    def confirmed(self) -> int: ...
    @property
    def came_back(self) -> tuple[int, str]: ...
    async def depth(self, queue: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class LineView:
    """The line as people see it. *rate*: messages confirmed a second, over the last minute.

    *depths*: of the hub's queues that are watched, None = not known: it may not be asked, or was not yet.
    """

    standing: Standing[LinkState]
    backlog: Backlog
    rate: float
    depths: Mapping[str, int | None]


class UplinkWatch:
    """Looks every five seconds; every look costs the same however much waits."""

    def __init__(
        self,
        settings: UplinkSettings,
        database: Database,
        link: Link,
        clock: Clock,
        *,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._link = link
        self._clock = clock
        self._backlog = Backlog()
        self._depths: dict[str, int | None] = dict.fromkeys(settings.watch_queues)
        self._samples: deque[tuple[float, int]] = deque()
        self._looks = 0
        self._lag = Lag(settings.alert_waiting, settings.alert_age)
        self._seen = (0, 0)
        """Messages confirmed and come back at the last look."""
        self._nothing_since: float | None = None
        """Since when, monotonic, messages come back and none is confirmed."""
        self._nothing_since_us = 0
        self._deep: set[str] = set()
        self._told_dropped: int | None = None
        registry = registry or CollectorRegistry()

        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"gtvision_edge_uplink_{name}", words, labels, registry=registry)

        self._waiting = gauge("waiting", "Messages waiting for the hub")
        self._waiting_bytes = gauge("waiting_bytes", "Bytes of these")
        self._parked = gauge("parked", "Messages that the hub refused too often")
        self._oldest = gauge("oldest_seconds", "How long the oldest one has waited")
        self._depth = gauge("queue_depth", "Messages in a queue of the hub", "queue")
        self._dropped = Counter(
            "gtvision_edge_uplink_dropped",
            "Messages that never reached the hub: given up or discarded",
            registry=registry,
        )

    @property
    def view(self) -> LineView:
        return LineView(self._standing(), self._backlog, self._rate(), dict(self._depths))

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Take the figures as they are now."""
        self._backlog = backlog = await outbox.fetch_backlog(self._database)
        now = self._clock.monotonic()
        self._samples.append((now, self._link.confirmed))
        while now - self._samples[0][0] > RATE_OVER_S:
            self._samples.popleft()
        if self._looks % DEPTH_EVERY == 0:
            await self._ask_depths()
        self._looks += 1
        self._waiting.set(backlog.waiting)
        self._waiting_bytes.set(backlog.waiting_bytes)
        self._parked.set(backlog.parked)
        self._oldest.set(self._age_s())
        self._dropped.inc(max(0, backlog.dropped - (self._told_dropped or 0)))
        self._told_dropped = backlog.dropped
        self._judge()

    def findings(self) -> Iterable[Finding]:
        """Return what somebody should mend about the hub, as of the last look."""
        if not self._settings.has_hub:
            return
        standing = self._standing()
        if code := _TROUBLES.get(standing.state):
            yield Finding(code, Severity.WARNING, standing.facts())
        facts: dict[str, object]
        if self._lag.is_far_behind:
            facts = {"waiting": self._backlog.waiting, "oldest_s": round(self._age_s())}
            yield Finding("hub_far_behind", Severity.ALARM, facts)
        for queue in sorted(self._deep):
            facts = {"queue": queue, "depth": self._depths[queue]}
            yield Finding("hub_far_behind", Severity.ALARM, facts)
        if self._backlog.parked:
            yield Finding("messages_parked", Severity.WARNING, {"parked": self._backlog.parked})

    async def _ask_depths(self) -> None:
        for queue in self._depths:
            try:
                self._depths[queue] = await self._link.depth(queue)
            except HubUnreachableError:
                return  # what was known last is the best that is known
            if (depth := self._depths[queue]) is not None:
                self._depth.labels(queue).set(depth)

    def _standing(self) -> Standing[LinkState]:
        link, since = self._link, self._nothing_since
        if (
            link.standing.state is LinkState.UP
            and since is not None
            and self._clock.monotonic() - since >= NOT_TAKING_S
        ):
            return Standing(LinkState.NOT_TAKING, self._nothing_since_us, link.came_back[1])
        return link.standing

    def _judge_taking(self) -> None:
        confirmed, came_back = self._link.confirmed, self._link.came_back[0]
        before, self._seen = self._seen, (confirmed, came_back)
        if confirmed > before[0] or not self._backlog.waiting:
            self._nothing_since = None
        elif came_back > before[1] and self._nothing_since is None:
            self._nothing_since = self._clock.monotonic()
            self._nothing_since_us = self._clock.now_us()

    def _judge(self) -> None:
        self._judge_taking()
        self._lag.judge(self._backlog.waiting, self._age_s())
        most = self._settings.alert_waiting
        for queue, depth in self._depths.items():
            if depth is not None and is_over(depth, most, was_over=queue in self._deep):
                self._deep.add(queue)
            else:
                self._deep.discard(queue)

    def _age_s(self) -> float:
        return age_s(self._backlog.oldest_us, self._clock.now_us())

    def _rate(self) -> float:
        if len(self._samples) < 2:
            return 0.0
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        return (after - before) / (ended - began) if ended > began else 0.0
