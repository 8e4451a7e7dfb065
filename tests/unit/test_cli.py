"""What the command line says at a start."""

import pytest

from gtvision_edge.app import Started
from gtvision_edge.cli import _announce

STARTED = Started("http://127.0.0.1:8080/", "caju-lima-7", (), "", "http://127.0.0.1:9997")


def test_the_first_password_is_shown_to_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    _announce(STARTED, shows_password=True)

    assert "Password  caju-lima-7" in capsys.readouterr().out


def test_a_journal_gets_the_way_to_a_password_instead(capsys: pytest.CaptureFixture[str]) -> None:
    _announce(STARTED, shows_password=False)

    printed = capsys.readouterr().out
    assert "caju-lima-7" not in printed
    assert "gtvision-edge user reset-password admin" in printed
