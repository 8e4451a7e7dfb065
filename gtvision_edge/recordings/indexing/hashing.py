"""SHA-256 of each finished segment: soon, while the system still has it in memory, and slower when the box is busy."""

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
from gtvision_edge.runtime.findings import Finding
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

AT_ONCE = 16
BUSY_AT_ONCE = 2
REST_S = 5.0
"""When nothing waits, it is looked again after so long; a file is still warm then."""
AWAY_PAUSE_S = 10.0
BUSY_LOAD = 1.5
"""Runnable processes per core beyond which hashing rests."""
BUSY_REST = 4.0
"""On a busy box it rests so many times as long as it worked: never less than a fifth of the time is its own."""
DUE_REST = 1.0
"""The same when a file has waited for DUE_S."""
DUE_S = 900.0
PROMISED_S = 3600.0
"""Seals are hourly: what waits longer is told."""
AGAIN_S = 3600.0
"""A file that cannot be read is tried again after so long."""
CUT_SETTLED_S = 120.0
"""A file that was cut off is hashed when it has not changed for so long."""
BLOCK = 2**20


def load_per_core() -> float:
    """Return how many processes per core wanted to run within the last minute."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def rest_after(spent_s: float, *, load: float, waited_s: float) -> float:
    """Return the seconds to rest after *spent_s* of work, at *load* per core, when the oldest file has waited for *waited_s*."""
    if load <= BUSY_LOAD:
        return 0.0
    return spent_s * (DUE_REST if waited_s >= DUE_S else BUSY_REST)


class Hasher:
    """Works from both ends in one thread of low priority: the newest are in memory still, the oldest have waited longest.

    What it cannot read it leaves without hash, and says so by its gauge.
    """

    def __init__(
        self,
        root: Path,
        database: Database,
        *,
        is_present: Callable[[], bool],
        clock: Clock,
        load: Callable[[], float] = load_per_core,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._root = root
        self._database = database
        self._is_present = is_present
        self._clock = clock
        self._load = load
        self._thread = ThreadPoolExecutor(
            1, "footage-hash", initializer=step_back, initargs=("footage-hash",)
        )
        self._not_before: dict[SegmentId, float] = {}
        self._oldest_us: int | None = None
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
        counted_at = -REST_S
        while True:
            if not self._is_present():
                await self._clock.sleep(AWAY_PAUSE_S)
                continue
            began, load = self._clock.monotonic(), self._load()
            done = await self.hash_some(BUSY_AT_ONCE if load > BUSY_LOAD else AT_ONCE)
            spent_s = self._clock.monotonic() - began
            await self.look()
            if done == 0 or began >= counted_at + REST_S:
                counted_at = began
                self._waiting.set(await count_unhashed(self._database))
            rest_s = rest_after(spent_s, load=load, waited_s=self._waited_s()) if done else REST_S
            await self._clock.sleep(rest_s)

    async def look(self) -> None:
        """Note for how long the oldest has waited."""
        waiting = await fetch_unhashed(self._database, 1 + len(self._not_before), oldest=True)
        ends_us = (each.end_us for each, _, _ in waiting if each.segment_id not in self._not_before)
        self._oldest_us = next(ends_us, None)

    def findings(self) -> list[Finding]:
        """Tell when a file that can be read has waited for longer than the seals promise."""
        waited_s = self._waited_s()
        if waited_s <= PROMISED_S or not self._is_present():
            return []
        return [Finding("hashing_behind", facts={"hours": int(waited_s // 3600)})]

    async def hash_some(self, at_once: int = AT_ONCE) -> int:
        """Hash so many of those that wait, half of them the newest and half the oldest; return how many were done."""
        now = self._clock.monotonic()
        self._not_before = {each: at for each, at in self._not_before.items() if at > now}
        done = 0
        for segment, directory, is_cut in await self._next(at_once):
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

    async def _next(self, count: int) -> list[tuple[LeanSegment, str, bool]]:
        chosen: dict[SegmentId, tuple[LeanSegment, str, bool]] = {}
        for oldest, wanted in ((False, count - count // 2), (True, count)):
            found = await fetch_unhashed(
                self._database, count + len(self._not_before), oldest=oldest
            )
            for each in found:
                segment_id = each[0].segment_id
                if len(chosen) < wanted and segment_id not in self._not_before:
                    chosen[segment_id] = each
        return list(chosen.values())

    def _waited_s(self) -> float:
        if self._oldest_us is None:
            return 0.0
        return (self._clock.now_us() - self._oldest_us) / 1_000_000


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
