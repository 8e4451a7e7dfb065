"""The zip of a bundle: what is noted of a file is what lies in it, also when its hash is made beside the writing."""

import hashlib
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtvision_edge.recordings.evidence.archive import open_archive
from gtvision_edge.recordings.evidence.errors import DamagedFootageError
from tests.fakes.footage import START_US

MIB = 2**20


@pytest.mark.parametrize("pieces", [0, 1, 7, 8, 9, 30])
def test_a_file_lies_where_and_as_it_is_noted(tmp_path: Path, pieces: int) -> None:
    dice = random.Random(pieces)  # noqa: S311 -- the same pieces in each run
    content = [dice.randbytes(dice.randint(1, MIB)) for _ in range(pieces)]
    path = tmp_path / "bundle.zip"

    with open_archive(path, created_us=START_US) as (archive, _):
        archive.add_bytes("before", b"before")
        stored = archive.add("film.mp4", content, pieces * MIB)
        archive.add_bytes("after", b"after")

    whole = b"".join(content)
    assert stored.sha256 == hashlib.sha256(whole).digest()
    assert path.read_bytes()[stored.offset :][: stored.size_bytes] == whole
    with zipfile.ZipFile(path) as found:
        assert found.testzip() is None
        assert found.read("film.mp4") == whole


@pytest.mark.parametrize("size_bytes", [4 * MIB, 40 * MIB])
def test_a_file_that_breaks_off_was_never_begun(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "bundle.zip"

    def breaking() -> Iterator[bytes]:
        yield from [bytes(MIB)] * 3
        raise DamagedFootageError("shorter than its index says")

    with open_archive(path, created_us=START_US) as (archive, _):
        with pytest.raises(DamagedFootageError):
            archive.add("film.mp4", breaking(), size_bytes)
        archive.add_bytes("after", b"after")
        assert [each.path for each in archive.files] == ["after"]

    with zipfile.ZipFile(path) as found:
        assert found.namelist() == ["after"]
        assert found.testzip() is None
    assert path.stat().st_size < 1000
