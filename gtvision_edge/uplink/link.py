"""The link to the hub: connects, sends what waits, and never gives up. Its state lives in the outbox, so nothing has to be restored.

Two streams share the line. *Backlog*: what had waited for over a minute when the line came up. *Live*: what is younger. Live goes first, the backlog fills
what is left, so a plate that passes now overtakes those of three days ago. Within each stream the messages of one lane (a camera)
keep their order. A lane's first message goes alone: where it is refused (no queue is bound, a queue is full), those behind it would
overtake it. Once one was confirmed the others are published without waiting for one another.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import outbox
from gtvision_edge.uplink.broker import Broker, Fate, Outgoing, connected
from gtvision_edge.uplink.errors import HubRefusedError, HubStalledError, HubUnreachableError
from gtvision_edge.uplink.outbox import Backlog, Waiting

log = structlog.get_logger(__name__)

BATCH: Final = 500
"""Messages in flight; live ones take at most half of the places."""
FIRST_DELAY_S: Final = 1.0
MAX_DELAY_S: Final = 60.0
REFUSED_DELAY_S: Final = 30.0
"""Somebody at the hub must do something first."""
IDLE_S: Final = 1.0
"""How long to wait for a wake before looking again."""
LATE_US: Final = 60_000_000
PARK_AT: Final = 10
"""A message that the broker refused so often is parked: it is shown, and others go on."""
LANE_PAUSE_S: Final = (2.0, 30.0)
WATCH_S: Final = 15.0


class LinkState(StrEnum):
    """What the link does. ``stalled``: connected, and nothing is confirmed."""

    OFF = "off"
    CONNECTING = "connecting"
    UP = "up"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class LinkView:
    """The link as people see it; *since_us*: of the state. *depths*: of the hub's queues, None = it may not be asked."""

    state: LinkState
    since_us: int
    backlog: Backlog
    depths: dict[str, int | None]


@dataclass(slots=True)
class _Pause:
    """Why a lane goes one by one: *until* is when its first message is tried again (monotonic)."""

    until: float
    delay_s: float


class Uplink:
    """Sends the outbox to the hub. Run :meth:`run` and :meth:`watch` as services."""

    def __init__(
        self,
        settings: UplinkSettings,
        database: Database,
        clock: Clock,
        *,
        site_id: str,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._site_id = site_id
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pauses: dict[str, _Pause] = {}
        self._proved: set[str] = set()
        """Lanes of which a message was confirmed since the line is up."""
        self._state = LinkState.OFF
        self._since_us = clock.now_us()
        self._backlog = Backlog(0, 0, None)
        self._depths: dict[str, int | None] = {}
        self._broker: Broker | None = None
        registry = registry or CollectorRegistry()
        self._sent = Counter(
            "gtvision_edge_uplink_sent", "Messages the hub's broker confirmed", registry=registry
        )
        self._failed = Counter(
            "gtvision_edge_uplink_refused", "Messages it refused", ["fate"], registry=registry
        )
        self._waiting = Gauge(
            "gtvision_edge_uplink_waiting", "Messages waiting for the hub", registry=registry
        )
        self._up = Gauge("gtvision_edge_uplink_up", "1 = the line is up", registry=registry)

    @property
    def view(self) -> LinkView:
        return LinkView(self._state, self._since_us, self._backlog, dict(self._depths))

    def wake(self) -> None:
        """Tell that a message came in; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Send what waits whenever the hub can be reached, until cancelled."""
        self._loop = asyncio.get_running_loop()
        if not self._settings.url.get_secret_value():
            await asyncio.Event().wait()
        delay_s = FIRST_DELAY_S
        while True:
            wait_s = delay_s
            try:
                self._become(LinkState.CONNECTING)
                async with connected(self._settings, site=self._site_id) as broker:
                    self._become(LinkState.UP)
                    delay_s = wait_s = FIRST_DELAY_S
                    self._broker = broker
                    await self._drain(broker)
            except HubRefusedError as error:
                self._become(LinkState.REFUSED, error.details.get("reason"))
                wait_s = REFUSED_DELAY_S
            except HubStalledError:
                self._become(LinkState.STALLED)
            except HubUnreachableError as error:
                self._become(LinkState.UNREACHABLE, str(error.__cause__)[:200])
            finally:
                self._broker = None
            await self._clock.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 -- spreads 500 boxes
            delay_s = min(delay_s * 2, MAX_DELAY_S)

    async def watch(self) -> None:
        """Keep the figures of the backlog and of the hub's queues fresh, until cancelled."""
        while True:
            self._backlog = await outbox.fetch_backlog(self._database)
            self._waiting.set(self._backlog.waiting)
            for queue in self._settings.watch_queues:
                self._depths[queue] = await self._depth(queue)
            await self._clock.sleep(WATCH_S)

    def findings(self) -> Iterable[Finding]:
        """Return what somebody should mend about the hub."""
        settings, backlog = self._settings, self._backlog
        if not settings.url.get_secret_value():
            return
        facts: dict[str, object] = {"since_us": self._since_us}
        if self._state is LinkState.UNREACHABLE:
            yield Finding("hub_unreachable", Severity.WARNING, facts)
        elif self._state is LinkState.REFUSED:
            yield Finding("hub_refused", Severity.WARNING, facts)
        elif self._state is LinkState.STALLED:
            yield Finding("hub_stalled", Severity.WARNING, facts)
        now_us = self._clock.now_us()
        age_s = (now_us - backlog.oldest_us) / 1e6 if backlog.oldest_us is not None else 0.0
        if backlog.waiting >= settings.alert_waiting or age_s >= settings.alert_age:
            facts = {"waiting": backlog.waiting, "oldest_s": round(age_s)}
            yield Finding("hub_backlog", Severity.ALARM, facts)
        if backlog.parked:
            yield Finding("messages_parked", Severity.WARNING, {"parked": backlog.parked})
        for queue, depth in self._depths.items():
            if depth is not None and depth >= settings.alert_waiting:
                yield Finding("hub_queue_deep", Severity.ALARM, {"queue": queue, "depth": depth})

    async def _drain(self, broker: Broker) -> None:
        mark = await outbox.last_before(self._database, self._clock.now_us() - LATE_US)
        self._proved.clear()
        while True:
            if broker.is_gone:
                raise HubUnreachableError("The line to the hub's broker was lost.")
            self._wake.clear()
            batch = await self._next_batch(mark)
            if not batch:
                await sleep_or_wake(self._clock, IDLE_S, self._wake)
                continue
            now_us = self._clock.now_us()
            outgoing = [Outgoing(each, now_us - each.created_us > LATE_US) for each in batch]
            fates = await broker.publish(outgoing)
            await self._note(batch, fates)

    async def _next_batch(self, mark: int) -> list[Waiting]:
        now = self._clock.monotonic()
        held = [lane for lane, pause in self._pauses.items() if pause.until > now]
        live = await outbox.fetch_waiting(
            self._database, after=mark, but_lanes=held, limit=BATCH // 2
        )
        backlog = await outbox.fetch_waiting(
            self._database, until=mark, but_lanes=held, limit=BATCH - len(live)
        )
        batch: list[Waiting] = []
        tried: set[str] = set()
        for each in [*live, *backlog]:
            if each.lane in self._pauses or each.lane not in self._proved:
                if each.lane in tried:
                    continue
                tried.add(each.lane)
            batch.append(each)
        return batch

    async def _note(self, batch: Sequence[Waiting], fates: Sequence[Fate]) -> None:
        sent = [each.seq for each, fate in zip(batch, fates, strict=True) if fate is Fate.CONFIRMED]
        refused = [
            (each, fate)
            for each, fate in zip(batch, fates, strict=True)
            if fate is not Fate.CONFIRMED
        ]
        for each, fate in zip(batch, fates, strict=True):
            if fate is Fate.CONFIRMED:
                self._pauses.pop(each.lane, None)
                self._proved.add(each.lane)
        for each, fate in refused:
            self._failed.labels(fate.value).inc()
            pause = self._pauses.get(each.lane)
            delay_s = min(pause.delay_s * 2, LANE_PAUSE_S[1]) if pause else LANE_PAUSE_S[0]
            self._proved.discard(each.lane)
            self._pauses[each.lane] = _Pause(self._clock.monotonic() + delay_s, delay_s)
        firsts = {each.lane: (each, fate) for each, fate in reversed(refused)}
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> int:
            outbox.forget_sent(transaction, sent)
            return sum(
                outbox.note_failed(
                    transaction, [each.seq], reason=fate.value, park_at=PARK_AT, now_us=now_us
                )
                for each, fate in firsts.values()
            )

        parked = await self._database.write(write)
        self._sent.inc(len(sent))
        if parked:
            log.warning("messages_parked", count=parked)

    async def _depth(self, queue: str) -> int | None:
        broker = self._broker
        if broker is None:
            return self._depths.get(queue)
        try:
            return await broker.depth(queue)
        except HubRefusedError:
            return None
        except HubUnreachableError:
            return self._depths.get(queue)

    def _become(self, state: LinkState, reason: object = None) -> None:
        if state is self._state:
            return
        # One connecting between two failures is no news.
        is_news = state is not LinkState.CONNECTING
        if is_news:
            log.info("uplink_state", state=state.value, reason=reason)
        if is_news or self._state is LinkState.OFF:
            self._state = state
            self._since_us = self._clock.now_us()
        self._up.set(state is LinkState.UP)
