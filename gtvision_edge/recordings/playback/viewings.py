"""Who looked at which footage, written to the audit log: once per viewing and interval, not per request."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gtvision_edge.audit import Actor, AuditLog, PatientAudit, ShownEntry
from gtvision_edge.recordings.model import RecordedCamera, Span
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.timestamps import to_rfc3339
from gtvision_edge.storage import Database

ENDS_AFTER_S = 60.0
"""A viewing without requests for so long is over; players fetch up to half a minute ahead."""
SWEEP_INTERVAL_S = 10.0
MAX_VIEWINGS = 10_000
MAX_RANGES = 50
"""Stretches that one entry lists; beyond it the nearest are joined."""
HOUR_US = 3_600_000_000
_NEAR_US = 2_000_000
_EDGE_US = 15_000_000
"""What is fetched begins at the key frame before the interval, and may end with the group that reaches out of it."""


@dataclass(slots=True)
class _Viewing:
    actor: Actor
    camera: RecordedCamera
    began_us: int
    began: float
    seen: float
    opened: list[Span] = field(default_factory=list)
    """What the audit log says may be seen by this viewing."""
    played: list[Span] = field(default_factory=list)
    """What was really fetched, in order and apart."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class FootageViewings:
    """``footage.viewed`` stands in the log before the first byte of an interval goes out; ``footage.view_ended`` when it is over.

    The second one lists what was really fetched. An interval that reaches beyond now is announced up to now, for nobody has seen
    the future; what is recorded within the hour after it and seen belongs to the same viewing. A request outside the announced interval opens the hours it lies in, so that
    somebody without a playlist makes an entry an hour of footage and not one each minute. While the database cannot be
    written, footage is shown all the same, and the entries are written as soon as they can. Beyond ``MAX_VIEWINGS`` the
    oldest ends.
    """

    def __init__(self, database: Database, audit: AuditLog, clock: Clock) -> None:
        self._audit = PatientAudit(database, audit, clock)
        self._clock = clock
        self._viewings: dict[tuple[str, str], _Viewing] = {}

    async def open(self, who: str, actor: Actor, camera: RecordedCamera, span: Span) -> None:
        """Note that *who* is about to look at *span*."""
        viewing = self._viewing(who, actor, camera)
        async with viewing.lock:
            await self._announce(viewing, span)

    async def touch(self, who: str, actor: Actor, camera: RecordedCamera, span: Span) -> None:
        """Note that *who* gets the footage of *span*, announced or not."""
        viewing = self._viewing(who, actor, camera)
        viewing.played = joined([*viewing.played, span], near_us=_NEAR_US)
        while len(viewing.played) > MAX_RANGES:
            viewing.played = _with_nearest_joined(viewing.played)
        async with viewing.lock:
            if not _is_covered(span, viewing.opened):
                start_us = span.start_us // HOUR_US * HOUR_US
                await self._announce(viewing, Span(start_us, -(-span.end_us // HOUR_US) * HOUR_US))

    async def run(self) -> None:
        """End viewings that ran dry, until cancelled."""
        while True:
            await self._clock.sleep(SWEEP_INTERVAL_S)
            await self.sweep()

    async def sweep(self) -> None:
        now = self._clock.monotonic()
        for key, viewing in list(self._viewings.items()):
            if now - viewing.seen >= ENDS_AFTER_S:
                await self._end(key)
        await self._audit.pay()

    async def close(self) -> None:
        """End all viewings: the daemon stops."""
        for key in list(self._viewings):
            await self._end(key)
        await self._audit.pay()

    def _viewing(self, who: str, actor: Actor, camera: RecordedCamera) -> _Viewing:
        key = (who, camera.camera_uuid)
        now = self._clock.monotonic()
        viewing = self._viewings.get(key)
        if viewing is None:
            viewing = _Viewing(actor, camera, self._clock.now_us(), now, now)
            self._viewings[key] = viewing
            while len(self._viewings) > MAX_VIEWINGS:
                evicted = self._viewings.pop(next(iter(self._viewings)))
                if evicted.played:
                    self._audit.owe(self._ended(evicted))
        viewing.seen = now
        return viewing

    async def _announce(self, viewing: _Viewing, span: Span) -> None:
        now_us = self._clock.now_us()
        told = _until(span, now_us)
        if _is_covered(told, viewing.opened):
            return
        details = {"start": to_rfc3339(told.start_us), "end": to_rfc3339(told.end_us)}
        await self._audit.write(_entry("footage.viewed", viewing, details))
        viewing.opened = joined([*viewing.opened, _until(span, now_us + HOUR_US)], near_us=0)

    async def _end(self, key: tuple[str, str]) -> None:
        viewing = self._viewings.pop(key, None)
        if viewing is not None and viewing.played:
            await self._audit.write(self._ended(viewing))

    def _ended(self, viewing: _Viewing) -> ShownEntry:
        now_us = self._clock.now_us()
        played = [
            {"start": to_rfc3339(span.start_us), "end": to_rfc3339(span.end_us)}
            for span in (_until(each, now_us) for each in viewing.played)
        ]
        details: dict[str, object] = {
            "started": to_rfc3339(viewing.began_us),
            "seconds": round(viewing.seen - viewing.began),
            "played": played,
        }
        return _entry("footage.view_ended", viewing, details)


def joined(spans: Sequence[Span], *, near_us: int) -> list[Span]:
    """Return *spans* in order, those that overlap or lie at most *near_us* apart made one."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start_us):
        if result and span.start_us <= result[-1].end_us + near_us:
            result[-1] = Span(result[-1].start_us, max(result[-1].end_us, span.end_us))
        else:
            result.append(span)
    return result


def _entry(action: str, viewing: _Viewing, details: Mapping[str, object]) -> ShownEntry:
    camera = viewing.camera
    return ShownEntry(
        viewing.actor, action, f"camera:{camera.camera_id}", camera.tenant_id, details
    )


def _is_covered(span: Span, spans: Sequence[Span]) -> bool:
    return any(
        each.start_us - _EDGE_US <= span.start_us and span.end_us <= each.end_us + _EDGE_US
        for each in spans
    )


def _until(span: Span, end_us: int) -> Span:
    return Span(min(span.start_us, end_us), min(span.end_us, end_us))


def _with_nearest_joined(spans: list[Span]) -> list[Span]:
    gaps = [after.start_us - before.end_us for before, after in itertools.pairwise(spans)]
    n = gaps.index(min(gaps))
    return [*spans[:n], Span(spans[n].start_us, spans[n + 1].end_us), *spans[n + 2 :]]
