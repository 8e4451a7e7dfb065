"""What becomes of an export; for all who ask whether one is still to be made."""

from enum import StrEnum
from typing import Final


class ExportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ALIVE: Final = frozenset({ExportState.QUEUED, ExportState.RUNNING})
"""Still to be made: what it is made from must stay."""
ALIVE_SQL: Final = ", ".join(f"'{each.value}'" for each in sorted(ALIVE))
"""The same for ``state IN (…)``."""
