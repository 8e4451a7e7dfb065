"""The watchlist as other people keep it: a table, as spreadsheets write and paste it."""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from gtvision_edge.detections.model import WatchLevel
from gtvision_edge.errors import InvalidInputError
from gtvision_edge.runtime.timestamps import from_datetime

MAX_LINES: Final = 1000
MAX_CHARACTERS: Final = 400_000
_LONGEST_LINE: Final = 10_000
"""A plate, its reason and an expiry are a tenth of it; the table of a program is none of ours."""

Column = Literal["placa", "reason", "level", "expires_at"]

_ORDER: Final[tuple[Column, ...]] = ("placa", "reason", "level", "expires_at")
"""Of a table without headings."""
_HEADINGS: Final[Mapping[str, Column]] = {
    "placa": "placa",
    "plate": "placa",
    "motivo": "reason",
    "reason": "reason",
    "nivel": "level",
    "level": "level",
    "validade": "expires_at",
    "vale ate": "expires_at",
    "expires": "expires_at",
    "expires_at": "expires_at",
}
_LEVELS: Final[Mapping[str, WatchLevel]] = {
    "info": WatchLevel.INFO,
    "informacao": WatchLevel.INFO,
    "warning": WatchLevel.WARNING,
    "atencao": WatchLevel.WARNING,
    "critical": WatchLevel.CRITICAL,
    "critico": WatchLevel.CRITICAL,
    "urgente": WatchLevel.CRITICAL,
}
_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})|(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with a line. *path*: the column, or ``line``; *code* is stable, *message* for people."""

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line, as it was written. *given*: the columns that the table has; of the others nothing is wished."""

    number: int
    """As a text editor counts it."""
    plate: str
    reason: str
    level: WatchLevel | None
    expires_us: int | None
    given: frozenset[Column]
    faults: tuple[LineFault, ...]


def read_watch_table(text: str, zone: tzinfo) -> list[TableLine]:
    """Return the lines of a table with plate, reason, level and expiry; empty ones are left out.

    Between cells stand semicolons, tabs or commas. The first line may be headings, in Portuguese or English and in any order;
    without them the columns stand as named here. A level is ``info``, ``warning`` or ``critical``, or its Portuguese word; none is
    left to whom it is for. An expiry is the last day on which it alerts, in *zone* (``31/12/2026``, ``2026-12-31``), or a moment
    with an offset (RFC 3339); empty = none.

    Raises:
        InvalidInputError: no table: too large, empty, or without a column for plates or reasons.

    """
    if len(text) > MAX_CHARACTERS:
        raise _no_table(f"has more than {MAX_CHARACTERS} characters")
    lines = text.removeprefix("\ufeff").splitlines()
    if any(len(line) > _LONGEST_LINE for line in lines):
        raise _no_table(f"has a line of more than {_LONGEST_LINE} characters")
    filled = [number for number, line in enumerate(lines) if line.strip(" ;,\t")]
    if not filled:
        raise _no_table("is empty")
    delimiter = _delimiter_of(lines[filled[0]])
    columns = _headings_of(_cells(lines[filled[0]], delimiter))
    if columns is not None:
        del filled[0]
        if not {"placa", "reason"} <= set(columns):
            raise _no_table("has no column for plates (placa) or for reasons (motivo)")
    if len(filled) > MAX_LINES:
        raise _no_table(f"has more than {MAX_LINES} lines")
    if not filled:
        raise _no_table("is empty")
    order = columns or _ORDER
    return [
        _read_line(number + 1, _cells(lines[number], delimiter), order, zone) for number in filled
    ]


def _no_table(message: str) -> InvalidInputError:
    return InvalidInputError(
        "This is no table of plates.", faults=[{"path": "text", "message": message}]
    )


def _delimiter_of(line: str) -> str:
    return next((each for each in (";", "\t") if each in line), ",")


def _cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of *line*; a quote that is not closed ends with it, so one line never swallows the next."""
    row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in row]


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def _headings_of(cells: Sequence[str]) -> Sequence[Column | None] | None:
    """Return which column each cell heads, None = one that is not ours; None for all: these are no headings."""
    known = [_HEADINGS.get(_plain(cell)) for cell in cells]
    return known if any(known) else None


def _read_line(
    number: int, cells: Sequence[str], order: Sequence[Column | None], zone: tzinfo
) -> TableLine:
    faults = []
    if any(cells[len(order) :]):
        message = f"has more than {len(order)} cells"
        faults.append(LineFault("line", "too_many_cells", message))
    values = {
        column: cells[at] if at < len(cells) else ""
        for at, column in enumerate(order)
        if column is not None
    }
    level = None
    if word := values.get("level"):
        level = _LEVELS.get(_plain(word))
        if level is None:
            message = "must be info, warning or critical (informação, atenção, urgente)"
            faults.append(LineFault("level", "unknown_level", message))
    expires_us = None
    if written := values.get("expires_at"):
        try:
            expires_us = _end_of(written, zone)
        except ValueError:
            message = "must be a day such as 31/12/2026, or a moment with an offset"
            faults.append(LineFault("expires_at", "unknown_day", message))
    return TableLine(
        number,
        values.get("placa", ""),
        values.get("reason", ""),
        level,
        expires_us,
        frozenset(values),
        tuple(faults),
    )


def _end_of(text: str, zone: tzinfo) -> int:
    """Return the midnight after a day, or a moment; UTC microseconds.

    Raises:
        ValueError: it is neither.

    """
    found = _DAY.fullmatch(text)
    try:
        if found is None:
            return from_datetime(datetime.fromisoformat(text))
        day, month, year = (
            (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        )
        following = date(int(year), int(month), int(day)) + timedelta(days=1)
        return from_datetime(datetime.combine(following, time(), zone).astimezone(UTC))
    except OverflowError as error:
        raise ValueError(text) from error
