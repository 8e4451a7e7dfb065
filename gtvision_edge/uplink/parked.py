"""Messages that the hub refused again and again: an administrator lets them be tried once more, or puts them away for good."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gtvision_edge.accounts import NotPermittedError, Principal
from gtvision_edge.audit import AuditLog
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import repository
from gtvision_edge.uplink.errors import UnknownMessageError
from gtvision_edge.uplink.repository import OutboxPurge, Parked

BATCH: Final = 500
"""Messages put away in one commit, with one audit entry."""
SITE_ONLY: Final = "The link to the hub belongs to the site as a whole."


class ParkedDesk:
    """Shows parked messages, without their contents: plates are searched for with a purpose, elsewhere."""

    def __init__(self, database: Database, audit: AuditLog, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    async def list_parked(
        self, principal: Principal, *, after: int, limit: int
    ) -> tuple[Sequence[Parked], int | None]:
        """Return up to *limit* in order from the one after ``seq`` *after*, and the next *after*, None = there are no more.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        _require_whole_site(principal)
        found = await repository.parked_after(self._database, after, limit + 1)
        return found[:limit], found[limit - 1].seq if len(found) > limit else None

    async def list_purges(
        self, principal: Principal, *, before: str, limit: int
    ) -> tuple[Sequence[OutboxPurge], str | None]:
        """Return up to *limit* records of what was given up, newest first, and the next *before*.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        _require_whole_site(principal)
        found = await repository.purges_before(self._database, before, limit + 1)
        return found[:limit], found[limit - 1].purge_id if len(found) > limit else None

    async def retry(self, principal: Principal, message_id: str, *, address: str = "") -> None:
        """Let a message be tried again, in its old place.

        Raises:
            UnknownMessageError: no such message is parked, or *principal* is not of the whole site.

        """

        def write(transaction: Transaction) -> None:
            parked = self._find(transaction, principal, message_id)
            repository.unpark(transaction, parked.seq)
            self._note(transaction, principal, address, "uplink.message_retried", parked)

        await self._database.write(write)

    async def retry_all(self, principal: Principal, *, address: str = "") -> int:
        """Let all be tried again; return how many.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        _require_whole_site(principal)

        def write(transaction: Transaction) -> int:
            count = repository.unpark(transaction)
            if count:
                self._audit.append(
                    transaction,
                    actor=principal.actor(address),
                    action="uplink.messages_retried",
                    subject="uplink",
                    details={"messages": count},
                )
            return count

        return await self._database.write(write)

    async def discard(
        self, principal: Principal, message_id: str, *, reason: str, address: str = ""
    ) -> None:
        """Put a message away for good: the hub never gets it. What it told of stays on the box.

        Raises:
            UnknownMessageError: no such message is parked, or *principal* is not of the whole site.

        """

        def write(transaction: Transaction) -> None:
            parked = self._find(transaction, principal, message_id)
            repository.give_up(transaction, [parked.seq])
            self._note(
                transaction,
                principal,
                address,
                "uplink.message_discarded",
                parked,
                reason=reason,
                sha256=hashlib.sha256(parked.body).hexdigest(),
            )

        await self._database.write(write)

    async def discard_all(self, principal: Principal, *, reason: str, address: str = "") -> int:
        """Put all away for good that are parked as this is asked; return how many. Each batch is one commit with its audit entry.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        _require_whole_site(principal)
        until_us = self._clock.now_us()

        def write(transaction: Transaction) -> int:
            found = repository.parked_before(transaction, until_us, BATCH)
            if found:
                repository.give_up(transaction, [each.seq for each in found])
                self._note_many(transaction, principal, address, found, reason)
            return len(found)

        gone = 0
        while count := await self._database.write(write):
            gone += count
        return gone

    def _note_many(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        gone: Sequence[Parked],
        reason: str,
    ) -> None:
        ids = "\n".join(each.message_id for each in gone)
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action="uplink.messages_discarded",
            subject="uplink",
            details={
                "messages": len(gone),
                "reason": reason,
                "kinds": dict(Counter(each.routing_key for each in gone)),
                "refused_as": dict(Counter(each.reason for each in gone)),
                "ids_sha256": hashlib.sha256(ids.encode()).hexdigest(),
            },
        )

    def _find(self, transaction: Transaction, principal: Principal, message_id: str) -> Parked:
        parked = repository.find_parked(transaction, message_id)
        if parked is None or not principal.is_of_whole_site:
            raise UnknownMessageError("No such message is parked.")
        return parked

    def _note(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        action: str,
        parked: Parked,
        **facts: object,
    ) -> None:
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action=action,
            subject=f"message:{parked.message_id}",
            details={
                "routing_key": parked.routing_key,
                "attempts": parked.attempts,
                "refused_as": parked.reason,
                "accepted_us": parked.created_us,
                **facts,
            },
        )


def _require_whole_site(principal: Principal) -> None:
    if not principal.is_of_whole_site:
        raise NotPermittedError(SITE_ONLY)
