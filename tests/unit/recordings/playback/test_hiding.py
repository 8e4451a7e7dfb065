"""Sound taken out of bytes on their way: whatever the range, the same bytes, and a player sees pictures only."""

import io
from functools import cache
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtvision_edge.media.boxes import find_boxes, iter_boxes
from gtvision_edge.recordings.model import Segment
from gtvision_edge.recordings.playback.hiding import hide_audio
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import record

LOUD = ClipSpec(audio="aac", seconds=2)


@cache
def recorded(directory: Path) -> tuple[Path, Segment, bytes]:
    made = record(directory, LOUD)
    return made.path, made.segment, made.path.read_bytes()


def hidden(path: Path, segment: Segment, start: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        data = bytearray(file.read(end - start))
        hide_audio(file.fileno(), segment, start, data)
    return bytes(data)


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Segment, bytes]:
    return recorded(tmp_path_factory.mktemp("cam01_rec"))


def test_a_player_sees_pictures_only_and_all_of_them(loud: tuple[Path, Segment, bytes]) -> None:
    path, segment, data = loud

    silent = hidden(path, segment, 0, len(data))

    assert len(silent) == len(data)
    with av.open(io.BytesIO(data), "r") as before, av.open(io.BytesIO(silent), "r") as after:
        assert len(before.streams.audio) == 1
        assert len(after.streams.audio) == 0
        shown = [bytes(packet) for packet in before.demux(before.streams.video[0])]
        assert [bytes(packet) for packet in after.demux(after.streams.video[0])] == shown
        assert len(shown) > 20


def test_nothing_but_names_of_boxes_is_changed(loud: tuple[Path, Segment, bytes]) -> None:
    path, segment, data = loud

    silent = hidden(path, segment, 0, len(data))

    changed = {n for n in range(len(data)) if data[n] != silent[n]}
    names = {
        n
        for moof in find_boxes(data, b"moof")
        for box in iter_boxes(data, moof.body, moof.end)
        for n in range(box.start + 4, box.start + 8)
    }
    head = {n for n in changed if n < segment.init_bytes}
    assert len(head) <= 8
    assert changed - head <= names


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_range_has_the_same_bytes_as_the_whole(
    loud: tuple[Path, Segment, bytes], data: st.DataObject
) -> None:
    path, segment, content = loud
    whole = hidden(path, segment, 0, len(content))
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 5000)))

    assert hidden(path, segment, start, end) == whole[start:end]


def test_ranges_around_every_renamed_box_are_right(loud: tuple[Path, Segment, bytes]) -> None:
    path, segment, content = loud
    whole = hidden(path, segment, 0, len(content))
    places = [n for n in range(len(content)) if content[n] != whole[n]]

    for n in places[::5]:
        for start in range(n - 4, n + 2):
            assert hidden(path, segment, start, start + 3) == whole[start : start + 3]


def test_a_file_without_sound_stays_as_it_is(tmp_path: Path) -> None:
    made = record(tmp_path, ClipSpec(seconds=1))
    data = made.path.read_bytes()

    assert hidden(made.path, made.segment, 0, len(data)) == data
