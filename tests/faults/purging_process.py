"""`python -m tests.faults.purging_process DIRECTORY STEP`: delete footage there, and die by SIGKILL at that step.

Steps count what touches disk or database; the parent raises the number until the child ends by itself.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.retention import deleter as module
from gtvision_edge.recordings.retention import unlinking
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.keeper import Keeper
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.settings import RecordingSettings, VolumeSettings
from gtvision_edge.storage import Database, open_database
from tests.fakes.recorded_volume import SIZE, RecordedVolume

BATCH = 3
SEGMENTS = 20


class Steps:
    """Kills the process when so many steps were taken."""

    def __init__(self, last: int) -> None:
        self.left = last

    def take(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **words: Any) -> Any:
            self.take()
            return work(*arguments, **words)

        return stepped


class Believed:
    is_trusted = True


class SteppedDatabase(Database):
    steps: Steps

    async def write(self, work: Any) -> Any:
        done = await super().write(work)
        self.steps.take()
        return done


async def main(directory: Path, last: int) -> None:
    steps = Steps(last)
    module.BATCH = BATCH  # type: ignore[misc]  # smaller, for more steps
    unlinking._remove = steps.around(unlinking._remove)
    unlinking.sync_directory = steps.around(unlinking.sync_directory)  # type: ignore[attr-defined]  # imported there
    clock = SystemClock()
    root = directory / "rec"
    async with open_database(directory / "edge.db") as database:
        database.__class__ = SteppedDatabase
        database.steps = steps  # type: ignore[attr-defined]  # of the class above
        index = SegmentIndex(database, root=root)
        volume = RecordedVolume(root, database, index)
        deleter = Deleter(
            index,
            database,
            AuditLog(clock),
            clock,
            root=root,
            is_present=volume.is_present,
            zone=ZoneInfo("UTC"),
        )
        keeper = Keeper(
            index,
            deleter,
            volume=volume,
            trust=Believed(),
            database=database,
            clock=clock,
            settings=RecordingSettings(retain_days=0),
            thresholds=VolumeSettings(reserve="1B"),  # type: ignore[arg-type]  # as it is written
        )
        await keeper.start()
        # Room for so many more is wanted as there are segments too many.
        count = len(await volume.ids())
        too_many = max(0, count - SEGMENTS // 2) * SIZE
        volume.usage = Usage(0, 10**9 - 200 * 10**6 + too_many, 200 * 10**6 - too_many)
        if too_many:
            keeper._thresholds = VolumeSettings.model_construct(
                low_water=0.8, high_water=0.8 + 1e-9, reset=0.9, trip=0.95, reserve=1
            )
        await keeper.keep_house()
        deleter.close()
    print("done")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
