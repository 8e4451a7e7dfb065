"""``python -m tests.faults.clocked_daemon CLOCK ARGUMENTS…``: the program with a clock that is turned from outside.

CLOCK is a JSON file: ``passed_s`` went by on both clocks, ``stepped_s`` on the wall clock alone. It is read where somebody begins to
sleep, never between two looks at the clocks.
"""

import json
import sys
from functools import partial
from pathlib import Path

from gtvision_edge import cli
from gtvision_edge.app import run
from gtvision_edge.runtime.clock import SystemClock


class TurnedClock(SystemClock):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = (0.0, 0.0)

    def now_us(self) -> int:
        return super().now_us() + round(sum(self._state) * 1_000_000)

    def monotonic(self) -> float:
        return super().monotonic() + self._state[0]

    async def sleep(self, seconds: float) -> None:
        found = json.loads(self._path.read_text(encoding="utf-8"))
        self._state = (float(found["passed_s"]), float(found["stepped_s"]))
        await super().sleep(seconds)


if __name__ == "__main__":
    vars(cli)["run"] = partial(run, clock=TurnedClock(Path(sys.argv[1])))
    cli.main(sys.argv[2:])
