"""The repository checks what it says of itself."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

TRACKED = [
    Path(line)
    for line in subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    if Path(line).is_file()
]
MARKDOWN = [path for path in TRACKED if path.suffix == ".md"]


@pytest.mark.parametrize("page", MARKDOWN, ids=str)
def test_links_in_markdown_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_make_targets_named_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", Path("Makefile").read_text(), re.MULTILINE))
    for page in MARKDOWN:
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named <= targets, f"{page}: {named - targets}"


def test_every_dependency_has_its_line_in_contributing() -> None:
    import tomllib

    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = Path("CONTRIBUTING.md").read_text(encoding="utf-8")
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    for requirement in [*project["dependencies"], *extras]:
        name = re.match(r"[A-Za-z0-9-]+", requirement)
        assert name is not None
        assert re.search(rf"^\|[^|]*\b{name[0]}\b", table, re.MULTILINE), name[0]


def test_sql_stands_in_repositories_only() -> None:
    allowed = {
        "repository.py",
        "index.py",
        "database.py",
        "schema_version.py",
        "chain.py",
        "outbox.py",
        "many_rows.py",
    }
    statement = re.compile(r"\"\s*(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b")
    for path in TRACKED:
        if path.parts[0] == "gtvision_edge" and path.suffix == ".py" and path.name not in allowed:
            assert not statement.search(path.read_text(encoding="utf-8")), path


def test_lock_files_carry_no_address() -> None:
    for path in TRACKED:
        if path.name.startswith("requirements") or path.name == "package-lock.json":
            text = path.read_text(encoding="utf-8")
            assert '"resolved"' not in text, path
            assert "index-url" not in text, path


HANDS_ON = Path("gtvision_edge/storage/database.py")
"""Its thread works for others: whatever fails there is given to who waits for it."""


@pytest.mark.parametrize(
    "module", [path for path in TRACKED if path.match("gtvision_edge/**/*.py")], ids=str
)
def test_a_broad_except_gives_back_and_raises_or_stands_around_one_part_and_logs(
    module: Path,
) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ExceptHandler) or not (broad := broadness(node)):
            continue
        raises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        logs = any(
            isinstance(each, ast.Attribute) and each.attr == "exception" for each in ast.walk(node)
        )
        isolates = broad == "Exception" and (logs or module == HANDS_ON)
        assert raises or isolates, f"{module}:{node.lineno}"


def broadness(handler: ast.ExceptHandler) -> str:
    """Return the widest of what it catches, "" when that is no root of all errors."""
    caught = (
        {each.id for each in ast.walk(handler.type) if isinstance(each, ast.Name)}
        if (handler.type)
        else {"BaseException"}
    )
    return next((name for name in ("BaseException", "Exception") if name in caught), "")
