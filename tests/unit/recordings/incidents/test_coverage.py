"""What an incident has and lacks is what the timeline shows of it, however SQLite counts."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtvision_edge.recordings.incidents.covering import gaps_of, with_growing
from gtvision_edge.recordings.incidents.repository import fetch_coverage
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.model import Footage, Span
from gtvision_edge.recordings.timeline.merging import gaps_between, merged
from gtvision_edge.storage import open_database
from tests.fakes.cameras import FakeCamera
from tests.fakes.footage import START_US, a_segment, add, keep

SECOND = 1_000_000
FILES = st.lists(
    st.tuples(
        st.integers(0, 40_000).map(lambda n: n * 1_000),  # since the one before began, µs
        st.integers(1, 60).map(lambda n: n * SECOND // 2),
        st.booleans(),
    ),
    max_size=12,
)


@pytest.mark.timeout(120)
@settings(max_examples=60, deadline=None)
@given(files=FILES, start_s=st.integers(-5, 60), length_s=st.integers(1, 120), grows=st.booleans())
def test_counted_as_the_timeline_counts(
    files: list[tuple[int, int, bool]], start_s: int, length_s: int, *, grows: bool
) -> None:
    span = Span(START_US + start_s * SECOND, START_US + (start_s + length_s) * SECOND)
    asyncio.run(compare(files, span, grows=grows))


async def compare(files: list[tuple[int, int, bool]], span: Span, *, grows: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(Path(folder) / "edge.db") as database:
            (camera_no,) = await keep(database, FakeCamera())
            at_us, made = START_US, []
            for number, (later_us, length_us, continues) in enumerate(files):
                at_us += later_us + 1
                made.append(
                    a_segment(
                        camera_no,
                        at_us,
                        end_us=at_us + length_us,
                        size_bytes=1000 + number,
                        continues=continues,
                    )
                )
            growing = made.pop() if grows and made else None
            await add(database, *made)
            index = SegmentIndex(database, root=Path(folder))
            sizes = [each.size_bytes for each in await index.spans(camera_no, span)]
            stretches = await index.footage(camera_no, span)
            found = await fetch_coverage(database, camera_no, span)
            if growing is not None and growing.span.overlaps(span):
                found = with_growing(found, growing, span)
                stretches.append(Footage.of(growing))
                sizes.append(growing.size_bytes)

            spans = merged(stretches, span)
            assert found.segments == len(stretches)
            assert found.size_bytes == sum(sizes)
            assert gaps_of(found, span) == [
                Span(gap.start_us, gap.end_us) for gap in gaps_between(spans, span)
            ]
            recorded_us = found.extent.length_us - found.missing_us if found.extent else 0
            assert recorded_us == sum(each.end_us - each.start_us for each in spans)
