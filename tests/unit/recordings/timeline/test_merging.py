"""Spans, gaps and their causes."""

import itertools
import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtvision_edge.cameras.model import CameraState, StateEntry
from gtvision_edge.recordings.model import Span
from gtvision_edge.recordings.timeline.merging import (
    CERTAIN,
    Happening,
    all_explained,
    explained,
    gaps_between,
    joined,
    merged,
    parted,
)
from gtvision_edge.recordings.timeline.model import Gap, GapCause, RecordedSpan
from tests.waiting import patiently

S = 1_000_000
DAY = Span(0, 86_400 * S)


@dataclass(frozen=True)
class File:
    start_us: int
    end_us: int
    held: bool = False
    continues: bool = False
    video: str = "avc1"


def times(spans: list[RecordedSpan]) -> list[tuple[float, float]]:
    return [(each.start_us / S, each.end_us / S) for each in spans]


def test_files_that_follow_one_another_are_one_span() -> None:
    files = [File(0, 60 * S), File(61 * S, 120 * S), File(125 * S, 180 * S, continues=True)]

    assert times(merged(files, DAY)) == [(0, 180)]


def test_what_is_missed_is_a_gap() -> None:
    spans = merged([File(0, 60 * S), File(62 * S, 120 * S)], DAY)

    assert times(spans) == [(0, 60), (62, 120)]
    assert gaps_between(spans, Span(0, 120 * S)) == [Gap(60 * S, 62 * S)]


def test_a_hold_or_another_codec_divides_a_span_without_a_gap() -> None:
    files = [
        File(0, 60 * S),
        File(61 * S, 120 * S, held=True),
        File(120 * S, 180 * S, video="hvc1"),
    ]

    spans = merged(files, DAY)

    assert times(spans) == [(0, 60), (60, 120), (120, 180)]
    assert gaps_between(spans, Span(0, 180 * S)) == []


def test_neighbours_that_overlap_are_counted_once() -> None:
    files = [File(0, 60_860_000), File(60 * S, 120 * S, video="hvc1"), File(70 * S, 80 * S)]

    spans = merged(files, DAY)

    assert times(spans) == [(0, 60.86), (60.86, 120)]


@pytest.mark.parametrize(
    ("state", "reason", "cause"),
    [
        (CameraState.OFFLINE, "camera_timeout", GapCause.CAMERA_OFFLINE),
        (CameraState.UNAUTHORIZED, "camera_unauthorized", GapCause.CAMERA_UNAUTHORIZED),
        (CameraState.DISABLED, "", GapCause.NOT_RECORDING),
        (CameraState.ONLINE_NOT_RECORDING, "recording_off", GapCause.NOT_RECORDING),
        (CameraState.ONLINE_NOT_RECORDING, "volume_missing", GapCause.VOLUME_MISSING),
        (CameraState.ONLINE_NOT_RECORDING, "volume_full", GapCause.VOLUME_FULL),
        (CameraState.ONLINE_NOT_RECORDING, "no_stream", GapCause.CAMERA_OFFLINE),
        (CameraState.RECORDING, "", None),
    ],
)
def test_a_gap_has_the_cause_that_the_cameras_state_tells(
    state: CameraState, reason: str, cause: GapCause | None
) -> None:
    states = [
        StateEntry(CameraState.RECORDING, 0, ""),
        StateEntry(state, 105 * S, reason),
        StateEntry(CameraState.RECORDING, 160 * S, ""),
    ]

    assert explained(Gap(100 * S, 160 * S), [], states).cause is cause


def test_a_box_that_was_down_says_so_when_it_is_back() -> None:
    states = [
        StateEntry(CameraState.RECORDING, 0, ""),
        StateEntry(CameraState.UNKNOWN, 158 * S, "restarted"),
    ]

    assert explained(Gap(100 * S, 160 * S), [], states).cause is GapCause.SERVICE_STOPPED


def test_what_was_deleted_was_there_whatever_the_camera_did() -> None:
    states = [StateEntry(CameraState.OFFLINE, 0, "camera_timeout")]
    deleted = [Happening(Span(100 * S, 150 * S), GapCause.DELETED)]

    assert explained(Gap(100 * S, 160 * S), deleted, states).cause is GapCause.DELETED


def test_a_gap_is_cut_where_what_was_deleted_meets_what_the_breaker_kept_out() -> None:
    gap = Gap(100 * S, 400 * S)
    happenings = [
        Happening(Span(0, 160 * S), GapCause.DELETED),
        Happening(Span(160 * S, 250 * S), GapCause.DELETED_FOR_ROOM),
        Happening(Span(240 * S, 300 * S), GapCause.BREAKER),
    ]
    states = [StateEntry(CameraState.OFFLINE, 0, "camera_timeout")]

    parts = [explained(part, happenings, states) for part in parted(gap, happenings)]

    assert parts == [
        Gap(100 * S, 160 * S, GapCause.DELETED),
        Gap(160 * S, 250 * S, GapCause.DELETED_FOR_ROOM),
        Gap(250 * S, 300 * S, GapCause.BREAKER),
        Gap(300 * S, 400 * S, GapCause.CAMERA_OFFLINE),
    ]


def test_a_gap_of_one_certain_cause_stays_whole() -> None:
    gap = Gap(100 * S, 160 * S)
    happenings = [
        Happening(Span(100 * S, 150 * S), GapCause.DELETED),
        Happening(Span(158 * S, 159 * S), GapCause.BREAKER),
    ]

    assert parted(gap, happenings) == [gap]


def test_files_of_one_purge_are_one_happening() -> None:
    files = [Happening(Span(n * 60 * S, (n + 1) * 60 * S), GapCause.DELETED) for n in range(5)]
    other = Happening(Span(300 * S, 360 * S), GapCause.DELETED_FOR_ROOM)

    assert joined([*files, other]) == [Happening(Span(0, 300 * S), GapCause.DELETED), other]


SOME_HAPPENINGS = st.lists(
    st.builds(
        lambda start, length, cause: Happening(Span(start * S, (start + length) * S), cause),
        st.integers(0, 500),
        st.integers(1, 100),
        st.sampled_from(CERTAIN),
    ),
    max_size=20,
)
SOME_STATES = st.lists(
    st.builds(
        lambda at, state, reason: StateEntry(state, at * S, reason),
        st.integers(0, 500),
        st.sampled_from(CameraState),
        st.sampled_from(["", "restarted", "volume_full", "no_stream"]),
    ),
    max_size=20,
    unique_by=lambda entry: entry.since_us,
).map(lambda some: sorted(some, key=lambda entry: entry.since_us))


@given(SOME_HAPPENINGS)
def test_the_parts_of_a_gap_are_the_gap(happenings: list[Happening]) -> None:
    gap = Gap(50 * S, 450 * S)

    parts = parted(gap, happenings)

    assert parts[0].start_us == gap.start_us
    assert parts[-1].end_us == gap.end_us
    assert all(one.end_us == other.start_us for one, other in itertools.pairwise(parts))


@given(SOME_HAPPENINGS, SOME_STATES, st.sets(st.integers(0, 30), min_size=2, max_size=12))
def test_many_gaps_have_the_causes_that_each_has_alone(
    happenings: list[Happening], states: list[StateEntry], edges: set[int]
) -> None:
    ordered = [edge * 17 * S for edge in sorted(edges)]
    gaps = [Gap(start_us, end_us) for start_us, end_us in zip(ordered[::2], ordered[1::2])]  # noqa: B905 -- an odd edge is left over

    told = all_explained(gaps, happenings, states)

    assert told == [part for gap in gaps for part in all_explained([gap], happenings, states)]
    cutting = _joined_by_cause(happenings)
    assert told == [
        explained(part, cutting, states) for gap in gaps for part in parted(gap, cutting)
    ]


def _joined_by_cause(happenings: list[Happening]) -> list[Happening]:
    ordered = sorted(happenings, key=lambda each: each.span.start_us)
    return [
        each for cause in CERTAIN for each in joined(one for one in ordered if one.cause is cause)
    ]


def test_a_month_of_drop_outs_is_explained_in_seconds() -> None:
    states = [
        StateEntry(CameraState.OFFLINE if n % 2 else CameraState.RECORDING, n * 60 * S, "")
        for n in range(44_000)
    ]
    happenings = [
        Happening(Span(n * 60 * S, (n * 60 + 20) * S), CERTAIN[n % len(CERTAIN)])
        for n in range(44_000)
    ]
    gaps = [Gap(n * 120 * S + 30 * S, n * 120 * S + 110 * S) for n in range(2000)]
    began = time.perf_counter()

    told = all_explained(gaps, happenings, states)

    assert time.perf_counter() - began < patiently(5.0)
    assert len(told) == 2000
    assert {gap.cause for gap in told} == {GapCause.CAMERA_OFFLINE}


@given(
    st.lists(
        st.builds(
            lambda start, length, held: File(start * S, (start + length) * S, held),
            st.integers(0, 500),
            st.integers(0, 100),
            st.booleans(),
        ),
        max_size=20,
    )
)
def test_spans_and_gaps_together_are_the_whole(files: list[File]) -> None:
    span = Span(50 * S, 550 * S)

    spans = merged(sorted(files, key=lambda file: file.start_us), span)
    pieces = sorted(
        [(each.start_us, each.end_us) for each in spans]
        + [(each.start_us, each.end_us) for each in gaps_between(spans, span)]
    )

    reached_us = span.start_us
    for start_us, end_us in pieces:
        assert 0 <= start_us - reached_us <= 1_500_000
        assert end_us > start_us
        reached_us = end_us
    assert reached_us >= span.end_us - 1_500_000
    for file in files:
        middle = (file.start_us + file.end_us) // 2
        if file.end_us > file.start_us and span.start_us <= middle < span.end_us:
            assert any(each.start_us <= middle < each.end_us for each in spans)
