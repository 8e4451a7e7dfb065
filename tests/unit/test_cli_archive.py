"""The copies in an object store by command line."""

import json
import sys
from pathlib import Path

import pytest

from gtvision_edge.cli import main
from gtvision_edge.cli_archive import CURES

STORE = '[archive]\nbucket = "copias"\nendpoint = "http://127.0.0.1:9"\naccess_key = "box17"\nsecret_key = "a-secret"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(f'[storage]\nstate_dir = "{tmp_path}"\nvolume = "{tmp_path}/rec"\n')
    return path


def code_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_a_status_needs_a_site(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("archive", "status", "--config", str(config)) == 66
    assert "[no_site]" in capsys.readouterr().err


def test_a_status_without_a_store_says_what_waits(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "edge.db").touch()

    assert code_of("archive", "status", "--config", str(config)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "No bucket is named in [archive]: nothing is copied.",
        "0 files wait to be copied (0 bytes), 0 copies to be removed.",
        "0 copies are there (0 bytes).",
    ]
    assert code_of("archive", "status", "--json", "--config", str(config)) == 0
    assert json.loads(capsys.readouterr().out)["store"] == "off"


def test_a_store_that_does_not_answer_is_said_and_is_a_failure(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "edge.db").touch()
    with config.open("a") as file:
        file.write(STORE)

    assert code_of("archive", "status", "--config", str(config)) == 1
    said = capsys.readouterr()
    assert "archive_unreachable" in said.out
    assert "http://127.0.0.1:9/copias" in said.out
    assert "a-secret" not in said.out + said.err


def test_without_the_extra_a_bucket_is_refused_with_a_code_and_no_bucket_is_not(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (config.parent / "edge.db").touch()
    monkeypatch.setitem(sys.modules, "obstore", None)  # so Python says that it is not there

    assert code_of("archive", "status", "--config", str(config)) == 0
    with config.open("a") as file:
        file.write(STORE)
    for arguments in (("run",), ("check", "--settings"), ("archive", "status")):
        assert code_of(*arguments, "--config", str(config)) == 78
        said = capsys.readouterr().err
        assert "[archive_extra_missing]" in said
        assert "gtvision-edge[archive]" in said


def test_what_to_mend_is_said_where_it_is_known(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "edge.db").touch()
    with config.open("a") as file:
        file.write(STORE.replace("http:", "https:") + f'ca_file = "{config.parent}/none.pem"\n')

    assert code_of("archive", "status", "--config", str(config)) == 1
    assert CURES["ca_unreadable"] in capsys.readouterr().out.splitlines()
