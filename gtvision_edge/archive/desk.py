"""What failed at the store again and again: an administrator has it tried once more, or puts it away for good."""

from collections.abc import Callable, Sequence
from typing import Final

from gtvision_edge.accounts import NotPermittedError, Principal
from gtvision_edge.archive import repository
from gtvision_edge.archive.bounds import facts_of
from gtvision_edge.archive.model import Parked
from gtvision_edge.audit import AuditLog
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

SITE_ONLY: Final = "The archive belongs to the site as a whole."


class ArchiveDesk:
    """For people of the whole site: copies are of every tenant."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        is_on: bool = True,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._is_on = is_on
        self._wake = wake

    async def list_parked(
        self, principal: Principal, *, after: int, limit: int
    ) -> tuple[Sequence[Parked], int | None]:
        """Return up to *limit* in order from the one after ``seq`` *after*, and the next *after*, None = there are no more.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        _require_whole_site(principal)
        found = await repository.parked_after(self._database, after, limit + 1)
        return found[:limit], found[limit - 1].owed.seq if len(found) > limit else None

    async def retry(self, principal: Principal, *, address: str = "") -> int:
        """Have all that is parked tried again; return how many.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        _require_whole_site(principal)

        def write(transaction: Transaction) -> int:
            count = repository.unpark(transaction, self._clock.now_us())
            if count:
                self._audit.append(
                    transaction,
                    actor=principal.actor(address),
                    action="archive.retried",
                    subject="archive",
                    details={"acts": count},
                )
            return count

        count = await self._database.write(write)
        self._wake()
        return count

    async def discard(self, principal: Principal, *, reason: str, address: str = "") -> int:
        """Put all that is parked away for good, with the archive off all that is owed: not copied, or not removed there; return how many.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        _require_whole_site(principal)

        def write(transaction: Transaction) -> int:
            gone = repository.take_out(transaction, only_parked=self._is_on)
            if gone:
                self._audit.append(
                    transaction,
                    actor=principal.actor(address),
                    action="archive.discarded",
                    subject="archive",
                    details={"reason": reason, **facts_of(gone)},
                )
            return len(gone)

        return await self._database.write(write)


def _require_whole_site(principal: Principal) -> None:
    if not principal.is_of_whole_site:
        raise NotPermittedError(SITE_ONLY)
