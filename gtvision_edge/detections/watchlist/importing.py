"""Takes a whole table into the watchlist: says first what each line would do, then does all of it or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from gtvision_edge.accounts import Principal
from gtvision_edge.detections.model import Watch, WatchId, WatchLevel
from gtvision_edge.detections.watchlist import repository
from gtvision_edge.detections.watchlist.service import (
    LONGEST_REASON,
    SHORTEST_REASON,
    Watchlist,
    find_whole_plate,
)
from gtvision_edge.detections.watchlist.table import LineFault, TableLine
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.ids import new_uuid7
from gtvision_edge.storage import Database, Transaction

Does = Literal["add", "change", "nothing", "fault"]

_MOST_FAULTS: Final = 50
"""That a refusal lists; who asks beforehand is told all."""


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What a line does. *watch* is the entry as it is afterwards, None where the line is wrong."""

    number: int
    plate: str
    does: Does
    watch: Watch | None = None
    faults: tuple[LineFault, ...] = ()


class WatchImport:
    """Imports tables of plates; every entry that it makes or changes is audited as if it were made by hand, and the table as a whole."""

    def __init__(self, database: Database, watchlist: Watchlist, clock: Clock) -> None:
        self._database = database
        self._watchlist = watchlist
        self._clock = clock

    async def run(
        self,
        principal: Principal,
        lines: Sequence[TableLine],
        *,
        tenant_id: str | None = None,
        is_trial: bool = False,
        address: str = "",
    ) -> list[LineOutcome]:
        """Return what each line does, after all of it was done; *is_trial*: nothing is.

        A plate that is not on the tenant's list comes onto it; one that is there, in either form, gets what the table says of it.
        Entries that the table does not name stay as they are.

        Raises:
            NotPermittedError, UnknownTenantError: as for :meth:`Watchlist.add`.
            InvalidInputError: a line is wrong, and it was no trial.

        """
        owner = self._watchlist.owner_for(principal, tenant_id)

        def write(transaction: Transaction) -> list[LineOutcome]:
            self._watchlist.require_tenant(transaction, owner)
            outcomes = self._plan(transaction, principal, lines, owner)
            if is_trial:
                return outcomes
            _refuse_faults(outcomes)
            for outcome in outcomes:
                if outcome.watch is not None:
                    self._apply(transaction, principal, outcome.watch, outcome.does, address)
            counts = Counter[str](outcome.does for outcome in outcomes)
            self._watchlist.note_import(transaction, principal, address, owner, counts)
            return outcomes

        return await self._database.write(write)

    def _apply(
        self, transaction: Transaction, principal: Principal, watch: Watch, does: Does, address: str
    ) -> None:
        if does == "add":
            repository.insert_watch(transaction, watch)
            self._watchlist.note(transaction, principal, address, "watch.created", watch)
        elif does == "change":
            repository.update_watch(transaction, watch)
            self._watchlist.note(transaction, principal, address, "watch.changed", watch)

    def _plan(
        self,
        transaction: Transaction,
        principal: Principal,
        lines: Sequence[TableLine],
        owner: str,
    ) -> list[LineOutcome]:
        now_us = self._clock.now_us()
        plates = [find_whole_plate(line.plate) for line in lines]
        vehicles = [plate.vehicle for plate in plates if plate is not None]
        known = repository.find_watches_of(transaction, [(owner, each) for each in vehicles])
        first_of: dict[str, int] = {}
        outcomes = []
        for line, plate in zip(lines, plates, strict=True):
            faults = [*line.faults, *_faults_of(line, now_us)]
            if plate is None:
                message = "must be one whole plate, without ? and *"
                faults.append(LineFault("placa", "no_plate", message))
                outcomes.append(LineOutcome(line.number, line.plate, "fault", None, tuple(faults)))
                continue
            first = first_of.setdefault(plate.vehicle, line.number)
            if first != line.number:
                message = f"is the vehicle of line {first}"
                faults.append(LineFault("placa", "twice", message))
            if faults:
                outcomes.append(LineOutcome(line.number, plate.text, "fault", None, tuple(faults)))
                continue
            before = known.get((owner, plate.vehicle))
            if before is None:
                watch = Watch(
                    watch_id=WatchId(new_uuid7(self._clock)),
                    tenant_id=owner,
                    plate=plate.text,
                    vehicle=plate.vehicle,
                    reason=line.reason,
                    level=line.level or WatchLevel.WARNING,
                    expires_us=line.expires_us,
                    created_by=principal.user_id,
                    created_us=now_us,
                    updated_us=now_us,
                )
                outcomes.append(LineOutcome(line.number, watch.plate, "add", watch))
            else:
                outcomes.append(_changed(line, before, now_us))
        return outcomes


def _changed(line: TableLine, before: Watch, now_us: int) -> LineOutcome:
    wanted = replace(
        before,
        reason=line.reason,
        level=line.level or before.level,
        expires_us=line.expires_us if "expires_at" in line.given else before.expires_us,
    )
    if wanted == before:
        return LineOutcome(line.number, before.plate, "nothing", before)
    return LineOutcome(line.number, before.plate, "change", replace(wanted, updated_us=now_us))


def _faults_of(line: TableLine, now_us: int) -> list[LineFault]:
    faults = []
    if not SHORTEST_REASON <= len(line.reason) <= LONGEST_REASON:
        message = f"needs {SHORTEST_REASON} to {LONGEST_REASON} characters"
        faults.append(LineFault("reason", "reason_length", message))
    if line.expires_us is not None and line.expires_us <= now_us:
        faults.append(LineFault("expires_at", "past", "lies in the past"))
    return faults


def _refuse_faults(outcomes: Sequence[LineOutcome]) -> None:
    faults: list[Mapping[str, str]] = [
        {"path": f"line {outcome.number}, {fault.path}", "message": fault.message}
        for outcome in outcomes
        for fault in outcome.faults
    ]
    if faults:
        raise InvalidInputError(
            "Some lines are wrong; nothing was imported.", faults=faults[:_MOST_FAULTS]
        )
