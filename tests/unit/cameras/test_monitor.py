import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from unittest.mock import ANY

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from gtvision_edge.cameras import monitor as monitor_module
from gtvision_edge.cameras.errors import (
    CameraBusyError,
    CameraError,
    CameraTimeoutError,
    CameraUnauthorizedError,
    CameraUnreachableError,
    CameraUnsupportedAuthError,
)
from gtvision_edge.cameras.model import (
    CameraChange,
    CameraState,
    CameraStateChanged,
    NewCamera,
    StateEntry,
)
from gtvision_edge.cameras.monitor import CameraMonitor
from gtvision_edge.cameras.service import CameraService
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.settings import CameraSettings
from gtvision_edge.storage import Database, Transaction
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.footage import keep
from tests.unit.cameras.fixtures import at, person

ADMIN = person()


@dataclass
class View:
    available: bool = True
    receiving: bool = True
    recording: bool = True


@dataclass
class Site:
    """What the media server sees and what the cameras answer, by camera id."""

    views: dict[str, View] = field(default_factory=dict)
    failures: dict[str, CameraError] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    hanging: set[str] = field(default_factory=set)
    trouble: str = ""
    stream_trouble: str = ""
    clock: FakeClock = field(default_factory=FakeClock)

    def path_view(self, camera_id: str) -> View | None:
        return self.views.get(camera_id)

    async def ask(self, url: str) -> object:
        host = url.partition("@")[2].partition(":")[0]
        self.asked.append((self.clock.monotonic(), host))
        if host in self.hanging:
            await self.clock.sleep(5)
            raise CameraTimeoutError("silent")
        if host in self.failures:
            raise self.failures[host]
        return None


@pytest.fixture
def site(clock: FakeClock) -> Site:
    return Site(clock=clock)


@asynccontextmanager
async def watching(
    service: CameraService,
    database: Database,
    site: Site,
    bus: EventBus,
    *,
    spread_s: float = 0,
    was_booted: bool = False,
) -> AsyncIterator[CameraMonitor]:
    monitor = CameraMonitor(
        service,
        database=database,
        media=site,
        ask=site.ask,
        bus=bus,
        clock=site.clock,
        settings=CameraSettings(),
        first_spread_s=spread_s,
        was_booted=was_booted,
        recording_trouble=lambda: site.trouble,
        stream_trouble=lambda: site.stream_trouble,
    )
    running = asyncio.create_task(monitor.run())
    await site.clock.until_asleep()
    try:
        yield monitor
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def states_saved(database: Database) -> None:
    """Wait until what the monitor knew by now is in the database, however slow the disk is."""
    for _ in range(3):  # behind a write that is under way, the one it holds back, and its pruning
        await database.write(lambda _: None)


async def add(service: CameraService, number: int = 1, **fields: object) -> str:
    request = NewCamera(
        name=f"c{number}",
        address=at(f"10.0.0.{number}"),
        **fields,  # type: ignore[arg-type] # fields as tests name them
    )
    return (await service.add(ADMIN, request)).camera_id


def now(monitor: CameraMonitor, camera_id: str = "c1") -> tuple[str, str]:
    entry = monitor.state_of(camera_id)
    return entry.state.value, entry.reason


async def test_a_new_camera_is_recording_with_the_next_look(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    async with watching(service, database, site, bus) as monitor:
        await add(service)
        await site.clock.advance(1)
        assert now(monitor) == ("unknown", "")
        site.views["c1"] = View()
        await site.clock.advance(1)
        assert now(monitor) == ("recording", "")


async def test_a_stream_that_is_not_yet_written_is_given_time(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.views["c1"] = View(recording=False)
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(5)
        assert now(monitor) == ("unknown", "")
        await site.clock.advance(2)
        assert now(monitor) == ("online_not_recording", "not_recording")


async def test_a_recording_that_stops_growing_is_noticed_sooner(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.views["c1"] = View()
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        site.views["c1"] = View(recording=False)
        await site.clock.advance(2)
        assert now(monitor) == ("recording", "")
        await site.clock.advance(2)
        assert now(monitor) == ("online_not_recording", "not_recording")


async def test_a_camera_that_is_not_recorded_for_want_of_a_disk_says_so(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.views["c1"], site.trouble = View(recording=False), "volume_full"
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(7)
        assert now(monitor) == ("online_not_recording", "volume_full")
        site.views["c1"], site.trouble = View(), ""
        await site.clock.advance(2)
        assert now(monitor) == ("recording", "")


async def test_a_lost_camera_is_noticed_within_seconds(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.views["c1"] = View()
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(30)
        site.failures["10.0.0.1"] = CameraUnreachableError("gone")
        site.views["c1"] = View(available=False, receiving=False, recording=False)
        await site.clock.advance(3)
        assert now(monitor) == ("offline", "camera_unreachable")

        del site.failures["10.0.0.1"]
        site.views["c1"] = View()
        await site.clock.advance(1)
        assert now(monitor) == ("recording", "")


async def test_a_hanging_camera_takes_the_time_of_a_check_longer(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.views["c1"] = View()
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        site.hanging.add("10.0.0.1")
        site.views["c1"] = View(receiving=False)
        await site.clock.advance(4)
        assert now(monitor) == ("recording", "")
        await site.clock.advance(4)
        assert now(monitor) == ("offline", "camera_timeout")


async def test_one_failure_of_a_camera_never_seen_is_not_yet_offline(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.failures["10.0.0.1"] = CameraUnreachableError("gone")
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(1)
        assert now(monitor)[0] == "unknown"
        await site.clock.advance(3)
        assert now(monitor) == ("offline", "camera_unreachable")


async def test_a_flapping_stream_changes_nothing(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    camera_id = await add(service)
    site.views["c1"] = View()
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        for _ in range(10):
            site.views["c1"] = View(available=False, receiving=False)
            await site.clock.advance(2)
            site.views["c1"] = View()
            await site.clock.advance(2)
        camera = await service.get_camera(ADMIN, camera_id)
        await states_saved(database)
        states = [entry.state.value for entry in await monitor.history(camera.camera_uuid)]

    assert states == ["recording", "unknown"]


async def test_a_camera_that_answers_but_gives_no_stream_is_online(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service, 1)
    await add(service, 2)
    await add(service, 3)
    site.failures["10.0.0.2"] = CameraBusyError("453")
    site.failures["10.0.0.3"] = CameraUnsupportedAuthError("sha")
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(8)
        assert now(monitor, "c1") == ("online_not_recording", "no_stream")
        assert now(monitor, "c2") == ("online_not_recording", "camera_busy")
        assert now(monitor, "c3") == ("online_not_recording", "camera_unsupported_auth")


async def test_a_stream_that_the_media_server_keeps_away_is_put_down_to_it(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service, 1)
    await add(service, 2)
    site.failures["10.0.0.2"] = CameraBusyError("453")
    site.stream_trouble = "media_server_silent"
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(8)
        assert now(monitor, "c1") == ("online_not_recording", "media_server_silent")
        assert now(monitor, "c2") == ("online_not_recording", "camera_busy")
        site.stream_trouble = ""
        await site.clock.advance(2)
        assert now(monitor, "c1") == ("online_not_recording", "no_stream")


async def test_a_refused_password_is_not_tried_again_for_ten_minutes(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.failures["10.0.0.1"] = CameraUnauthorizedError("401")
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        assert now(monitor) == ("unauthorized", "camera_unauthorized")
        for _ in range(59):  # a stream that comes and goes is no reason either
            site.views["c1"] = View(receiving=False)
            await site.clock.advance(10)
        assert len(site.asked) == 1
        await site.clock.advance(20)
        assert len(site.asked) == 2


async def test_a_refused_password_is_not_tried_again_after_a_restart(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.failures["10.0.0.1"] = CameraUnauthorizedError("no")
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        await states_saved(database)
        before = monitor.state_of("c1")
    asked = len(site.asked)
    await site.clock.advance(300)

    again = await restarted(service, database, site, bus)
    assert again.state_of("c1") == before  # before its first look: the reconciler goes by it
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(590)
        still = monitor.state_of("c1")
        silent = len(site.asked) - asked
        await site.clock.advance(30)

    assert still == before == StateEntry(CameraState.UNAUTHORIZED, ANY, "camera_unauthorized")
    assert silent == 0
    assert len(site.asked) - asked == 1


async def test_a_camera_whose_password_was_changed_is_asked_after_a_restart(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.failures["10.0.0.1"] = CameraUnauthorizedError("no")
    async with watching(service, database, site, bus):
        await site.clock.advance(2)
        await states_saved(database)
    await site.clock.advance(1)
    await service.update(ADMIN, "c1", CameraChange(password=SecretStr("other"), skip_probe=True))
    asked = len(site.asked)

    async with watching(service, database, site, bus):
        await site.clock.advance(2)
        await states_saved(database)
    await_again = len(site.asked) - asked
    monitor = await restarted(service, database, site, bus)

    assert await_again == 1
    assert now(monitor) == ("unauthorized", "camera_unauthorized")


async def test_a_password_that_is_refused_again_after_a_change_is_left_alone_after_a_restart(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.failures["10.0.0.1"] = CameraUnauthorizedError("no")
    async with watching(service, database, site, bus):
        await site.clock.advance(2)
        await service.update(
            ADMIN, "c1", CameraChange(password=SecretStr("other"), skip_probe=True)
        )
        await site.clock.advance(2)
        await states_saved(database)

    monitor = await restarted(service, database, site, bus)

    assert now(monitor) == ("unauthorized", "camera_unauthorized")


async def restarted(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> CameraMonitor:
    """Return a monitor as it is before its first look."""
    monitor = CameraMonitor(
        service,
        database=database,
        media=site,
        ask=site.ask,
        bus=bus,
        clock=site.clock,
        settings=CameraSettings(),
    )
    await monitor.load()
    return monitor


async def test_a_refusal_while_the_stream_comes_changes_nothing(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.views["c1"] = View()
    site.failures["10.0.0.1"] = CameraUnauthorizedError("401")
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(120)
        assert now(monitor) == ("recording", "")
        assert len(site.asked) == 1


async def test_a_changed_camera_is_asked_at_once(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.failures["10.0.0.1"] = CameraUnauthorizedError("401")
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(5)
        await service.update(ADMIN, "c1", CameraChange(host="10.0.0.7"))
        site.views["c1"] = View()
        await site.clock.advance(2)
        assert now(monitor) == ("recording", "")
        assert [host for _, host in site.asked] == ["10.0.0.1", "10.0.0.7"]


async def test_every_camera_is_asked_each_minute_with_jitter(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    for number in range(1, 21):
        await add(service, number)
        site.views[f"c{number}"] = View()
    async with watching(service, database, site, bus, spread_s=10):
        await site.clock.advance(600)

    for number in range(1, 21):
        times = [when for when, host in site.asked if host == f"10.0.0.{number}"]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert 9 <= len(times) <= 11
        assert all(53 <= gap <= 68 for gap in gaps)
    first = {round(when) for when, _ in site.asked[:20]}
    assert len(first) > 3


async def test_a_hanging_camera_does_not_hold_up_the_others(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    for number in range(1, 31):
        await add(service, number)
        site.hanging.add(f"10.0.0.{number}")
    site.hanging.remove("10.0.0.30")
    site.failures["10.0.0.30"] = CameraUnreachableError("gone")
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(4)
        assert now(monitor, "c30")[0] == "offline"
        await site.clock.advance(10)
        assert now(monitor, "c1")[0] == "offline"


async def test_disabled_and_not_recorded_cameras_say_so(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service, 1, enabled=False)
    await add(service, 2, record=False)
    site.views["c2"] = View(recording=False)
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        assert now(monitor, "c1") == ("disabled", "")
        assert now(monitor, "c2") == ("online_not_recording", "recording_off")
    assert "10.0.0.1" not in [host for _, host in site.asked]


async def test_changes_are_told_and_kept(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    camera = await service.get_camera(ADMIN, "c1")
    site.views["c1"] = View()
    with bus.listen(CameraStateChanged) as news:
        async with watching(service, database, site, bus) as monitor:
            await site.clock.advance(2)
            event = await anext(aiter(news))
            await states_saved(database)
            history = await monitor.history(camera.camera_uuid)

    assert isinstance(event, CameraStateChanged)
    assert (event.previous, event.state) == (CameraState.UNKNOWN, CameraState.RECORDING)
    assert (event.camera_uuid, event.tenant_id) == (camera.camera_uuid, "default")
    assert [entry.state.value for entry in history] == ["recording", "unknown"]
    assert history[0].since_us == event.since_us
    rest = await monitor.history(camera.camera_uuid, before_us=history[0].since_us, limit=1)
    assert [entry.state.value for entry in rest] == ["unknown"]


async def test_a_restart_and_a_clock_set_back_keep_the_order(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    camera = await service.get_camera(ADMIN, "c1")
    site.views["c1"] = View()
    async with watching(service, database, site, bus):
        await site.clock.advance(2)
        await states_saved(database)
    site.clock.step_wall(-3600)
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        await states_saved(database)
        history = await monitor.history(camera.camera_uuid)

    assert [(entry.state.value, entry.reason) for entry in history] == [
        ("recording", ""),
        ("unknown", "service_restarted"),
        ("recording", ""),
        ("unknown", ""),
    ]


@pytest.mark.parametrize(
    ("was_booted", "reason"), [(True, "restarted"), (False, "service_restarted")]
)
async def test_the_history_says_whether_the_box_was_booted_or_the_daemon_started_again(
    service: CameraService,
    database: Database,
    site: Site,
    bus: EventBus,
    was_booted: bool,
    reason: str,
) -> None:
    await add(service)
    (camera,) = service.all_cameras()
    async with watching(service, database, site, bus):
        await site.clock.advance(2)
        await states_saved(database)
    async with watching(service, database, site, bus, was_booted=was_booted) as monitor:
        await site.clock.advance(2)
        await states_saved(database)
        history = await monitor.history(camera.camera_uuid)

    unknown = [entry.reason for entry in history if entry.state is CameraState.UNKNOWN]
    assert unknown == [reason, ""]


async def test_history_is_bounded(
    service: CameraService,
    database: Database,
    site: Site,
    bus: EventBus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor_module, "MAX_HISTORY", 3)
    monkeypatch.setattr(monitor_module, "PRUNE_S", 1.0)
    await add(service)
    camera = await service.get_camera(ADMIN, "c1")
    async with watching(service, database, site, bus) as monitor:
        for turn in range(8):
            site.views["c1"] = View()
            await site.clock.advance(2)
            await service.update(ADMIN, "c1", CameraChange(record=bool(turn % 2)))
            await site.clock.advance(2)
            await states_saved(database)
        history = await monitor.history(camera.camera_uuid)

    assert 3 <= len(history) <= 4


async def test_a_removed_camera_is_forgotten(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    await add(service)
    site.views["c1"] = View()
    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(2)
        await service.remove(ADMIN, "c1")
        await site.clock.advance(1)
        assert now(monitor) == ("unknown", "")
        again = await add(service)
        camera = await service.get_camera(ADMIN, again)
        assert monitor.state_of(again).since_us == camera.created_us
        await site.clock.advance(1)
        assert now(monitor, again) == ("recording", "")


async def test_what_a_removed_camera_was_is_known_as_long_as_it_has_footage(
    service: CameraService,
    database: Database,
    site: Site,
    bus: EventBus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor_module, "PRUNE_S", 1.0)
    uuids = {}
    for number in (1, 2, 3):
        await add(service, number)
        uuids[number] = (await service.get_camera(ADMIN, f"c{number}")).camera_uuid
        site.views[f"c{number}"] = View()
    await keep(database, FakeCamera("c1", camera_uuid=uuids[1]))

    async with watching(service, database, site, bus) as monitor:
        await site.clock.advance(4)
        await states_saved(database)
        for number in (1, 2):
            await service.remove(ADMIN, f"c{number}")
        await site.clock.advance(2)
        await service.update(ADMIN, "c3", CameraChange(record=False))
        await site.clock.advance(5)
        await states_saved(database)

        assert await monitor.history(uuids[1])
        assert not await monitor.history(uuids[2])
        assert await monitor.history(uuids[3])


async def test_states_are_counted_for_the_metrics(
    service: CameraService, database: Database, site: Site, bus: EventBus
) -> None:
    registry = CollectorRegistry()
    await add(service, 1)
    await add(service, 2)
    site.views["c1"] = View()
    monitor = CameraMonitor(
        service,
        database=database,
        media=site,
        ask=site.ask,
        bus=bus,
        clock=site.clock,
        settings=CameraSettings(),
        registry=registry,
        first_spread_s=0,
    )
    running = asyncio.create_task(monitor.run())
    await site.clock.until_asleep()
    await site.clock.advance(2)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running

    sample = registry.get_sample_value
    assert sample("gtvision_edge_cameras", {"state": "recording"}) == 1
    assert sample("gtvision_edge_cameras", {"state": "unknown"}) == 1
    assert sample("gtvision_edge_camera_checks_total", {"outcome": "ok"}) == 2


async def test_what_others_are_told_is_written_with_the_state_and_only_for_a_new_one(
    service: CameraService, database: Database, site: Site, clock: FakeClock
) -> None:
    told: list[tuple[str, str]] = []

    def tell(transaction: Transaction, change: CameraStateChanged) -> None:
        rows = transaction.execute("SELECT state FROM camera_states ORDER BY since_us").fetchall()
        assert change.state in [row[0] for row in rows]  # of this very transaction
        told.append((change.previous.value, change.state.value))

    monitor = CameraMonitor(
        service,
        database=database,
        media=site,
        ask=site.ask,
        bus=EventBus(),
        clock=clock,
        settings=CameraSettings(),
        first_spread_s=0,
        tell=tell,
    )
    await add(service)
    site.views["c1"] = View()
    running = asyncio.create_task(monitor.run())
    await clock.until_asleep()
    try:
        await clock.advance(10)
        await states_saved(database)
        assert told == [("unknown", "recording")]
    finally:
        running.cancel()
        await asyncio.wait({running})
