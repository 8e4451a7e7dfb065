"""Whether a recording grows, told from its files: cheaply, and right when clocks and days change."""

import os
from pathlib import Path

import pytest

from gtvision_edge.media.view import _Growth, _has_grown, newest_file

DAYS = ["2026-11-30", "2026-11-29", "2026-11-28"]
LONG_AGO = 1_000_000_000


class Files:
    """A camera's directory; ``listed`` counts how often one of its days was listed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.growth = _Growth()
        self.listed = 0

    def write(self, day: str, name: str, size: int = 10, at: int = LONG_AGO) -> None:
        directory = self.root / day
        directory.mkdir(exist_ok=True)
        (directory / name).write_bytes(b"x" * size)
        os.utime(directory / name, (at, at))
        os.utime(directory, (at, at))

    def grew(self) -> bool:
        return _has_grown(self.root, DAYS, self.growth)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    files = Files(tmp_path)
    listdir = os.listdir

    def counted(path: Path) -> list[str]:
        files.listed += 1
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counted)
    return files


def test_a_file_that_grows_is_told_and_one_that_rests_is_not(files: Files) -> None:
    files.write(DAYS[1], "10-00-00-000000.mp4")
    assert not files.grew()  # it may have lain there for hours
    assert not files.grew()
    files.write(DAYS[1], "10-00-00-000000.mp4", size=20)
    assert files.grew()
    assert not files.grew()


def test_a_day_that_did_not_change_is_not_listed_again(files: Files) -> None:
    for minute in range(50):
        files.write(DAYS[1], f"10-{minute:02}-00-000000.mp4")
    files.grew()
    listed = files.listed
    for _ in range(10):
        assert not files.grew()
    assert files.listed == listed


def test_a_day_that_changed_just_now_is(files: Files) -> None:
    files.write(DAYS[1], "10-00-00-000000.mp4")
    os.utime(files.root / DAYS[1])
    files.grew()
    listed = files.listed
    files.grew()
    assert files.listed == listed + 1


def test_the_next_file_is_found_also_on_the_next_day(files: Files) -> None:
    files.write(DAYS[1], "23-59-00-000000.mp4")
    files.grew()
    files.write(DAYS[1], "23-59-30-000000.mp4", at=LONG_AGO + 30)
    assert files.grew()
    files.write(DAYS[0], "00-00-00-000000.mp4", at=LONG_AGO + 60)
    assert files.grew()
    files.write(DAYS[1], "23-59-30-000000.mp4", size=99, at=LONG_AGO + 61)
    assert not files.grew()


def test_after_the_clock_was_set_back_the_growing_file_is_an_older_name(files: Files) -> None:
    files.write(DAYS[1], "10-00-00-000000.mp4")
    files.grew()
    files.write(DAYS[1], "09-00-00-000000.mp4", at=LONG_AGO - 3600)
    assert files.grew()
    files.write(DAYS[1], "09-00-00-000000.mp4", size=30, at=LONG_AGO - 3599)
    assert files.grew()


def test_an_empty_new_file_is_no_growth_until_something_is_in_it(files: Files) -> None:
    files.write(DAYS[1], "10-00-00-000000.mp4")
    files.grew()
    files.write(DAYS[1], "10-01-00-000000.mp4", size=0, at=LONG_AGO + 60)
    assert not files.grew()
    files.write(DAYS[1], "10-01-00-000000.mp4", size=1, at=LONG_AGO + 61)
    assert files.grew()


def test_an_entry_that_cannot_be_looked_at_costs_the_camera_nothing(files: Files) -> None:
    files.write(DAYS[1], "10-00-00-000000.mp4")
    odd = files.root / DAYS[1] / "22-22-22-000001.mp4"
    odd.symlink_to(odd)
    files.grew()

    files.write(DAYS[1], "10-00-00-000000.mp4", size=20)
    assert files.grew()
    files.write(DAYS[1], "10-00-04-000000.mp4", at=LONG_AGO + 4)
    assert files.grew()


def test_a_day_that_cannot_be_looked_at_costs_the_others_nothing(files: Files) -> None:
    (files.root / DAYS[0]).symlink_to(files.root / DAYS[0])
    files.write(DAYS[1], "10-00-00-000000.mp4")
    assert not files.grew()

    files.write(DAYS[1], "10-00-04-000000.mp4", at=LONG_AGO + 4)
    assert files.grew()


def test_what_is_no_file_is_never_the_newest(files: Files) -> None:
    files.write(DAYS[1], "10-00-00-000000.mp4")
    files.grew()
    pipe = files.root / DAYS[1] / "11-00-00-000000.mp4"
    os.mkfifo(pipe)
    assert not files.grew()

    files.write(DAYS[1], "10-00-00-000000.mp4", size=20)
    assert files.grew()
    assert newest_file(files.root, DAYS) == files.root / DAYS[1] / "10-00-00-000000.mp4"


def test_a_file_laid_beside_the_growing_one_ends_nothing(files: Files) -> None:
    files.write(DAYS[1], "10-00-00-000000.mp4")
    files.grew()
    files.write(DAYS[1], "10-00-00-000000.mp4", size=20)
    assert files.grew()
    for minute in (7, 8):
        files.write(DAYS[1], f"10-{minute:02}-00-000000.mp4", at=LONG_AGO + minute)
        files.grew()
    assert not files.grew()

    files.write(DAYS[1], "10-00-00-000000.mp4", size=30)
    assert files.grew()
    files.write(DAYS[1], "10-00-00-000000.mp4", size=40)
    assert files.grew()
