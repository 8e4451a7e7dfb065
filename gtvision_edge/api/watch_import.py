"""A whole table for the watchlist. Fields in Portuguese are the customer's."""

from collections import Counter
from datetime import tzinfo
from typing import Annotated, Literal

from pydantic import Field

from gtvision_edge.accounts.errors import UnknownTenantError
from gtvision_edge.api.routing import EDITORS, Answer, Body, Call, Endpoint
from gtvision_edge.detections.watchlist.importing import LineOutcome, WatchImport
from gtvision_edge.detections.watchlist.table import MAX_CHARACTERS, MAX_LINES, read_watch_table
from gtvision_edge.runtime.timestamps import to_rfc3339

Level = Literal["info", "warning", "critical"]


class WatchImportBody(Body):
    text: Annotated[str, Field(max_length=MAX_CHARACTERS)]
    """The table, a line a plate: placa, motivo, nível, validade; between them semicolons, tabs or commas. A first line of headings (placa, motivo, nivel, validade, or plate, reason, level, expires) may put them in another order. An expiry is the last day on which it alerts (31/12/2026), or a moment with an offset; empty = never."""
    dry_run: bool = True
    """true = say what each line would do, and do nothing."""
    tenant_id: Annotated[str, Field(max_length=40)] | None = None
    """For who belongs to the whole site; absent = the tenant "default"."""


class LineFaultAnswer(Answer):
    path: Literal["placa", "reason", "level", "expires_at", "line"]
    code: Literal[
        "no_plate",
        "twice",
        "reason_length",
        "unknown_level",
        "unknown_day",
        "past",
        "too_many_cells",
    ]
    message: str


class ImportedLine(Answer):
    line: int
    """As a text editor counts it, from 1."""
    placa: str
    """As it will stand on the list; where it is wrong, as it was written."""
    does: Literal["add", "change", "nothing", "fault"]
    reason: str | None
    level: Level | None
    expires_at: str | None
    """The entry as it is afterwards; null where the line is wrong."""
    faults: list[LineFaultAnswer]


class WatchImportAnswer(Answer):
    dry_run: bool
    added: int
    changed: int
    unchanged: int
    wrong: int
    """Lines with faults; one is enough for nothing to be imported."""
    lines: list[ImportedLine]


def watch_import_endpoints(tables: WatchImport, zone: tzinfo) -> list[Endpoint]:
    """Return ``/watchlist/import``; days are those of *zone*."""

    async def take(call: Call) -> WatchImportAnswer:
        body = call.body_as(WatchImportBody)
        outcomes = await tables.run(
            call.principal,
            read_watch_table(body.text, zone),
            tenant_id=body.tenant_id,
            is_trial=body.dry_run,
            address=call.address,
        )
        counts = Counter(outcome.does for outcome in outcomes)
        return WatchImportAnswer(
            dry_run=body.dry_run,
            added=counts["add"],
            changed=counts["change"],
            unchanged=counts["nothing"],
            wrong=counts["fault"],
            lines=[_line(outcome) for outcome in outcomes],
        )

    return [
        Endpoint(
            "POST",
            "/watchlist/import",
            take,
            "Take a table of plates into the watchlist, all of it or nothing",
            "plates out",
            EDITORS,
            body=WatchImportBody,
            response=WatchImportAnswer,
            errors=(UnknownTenantError,),
            description=(
                f"At most {MAX_LINES} lines. Plates that are on the list, in either form, get what the table says of them; "
                "entries that it does not name stay as they are."
            ),
        )
    ]


def _line(outcome: LineOutcome) -> ImportedLine:
    watch = outcome.watch
    expires_us = watch.expires_us if watch else None
    return ImportedLine(
        line=outcome.number,
        placa=outcome.plate[:64],
        does=outcome.does,
        reason=watch.reason if watch else None,
        level=watch.level.value if watch else None,
        expires_at=None if expires_us is None else to_rfc3339(expires_us),
        faults=[
            LineFaultAnswer.model_validate(fault, from_attributes=True) for fault in outcome.faults
        ],
    )
