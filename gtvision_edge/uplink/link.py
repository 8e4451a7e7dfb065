"""The link to the hub: connects, sends what waits, and never gives up. Its state lives in the outbox, so nothing has to be restored.

Two streams share the line. *Backlog*: what had waited for over a minute when the line came up. *Live*: what is younger. Live goes first, the backlog fills
what is left, so a plate that passes now overtakes those of three days ago. Within each stream the messages of one lane (a camera)
keep their order. A lane's first message goes alone: where it is refused (no queue is bound, a queue is full), those behind it would
overtake it. Once one was confirmed the others are published without waiting for one another; while queues are full every lane goes
one by one. A message over which the broker closes the channel is found by sending the suspects alone: it is refused, others go on.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.lines.standing import Standing
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import outbox
from gtvision_edge.uplink.broker import Broker, Fate, Outgoing, Published, connected
from gtvision_edge.uplink.errors import HubRefusedError, HubStalledError, HubUnreachableError
from gtvision_edge.uplink.outbox import Waiting

log = structlog.get_logger(__name__)

BATCH: Final = 500
"""Messages in flight at most; live ones take at most half of the places."""
LEAST_BATCH: Final = 16
BATCH_S: Final = (1.0, 5.0)
"""So long a batch should take: on a slow line it is smaller, or what passes now would wait behind it."""
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
FULL_S: Final = 60.0
"""For so long after a queue was full every lane goes one by one."""


class LinkState(StrEnum):
    """What the link does. ``blocked``: the broker says that it takes nothing now; ``stalled``: it confirms nothing, and is silent.

    ``not_taking``: it is up, and every message comes back. The watch tells that; the link itself is ``up`` then.
    """

    OFF = "off"
    CONNECTING = "connecting"
    UP = "up"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    BLOCKED = "blocked"
    STALLED = "stalled"
    NOT_TAKING = "not_taking"


@dataclass(slots=True)
class _Pause:
    """Why a lane goes one by one: *until* is when its first message is tried again (monotonic).

    *confirmed*: messages that the broker had confirmed when it refused that one.
    """

    until: float
    delay_s: float
    confirmed: int


class Uplink:
    """Sends the outbox to the hub. Run :meth:`run` as a service; :class:`~gtvision_edge.uplink.watch.UplinkWatch` tells of it."""

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
        self._suspects: set[str] = set()
        """Lanes with a message over which the broker may have closed the line; theirs are sent alone, each by itself."""
        self._denials = 0
        """How often it closed the line over a message since one was confirmed."""
        self._full_until = float("-inf")
        self._places = BATCH
        self._standing = Standing(LinkState.OFF, clock.now_us())
        self._confirmed = 0
        self._came_back = 0
        self._last_fate = ""
        self._broker: Broker | None = None
        registry = registry or CollectorRegistry()
        self._sent = Counter(
            "gtvision_edge_uplink_sent", "Messages the hub's broker confirmed", registry=registry
        )
        self._failed = Counter(
            "gtvision_edge_uplink_refused", "Messages it refused", ["fate"], registry=registry
        )
        self._up = Gauge("gtvision_edge_uplink_up", "1 = the line is up", registry=registry)
        self._blocked = Gauge(
            "gtvision_edge_uplink_blocked",
            "1 = the hub's broker takes nothing for want of memory or disk",
            registry=registry,
        )

    @property
    def standing(self) -> Standing[LinkState]:
        return self._standing

    @property
    def confirmed(self) -> int:
        """Return how many messages were confirmed since the daemon started."""
        return self._confirmed

    @property
    def came_back(self) -> tuple[int, str]:
        """Return how many messages came back since the daemon started, and why the last one did (a Fate)."""
        return self._came_back, self._last_fate

    def wake(self) -> None:
        """Tell that a message came in; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Send what waits whenever the hub can be reached, until cancelled."""
        self._loop = asyncio.get_running_loop()
        if not self._settings.has_hub:
            await asyncio.Event().wait()
        delay_s = FIRST_DELAY_S
        while True:
            wait_s = delay_s
            try:
                self._become(LinkState.CONNECTING)
                async with connected(
                    self._settings, site=self._site_id, on_block=self._on_block
                ) as broker:
                    delay_s = wait_s = FIRST_DELAY_S
                    self._broker = broker
                    if not self._denials:
                        self._become(LinkState.UP)
                    await self._drain(broker)
            except HubRefusedError as error:
                wait_s = self._refused(error)
            except HubStalledError:
                self._become(LinkState.STALLED)
            except HubUnreachableError as error:
                self._become(LinkState.UNREACHABLE, str(error.details.get("reason", "")))
            finally:
                self._broker = None
                self._blocked.set(0)
            await self._clock.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 -- spreads 500 boxes
            delay_s = min(delay_s * 2, MAX_DELAY_S)

    def _refused(self, error: HubRefusedError) -> float:
        """Return how long to leave the hub alone: not for long where it is about one message, and others get through."""
        is_about_message = self._broker is not None
        if is_about_message:
            self._denials += 1
        if is_about_message and self._denials == 1:
            return FIRST_DELAY_S
        self._become(LinkState.REFUSED, str(error.details.get("reason", "")))
        if is_about_message:
            return min(FIRST_DELAY_S * float(2 ** min(self._denials - 1, 10)), REFUSED_DELAY_S)
        return REFUSED_DELAY_S

    async def depth(self, queue: str) -> int | None:
        """Return how many messages wait in a queue of the hub; None: there is none that may be asked.

        Raises:
            HubUnreachableError: the line is down; what was known before may still hold.

        """
        broker = self._broker
        if broker is None or broker.is_blocked:
            raise HubUnreachableError("The line to the hub's broker is down.")
        try:
            return await broker.depth(queue)
        except HubRefusedError:
            return None

    async def _drain(self, broker: Broker) -> None:
        mark = await outbox.last_before(self._database, self._clock.now_us() - LATE_US)
        self._proved.clear()
        while True:
            if broker.is_gone:
                raise HubUnreachableError("The line to the hub's broker was lost.")
            self._wake.clear()
            batch = await self._next_batch(mark)
            if not batch:
                if self._denials and not (await outbox.fetch_backlog(self._database)).waiting:
                    self._take_heart()
                await sleep_or_wake(self._clock, IDLE_S, self._wake)
                continue
            now_us = self._clock.now_us()
            outgoing = [
                Outgoing(
                    each,
                    is_late=now_us - each.created_us > LATE_US,
                    stream="live" if each.seq > mark else "backlog",
                )
                for each in batch
            ]
            began = self._clock.monotonic()
            published = await broker.publish(outgoing)
            self._size(len(batch), self._clock.monotonic() - began)
            await self._note(batch, published.fates)
            if published.trouble is not None:
                self._suspect(batch, published)
                raise published.trouble

    def _size(self, sent: int, took_s: float) -> None:
        """Have batches take neither long nor, where many wait, many turns."""
        if took_s > BATCH_S[1]:
            self._places = max(LEAST_BATCH, self._places // 2)
        elif took_s < BATCH_S[0] and sent >= self._places // 2:
            self._places = min(BATCH, self._places * 2)

    def _suspect(self, batch: Sequence[Waiting], published: Published) -> None:
        if isinstance(published.trouble, HubRefusedError):
            pairs = zip(batch, published.fates, strict=True)
            self._suspects.update(each.lane for each, fate in pairs if fate is None)

    async def _next_batch(self, mark: int) -> list[Waiting]:
        now = self._clock.monotonic()
        held = [lane for lane, pause in self._pauses.items() if pause.until > now]
        live = await outbox.fetch_waiting(
            self._database, after=mark, but_lanes=held, limit=self._places // 2
        )
        backlog = await outbox.fetch_waiting(
            self._database, until=mark, but_lanes=held, limit=self._places - len(live)
        )
        batch: list[Waiting] = []
        tried: set[str] = set()
        is_full = now < self._full_until
        for each in [*live, *backlog]:
            if is_full or each.lane in self._pauses or each.lane not in self._proved:
                if each.lane in tried:
                    continue
                tried.add(each.lane)
            batch.append(each)
        suspects = [each for each in batch if each.lane in self._suspects]
        # Those that were never refused alone are most likely good.
        return sorted(suspects, key=self._pause_of)[:1] or batch

    def _pause_of(self, message: Waiting) -> float:
        pause = self._pauses.get(message.lane)
        return pause.delay_s if pause else 0.0

    async def _note(self, batch: Sequence[Waiting], fates: Sequence[Fate | None]) -> None:
        sent = [each.seq for each, fate in zip(batch, fates, strict=True) if fate is Fate.CONFIRMED]
        refused = [
            (each, fate)
            for each, fate in zip(batch, fates, strict=True)
            if fate is not None and fate is not Fate.CONFIRMED
        ]
        if not sent and not refused:
            return
        for each, fate in zip(batch, fates, strict=True):
            if fate is Fate.CONFIRMED:
                self._pauses.pop(each.lane, None)
                self._proved.add(each.lane)
                if fates.count(None) == 0:
                    self._suspects.discard(each.lane)
        at_fault = self._pause_lanes(refused, confirmed=self._confirmed + len(sent))
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> int:
            outbox.forget_sent(transaction, sent)
            return sum(
                outbox.note_failed(
                    transaction, [each.seq], reason=fate.value, park_at=PARK_AT, now_us=now_us
                )
                for each, fate in at_fault
            )

        parked = await self._database.write(write)
        self._sent.inc(len(sent))
        self._confirmed += len(sent)
        if sent:
            self._take_heart()
        if parked:
            log.warning("messages_parked", count=parked)

    def _pause_lanes(
        self, refused: Sequence[tuple[Waiting, Fate]], *, confirmed: int
    ) -> list[tuple[Waiting, Fate]]:
        """Hold the lanes of *refused* back for a while; return the first message of each lane that is itself at fault.

        That is where the broker took others since it refused this one before, or closed the line over it. A hub that takes nothing
        at all, for it has no queue or a full one, parks nothing: all of it waits until it does.
        """
        at_fault: dict[str, tuple[Waiting, Fate]] = {}
        for each, fate in refused:
            self._failed.labels(fate.value).inc()
            self._came_back, self._last_fate = self._came_back + 1, fate.value
            if fate is Fate.REFUSED and each.lane not in self._suspects:
                self._full_until = self._clock.monotonic() + FULL_S
            pause = self._pauses.get(each.lane)
            delay_s = min(pause.delay_s * 2, LANE_PAUSE_S[1]) if pause else LANE_PAUSE_S[0]
            others_taken = confirmed > (pause.confirmed if pause else self._confirmed)
            if others_taken or each.lane in self._suspects:
                at_fault.setdefault(each.lane, (each, fate))
            self._proved.discard(each.lane)
            self._pauses[each.lane] = _Pause(self._clock.monotonic() + delay_s, delay_s, confirmed)
        return list(at_fault.values())

    def _take_heart(self) -> None:
        """Note that the broker takes messages, or that those over which it closed the line are parked."""
        if self._denials:
            self._denials = 0
            self._become(LinkState.UP)

    def _on_block(self, is_blocked: bool) -> None:  # noqa: FBT001 -- a callback
        self._blocked.set(is_blocked)
        self._become(LinkState.BLOCKED if is_blocked else LinkState.UP)

    def _become(self, state: LinkState, reason: str = "") -> None:
        before = self._standing
        # One connecting between two failures is no news.
        if state is not LinkState.CONNECTING or before.state is LinkState.OFF:
            self._standing = before.becoming(state, reason, now_us=self._clock.now_us())
        if state not in (before.state, LinkState.CONNECTING):
            log.info("uplink_state", state=state.value, reason=reason)
        self._up.set(state is LinkState.UP)
