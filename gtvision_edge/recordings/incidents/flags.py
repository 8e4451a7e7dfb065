"""The flag ``segments.held``, which follows from the incidents: set and taken off in small commits, made right after a kill."""

from typing import Final

from gtvision_edge.recordings.incidents import repository
from gtvision_edge.recordings.incidents.model import Incident
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database

SETTLE_EVERY_S: Final = 6 * 3600.0
_LOOK_BACK_US: Final = 30 * 86_400_000_000


class HoldFlags:
    """Keeps the flags as the incidents want them. Others' commits come between its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def follow(self, incident: Incident) -> int:
        """Flag what *incident* holds, or free what it held; return how many segments changed."""
        some = repository.hold_some if incident.is_open else repository.free_some
        total = 0
        while changed := await self._database.write(
            lambda transaction: some(transaction, incident)
        ):
            total += changed
        return total

    async def run(self) -> None:
        """Make right what a kill left half done, at the start and now and then, until cancelled."""
        while True:
            await self.settle()
            await self._clock.sleep(SETTLE_EVERY_S)

    async def settle(self) -> None:
        since_us = self._clock.now_us() - _LOOK_BACK_US
        for incident in await repository.fetch_unsettled(self._database, since_us):
            await self.follow(incident)
