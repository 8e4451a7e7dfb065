"""Footage is sealed within the hour; a file, a row, a seal or an entry that was changed later is found."""

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.audit import SYSTEM, AuditFilter, AuditLog, BadProofError, write_checkpoint
from gtvision_edge.audit.tree import NodeAt, nodes_over, root_over
from gtvision_edge.keys import SiteKey, open_keys
from gtvision_edge.recordings.index import delete_doomed, doom_segments
from gtvision_edge.recordings.model import CameraNo, SegmentId
from gtvision_edge.recordings.seals import FootageSeals, SealReport, check_seals
from gtvision_edge.recordings.seals import service as service_module
from gtvision_edge.recordings.seals.model import SealedFacts
from gtvision_edge.recordings.seals.proof import check_whole_segment, leaf_of
from gtvision_edge.recordings.seals.repository import drop_leaves
from gtvision_edge.settings import PaperSettings
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US, a_segment, add, keep
from tests.waiting import becomes

CAM01 = "00000000-0000-7000-8000-000000000001"


def content(number: int) -> bytes:
    return hashlib.sha256(b"file %d" % number).digest()


@pytest.fixture
def key(tmp_path: Path) -> SiteKey:
    return open_keys(tmp_path / "state", PaperSettings(), site_id="a-site").site


@pytest.fixture
def log(clock: FakeClock) -> AuditLog:
    return AuditLog(clock)


@pytest.fixture
def seals(database: Database, log: AuditLog, clock: FakeClock, key: SiteKey) -> FootageSeals:
    return FootageSeals(database, log, clock, key=key)


Check = Callable[[], Awaitable[SealReport]]


@pytest.fixture
def check(database: Database, log: AuditLog, clock: FakeClock) -> Check:
    return lambda: check_seals(database, log, now_us=clock.now_us())


@pytest.fixture
async def cameras(database: Database) -> list[CameraNo]:
    return await keep(
        database,
        FakeCamera("cam01", CAM01, tenant_id="a"),
        FakeCamera("cam02", CAM01[:-1] + "2", tenant_id="b"),
    )


async def record(
    database: Database, camera_no: CameraNo, count: int = 5, first: int = 0
) -> list[SegmentId]:
    return await add(
        database,
        *(
            a_segment(camera_no, START_US + number * MINUTE_US, sha256=content(number))
            for number in range(first, first + count)
        ),
    )


def tamper(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def change_row(path: Path, segment_id: SegmentId, sha256: bytes) -> None:
    connection = sqlite3.connect(path)
    sql = "UPDATE segments SET sha256 = ? WHERE segment_id = ?"
    connection.execute(sql, (sha256, segment_id))
    connection.commit()
    connection.close()


async def entries(log: AuditLog, database: Database) -> list[tuple[str | None, dict[str, Any]]]:
    page = await log.page(database, wanted=AuditFilter(action="footage.sealed"))
    return [(entry.tenant_id, json.loads(entry.details)) for entry in reversed(page.entries)]


async def test_each_tenant_gets_a_seal_of_its_own(
    seals: FootageSeals, check: Check, log: AuditLog, database: Database, cameras: list[CameraNo]
) -> None:
    await record(database, cameras[0], 5)
    await record(database, cameras[1], 3)

    assert await seals.seal_now() == 8
    assert await seals.seal_now() == 0

    said = await entries(log, database)
    assert [(tenant, details["segments"]) for tenant, details in said] == [("a", 5), ("b", 3)]
    assert (await check()).is_good
    assert (await log.verify(database)).is_whole


async def test_what_is_not_hashed_yet_waits(
    seals: FootageSeals, database: Database, cameras: list[CameraNo]
) -> None:
    (segment_id,) = await add(database, a_segment(cameras[0]))
    assert await seals.seal_now() == 0
    assert await seals.prove_segments([segment_id]) == []

    set_hash = "UPDATE segments SET sha256 = ? WHERE segment_id = ?"
    await database.write(lambda each: each.execute(set_hash, (content(1), segment_id)))

    assert await seals.seal_now() == 1


async def test_more_than_fits_one_seal_is_sealed_in_several(
    seals: FootageSeals,
    check: Check,
    database: Database,
    cameras: list[CameraNo],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_module, "MAX_LEAVES", 3)
    await record(database, cameras[0], 8)

    assert await seals.seal_now() == 8

    report = await check()
    assert (report.seals, report.segments, report.is_good) == (3, 8, True)


async def test_seals_come_by_themselves_within_the_hour(
    seals: FootageSeals,
    log: AuditLog,
    database: Database,
    clock: FakeClock,
    cameras: list[CameraNo],
) -> None:
    task = asyncio.create_task(seals.run())
    await record(database, cameras[0], 2)

    async def sealed(count: int) -> None:
        async def is_there() -> bool:
            return len(await entries(log, database)) >= count

        await becomes(is_there, 5)

    await sealed(1)
    await record(database, cameras[0], 2, first=2)
    await becomes(lambda: bool(clock._sleepers), 5)
    await clock.advance(30)
    assert len(await entries(log, database)) == 1
    await clock.advance(60 * 60)
    await sealed(2)

    task.cancel()
    await asyncio.wait({task})


async def test_a_segment_is_proven_as_of_a_head(
    seals: FootageSeals, log: AuditLog, database: Database, key: SiteKey, cameras: list[CameraNo]
) -> None:
    (old,) = await record(database, cameras[0], 1)
    await seals.seal_now()
    head = await log.tree_head(database)
    (new,) = await record(database, cameras[0], 1, first=1)
    await seals.seal_now()

    proven_of = await seals.prove([old, new, SegmentId(99)], head)

    assert list(proven_of) == [old]  # the other was sealed after that
    document = proven_of[old]
    checkpoint = write_checkpoint(head, key)
    proven = check_whole_segment(document, checkpoint, key.public)
    assert (proven.facts.sha256, proven.sealed_us) == (content(0), START_US)
    assert (proven.facts.camera_uuid, proven.facts.name_us) == (CAM01, START_US)
    for spoiled in (document | {"sha256": "00" * 32}, document | {"entry": {}}, {}):
        with pytest.raises(BadProofError):
            check_whole_segment(spoiled, checkpoint, key.public)


async def test_many_segments_of_a_seal_are_proven_with_one_tree(
    seals: FootageSeals,
    log: AuditLog,
    database: Database,
    key: SiteKey,
    cameras: list[CameraNo],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = await record(database, cameras[0], 7)
    await seals.seal_now()
    later = await record(database, cameras[0], 3, first=7) + await record(database, cameras[1], 2)
    await seals.seal_now()
    trees: list[int] = []

    def counted(leaves: Sequence[bytes]) -> NodeAt:
        trees.append(len(leaves))
        return nodes_over(leaves)

    monkeypatch.setattr(service_module, "nodes_over", counted)
    head = await log.tree_head(database)

    documents = await seals.prove([*later, *ids], head)

    assert sorted(trees) == [2, 3, 7]
    assert set(documents) == {*ids, *later}
    checkpoint = write_checkpoint(head, key)
    for segment_id, document in documents.items():
        proven = check_whole_segment(document, checkpoint, key.public)
        assert proven.segment_id == str(segment_id)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: proof.update(sha256="00" * 32),
        lambda proof: proof.update(name_us=0),
        lambda proof: proof.update(camera_uuid="another"),
        lambda proof: proof.update(size_bytes=1),
        lambda proof: proof.update(root="00" * 32),
        lambda proof: proof.update(audit_seq=2),
        lambda proof: proof.pop("path"),
        lambda proof: proof.pop("entry"),
        lambda proof: proof["entry"].update(
            entry=proof["entry"]["entry"].replace('"segments":5', '"segments":6')
        ),
    ],
)
async def test_a_proof_that_was_touched_proves_nothing(
    seals: FootageSeals,
    log: AuditLog,
    database: Database,
    key: SiteKey,
    cameras: list[CameraNo],
    spoil: Callable[[dict[str, Any]], object],
) -> None:
    ids = await record(database, cameras[0])
    await seals.seal_now()
    head = await log.tree_head(database)
    proof = json.loads(json.dumps((await seals.prove(ids, head))[ids[0]]))
    checkpoint = write_checkpoint(head, key)
    check_whole_segment(proof, checkpoint, key.public)

    spoil(proof)

    with pytest.raises(BadProofError):
        check_whole_segment(proof, checkpoint, key.public)


async def test_a_changed_row_is_found_and_proves_nothing(
    seals: FootageSeals, check: Check, database: Database, tmp_path: Path, cameras: list[CameraNo]
) -> None:
    ids = await record(database, cameras[0])
    await seals.seal_now()

    change_row(tmp_path / "edge.db", ids[2], content(99))

    report = await check()
    assert [(fault.code, fault.segment_id) for fault in report.faults] == [("row_changed", ids[2])]
    assert [each.segment_id for each in await seals.prove_segments(ids)] == [
        each for each in ids if each != ids[2]
    ]


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        (["UPDATE segments SET name_us = name_us + 1 WHERE segment_id = 3"], "row_changed"),
        (["UPDATE segments SET size_bytes = 7 WHERE segment_id = 3"], "row_changed"),
        (["UPDATE segments SET camera_no = 2 WHERE segment_id = 3"], "row_changed"),
        (["UPDATE footage_seals SET root = zeroblob(32)"], "leaves_changed"),
        (["UPDATE footage_seals SET audit_seq = 99"], "entry_missing"),
        (["UPDATE segments SET seal_id = NULL", "DELETE FROM footage_seals"], "seal_missing"),
    ],
)
async def test_a_changed_row_or_seal_is_found(
    seals: FootageSeals,
    check: Check,
    database: Database,
    tmp_path: Path,
    cameras: list[CameraNo],
    statements: list[str],
    code: str,
) -> None:
    await record(database, cameras[0])
    await seals.seal_now()

    tamper(tmp_path / "edge.db", *statements)

    assert code in {fault.code for fault in (await check()).faults}


async def test_a_seal_made_anew_over_a_changed_file_is_found_by_its_entry(
    seals: FootageSeals,
    check: Check,
    log: AuditLog,
    database: Database,
    tmp_path: Path,
    cameras: list[CameraNo],
) -> None:
    """Whoever changes file, row, leaves and root has the audit log against them, and that has its checkpoints."""
    ids = await record(database, cameras[0])
    await seals.seal_now()
    seen = await log.tree_head(database)
    path = tmp_path / "edge.db"
    change_row(path, ids[2], content(99))
    forge_seal(path)

    assert [fault.code for fault in (await check()).faults] == ["root_changed"]

    tamper(path, "UPDATE audit_log SET details = '{}' WHERE action = 'footage.sealed'")
    assert not (await log.verify(database, known=seen)).is_whole


def forge_seal(path: Path) -> None:
    """Make leaves and root of the only seal anew, from the rows as they are."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT c.camera_uuid, s.name_us, s.size_bytes, s.sha256 FROM segments s"
        " JOIN recorded_cameras c USING (camera_no) ORDER BY s.start_us"
    ).fetchall()
    leaves = [leaf_of(SealedFacts(*row)) for row in rows]
    assert len(leaves) == 5
    connection.execute(
        "UPDATE footage_seals SET leaves = ?, root = ?", (b"".join(leaves), root_over(leaves))
    )
    connection.commit()
    connection.close()


async def test_leaves_go_with_the_last_segment(
    seals: FootageSeals, check: Check, database: Database, cameras: list[CameraNo]
) -> None:
    ids = await record(database, cameras[0], 3)
    await seals.seal_now()

    async def delete(some: list[SegmentId]) -> int:
        await database.write(lambda each: doom_segments(each, some))
        await database.write(lambda each: delete_doomed(each, some))
        return await database.write(drop_leaves)

    assert await delete(ids[:2]) == 0
    assert [each.index for each in await seals.prove_segments([ids[2]])] == [2]
    assert await delete(ids[2:]) == 1

    report = await check()
    assert (report.seals, report.is_good) == (0, True)


async def test_sealing_is_whole_or_not_at_all(
    seals: FootageSeals, log: AuditLog, database: Database, cameras: list[CameraNo]
) -> None:
    await record(database, cameras[0])

    def fails_after(transaction: sqlite3.Connection) -> None:
        seals._seal_some(transaction)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fails_after)

    assert await entries(log, database) == []
    assert await seals.seal_now() == 5
    await database.write(
        lambda each: log.append(each, actor=SYSTEM, action="camera.created") and None
    )
    assert (await log.verify(database)).is_whole


async def test_other_tenants_facts_stay_out_of_a_seals_entry(
    seals: FootageSeals, log: AuditLog, database: Database, cameras: list[CameraNo]
) -> None:
    await record(database, cameras[0], 1)
    await add(database, replace(a_segment(cameras[1], START_US + 9 * MINUTE_US), sha256=content(9)))
    await seals.seal_now()

    mine = await log.page(database, tenant_id="a")

    assert [entry.action for entry in mine.entries] == ["footage.sealed"]
    assert "00:09" not in mine.entries[0].details
