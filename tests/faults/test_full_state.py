"""The disk of the state is full to the last byte: what must be written down still is, and a start succeeds."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gtvision_edge.storage import Transaction, open_database
from gtvision_edge.storage import reserve as module
from gtvision_edge.storage.reserve import NAME
from tests.faults.test_volume import mount
from tests.parts import lacking

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "disk"
    path.mkdir()
    options = ("-t", "tmpfs", "-o", "size=100m", "tmpfs")
    if os.geteuid() != 0 or not await mount("mount", *options, str(path)):
        lacking("mounting a tmpfs needs root and a kernel that lets us")
    try:
        yield path
    finally:
        await mount("umount", "-l", str(path))


def fill_up(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        size = 2**20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return filler


def note(transaction: Transaction) -> int:
    transaction.execute("CREATE TABLE IF NOT EXISTS notes (content BLOB)")
    transaction.execute("INSERT INTO notes VALUES (randomblob(20000))")
    return int(transaction.execute("SELECT count(*) FROM notes").fetchone()[0])


async def test_a_full_disk_is_written_to_and_started_from(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(disk / "edge.db", reserve_bytes=64 * 2**20) as database:
        assert (disk / NAME).exists()
        await database.write(note)
        filler = fill_up(disk)
        assert [await database.write(note) for _ in range(100)][-1] == 101
        assert not (disk / NAME).exists()

    filler.unlink()
    monkeypatch.setattr(module, "TRY_EVERY_S", 0.0)
    async with open_database(disk / "edge.db", reserve_bytes=64 * 2**20) as database:
        await database.write(note)
        assert (disk / NAME).exists()
    filler = fill_up(disk)
    async with open_database(disk / "edge.db", reserve_bytes=64 * 2**20) as database:
        assert [await database.write(note) for _ in range(100)][-1] == 202
