"""Messages that the hub refused again and again, as people see to them; without their contents: plates are searched for with a purpose, elsewhere."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from gtvision_edge.accounts import Principal
from gtvision_edge.lines.parked import ActNames, require_whole_site
from gtvision_edge.lines.tally import Leaving, tally
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import repository
from gtvision_edge.uplink.errors import UnknownMessageError
from gtvision_edge.uplink.repository import OutboxPurge, Parked

_ACTS: Final = ActNames(
    retried="uplink.message_retried",
    retried_all="uplink.messages_retried",
    discarded="uplink.message_discarded",
    discarded_all="uplink.messages_discarded",
    subject="uplink",
    counted_as="messages",
)


class RefusedMessages:
    """The :class:`~gtvision_edge.lines.parked.Shelf` of the line to the hub. What a message told of stays on the box in any case."""

    @property
    def acts(self) -> ActNames:
        return _ACTS

    async def after(self, database: Database, seq: int, limit: int) -> Sequence[Parked]:
        return await repository.parked_after(database, seq, limit)

    def find(self, transaction: Transaction, name: str) -> Parked | None:
        return repository.find_parked(transaction, name)

    async def newest_us(self, database: Database) -> int:
        return await repository.last_parked_us(database)

    def until(self, transaction: Transaction, time_us: int, limit: int) -> Sequence[Parked]:
        return repository.parked_before(transaction, time_us, limit)

    def seq_of(self, parked: Parked) -> int:
        return parked.seq

    def subject_of(self, parked: Parked) -> str:
        return f"message:{parked.message_id}"

    def unpark(self, transaction: Transaction, parked: Sequence[Parked], now_us: int) -> None:  # noqa: ARG002 -- they are due at once
        repository.unpark(transaction, [each.seq for each in parked])

    def give_up(self, transaction: Transaction, parked: Sequence[Parked]) -> None:
        repository.give_up(transaction, [each.seq for each in parked])

    def facts_of(self, parked: Parked, *, is_leaving: bool) -> dict[str, Any]:
        facts = {
            "routing_key": parked.routing_key,
            "attempts": parked.attempts,
            "refused_as": parked.reason,
            "accepted_us": parked.created_us,
        }
        if is_leaving:
            facts["sha256"] = hashlib.sha256(parked.body).hexdigest()
        return facts

    def facts_of_all(self, parked: Sequence[Parked]) -> dict[str, Any]:
        told = tally(
            [
                Leaving(each.message_id, each.routing_key, each.size_bytes, each.created_us)
                for each in parked
            ]
        )
        return {
            "kinds": dict(told.kinds),
            "refused_as": dict(Counter(each.reason for each in parked)),
            "ids_sha256": told.names_sha256,
        }

    def unknown(self) -> UnknownMessageError:
        return UnknownMessageError("No such message is parked.")


class OutboxPurges:
    """The records of what the bounds gave up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_purges(
        self, principal: Principal, *, before: str, limit: int
    ) -> tuple[Sequence[OutboxPurge], str | None]:
        """Return up to *limit* records of what was given up, newest first, and the next *before*.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        require_whole_site(principal)
        found = await repository.purges_before(self._database, before, limit + 1)
        return found[:limit], found[limit - 1].purge_id if len(found) > limit else None
