"""What the other side of a line refused again and again: an administrator has it tried once more, or puts it away for good."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from gtvision_edge.accounts import NotPermittedError, Principal
from gtvision_edge.audit import AuditLog
from gtvision_edge.errors import EdgeError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

P = TypeVar("P")
"""Something that is parked, as its line knows it."""

BATCH: Final = 500
"""Things put away or tried again in one commit, with one audit entry: other writes wait no longer than for these."""


@dataclass(frozen=True, slots=True)
class ActNames:
    """How the audit log calls what people do with parked things. *subject*: of all of them; *counted_as*: the field that says how many."""

    retried: str
    retried_all: str
    discarded: str
    discarded_all: str
    subject: str
    counted_as: str


class Shelf(Protocol[P]):
    """The parked things of one line: its rows, and what the audit log keeps of them."""

    @property
    def acts(self) -> ActNames: ...

    async def after(self, database: Database, seq: int, limit: int) -> Sequence[P]:
        """Return up to *limit* with a ``seq`` above *seq*, in order."""
        ...

    def find(self, transaction: Transaction, name: str) -> P | None: ...

    async def newest_us(self, database: Database) -> int:
        """Return when the one that was put here last was, 0 = there is none."""
        ...

    def until(self, transaction: Transaction, time_us: int, limit: int) -> Sequence[P]:
        """Return the first *limit* that were put here until *time_us*, in order."""
        ...

    def seq_of(self, parked: P) -> int: ...
    def subject_of(self, parked: P) -> str: ...

    def unpark(self, transaction: Transaction, parked: Sequence[P], now_us: int) -> None:
        """Have them tried again as if for the first time."""
        ...

    def give_up(self, transaction: Transaction, parked: Sequence[P]) -> None:
        """Take them out, and count them as never done."""
        ...

    def facts_of(self, parked: P, *, is_leaving: bool) -> dict[str, Any]:
        """Return what is noted of one that is tried again, or that leaves for good."""
        ...

    def facts_of_all(self, parked: Sequence[P]) -> dict[str, Any]:
        """Return what is noted of some that leave for good, but how many they are."""
        ...

    def unknown(self) -> EdgeError:
        """Return what to raise where nothing of that name is parked."""
        ...


class ParkedDesk(Generic[P]):
    """For people of the whole site: a line carries what is every tenant's. *wake* has the line look at once at what is tried again."""

    def __init__(
        self,
        shelf: Shelf[P],
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._shelf = shelf
        self._database = database
        self._audit = audit
        self._clock = clock
        self._wake = wake

    async def list_parked(
        self, principal: Principal, *, after: int, limit: int
    ) -> tuple[Sequence[P], int | None]:
        """Return up to *limit* in order from the one after ``seq`` *after*, and the next *after*, None = there are no more.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        require_whole_site(principal)
        found = await self._shelf.after(self._database, after, limit + 1)
        return found[:limit], self._shelf.seq_of(found[limit - 1]) if len(found) > limit else None

    async def retry(self, principal: Principal, name: str, *, address: str = "") -> None:
        """Have one tried again, in its old place.

        Raises:
            EdgeError: of the line's own kind; nothing of that *name* is parked, or *principal* is not of the whole site.

        """
        acts = self._shelf.acts

        def write(transaction: Transaction) -> None:
            parked = self._find(transaction, principal, name)
            self._shelf.unpark(transaction, [parked], self._clock.now_us())
            facts = self._shelf.facts_of(parked, is_leaving=False)
            subject = self._shelf.subject_of(parked)
            self._note(transaction, principal, address, acts.retried, subject, facts)

        await self._database.write(write)
        self._wake()

    async def retry_all(self, principal: Principal, *, address: str = "") -> int:
        """Have all tried again that are parked as this is asked; return how many. Each batch is one commit with its audit entry.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        acts = self._shelf.acts

        def unpark(transaction: Transaction, found: Sequence[P]) -> None:
            self._shelf.unpark(transaction, found, self._clock.now_us())
            facts = {acts.counted_as: len(found)}
            self._note(transaction, principal, address, acts.retried_all, acts.subject, facts)

        count = await self._in_batches(principal, unpark)
        self._wake()
        return count

    async def discard(
        self, principal: Principal, name: str, *, reason: str, address: str = ""
    ) -> None:
        """Put one away for good: it is never done at the other side.

        Raises:
            EdgeError: of the line's own kind; nothing of that *name* is parked, or *principal* is not of the whole site.

        """
        acts = self._shelf.acts

        def write(transaction: Transaction) -> None:
            parked = self._find(transaction, principal, name)
            self._shelf.give_up(transaction, [parked])
            facts = self._shelf.facts_of(parked, is_leaving=True) | {"reason": reason}
            subject = self._shelf.subject_of(parked)
            self._note(transaction, principal, address, acts.discarded, subject, facts)

        await self._database.write(write)

    async def discard_all(self, principal: Principal, *, reason: str, address: str = "") -> int:
        """Put all away for good that are parked as this is asked; return how many. Each batch is one commit with its audit entry.

        Raises:
            NotPermittedError: *principal* is not of the whole site.

        """
        acts = self._shelf.acts

        def give_up(transaction: Transaction, found: Sequence[P]) -> None:
            self._shelf.give_up(transaction, found)
            facts = {acts.counted_as: len(found), "reason": reason}
            facts |= self._shelf.facts_of_all(found)
            self._note(transaction, principal, address, acts.discarded_all, acts.subject, facts)

        return await self._in_batches(principal, give_up)

    async def _in_batches(
        self, principal: Principal, act: Callable[[Transaction, Sequence[P]], None]
    ) -> int:
        """Have *act* take all that is parked now, :data:`BATCH` in a commit; return how many there were."""
        require_whole_site(principal)
        until_us = await self._shelf.newest_us(self._database)  # not now: a clock may be put back

        def write(transaction: Transaction) -> int:
            found = self._shelf.until(transaction, until_us, BATCH)
            if found:
                act(transaction, found)
            return len(found)

        total = 0
        while count := await self._database.write(write):
            total += count
        return total

    def _find(self, transaction: Transaction, principal: Principal, name: str) -> P:
        parked = self._shelf.find(transaction, name)
        if parked is None or not principal.is_of_whole_site:
            raise self._shelf.unknown()
        return parked

    def _note(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        action: str,
        subject: str,
        facts: dict[str, Any],
    ) -> None:
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action=action,
            subject=subject,
            details=facts,
        )


def require_whole_site(principal: Principal) -> None:
    """Refuse who is of one tenant or of some cameras.

    Raises:
        NotPermittedError: *principal* is so.

    """
    if not principal.is_of_whole_site:
        raise NotPermittedError("What leads out of the site belongs to the site as a whole.")
