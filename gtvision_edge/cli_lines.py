"""How the command line tells of a line that leads out of the site."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from gtvision_edge.runtime.timestamps import to_rfc3339

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

EXIT_FAILED: Final = 1


def tell(
    report: "DataclassInstance", lines: Sequence[str], *, as_json: bool, state: str, parked: int
) -> int:
    """Print a report, for a program or in words; return 0 where the line is well or there is none, and nothing is parked."""
    print(json.dumps(asdict(report), ensure_ascii=False) if as_json else "\n".join(lines))
    return 0 if state in ("up", "off") and not parked else EXIT_FAILED


def oldest_words(oldest_us: int | None) -> str:
    """Return what follows on how much waits; '' where nothing does."""
    return "" if oldest_us is None else f", the oldest since {to_rfc3339(oldest_us)}"
