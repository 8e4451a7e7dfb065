"""Answers what there is of a camera, without reading the disk."""

import asyncio
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from gtvision_edge.accounts import Principal
from gtvision_edge.cameras.model import CameraUuid
from gtvision_edge.cameras.repository import fetch_states_within
from gtvision_edge.recordings.errors import SpanTooLongError
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import Footage, RecordedCamera, Segment, Span
from gtvision_edge.recordings.naming import may_see
from gtvision_edge.recordings.retention.model import PurgeKind
from gtvision_edge.recordings.timeline import repository
from gtvision_edge.recordings.timeline.merging import (
    Happening,
    all_explained,
    gaps_between,
    joined,
    merged,
)
from gtvision_edge.recordings.timeline.model import (
    Gap,
    GapCause,
    IncidentMark,
    RecordedDay,
    RecordedSpan,
    Timeline,
)
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.tasks import aside
from gtvision_edge.runtime.timestamps import from_datetime
from gtvision_edge.storage import Database

LONGEST_US: Final = 31 * 86_400_000_000
SLICE_US: Final = 86_400_000_000
"""Read at once: so the loop never has more than a day's rows of a camera in hand."""
FRESH_US: Final = 15_000_000
"""The newest footage of a camera that records may be this old: files are looked at now and then, and written by parts."""
MAX_EXPLAINED: Final = 2000
"""Gaps whose cause is looked for; a camera that drops out every minute for a month has more."""


class TimelineService:
    """Timelines and calendars; rights are the caller's business but for incidents, which show other cameras' business too."""

    def __init__(
        self, index: SegmentIndex, database: Database, clock: Clock, *, zone: ZoneInfo
    ) -> None:
        self._index = index
        self._database = database
        self._clock = clock
        self._zone = zone

    async def timeline(
        self, principal: Principal, camera: RecordedCamera, span: Span, *, since_us: int | None
    ) -> Timeline:
        """Return the timeline of *camera* in *span*; *since_us*: when it came to this site, None = not known.

        Raises:
            SpanTooLongError: *span* is longer than 31 days.

        """
        if span.length_us > LONGEST_US:
            raise SpanTooLongError(
                "A timeline shows at most 31 days.", longest_s=LONGEST_US // 1_000_000
            )
        growing = await self._index.look_at_growing(camera)
        # All asked for at once: the reader goes through them in one go, where each alone would wait for its turn twice more.
        extent, spans, deleted, missing, incidents, clock_steps = await asyncio.gather(
            self._index.extent(camera.camera_no),
            self._spans(camera, span, growing),
            repository.fetch_deleted(self._database, camera.camera_no, span),
            repository.fetch_missing(self._database, camera.camera_no, span),
            self._incidents(principal, camera, span),
            repository.fetch_clock_steps(self._database, span),
        )
        lost = await aside(partial(_lost, deleted, missing), len(deleted) + len(missing))
        gaps = gaps_between(spans, self._expected(span, extent, growing, lost, since_us))
        first_us, last_us = (extent.start_us, extent.end_us) if extent else (None, None)
        if growing is not None:
            first_us = growing.start_us if first_us is None else first_us
            last_us = max(growing.end_us, last_us or 0)
        return Timeline(
            span=span,
            spans=spans,
            gaps=await self._explained(camera, gaps, lost),
            incidents=incidents,
            clock_steps=clock_steps,
            first_us=first_us,
            last_us=last_us,
            growing_us=growing.end_us if growing else None,
        )

    async def days(self, camera: RecordedCamera, month: date) -> list[RecordedDay]:
        """Return the days of the month of *month* on which something was recorded."""
        first = month.replace(day=1)
        last = month.replace(day=monthrange(month.year, month.month)[1])
        epoch = date(1970, 1, 1)
        found = await repository.fetch_days(
            self._database, camera.camera_no, (first - epoch).days, (last - epoch).days
        )
        start, end = self._midnight(first), self._midnight(last + timedelta(days=1))
        holds = await repository.fetch_open_incidents(
            self._database, camera.camera_no, Span(start, end)
        )
        days = []
        for number, recorded_us, size_bytes in found:
            day = epoch + timedelta(days=number)
            whole = Span(self._midnight(day), self._midnight(day + timedelta(days=1)))
            held = any(Span(mark.start_us, mark.end_us).overlaps(whole) for mark, _ in holds)
            days.append(RecordedDay(day.isoformat(), recorded_us, size_bytes, held))
        return days

    def _midnight(self, day: date) -> int:
        return from_datetime(datetime(day.year, day.month, day.day, tzinfo=self._zone))

    async def _spans(
        self, camera: RecordedCamera, span: Span, growing: Segment | None
    ) -> list[RecordedSpan]:
        spans: list[RecordedSpan] = []
        start_us = span.start_us
        while start_us < span.end_us:
            end_us = min(start_us + SLICE_US, span.end_us)
            part = Span(start_us, end_us)
            stretches = await self._index.footage(camera.camera_no, part)
            if growing is not None and growing.span.overlaps(part):
                stretches.append(Footage.of(growing))
            for each in merged(stretches, part):
                _append(spans, each)
            start_us = end_us
        return spans

    def _expected(
        self,
        span: Span,
        extent: Span | None,
        growing: Segment | None,
        lost: Sequence[Happening],
        since_us: int | None,
    ) -> Span:
        """Return in which part of *span* footage could have been: not before the camera came, not in the future."""
        known = [each.span.start_us for each in lost]
        known += [extent.start_us] if extent else []
        known += [growing.start_us] if growing else []
        known += [since_us] if since_us is not None else []
        now_us = self._clock.now_us()
        # Also while no file grows: the next one lies on the disk only with its first part.
        newest = growing or extent
        if newest is not None and now_us - newest.end_us < FRESH_US:
            now_us = newest.end_us
        start_us = max(span.start_us, min(known, default=span.end_us))
        return Span(start_us, max(start_us, min(span.end_us, now_us)))

    async def _explained(
        self, camera: RecordedCamera, gaps: Sequence[Gap], lost: Sequence[Happening]
    ) -> list[Gap]:
        if not gaps:
            return []
        whole = Span(gaps[0].start_us, gaps[-1].end_us)
        states = await fetch_states_within(
            self._database,
            CameraUuid(camera.camera_uuid),
            whole.start_us,
            whole.end_us + FRESH_US,
        )
        breaker = await repository.fetch_breaker(self._database, whole)
        happenings = [*lost, *(Happening(each, GapCause.BREAKER) for each in breaker)]
        some, others = gaps[:MAX_EXPLAINED], gaps[MAX_EXPLAINED:]
        explain = partial(all_explained, some, happenings, states)
        return [*await aside(explain, len(some) + len(happenings) + len(states)), *others]

    async def _incidents(
        self, principal: Principal, camera: RecordedCamera, span: Span
    ) -> list[IncidentMark]:
        found = await repository.fetch_open_incidents(self._database, camera.camera_no, span)
        return [
            mark
            for mark, cameras in found
            if all(may_see(principal, camera_id, tenant_id) for camera_id, tenant_id in cameras)
        ]


def _lost(deleted: Sequence[tuple[Span, PurgeKind]], missing: Sequence[Span]) -> list[Happening]:
    """Return what was there once; a month of files, so not on the loop."""
    lost = joined(Happening(each, kind.leaves) for each, kind in deleted)
    return lost + joined(Happening(each, GapCause.FILES_MISSING) for each in missing)


def _append(spans: list[RecordedSpan], span: RecordedSpan) -> None:
    """Add a span of the next slice; what was cut apart at the slice's edge becomes one again."""
    last = spans[-1] if spans else None
    if (
        last is not None
        and last.end_us >= span.start_us
        and (last.held, last.codec)
        == (
            span.held,
            span.codec,
        )
    ):
        end_us = max(last.end_us, span.end_us)
        spans[-1] = RecordedSpan(last.start_us, end_us, last.held, last.codec)
    else:
        spans.append(span)
