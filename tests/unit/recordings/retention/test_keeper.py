import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.audit.tree import leaf_hash, root_over
from gtvision_edge.recordings.incidents.service import IncidentService
from gtvision_edge.recordings.index import miss_segments
from gtvision_edge.recordings.model import CameraNo, Span
from gtvision_edge.recordings.retention import repository, unlinking
from gtvision_edge.recordings.retention.awaited import PATIENCE_S
from gtvision_edge.recordings.retention.clock_guard import STABLE_S, ClockGuard
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.keeper import AGE_EVERY_S, LATE_S, Keeper
from gtvision_edge.recordings.retention.model import (
    DAY_US,
    OnFull,
    Order,
    Policy,
    Purge,
    PurgeKind,
    Scope,
)
from gtvision_edge.recordings.retention.others import GRACE_S, TOLD_S
from gtvision_edge.recordings.retention.override import Override
from gtvision_edge.recordings.retention.policies import PolicyChange, PolicyService, TenantRule
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.runtime.durable import sync_directory
from gtvision_edge.settings import RecordingSettings, VolumeSettings
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US
from tests.fakes.recorded_volume import SIZE, RecordedVolume
from tests.unit.recordings.retention.test_deleter import ADMIN, hold, purges

ROOM = 1_000_000
"""Of the pretended volume: shares of it are round numbers of segments."""


@dataclass
class Trust:
    is_trusted: bool = True


@dataclass
class House:
    keeper: Keeper
    deleter: Deleter
    volume: RecordedVolume
    database: Database
    clock: FakeClock
    trust: Trust
    override_incidents: IncidentService
    is_open: bool = False

    async def pass_(self) -> None:
        await self.clock.advance(AGE_EVERY_S)
        await self.keeper.keep_house()

    async def rule(
        self, scope: Scope, subject: str, days: int | None, quota: int | None = None
    ) -> None:
        policy = Policy(scope, subject, days, quota, 1)
        await self.database.write(
            lambda transaction: repository.put_policy(transaction, policy, by="u1", at_us=0)
        )

    async def left(self, camera_no: CameraNo) -> int:
        row = await self.database.fetch_one(
            "SELECT count(*) FROM segments WHERE camera_no = ?", (camera_no,)
        )
        return int(row[0]) if row else 0

    async def purges(self) -> list[Purge]:
        return await purges(self.database)

    def free(self, size: int) -> None:
        self.volume.usage = Usage(ROOM, ROOM - size, size)


@pytest.fixture
async def house(
    volume: RecordedVolume, deleter: Deleter, database: Database, clock: FakeClock
) -> House:
    trust = Trust()
    thresholds = VolumeSettings(reserve="1B")  # type: ignore[arg-type]  # as it is written
    incidents = IncidentService(database, AuditLog(clock), clock, index=volume.index)
    override = Override(
        volume.index,
        deleter,
        volume=volume,
        is_open=lambda: found.is_open,
        incidents=incidents,
        database=database,
        thresholds=thresholds,
    )
    keeper = Keeper(
        volume.index,
        deleter,
        volume=volume,
        trust=trust,
        database=database,
        clock=clock,
        settings=RecordingSettings(),
        thresholds=thresholds,
        on_short=override.apply,
    )
    found = House(keeper, deleter, volume, database, clock, trust, incidents)
    found.free(ROOM)
    return found


async def test_what_is_older_than_its_rule_goes_and_the_narrowest_rule_counts(
    house: House,
) -> None:
    numbers = {}
    for camera_id, tenant_id in (("c1", "a"), ("c2", "a"), ("c3", "b"), ("c4", "c")):
        numbers[camera_id] = await house.volume.camera(camera_id, tenant_id)
        for days in range(50):
            await house.volume.record(numbers[camera_id], 1, start_us=START_US - days * DAY_US)
    (c1,) = [each for each in await house.volume.index.cameras() if each.camera_id == "c1"]
    await house.rule("tenant", "a", 10)
    await house.rule("camera", c1.camera_uuid, 40)
    await house.rule("site", "", 20)
    await house.rule("tenant", "c", 0)

    await house.pass_()

    kept = {camera_id: await house.left(number) for camera_id, number in numbers.items()}
    assert kept == {"c1": 40, "c2": 10, "c3": 20, "c4": 50}


async def test_the_setting_counts_where_there_is_no_rule(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    for days in (29, 30, 31):
        await house.volume.record(camera_no, 1, start_us=START_US - days * DAY_US)

    await house.pass_()

    assert await house.left(camera_no) == 1
    (purge,) = await house.purges()
    assert (purge.kind, purge.segments) == (PurgeKind.AGE, 2)
    assert purge.policy == {"scope": "site", "retain_days": 30, "version": 0}


async def test_while_the_clock_is_not_believed_nothing_goes_by_age(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 3, start_us=START_US - 40 * DAY_US)
    house.trust.is_trusted = False

    await house.pass_()
    assert await house.left(camera_no) == 3

    house.trust.is_trusted = True
    await house.pass_()
    assert await house.left(camera_no) == 0


@pytest.mark.parametrize("step_s", [40 * 86400, -3 * 3600])
async def test_a_stepped_clock_deletes_nothing(
    volume: RecordedVolume,
    deleter: Deleter,
    database: Database,
    clock: FakeClock,
    step_s: int,
) -> None:
    guard = ClockGuard(database, clock, is_synced=lambda: False)
    await guard.start()
    keeper = Keeper(
        volume.index,
        deleter,
        volume=volume,
        trust=guard,
        database=database,
        clock=clock,
        settings=RecordingSettings(),
        thresholds=VolumeSettings(),
    )
    camera_no = await volume.camera("c1")
    await volume.record(camera_no, 5, start_us=clock.now_us() - DAY_US)
    await clock.advance(STABLE_S)
    await guard.look()
    assert guard.is_trusted

    clock.step_wall(step_s)
    for _ in range(20):  # an hour and a half
        await clock.advance(STABLE_S / 2)
        await guard.look()
        await keeper.keep_house()

    assert len(await volume.ids()) == 5


async def test_footage_of_a_clock_that_started_in_the_past_is_not_taken_for_old(
    house: House,
) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 3, start_us=60_000_000)

    await house.pass_()
    assert await house.left(camera_no) == 3

    house.clock.step_wall(31 * 86400)
    await house.pass_()
    assert await house.left(camera_no) == 0


async def recorded_while_wrong(house: House, camera_no: CameraNo, *, wrong_by_s: float) -> None:
    """Begin a run with the clock set back, record five minutes, and let the power be cut; the next run begins right."""
    database, clock = house.database, house.clock
    before = ClockGuard(database, clock, is_synced=lambda: False)
    await before.start()
    await before.look()
    clock.step_wall(-wrong_by_s)
    wrong = ClockGuard(database, clock, is_synced=lambda: False)
    await wrong.start()
    await wrong.look()
    began_us = clock.now_us()
    for _ in range(30):
        await clock.advance(10)
        await wrong.look()
    await house.volume.record(camera_no, 4, start_us=began_us)
    last_us = clock.now_us() - MINUTE_US
    clock.step_wall(wrong_by_s)
    right = ClockGuard(database, clock, is_synced=lambda: True)
    await right.start()
    await right.look()
    await house.volume.record(camera_no, 1, start_us=last_us)  # was cut off, and is found now


async def test_a_jump_between_two_runs_makes_nothing_old_nor_hides_what_is(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 3, start_us=START_US - 40 * DAY_US)
    await house.volume.record(camera_no, 300, start_us=START_US - 200 * DAY_US)
    other = await house.volume.camera("c2")
    await recorded_while_wrong(house, other, wrong_by_s=100 * 86400)
    await recorded_while_wrong(house, camera_no, wrong_by_s=50 * 86400)

    await house.pass_()

    assert (await house.left(camera_no), await house.left(other)) == (5, 5)

    house.clock.step_wall(31 * 86400)
    await house.pass_()
    assert (await house.left(camera_no), await house.left(other)) == (0, 0)


async def test_doubted_footage_waits_for_the_clock_and_counts_from_then(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await recorded_while_wrong(house, camera_no, wrong_by_s=50 * 86400)
    house.trust.is_trusted = False
    house.clock.step_wall(20 * 86400)
    await house.pass_()

    house.trust.is_trusted = True
    await house.pass_()
    house.clock.step_wall(29 * 86400)
    await house.pass_()
    assert await house.left(camera_no) == 5

    house.clock.step_wall(2 * 86400)
    await house.pass_()
    assert await house.left(camera_no) == 0


@pytest.mark.parametrize("why", ["pressure", "quota", "ordered"])
async def test_what_a_wrong_clock_named_goes_last_whatever_for(house: House, why: str) -> None:
    camera_no = await house.volume.camera("c1", "a")
    await house.volume.record(camera_no, 100, start_us=60_000_000)
    await house.volume.record(camera_no, 100, start_us=START_US - DAY_US)
    await house.pass_()  # they count from now

    if why == "pressure":
        house.free(140_000)
    elif why == "quota":
        await house.rule("tenant", "a", None, quota=140_000)
    else:
        policy = {"camera_nos": [camera_no], "before_us": START_US - DAY_US // 2}
        order = Order(PurgeKind.MANUAL, policy, Actor("u1", "ana"), "asked for")
        await house.deleter.order(order, ["a"], audited_as="purge.ordered")
    await house.pass_()

    row = await house.database.fetch_one(
        "SELECT count(*) FROM segments WHERE start_us < 86400000000"
    )
    assert row is not None
    assert row[0] == 100
    assert await house.left(camera_no) < 150


async def test_pressure_takes_the_oldest_of_all_down_to_the_low_water(house: House) -> None:
    one, two = await house.volume.camera("c1", "a"), await house.volume.camera("c2", "b")
    await house.volume.record(one, 100, start_us=START_US - DAY_US)
    await house.volume.record(two, 100, start_us=START_US - DAY_US + 30 * MINUTE_US)
    house.free(150_000)
    await house.pass_()
    assert await house.left(one) == 100

    house.free(140_000)
    await house.pass_()

    assert (await house.left(one), await house.left(two)) == (100 - 45, 100 - 15)
    assert {(each.kind, each.tenant_id, each.segments) for each in await house.purges()} == {
        (PurgeKind.PRESSURE, "a", 45),
        (PurgeKind.PRESSURE, "b", 15),
    }
    assert not house.keeper.is_short_of_room


async def test_one_look_at_the_volume_never_costs_more_than_it_asks_for(house: House) -> None:
    """A deleted file that somebody still reads gives no room back yet."""
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 200)
    house.free(140_000)

    await house.pass_()
    await house.pass_()

    assert await house.left(camera_no) == 140


async def test_what_another_program_takes_for_seconds_costs_no_footage(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 100)
    house.free(400_000)
    await house.keeper.press()

    for _ in range(int(GRACE_S) - 5):  # it has filled the disk, and goes on having it
        house.free(1_000)
        await house.keeper.press()
        await house.clock.advance(1)
    assert await house.left(camera_no) == 100
    (told,) = house.keeper.findings()
    assert (told.code, told.facts) == ("volume_filled_by_others", {"percent": 90})

    house.free(400_000)
    await house.keeper.press()
    await house.clock.advance(TOLD_S)
    assert house.keeper.findings() == []
    assert await house.left(camera_no) == 100


async def test_meanwhile_room_is_made_for_our_own_footage_alone(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 100)
    house.free(190_000)  # pressure begins below 150 kB, and ends at 200 kB
    await house.keeper.press()

    house.free(50_000)
    await house.keeper.press()

    assert await house.left(camera_no) == 90


async def test_what_another_program_keeps_is_made_up_for(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 100)
    house.free(400_000)
    await house.keeper.press()
    house.free(100_000)
    await house.keeper.press()
    assert await house.left(camera_no) == 100

    for _ in range(int(GRACE_S) + 2):
        await house.clock.advance(1)
        house.free(100_000)
        await house.keeper.press()

    assert await house.left(camera_no) < 100


async def test_room_that_is_still_to_come_back_is_not_made_twice(house: House) -> None:
    """Somebody reads what was deleted: each further look shows as little room as before."""
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 200)
    house.free(140_000)
    await house.pass_()
    for _ in range(2):
        house.free(140_000)
        await house.pass_()
    assert await house.left(camera_no) == 140

    house.free(149_000)  # a little came back, and others wrote: 51 of 60 are still awaited
    await house.pass_()
    house.free(120_000)
    await house.pass_()
    assert await house.left(camera_no) == 140

    await house.clock.advance(PATIENCE_S)
    house.free(140_000)
    await house.pass_()
    assert await house.left(camera_no) == 80


async def test_room_that_came_back_is_awaited_no_more(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 200)
    house.free(140_000)
    await house.pass_()
    house.free(200_000)
    await house.pass_()

    house.free(140_000)
    await house.pass_()

    assert await house.left(camera_no) == 80


async def test_a_clock_that_is_not_believed_takes_what_was_recorded_first(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    first = await house.volume.record(camera_no, 100)
    lately = await house.volume.record(camera_no, 100, start_us=60_000_000)
    house.trust.is_trusted = False
    house.free(140_000)

    await house.pass_()

    assert await house.volume.ids() == first[60:] + lately


async def test_a_tenant_over_its_quota_loses_its_own_oldest(house: House) -> None:
    one, two = await house.volume.camera("c1", "a"), await house.volume.camera("c2", "b")
    for number in (one, two):
        await house.volume.record(number, 100)
    await house.rule("tenant", "a", None, 100 * SIZE)
    await house.pass_()
    assert await house.left(one) == 100

    await house.rule("tenant", "a", None, 50 * SIZE)
    await house.pass_()

    assert (await house.left(one), await house.left(two)) == (49, 100)
    (purge,) = await house.purges()
    assert (purge.kind, purge.segments, purge.finished_us is not None) == (
        PurgeKind.QUOTA,
        51,
        True,
    )


async def test_an_ordered_purge_goes_on_after_a_stop_and_ends(house: House) -> None:
    camera_no = await house.volume.camera("c1", "a")
    await house.volume.record(camera_no, 10)
    order = Order(
        PurgeKind.MANUAL,
        {"camera_nos": [camera_no], "before_us": START_US + 4 * MINUTE_US},
        Actor("u1", "ana"),
        "pedido",
    )
    await house.deleter.order(order, ["a"], audited_as="purge.ordered")

    await house.keeper.start()
    assert await house.left(camera_no) == 10
    await house.pass_()

    assert await house.left(camera_no) == 6
    (purge,) = await house.purges()
    assert (purge.segments, purge.finished_us is not None) == (4, True)


async def test_footage_of_a_removed_camera_waits_for_its_last_file(house: House) -> None:
    camera_no = await house.volume.camera("c1", "a")
    await house.volume.record(camera_no, 3)
    order = Order(PurgeKind.CAMERA_REMOVED, {"camera_nos": [camera_no]}, Actor("u1", "ana"))
    await house.deleter.order(order, ["a"], audited_as="purge.ordered")
    await house.pass_()
    assert await house.left(camera_no) == 0

    await house.volume.record(camera_no, 1, start_us=START_US + DAY_US)
    await house.clock.advance(LATE_S)
    await house.pass_()

    assert await house.left(camera_no) == 0
    (purge,) = await house.purges()
    assert (purge.segments, purge.finished_us is not None) == (4, True)


async def fill_with_held(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    for n in range(2):
        await house.clock.advance(1)
        await house.volume.record(camera_no, 100, start_us=START_US + n * DAY_US)
        span = Span(START_US + n * DAY_US, START_US + n * DAY_US + 100 * MINUTE_US)
        await hold(house.database, house.clock, house.volume, "c1", span)
    house.free(60_000)
    house.is_open = True


async def test_when_only_held_footage_is_left_it_is_kept(house: House) -> None:
    await fill_with_held(house)

    await house.pass_()

    assert len(await house.volume.ids()) == 200
    assert house.keeper.is_short_of_room


async def standing_order(house: House) -> None:
    await house.database.write(
        lambda transaction: repository.update_on_full(
            transaction,
            OnFull.RELEASE_OLDEST_INCIDENT,
            reason="ata 12/2026",
            by="u1",
            by_name="ana",
            at_us=1,
        )
    )


async def test_by_a_standing_order_the_oldest_incident_is_released_as_far_as_need_be(
    house: House,
) -> None:
    await fill_with_held(house)
    await standing_order(house)

    await house.pass_()

    rows = await house.database.fetch_all(
        "SELECT release_reason, released_by FROM incidents ORDER BY incident_id"
    )
    assert [tuple(row) for row in rows] == [("ata 12/2026", "system"), (None, None)]
    assert len(await house.volume.ids()) == 200 - 90
    entries = (await AuditLog(house.clock).page(house.database)).entries
    assert "incident.released" in [entry.action for entry in entries]
    (purge,) = await house.purges()
    assert (purge.kind, purge.reason) == (PurgeKind.INCIDENT_OVERRIDE, "ata 12/2026")


async def test_no_more_evidence_is_given_up_while_the_room_of_what_was_is_on_its_way(
    house: House,
) -> None:
    await fill_with_held(house)
    await standing_order(house)
    await house.pass_()

    for _ in range(4):
        house.free(60_000)
        await house.pass_()

    assert len(await house.volume.ids()) == 200 - 90
    assert await open_incidents(house) == 1


async def test_no_more_evidence_is_given_up_when_files_cannot_be_deleted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill_with_held(house)
    await standing_order(house)

    def refusing(path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, str(path))

    monkeypatch.setattr(Path, "unlink", refusing)
    await house.pass_()

    assert await open_incidents(house) == 1


async def open_incidents(house: House) -> int:
    row = await house.database.fetch_one("SELECT count(*) FROM incidents WHERE released_us IS NULL")
    return int(row[0]) if row else 0


async def test_evidence_is_not_given_up_for_a_disk_that_others_fill(house: House) -> None:
    await fill_with_held(house)
    await standing_order(house)
    house.volume.usage = Usage(100 * ROOM, 100 * ROOM, 0)

    await house.pass_()

    assert len(await house.volume.ids()) == 200


async def test_nor_while_recording_goes_on(house: House) -> None:
    await fill_with_held(house)
    await standing_order(house)
    house.is_open = False

    await house.pass_()

    assert len(await house.volume.ids()) == 200


async def test_a_volume_that_is_away_is_left_alone(house: House) -> None:
    camera_no = await house.volume.camera("c1")
    await house.volume.record(camera_no, 3, start_us=START_US - 40 * DAY_US)
    house.volume.away = True

    await house.pass_()

    assert await house.left(camera_no) == 3


async def test_no_more_evidence_goes_while_what_was_released_cannot_be_deleted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera_no = await house.volume.camera("c1")
    for n in range(6):
        await house.clock.advance(1)
        await house.volume.record(camera_no, 100, start_us=START_US + n * DAY_US)
        span = Span(START_US + n * DAY_US, START_US + n * DAY_US + 100 * MINUTE_US)
        await hold(house.database, house.clock, house.volume, "c1", span)
    house.is_open = True
    await standing_order(house)

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(13, str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    left = []
    for _ in range(4):
        house.free(60_000)
        await house.clock.advance(1)
        await house.keeper.press()
        left.append(await open_incidents(house))

    assert left == [5, 5, 5, 5]


async def test_a_directory_that_cannot_be_synced_is_its_own_trouble(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await house.volume.camera("c1"), await house.volume.camera("c2")
    await house.volume.record(one, 5, start_us=START_US - 40 * DAY_US)
    await house.volume.record(two, 200, start_us=START_US - 10 * DAY_US)
    real = sync_directory

    def sync(directory: Path) -> None:
        if "c1_rec" in str(directory.resolve()):
            raise OSError(5, "Input/output error")
        real(directory)

    monkeypatch.setattr(unlinking, "sync_directory", sync)
    house.free(60_000)
    await house.keeper.start()
    await house.pass_()

    assert await house.left(one) == 5
    assert await house.left(two) < 200


async def test_what_incidents_hold_leaves_a_tenant_a_tenth_of_its_quota(house: House) -> None:
    one = await house.volume.camera("c1", "town")
    await house.volume.record(one, 100, start_us=START_US - 5 * DAY_US)
    await house.volume.record(one, 100, start_us=START_US - 2 * DAY_US)
    span = Span(START_US - 5 * DAY_US, START_US - 4 * DAY_US)
    await hold(house.database, house.clock, house.volume, "c1", span)
    await house.rule("tenant", "town", 30, 100 * 1000)
    await house.pass_()

    row = await house.database.fetch_one("SELECT sum(held), sum(held = 0) FROM segments")
    assert row is not None
    assert (row[0], row[1]) == (100, 10)


async def test_that_files_were_gone_is_forgotten_after_its_time_and_the_audit_log_keeps_a_root(
    house: House,
) -> None:
    camera_no = await house.volume.camera("c1")
    ids = await house.volume.record(camera_no, 3)
    await hold(
        house.database,
        house.clock,
        house.volume,
        "c1",
        Span(START_US + 2 * MINUTE_US, START_US + 2 * MINUTE_US + 1),
    )
    found_us = house.clock.now_us()
    await house.database.write(
        lambda transaction: miss_segments(transaction, ids, found_us=found_us)
    )
    house.clock.step_wall(400 * 86400 - 3600)
    await house.pass_()
    rows = await house.database.fetch_all("SELECT segment_id FROM missing_segments")
    assert len(rows) == 3

    await house.clock.advance(7200)
    await house.pass_()

    rows = await house.database.fetch_all("SELECT segment_id FROM missing_segments")
    assert [row[0] for row in rows] == [ids[2]]
    entries = (await AuditLog(house.clock).page(house.database)).entries
    (entry,) = [each for each in entries if each.action == "footage.missing_forgotten"]
    details = json.loads(entry.details)
    assert (details["segments"], details["first_us"]) == (2, START_US)
    assert details["root"] == root_over([leaf_hash(bytes([n]) * 32) for n in range(2)]).hex()


async def test_a_quotas_dry_run_tells_what_then_goes(house: House) -> None:
    await house.database.write(
        lambda transaction: transaction.execute(
            "INSERT INTO tenants (tenant_id, name, created_us) VALUES ('a', 'A', 0)"
        )
    )
    one, two = await house.volume.camera("c1", "a"), await house.volume.camera("c2", "a")
    await house.volume.record(
        await house.volume.camera("c3", "b"), 5, start_us=START_US - 9 * DAY_US
    )
    await house.volume.record(
        one, 10, start_us=START_US - 40 * DAY_US
    )  # too old: no matter of quotas
    await house.volume.record(one, 40, start_us=START_US - DAY_US)
    await house.volume.record(two, 40, start_us=START_US - DAY_US + 20 * MINUTE_US)
    await hold(
        house.database,
        house.clock,
        house.volume,
        "c1",
        Span(START_US - DAY_US, START_US - DAY_US + 1),
    )
    policies = PolicyService(
        house.database,
        AuditLog(house.clock),
        house.clock,
        index=house.volume.index,
        keeper=house.keeper,
        default_days=30,
    )
    change = PolicyChange(tenants={"a": TenantRule(None, 50_000)})

    (over,) = (await policies.try_out(ADMIN, change)).over_quota
    await house.rule("tenant", "a", None, 50_000)
    await house.pass_()

    (purge,) = [each for each in await house.purges() if each.kind is PurgeKind.QUOTA]
    assert over.tenant_id == "a"
    assert [
        (each.camera.camera_no, each.segments, each.size_bytes, each.first_us, each.last_us)
        for each in over.cameras
    ] == [
        (each.camera_no, each.segments, each.size_bytes, each.first_us, each.last_us)
        for each in purge.cameras
    ]
    assert len(purge.cameras) == 2
