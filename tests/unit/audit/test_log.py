import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gtvision_edge.audit import Actor, AuditFilter, AuditLog, Checkpoint
from gtvision_edge.audit import log as log_module
from gtvision_edge.storage import Database, Transaction
from tests.fakes.clock import FakeClock

ANA = Actor("u1", "ana", "10.0.0.7")


@pytest.fixture
def log(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    monkeypatch.setattr(log_module, "_CHUNK", 3)  # so that ten entries are several chunks
    return AuditLog(clock)


def _nth(log: AuditLog, number: int) -> Callable[[Transaction], int]:
    return lambda transaction: log.append(
        transaction,
        actor=ANA,
        action="camera.created" if number % 2 else "user.login",
        subject=f"camera:cam{number:02}",
        tenant_id="a" if number <= 5 else None,
        details={"número": number, "aninhado": {"b": [1, None], "a": "ç"}},
    )


async def _fill(log: AuditLog, database: Database, count: int = 10) -> None:
    for number in range(1, count + 1):
        await database.write(_nth(log, number))


def _tamper(path: Path, sql: str, parameters: tuple[bytes, ...] = ()) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql, parameters)
    connection.commit()
    connection.close()


def _cut_tree(path: Path, size: int) -> None:
    sql = "DELETE FROM audit_tree WHERE ((position + 1) << level) > length(?)"
    _tamper(path, sql, (bytes(size),))


async def test_an_untouched_log_is_whole(log: AuditLog, database: Database) -> None:
    assert (await log.verify(database)).is_whole
    await _fill(log, database)

    found = await log.verify(database)

    assert (found.is_whole, found.entries, found.bad_seq) == (True, 10, None)


@pytest.mark.parametrize(
    ("sql", "bad_seq"),
    [
        ("UPDATE audit_log SET actor_name = 'bob' WHERE seq = 4", 4),
        ("UPDATE audit_log SET at_us = at_us + 1 WHERE seq = 1", 1),
        ("UPDATE audit_log SET tenant_id = 'b' WHERE seq = 5", 5),
        ("UPDATE audit_log SET details = replace(details, ':', ': ') WHERE seq = 7", 7),
        ("UPDATE audit_log SET details = 'nonsense' WHERE seq = 7", 7),
        ("UPDATE audit_log SET salt = randomblob(16) WHERE seq = 10", 10),
        ("DELETE FROM audit_log WHERE seq = 6", 6),
        ("DELETE FROM audit_log WHERE seq <= 3", 1),
        (
            "UPDATE audit_log SET seq = CASE seq WHEN 8 THEN -9 WHEN 9 THEN -8 END"
            " WHERE seq IN (8, 9)",
            8,
        ),
    ],
)
async def test_the_first_bad_entry_is_named(
    log: AuditLog, database: Database, tmp_path: Path, sql: str, bad_seq: int
) -> None:
    await _fill(log, database)
    _tamper(tmp_path / "edge.db", sql)
    _tamper(tmp_path / "edge.db", "UPDATE audit_log SET seq = -seq WHERE seq < 0")

    found = await log.verify(database)

    assert (found.is_whole, found.bad_seq) == (False, bad_seq)


async def test_an_edit_whose_hash_was_made_anew_is_found_at_the_next_entry(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    await _fill(log, database)
    entry = (await log.page(database, before_seq=5, limit=1)).entries[0]
    forged = log_module._sealed(replace(entry, actor_name="bob"))
    _tamper(
        tmp_path / "edge.db",
        "UPDATE audit_log SET actor_name = 'bob', hash = ? WHERE seq = 4",
        (forged.hash,),
    )

    assert (await log.verify(database)).bad_seq == 5


async def test_a_cut_off_end_is_found_with_a_checkpoint_only(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    await _fill(log, database)
    seen = await log.verify(database)
    checkpoint = Checkpoint(seen.entries, seen.head)
    assert (await log.verify(database, checkpoint=checkpoint)).is_whole
    _tamper(tmp_path / "edge.db", "DELETE FROM audit_log WHERE seq > 8")
    assert (await log.verify(database)).bad_seq == 9  # the tree has it still
    _cut_tree(tmp_path / "edge.db", 8)

    assert (await log.verify(database)).is_whole
    assert (await log.verify(database, checkpoint=checkpoint)).bad_seq == 9

    await _fill(log, database, 2)  # somebody writes on: same length, another history
    assert (await log.verify(database)).is_whole
    assert (await log.verify(database, checkpoint=checkpoint)).bad_seq == 10


async def test_an_entry_dies_with_its_transaction(log: AuditLog, database: Database) -> None:
    def failing(transaction: Transaction) -> None:
        log.append(transaction, actor=ANA, action="camera.created")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(failing)

    assert (await log.page(database)).entries == []


async def test_pages_run_from_the_newest_to_the_oldest(log: AuditLog, database: Database) -> None:
    await _fill(log, database)

    first = await log.page(database, limit=4)
    second = await log.page(database, limit=4, before_seq=first.before_seq)
    third = await log.page(database, limit=4, before_seq=second.before_seq)

    pages = [[entry.seq for entry in page.entries] for page in (first, second, third)]
    assert pages == [[10, 9, 8, 7], [6, 5, 4, 3], [2, 1]]
    assert third.before_seq is None


async def test_a_tenant_sees_its_own_entries_only(log: AuditLog, database: Database) -> None:
    await _fill(log, database)

    mine = await log.page(database, tenant_id="a", wanted=AuditFilter(action="camera."))
    theirs = await log.page(database, tenant_id="b")

    assert [entry.seq for entry in mine.entries] == [5, 3, 1]
    assert theirs.entries == []


async def test_filters_narrow_the_page(log: AuditLog, database: Database, clock: FakeClock) -> None:
    await _fill(log, database, 2)
    await clock.advance(60)
    now = clock.now_us()
    await _fill(log, database, 2)

    async def seqs(wanted: AuditFilter) -> list[int]:
        return [entry.seq for entry in (await log.page(database, wanted=wanted)).entries]

    assert await seqs(AuditFilter(action="user.login")) == [4, 2]
    assert await seqs(AuditFilter(action="user.")) == [4, 2]
    assert await seqs(AuditFilter(subject="camera:cam01")) == [3, 1]
    assert await seqs(AuditFilter(start_us=now)) == [4, 3]
    assert await seqs(AuditFilter(end_us=now)) == [2, 1]
    assert await seqs(AuditFilter(actor="nobody")) == []
    assert await seqs(AuditFilter(action="camera.,user.login")) == [4, 3, 2, 1]
    assert await seqs(AuditFilter(action="user.logout,nothing.")) == []


async def test_a_camera_is_found_as_subject_and_as_part_of_an_export(
    log: AuditLog, database: Database
) -> None:
    def write(transaction: Transaction) -> None:
        acts: list[tuple[str, dict[str, object]]] = [
            ("camera:cam01", {}),
            ("camera:cam02", {}),
            ("export:x", {"cameras": ["cam02", "cam01"]}),
            ("export:y", {"cameras": ["cam02"]}),
            ("incident:z", {"cameras": [1, 2]}),
        ]
        for subject, details in acts:
            log.append(
                transaction,
                actor=ANA,
                action="any.act",
                subject=subject,
                details=details,
            )

    await database.write(write)
    page = await log.page(database, wanted=AuditFilter(camera_id="cam01"))

    assert [entry.subject for entry in page.entries] == ["export:x", "camera:cam01"]


async def test_text_that_utf8_cannot_carry_does_not_lose_the_entry(
    log: AuditLog, database: Database
) -> None:
    await database.write(
        lambda transaction: log.append(
            transaction,
            actor=Actor("", "\ud800"),
            action="user.login_failed",
            details={"x": "\udfff"},
        )
    )

    assert (await log.verify(database)).is_whole
