"""A box that was booted is told from a program that was started again."""

from pathlib import Path

import pytest

from gtvision_edge.runtime.boots import MARK, was_booted


def test_a_start_after_a_boot_is_one_and_the_next_start_is_none(tmp_path: Path) -> None:
    boot_id = tmp_path / "boot_id"
    answers = []
    for boot in ("one", "one", "two", "two", "three"):
        boot_id.write_text(boot + "\n")
        answers.append(was_booted(tmp_path, boot_id=boot_id))

    assert answers == [False, False, True, False, True]


def test_where_there_is_no_such_id_nothing_is_said_and_nothing_kept(tmp_path: Path) -> None:
    assert not was_booted(tmp_path, boot_id=tmp_path / "none")
    assert not (tmp_path / MARK).exists()


def test_a_mark_that_cannot_be_written_keeps_nothing_from_starting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("one")
    (tmp_path / MARK).mkdir()

    assert not was_booted(tmp_path, boot_id=boot_id)
    assert "boot_not_noted" in capsys.readouterr().out


def test_this_machine_was_not_booted_between_two_questions(tmp_path: Path) -> None:
    assert [was_booted(tmp_path), was_booted(tmp_path)] == [False, False]
