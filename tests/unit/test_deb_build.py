"""The parts of the package's build that need no network."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.settings import load_settings
from tests.fakes.deb_builder import load_builder

build: Any = load_builder()


def write(tree: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


def names(tree: Path) -> set[str]:
    return {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}


def test_trees_of_two_versions_become_one(tmp_path: Path) -> None:
    merged = tmp_path / "merged"
    same = {"a/__init__.py": "pass", "a-1.dist-info/METADATA": "Name: a", "bin/a": "x"}
    first = {**same, "a/_c.cpython-311-x86_64-linux-gnu.so": "11", "a-1.dist-info/RECORD": "11"}
    second = {**same, "a/_c.cpython-312-x86_64-linux-gnu.so": "12", "a-1.dist-info/RECORD": "12"}

    build.merge_tree(write(tmp_path / "1", first), merged)
    build.merge_tree(write(tmp_path / "2", second), merged)

    assert names(merged) == {
        "a/__init__.py",
        "a/_c.cpython-311-x86_64-linux-gnu.so",
        "a/_c.cpython-312-x86_64-linux-gnu.so",
        "a-1.dist-info/METADATA",
    }


def test_a_file_that_differs_between_versions_stops_the_build(tmp_path: Path) -> None:
    merged = tmp_path / "merged"
    build.merge_tree(write(tmp_path / "1", {"a/x.py": "1"}), merged)

    with pytest.raises(build.CannotBuildError, match=r"a/x\.py"):
        build.merge_tree(write(tmp_path / "2", {"a/x.py": "2"}), merged)


def test_what_a_wheel_says_of_its_version_may_differ(tmp_path: Path) -> None:
    merged = tmp_path / "merged"
    build.merge_tree(write(tmp_path / "1", {"a-1.dist-info/WHEEL": "cp311"}), merged)

    build.merge_tree(write(tmp_path / "2", {"a-1.dist-info/WHEEL": "cp312"}), merged)

    assert (merged / "a-1.dist-info/WHEEL").read_text() == "cp311"


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    version, epoch = build.read_changelog(Path("packaging/deb/changelog").read_text())

    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert version.rpartition("-")[0] == project["version"]
    assert epoch > 1_700_000_000


def test_the_boxs_settings_keep_the_recordings_out_of_what_a_purge_removes(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(build.packaged_settings(Path("config/edge.toml").read_text()))

    storage = load_settings(path).storage

    assert storage.volume == Path(build.VOLUME)
    assert not storage.volume.is_relative_to(storage.state_dir)


@pytest.mark.parametrize(
    ("expression", "text", "classifiers", "licence"),
    [
        ("Apache-2.0 AND MIT", None, [], "Apache-2.0 and MIT"),
        (None, "BSD 3-Clause", [], "BSD-3-Clause"),
        (
            None,
            "Copyright\nPermission …",
            ["License :: OSI Approved :: MIT License"],
            "MIT-License",
        ),
        (None, None, [], "as-its-licence-file-says"),
    ],
)
def test_licences_get_the_names_of_a_copyright_file(
    expression: str | None, text: str | None, classifiers: list[str], licence: str
) -> None:
    assert build.licence_of(expression, text, classifiers) == licence


def test_the_copyright_file_names_every_package_once(tmp_path: Path) -> None:
    tree = write(
        tmp_path,
        {
            "av-18.dist-info/METADATA": "Name: av\nVersion: 18\nLicense-Expression: BSD-3-Clause\n",
            "av-18.dist-info/RECORD": "av/__init__.py,,\nav-18.dist-info/RECORD,,\n",
            "six-1.dist-info/METADATA": "Name: six\nVersion: 1\nLicense-Expression: MIT\n",
            "six-1.dist-info/RECORD": "six.py,,\n../../bin/six,,\nsix-1.dist-info/RECORD,,\n",
        },
    )
    fixed = Path("packaging/deb/copyright").read_text()

    text = build.copyright_text(fixed, build.find_distributions(tree))

    assert text.startswith("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/")
    assert text.count("site-packages/av/*") == 1
    assert "the authors of six 1" in text
    assert "site-packages/six.py*" in text
    assert "../" not in text
    assert text.count("License: MIT\n ") == 1
    assert "GPL-3+" in text


def test_checksums_leave_out_what_people_change(tmp_path: Path) -> None:
    write(tmp_path, {"etc/x.toml": "1", "DEBIAN/control": "2", "usr/bin/x": "abc"})

    assert list(build.checksums(tmp_path)) == ["900150983cd24fb0d6963f7d28e17f72  usr/bin/x\n"]


def test_the_control_file_allows_just_the_pythons_that_are_built() -> None:
    text = build.control_text(version="1-1", arch="arm64", installed_kib=7)

    assert "python3 (>= 3.11), python3 (<< 3.15)" in text
    assert "Architecture: arm64\n" in text
