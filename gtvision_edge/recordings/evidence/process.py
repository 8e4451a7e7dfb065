"""Starts the export's process, hears how far it is, and ends it."""

import asyncio
import contextlib
import json
import os
import pickle
import sys
from collections.abc import Callable
from typing import Any, Final

from gtvision_edge.recordings.evidence.errors import ExportFailedError
from gtvision_edge.recordings.evidence.model import Bundle, Order, Progress

_MAX_LINE: Final = 2**16
_MAX_TROUBLE: Final = 4000


async def run_export(order: Order, heard: Callable[[Progress], None]) -> Bundle:
    """Have a child process make the bundle of *order* and return what it is; cancelling kills the child.

    Raises:
        ExportFailedError: there is no bundle, ``details["failure"]`` is the code of why. What the child left of its draft stays.

    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "gtvision_edge.recordings.evidence.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
        limit=_MAX_LINE,
    )
    try:
        content = await asyncio.to_thread(pickle.dumps, order)
        result, trouble = await _talk(process, content, heard)
        await process.wait()
    finally:
        await _end(process)
    if "sha256" in result:
        return Bundle(order.draft.name, int(result["size_bytes"]), bytes.fromhex(result["sha256"]))
    if "error" in result:
        raise ExportFailedError(
            str(result["message"]), failure=str(result["error"])
        ) from RuntimeError(result.get("facts") or trouble)
    raise ExportFailedError(
        f"The export's process ended by itself ({process.returncode}).", failure="export_failed"
    ) from RuntimeError(trouble)


async def _talk(
    process: asyncio.subprocess.Process, content: bytes, heard: Callable[[Progress], None]
) -> tuple[dict[str, Any], str]:
    assert process.stdin is not None  # noqa: S101 -- asked for above
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    reading = asyncio.create_task(  # awaited below; a full pipe would stop the child
        _tail(process.stderr), name="export-trouble"
    )
    result: dict[str, Any] = {}
    try:
        with contextlib.suppress(ConnectionError):  # it died already: its last words tell
            process.stdin.write(content)
            await process.stdin.drain()
        async for line in process.stdout:
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if "step" in said:
                    heard(Progress(said["step"], said["done_bytes"], said["total_bytes"]))
                else:
                    result = said
        return result, await reading
    except ValueError as error:  # of the stream: a line longer than _MAX_LINE
        raise ExportFailedError(
            "The export's process said more in a line than it may.", failure="export_failed"
        ) from error
    finally:
        reading.cancel()


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while data := await stream.read(_MAX_LINE):
        kept = (kept + data)[-_MAX_TROUBLE:]
    return kept.decode("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
