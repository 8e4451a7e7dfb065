"""``python -m tests.faults.indexing_process DIRECTORY STEP``: index a volume, and die by SIGKILL at the given step (0 = never).

A step is before a write to the database, inside its transaction after everything was said, or after its commit.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from gtvision_edge.media.model import PathView
from gtvision_edge.recordings.indexing.hashing import Hasher
from gtvision_edge.recordings.indexing.indexer import Indexer
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database, Transaction, open_database
from tests.fakes.cameras import FakeCamera

CAMERA = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000aaaa", camera_id="cam01")


class MortalDatabase:
    """The real one, whose process dies at one of its steps."""

    def __init__(self, database: Database, dies_at: int) -> None:
        self._database = database
        self._dies_at = dies_at
        self.steps = 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    async def write(self, work: Any) -> Any:
        def mortal(transaction: Transaction) -> Any:
            result = work(transaction)
            self._step()
            return result

        self._step()
        result = await self._database.write(mortal)
        self._step()
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class Site:
    def all_cameras(self) -> list[FakeCamera]:
        return [CAMERA]


async def main(directory: Path, dies_at: int) -> None:
    clock = SystemClock()
    volume = directory / "volume"
    async with open_database(directory / "edge.db") as real:
        database: Any = MortalDatabase(real, dies_at)
        indexer = Indexer(
            volume,
            database,
            Site(),
            is_present=lambda: True,
            view=lambda _: PathView(available=False, receiving=False, recording=False),
            bus=EventBus(),
            clock=clock,
        )
        hasher = Hasher(volume, database, is_present=lambda: True, clock=clock)
        await indexer.look_everywhere()
        while await hasher.hash_some():
            pass
        indexer.close()
        hasher.close()
        print(database.steps)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
