"""The verifier given anything: it never fails, and never says good of what was changed."""

import os
import random
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtvision_edge.recordings.evidence.errors import DamagedFootageError
from gtvision_edge.recordings.evidence.frames import hash_movie
from gtvision_edge.recordings.evidence.tracks import read_tracks
from gtvision_edge.recordings.evidence.verify import verify_bundle
from tests.fakes.recorded import with_b_frames
from tests.unit.recordings.evidence.conftest import Made

QUIET = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def papers(made: Made) -> range:
    """Where in the zip its small files, headers and table of contents lie: all that is no footage."""
    with zipfile.ZipFile(made.path) as archive:
        start = archive.getinfo("readings.json").header_offset
    return range(start, made.path.stat().st_size)


@QUIET
@given(data=st.data())
def test_one_bit_anywhere_is_found(
    made: Made, tmp_path: Path, papers: range, data: st.DataObject
) -> None:
    size = made.path.stat().st_size
    # Half of the draws among what is no footage, where the structure is.
    where = data.draw(
        st.one_of(st.integers(0, size - 1), st.integers(papers.start, papers.stop - 1)), "offset"
    )
    bit = data.draw(st.integers(0, 7), "bit")
    content = bytearray(made.path.read_bytes())
    content[where] ^= 1 << bit
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content)

    verdict = verify_bundle(changed)
    assert not verdict.is_good or verdict.is_repacked


@QUIET
@given(data=st.data())
def test_what_is_cut_or_has_bytes_put_in_is_found(
    made: Made, tmp_path: Path, data: st.DataObject
) -> None:
    content = made.path.read_bytes()
    start = data.draw(st.integers(0, len(content)), "start")
    end = data.draw(st.integers(start, min(start + 5000, len(content))), "end")
    put_in = data.draw(st.binary(max_size=50), "put in")
    changed = content[:start] + put_in + content[end:]
    target = tmp_path / "changed.zip"
    target.write_bytes(changed)

    verdict = verify_bundle(target)
    assert (verdict.is_good and not verdict.is_repacked) == (changed == content)


@QUIET
@given(content=st.binary(max_size=4000))
def test_anything_else_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "any.zip"
    target.write_bytes(content)

    assert not verify_bundle(target).is_good


@QUIET
@given(seed=st.integers(0, 2**32), flips=st.integers(1, 40))
def test_lists_of_samples_full_of_lies_are_refused_or_read(seed: int, flips: int) -> None:
    """Boxes with wrong sizes, counts and offsets: DamagedFootageError, or tracks that lie inside the file's parts."""
    content = bytearray(with_b_frames(1.0))
    rng = random.Random(seed)  # noqa: S311 -- no secret
    init = content.index(b"moof") - 4
    for _ in range(flips):
        at = rng.choice([rng.randrange(len(content)), rng.randrange(init + 600)])
        struct.pack_into(">B", content, at, rng.choice([0, 1, 0x7F, 0xFF, rng.randrange(256)]))
    read = bytes(content)

    def read_at(size: int, offset: int) -> bytes:
        return read[offset : offset + size]

    try:
        tracks = read_tracks(read_at, read[:init], [(init, len(read) - init)])
    except DamagedFootageError:
        return
    for track in (tracks.video, tracks.audio):
        for run in track.runs if track else ():
            assert init <= run.offset <= len(read)


@QUIET
@given(content=st.binary(max_size=3000))
def test_a_film_that_is_none_is_refused(content: bytes) -> None:
    whole = struct.pack(">I4s", len(content) + 8, b"moov") + content
    with pytest.raises(DamagedFootageError):
        hash_movie(lambda size, offset: whole[offset : offset + size], len(whole))


def test_a_pipe_or_a_folder_is_no_bundle(tmp_path: Path) -> None:
    assert not verify_bundle(tmp_path).is_good
    assert not verify_bundle(tmp_path / "none.zip").is_good
    assert not verify_bundle(Path(os.devnull)).is_good
