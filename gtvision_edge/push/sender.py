"""Sends what waits: what was queued is sent until a push service took it, it is too old, or nobody may hear it any more.

Each subscription is served by itself and in order, so a push service that hangs delays nobody else. A power cut between
acceptance and our note of it sends a message twice; its tag makes the browser show one.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.accounts import Principal
from gtvision_edge.detections.model import PlateRead
from gtvision_edge.errors import EdgeError
from gtvision_edge.push import repository
from gtvision_edge.push.composing import Composer, Parcel
from gtvision_edge.push.delivery import Fate, Outcome, PushServices
from gtvision_edge.push.errors import (
    PushRefusedError,
    PushServiceUnreachableError,
    SubscriptionGoneError,
    TrialTooSoonError,
    UnknownSubscriptionError,
)
from gtvision_edge.push.model import PushAddress, Subscription, SubscriptionId
from gtvision_edge.push.subscriptions import AddressBook
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

LOOK_S: Final = 5.0
"""Between two looks at the queue when nobody says that something came."""
BREATH_S: Final = 0.1
"""Between two looks, however much comes."""
TIDY_S: Final = 60.0
MOST_WAITING: Final = 200
"""For one subscription; of more, the oldest go."""
FORGOTTEN_TOGETHER: Final = 500
"""In one commit."""
MOST_AT_ONCE: Final = 32
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 120.0
STEP_US: Final = 1_000_000
"""Less than that is a clock being set right."""
LINE_IS_GOOD_S: Final = 60.0
"""After any service answered, one that does not is its own trouble, not the line's."""
UNREACHABLE_S: Final = 900.0
"""When nothing could be sent for so long, somebody should know."""
TRIAL_EVERY_S: Final = 10

FindPerson = Callable[[str, str], Awaitable[Principal | None]]
"""Returns who a user id is now, None when that person may not be told: unknown, disabled, or the login (second id) ended."""


@dataclass(slots=True)
class _Pause:
    """Why a subscription is left alone for now; *until* is monotonic."""

    until: float
    failures: int
    is_unreachable: bool


class Sender:
    """Serves all subscriptions. Run :meth:`run` as a service; :meth:`try_out` sends at once.

    What waits ages by the time that passes, whatever the wall clock is set to meanwhile.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bus: EventBus,
        *,
        book: AddressBook,
        composer: Composer,
        services: PushServices,
        find_person: FindPerson,
        keep_s: float,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bus = bus
        self._book = book
        self._composer = composer
        self._services = services
        self._find_person = find_person
        self._keep_us = round(keep_s * 1_000_000)
        self._offset_us = self._offset()
        self._one_follows = asyncio.Lock()
        self._wake = asyncio.Event()
        self._served: set[str] = set()
        self._pauses: dict[str, _Pause] = {}
        self._trials: dict[str, float] = {}
        self._tidied = float("-inf")
        self._unreachable_since: float | None = None
        self._answered_at = float("-inf")
        self._counter = Counter(
            "gtvision_edge_pushes",
            "Messages to phones and browsers by outcome: accepted, gone, unreachable, later, refused, dropped.",
            ["outcome"],
            registry=registry or CollectorRegistry(),
        )

    def wake(self) -> None:
        """Have the queue looked at now; call it from the loop's thread, after the commit."""
        self._wake.set()

    def findings(self) -> Iterable[Finding]:
        """Return that no push service could be reached for long, while something waits."""
        since = self._unreachable_since
        if since is not None and self._clock.monotonic() - since >= UNREACHABLE_S:
            minutes = int((self._clock.monotonic() - since) // 60)
            yield Finding("push_service_unreachable", facts={"minutes": minutes})

    async def run(self) -> None:
        """Send until cancelled."""
        self._served.clear()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="push-follow")
            while True:
                self._wake.clear()
                await self._tidy()
                await self._serve_all(tasks)
                await sleep_or_wake(self._clock, self._patience(), self._wake)

    async def _follow(self) -> None:
        """Look at once when a reading was committed that raised an alert; at 200 readings a second, ten times a second."""
        last = await repository.last_queued(self._database)
        with self._bus.listen(PlateRead, size=1) as mailbox:
            async for _ in mailbox:
                newest = await repository.last_queued(self._database)
                if newest != last:
                    last = newest
                    self._wake.set()
                await self._clock.sleep(BREATH_S)

    async def try_out(self, person: Principal, subscription_id: str) -> None:
        """Send a trial message to one of *person*'s own devices, now.

        Raises:
            UnknownSubscriptionError: none such that is *person*'s.
            TrialTooSoonError: there was one a moment ago.
            PushServiceUnreachableError, PushRefusedError: it was not accepted.
            SubscriptionGoneError: the browser gave it up; it was removed.

        """
        found = await repository.find_subscription(self._database, subscription_id)
        if found is None or found[0].user_id != person.user_id:
            raise UnknownSubscriptionError("There is no such device of yours.")
        subscription, sealed = found
        now = self._clock.monotonic()
        self._trials = {key: at for key, at in self._trials.items() if now - at < TRIAL_EVERY_S}
        if subscription_id in self._trials:
            raise TrialTooSoonError("A moment, please.", retry_after_s=TRIAL_EVERY_S)
        self._trials[subscription_id] = now
        message = self._composer.trial(person, self._clock.now_us())
        address = self._open(sealed)
        if address is None:
            outcome = Outcome(Fate.GONE)
        else:
            outcome = await self._services.deliver(address, message, ttl_s=60)
        await self._settle(subscription, sealed, Parcel(message, ()), outcome)
        match outcome.fate:
            case Fate.ACCEPTED:
                return
            case Fate.GONE:
                raise SubscriptionGoneError("The browser gave this up; subscribe again.")
            case _ if outcome.code == PushRefusedError.code:
                raise PushRefusedError("The push service refuses.", service=subscription.service)
            case _:
                raise PushServiceUnreachableError(
                    "The push service does not answer.", service=subscription.service
                )

    async def _tidy(self) -> None:
        now = self._clock.monotonic()
        if now - self._tidied < TIDY_S:
            return
        self._tidied = now
        now_us = await self._follow_clock()

        def write(transaction: Transaction) -> None:
            repository.delete_of_gone_people(transaction)
            repository.bring_back(transaction, now_us)

        await self._database.write(write)
        before_us = now_us - self._keep_us
        await self._drop(partial(repository.forget_old, before_us=before_us))
        for crowded in await repository.crowded_subscriptions(self._database, MOST_WAITING):
            beyond = partial(repository.forget_beyond, subscription_id=crowded, most=MOST_WAITING)
            await self._drop(beyond)

    async def _drop(self, forget: Callable[..., int]) -> None:
        """Call *forget* until nothing is left to it, each time in a commit of its own: readings come meanwhile."""
        while forgotten := await self._database.write(
            lambda transaction: forget(transaction, limit=FORGOTTEN_TOGETHER)
        ):
            self._counter.labels("dropped").inc(forgotten)

    async def _follow_clock(self) -> int:
        """Return the time, with all that waits brought to it when the clock was set since this was called last."""
        async with self._one_follows:
            now_us, offset_us = self._clock.now_us(), self._offset()
            step_us, self._offset_us = offset_us - self._offset_us, offset_us
            if step_us > STEP_US:
                await self._database.write(
                    lambda transaction: repository.bring_along(transaction, now_us, step_us)
                )
            elif step_us < -STEP_US:
                await self._database.write(
                    lambda transaction: repository.bring_back(transaction, now_us)
                )
            return now_us

    def _offset(self) -> int:
        return self._clock.now_us() - round(self._clock.monotonic() * 1e6)

    async def _serve_all(self, tasks: asyncio.TaskGroup) -> None:
        now = self._clock.monotonic()
        waiting = await repository.waiting_subscriptions(self._database)
        still = set(waiting)
        self._pauses = {key: each for key, each in self._pauses.items() if key in still}
        if not waiting:
            self._unreachable_since = None
        for subscription_id in waiting:
            pause = self._pauses.get(subscription_id)
            is_free = subscription_id not in self._served and len(self._served) < MOST_AT_ONCE
            if is_free and (pause is None or pause.until <= now):
                self._served.add(subscription_id)
                name = f"push-{subscription_id}"
                tasks.create_task(self._serve(subscription_id), name=name)

    def _patience(self) -> float:
        """Return how long to wait for the next look: until the first pause is over, if that is sooner."""
        now = self._clock.monotonic()
        pauses = [each.until - now for key, each in self._pauses.items() if key not in self._served]
        return max(BREATH_S, min([LOOK_S, *pauses]))

    async def _serve(self, subscription_id: str) -> None:
        try:
            await self._send_waiting(subscription_id)
        except Exception:
            log.exception("push_failed", subscription_id=subscription_id)
            self._put_off(subscription_id, Outcome(Fate.LATER))
        finally:
            self._served.discard(subscription_id)
            self._wake.set()

    async def _send_waiting(self, subscription_id: str) -> None:
        now_us = await self._follow_clock()
        found = await repository.find_subscription(self._database, subscription_id)
        waiting = await repository.waiting_for(self._database, subscription_id, MOST_WAITING)
        person = await self._find_person(found[0].user_id, found[0].session_id) if found else None
        if found is None or person is None:
            await self._database.write(
                lambda transaction: repository.forget_all_waiting(transaction, subscription_id)
            )
            self._counter.labels("dropped").inc(len(waiting))
            return
        subscription, sealed = found
        oldest_us = now_us - self._keep_us
        by_seq = {each.seq: each for each in waiting}
        fresh = [
            each
            for each in waiting
            if each.queued_us >= oldest_us and each.topic in subscription.topics
        ]
        parcels = await self._composer.compose(person, fresh)
        stale = tuple(by_seq.keys() - {each.seq for each in fresh})
        await self._forget(
            [*stale, *(seq for each in parcels if not each.message for seq in each.seqs)]
        )
        address = self._open(sealed)
        if address is None:
            await self._remove(subscription.subscription_id, sealed)
            return
        for parcel in parcels:
            if parcel.message is None:
                continue
            queued_us = min(by_seq[seq].queued_us for seq in parcel.seqs)
            # Never longer than anything is kept: services refuse weeks.
            ttl_s = min(queued_us - oldest_us, self._keep_us) // 1_000_000
            outcome = await self._services.deliver(address, parcel.message, ttl_s=ttl_s)
            await self._settle(subscription, sealed, parcel, outcome)
            if outcome.fate in (Fate.GONE, Fate.UNREACHABLE, Fate.LATER):
                return

    async def _settle(
        self, subscription: Subscription, sealed: bytes, parcel: Parcel, outcome: Outcome
    ) -> None:
        """Write down what became of a parcel."""
        self._counter.labels(outcome.fate.name.lower()).inc()
        subscription_id = subscription.subscription_id
        if outcome.fate is not Fate.UNREACHABLE:
            self._note_answer()
        match outcome.fate:
            case Fate.ACCEPTED:
                await self._note_accepted(subscription_id, parcel)
            case Fate.GONE:
                log.info("push_subscription_gone", service=subscription.service)
                await self._remove(subscription_id, sealed)
            case Fate.REFUSED:
                log.warning("push_refused", service=subscription.service, detail=outcome.detail)
                await self._note_trouble(subscription_id, outcome.code)
                await self._forget(parcel.seqs)
            case Fate.UNREACHABLE | Fate.LATER:
                if parcel.seqs:
                    self._put_off(subscription_id, outcome)
                if subscription.trouble != outcome.code:
                    await self._note_trouble(subscription_id, outcome.code)

    def _open(self, sealed: bytes) -> PushAddress | None:
        """Return the address; None: it was sealed with a key that is gone, and nobody can send to it any more."""
        try:
            return self._book.open(sealed)
        except EdgeError as error:
            log.warning("push_subscription_unreadable", code=error.code)
            return None

    async def _note_accepted(self, subscription_id: SubscriptionId, parcel: Parcel) -> None:
        now_us = self._clock.now_us()

        def write(transaction: Transaction) -> None:
            repository.forget_waiting(transaction, parcel.seqs)
            repository.set_accepted(transaction, subscription_id, now_us)

        await self._database.write(write)
        self._pauses.pop(subscription_id, None)

    def _note_answer(self) -> None:
        """Let those go on who wait only because the line was away: it is good."""
        self._answered_at = self._clock.monotonic()
        if self._unreachable_since is None:
            return
        log.info("push_services_reached_again")
        self._unreachable_since = None
        self._pauses = {key: each for key, each in self._pauses.items() if not each.is_unreachable}

    async def _note_trouble(self, subscription_id: SubscriptionId, code: str) -> None:
        await self._database.write(
            lambda transaction: repository.set_trouble(transaction, subscription_id, code)
        )

    def _put_off(self, subscription_id: str, outcome: Outcome) -> None:
        before = self._pauses.get(subscription_id)
        failures = before.failures + 1 if before else 1
        wait_s = min(FIRST_WAIT_S * 2 ** min(failures - 1, 10), LONGEST_WAIT_S)
        wait_s = max(wait_s * random.uniform(0.5, 1.0), outcome.wait_s)  # noqa: S311 -- spreads load
        now = self._clock.monotonic()
        is_unreachable = outcome.fate is Fate.UNREACHABLE
        self._pauses[subscription_id] = _Pause(now + wait_s, failures, is_unreachable)
        is_line_good = now - self._answered_at < LINE_IS_GOOD_S
        if is_unreachable and self._unreachable_since is None and not is_line_good:
            self._unreachable_since = now
            log.warning("push_services_unreachable", detail=outcome.detail)
        else:
            log.debug("push_put_off", detail=outcome.detail, wait_s=round(wait_s))

    async def _remove(self, subscription_id: SubscriptionId, sealed: bytes) -> None:
        await self._database.write(
            lambda transaction: repository.delete_as_it_was(transaction, subscription_id, sealed)
        )

    async def _forget(self, seqs: Iterable[int]) -> None:
        gone = list(seqs)
        if gone:
            await self._database.write(
                lambda transaction: repository.forget_waiting(transaction, gone)
            )
