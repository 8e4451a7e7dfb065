"""From files to spans, from spans to gaps, from what else happened to their causes. Pure functions."""

import itertools
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gtvision_edge.cameras.model import RESTARTS, CameraState, StateEntry
from gtvision_edge.recordings.model import Span
from gtvision_edge.recordings.timeline.model import Gap, GapCause, RecordedSpan, Stretch

NEIGHBOURS_US = 1_500_000
"""Wall clock between two files of which nothing is missed: stamps jitter, and recorders start with a key frame."""
CONTINUES_US = 10_000_000
"""Likewise where the recorder says that nothing is lost; more than that is a step of the clock."""
RESTART_US = 15_000_000
"""How long after a gap the box may come to say that it was restarted."""

CERTAIN = (
    GapCause.DELETED_BY_ORDER,
    GapCause.DELETED_FOR_ROOM,
    GapCause.DELETED,
    GapCause.FILES_MISSING,
    GapCause.BREAKER,
)
"""What is known for certain, whatever the camera did; where two hold, the first is told."""
MAX_PARTED = 200
"""Happenings in one gap beyond which it is told as a whole: nobody could read so many causes."""

_VOLUME_GONE = frozenset(
    {
        "volume_missing",
        "volume_foreign",
        "volume_hangs",
        "volume_unwritable",
        "volume_marker_odd",
        "volume_note_damaged",
        "volume_unusable",
    }
)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that lasted and keeps footage from being there."""

    span: Span
    cause: GapCause


def merged(stretches: Iterable[Stretch], span: Span) -> list[RecordedSpan]:
    """Return the spans inside *span* of *stretches*, which come in the order of their start."""
    spans: list[RecordedSpan] = []
    begin_us = reached_us = 0
    held, video = False, None
    # A day has 1440 files, and its timeline a few milliseconds: no object for each of them.
    for each in stretches:
        start_us, end_us = each.start_us, each.end_us
        if start_us < span.start_us:
            start_us = span.start_us
        if end_us > span.end_us:
            end_us = span.end_us
        if end_us <= start_us:
            continue
        missing_us = start_us - reached_us
        is_neighbour = missing_us <= NEIGHBOURS_US or (
            each.continues and missing_us <= CONTINUES_US
        )
        if video is not None and is_neighbour:
            if end_us <= reached_us:
                continue
            if each.held == held and each.video == video:
                reached_us = end_us
                continue
            start_us = reached_us  # what lies between two files of one recording is no gap
        if video is not None:
            spans.append(RecordedSpan(begin_us, reached_us, held, video))
        begin_us, reached_us, held, video = start_us, end_us, each.held, each.video
    if video is not None:
        spans.append(RecordedSpan(begin_us, reached_us, held, video))
    return spans


def gaps_between(spans: Sequence[RecordedSpan], span: Span) -> list[Gap]:
    """Return what *spans* leave open of *span*, but for what is too short to miss anything."""
    gaps = []
    reached_us = span.start_us
    for each in spans:
        if each.start_us - reached_us > NEIGHBOURS_US:
            gaps.append(Gap(reached_us, each.start_us))
        reached_us = max(reached_us, each.end_us)
    if span.end_us - reached_us > NEIGHBOURS_US:
        gaps.append(Gap(reached_us, span.end_us))
    return gaps


def joined(happenings: Iterable[Happening]) -> list[Happening]:
    """Return *happenings*, which come in the order of their start, neighbours of one cause made one."""
    result: list[Happening] = []
    for each in happenings:
        last = result[-1] if result else None
        if (
            last is not None
            and last.cause is each.cause
            and each.span.start_us - last.span.end_us <= NEIGHBOURS_US
        ):
            end_us = max(last.span.end_us, each.span.end_us)
            result[-1] = Happening(Span(last.span.start_us, end_us), last.cause)
        else:
            result.append(each)
    return result


def parted(gap: Gap, happenings: Sequence[Happening]) -> list[Gap]:
    """Return *gap* cut where one certain cause gives way to another, without causes; whole where there is one at most.

    So what was deleted stands beside what the breaker kept from being recorded after it.
    """
    whole = Span(gap.start_us, gap.end_us)
    certain = [
        Happening(each.span.within(whole), each.cause)
        for each in happenings
        if each.cause in CERTAIN and each.span.within(whole).length_us > NEIGHBOURS_US
    ]
    if len({each.cause for each in certain}) < 2 or len(certain) > MAX_PARTED:
        return [gap]
    certain.sort(key=lambda each: CERTAIN.index(each.cause))
    edges = {whole.start_us, whole.end_us}
    edges |= {edge for each in certain for edge in (each.span.start_us, each.span.end_us)}
    parts: list[tuple[Gap, GapCause | None]] = []
    for start_us, end_us in itertools.pairwise(sorted(edges)):
        cause = next(
            (
                each.cause
                for each in certain
                if each.span.start_us <= start_us and each.span.end_us >= end_us
            ),
            None,
        )
        before, of_before = parts[-1] if parts else (None, None)
        is_short = end_us - start_us <= NEIGHBOURS_US
        if before is not None and (cause is of_before or is_short):
            parts[-1] = (Gap(before.start_us, end_us), of_before)
        else:
            parts.append((Gap(start_us, end_us), cause))
    return [part for part, _ in parts]


def all_explained(
    gaps: Sequence[Gap], happenings: Iterable[Happening], states: Sequence[StateEntry]
) -> list[Gap]:
    """Return *gaps*, which come in the order of their start and do not overlap, parted and with their causes.

    *states* are the camera's, oldest first. One sweep: what lies beside a gap is not looked at, for a month may have
    thousands of each.
    """
    coming = _one_at_a_time(happenings)
    since = [entry.since_us for entry in states]
    near: list[Happening] = []
    n = 0
    result = []
    for gap in gaps:
        while n < len(coming) and coming[n].span.start_us < gap.end_us:
            near.append(coming[n])
            n += 1
        near = [each for each in near if each.span.end_us > gap.start_us]
        first = max(0, bisect_right(since, gap.start_us) - 1)
        told = states[first : bisect_right(since, gap.end_us + RESTART_US)]
        result += [explained(part, near, told) for part in parted(gap, near)]
    return result


def _one_at_a_time(happenings: Iterable[Happening]) -> list[Happening]:
    """Return *happenings* by their start, those of one cause made one where they meet: so only a few last at any time."""
    of_cause: dict[GapCause, list[Happening]] = {}
    for each in sorted(happenings, key=lambda each: each.span.start_us):
        of_cause.setdefault(each.cause, []).append(each)
    found = [each for some in of_cause.values() for each in joined(some)]
    return sorted(found, key=lambda each: each.span.start_us)


def explained(gap: Gap, happenings: Sequence[Happening], states: Sequence[StateEntry]) -> Gap:
    """Return *gap* with its cause: what lasted longest in it. *states* are the camera's, oldest first."""
    span = Span(gap.start_us, gap.end_us)
    weights: dict[GapCause, int] = {}
    for happening in happenings:
        overlap_us = happening.span.within(span).length_us
        if overlap_us:
            weights[happening.cause] = weights.get(happening.cause, 0) + overlap_us
    for cause in CERTAIN:
        if weights.get(cause, 0) * 2 >= span.length_us:
            return replace(gap, cause=cause)
    for lasted, cause in _causes(states, gap.end_us):
        overlap_us = lasted.within(span).length_us
        if overlap_us:
            weights[cause] = weights.get(cause, 0) + overlap_us
    best = max(weights, key=lambda cause: weights[cause], default=None)
    is_restarted = any(
        entry.reason in RESTARTS and gap.start_us <= entry.since_us <= gap.end_us + RESTART_US
        for entry in states
    )
    if is_restarted and (best is None or weights[best] * 2 < span.length_us):
        best = GapCause.SERVICE_STOPPED
    return replace(gap, cause=best)


def _causes(states: Sequence[StateEntry], until_us: int) -> Iterator[tuple[Span, GapCause]]:
    for n, entry in enumerate(states):
        end_us = states[n + 1].since_us if n + 1 < len(states) else max(until_us, entry.since_us)
        cause = _cause_of(entry)
        if cause is not None:
            yield Span(entry.since_us, end_us), cause


def _cause_of(entry: StateEntry) -> GapCause | None:
    match entry.state:
        case CameraState.OFFLINE:
            return GapCause.CAMERA_OFFLINE
        case CameraState.UNAUTHORIZED:
            return GapCause.CAMERA_UNAUTHORIZED
        case CameraState.DISABLED:
            return GapCause.NOT_RECORDING
        case CameraState.ONLINE_NOT_RECORDING:
            return _not_recorded(entry.reason)
        case CameraState.RECORDING | CameraState.UNKNOWN:
            return None


def _not_recorded(reason: str) -> GapCause:
    if reason in _VOLUME_GONE:
        return GapCause.VOLUME_MISSING
    if reason == "volume_full":
        return GapCause.VOLUME_FULL
    if reason.startswith("breaker"):
        return GapCause.BREAKER
    if reason == "no_stream" or reason.startswith("camera_"):
        return GapCause.CAMERA_OFFLINE
    return GapCause.NOT_RECORDING
