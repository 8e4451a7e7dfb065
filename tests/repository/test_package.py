"""What the units and the maintainer scripts name, exists and agrees."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.cli import DEFAULT_CONFIG, EXIT_BROKEN_SETTINGS
from tests.fakes.deb_builder import load_builder

build: Any = load_builder()
UNITS = {path.name: path.read_text() for path in Path("systemd").glob("*.service")}
PACKAGED = {f"/{target}" for target, _ in build.FILES.values()} | {str(DEFAULT_CONFIG)}


def values(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNITS[unit], re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_names_files_and_a_user_that_the_package_brings(unit: str) -> None:
    for key in ("ExecStart", "ExecStartPost", "Documentation"):
        for value in values(unit, key):
            program = value.removeprefix("-").removeprefix("file:").split()[0]
            assert program in PACKAGED or program == "mediamtx", f"{key}={value}"
    for path in re.findall(r"/etc/gtvision-edge/\w+\.\w+", UNITS[unit]):
        assert path in PACKAGED, path
    users = Path("systemd/gtvision-edge.sysusers").read_text()
    assert re.search(rf"^u\s+{values(unit, 'User')[0]}\s", users, re.MULTILINE)
    assert values(unit, "ReadWritePaths") == [f"-{build.VOLUME}"]


def test_every_source_of_the_package_exists() -> None:
    for source in build.FILES:
        assert Path(source).is_file(), source


def test_the_daemons_unit_knows_its_command_and_its_exit_code() -> None:
    unit = "gtvision-edge.service"

    assert values(unit, "ExecStart") == ["/usr/bin/gtvision-edge run"]
    assert values(unit, "RestartPreventExitStatus") == [str(EXIT_BROKEN_SETTINGS)]
    assert values(unit, "Type") == ["notify"]


def test_mediamtx_and_its_unit_agree() -> None:
    settings = Path("mediamtx.yml").read_text()
    unit = "mediamtx.service"

    assert f"hlsDirectory: /run/{values(unit, 'RuntimeDirectory')[0]}\n" in settings
    address = re.search(r"^apiAddress: (\S+):(\d+)$", settings, re.MULTILINE)
    assert address is not None
    assert values(unit, "ExecStartPost")[0].endswith(f" {address[1]} {address[2]}")
    assert values(unit, "User") == values("gtvision-edge.service", "User")
    assert values(unit, "ExecStart")[0].endswith(" /etc/gtvision-edge/mediamtx.yml")


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_a_maintainer_script_is_a_script_and_names_units_that_exist(script: str) -> None:
    path = Path("packaging/deb") / script
    subprocess.run(["sh", "-n", str(path)], check=True)

    assert set(re.findall(r"[\w-]+\.service", path.read_text())) <= set(UNITS)


def test_nothing_of_the_recordings_is_removed_but_an_empty_folder() -> None:
    scripts = "".join((Path("packaging/deb") / each).read_text() for each in ("prerm", "postrm"))

    for line in scripts.splitlines():
        if "rm -r" in line or "find " in line:
            assert build.VOLUME not in line, line
