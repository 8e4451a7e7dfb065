"""Who is watching what: counted, and written to the audit log once at the beginning and once at the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Gauge

from gtvision_edge.audit import Actor, AuditLog, PatientAudit, ShownEntry
from gtvision_edge.media.model import CameraOnAir
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database

ENDS_AFTER_S = 30.0
"""A viewing without requests for so long is over."""
SWEEP_INTERVAL_S = 5.0


@dataclass(slots=True)
class _Viewing:
    path: str
    camera_id: str
    tenant_id: str
    actor: Actor
    began_us: int
    began: float
    seen: float
    held: int = 0
    asked: float = float("-inf")
    """When the last request outside of a held block came."""
    written: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when its beginning is in the audit log, or could not be written and it is void."""


class Viewings:
    """Viewings by who and what. A viewer's own key tells two of his players apart where they have sessions of their own."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        clock: Clock,
        *,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._audit = PatientAudit(database, audit, clock)
        self._clock = clock
        self._viewings: dict[tuple[str, str], _Viewing] = {}
        gauge = Gauge(
            "gtvision_edge_viewers",
            "Viewings going on",
            registry=registry or CollectorRegistry(),
        )
        gauge.set_function(self.count)

    def count(self) -> int:
        return len(self._viewings)

    def count_of(self, camera_id: str) -> int:
        return sum(viewing.camera_id == camera_id for viewing in self._viewings.values())

    async def touch(self, who: str, actor: Actor, camera: CameraOnAir, path: str) -> None:
        """Note a request of *who* for *path*. The first of a viewing is in the audit log before this returns.

        When the database cannot be written, the entry is kept in memory and written as soon as it can.
        """
        viewing = await self._current(who, actor, camera, path)
        viewing.asked = viewing.seen

    @asynccontextmanager
    async def hold(
        self, who: str, actor: Actor, camera: CameraOnAir, path: str
    ) -> AsyncIterator[None]:
        """Keep a viewing open while the block is, as a WebSocket does.

        It ends with the last block, or runs dry where requests came beside it.
        """
        viewing = await self._current(who, actor, camera, path)
        viewing.held += 1
        try:
            yield
        finally:
            viewing.held -= 1
            viewing.seen = self._clock.monotonic()
            if not viewing.held and viewing.seen - viewing.asked >= ENDS_AFTER_S:
                await self._end((who, path))

    async def run(self) -> None:
        """End viewings that ran dry, until cancelled."""
        while True:
            await self._clock.sleep(SWEEP_INTERVAL_S)
            await self.sweep()

    async def sweep(self) -> None:
        now = self._clock.monotonic()
        dry = [
            key
            for key, viewing in self._viewings.items()
            if not viewing.held and now - viewing.seen >= ENDS_AFTER_S
        ]
        for key in dry:
            await self._end(key)
        await self._audit.pay()

    async def close(self) -> None:
        """End all viewings: the daemon stops."""
        for key in list(self._viewings):
            await self._end(key)
        await self._audit.pay()

    async def _current(self, who: str, actor: Actor, camera: CameraOnAir, path: str) -> _Viewing:
        while (viewing := self._viewings.get((who, path))) is not None:
            await viewing.written.wait()
            if self._viewings.get((who, path)) is viewing:
                viewing.seen = self._clock.monotonic()
                return viewing
        now = self._clock.monotonic()
        viewing = _Viewing(
            path=path,
            camera_id=camera.camera_id,
            tenant_id=camera.tenant_id,
            actor=actor,
            began_us=self._clock.now_us(),
            began=now,
            seen=now,
        )
        self._viewings[who, path] = viewing
        try:
            # A control room that goes dark because a disk is full is worse than an entry that comes late.
            await self._audit.write(_entry("view.started", viewing, {"path": path}))
        except BaseException:
            self._viewings.pop((who, path), None)
            raise
        finally:
            viewing.written.set()
        return viewing

    async def _end(self, key: tuple[str, str]) -> None:
        viewing = self._viewings.pop(key, None)
        if viewing is None:
            return
        details: dict[str, object] = {
            "path": viewing.path,
            "started": to_rfc3339(viewing.began_us),
            "seconds": round(viewing.seen - viewing.began),
        }
        await self._audit.write(_entry("view.ended", viewing, details))


def _entry(action: str, viewing: _Viewing, details: dict[str, object]) -> ShownEntry:
    return ShownEntry(
        viewing.actor, action, f"camera:{viewing.camera_id}", viewing.tenant_id, details
    )
