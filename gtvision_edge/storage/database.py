"""The one SQLite file: a writer that groups commits, readers apart."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
from prometheus_client import CollectorRegistry, Counter, Histogram

from gtvision_edge.storage.errors import DatabaseDamagedError, SearchTooLongError, StorageError
from gtvision_edge.storage.reserve import Reserve
from gtvision_edge.storage.schema_version import migrate

T = TypeVar("T")
Item = TypeVar("Item")

Row = sqlite3.Row
Transaction = sqlite3.Connection
"""What a unit of work gets: ``execute`` on it, never commit or roll back."""

Parameters = Sequence[Any] | Mapping[str, Any]
Work = Callable[[Transaction], T]
SharedWork = Callable[[Transaction, Sequence[Item]], Sequence[T]]
"""Does the same for many at once; returns what became of each, in their order."""

MAX_GROUP = 500
"""Works in one commit; bounds how long the first of a burst waits."""

GATHER_S = 0.02
"""How long the first of a group waits for company, at most."""
_IDLE_TURNS = 2
"""Of the loop that bring nothing new, and the group is closed. While a group is written and others are read, two threads take the
GIL from one another at each call of the system: those that are just being read had better come along."""

SEARCH_S = 10.0
"""For one search. Others wait for it, those of other people too."""
_STEPS = 20_000
"""Of SQLite's machine between two looks whether a search is over; some milliseconds."""

QUEUE_SIZE = 10_000
"""Works waiting for the writer; ``write`` waits for a place when it is full."""


@dataclass(slots=True)
class _Waiting:
    work: Work[Any]
    done: asyncio.Future[Any]
    shared: SharedWork[Any, Any] | None = None
    item: Any = None


class Database:
    """Durable writes and concurrent reads of one SQLite file (WAL, ``synchronous=FULL``).

    A write is a plain function that is given the transaction and runs in the writer's thread, so nothing but the database can
    be waited for inside one. Works that wait at the same time share one commit, each in a savepoint of its own: the
    failure of one leaves the others untouched.

    On a full disk the room that :class:`Reserve` holds is given back, and what failed for want of it is done again.
    """

    def __init__(
        self, path: Path, *, reserve_bytes: int = 0, registry: CollectorRegistry | None = None
    ) -> None:
        self._path = path
        self._reserve = Reserve(path.parent, reserve_bytes)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database-writer")
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(QUEUE_SIZE)
        self._writer: sqlite3.Connection | None = None
        self._reader: aiosqlite.Connection | None = None
        self._counter: aiosqlite.Connection | None = None
        self._searcher: aiosqlite.Connection | None = None
        self._searching = asyncio.Lock()
        self._is_search_over = False
        """Asked by SQLite while it searches: its own way to interrupt would meet the next statement, too."""
        self._is_stuck = False
        """The last commit failed; logins and viewings try again within a minute, so this does not stay by itself."""
        registry = registry or CollectorRegistry()
        self._commits = Counter(
            "gtvision_edge_database_commits", "Durable commits.", registry=registry
        )
        self._group_sizes = Histogram(
            "gtvision_edge_database_commit_works",
            "Units of work that shared one commit.",
            buckets=(1, 2, 5, 10, 50, 100, 500),
            registry=registry,
        )

    async def write(self, work: Work[T]) -> T:
        """Run *work* in a transaction; return its result once that is on disk (fsync).

        Whatever *work* raises is raised here and leaves no trace in the database. Cancelling the caller does not
        take back a work that was already handed over.

        Raises:
            StorageError: SQLite failed (disk full, file damaged); nothing of *work* was kept.

        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._queue.put(_Waiting(work, done))
        return await done

    async def write_together(self, work: SharedWork[Item, T], item: Item) -> T:
        """Do as :meth:`write`, with those *item* that wait in a row for the same *work* given to it in one call.

        The order in which they came is kept, among other works too. Where *work* fails it is undone and called for each of them
        alone, so that just those hear of a failure whose own it is: it may be called more than once for one item.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        alone = partial(_work_alone, work, item)
        await self._queue.put(_Waiting(alone, done, work, item))
        return await done

    async def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a reading query, committed data only."""
        return await _rows(self._reader, sql, parameters)

    async def count_all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Do as :meth:`fetch_all`, but in line with other long counts: what adds up a large table keeps no other read waiting."""
        return await _rows(self._counter, sql, parameters)

    async def search_all(
        self, sql: str, parameters: Parameters = (), *, within_s: float = SEARCH_S
    ) -> list[Row]:
        """Do as :meth:`fetch_all`, but in line with other searches, and no longer than *within_s* once it is its turn.

        For what may have to look through a whole table to find little; when the caller is cancelled, it ends.

        Raises:
            SearchTooLongError: it was not done by then.
            StorageError: the database could not be read.

        """
        async with self._searching:
            assert self._searcher is not None  # noqa: S101 -- open_database() is the only way in
            self._is_search_over = False
            rows = asyncio.ensure_future(_rows(self._searcher, sql, parameters))
            try:
                await asyncio.wait({rows}, timeout=within_s)
            finally:
                self._is_search_over = not rows.done()
                await asyncio.wait({rows})
                failure = rows.exception()
            if self._is_search_over and failure is not None:
                raise SearchTooLongError("The search took too long; ask for less.")
            return rows.result()

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Return the first row of a reading query, or None."""
        rows = await self.fetch_all(sql, parameters)
        return rows[0] if rows else None

    async def check(self) -> None:
        """Return if the database can be read and the last commit succeeded.

        Raises:
            StorageError: it cannot, or did not.

        """
        await self.fetch_one("SELECT version FROM schema_info")
        if self._is_stuck:
            raise StorageError("The database could not be written.")

    async def cut_log(self) -> bool:
        """Move all of the write-ahead log into the file and cut it to nothing; False: a reader was in the way.

        Raises:
            StorageError: the disk failed.

        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._cut_log)
        except sqlite3.Error as error:
            raise StorageError("The database could not be written.") from error

    def _cut_log(self) -> bool:
        assert self._writer is not None  # noqa: S101 -- opened before anyone can ask
        return not self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    async def examine(self, *, deep: bool) -> list[str]:
        """Return what SQLite finds wrong with the file, at most a hundred lines; *deep* compares the indexes with the tables, too.

        Reads the whole file, beside whatever else goes on.
        """
        return await asyncio.to_thread(self._examine, "integrity_check" if deep else "quick_check")

    def _examine(self, check: str) -> list[str]:
        try:
            with contextlib.closing(
                sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
            ) as connection:
                connection.execute("PRAGMA busy_timeout = 5000")
                found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}(100)")]
                if check == "integrity_check":
                    found += [
                        f"{table}: row {rowid} refers to nothing in {parent}"
                        for table, rowid, parent, _ in connection.execute(
                            "PRAGMA foreign_key_check"
                        )
                    ][:100]
        except sqlite3.Error as error:
            return [str(error)]
        return [line for line in found if line != "ok"]

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        self._writer = await loop.run_in_executor(self._thread, self._connect_with_room)
        self._reader = await self._connect_reader()
        self._counter = await self._connect_reader()
        self._searcher = await self._connect_reader()
        await self._searcher.set_progress_handler(lambda: self._is_search_over, _STEPS)

    async def _connect_reader(self) -> aiosqlite.Connection:
        reader = await aiosqlite.connect(
            f"file:{self._path}?mode=ro", uri=True, isolation_level=None
        )
        reader.row_factory = sqlite3.Row
        await reader.execute("PRAGMA busy_timeout = 5000")
        return reader

    def _connect_with_room(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except DatabaseDamagedError as error:
            if not (_is_for_want_of_room(error.__cause__) and self._reserve.give()):
                raise
            connection = self._connect()
        self._reserve.keep()
        return connection

    def _connect(self) -> sqlite3.Connection:
        # It holds hashes of passwords and tokens. SQLite gives the WAL the same mode.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # Plates that are forgotten, and messages that were sent, leave no copy in free pages or temporary files.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            migrate(connection)
        except sqlite3.Error as error:
            connection.close()
            raise DatabaseDamagedError(
                f"The database {self._path} cannot be opened: {error}. Put back a copy, or move it away to start a new site.",
                path=str(self._path),
            ) from error
        except BaseException:
            connection.close()
            raise
        return connection

    async def _write_forever(self) -> None:
        """Commit what waits, in groups, until None arrives."""
        loop = asyncio.get_running_loop()
        is_open = True
        while is_open:
            group, is_open = await self._next_group()
            if group:
                outcomes = await loop.run_in_executor(self._thread, self._commit, group)
                self._commits.inc()
                self._group_sizes.observe(len(group))
                for entry, outcome in zip(group, outcomes, strict=True):
                    if entry.done.done():  # its caller was cancelled
                        continue
                    if isinstance(outcome, _Failure):
                        entry.done.set_exception(outcome.error)
                    else:
                        entry.done.set_result(outcome)

    async def _next_group(self) -> tuple[list[_Waiting], bool]:
        """Return what waits, and whether more may come; what is on its way into the queue comes along."""
        loop = asyncio.get_running_loop()
        waiting = await self._queue.get()
        until = loop.time() + GATHER_S
        group: list[_Waiting] = []
        idle_turns = 0
        while waiting is not None:
            group.append(waiting)
            while self._queue.empty() and idle_turns < _IDLE_TURNS and loop.time() < until:
                idle_turns += 1
                await asyncio.sleep(0)
            if len(group) == MAX_GROUP or self._queue.empty():
                return group, True
            idle_turns = 0
            waiting = self._queue.get_nowait()
        return group, False

    def _commit(self, group: list[_Waiting]) -> list[Any]:
        connection = self._writer
        assert connection is not None  # noqa: S101 -- opened before the writer task starts
        try:
            try:
                outcomes = _commit_once(connection, group)
            except sqlite3.Error as error:
                if not (_is_for_want_of_room(error) and self._reserve.give()):
                    raise
                _roll_back(connection)
                outcomes = _commit_once(connection, group)
        except Exception as error:  # noqa: BLE001 -- whatever it is, those who wait must hear of it, and the next ones get their turn
            _roll_back(connection)
            self._is_stuck = True
            failure = StorageError("The database could not be written.")
            failure.__cause__ = error
            return [_Failure(failure)] * len(group)
        self._is_stuck = False
        self._reserve.keep()
        return outcomes

    async def _close(self) -> None:
        for reader in (self._reader, self._counter, self._searcher):
            if reader is not None:
                await reader.close()
        if self._writer is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown(wait=False)  # its last work was awaited just above


async def _rows(reader: aiosqlite.Connection | None, sql: str, parameters: Parameters) -> list[Row]:
    assert reader is not None  # noqa: S101 -- open_database() is the only way in
    try:
        return list(await reader.execute_fetchall(sql, parameters))
    except sqlite3.Error as error:
        raise StorageError("The database could not be read.") from error


@dataclass(slots=True)
class _Failure:
    error: BaseException


def _commit_once(connection: sqlite3.Connection, group: list[_Waiting]) -> list[Any]:
    connection.execute("BEGIN IMMEDIATE")
    outcomes = []
    for shared, entries in groupby(group, key=attrgetter("shared")):
        outcomes += _run_in_a_row(connection, shared, list(entries))
    connection.execute("COMMIT")
    return outcomes


def _run_in_a_row(
    connection: sqlite3.Connection,
    shared: SharedWork[Any, Any] | None,
    entries: list[_Waiting],
) -> list[Any]:
    if shared is not None and len(entries) > 1:
        items = [entry.item for entry in entries]
        outcomes = _run_in_savepoint(connection, lambda transaction: shared(transaction, items))
        if not isinstance(outcomes, _Failure):
            return list(outcomes)
    return [_run_in_savepoint(connection, entry.work) for entry in entries]


def _work_alone(work: SharedWork[Item, T], item: Item, transaction: Transaction) -> T:
    (outcome,) = work(transaction, [item])
    return outcome


def _roll_back(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _is_for_want_of_room(error: BaseException | None) -> bool:
    """Tell whether SQLite failed because the disk is full; writing the index of its log fails with an I/O error then."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)


def _run_in_savepoint(connection: sqlite3.Connection, work: Work[T]) -> T | _Failure:
    """Run *work*; on any exception undo just it. A failure of SQLite itself that is everybody's is raised."""
    connection.execute("SAVEPOINT work")
    try:
        result = work(connection)
    except sqlite3.Error as error:
        # Full disk or I/O error: SQLite rolled everything back, or the whole group is tried again with more room.
        if not connection.in_transaction or _is_for_want_of_room(error):
            raise
        connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        failure = StorageError("The database refused the change.")
        failure.__cause__ = error
        return _Failure(failure)
    except Exception as error:  # noqa: BLE001 -- handed to the caller of write(), who owns it
        connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return _Failure(error)
    connection.execute("RELEASE work")
    return result


@asynccontextmanager
async def open_database(
    path: Path, *, reserve_bytes: int = 0, registry: CollectorRegistry | None = None
) -> AsyncIterator[Database]:
    """Open (create, migrate) the database file at *path*; closes after the last waiting write.

    *reserve_bytes*: how much room beside it is kept for the day when the disk is full.

    Raises:
        DatabaseTooNewError: see :func:`gtvision_edge.storage.schema_version.migrate`.

    """
    database = Database(path, reserve_bytes=reserve_bytes, registry=registry)
    try:
        await database._open()  # noqa: SLF001 -- this function is the constructor's other half
        writer = asyncio.create_task(  # owned here: outlives every task of the daemon's group
            database._write_forever(),  # noqa: SLF001
            name="database-writer",
        )
        try:
            yield database
        finally:
            await database._queue.put(None)  # noqa: SLF001
            await writer
    finally:
        await database._close()  # noqa: SLF001
