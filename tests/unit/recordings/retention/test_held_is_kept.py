"""I2: whatever the rows, the rules and the incidents, and whenever they are made, no deleter takes what is held."""

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtvision_edge.accounts import Principal, Role, UserId
from gtvision_edge.audit import Actor, AuditLog
from gtvision_edge.media.layout import segment_file
from gtvision_edge.recordings.incidents.service import IncidentRequest, IncidentService
from gtvision_edge.recordings.model import CameraNo, SegmentId, Span
from gtvision_edge.recordings.retention import repository, unlinking
from gtvision_edge.recordings.retention.deleter import Deleter
from gtvision_edge.recordings.retention.keeper import Keeper
from gtvision_edge.recordings.retention.model import Order, Policy, PurgeKind
from gtvision_edge.recordings.volume import Usage
from gtvision_edge.settings import RecordingSettings, VolumeSettings
from gtvision_edge.storage import Database, Transaction, open_database
from tests.fakes.clock import FakeClock
from tests.fakes.footage import MINUTE_US, START_US
from tests.fakes.recorded_volume import SIZE, RecordedVolume, recorded_volume

ADMIN = Principal(UserId("u1"), "root", "Root", Role.ADMIN, None, None, "pt-BR", 1)
CAMERAS = ("c1", "c2")
MINUTES = 60 * 24 * 3

minutes = st.integers(0, MINUTES)
incidents = st.lists(
    st.tuples(st.sampled_from(CAMERAS), minutes, st.integers(1, 300)), min_size=1, max_size=4
)


@dataclass(frozen=True)
class World:
    segments: list[tuple[str, int]]
    before: list[tuple[str, int, int]]
    """Incidents made beforehand …"""
    meanwhile: list[tuple[str, int, int]]
    """… and one after the other while files are being deleted."""
    after_kill: list[tuple[str, int, int]]
    """Incidents made when a kill has broken off a deletion after so many files …"""
    unlinked: int | None
    """… None = there is no kill."""
    retain_days: int
    quota: int | None
    free_share: float
    manual: int | None
    trusted: bool


worlds = st.builds(
    World,
    segments=st.lists(st.tuples(st.sampled_from(CAMERAS), minutes), max_size=40, unique=True),
    before=incidents,
    meanwhile=incidents,
    after_kill=incidents,
    unlinked=st.none() | st.integers(0, 5),
    retain_days=st.integers(0, 3),
    quota=st.none() | st.integers(1, 20 * SIZE),
    free_share=st.floats(0, 1),
    manual=st.none() | minutes,
    trusted=st.booleans(),
)


@dataclass
class Trust:
    is_trusted: bool


class Killed(BaseException):
    """The process is gone from here on."""


class Site:
    """A site with an oracle: ``protected`` are the segments that some incident held while they were not being deleted."""

    def __init__(self, volume: RecordedVolume, database: Database, clock: FakeClock) -> None:
        self.volume = volume
        self.database = database
        self.clock = clock
        self.incidents = IncidentService(database, AuditLog(clock), clock, index=volume.index)
        self.protected: set[int] = set()

    async def hold(self, camera_id: str, minute: int, length: int) -> None:
        start_us = START_US + minute * MINUTE_US
        span = Span(start_us, start_us + length * MINUTE_US)
        await self.incidents.create(ADMIN, IncidentRequest((camera_id,), span, "furto na praça"))
        await self.note()

    async def note(self, *, is_running: bool = True) -> None:
        """Remember what must stay from now on. What a running deleter has doomed was so before the incident was committed."""
        rows = await self.database.fetch_all(
            "SELECT DISTINCT s.segment_id, s.name_us, r.directory FROM segments s JOIN incident_cameras c USING (camera_no)"
            " JOIN incidents i USING (incident_id) JOIN recorded_cameras r USING (camera_no)"
            " WHERE i.released_us IS NULL AND s.doomed <= ? AND i.start_us < s.end_us AND i.end_us > s.start_us",
            (not is_running,),
        )
        self.protected |= {
            row["segment_id"]
            for row in rows
            if (self.volume.root / row["directory"] / segment_file(row["name_us"])).exists()
        }


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(worlds)
def test_nothing_that_an_incident_holds_is_deleted_by_anybody(world: World) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(live(world, Path(directory)))


async def live(world: World, directory: Path) -> None:
    clock = FakeClock(START_US + MINUTES * MINUTE_US)
    async with open_database(directory / "edge.db") as database:
        volume = recorded_volume(directory / "rec", database)
        site = Site(volume, database, clock)
        policy = Policy("tenant", "town", world.retain_days, world.quota, 1)

        def prepare(transaction: Transaction) -> None:
            transaction.execute(
                "INSERT INTO tenants (tenant_id, name, created_us) VALUES ('town', 'T', 0)"
            )
            repository.put_policy(transaction, policy, by="u1", at_us=0)

        await database.write(prepare)
        numbers = {camera_id: await volume.camera(camera_id) for camera_id in CAMERAS}
        half = len(world.segments) // 2
        for camera_id, minute in world.segments[:half]:
            await volume.record(numbers[camera_id], 1, start_us=START_US + minute * MINUTE_US)
        for each in world.before:
            await site.hold(*each)
        for camera_id, minute in world.segments[
            half:
        ]:  # indexed later than the incidents were made
            await volume.record(numbers[camera_id], 1, start_us=START_US + minute * MINUTE_US)
        await site.note()

        if world.unlinked is not None:
            await break_off(world, site)
        await delete_by_every_rule(world, site, list(numbers.values()))

        left = set(await volume.ids())
        assert site.protected <= left
        assert len(volume.files()) == len(left)


async def break_off(world: World, site: Site) -> None:
    """Kill a deletion when some files are gone; incidents are made before the next start."""
    unlink = unlinking.unlink_segments

    def killed(root: Path, files: Any, **options: Any) -> set[SegmentId]:
        unlink(root, files[: world.unlinked], **options)
        raise Killed

    deleter = a_deleter(site)
    unlinking.unlink_segments = killed  # type: ignore[assignment]  # called as it is
    try:
        victims = await site.volume.index.oldest_deletable(limit=10)
        with suppress(Killed):
            await deleter.delete(Order(PurgeKind.PRESSURE), victims)
    finally:
        unlinking.unlink_segments = unlink
        deleter.close()
    for each in world.after_kill:
        await site.hold(*each)
    await site.note(is_running=False)


def a_deleter(site: Site) -> Deleter:
    return Deleter(
        site.volume.index,
        site.database,
        AuditLog(site.clock),
        site.clock,
        root=site.volume.root,
        is_present=site.volume.is_present,
        zone=ZoneInfo("UTC"),
    )


async def delete_by_every_rule(world: World, site: Site, camera_nos: list[CameraNo]) -> None:
    """Run every deleter; between the choice of files and their deletion somebody makes an incident."""
    loop = asyncio.get_running_loop()
    meanwhile = list(world.meanwhile)
    unlink = unlinking.unlink_segments

    def interrupted(root: Path, files: Any, **options: Any) -> set[SegmentId]:
        if meanwhile:
            asyncio.run_coroutine_threadsafe(site.hold(*meanwhile.pop()), loop).result(30)
        return unlink(root, files, **options)

    deleter = a_deleter(site)
    keeper = Keeper(
        site.volume.index,
        deleter,
        volume=site.volume,
        trust=Trust(world.trusted),
        database=site.database,
        clock=site.clock,
        settings=RecordingSettings(),
        thresholds=VolumeSettings(reserve="1B"),  # type: ignore[arg-type]  # as it is written
    )
    free = int(50 * SIZE * world.free_share)
    unlinking.unlink_segments = interrupted  # type: ignore[assignment]  # called as it is
    try:
        await keeper.start()
        chosen_before = await site.volume.index.oldest_deletable(limit=5)
        if world.manual is not None:
            policy = {
                "camera_nos": camera_nos,
                "before_us": START_US + world.manual * MINUTE_US,
            }
            order = Order(PurgeKind.MANUAL, policy, Actor("u1", "ana"), "pedido")
            await deleter.order(order, ["town"], audited_as="purge.ordered")
        for _ in range(2):
            site.volume.usage = Usage(50 * SIZE, 50 * SIZE - free, free)
            keeper.wake()
            await keeper.keep_house()
        await deleter.delete(Order(PurgeKind.CAMERA_REMOVED), chosen_before)
        for each in meanwhile:
            await site.hold(*each)
        await deleter.recover()
    finally:
        unlinking.unlink_segments = unlink
        deleter.close()
