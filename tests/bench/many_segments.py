"""An index of millions of rows, made in a minute: what a box of 64 cameras holds after two months."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gtvision_edge.recordings.groups import pack_groups
from gtvision_edge.recordings.model import Group

MINUTE_US = 60_000_000
BEGIN_US = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""
INIT_BYTES = 1100
GROUP_BYTES = 1_000_000
CAMERAS = 64
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'segments' AND sql IS NOT NULL"
_INSERT = (
    "INSERT INTO segments (camera_no, name_us, start_us, end_us, media_us, size_bytes, format_id, init_bytes, groups,"
    " continues, sha256) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, 1, ?)"
)


def fill(path: Path, rows: int, *, cameras: int = CAMERAS) -> int:
    """Put *rows* minutes of *cameras* cameras into the empty database at *path*; return when the last one ends. Blocks."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    indexes = connection.execute(_INDEXES).fetchall()
    connection.execute("BEGIN")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("INSERT INTO segment_formats VALUES (1, 'avc1.64001f', 1920, 1080, '')")
    connection.executemany(
        "INSERT INTO recorded_cameras (camera_uuid, camera_id, name, tenant_id, directory) VALUES (?, ?, ?, 'default', ?)",
        [(f"uuid-{n}", f"cam{n}", f"Camera {n}", f"cam{n}_rec") for n in range(1, cameras + 1)],
    )
    connection.executemany(_INSERT, _rows(rows, cameras))
    for _, sql in indexes:
        connection.execute(sql)
    connection.execute(
        "INSERT INTO camera_days SELECT camera_no, start_us / 86400000000, count(*), sum(size_bytes), sum(end_us - start_us)"
        " FROM segments GROUP BY 1, 2"
    )
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.close()
    return BEGIN_US + -(-rows // cameras) * MINUTE_US


def _rows(rows: int, cameras: int) -> Iterator[tuple[Any, ...]]:
    groups = pack_groups(
        [
            Group(
                INIT_BYTES + n * GROUP_BYTES, GROUP_BYTES, n * 2_000_000, n * 2_000_000, 2_000_000
            )
            for n in range(30)
        ],
        init_bytes=INIT_BYTES,
    )
    size = INIT_BYTES + 30 * GROUP_BYTES
    for n in range(rows):
        start_us = BEGIN_US + n // cameras * MINUTE_US
        yield (
            n % cameras + 1,
            start_us,
            start_us,
            start_us + MINUTE_US,
            MINUTE_US,
            size,
            INIT_BYTES,
            groups,
            n.to_bytes(32, "big"),
        )
