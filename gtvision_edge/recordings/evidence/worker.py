"""The export's process: reads its order from stdin, tells how far it is on stdout, one JSON object a line.

The daemon kills it to cancel; it ends by itself when the daemon is gone. It is nice in CPU and disk: recording goes first.
"""

import contextlib
import ctypes
import json
import os
import pickle
import platform
import signal
import sys
import threading
import time
import traceback
from typing import Any, Final

from gtvision_edge.errors import EdgeError
from gtvision_edge.recordings.evidence.assembly import assemble
from gtvision_edge.recordings.evidence.model import Order, Progress

_REPORT_EACH_S: Final = 0.25
_PR_SET_PDEATHSIG: Final = 1
_NICE: Final = 10
_IDLE_DISK: Final = 3 << 13
_IOPRIO_SET: Final = {"x86_64": 251, "aarch64": 30}
_NO_SPACE: Final = 28
_MAX_FACTS: Final = 4000
"""Characters of message and facts: the parent reads lines of 64 KiB at most, and a check can find thousands of faults."""


def main() -> None:
    """Do the order; the last line is the result or what went wrong."""
    _die_with_parent()
    _be_nice()
    # From our own parent, over a pipe nobody else has.
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        bundle = assemble(order, _Reporter().report)
    except EdgeError as error:
        facts = json.dumps(error.details, default=str)[:_MAX_FACTS]
        _say({"error": error.code, "message": error.message[:_MAX_FACTS], "facts": facts})
    except OSError as error:
        code = "export_no_space" if error.errno == _NO_SPACE else "export_failed"
        _say({"error": code, "message": f"{error.strerror}: {error.filename}"})
    except Exception as error:  # noqa: BLE001 -- the daemon logs what stands on stderr, and makes the next one
        traceback.print_exc()
        _say(
            {"error": "export_failed", "message": f"{type(error).__name__} in the export's process"}
        )
    else:
        _say({"size_bytes": bundle.size_bytes, "sha256": bundle.sha256.hex()})


class _Reporter:
    def __init__(self) -> None:
        self._step = ""
        self._at = 0.0

    def report(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.step == self._step and now - self._at < _REPORT_EACH_S:
            return
        self._step, self._at = progress.step, now
        _say(
            {
                "step": progress.step,
                "done_bytes": progress.done_bytes,
                "total_bytes": progress.total_bytes,
            }
        )


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()


def _end_with_stdin() -> None:
    # The parent keeps it open while it lives; the signal below covers the same where the kernel sends it.
    # Not by sys.stdin.buffer: its lock would be held for ever, and the interpreter cannot end while it is.
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _die_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it died before


def _be_nice() -> None:
    with contextlib.suppress(OSError):  # a hardened unit may forbid it
        os.nice(_NICE)
    number = _IOPRIO_SET.get(platform.machine())
    if number is not None:
        ctypes.CDLL(None).syscall(number, 1, 0, _IDLE_DISK)


if __name__ == "__main__":
    main()
