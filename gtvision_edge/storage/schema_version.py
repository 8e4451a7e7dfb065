"""Numbered migrations with a compatibility floor.

``migrations/NNNN_what.sql`` bring an older file up to date, each in a transaction of its own. Two numbers are kept in the
file: the version it has, and the oldest program version that may open it. A migration that an older program can live with
(a new table, a nullable column) leaves the floor where it is, so a rolled-back package still starts; one that it cannot raises
the floor by a first line ``-- oldest_compatible: N``.
"""

import re
import sqlite3
from dataclasses import dataclass
from importlib.resources import files

from gtvision_edge.storage.errors import DatabaseTooNewError

_FLOOR = re.compile(r"^-- oldest_compatible: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    script: str
    oldest_compatible: int | None


def migrations() -> list[Migration]:
    """Return the package's migrations in order."""
    found = []
    for entry in files("gtvision_edge.storage").joinpath("migrations").iterdir():
        if not entry.name.endswith(".sql"):
            continue
        script = entry.read_text(encoding="utf-8")
        floor = _FLOOR.search(script)
        found.append(
            Migration(
                number=int(entry.name[:4]),
                name=entry.name.removesuffix(".sql"),
                script=script,
                oldest_compatible=int(floor[1]) if floor else None,
            )
        )
    return sorted(found, key=lambda migration: migration.number)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file behind *connection* (autocommit mode) to this program's version.

    Raises:
        DatabaseTooNewError: a newer program wrote the file and its floor is above us; nothing was changed.

    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_info (id INTEGER PRIMARY KEY CHECK (id = 1),"
        " version INTEGER NOT NULL, oldest_compatible INTEGER NOT NULL)"
    )
    row = connection.execute("SELECT version, oldest_compatible FROM schema_info").fetchone()
    version, floor = row or (0, 0)
    steps = migrations()
    newest = steps[-1].number
    if floor > newest:
        raise DatabaseTooNewError(
            f"The database has version {version} and needs a program that knows at least"
            f" version {floor}; this one knows {newest}. Install the newer package again.",
            version=version,
            needed=floor,
            known=newest,
        )
    for step in steps:
        if step.number <= version:
            continue
        floor = step.oldest_compatible or floor
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{step.script}\n"
            "INSERT INTO schema_info (id, version, oldest_compatible)"
            f" VALUES (1, {step.number:d}, {floor:d})"
            " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
            " oldest_compatible = excluded.oldest_compatible;\nCOMMIT;"
        )
