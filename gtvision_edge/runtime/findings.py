"""What parts tell of that somebody should mend; each part has its own, one list gathers them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """``alarm``: something is lost now, such as recording. ``warning``: it should be mended soon."""

    ALARM = "alarm"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend. *facts* go with the words for the stable *code*; they hold no secret."""

    code: str
    severity: Severity = Severity.WARNING
    facts: Mapping[str, object] = field(default_factory=dict)


FindingSource = Callable[[], Iterable[Finding]]
"""Returns what is wrong now; at once, for it is asked at each look at the box."""
