"""The viewing copy, judged by libav: the same pictures, at the right time, all of them decodable."""

import hashlib
import io
from pathlib import Path

import av
import pytest

from gtvision_edge.recordings.evidence.copying import read_part
from gtvision_edge.recordings.evidence.viewing import (
    Gaps,
    Part,
    Skipped,
    Source,
    plan_viewing,
)
from gtvision_edge.recordings.model import Span
from tests.fakes.clips import ClipSpec
from tests.fakes.recorded import START_US, Recorded, describe, flip, record, with_b_frames

FPS = 10
S = 1_000_000
PLAIN = ClipSpec(fps=FPS, seconds=4.0)
SOUND = ClipSpec(fps=FPS, seconds=4.0, audio="aac")


def plan(
    files: list[Recorded],
    start_s: float,
    end_s: float,
    *,
    gaps: Gaps = "keep",
    skipped: list[Skipped] | None = None,
) -> list[Part]:
    sources = [Source(file.path, file.segment) for file in files]
    span = Span(START_US + round(start_s * S), START_US + round(end_s * S))
    return list(plan_viewing(sources, span, gaps=gaps, skipped=skipped))


def written(part: Part, tmp_path: Path) -> Path:
    target = tmp_path / "viewing.mp4"
    target.write_bytes(b"".join(read_part(part)))
    assert target.stat().st_size == part.size
    return target


def shown(path: Path | bytes) -> list[float]:
    """Decode every picture; return when each is shown."""
    file = io.BytesIO(path) if isinstance(path, bytes) else str(path)
    with av.open(file, "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [round(frame.time or 0.0, 3) for frame in container.decode(video=0)]


def packets(path: Path, kind: str = "video") -> list[tuple[float, bytes]]:
    with av.open(str(path), "r") as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [
            (round(float(packet.dts * packet.time_base), 3), bytes(packet))
            for packet in container.demux(stream)
            if packet.dts is not None and packet.time_base is not None
        ]


def test_whole_files_become_one_movie_with_the_same_pictures_in_order(tmp_path: Path) -> None:
    files = [
        record(tmp_path, SOUND, start_us=START_US + n * 4 * S, continues=n > 0, first_dts=n * 777)
        for n in range(3)
    ]

    (part,) = plan(files, 0, 12)
    path = written(part, tmp_path)

    assert shown(path) == pytest.approx([n / FPS for n in range(120)], abs=0.002)
    original = [data for file in files for _, data in packets(file.path)]
    assert [data for _, data in packets(path)] == original
    assert part.frames == 120
    assert part.length_us == 12 * S
    sound = packets(path, "audio")
    assert [data for _, data in sound] == [
        data for file in files for _, data in packets(file.path, "audio")
    ]
    assert sound[-1][0] == pytest.approx(12.0, abs=0.1)


def test_it_begins_at_the_key_frame_before_and_runs_on_into_the_next_group(tmp_path: Path) -> None:
    file = record(tmp_path, SOUND)

    (part,) = plan([file], 1.55, 2.25)
    path = written(part, tmp_path)

    # Key frames at 0, 1, 2 and 3 s: from 1 s through the group of 2 s, and a second of that of 3 s.
    assert shown(path) == pytest.approx([n / FPS for n in range(30)], abs=0.002)
    assert [data for _, data in packets(path)] == [data for _, data in packets(file.path)][10:40]
    (stretch,) = part.stretches
    assert (stretch.start_us, stretch.end_us) == (START_US + 1 * S, START_US + 4 * S)
    assert (stretch.first, stretch.last) == (10, 40)


def test_the_run_on_stops_after_a_second_of_a_long_group(tmp_path: Path) -> None:
    file = record(tmp_path, ClipSpec(fps=FPS, seconds=8.0, key_every_s=3.0))

    (part,) = plan([file], 0, 2)

    assert part.length_us == 4 * S


def test_it_runs_on_into_the_next_file_only_where_that_follows(tmp_path: Path) -> None:
    first = record(tmp_path, PLAIN)
    following = record(tmp_path, PLAIN, start_us=START_US + 4 * S, continues=True)
    later = record(tmp_path, PLAIN, start_us=START_US + 60 * S)

    (with_next,) = plan([first, following], 0, 3.9)
    (alone,) = plan([first, later], 0, 3.9)

    assert with_next.length_us == 5 * S
    assert [stretch.path for stretch in with_next.stretches] == [first.path, following.path]
    assert alone.length_us == 4 * S
    assert len(alone.stretches) == 1


def test_a_gap_is_kept_as_a_still_or_collapsed(tmp_path: Path) -> None:
    files = [
        record(tmp_path, SOUND),
        record(tmp_path, SOUND, start_us=START_US + 41 * S),
    ]

    (kept,) = plan(files, 0, 45)
    (collapsed,) = plan(files, 0, 45, gaps="collapse")

    times = shown(written(kept, tmp_path))
    assert (times[39], times[40]) == pytest.approx((3.9, 41.0), abs=0.002)
    assert [stretch.at_us for stretch in kept.stretches] == [0, 41 * S]
    sound = [time for time, _ in packets(written(kept, tmp_path), "audio")]
    assert min(time for time in sound if time > 5) == pytest.approx(41.0, abs=0.1)
    times = shown(written(collapsed, tmp_path))
    assert (times[39], times[40]) == pytest.approx((3.9, 4.0), abs=0.002)
    assert [stretch.at_us for stretch in collapsed.stretches] == [0, 4 * S]


def test_neighbours_that_overlap_a_little_lose_nothing(tmp_path: Path) -> None:
    files = [
        record(tmp_path, PLAIN),
        record(tmp_path, PLAIN, start_us=START_US + 3_200_000),
    ]

    (part,) = plan(files, 0, 8)

    times = shown(written(part, tmp_path))
    assert len(times) == 80
    assert times == sorted(times)


def test_a_change_of_codec_or_size_begins_a_new_part(tmp_path: Path) -> None:
    files = [
        record(tmp_path, PLAIN),
        record(tmp_path, ClipSpec(video="h265", fps=FPS), start_us=START_US + 4 * S),
        record(tmp_path, ClipSpec(fps=FPS, width=256, height=144), start_us=START_US + 8 * S),
    ]

    parts = plan(files, 0, 12)

    assert [part.video.sample_type for part in parts if part.video] == ["avc1", "hvc1", "avc1"]
    assert [len(shown(written(part, tmp_path))) for part in parts] == [40, 40, 40]


def test_b_frames_are_shown_in_order_from_zero(tmp_path: Path) -> None:
    path = tmp_path / "b.mp4"
    path.write_bytes(with_b_frames(4.0, FPS))
    file = describe(path, start_us=START_US, end_us=START_US + 4 * S, media_us=4 * S)

    (part,) = plan([file], 1.2, 2.5)
    times = shown(written(part, tmp_path))

    assert times == pytest.approx([n / FPS for n in range(len(times))], abs=0.002)
    assert len(times) == 30


def test_where_the_clock_ran_differently_from_the_stamps_the_wall_clock_decides(
    tmp_path: Path,
) -> None:
    file = record(tmp_path, PLAIN, wall_s=5.0)  # stamped 4 s, took 5 s

    (part,) = plan([file], 2.6, 4.9)

    (stretch,) = part.stretches
    assert stretch.first == 20
    assert stretch.start_us == START_US + 2_500_000
    assert stretch.end_us == START_US + 5 * S


def test_a_damaged_file_is_left_out_and_named(tmp_path: Path) -> None:
    files = [
        record(tmp_path, PLAIN),
        record(tmp_path, PLAIN, start_us=START_US + 4 * S, continues=True),
        record(tmp_path, PLAIN, start_us=START_US + 8 * S, continues=True),
    ]
    moof = files[1].segment.init_bytes
    flip(files[1].path, moof)  # the first box of its parts claims 16 MB
    skipped: list[Skipped] = []

    (part,) = plan(files, 0, 12, skipped=skipped)

    assert skipped == [Skipped(files[1].path, "damaged")]
    assert len(shown(written(part, tmp_path))) == 80


def test_the_stream_hash_of_the_copy_is_that_of_the_originals(tmp_path: Path) -> None:
    files = [
        record(tmp_path, SOUND, start_us=START_US + n * 4 * S, continues=n > 0) for n in range(2)
    ]

    (part,) = plan(files, 0, 8)
    copy = hashlib.sha256(b"".join(data for _, data in packets(written(part, tmp_path))))

    originals = hashlib.sha256(b"".join(d for file in files for _, d in packets(file.path)))
    assert copy.hexdigest() == originals.hexdigest()
