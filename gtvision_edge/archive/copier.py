"""Does at the store what is owed to it, and never gives up. What is owed stands in the database, so nothing has to be restored.

Whether a try failed by the object's fault or by the store's is found out by knocking: writing something small. When the store takes
that, the object's try counts and it is put off, and after :data:`PARK_AT` of them parked; when it does not, everything waits and nothing counts.
Keys are made of contents and the store compares checksums, so what is done twice is the same; what may have been done before a stop is
looked for first, so that it is not.
"""

import asyncio
import random
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from gtvision_edge.archive import repository
from gtvision_edge.archive.errors import (
    ArchiveRefusedError,
    ArchiveUnreachableError,
    FileToCopyError,
)
from gtvision_edge.archive.files import FilesToCopy
from gtvision_edge.archive.model import AT_ONCE, Act, Kind, Owed, StoreState
from gtvision_edge.archive.store import Connect, CopyStore, place_of
from gtvision_edge.audit import SYSTEM, AuditLog
from gtvision_edge.lines.standing import Standing
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.put_back import PutBack
from gtvision_edge.runtime.waking import sleep_or_wake
from gtvision_edge.settings import ArchiveSettings
from gtvision_edge.storage import Database, Transaction

log = structlog.get_logger(__name__)

IDLE_S: Final = 2.0
"""Between two looks at what is owed when nothing is being done."""
KNOCK_DELAY_S: Final = (2.0, 300.0)
"""Between two knocks at a store that takes nothing; doubles up to the second."""
REFUSED_DELAY_S: Final = 60.0
"""Somebody must do something first."""
DELAY_S: Final = (30.0, 3600.0)
"""Until an object that failed is tried again; doubles up to the second."""
PARK_AT: Final = 10
PARK_FILE_AT: Final = 3
"""A file that is gone or changed does not come back by itself."""


class Copier:
    """Works off what is owed. Run :meth:`run` as a service; ``connect`` makes the store anew at each knock, with its keys as they are then."""

    def __init__(
        self,
        settings: ArchiveSettings,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        connect: Connect,
        files: FilesToCopy,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._audit = audit
        self._clock = clock
        self._connect = connect
        self._files = files
        self._store: CopyStore | None = None
        self._knocking = asyncio.Lock()
        self._knocks = 0
        self._failures = 0
        """Knocks in a row that were not answered well."""
        self._next_knock = float("-inf")
        self._running: dict[tuple[Kind, str], Owed] = {}
        self._older = 0
        """Acts up to this ``seq`` were owed before this start: they may have been done."""
        self._doubtful: set[int] = set()
        """Acts of this start that may have been done, though the store did not say so."""
        self._standing = Standing(
            StoreState.UNKNOWN if settings.bucket else StoreState.OFF, clock.now_us()
        )
        self._more = asyncio.Event()
        self._put_back = PutBack(clock)
        registry = registry or CollectorRegistry()
        self._done = Counter(
            "gtvision_edge_archive_done",
            "Acts that the object store confirmed",
            ["kind", "act"],
            registry=registry,
        )
        self._failed = Counter(
            "gtvision_edge_archive_failed",
            "Tries at the object store that failed, by whose fault it was: store, object or file",
            ["fault"],
            registry=registry,
        )
        self._up = Gauge(
            "gtvision_edge_archive_up", "1 = the object store takes copies", registry=registry
        )

    @property
    def standing(self) -> Standing[StoreState]:
        return self._standing

    def wake(self) -> None:
        """Have what is owed looked at now."""
        self._more.set()

    async def run(self) -> None:
        """Work until cancelled."""
        if not self._settings.bucket:
            await asyncio.Event().wait()
        await self._begin()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._more.clear()
                if self._put_back.is_news():
                    await self._database.write(
                        lambda found: repository.bring_forward(found, self._clock.now_us(), 0)
                    )
                if self._store is None and self._clock.monotonic() >= self._next_knock:
                    await self._knock(self._knocks)
                if self._store is not None:
                    await self._start_due(tasks, self._store)
                await sleep_or_wake(self._clock, self._pause(), self._more)

    async def _begin(self) -> None:
        """Take up what an earlier start left."""
        self._running.clear()
        self._store = None
        self._next_knock = float("-inf")
        self._older = await repository.last_seq(self._database)
        longest_us = round(2 * DELAY_S[1] * 1e6)
        place = place_of(self._settings)

        def write(transaction: Transaction) -> None:
            repository.bring_forward(transaction, self._clock.now_us(), longest_us)
            left = repository.move_to(transaction, place)
            if left is None:
                return
            before, copies, removals = left
            self._audit.append(
                transaction,
                actor=SYSTEM,
                action="archive.store_changed",
                subject="archive",
                details={
                    "before": before,
                    "now": place,
                    "copies_left": copies,
                    "removals_left": removals,
                },
            )

        await self._database.write(write)

    def _pause(self) -> float:
        if self._store is not None:
            return IDLE_S
        return max(0.1, min(self._next_knock - self._clock.monotonic(), KNOCK_DELAY_S[1]))

    async def _start_due(self, tasks: asyncio.TaskGroup, store: CopyStore) -> None:
        for kind, at_once in AT_ONCE.items():
            busy = [name for of, name in self._running if of is kind]
            if len(busy) >= at_once:
                continue
            found = await repository.fetch_due(
                self._database, kind, self._clock.now_us(), at_once - len(busy), but=busy
            )
            for owed in found:
                self._running[kind, owed.name] = owed
                tasks.create_task(self._work(store, owed), name=f"archive-{kind}")

    async def _work(self, store: CopyStore, owed: Owed) -> None:
        try:
            await self._do(store, owed)
            await self._settle(owed)
        except FileToCopyError as error:
            await self._put_off(owed, str(error.details["reason"]), "file")
        except (ArchiveRefusedError, ArchiveUnreachableError) as error:
            self._doubtful.add(owed.seq)
            if await self._knock(self._knocks):
                await self._put_off(owed, str(error.details.get("reason", "")), "object")
            else:
                self._failed.labels("store").inc()
        except Exception:  # one object's trouble is no other's
            log.exception("archive_failed", kind=owed.kind.value, name=owed.name)
            self._doubtful.add(owed.seq)
            await self._put_off(owed, "internal", "object")
        finally:
            self._running.pop((owed.kind, owed.name), None)
            self._more.set()

    async def _do(self, store: CopyStore, owed: Owed) -> None:
        if owed.act is Act.REMOVE:
            await store.remove(owed.key)
            return
        may_be_there = owed.seq <= self._older or owed.seq in self._doubtful
        if may_be_there and await store.size_of(owed.key) == owed.size_bytes:
            return
        if owed.kind is Kind.PICTURE:
            await store.put_picture(owed.key, await self._files.read(owed))
        else:
            await store.put_bundle(owed.key, self._files.pieces(owed), size_bytes=owed.size_bytes)

    async def _settle(self, owed: Owed) -> None:
        def write(transaction: Transaction) -> None:
            repository.settle(transaction, owed, now_us=self._clock.now_us())
            if owed.kind is Kind.EVIDENCE:
                is_copy = owed.act is Act.COPY
                self._audit.append(
                    transaction,
                    actor=SYSTEM,
                    action="export.archived" if is_copy else "export.archive_removed",
                    subject=f"export:{owed.export_id}",
                    tenant_id=owed.tenant_id,
                    details={
                        "store": place_of(self._settings),
                        "key": owed.key,
                        "sha256": owed.sha256,
                        **({"bytes": owed.size_bytes} if is_copy else {}),
                    },
                )

        await self._database.write(write)
        self._doubtful.discard(owed.seq)
        self._done.labels(owed.kind.value, owed.act.value).inc()

    async def _put_off(self, owed: Owed, reason: str, fault: str) -> None:
        self._failed.labels(fault).inc()
        is_counted = reason != "file_unreadable"
        attempts = owed.attempts + is_counted
        is_parked = attempts >= (PARK_FILE_AT if fault == "file" else PARK_AT)
        delay_s = min(DELAY_S[0] * 2**owed.attempts, DELAY_S[1])
        delay_s *= random.uniform(0.5, 1.0)  # noqa: S311 -- spreads the tries
        now_us = self._clock.now_us()
        await self._database.write(
            lambda transaction: repository.put_off(
                transaction,
                owed,
                reason=reason,
                due_us=now_us + round(delay_s * 1e6),
                is_counted=is_counted,
                parked_us=now_us if is_parked else None,
            )
        )
        write = log.warning if is_parked else log.debug
        write(
            "archive_parked" if is_parked else "archive_put_off",
            kind=owed.kind.value,
            act=owed.act.value,
            name=owed.name,
            reason=reason,
        )

    async def _knock(self, seen: int) -> bool:
        """Return whether the store takes something from us; *seen*: knocks before the question came up.

        Of those who ask together one knocks.
        """
        async with self._knocking:
            if self._knocks > seen:
                return self._store is not None
            try:
                store = await asyncio.to_thread(self._connect)
                await store.knock()
            except ArchiveRefusedError as error:
                self._no(StoreState.REFUSED, str(error.details.get("reason", "")))
            except ArchiveUnreachableError as error:
                self._no(StoreState.UNREACHABLE, str(error.details.get("reason", "")))
            else:
                self._store, self._failures = store, 0
                self._become(StoreState.UP)
            self._knocks += 1
            return self._store is not None

    def _no(self, state: StoreState, reason: str) -> None:
        self._store = None
        delay_s = min(KNOCK_DELAY_S[0] * 2 ** min(self._failures, 12), KNOCK_DELAY_S[1])
        if state is StoreState.REFUSED:
            delay_s = max(delay_s, REFUSED_DELAY_S)
        self._failures += 1
        delay_s *= random.uniform(0.5, 1.0)  # noqa: S311 -- boxes of a fleet come back one by one
        self._next_knock = self._clock.monotonic() + delay_s
        self._become(state, reason)

    def _become(self, state: StoreState, reason: str = "") -> None:
        self._up.set(state is StoreState.UP)
        before = self._standing
        self._standing = before.becoming(state, reason, now_us=self._clock.now_us())
        if state is not before.state:
            write = log.info if state is StoreState.UP else log.warning
            write("archive_state", state=state.value, reason=reason)
