"""The line to the hub by command line, where there is none."""

import json
from pathlib import Path

import pytest

from gtvision_edge.cli import main


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
    assert code_of("uplink", "status", "--config", str(config)) == 66
    assert "[no_site]" in capsys.readouterr().err


def test_a_status_without_a_hub_says_what_waits(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "edge.db").touch()

    assert code_of("uplink", "status", "--config", str(config)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "No hub is named in [uplink]: nothing is kept for one.",
        "0 messages wait (0 bytes).",
    ]
    assert code_of("uplink", "status", "--json", "--config", str(config)) == 0
    assert json.loads(capsys.readouterr().out)["hub"] == "off"


def test_a_hub_that_does_not_answer_is_said_and_is_a_failure(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "edge.db").touch()
    with config.open("a") as file:
        file.write('[uplink]\nurl = "amqp://box:a-secret@127.0.0.1:9/"\n')

    assert code_of("uplink", "status", "--config", str(config)) == 1
    said = capsys.readouterr()
    assert "[hub_unreachable, closed]" in said.out
    assert "Error" not in said.out
    assert "a-secret" not in said.out + said.err
    assert code_of("uplink", "listen", "--count", "1", "--config", str(config)) == 69
    said = capsys.readouterr()
    assert "[hub_unreachable]" in said.err
    assert "a-secret" not in said.out + said.err


def test_nobody_listens_without_a_hub(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("uplink", "listen", "--config", str(config)) == 65
    assert "[no_hub]" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "x"])
def test_a_count_is_a_number_from_one_on(config: Path, count: str) -> None:
    assert code_of("uplink", "listen", "--count", count, "--config", str(config)) == 2


@pytest.mark.parametrize("key", ["x" * 256, "\N{LATIN SMALL LETTER E WITH ACUTE}" * 128, "a\0b"])
def test_a_routing_key_is_one_that_a_broker_can_have(
    config: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("uplink", "listen", "--key", key, "--config", str(config)) == 2
    assert "255 bytes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    ['watch_queues = ["fila", "cr\N{LATIN SMALL LETTER I WITH ACUTE}ticos"]', 'exchange = "a<b"'],
)
def test_a_name_that_could_not_be_asked_for_is_a_fault_of_the_settings(
    config: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with config.open("a") as file:
        file.write(f"[uplink]\n{line}\n")

    assert code_of("uplink", "status", "--config", str(config)) == 78
    assert f"uplink.{line.split()[0]}" in capsys.readouterr().err
