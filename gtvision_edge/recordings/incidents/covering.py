"""What an interval has and what it lacks, from the counts of its files and the one that still grows. Pure functions."""

from dataclasses import replace

from gtvision_edge.recordings.incidents.model import Coverage
from gtvision_edge.recordings.model import Segment, Span
from gtvision_edge.recordings.timeline.merging import CONTINUES_US, NEIGHBOURS_US


def with_growing(found: Coverage, growing: Segment, span: Span) -> Coverage:
    """Return *found* with the file that follows it and overlaps *span*."""
    start_us, end_us = max(growing.start_us, span.start_us), min(growing.end_us, span.end_us)
    gaps, missing_us = list(found.gaps), found.missing_us
    extent = Span(start_us, end_us)
    if found.extent is not None:
        lacking_us = start_us - found.extent.end_us
        is_next = growing.continues and lacking_us <= CONTINUES_US
        if lacking_us > NEIGHBOURS_US and not is_next:
            gaps.append(Span(found.extent.end_us, start_us))
            missing_us += lacking_us
        extent = Span(min(found.extent.start_us, start_us), max(found.extent.end_us, end_us))
    return replace(
        found,
        segments=found.segments + 1,
        size_bytes=found.size_bytes + growing.size_bytes,
        extent=extent,
        gaps=tuple(gaps),
        missing_us=missing_us,
    )


def gaps_of(found: Coverage, span: Span) -> list[Span]:
    """Return what of *span* is missing: before the first file, between files, and behind the last."""
    if found.extent is None:
        return [span] if span.length_us > NEIGHBOURS_US else []
    before = Span(span.start_us, max(span.start_us, found.extent.start_us))
    behind = Span(min(found.extent.end_us, span.end_us), span.end_us)
    return [each for each in (before, *found.gaps, behind) if each.length_us > NEIGHBOURS_US]
