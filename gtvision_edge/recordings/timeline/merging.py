"""From files to spans, from spans to gaps, from what else happened to their causes. Pure functions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gtvision_edge.cameras.model import CameraState, StateEntry
from gtvision_edge.recordings.model import Span
from gtvision_edge.recordings.timeline.model import Gap, GapCause, RecordedSpan, Stretch

NEIGHBOURS_US = 1_500_000
"""Wall clock between two files of which nothing is missed: stamps jitter, and recorders start with a key frame."""
CONTINUES_US = 10_000_000
"""Likewise where the recorder says that nothing is lost; more than that is a step of the clock."""
RESTART_US = 15_000_000
"""How long after a gap the box may come to say that it was restarted."""

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


def explained(gap: Gap, happenings: Sequence[Happening], states: Sequence[StateEntry]) -> Gap:
    """Return *gap* with its cause: what lasted longest in it. *states* are the camera's, oldest first."""
    span = Span(gap.start_us, gap.end_us)
    weights: dict[GapCause, int] = {}
    for happening in happenings:
        overlap_us = happening.span.within(span).length_us
        if overlap_us:
            weights[happening.cause] = weights.get(happening.cause, 0) + overlap_us
    for cause in (
        GapCause.DELETED,
        GapCause.FILES_MISSING,
        GapCause.BREAKER,
    ):  # known for certain, whatever the camera did
        if weights.get(cause, 0) * 2 >= span.length_us:
            return replace(gap, cause=cause)
    for lasted, cause in _causes(states, gap.end_us):
        overlap_us = lasted.within(span).length_us
        if overlap_us:
            weights[cause] = weights.get(cause, 0) + overlap_us
    best = max(weights, key=lambda cause: weights[cause], default=None)
    is_restarted = any(
        entry.reason == "restarted" and gap.start_us <= entry.since_us <= gap.end_us + RESTART_US
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
