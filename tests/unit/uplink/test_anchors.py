"""The hub is told of the audit log so that it cannot be written anew."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from gtvision_edge.audit import SYSTEM, AuditLog, TreeHead, read_checkpoint
from gtvision_edge.audit.tree import verify_consistency
from gtvision_edge.keys import SiteKey, open_keys
from gtvision_edge.settings import PaperSettings
from gtvision_edge.storage import Database, Transaction
from gtvision_edge.uplink import Outbox, outbox
from gtvision_edge.uplink.anchors import ENTRIES, SCHEMA, Anchors
from tests.fakes.clock import FakeClock

PATH = Path(__file__).parents[3] / "config/schemas" / SCHEMA
HOUR_S = 3600.0


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SiteKey:
    folder = tmp_path_factory.mktemp("keys")
    return open_keys(folder, PaperSettings(), site_id="site-1").site


@pytest.fixture
def anchors(database: Database, clock: FakeClock, key: SiteKey) -> Anchors:
    box = Outbox(clock, site_id="site-1")
    return Anchors(database, AuditLog(clock), clock, outbox=box, key=key)


async def act(database: Database, clock: FakeClock, count: int) -> None:
    audit = AuditLog(clock)

    def write(transaction: Transaction) -> None:
        for _ in range(count):
            audit.append(transaction, actor=SYSTEM, action="test.acted")

    await database.write(write)


async def told(database: Database) -> list[dict[str, Any]]:
    found = await outbox.fetch_waiting(database, limit=100)
    return [json.loads(each.body)["data"] for each in found]


async def test_an_anchor_holds_a_signed_head_and_the_proof_that_the_log_went_on(
    database: Database, clock: FakeClock, key: SiteKey, anchors: Anchors
) -> None:
    await act(database, clock, 5)
    assert await anchors.look()
    await act(database, clock, 9)
    await clock.advance(HOUR_S)
    assert await anchors.look()

    first, second = await told(database)

    validator = Draft202012Validator(json.loads(PATH.read_text("utf-8")))
    assert [list(validator.iter_errors(each)) for each in (first, second)] == [[], []]
    assert (first["entradas_antes"], first["prova"]) == (None, [])
    assert (second["entradas"], second["entradas_antes"]) == (14, 5)
    head = read_checkpoint(second["checkpoint"], key.public)
    assert head == TreeHead(14, bytes.fromhex(second["raiz"]))
    assert second["raiz_antes"] == first["raiz"]
    assert verify_consistency(
        5,
        bytes.fromhex(first["raiz"]),
        14,
        head.root,
        [bytes.fromhex(each) for each in second["prova"]],
    )


async def test_it_comes_each_hour_of_growth_each_day_of_none_and_at_once_after_many(
    database: Database, clock: FakeClock, anchors: Anchors
) -> None:
    assert not await anchors.look()  # nothing to tell of
    await act(database, clock, 1)
    assert await anchors.look()
    await act(database, clock, 1)
    await clock.advance(HOUR_S - 1)
    assert not await anchors.look()
    await clock.advance(1)
    assert await anchors.look()
    await clock.advance(24 * HOUR_S - 1)
    assert not await anchors.look()
    await clock.advance(1)
    assert await anchors.look()
    await act(database, clock, ENTRIES)
    assert await anchors.look()
    assert [each["entradas"] for each in await told(database)] == [1, 2, 2, ENTRIES + 2]


async def test_a_log_that_was_cut_off_is_told_as_shorter(
    database: Database, clock: FakeClock, anchors: Anchors
) -> None:
    await act(database, clock, 8)
    await anchors.look()

    def cut(transaction: Transaction) -> None:
        transaction.execute("DELETE FROM audit_log WHERE seq > 4")
        transaction.execute("DELETE FROM audit_tree WHERE (position + 1) << level > 4")

    await database.write(cut)
    assert await anchors.look()

    _, second = await told(database)
    assert (second["entradas"], second["entradas_antes"], second["prova"]) == (4, 8, [])
