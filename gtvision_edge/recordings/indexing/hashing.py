"""SHA-256 of each finished segment: soon, while the system still has it in memory, and later when the box is busy."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.indexing.repository import (
    count_unhashed,
    fetch_unhashed,
    set_hash,
)
from gtvision_edge.recordings.model import LeanSegment, SegmentId
from gtvision_edge.runtime.background import step_back
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

AT_ONCE = 16
REST_S = 5.0
"""When nothing waits, it is looked again after so long; a file is still warm then."""
BUSY_LOAD = 1.5
"""Runnable processes per core beyond which hashing waits."""
BUSY_PAUSE_S = 10.0
LONGEST_WAIT_S = 900.0
"""A box that is always busy hashes all the same after so long: seals are hourly."""
AGAIN_S = 3600.0
"""A file that cannot be read is tried again after so long."""
CUT_SETTLED_S = 120.0
"""A file that was cut off is hashed when it has not changed for so long."""
BLOCK = 2**20


class Hasher:
    """Works newest first in one thread of low priority. What it cannot read it leaves without hash, and says so by its gauge."""

    def __init__(
        self,
        root: Path,
        database: Database,
        *,
        is_present: Callable[[], bool],
        clock: Clock,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._root = root
        self._database = database
        self._is_present = is_present
        self._clock = clock
        self._thread = ThreadPoolExecutor(
            1, "footage-hash", initializer=step_back, initargs=("footage-hash",)
        )
        self._not_before: dict[SegmentId, float] = {}
        self._worked_at = clock.monotonic()
        registry = registry or CollectorRegistry()
        self._bytes = Counter(
            "gtvision_edge_footage_hashed_bytes", "Bytes of recordings hashed.", registry=registry
        )
        self._waiting = Gauge(
            "gtvision_edge_segments_unhashed",
            "Segments that wait for their hash.",
            registry=registry,
        )

    async def run(self) -> None:
        """Hash until cancelled."""
        while True:
            if self._is_busy() or not self._is_present():
                await self._clock.sleep(BUSY_PAUSE_S)
            elif await self.hash_some() == 0:
                self._waiting.set(await count_unhashed(self._database))
                await self._clock.sleep(REST_S)

    async def hash_some(self) -> int:
        """Hash the newest that wait; return how many were done."""
        waiting = await fetch_unhashed(self._database, AT_ONCE + len(self._not_before))
        now = self._clock.monotonic()
        self._worked_at = now
        self._not_before = {each: at for each, at in self._not_before.items() if at > now}
        done = 0
        for segment, directory, is_cut in waiting:
            if segment.segment_id in self._not_before:
                continue
            path = self._root / directory / segment_file(segment.name_us)
            sha256, again_s = await asyncio.get_running_loop().run_in_executor(
                self._thread, _hash, path, segment, is_cut
            )
            if sha256 is None:
                self._not_before[segment.segment_id] = now + again_s
                continue
            await self._database.write(_noting(segment, sha256))
            self._bytes.inc(segment.size_bytes)
            done += 1
        return done

    def close(self) -> None:
        """Let the thread go without waiting for a disk that hangs."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _is_busy(self) -> bool:
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
        return load > BUSY_LOAD and self._clock.monotonic() - self._worked_at < LONGEST_WAIT_S


def _hash(path: Path, segment: LeanSegment, is_cut: bool) -> tuple[bytes | None, float]:  # noqa: FBT001 -- handed over by position
    """Return the file's hash; None when it is not the file of the row, with how long to wait for the next try."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None, AGAIN_S
    try:
        found = os.fstat(descriptor)
        if is_cut and abs(time.time() - found.st_mtime) < CUT_SETTLED_S:
            return None, CUT_SETTLED_S
        digest = hashlib.sha256()
        left = found.st_size
        while left > 0 and (block := os.read(descriptor, min(BLOCK, left))):
            digest.update(block)
            left -= len(block)
        after = os.fstat(descriptor)
        if (after.st_size, after.st_mtime_ns) != (segment.size_bytes, found.st_mtime_ns) or left:
            log.warning("segment_not_as_indexed", segment_id=segment.segment_id)
            return None, AGAIN_S
        return digest.digest(), 0.0
    except OSError:
        return None, AGAIN_S
    finally:
        os.close(descriptor)


def _noting(segment: LeanSegment, sha256: bytes) -> Callable[[Transaction], None]:
    return lambda transaction: set_hash(transaction, segment, sha256)
