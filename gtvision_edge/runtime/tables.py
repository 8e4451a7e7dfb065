"""Tables that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

UTF8_MARK: Final = "\ufeff".encode()
"""By which spreadsheets know UTF-8; a table begins with it."""
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""Also those of full width, which some spreadsheets take for the same."""


def table_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Return *rows* as lines of CSV, with semicolons, as spreadsheets in Brazil expect them."""
    file = io.StringIO()
    csv.writer(file, delimiter=";", lineterminator="\r\n").writerows(
        [list(map(_cell, row)) for row in rows]
    )
    return file.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    """Return *value* so that no spreadsheet runs it: what cameras call a plate comes from strangers."""
    text = str(value)
    return "'" + text if text.lstrip(" ").startswith(_FORMULA) else text
