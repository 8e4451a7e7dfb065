"""What the command line says at a start."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gtvision_edge.app import Started
from gtvision_edge.cli import _announce, main
from tests.waiting import patiently

STARTED = Started("http://127.0.0.1:8080/", "caju-lima-7", (), "", "http://127.0.0.1:9997")


def test_the_first_password_is_shown_to_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    _announce(STARTED, shows_password=True)

    assert "Password  caju-lima-7" in capsys.readouterr().out


def test_a_journal_gets_the_way_to_a_password_instead(capsys: pytest.CaptureFixture[str]) -> None:
    _announce(STARTED, shows_password=False)

    printed = capsys.readouterr().out
    assert "caju-lima-7" not in printed
    assert "gtvision-edge user reset-password admin" in printed


def test_a_check_says_what_it_did_not_look_at_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "none"

    with pytest.raises(SystemExit) as ended:
        main(["check", "--state", str(folder)])

    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert "Database, audit log and recordings were not looked at" in printed
    assert f"There is no site in {folder}" in printed
    assert "--state" in printed


def test_verify_says_no_to_what_is_no_bundle_and_needs_no_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    (tmp_path / "bundle.zip").write_bytes(b"no zip at all")

    with pytest.raises(SystemExit) as ended:
        main(["verify", "bundle.zip"])

    assert ended.value.code == 1
    assert "FAULT" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.zip"]


def test_verify_refuses_a_key_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"")

    with pytest.raises(SystemExit) as ended:
        main(["verify", str(tmp_path / "bundle.zip"), "--key", str(tmp_path / "bundle.zip")])

    assert ended.value.code == 65
    assert "no_trusted_key" in capsys.readouterr().err


def test_verify_says_nothing_of_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "absent.zip", tmp_path, tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(SystemExit) as ended:
            main(["verify", str(path)])
        printed = capsys.readouterr()
        assert ended.value.code == 65
        assert "cannot be read" in printed.err
        assert not printed.out


def test_verify_speaks_the_language_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"no zip")
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
    said = []
    for more in ([], ["--language", "en"], ["--json"]):
        with contextlib.suppress(SystemExit):
            main(["verify", str(tmp_path / "bundle.zip"), *more])
        said.append(capsys.readouterr().out)
    assert "O pacote NÃO é o que foi entregue." in said[0]
    assert "The bundle is NOT what was handed over." in said[1]
    (fault,) = json.loads(said[2])["faults"]
    assert (fault["code"], fault["what"]) == (
        "no_zip",
        "isto não é um arquivo zip, ou está cortado",
    )


def test_a_reader_that_has_gone_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "gtvision_edge", "check", "--settings"],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=patiently(60),
        )
    finally:
        os.close(writing)

    assert (ended.returncode, ended.stderr) == (141, b"")
