"""The tree over the log: it grows with it, is checked with it, and proves entries to people who have no log."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gtvision_edge.audit import (
    SYSTEM,
    AuditLog,
    BadProofError,
    TreeHead,
    UnknownEntryError,
    check_entry_document,
    entry_document,
    read_checkpoint,
    tree,
    write_checkpoint,
)
from gtvision_edge.audit import log as log_module
from gtvision_edge.audit.chain import entry_hash
from gtvision_edge.keys import SiteKey, open_keys
from gtvision_edge.settings import PaperSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock


@pytest.fixture
def log(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    monkeypatch.setattr(log_module, "_CHUNK", 3)
    return AuditLog(clock)


@pytest.fixture
def key(tmp_path: Path) -> SiteKey:
    return open_keys(tmp_path / "state", PaperSettings(), site_id="a-site").site


async def fill(log: AuditLog, database: Database, count: int = 11) -> None:
    for number in range(count):
        work = partial(log.append, actor=SYSTEM, action="camera.created", details={"n": number})
        await database.write(work)


def tamper(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


async def leaves(database: Database) -> list[bytes]:
    rows = await database.fetch_all("SELECT hash FROM audit_log ORDER BY seq")
    return [tree.leaf_hash(bytes(row[0])) for row in rows]


async def test_the_tree_grows_with_the_log(log: AuditLog, database: Database) -> None:
    for size in range(1, 12):
        await fill(log, database, 1)

        assert await log.tree_head(database) == TreeHead(
            size, tree.root_over(await leaves(database))
        )

    found = await log.verify(database)
    assert (found.is_whole, found.root) == (True, tree.root_over(await leaves(database)))


async def test_a_log_from_before_the_tree_is_taken_in(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    await fill(log, database)
    tamper(tmp_path / "edge.db", "DELETE FROM audit_tree")
    assert (await log.verify(database)).is_whole

    assert await log.fill_tree(database) == 11
    assert await log.fill_tree(database) == 0

    assert (await log.tree_head(database)).root == tree.root_over(await leaves(database))


async def test_the_next_act_takes_in_the_few_that_an_older_program_wrote(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    await fill(log, database)
    tamper(tmp_path / "edge.db", "DELETE FROM audit_tree WHERE ((position + 1) << level) > 6")

    await fill(log, database, 1)

    rows = await database.fetch_all("SELECT COUNT(*) FROM audit_tree WHERE level = 0")
    assert rows[0][0] == 12
    assert (await log.verify(database)).is_whole


@pytest.mark.parametrize(
    ("sql", "bad_seq"),
    [
        ("UPDATE audit_tree SET hash = zeroblob(32) WHERE level = 0 AND position = 4", 5),
        ("UPDATE audit_tree SET hash = zeroblob(32) WHERE level = 2 AND position = 1", 8),
        ("DELETE FROM audit_tree WHERE level = 1 AND position = 2", 6),
        ("DELETE FROM audit_tree WHERE level = 0 AND position = 0", 1),
        ("INSERT INTO audit_tree VALUES (0, 11, zeroblob(32))", 12),
    ],
)
async def test_a_changed_tree_is_found(
    log: AuditLog, database: Database, tmp_path: Path, sql: str, bad_seq: int
) -> None:
    await fill(log, database)
    tamper(tmp_path / "edge.db", sql)

    found = await log.verify(database)

    assert (found.is_whole, found.bad_seq) == (False, bad_seq)


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM audit_tree WHERE level = 3", "INSERT INTO audit_tree VALUES (0, 99, x'00')"],
)
async def test_a_damaged_tree_keeps_no_act_from_being_logged(
    log: AuditLog, database: Database, tmp_path: Path, sql: str
) -> None:
    await fill(log, database, 15)
    tamper(tmp_path / "edge.db", sql)

    await fill(log, database, 2)

    assert (await log.page(database)).entries[0].seq == 17
    assert not (await log.verify(database)).is_whole


async def rewrite_history(log: AuditLog, database: Database, path: Path) -> None:
    """Change entry 4 and make every hash after it anew, in the chain and in the tree."""
    entries = list(reversed((await log.page(database)).entries))
    previous = entries[2].hash
    connection = sqlite3.connect(path)
    for entry in entries[3:]:
        forged = replace(
            entry, previous_hash=previous, actor_name="bob" if entry.seq == 4 else entry.actor_name
        )
        previous = entry_hash(forged)
        connection.execute(
            "UPDATE audit_log SET actor_name = ?, previous_hash = ?, hash = ? WHERE seq = ?",
            (forged.actor_name, forged.previous_hash, previous, forged.seq),
        )
    connection.execute("DELETE FROM audit_tree")
    connection.commit()
    connection.close()
    await log.fill_tree(database)


async def test_a_history_written_anew_is_found_by_a_checkpoint(
    log: AuditLog, database: Database, key: SiteKey, tmp_path: Path
) -> None:
    await fill(log, database, 7)
    kept = write_checkpoint(await log.tree_head(database), key)
    await fill(log, database, 4)
    seen = read_checkpoint(kept, key.public)
    assert (await log.verify(database, known=seen)).is_whole

    await rewrite_history(log, database, tmp_path / "edge.db")

    assert (await log.verify(database)).is_whole  # by itself it looks so
    assert (await log.verify(database, known=seen)).bad_seq == 7
    head = await log.tree_head(database)
    proof = await log.prove_growth(database, seen.size, head)
    assert not tree.verify_consistency(seen.size, seen.root, head.size, head.root, proof)


async def test_growth_is_proven(log: AuditLog, database: Database) -> None:
    heads = []
    for _ in range(11):
        await fill(log, database, 1)
        heads.append(await log.tree_head(database))

    for old in heads:
        proof = await log.prove_growth(database, old.size, heads[-1])
        assert tree.verify_consistency(old.size, old.root, heads[-1].size, heads[-1].root, proof)


async def test_a_cut_off_log_is_found_by_a_tree_head(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    await fill(log, database)
    seen = await log.tree_head(database)
    tamper(
        tmp_path / "edge.db",
        "DELETE FROM audit_log WHERE seq > 8",
        "DELETE FROM audit_tree WHERE ((position + 1) << level) > 8",
    )

    assert (await log.verify(database)).is_whole
    assert (await log.verify(database, known=seen)).bad_seq == 9


async def test_each_entry_is_proven_to_a_stranger(
    log: AuditLog, database: Database, key: SiteKey
) -> None:
    await fill(log, database)
    head = await log.tree_head(database)
    checkpoint = write_checkpoint(head, key)

    for seq in range(1, 12):
        proof = await log.prove_entry(database, seq, head=head)
        document = json.loads(json.dumps(entry_document(proof)))
        entry = check_entry_document(document, checkpoint, key.public)
        assert (entry["seq"], entry["details"]) == (seq, {"n": seq - 1})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: proof | {"entry": proof["entry"].replace('"n":4', '"n":5')},
        lambda proof: proof | {"salt": "00" * 16},
        lambda proof: proof | {"hash": "00" * 32},
        lambda proof: proof | {"index": 5},
        lambda proof: proof | {"index": "x"},
        lambda proof: proof | {"path": proof["path"][1:]},
        lambda proof: proof | {"path": None},
        lambda proof: {},
    ],
)
async def test_a_proof_that_was_touched_proves_nothing(
    log: AuditLog,
    database: Database,
    key: SiteKey,
    spoil: Callable[[dict[str, object]], dict[str, object]],
) -> None:
    await fill(log, database)
    proof = await log.prove_entry(database, 5)
    checkpoint = write_checkpoint(proof.head, key)

    with pytest.raises(BadProofError):
        check_entry_document(spoil(entry_document(proof)), checkpoint, key.public)


async def test_a_checkpoint_of_another_key_or_with_other_words_is_refused(
    log: AuditLog, database: Database, key: SiteKey, tmp_path: Path
) -> None:
    await fill(log, database, 3)
    note = write_checkpoint(await log.tree_head(database), key)
    stranger = SiteKey.from_pem(key.to_pem(), site_id="another").public

    assert read_checkpoint(note, key.public).size == 3
    for bad, reader in (
        (note, stranger),
        (note.replace("\n3\n", "\n4\n"), key.public),
        (key.sign_note(f"{key.public.name}\nmany\nAA==\n"), key.public),
        (key.sign_note(f"gtvision-edge/another\n3\n{'A' * 43}=\n"), key.public),
    ):
        with pytest.raises(BadProofError):
            read_checkpoint(bad, reader)


async def test_an_entry_that_is_not_there_is_not_proven(log: AuditLog, database: Database) -> None:
    await fill(log, database, 3)
    for seq in (0, -1, 4):
        with pytest.raises(UnknownEntryError):
            await log.prove_entry(database, seq)
