"""Segments on disk: names, whole fragments, and disks that fail."""

import time
from pathlib import Path

import pytest

from gtvision_edge.media.embedded import recorder as recorder_module
from gtvision_edge.media.embedded.boxes import duration_offset, walk
from gtvision_edge.media.embedded.model import Fragment, Stream
from gtvision_edge.media.embedded.muxer import open_stream
from gtvision_edge.media.embedded.recorder import Recorder, RecordPlan, segment_path
from tests.unit.media.embedded.test_muxer import mux, pictures
from tests.waiting import patiently

START_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


@pytest.fixture(scope="module")
def footage() -> tuple[Stream, list[Fragment]]:
    track, units = pictures("h264")
    _, fragments = mux(track, units)
    return open_stream(track, None), fragments


def record(directory: Path, segment_s: float, *, at_hand: bool = True) -> Recorder:
    if at_hand and not (directory / "cam_rec").exists():
        (directory / "cam_rec").mkdir()
    return Recorder("cam_rec", RecordPlan(f"{directory}/%path/%Y-%m-%d/%H-%M-%S-%f", segment_s))


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def test_a_segments_name_is_its_start_in_utc() -> None:
    name = segment_path("/v/%path/%Y-%m-%d/%H-%M-%S-%f", "a/b", START_US + 3_723_000_045)

    assert name == "/v/a/b/2026-01-01/01-02-03-000045.mp4"
    assert segment_path("/v/%path/%s", "a", START_US) == "/v/a/1767225600.mp4"


def test_segments_change_at_the_first_key_frame_after_their_length(
    tmp_path: Path, footage: tuple[Stream, list[Fragment]]
) -> None:
    stream, fragments = footage
    recorder = record(tmp_path, 1.0)
    for fragment in fragments:
        recorder.put(stream, fragment)
    recorder.close()
    assert recorder.join(patiently(5))

    found = files(tmp_path)
    assert len(found) == 2
    for path in found:
        data = path.read_bytes()
        kinds = [box.kind for box in walk(data)]
        assert kinds == [b"ftyp", b"moov", b"moof", b"mdat", b"moof", b"mdat"]
        at = duration_offset(data)
        assert int.from_bytes(data[at : at + 4], "big") == 1000


def test_every_file_begins_near_media_time_zero(
    tmp_path: Path, footage: tuple[Stream, list[Fragment]]
) -> None:
    stream, fragments = footage
    recorder = record(tmp_path, 1.0)
    for fragment in fragments:
        recorder.put(stream, fragment)
    recorder.close()
    assert recorder.join(patiently(5))

    for path in files(tmp_path):
        data = path.read_bytes()
        moof = next(box for box in walk(data) if box.kind == b"moof")
        offset = moof.start + fragments[0].times[0].offset
        assert int.from_bytes(data[offset : offset + 8], "big") == 0


def test_nothing_is_written_before_a_key_frame(
    tmp_path: Path, footage: tuple[Stream, list[Fragment]]
) -> None:
    stream, fragments = footage
    recorder = record(tmp_path, 60.0)
    recorder.put(stream, fragments[1])
    recorder.close()
    assert recorder.join(patiently(5))

    assert files(tmp_path) == []


def test_a_new_stream_is_a_new_file(tmp_path: Path, footage: tuple[Stream, list[Fragment]]) -> None:
    stream, fragments = footage
    other = open_stream(stream.video, None)
    recorder = record(tmp_path, 60.0)
    recorder.put(stream, fragments[0])
    recorder.put(other, fragments[2])
    recorder.close()
    assert recorder.join(patiently(5))

    assert len(files(tmp_path)) == 2


def test_footage_of_the_same_moment_is_not_overwritten(
    tmp_path: Path, footage: tuple[Stream, list[Fragment]]
) -> None:
    stream, fragments = footage
    for _ in range(2):
        recorder = record(tmp_path, 60.0)
        recorder.put(stream, fragments[0])
        recorder.close()
        assert recorder.join(patiently(5))

    assert len(files(tmp_path)) == 2


def test_a_failing_disk_leaves_no_stub_and_recording_resumes(
    tmp_path: Path,
    footage: tuple[Stream, list[Fragment]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, fragments = footage
    monkeypatch.setattr(recorder_module, "_RETRY_S", 0.0)
    (tmp_path / "cam_rec").write_text("in the way")  # a file where the directory should be
    recorder = record(tmp_path, 60.0)
    recorder.put(stream, fragments[0])
    recorder.put(stream, fragments[1])
    recorder.end_stream()
    while recorder.is_busy:
        time.sleep(0.01)
    assert files(tmp_path) == [tmp_path / "cam_rec"]

    (tmp_path / "cam_rec").unlink()
    (tmp_path / "cam_rec").mkdir()
    recorder.put(stream, fragments[1])
    recorder.put(stream, fragments[2])
    recorder.close()
    assert recorder.join(patiently(5))

    assert len(files(tmp_path)) == 1


def test_a_disk_that_is_gone_gets_no_directories_and_recording_resumes_on_its_return(
    tmp_path: Path,
    footage: tuple[Stream, list[Fragment]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream, fragments = footage
    monkeypatch.setattr(recorder_module, "_RETRY_S", 0.0)
    recorder = record(tmp_path, 60.0, at_hand=False)
    recorder.put(stream, fragments[0])
    recorder.end_stream()
    while recorder.is_busy:
        time.sleep(0.01)
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "cam_rec").mkdir()
    recorder.put(stream, fragments[2])
    recorder.close()
    assert recorder.join(patiently(5))

    assert len(files(tmp_path)) == 1
