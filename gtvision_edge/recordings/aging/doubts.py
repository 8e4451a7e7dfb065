"""Notes which times the clock told while it was wrong, so that footage with such times is not taken for old.

A box whose clock has no battery begins in 1970, or a few hours before it was cut off, and is set right later: by a step that is seen,
or between two runs, which nobody sees. What is noted each few seconds while the clock is behind what was known before
outlasts the next power cut.
"""

from typing import Final

import structlog

from gtvision_edge.recordings.aging import repository
from gtvision_edge.recordings.model import DAY_US
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

LEAST_US: Final = 3_600_000_000
"""A clock that is wrong by less makes nothing old."""
NOTE_EVERY_US: Final = 10_000_000
BEFORE_LEAP_US: Final = 2 * DAY_US
"""Of a leap ahead that was not expected nobody knows since when the clock was wrong: not for longer than this."""


class ClockDoubts:
    """Told what the clock says each second. What could not be written down is tried again at the next look."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known_us = 0
        self._doubt_id: int | None = None
        self._noted_us = 0
        self._has_leapt = False
        self._leaps: list[tuple[int, int]] = []

    @property
    def is_written(self) -> bool:
        """Tell whether all that is doubted is written down."""
        return not self._leaps

    async def start(self, now_us: int, known_us: int) -> None:
        """Begin a run at *now_us*; *known_us* is what the database knows to be past."""
        self._known_us = max(known_us, await repository.fetch_known_us(self._database))
        self._doubt_id = None
        if now_us >= self._known_us:
            await self._database.write(repository.doubt_settled)

    def leapt(self, before_us: int, after_us: int) -> None:
        """Say that the clock stood at *before_us* and went ahead to *after_us*, by an hour or more."""
        if self._doubt_id is None:
            self._leaps.append((before_us, after_us))
        else:
            self._has_leapt = True

    async def look(self, now_us: int, *, is_confirmed: bool) -> None:
        """Compare the clock with what is known. *is_confirmed*: a time server keeps it, which counts for more.

        Raises:
            StorageError: it could not be written down.

        """
        while self._leaps:
            await self._note_leap(*self._leaps[0])
            del self._leaps[0]
        if is_confirmed and now_us < self._known_us:
            self._known_us, self._has_leapt = now_us, self._doubt_id is not None
        if self._doubt_id is None:
            if now_us < self._known_us - LEAST_US:
                await self._begin(now_us)
            else:
                self._known_us = max(self._known_us, now_us)
        elif now_us >= self._known_us:
            await self._end(self._doubt_id, now_us)
        elif abs(now_us - self._noted_us) >= NOTE_EVERY_US:
            doubt_id = self._doubt_id
            await self._database.write(
                lambda transaction: repository.extend_doubt(transaction, doubt_id, now_us)
            )
            self._noted_us = now_us

    async def _begin(self, now_us: int) -> None:
        known_us = self._known_us
        self._doubt_id = await self._database.write(
            lambda transaction: repository.insert_doubt(
                transaction, now_us, now_us, known_us=known_us
            )
        )
        self._noted_us = now_us
        log.warning("footage_times_doubted", behind_s=(known_us - now_us) // 1_000_000)

    async def _end(self, doubt_id: int, now_us: int) -> None:
        # By mere passing of time the clock came to what was known: nothing it named is younger than that.
        from_us = now_us if self._has_leapt else self._known_us

        def write(transaction: Transaction) -> None:
            repository.doubt_settled(transaction)
            repository.settle_doubt(transaction, doubt_id, from_us=from_us)

        await self._database.write(write)
        self._doubt_id, self._has_leapt = None, False

    async def _note_leap(self, before_us: int, after_us: int) -> None:
        first_us = before_us - BEFORE_LEAP_US

        def write(transaction: Transaction) -> None:
            repository.insert_doubt(transaction, first_us, before_us, known_us=first_us)
            repository.age_segments(transaction, first_us, before_us, from_us=after_us)

        await self._database.write(write)
