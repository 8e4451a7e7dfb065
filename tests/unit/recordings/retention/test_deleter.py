import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gtvision_edge.accounts import Principal, Role, UserId
from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.audit.tree import leaf_hash, root_over
from gtvision_edge.recordings.errors import VolumeError, VolumeMissingError
from gtvision_edge.recordings.incidents.service import IncidentRequest, IncidentService
from gtvision_edge.recordings.markers import CAMERA_MARKER, VOLUME_MARKER, CameraMarker
from gtvision_edge.recordings.model import LeanSegment, Span
from gtvision_edge.recordings.retention import repository, unlinking
from gtvision_edge.recordings.retention.deleter import BATCH, UNHASHED, Deleter
from gtvision_edge.recordings.retention.model import DAY_US, Order, Purge, PurgeKind
from gtvision_edge.storage import Database
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US
from tests.fakes.recorded_volume import SIZE, RecordedVolume, mark

AGE = Order(PurgeKind.AGE, {"retain_days": 30})
PRESSURE = Order(PurgeKind.PRESSURE, {"high_water": 0.85})
ADMIN = Principal(UserId("u1"), "root", "Root", Role.ADMIN, None, None, "pt-BR", 1)


async def all_of(volume: RecordedVolume) -> list[LeanSegment]:
    return await volume.index.oldest_deletable(limit=10_000)


async def purges(database: Database) -> list[Purge]:
    return await repository.purges_before(database, "", 100, tenant_id=None)


async def finish(deleter: Deleter, database: Database) -> list[Purge]:
    for purge in await repository.fetch_open_purges(database):
        await deleter.finish(purge)
    return await purges(database)


async def hold(
    database: Database, clock: FakeClock, volume: RecordedVolume, camera_id: str, span: Span
) -> None:
    await database.write(
        lambda transaction: transaction.execute(
            "INSERT OR IGNORE INTO tenants (tenant_id, name, created_us) VALUES ('town', 'T', 0)"
        )
    )
    incidents = IncidentService(database, AuditLog(clock), clock, index=volume.index)
    await incidents.create(ADMIN, IncidentRequest((camera_id,), span, "furto na praça"))


async def test_files_thumbnails_rows_and_totals_go_and_a_record_says_so(
    deleter: Deleter, volume: RecordedVolume, database: Database
) -> None:
    camera_no = await volume.camera("cam01")
    await volume.record(camera_no, 5)

    victims = (await all_of(volume))[:3]
    done = await deleter.delete(AGE, victims)
    (purge,) = await finish(deleter, database)

    assert (done.segments, done.size_bytes, done.kept) == (3, 3 * SIZE, ())
    assert len(volume.files()) == 2
    assert len(list(volume.root.rglob("*.thumbs"))) == 2
    assert [each.segment_id for each in await all_of(volume)] == await volume.ids()
    days = await database.fetch_all("SELECT segments, bytes, recorded_us FROM camera_days")
    assert [tuple(row) for row in days] == [(2, 2 * SIZE, 2 * MINUTE_US)]
    assert (purge.kind, purge.tenant_id, purge.segments) == (PurgeKind.AGE, "town", 3)
    assert (purge.size_bytes, purge.held_skipped, purge.failures) == (3 * SIZE, 0, 0)
    leaves = [leaf_hash(each.sha256 or b"") for each in victims]
    assert (purge.root, purge.unhashed) == (root_over(leaves), 0)
    (camera,) = purge.cameras
    assert (camera.first_us, camera.last_us) == (START_US, START_US + 3 * MINUTE_US)
    entry = (await AuditLog(FakeClock()).page(database)).entries[0]
    assert (entry.action, entry.seq) == ("purge.finished", purge.audit_seq)
    assert json.loads(entry.details)["root"] == (purge.root or b"").hex()


async def test_what_was_never_hashed_is_a_leaf_of_zeros(
    deleter: Deleter, volume: RecordedVolume, database: Database
) -> None:
    await volume.record(await volume.camera("cam01"), 2, hashed=False)

    await deleter.delete(AGE, await all_of(volume))
    (purge,) = await finish(deleter, database)

    assert purge.unhashed == 2
    assert purge.root == root_over([leaf_hash(UNHASHED)] * 2)


async def test_each_tenant_has_its_own_record(
    deleter: Deleter, volume: RecordedVolume, database: Database
) -> None:
    for camera_id, tenant_id in (("cam01", "a"), ("cam02", "b"), ("cam03", "b")):
        await volume.record(await volume.camera(camera_id, tenant_id), 2)

    await deleter.delete(PRESSURE, await all_of(volume))
    found = await finish(deleter, database)

    assert {(each.tenant_id, each.segments) for each in found} == {("a", 2), ("b", 4)}


async def test_age_runs_of_a_day_share_a_record_and_the_next_day_begins_another(
    deleter: Deleter, volume: RecordedVolume, database: Database, clock: FakeClock
) -> None:
    await volume.record(await volume.camera("cam01"), 4)
    victims = await all_of(volume)
    clock.step_wall(3 * 3600)  # midnight in São Paulo

    await deleter.delete(AGE, victims[:1])
    await clock.advance(3600)
    await deleter.delete(AGE, victims[1:2])
    assert [each.segments for each in await purges(database)] == [2]
    clock.step_wall(86400)
    await deleter.delete(AGE, victims[2:3])
    assert sorted(each.segments for each in await purges(database)) == [1, 2]
    await deleter.delete(Order(PurgeKind.AGE, {"retain_days": 7}), victims[3:])
    assert sorted(each.segments for each in await purges(database)) == [1, 1, 2]


async def test_held_footage_is_spared_and_counted(
    deleter: Deleter, volume: RecordedVolume, database: Database, clock: FakeClock
) -> None:
    ids = await volume.record(await volume.camera("cam01"), 4)
    victims = await all_of(volume)  # chosen before the incident is made
    await hold(database, clock, volume, "cam01", Span(START_US, START_US + 2 * MINUTE_US))

    done = await deleter.delete(AGE, victims)
    (purge,) = await finish(deleter, database)

    assert done.segments == 2
    assert await volume.ids() == ids[:2]
    assert purge.held_skipped == 2


async def test_a_file_that_cannot_be_deleted_keeps_its_row_and_leaves_the_record(
    deleter: Deleter,
    volume: RecordedVolume,
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = await volume.record(await volume.camera("cam01"), 3)
    victims = await all_of(volume)
    unlink = Path.unlink

    def refusing(self: Path, *arguments: Any) -> None:
        if self.name == Path(volume.files()[0]).name and self.suffix == ".mp4":
            raise PermissionError(13, "no")
        unlink(self, *arguments)

    monkeypatch.setattr(Path, "unlink", refusing)
    done = await deleter.delete(AGE, victims)
    (purge,) = await finish(deleter, database)

    assert done.kept == (ids[0],)
    assert [each.segment_id for each in await all_of(volume)] == [ids[0]]
    assert (purge.segments, purge.failures) == (2, 1)
    assert len(volume.files()) == 1


async def test_nothing_is_forgotten_of_a_volume_that_is_away(
    deleter: Deleter, volume: RecordedVolume, database: Database
) -> None:
    ids = await volume.record(await volume.camera("cam01"), 2)
    victims = await all_of(volume)
    volume.away = True
    with pytest.raises(VolumeMissingError):
        await deleter.delete(AGE, victims)

    volume.away = False  # not noticed yet
    (volume.root / VOLUME_MARKER).rename(volume.root / "elsewhere")
    with pytest.raises(VolumeError):
        await deleter.delete(AGE, victims)
    assert await volume.ids() == ids

    (volume.root / "elsewhere").rename(volume.root / VOLUME_MARKER)
    assert await deleter.recover() == 2
    assert volume.files() == []
    assert await volume.ids() == []
    (purge,) = await finish(deleter, database)
    assert purge.segments == 2


ANOTHER = CameraMarker("00000000-0000-7000-8000-00000000ffff", "cam01", "town")


@pytest.mark.parametrize("replaced", [False, True])
async def test_what_was_set_aside_is_deleted_where_it_lies_and_nothing_of_the_next_owner(
    deleter: Deleter, volume: RecordedVolume, database: Database, replaced: bool
) -> None:
    """The index has not seen yet that the camera's directory has another name."""
    await volume.record(await volume.camera("cam01"), 3)
    victims = await all_of(volume)
    home, aside = volume.root / "cam01_rec", volume.root / "cam01_rec.00000517.aside"
    home.rename(aside)
    if replaced:
        shutil.copytree(aside, home)
        mark(home, ANOTHER)

    done = await deleter.delete(AGE, victims)
    (purge,) = await finish(deleter, database)

    assert (done.segments, purge.segments, purge.failures) == (3, 3, 0)
    assert [each for each in volume.files() if ".aside" in each] == []
    assert len(volume.files()) == (3 if replaced else 0)


@pytest.mark.parametrize("marker", ["another's", "empty", "none", "no directory"])
async def test_what_is_not_found_in_its_cameras_own_directory_was_not_deleted(
    deleter: Deleter,
    volume: RecordedVolume,
    database: Database,
    marker: str,
    tmp_path: Path,
) -> None:
    ids = await volume.record(await volume.camera("cam01"), 3)
    victims = await all_of(volume)
    home = volume.root / "cam01_rec"
    if marker == "empty":
        (home / CAMERA_MARKER).write_text("")
    elif marker == "none":
        (home / CAMERA_MARKER).rename(tmp_path / "marker")
    else:
        home.rename(tmp_path / "carried away")
        if marker == "another's":
            mark(home, ANOTHER)

    done = await deleter.delete(AGE, victims)
    (purge,) = await finish(deleter, database)

    assert (done.segments, done.kept) == (0, tuple(ids))
    assert (purge.segments, purge.failures) == (0, 3)
    assert await volume.ids() == ids
    assert len(list(tmp_path.rglob("*.mp4"))) == 3


async def test_a_directory_that_goes_while_its_files_are_deleted_takes_no_other_with_it(
    deleter: Deleter,
    volume: RecordedVolume,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Set aside between two files: what was opened is what files are deleted from, whatever its name."""
    ids = await volume.record(await volume.camera("cam01"), 3)
    home, aside = volume.root / "cam01_rec", volume.root / "cam01_rec.00000517.aside"
    remove = unlinking._remove

    def interrupted(file: Path) -> Any:
        if not aside.exists():
            home.rename(aside)
            shutil.copytree(aside, home)
            mark(home, ANOTHER)
        return remove(file)

    monkeypatch.setattr(unlinking, "_remove", interrupted)
    done = await deleter.delete(AGE, await all_of(volume))
    (purge,) = await finish(deleter, database)

    assert (done.segments, purge.failures) == (len(ids), 0)
    assert len(volume.files()) == 3
    assert not any(".aside" in each for each in volume.files())


async def test_files_carried_away_with_their_marker_while_they_are_deleted_were_not_deleted(
    deleter: Deleter,
    volume: RecordedVolume,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ids = await volume.record(await volume.camera("cam01"), 3)
    home, away = volume.root / "cam01_rec", tmp_path / "another disk"
    remove = unlinking._remove

    def interrupted(file: Path) -> Any:
        done = remove(file)
        if not away.exists():
            shutil.copytree(home, away)  # as mv does between two disks
            shutil.rmtree(home)
        return done

    monkeypatch.setattr(unlinking, "_remove", interrupted)
    done = await deleter.delete(AGE, await all_of(volume))
    (purge,) = await finish(deleter, database)

    assert (done.segments, done.kept) == (1, tuple(ids[1:]))
    assert (purge.segments, purge.failures) == (1, 2)


class Killed(BaseException):
    """The process is gone from here on."""


@pytest.mark.parametrize("step", ["doomed", "half deleted", "deleted"])
async def test_a_kill_between_any_two_steps_is_mended_at_the_next_start(
    deleter: Deleter,
    volume: RecordedVolume,
    database: Database,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await volume.record(await volume.camera("cam01"), 4)
    victims = (await all_of(volume))[:2]
    unlink_all = unlinking.unlink_segments

    def killed(root: Path, files: Any, **options: Any) -> set[Any]:
        if step == "half deleted":
            unlink_all(root, files[:1], **options)
        elif step == "deleted":
            unlink_all(root, files, **options)
        raise Killed

    monkeypatch.setattr(unlinking, "unlink_segments", killed)
    with pytest.raises(Killed):
        await deleter.delete(PRESSURE, victims)
    monkeypatch.setattr(unlinking, "unlink_segments", unlink_all)
    assert len(await volume.ids()) == 4

    assert await deleter.recover() == 2
    (purge,) = await finish(deleter, database)

    assert len(volume.files()) == 2
    assert len(await volume.ids()) == 2
    assert (purge.kind, purge.segments, purge.size_bytes) == (PurgeKind.PRESSURE, 2, 2 * SIZE)
    assert await database.fetch_all("SELECT 1 FROM segments WHERE doomed = 1") == []


async def test_what_an_incident_asked_for_after_a_kill_is_kept_as_far_as_it_is_there(
    deleter: Deleter,
    volume: RecordedVolume,
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = await volume.record(await volume.camera("cam01"), 6)
    unlink_all = unlinking.unlink_segments

    def killed(root: Path, files: Any, **options: Any) -> set[Any]:
        unlink_all(root, files[:2], **options)
        raise Killed

    monkeypatch.setattr(unlinking, "unlink_segments", killed)
    with pytest.raises(Killed):
        await deleter.delete(PRESSURE, (await all_of(volume))[:5])
    monkeypatch.setattr(unlinking, "unlink_segments", unlink_all)
    volume.away = True
    assert await deleter.recover() == 0
    span = Span(START_US + MINUTE_US, START_US + 4 * MINUTE_US)
    await hold(database, clock, volume, "cam01", span)

    volume.away = False
    await deleter.recover()
    (purge,) = await finish(deleter, database)

    rows = await database.fetch_all("SELECT segment_id, held, doomed FROM segments")
    assert [tuple(row) for row in rows] == [(ids[2], 1, 0), (ids[3], 1, 0), (ids[5], 0, 0)]
    assert len(volume.files()) == 3
    assert (purge.segments, purge.failures, purge.held_skipped) == (3, 0, 2)


async def test_what_an_incident_asks_for_while_it_cannot_be_deleted_is_held(
    deleter: Deleter,
    volume: RecordedVolume,
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await volume.record(await volume.camera("cam01"), 1)
    span = Span(START_US, START_US + MINUTE_US)
    loop = asyncio.get_running_loop()

    def meanwhile(root: Path, files: Any, **options: Any) -> set[Any]:
        asyncio.run_coroutine_threadsafe(hold(database, clock, volume, "cam01", span), loop).result(
            10
        )
        return set()

    monkeypatch.setattr(unlinking, "unlink_segments", meanwhile)
    await deleter.delete(AGE, await all_of(volume))

    rows = await database.fetch_all("SELECT held, doomed FROM segments")
    assert [tuple(row) for row in rows] == [(1, 0)]


async def test_an_ordered_purge_is_begun_and_audited_at_once(
    deleter: Deleter, volume: RecordedVolume, database: Database
) -> None:
    actor = Actor("u1", "ana", "10.0.0.1")
    order = Order(PurgeKind.MANUAL, {"before_us": START_US + MINUTE_US}, actor, "pedido do titular")
    await volume.record(await volume.camera("cam01"), 1)

    (purge_id,) = await deleter.order(order, ["town"], audited_as="purge.ordered")
    await deleter.delete(order, await all_of(volume))
    (purge,) = await finish(deleter, database)

    assert (purge.purge_id, purge.segments) == (purge_id, 1)
    assert (purge.actor, purge.actor_name, purge.reason) == ("u1", "ana", "pedido do titular")
    actions = [each.action for each in (await AuditLog(FakeClock()).page(database)).entries]
    assert actions == ["purge.finished", "purge.ordered"]


async def test_more_than_a_batch_is_deleted_in_order(
    deleter: Deleter, volume: RecordedVolume, database: Database
) -> None:
    await volume.record(await volume.camera("cam01"), BATCH + 5)
    victims = await all_of(volume)

    done = await deleter.delete(AGE, victims)
    (purge,) = await finish(deleter, database)

    assert done.segments == purge.segments == BATCH + 5
    assert purge.root == root_over([leaf_hash(each.sha256 or b"") for each in victims])


async def test_old_details_are_forgotten_and_the_record_stays(
    deleter: Deleter, volume: RecordedVolume, database: Database, clock: FakeClock
) -> None:
    await volume.record(await volume.camera("cam01"), 3)
    await deleter.delete(AGE, await all_of(volume))
    (before,) = await finish(deleter, database)
    later_us = clock.now_us() + DAY_US

    count = await database.write(
        lambda transaction: repository.forget_details(transaction, before_us=later_us, limit=10)
    )

    assert count == 3
    assert await purges(database) == [before]


async def test_no_record_says_deleted_before_it_is(
    deleter: Deleter, volume: RecordedVolume, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera_no = await volume.camera("cam01")
    await volume.record(camera_no, 5)
    await deleter.delete(PRESSURE, (await all_of(volume))[:1])

    def lost(*_: object, **__: object) -> None:
        raise VolumeError("It went away.")

    with monkeypatch.context() as patch:
        patch.setattr(unlinking, "unlink_segments", lost)
        with pytest.raises(VolumeError):
            await deleter.delete(PRESSURE, (await all_of(volume))[:3])
    volume.away = True
    (purge,) = await repository.fetch_open_purges(database)

    assert await deleter.finish(purge) is False
    (still_open,) = await repository.fetch_open_purges(database)
    assert still_open.audit_seq is None
    assert len(volume.files()) == 4

    volume.away = False
    assert await deleter.finish(purge) is True
    (finished,) = await purges(database)
    assert (finished.segments, finished.finished_us is not None) == (4, True)
    assert len(volume.files()) == len(await volume.ids()) == 1


async def test_a_record_is_finished_once(
    deleter: Deleter, volume: RecordedVolume, database: Database
) -> None:
    await volume.record(await volume.camera("cam01"), 2)
    await deleter.delete(PRESSURE, await all_of(volume))
    (purge,) = await repository.fetch_open_purges(database)

    assert [await deleter.finish(purge), await deleter.finish(purge)] == [True, True]

    entries = (await AuditLog(FakeClock()).page(database)).entries
    assert [entry.action for entry in entries].count("purge.finished") == 1
