"""Desired state wins: restarts, reloads, hand-made changes and refusals, against a real media server."""

import asyncio
import dataclasses
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from gtvision_edge.cameras.model import CameraAdded, CameraId, CameraUuid
from gtvision_edge.media.admission import Admissions
from gtvision_edge.media.client import MediaServerClient
from gtvision_edge.media.model import CameraOnAir, MediaServerFound, PathView
from gtvision_edge.media.path_troubles import PathTroubles
from gtvision_edge.media.paths import PathRules, PathUse
from gtvision_edge.media.reconciler import Reconciler
from gtvision_edge.media.view import MediaViews
from gtvision_edge.media.wanted import WantedPaths
from gtvision_edge.recordings.errors import VolumeMissingError
from gtvision_edge.runtime.clock import SystemClock
from tests.contract.media_servers import Addresses, ServerUnderTest
from tests.fakes.cameras import FakeCamera, FakeDirectory, named_in
from tests.fakes.events import RememberingBus
from tests.fakes.virtual_camera import virtual_camera
from tests.mediamtx import MediaMtx, running_mediamtx
from tests.waiting import becomes, patiently

pytestmark = pytest.mark.timeout(90)

needs_mediamtx = [
    pytest.mark.mediamtx,
]

NOBODY = "rtsp://127.0.0.1:9/"
"""An address that refuses at once: a camera that is switched off."""


class NewsOfTheVolume:
    """Published when recording is no longer, or again, allowed."""


@dataclasses.dataclass
class Site:
    """A media server with a reconciler in front; ``others`` and ``volume`` script the recordings volume."""

    kind: str
    foreign: set[str]
    client: MediaServerClient
    cameras: FakeDirectory
    bus: RememberingBus
    registry: CollectorRegistry
    reconciler: Reconciler
    path_troubles: PathTroubles
    volume: Path
    suspended: set[str]
    recording_allowed: list[bool]
    others: set[str]
    admissions: Admissions
    unclaimable: set[str]

    def calls(self) -> int:
        """Return how often the API was told to change something."""
        return sum(
            int(sample.value)
            for metric in self.registry.collect()
            for sample in metric.samples
            if sample.name == "gtvision_edge_media_api_calls_total"
            and sample.labels["call"] not in ("info", "config_paths", "runtime_paths")
        )

    async def names(self) -> set[str]:
        return set(await self.client.config_paths())

    async def recorded(self, name: str) -> bool:
        return bool((await self.client.config_paths())[name]["record"])


@asynccontextmanager
async def open_site(
    volume: Path, addresses: Addresses, kind: str, *, interval_s: float = 0.5
) -> AsyncIterator[Site]:
    async with aiohttp.ClientSession() as session:
        registry, bus, cameras = CollectorRegistry(), RememberingBus(), FakeDirectory()
        client = MediaServerClient(addresses.api_url, patiently(1.0), session, registry=registry)
        suspended: set[str] = set()
        others: set[str] = set()
        admissions = Admissions()
        unclaimable: set[str] = set()
        recording_allowed = [True]

        async def claim(camera: CameraOnAir, *, may_set_aside: bool) -> bool:
            if camera.camera_id in unclaimable:
                raise VolumeMissingError("away")
            own = volume / f"{camera.camera_id}_rec"
            await asyncio.to_thread(own.mkdir, parents=True, exist_ok=True)
            if camera.camera_id in others and not may_set_aside:
                return False
            others.discard(camera.camera_id)
            return True

        path_troubles = PathTroubles(SystemClock())
        wanted = WantedPaths(
            client,
            cameras,
            PathRules(volume, addresses.rtsp_url, 60.0),
            clock=SystemClock(),
            claim_directory=claim,
            admissions=admissions,
            suspended=suspended.__contains__,
            recording_allowed=lambda _: recording_allowed[0],
        )
        reconciler = Reconciler(
            client,
            wanted,
            bus=bus,
            clock=SystemClock(),
            admissions=admissions,
            path_troubles=path_troubles,
            interval_s=interval_s,
            news=(NewsOfTheVolume,),
            registry=registry,
        )
        for number in (1, 2, 3):
            camera = FakeCamera(f"cam{number:02}", f"uuid-{number}")
            cameras.put(camera, f"{NOBODY}{number}", f"{NOBODY}{number}/sub")
        yield Site(
            kind,
            set(await client.config_paths()),
            client,
            cameras,
            bus,
            registry,
            reconciler,
            path_troubles,
            volume,
            suspended,
            recording_allowed,
            others,
            admissions,
            unclaimable,
        )


@pytest.fixture
async def site(server: ServerUnderTest) -> AsyncIterator[Site]:
    async with open_site(server.volume, server.addresses, server.kind) as site:
        yield site


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[MediaMtx]:
    """A MediaMTX to be frozen and have its file rewritten: what the embedded server cannot do or has not."""
    async with running_mediamtx(tmp_path / "server") as running_process:
        yield running_process


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[None]:
    task = asyncio.create_task(site.reconciler.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


OURS = {f"cam{n:02}_{use}" for n in (1, 2, 3) for use in ("rec", "live", "ai")}


async def test_a_bare_server_gets_all_paths_and_a_second_pass_touches_none(site: Site) -> None:
    await site.reconciler.reconcile()
    first = site.calls()
    await site.reconciler.reconcile()

    assert await site.names() == OURS | site.foreign
    assert (first, site.calls()) == (9, 9)
    assert site.reconciler.state.up
    assert site.reconciler.state.kind == site.kind
    assert site.path_troubles.codes == {}


async def test_paths_removed_and_edited_by_hand_are_mended_and_the_right_ones_not_touched(
    site: Site,
) -> None:
    await site.reconciler.reconcile()
    await site.client.delete_path("cam01_rec")
    await site.client.patch_path("cam02_live", {"source": "rtsp://127.0.0.1:9/wrong"})
    await site.client.patch_path("cam03_rec", {"record": False})

    async def in_effect() -> bool:
        return not await site.recorded("cam03_rec")

    await becomes(in_effect, 5)
    before = site.calls()

    await site.reconciler.reconcile()

    assert site.calls() - before == 3
    actual = await site.client.config_paths()
    assert actual["cam01_rec"]["record"] is True
    assert actual["cam02_live"]["source"] == f"{NOBODY}2/sub"
    assert actual["cam03_rec"]["record"] is True


async def test_after_a_restart_all_is_right_again_within_ten_seconds(
    site: Site, server: ServerUnderTest
) -> None:
    async with running(site):
        await becomes(lambda: site.reconciler.state.up, 5)
        await server.restart()

        async def all_there() -> bool:
            return await site.names() >= OURS

        await becomes(all_there, 10)
        await becomes(lambda: site.reconciler.state.up, 5)

    assert site.calls() == 18


@pytest.mark.parametrize("process", [pytest.param(0, marks=needs_mediamtx)], indirect=True)
async def test_a_killed_server_is_lost_then_found(process: MediaMtx, tmp_path: Path) -> None:
    async with open_site(tmp_path, process, "mediamtx") as site, running(site):
        await becomes(lambda: site.reconciler.state.up, 5)
        await process.stop(signal.SIGKILL)
        await becomes(lambda: not site.reconciler.state.up, 5)
        await process.start()
        await becomes(lambda: site.reconciler.state.up, 5)

    kinds = [type(event) for event in site.bus.events]
    assert kinds == [MediaServerFound, MediaServerFound]


@pytest.mark.parametrize("process", [pytest.param(0, marks=needs_mediamtx)], indirect=True)
async def test_after_a_reload_of_its_file_all_is_right_again_within_ten_seconds(
    process: MediaMtx, tmp_path: Path
) -> None:
    async with open_site(tmp_path, process, "mediamtx") as site, running(site):
        await becomes(lambda: site.reconciler.state.up, 5)
        await asyncio.sleep(1.2)  # the server ignores changes of its file for a second
        process.write_config("changed")
        before = site.calls()
        await becomes(lambda: site.calls() - before >= 9, 10)

        async def all_there() -> bool:
            return await site.names() >= OURS

        await becomes(all_there, 5)

    assert site.registry.get_sample_value(
        "gtvision_edge_media_path_losses_total", {"cause": "reload"}
    )


async def test_news_of_a_camera_acts_at_once(site: Site) -> None:
    site.reconciler._interval_s = 3600
    async with running(site):
        await becomes(lambda: site.reconciler.state.up, 5)
        site.cameras.put(FakeCamera("cam04", "uuid-4"), f"{NOBODY}4")
        site.bus.publish(CameraAdded(CameraId("cam04"), CameraUuid("uuid-4")))

        async def there() -> bool:
            return "cam04_rec" in await site.names()

        await becomes(there, 2)


async def test_a_removed_a_disabled_and_a_suspended_camera_leave_the_air(site: Site) -> None:
    await site.reconciler.reconcile()
    del site.cameras.cameras["cam01"]
    site.cameras.put(FakeCamera("cam02", "uuid-2", enabled=False), NOBODY)
    site.suspended.add("cam03")

    await site.reconciler.reconcile()
    assert await site.names() == site.foreign

    site.suspended.clear()
    await site.reconciler.reconcile()
    assert await site.names() == site.foreign | {"cam03_rec", "cam03_live", "cam03_ai"}


async def test_recording_switched_off_and_on_is_one_patch_a_camera(site: Site) -> None:
    await site.reconciler.reconcile()
    before = site.calls()

    site.recording_allowed[0] = False
    await site.reconciler.reconcile()
    assert not any([await site.recorded(f"cam0{n}_rec") for n in (1, 2, 3)])
    site.recording_allowed[0] = True
    await site.reconciler.reconcile()

    assert all([await site.recorded(f"cam0{n}_rec") for n in (1, 2, 3)])
    assert site.calls() - before == 6


async def test_a_camera_whose_directory_cannot_be_claimed_is_on_the_air_unrecorded(
    site: Site,
) -> None:
    site.unclaimable.add("cam01")

    await site.reconciler.reconcile()

    assert not await site.recorded("cam01_rec")
    assert await site.recorded("cam02_rec")
    assert site.path_troubles.codes == {"cam01_rec": "volume_missing"}


async def test_a_directory_is_claimed_also_for_a_camera_that_does_not_record(site: Site) -> None:
    site.cameras.put(FakeCamera("cam01", "uuid-8", record=False), NOBODY)
    site.cameras.put(FakeCamera("cam02", "uuid-9", enabled=False), NOBODY)
    site.others |= {"cam01", "cam02"}

    await site.reconciler.reconcile()

    assert site.others == set()
    assert "cam02_rec" not in await site.names()
    assert not await site.recorded("cam01_rec")


async def test_other_parts_news_call_for_a_pass_at_once(server: ServerUnderTest) -> None:
    async with (
        open_site(server.volume, server.addresses, server.kind, interval_s=60) as site,
        running(site),
    ):
        await becomes(lambda: site.reconciler.state.up, 5)
        site.recording_allowed[0] = False
        site.bus.publish(NewsOfTheVolume())

        async def off() -> bool:
            return not await site.recorded("cam01_rec")

        await becomes(off, 2)


async def test_a_path_whose_directory_was_set_aside_begins_anew(site: Site) -> None:
    await site.reconciler.reconcile()
    before = site.calls()
    site.others.add("cam01")

    await site.reconciler.reconcile()

    assert site.calls() - before == 6  # three paths deleted and added
    assert await site.recorded("cam01_rec")
    assert site.others == set()


async def test_a_new_camera_under_an_old_name_has_its_own_paths_only_after_the_old_ones_ended(
    site: Site,
) -> None:
    await site.reconciler.reconcile()
    old, new = site.cameras.cameras["cam01"], FakeCamera("cam01", "uuid-new", "harbour")
    site.cameras.put(new, f"{NOBODY}1", f"{NOBODY}1/sub")  # the very same addresses
    assert [site.admissions.admits(old, use) for use in PathUse] == [True] * 3
    assert [site.admissions.admits(new, use) for use in PathUse] == [False] * 3
    before = site.calls()

    await site.reconciler.reconcile()

    assert site.calls() - before == 6
    assert [site.admissions.admits(old, use) for use in PathUse] == [False] * 3
    assert [site.admissions.admits(new, use) for use in PathUse] == [True] * 3


async def test_a_path_that_another_daemon_left_under_the_name_ends_before_the_camera_begins(
    site: Site,
) -> None:
    await site.client.add_path("cam01_rec", {"source": "rtsp://127.0.0.1:9/of-another"})
    await site.client.add_path("cam01_ai", {"source": "rtsp://127.0.0.1:9/of-another"})

    await site.reconciler.reconcile()

    assert site.calls() == 2 + 2 + 9
    assert await site.names() == OURS | site.foreign
    assert site.path_troubles.codes == {}


async def test_one_path_that_the_server_refuses_does_not_stop_the_others(site: Site) -> None:
    # MediaMTX wants a password where there is a user.
    site.cameras.put(FakeCamera("cam01", "uuid-1"), "rtsp://user:@127.0.0.1:9/", f"{NOBODY}1/sub")

    await site.reconciler.reconcile()
    before = site.calls()
    await site.reconciler.reconcile()

    assert await site.names() == (OURS - {"cam01_rec"}) | site.foreign
    assert site.path_troubles.codes == {"cam01_rec": "media_server_refused"}
    assert site.calls() == before  # not asked again two seconds later
    assert site.reconciler.state.up


async def test_a_refused_path_is_tried_at_once_when_something_else_is_wanted(site: Site) -> None:
    site.cameras.put(FakeCamera("cam01", "uuid-1"), "rtsp://user:@127.0.0.1:9/")
    await site.reconciler.reconcile()
    refused = dict(site.path_troubles.codes)
    site.cameras.put(FakeCamera("cam01", "uuid-1"), "rtsp://user:pw@127.0.0.1:9/")

    await site.reconciler.reconcile()
    await site.reconciler.reconcile()

    assert refused == {"cam01_rec": "media_server_refused"}
    assert "cam01_rec" in await site.names()
    assert site.path_troubles.codes == {}


@pytest.mark.parametrize("process", [pytest.param(0, marks=needs_mediamtx)], indirect=True)
async def test_a_frozen_server_is_down_and_nothing_piles_up(
    process: MediaMtx, tmp_path: Path
) -> None:
    async with open_site(tmp_path, process, "mediamtx") as site, running(site):
        await becomes(lambda: site.reconciler.state.up, 5)
        process.freeze()
        await becomes(lambda: not site.reconciler.state.up, 5)
        await asyncio.sleep(2)
        waiting = [task for task in asyncio.all_tasks() if "reconciler" in task.get_name()]
        process.thaw()
        await becomes(lambda: site.reconciler.state.up, 10)

    assert len(waiting) <= 3
    assert site.calls() == 9


async def test_a_camera_is_recorded_where_the_rules_say_and_seen(
    site: Site, server: ServerUnderTest
) -> None:
    views = MediaViews(
        site.client,
        site.cameras,
        recordings=named_in(site.volume),
        admissions=site.admissions,
        clock=SystemClock(),
    )

    async def seen(available: bool, receiving: bool, recording: bool) -> bool:
        await views.look()
        return views.path_view("cam09") == PathView(available, receiving, recording)

    async with virtual_camera() as camera, running(site):
        site.cameras.put(FakeCamera("cam09", "uuid-9"), camera.url())
        await becomes(lambda: seen(True, True, True), 25)
        files = await asyncio.to_thread(
            lambda: list(site.volume.glob("cam09_rec/????-??-??/??-??-??-??????.mp4"))
        )
        before = views.inbound_bytes("cam09")
        camera.stall()
        await becomes(lambda: seen(True, False, True), 9)
        await camera.kill()
        await becomes(lambda: seen(False, False, False), 15)

    assert files
    assert before > 0
    assert views.path_view("cam01") == PathView(False, False, False)
