"""On a full disk there is room left for what must be written down."""

import os
from pathlib import Path

import pytest

from gtvision_edge.storage import Database, StorageError, Transaction
from gtvision_edge.storage import reserve as module
from gtvision_edge.storage.reserve import NAME, Reserve


def test_room_is_kept_and_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(tmp_path, 2**20)
    reserve.keep()
    status = (tmp_path / NAME).stat()
    assert (status.st_size, status.st_blocks * 512 >= 2**20) == (2**20, True)
    assert reserve.give()
    assert not (tmp_path / NAME).exists()
    assert not reserve.give()
    reserve.keep()
    assert not (tmp_path / NAME).exists()  # not at once again
    monkeypatch.setattr(module, "TRY_EVERY_S", 0.0)
    reserve.keep()
    assert (tmp_path / NAME).exists()


def test_nothing_is_reserved_where_little_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = os.statvfs(tmp_path)
    monkeypatch.setattr(module, "LEAST_FREE", usage.f_blocks * usage.f_frsize * 2)
    Reserve(tmp_path, 2**20).keep()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_cannot_reserve_is_lived_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, start: int, size: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    Reserve(tmp_path, 2**20).keep()
    assert not list(tmp_path.iterdir())


def test_what_a_kill_left_of_it_is_made_whole(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(2**20)  # a size, and no room
    Reserve(tmp_path, 2**20).keep()
    assert (tmp_path / NAME).stat().st_blocks * 512 >= 2**20


def test_none_is_kept_where_none_is_wanted(tmp_path: Path) -> None:
    Reserve(tmp_path, 0).keep()
    assert not list(tmp_path.iterdir())


def fill(transaction: Transaction) -> int:
    transaction.execute("CREATE TABLE IF NOT EXISTS filler (content BLOB)")
    transaction.execute("INSERT INTO filler VALUES (zeroblob(200000))")
    return int(transaction.execute("SELECT count(*) FROM filler").fetchone()[0])


def limit(pages: int) -> object:
    def work(transaction: Transaction) -> None:
        transaction.execute(f"PRAGMA max_page_count = {pages}")

    return work


async def test_what_failed_for_want_of_room_is_done_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own limit of pages stands for the full disk: beyond it a write ends as on one, with SQLITE_FULL."""
    await database.write(fill)
    await database.write(limit(1))  # type: ignore[arg-type]  # no result
    given = []

    def give(reserve: Reserve) -> bool:
        given.append(reserve)
        connection = database._writer
        assert connection is not None
        connection.execute("PRAGMA max_page_count = 1000000")
        return True

    monkeypatch.setattr(Reserve, "give", give)
    assert await database.write(fill) == 2
    assert len(given) == 1
    await database.check()


async def test_without_room_to_give_the_failure_is_told_and_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.write(fill)
    await database.write(limit(1))  # type: ignore[arg-type]  # no result
    monkeypatch.setattr(Reserve, "give", lambda _: False)
    with pytest.raises(StorageError):
        await database.write(fill)
    await database.write(limit(1000000))  # type: ignore[arg-type]  # no result
    assert await database.write(fill) == 2
