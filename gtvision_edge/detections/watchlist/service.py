"""The plates that people want to hear of: a tenant's own list, each entry with its reason, level and end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypedDict

from gtvision_edge.accounts import DEFAULT_TENANT, NotPermittedError, Principal, Role
from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.audit import SEALED, AuditLog, SealedWords
from gtvision_edge.detections.errors import AlreadyWatchedError, UnknownWatchError
from gtvision_edge.detections.model import Watch, WatchId, WatchLevel
from gtvision_edge.detections.plates import MAX_PLATE, MAX_TEXT, Plate, normalised, read_plate
from gtvision_edge.detections.watchlist import repository
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

SHORTEST_REASON: Final = 5
LONGEST_REASON: Final = 500
_EDITORS: Final = frozenset({Role.ADMIN, Role.OPERATOR})
_READERS: Final = _EDITORS | {Role.VIEWER}


@dataclass(frozen=True, slots=True)
class NewWatch:
    """A plate to be watched for. *expires_us* None = never; *tenant_id* None = the own one, or the site's first."""

    plate: str
    reason: str
    level: WatchLevel
    expires_us: int | None = None
    tenant_id: str | None = None


class WatchChanges(TypedDict, total=False):
    """What may be changed of an entry; absent = left as it is. Another plate is another entry."""

    reason: str
    level: WatchLevel
    expires_us: int | None


@dataclass(frozen=True, slots=True)
class WatchPage:
    """Entries, oldest first; *after* asks for the next ones, None = there are none."""

    watches: list[Watch]
    after: str | None


class Watchlist:
    """Makes, shows, changes and removes entries; each change is audited in its own transaction."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, *, words: SealedWords
    ) -> None:
        self._database = database
        self._words = words
        self._audit = audit
        self._clock = clock

    async def list_watches(
        self, principal: Principal, *, after: str = "", limit: int = 100
    ) -> WatchPage:
        """Return the entries of *principal*'s tenant.

        Raises:
            NotPermittedError: auditors read the log, not the plates.

        """
        _require(principal, _READERS)
        found = await repository.watches_after(
            self._database, after, limit + 1, tenant_id=principal.tenant_id
        )
        more = len(found) > limit
        return WatchPage(found[:limit], found[limit - 1].watch_id if more else None)

    async def get(self, principal: Principal, watch_id: str) -> Watch:
        """Return an entry.

        Raises:
            UnknownWatchError: none such, or another tenant's.
            NotPermittedError: as for :meth:`list_watches`.

        """
        _require(principal, _READERS)
        return await self.find(principal, watch_id)

    async def find(self, principal: Principal, watch_id: str) -> Watch:
        """Return an entry, whatever the role of *principal*.

        Raises:
            UnknownWatchError: none such, or another tenant's.

        """
        found = await repository.find_watch(self._database, watch_id)
        return _seen(principal, found)

    async def add(self, principal: Principal, wanted: NewWatch, *, address: str = "") -> Watch:
        """Watch for a plate, in both its forms.

        Raises:
            NotPermittedError: *principal* may not edit the list.
            UnknownTenantError: none such that *principal* may see.
            AlreadyWatchedError: the tenant's list has this vehicle.
            InvalidInputError: no whole plate, no reason, or an end that has passed.

        """
        owner = self.owner_for(principal, wanted.tenant_id)
        plate = _whole_plate(wanted.plate)
        now_us = self._clock.now_us()
        watch = Watch(
            watch_id=WatchId(new_uuid7(self._clock)),
            tenant_id=owner,
            plate=plate.text,
            vehicle=plate.vehicle,
            reason=wanted.reason.strip(),
            level=wanted.level,
            expires_us=wanted.expires_us,
            created_by=principal.user_id,
            created_us=now_us,
            updated_us=now_us,
        )
        _check(watch, now_us, is_end_new=True)

        def write(transaction: Transaction) -> None:
            self.require_tenant(transaction, owner)
            known = repository.find_watch_of(transaction, owner, watch.vehicle)
            if known is not None:
                raise AlreadyWatchedError(
                    "This vehicle is on the watchlist already.", watch_id=known.watch_id
                )
            repository.insert_watch(transaction, watch)
            self.note(transaction, principal, address, "watch.created", watch)

        await self._database.write(write)
        return watch

    async def update(
        self, principal: Principal, watch_id: str, changes: WatchChanges, *, address: str = ""
    ) -> Watch:
        """Change an entry.

        Raises:
            UnknownWatchError: none such, or another tenant's.
            NotPermittedError, InvalidInputError: as for :meth:`add`.

        """
        _require(principal, _EDITORS)

        def write(transaction: Transaction) -> Watch:
            before = _seen(principal, repository.get_watch_row(transaction, watch_id))
            now_us = self._clock.now_us()
            wanted = replace(before, **changes)
            wanted = replace(wanted, reason=wanted.reason.strip())
            _check(wanted, now_us, is_end_new=wanted.expires_us != before.expires_us)
            if wanted == before:
                return before
            after = replace(wanted, updated_us=now_us)
            repository.update_watch(transaction, after)
            self.note(transaction, principal, address, "watch.changed", after)
            return after

        return await self._database.write(write)

    async def remove(self, principal: Principal, watch_id: str, *, address: str = "") -> None:
        """Watch for a plate no longer; alerts that were raised stay.

        Raises:
            UnknownWatchError: none such, or another tenant's.
            NotPermittedError: as for :meth:`add`.

        """
        _require(principal, _EDITORS)

        def write(transaction: Transaction) -> None:
            watch = _seen(principal, repository.get_watch_row(transaction, watch_id))
            repository.delete_watch(transaction, watch.watch_id)
            self.note(transaction, principal, address, "watch.removed", watch)

        await self._database.write(write)

    def owner_for(self, principal: Principal, tenant_id: str | None) -> str:
        """Return whose list *principal* adds to: *tenant_id*'s, None = the own tenant's, or the site's first.

        Raises:
            NotPermittedError: *principal* may not edit the list.
            UnknownTenantError: none such that *principal* may see.

        """
        _require(principal, _EDITORS)
        owner = tenant_id or principal.tenant_id or DEFAULT_TENANT
        if not principal.may_see_tenant(owner):
            raise UnknownTenantError("There is no such tenant.", tenant_id=owner)
        return owner

    def require_tenant(self, transaction: Transaction, tenant_id: str) -> None:
        """Raise UnknownTenantError where there is no such tenant."""
        if not repository.tenant_exists(transaction, tenant_id):
            raise UnknownTenantError("There is no such tenant.", tenant_id=tenant_id)

    def note_import(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        tenant_id: str,
        counts: Mapping[str, int],
    ) -> None:
        """Write down that a table was imported: how many entries it made and changed, and how many stood so already."""
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action="watch.imported",
            tenant_id=tenant_id,
            details={
                "added": counts.get("add", 0),
                "changed": counts.get("change", 0),
                "unchanged": counts.get("nothing", 0),
            },
        )

    def note(
        self,
        transaction: Transaction,
        principal: Principal,
        address: str,
        action: str,
        watch: Watch,
    ) -> None:
        """Write down what was done to an entry."""
        self._audit.append(
            transaction,
            actor=principal.actor(address),
            action=action,
            subject=f"watch:{watch.watch_id}",
            tenant_id=watch.tenant_id,
            details={
                "level": watch.level.value,
                "expires_us": watch.expires_us,
                SEALED: self._words.close(plate=watch.plate, reason=watch.reason),
            },
        )


def _require(principal: Principal, roles: frozenset[Role]) -> None:
    if principal.role not in roles:
        raise NotPermittedError("Your role does not allow this.")


def _seen(principal: Principal, watch: Watch | None) -> Watch:
    if watch is None or not principal.may_see_tenant(watch.tenant_id):
        raise UnknownWatchError("There is no such entry of the watchlist.")
    return watch


def find_whole_plate(text: str) -> Plate | None:
    """Return the plate in *text*, None = there is not just one; unlike a camera's reading, nothing of it is cut away in silence."""
    if set(text) & {"?", "*"} or len(text) > MAX_TEXT or len(normalised(text)) > MAX_PLATE:
        return None
    return read_plate(text)


def _whole_plate(text: str) -> Plate:
    plate = find_whole_plate(text)
    if plate is None:
        fault = {"path": "placa", "message": "must be one whole plate, without ? and *"}
        raise InvalidInputError("The entry is not right.", faults=[fault])
    return plate


def _check(watch: Watch, now_us: int, *, is_end_new: bool) -> None:
    faults = []
    if not SHORTEST_REASON <= len(watch.reason) <= LONGEST_REASON:
        message = f"needs {SHORTEST_REASON} to {LONGEST_REASON} characters"
        faults.append({"path": "reason", "message": message})
    if is_end_new and watch.is_over(now_us):
        faults.append({"path": "expires_at", "message": "lies in the past"})
    if faults:
        raise InvalidInputError("The entry is not right.", faults=faults)
