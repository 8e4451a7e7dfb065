"""Whether the machine was booted since the program ran last, or only the program was started again."""

from pathlib import Path
from typing import Final

import structlog

from gtvision_edge.runtime.durable import write_whole

log = structlog.get_logger(__name__)

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
"""Another one at each boot of a Linux machine; containers have that of their host."""
MARK: Final = "boot.id"


def was_booted(state_dir: Path, *, boot_id: Path = BOOT_ID) -> bool:
    """Tell whether the machine was booted since this was asked before, and note the present boot in *state_dir*.

    False also where that is not known: at the first start, or on a system without such an id. Blocks: call it in a thread.
    """
    mark = state_dir / MARK
    try:
        present = boot_id.read_bytes().strip()
    except OSError:
        return False
    try:
        before = mark.read_bytes().strip()
    except OSError:
        before = b""
    if before != present:
        try:
            write_whole(mark, present + b"\n")
        except OSError as error:  # a full disk keeps nothing from starting
            log.warning("boot_not_noted", path=str(mark), reason=error.strerror)
    return bool(before) and before != present
