import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from gtvision_edge.storage import (
    Database,
    DatabaseTooNewError,
    StorageError,
    Transaction,
    insert_rows,
    open_database,
    rows_with,
)
from gtvision_edge.storage.database import GATHER_S, MAX_GROUP
from gtvision_edge.storage.errors import DatabaseDamagedError, SearchTooLongError
from gtvision_edge.storage.schema_version import migrations
from tests.waiting import patiently

SCHEMA = files("gtvision_edge.storage").joinpath("schema.sql").read_text(encoding="utf-8")
NEWER = migrations()[-1].number + 1
INSERT = "INSERT INTO tenants (tenant_id, name, created_us) VALUES (?, 'x', 0)"


def insert(tenant_id: str) -> Callable[[Transaction], int]:
    return lambda transaction: transaction.execute(INSERT, (tenant_id,)).rowcount


async def test_a_write_is_seen_by_readers_and_survives_reopening(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    async with open_database(path) as database:
        await database.write(insert("a"))
        assert await database.fetch_one("SELECT tenant_id FROM tenants") is not None

    async with open_database(path) as database:
        rows = await database.fetch_all("SELECT tenant_id FROM tenants")
        assert [row["tenant_id"] for row in rows] == ["a"]


async def test_works_that_wait_together_share_a_commit_and_fail_alone(database: Database) -> None:
    def failing(transaction: Transaction) -> None:
        transaction.execute(INSERT, ("lost",))
        raise LookupError("no")

    results = await asyncio.gather(
        *(database.write(insert(f"t{i}")) for i in range(50)),
        database.write(failing),
        database.write(insert("t1")),
        return_exceptions=True,
    )

    assert results[:50] == [1] * 50
    assert isinstance(results[50], LookupError)
    assert isinstance(results[51], StorageError)
    rows = await database.fetch_all("SELECT tenant_id FROM tenants")
    assert {row[0] for row in rows} == {f"t{i}" for i in range(50)}
    assert database._commits._value.get() < 10


async def test_what_is_on_its_way_into_the_queue_comes_along(database: Database) -> None:
    async def after(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await database.write(insert(f"t{turns}"))

    before = database._commits._value.get()
    await asyncio.gather(*(after(turns) for turns in range(20)))

    assert database._commits._value.get() - before == 1


async def test_a_trickle_without_end_keeps_nobody_waiting(database: Database) -> None:
    ended = asyncio.Event()

    async def trickle() -> None:
        writes: list[asyncio.Task[int]] = []
        while not ended.is_set():
            writes.append(asyncio.create_task(database.write(insert(f"t{len(writes)}"))))
            await asyncio.sleep(GATHER_S / (2 * MAX_GROUP))
        await asyncio.gather(*writes)

    trickling = asyncio.create_task(trickle())
    loop = asyncio.get_running_loop()
    began = loop.time()
    await database.write(insert("first"))
    took_s = loop.time() - began
    ended.set()
    await trickling

    assert took_s < patiently(GATHER_S + 0.3)


async def test_items_that_wait_for_the_same_work_are_given_to_it_together_in_their_order(
    database: Database,
) -> None:
    calls: list[list[str]] = []

    def keep(transaction: Transaction, names: Sequence[str]) -> list[str]:
        calls.append(list(names))
        for name in names:
            transaction.execute(INSERT, (name,))
        return [name.upper() for name in names]

    results = await asyncio.gather(
        *(database.write_together(keep, f"a{i}") for i in range(3)),
        database.write(insert("between")),
        *(database.write_together(keep, f"b{i}") for i in range(2)),
    )

    assert results == ["A0", "A1", "A2", 1, "B0", "B1"]
    assert calls == [["a0", "a1", "a2"], ["b0", "b1"]]
    rows = await database.fetch_all("SELECT tenant_id FROM tenants ORDER BY rowid")
    assert [row[0] for row in rows] == ["a0", "a1", "a2", "between", "b0", "b1"]


async def test_an_item_that_fails_among_others_fails_alone(database: Database) -> None:
    def keep(transaction: Transaction, names: Sequence[str]) -> list[str]:
        for name in names:
            transaction.execute(INSERT, (name,))
            if name == "odd":
                raise LookupError("no")
        return list(names)

    results = await asyncio.gather(
        *(database.write_together(keep, name) for name in ("a", "odd", "b", "a")),
        return_exceptions=True,
    )

    assert results[0] == "a"
    assert isinstance(results[1], LookupError)
    assert results[2] == "b"
    assert isinstance(results[3], StorageError)  # there is an "a" already
    rows = await database.fetch_all("SELECT tenant_id FROM tenants ORDER BY rowid")
    assert [row[0] for row in rows] == ["a", "b"]


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, 200])
async def test_many_rows_are_inserted_in_order_and_found_by_their_keys(
    database: Database, count: int
) -> None:
    names = [f"t{number:03d}" for number in range(count)]

    def write(transaction: Transaction) -> tuple[int, list[str]]:
        last = insert_rows(
            transaction,
            "tenants (tenant_id, name, created_us)",
            [(name, "x", 0) for name in names],
        )
        wanted = [*names[::3], "nobody"]
        found = rows_with(transaction, "SELECT tenant_id FROM tenants WHERE tenant_id IN", wanted)
        return last, sorted(row[0] for row in found)

    assert await database.write(write) == (count, names[::3])
    rows = await database.fetch_all("SELECT tenant_id FROM tenants ORDER BY rowid")
    assert [row[0] for row in rows] == names


def _schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE name != 'schema_info' AND sql IS NOT NULL ORDER BY name"
    )
    return [(name, sql) for name, sql in rows]


async def test_the_migrations_lead_to_the_documented_schema(tmp_path: Path) -> None:
    async with open_database(tmp_path / "edge.db"):
        pass
    migrated = sqlite3.connect(tmp_path / "edge.db")
    documented = sqlite3.connect(":memory:")
    documented.executescript(SCHEMA)

    try:
        assert _schema(migrated) == _schema(documented)
    finally:
        migrated.close()
        documented.close()


async def test_a_database_of_a_newer_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    async with open_database(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("UPDATE schema_info SET version = ?, oldest_compatible = ?", (NEWER, NEWER))
    connection.commit()
    connection.close()
    before = path.read_bytes()

    with pytest.raises(DatabaseTooNewError):
        async with open_database(path):
            pass

    assert path.read_bytes() == before


async def test_a_newer_database_with_a_low_floor_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    async with open_database(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("UPDATE schema_info SET version = version + 5")
    connection.commit()
    connection.close()

    async with open_database(path) as database:
        assert await database.fetch_all("SELECT * FROM tenants") == []


async def test_a_file_that_is_no_database_is_said_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    path.write_bytes(b"no database at all, but long enough to look at" * 10)
    before = path.read_bytes()

    with pytest.raises(DatabaseDamagedError, match=r"edge\.db"):
        async with open_database(path):
            pass

    assert path.read_bytes() == before


async def test_after_a_failed_commit_the_database_is_not_well_until_one_succeeds(
    tmp_path: Path,
) -> None:
    async with open_database(tmp_path / "edge.db") as database:
        await database.check()

        def full_disk(transaction: Transaction) -> None:
            transaction.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")

        with pytest.raises(StorageError):
            await database.write(full_disk)
        with pytest.raises(StorageError):
            await database.check()

        await database.write(insert("a"))
        await database.check()


async def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    async with open_database(path) as database:
        await database.write(insert("a"))

        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}

    assert set(modes.values()) == {0o600}, modes


async def test_a_long_count_keeps_no_read_waiting(database: Database) -> None:
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000)"
        " SELECT count(*) AS total FROM n"
    )
    counting = asyncio.create_task(database.count_all(slow))
    await asyncio.sleep(0.05)

    rows = await database.fetch_all("SELECT 1 AS one")

    assert rows[0]["one"] == 1
    assert not counting.done()
    assert (await counting)[0]["total"] == 20_000_000


def _at_version_4(path: Path, at_us: int, starts: tuple[int, ...]) -> None:
    segment = "INSERT INTO segments (camera_no, name_us, start_us, end_us, media_us, size_bytes, format_id, init_bytes, groups)"
    old = sqlite3.connect(path, isolation_level=None)
    for step in migrations()[:4]:
        old.executescript(step.script)
    old.executescript(
        "CREATE TABLE schema_info (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, oldest_compatible INTEGER NOT NULL);"
        "INSERT INTO schema_info VALUES (1, 4, 1);"
        "INSERT INTO recorded_cameras (camera_uuid, camera_id, name) VALUES ('u', 'c', 'C');"
        "INSERT INTO segment_formats VALUES (1, 'avc1', 1, 1, '');"
        "INSERT INTO missing_segments VALUES (9, 1, 7, 7, 8, 1, 10, 1, 0, x'00', NULL, NULL, 0, 0, x'AB', NULL, 0, 5);"
    )
    old.execute("INSERT INTO clock_log VALUES (?, 'step', 864000000000, '')", (at_us,))
    for start_us in starts:
        old.execute(
            f"{segment} VALUES (1, ?, ?, ?, 1, 10, 1, 0, x'00')", (start_us, start_us, start_us + 1)
        )
    old.close()


async def test_what_a_wrong_clock_named_before_the_upgrade_is_doubted_after_it(
    tmp_path: Path,
) -> None:
    path, at_us = tmp_path / "edge.db", 1_767_225_600_000_000
    starts = (60, at_us - 11 * 86_400_000_000, at_us - 20 * 86_400_000_000, at_us)
    await asyncio.to_thread(_at_version_4, path, at_us, starts)

    async with open_database(path) as database:
        rows = await database.fetch_all(
            "SELECT start_us, aged_us FROM segments ORDER BY segment_id"
        )
        missing = await database.fetch_all(
            "SELECT segment_id, sha256, aged_us FROM missing_segments"
        )

    assert [row["aged_us"] is not None for row in rows] == [True, True, False, False]
    assert [tuple(row) for row in missing] == [(9, b"\xab", None)]


def _at_version_5(path: Path, turns: dict[int, str]) -> None:
    old = sqlite3.connect(path, isolation_level=None)
    for step in migrations()[:5]:
        old.executescript(step.script)
    old.executescript(
        "CREATE TABLE schema_info (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, oldest_compatible INTEGER NOT NULL);"
        "INSERT INTO schema_info VALUES (1, 5, 1);"
    )
    for seq, (at_us, turn) in enumerate(turns.items(), start=1):
        old.execute(
            "INSERT INTO audit_log (seq, at_us, actor, actor_name, action, subject, address, details, salt,"
            " previous_hash, hash) VALUES (?, ?, 'system', 'system', ?, 'volume', '', '{}', x'', x'', x'')",
            (seq, at_us, f"breaker.{turn}"),
        )
    old.close()


async def test_the_upgrade_takes_from_the_log_when_the_breaker_was_open(tmp_path: Path) -> None:
    turns = {10: "closed", 20: "opened", 25: "opened", 30: "closed", 35: "closed"}
    turns |= {50: "opened", 45: "closed", 60: "opened"}  # the clock was put back while it was open
    await asyncio.to_thread(_at_version_5, tmp_path / "edge.db", turns)

    async with open_database(tmp_path / "edge.db") as database:
        rows = await database.fetch_all("SELECT opened_us, closed_us FROM breaker_openings")

    assert [tuple(row) for row in rows] == [(20, 30), (50, 50), (60, None)]


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"
)


async def test_a_search_that_takes_too_long_is_ended_and_nobody_else_waits_for_it(
    tmp_path: Path,
) -> None:
    async with open_database(tmp_path / "edge.db") as database:
        searching = asyncio.create_task(database.search_all(ENDLESS, within_s=0.5))
        next_one = asyncio.create_task(database.search_all("SELECT 1 AS one"))

        assert await database.fetch_one("SELECT 1 AS one") is not None
        assert not searching.done()

        with pytest.raises(SearchTooLongError):
            await searching
        assert [row["one"] for row in await next_one] == [1]


async def test_a_search_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    async with open_database(tmp_path / "edge.db") as database:
        searching = asyncio.create_task(database.search_all(ENDLESS, within_s=600))
        assert await database.fetch_one("SELECT 1 AS one") is not None

        searching.cancel()

        with pytest.raises(asyncio.CancelledError):
            await searching
        assert len(await database.search_all("SELECT 1 AS one")) == 1
