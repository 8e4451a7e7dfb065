"""The outbox does not grow for ever: what is too old, or too much, is given up, and every bit of that is written down.

A last resort, months or gigabytes away. Messages carry no pictures, so there is nothing lighter to give up first; what goes
first for want of room is news of states that later news have overtaken (:data:`FADING`), then the oldest. Anchors of the
audit log are small and are not given up for want of room. What a message told of stays on the box in any case.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal

import structlog

from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.lines.bounds import BATCH, ROUND_S, give_up_excess, is_news
from gtvision_edge.lines.tally import Leaving, tally
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.findings import Finding, Severity
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.settings import UplinkSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import repository
from gtvision_edge.uplink.outbox import ANCHORS, CAMERAS, DISK
from gtvision_edge.uplink.repository import Doomed, OutboxPurge

log = structlog.get_logger(__name__)

FADING: Final = (CAMERAS, DISK)

Reason = Literal["age", "bytes"]


class Bounds:
    """Keeps the outbox within ``keep`` and ``max_bytes``. While *trusts_clock* is False nothing is judged by its age."""

    def __init__(
        self,
        settings: UplinkSettings,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        trusts_clock: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._database = database
        self._audit = audit
        self._clock = clock
        self._trusts_clock = trusts_clock
        self._newest: OutboxPurge | None = None

    @property
    def newest(self) -> OutboxPurge | None:
        """Return what was given up last, as of the last look."""
        return self._newest

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        while True:
            await self.go_round()
            await self._clock.sleep(ROUND_S)

    async def go_round(self) -> int:
        """Give up what is past a bound; return how many messages. Each batch is one commit with its record and audit entry."""
        given_up = await give_up_excess(
            self._database,
            drop_aged=self._drop_aged,
            shrink=self._shrink,
            most=self._settings.max_bytes,
            trusts_clock=self._trusts_clock(),
        )
        newest = await repository.purges_before(self._database, "", 1)
        self._newest = newest[0] if newest else None
        if given_up:
            log.warning("hub_messages_given_up", messages=given_up)
        return given_up

    def findings(self) -> Iterable[Finding]:
        """Tell of what was given up in the last days, where there is a hub that misses it."""
        newest = self._newest
        if newest is None or not self._settings.has_hub:
            return
        if is_news(newest.at_us, self._clock.now_us()):
            facts = {"reason": newest.reason, "messages": newest.messages, "at_us": newest.at_us}
            yield Finding("hub_messages_given_up", Severity.ALARM, facts)

    def _drop_aged(self, transaction: Transaction) -> int:
        until_us = self._clock.now_us() - round(self._settings.keep * 1e6)
        found = repository.oldest(transaction, BATCH)
        aged = [each for each in found if each.created_us < until_us]
        return self._give_up(transaction, aged, "age", round(self._settings.keep))

    def _shrink(self, transaction: Transaction, target: int) -> int:
        excess = repository.size_in_outbox(transaction) - target
        if excess <= 0:
            return 0
        for lane in FADING:
            if found := repository.oldest_of(transaction, lane, BATCH):
                return self._give_up(
                    transaction, _enough(found, excess), "bytes", self._settings.max_bytes
                )
        found = repository.oldest(transaction, BATCH, but_lanes=[ANCHORS])
        return self._give_up(transaction, _enough(found, excess), "bytes", self._settings.max_bytes)

    def _give_up(
        self, transaction: Transaction, doomed: Sequence[Doomed], reason: Reason, bound: int
    ) -> int:
        if not doomed:
            return 0
        repository.give_up(transaction, [each.seq for each in doomed])
        told = tally(
            [
                Leaving(each.message_id, each.routing_key, each.size_bytes, each.created_us)
                for each in doomed
            ]
        )
        purge = OutboxPurge(
            purge_id=new_uuid7(self._clock),
            at_us=self._clock.now_us(),
            reason=reason,
            bound=bound,
            messages=told.count,
            size_bytes=told.size_bytes,
            first_us=told.first_us,
            last_us=told.last_us,
            kinds=told.kinds,
            ids_sha256=told.names_sha256,
            audit_seq=0,
        )
        audit_seq = self._audit.append(
            transaction,
            actor=SYSTEM,
            action="uplink.messages_given_up",
            subject="uplink",
            details=_facts(purge),
        )
        repository.insert_purge(transaction, replace(purge, audit_seq=audit_seq))
        return len(doomed)


def _facts(purge: OutboxPurge) -> dict[str, object]:
    return {
        "purge_id": purge.purge_id,
        "reason": purge.reason,
        "bound": purge.bound,
        "messages": purge.messages,
        "bytes": purge.size_bytes,
        "first_us": purge.first_us,
        "last_us": purge.last_us,
        "kinds": dict(purge.kinds),
        "ids_sha256": purge.ids_sha256,
    }


def _enough(doomed: Sequence[Doomed], excess: int) -> list[Doomed]:
    """Return as many of *doomed*, from the first on, as have *excess* bytes."""
    taken: list[Doomed] = []
    for each in doomed:
        if excess <= 0:
            break
        taken.append(each)
        excess -= each.size_bytes
    return taken
