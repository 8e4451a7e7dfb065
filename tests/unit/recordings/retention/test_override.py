"""Evidence is given up for room only as the standing order says, and never more than makes room."""

import json

import pytest

from gtvision_edge.audit import AuditLog
from gtvision_edge.recordings.errors import VolumeMissingError
from gtvision_edge.recordings.model import LeanSegment, Span
from gtvision_edge.recordings.retention import repository
from gtvision_edge.recordings.retention.deleter import Deleted
from gtvision_edge.recordings.retention.model import DAY_US, Order, PurgeKind
from gtvision_edge.storage import Database, Transaction
from tests.fakes.footage import MINUTE_US, START_US
from tests.unit.recordings.retention.test_deleter import hold
from tests.unit.recordings.retention.test_keeper import (
    House,
    fill_with_held,
    house,
    open_incidents,
    standing_order,
)

__all__ = ["house"]


async def hold_a_day_each(house: House, days: int) -> None:
    camera_no = await house.volume.camera("c1")
    for n in range(days):
        await house.clock.advance(1)
        start_us = START_US + n * DAY_US
        await house.volume.record(camera_no, 100, start_us=start_us)
        span = Span(start_us, start_us + 100 * MINUTE_US)
        await hold(house.database, house.clock, house.volume, "c1", span)
    house.is_open = True


async def test_a_volume_lost_between_two_batches_costs_no_further_incident(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold_a_day_each(house, 6)
    house.free(30_000)  # 120 segments are missing: more than one incident's
    await standing_order(house)
    delete = house.deleter.delete

    async def lose_after(order: Order, victims: list[LeanSegment]) -> Deleted:
        done = await delete(order, victims)
        if done.segments:
            house.volume.away = True
        return done

    monkeypatch.setattr(house.deleter, "delete", lose_after)
    await house.pass_()
    monkeypatch.undo()

    assert await open_incidents(house) == 5


async def test_the_record_of_what_a_lost_volume_broke_off_is_closed_at_the_next_pass(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill_with_held(house)
    await standing_order(house)
    release = house.override_incidents.release_for_room

    async def lose_after(incident_id: str, *, reason: str, standing_by: str) -> bool:
        released = await release(incident_id, reason=reason, standing_by=standing_by)
        victims = await house.volume.index.oldest_deletable(limit=10)
        await house.deleter.delete(Order(PurgeKind.INCIDENT_OVERRIDE, reason=reason), victims)
        house.volume.away = True
        return released

    monkeypatch.setattr(house.override_incidents, "release_for_room", lose_after)
    with pytest.raises(VolumeMissingError):
        await house.pass_()
    left_open = [purge.kind for purge in await repository.fetch_open_purges(house.database)]
    house.volume.away = False
    house.free(500_000)
    await house.pass_()

    assert left_open == [PurgeKind.INCIDENT_OVERRIDE]
    assert await open_incidents(house) == 1
    assert [purge.segments for purge in await house.purges()] == [10]
    assert await repository.fetch_open_purges(house.database) == []


async def test_to_delete_on_a_volume_that_is_away_is_an_error(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 3)
    victims = await house.volume.index.oldest_deletable(limit=3)
    house.volume.away = True

    with pytest.raises(VolumeMissingError):
        await house.deleter.delete(Order(PurgeKind.PRESSURE), victims)

    assert await house.left(camera_no) == 3
    assert await house.purges() == []


async def test_an_incident_whose_footage_another_holds_too_is_the_only_one_of_its_pass(
    house: House,
) -> None:
    await fill_with_held(house)
    (first, _) = await house.database.fetch_all("SELECT start_us, end_us FROM incidents")
    await house.clock.advance(1)
    span = Span(first["start_us"], first["end_us"])
    await hold(house.database, house.clock, house.volume, "c1", span)
    await standing_order(house)

    await house.pass_()

    assert await open_incidents(house) == 2
    assert len(await house.volume.ids()) == 200


async def test_an_export_asked_for_while_the_oldest_incident_is_looked_for_keeps_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill_with_held(house)
    await standing_order(house)
    fetch = repository.fetch_oldest_incident
    exported: list[str] = []

    async def ask_for_an_export(database: Database) -> str | None:
        found = await fetch(database)
        if found and not exported:
            exported.append(found)
            await queue_export(database, found)
        return found

    monkeypatch.setattr(repository, "fetch_oldest_incident", ask_for_an_export)
    await house.pass_()

    rows = await house.database.fetch_all(
        "SELECT incident_id, released_us IS NULL AS is_open FROM incidents ORDER BY incident_id"
    )
    assert [(row[0] in exported, bool(row[1])) for row in rows] == [(True, True), (False, False)]
    held = await house.database.fetch_one("SELECT count(*) FROM segments WHERE held = 1")
    assert held is not None
    assert held[0] == 100


async def queue_export(database: Database, incident_id: str) -> None:
    def write(transaction: Transaction) -> None:
        transaction.execute(
            "INSERT INTO exports (export_id, incident_id, tenant_id, request, state, total_bytes, created_by,"
            " created_by_name, created_us) SELECT 'e1', incident_id, tenant_id, '{}', 'queued', 0, 'u', 'u', 0"
            " FROM incidents WHERE incident_id = ?",
            (incident_id,),
        )

    await database.write(write)


async def test_what_was_given_up_is_told_with_the_order_and_who_gave_it(house: House) -> None:
    await fill_with_held(house)
    await standing_order(house)

    await house.pass_()

    entries = (await AuditLog(house.clock).page(house.database)).entries
    (entry,) = [each for each in entries if each.action == "incident.released"]
    assert entry.actor_name == "system"
    details = json.loads(entry.details)
    facts = {name: details[name] for name in ("release_reason", "standing_by", "because")}
    assert facts == {
        "release_reason": "ata 12/2026",
        "standing_by": "ana",
        "because": "volume_full",
    }
