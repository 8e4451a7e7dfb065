"""Copies and removals that failed at the store again and again, as people see to them."""

from collections.abc import Sequence
from typing import Any, Final

from gtvision_edge.archive import repository
from gtvision_edge.archive.bounds import facts_of
from gtvision_edge.archive.errors import UnknownCopyError
from gtvision_edge.archive.model import Parked
from gtvision_edge.lines.parked import ActNames
from gtvision_edge.storage import Database, Transaction

_ACTS: Final = ActNames(
    retried="archive.copy_retried",
    retried_all="archive.retried",
    discarded="archive.copy_discarded",
    discarded_all="archive.discarded",
    subject="archive",
    counted_as="acts",
)


class FailedCopies:
    """The :class:`~gtvision_edge.lines.parked.Shelf` of the object store. With the archive off (not *is_on*) all that is owed is put away together, parked or not."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    @property
    def acts(self) -> ActNames:
        return _ACTS

    async def after(self, database: Database, seq: int, limit: int) -> Sequence[Parked]:
        return await repository.parked_after(database, seq, limit)

    def find(self, transaction: Transaction, name: str) -> Parked | None:
        # What is no number of ours is the name of nothing.
        is_seq = name.isascii() and name.isdigit() and len(name) <= 18
        return repository.find_parked(transaction, int(name)) if is_seq else None

    async def newest_us(self, database: Database) -> int:
        return await repository.last_parked_us(database)

    def until(self, transaction: Transaction, time_us: int, limit: int) -> Sequence[Parked]:
        return repository.to_put_away(transaction, time_us, limit, only_parked=self._is_on)

    def seq_of(self, parked: Parked) -> int:
        return parked.owed.seq

    def subject_of(self, parked: Parked) -> str:
        owed = parked.owed
        return f"export:{owed.export_id}" if owed.export_id else f"picture:{owed.name}"

    def unpark(self, transaction: Transaction, parked: Sequence[Parked], now_us: int) -> None:
        repository.unpark(transaction, [each.owed.seq for each in parked], now_us)

    def give_up(self, transaction: Transaction, parked: Sequence[Parked]) -> None:
        repository.take_out(transaction, [each.owed.seq for each in parked])

    def facts_of(self, parked: Parked, *, is_leaving: bool) -> dict[str, Any]:  # noqa: ARG002 -- its key says what it was
        owed = parked.owed
        return {
            "act": owed.act.value,
            "key": owed.key,
            "attempts": owed.attempts,
            "refused_as": parked.reason,
            "queued_us": owed.queued_us,
        }

    def facts_of_all(self, parked: Sequence[Parked]) -> dict[str, Any]:
        return facts_of([each.owed for each in parked])

    def unknown(self) -> UnknownCopyError:
        return UnknownCopyError("No such copy or removal is parked.")
