"""Files on a volume become rows: when they are finished, once, and of the right camera."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gtvision_edge.media.layout import segment_file
from gtvision_edge.media.model import PathView
from gtvision_edge.recordings.index import SegmentIndex, doom_segments
from gtvision_edge.recordings.indexing import indexer, survey
from gtvision_edge.recordings.indexing.growing import GrowingFiles
from gtvision_edge.recordings.indexing.indexer import Indexer
from gtvision_edge.recordings.indexing.survey import LAST_IDLE_S, REPLACED_IDLE_S, STUCK_IDLE_S
from gtvision_edge.recordings.markers import (
    CAMERA_MARKER,
    VOLUME_MARKER,
    CameraMarker,
    read_camera_marker,
    write_marker,
)
from gtvision_edge.recordings.model import DAY_US, Segment, SegmentWritten, Span
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clock import FakeClock
from tests.fakes.events import RememberingBus
from tests.fakes.footage import START_US, hold
from tests.fakes.recordings import RUN, Recording, mark_directory, write_recording
from tests.waiting import patiently

CAMERA = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000aaaa", camera_id="cam01")
OTHER = FakeCamera(camera_uuid="019b0000-0000-7000-8000-00000000bbbb", camera_id="cam02")
S = 1_000_000


class Site:
    """A volume with one camera's directory, and the indexer that looks at it."""

    def __init__(self, root: Path, database: Database, clock: FakeClock) -> None:
        self.root = root
        self.cameras: list[FakeCamera] = [CAMERA]
        self.bus = RememberingBus()
        self.is_present = True
        self.available = True
        self.database = database
        self.clock = clock
        self.indexer = Indexer(
            root,
            database,
            self,
            is_present=lambda: self.is_present,
            view=lambda _: PathView(self.available, self.available, self.available),
            bus=self.bus,
            clock=clock,
        )
        self.growing = GrowingFiles(root, database, self.indexer.newest_open, clock=clock)
        self.index = SegmentIndex(database, root=root, growing=self.growing)
        self.directory = mark_directory(root, "cam01_rec", CAMERA.camera_uuid)

    def all_cameras(self) -> list[FakeCamera]:
        return self.cameras

    async def write(self, name_us: int, recording: Recording = Recording(), **rest: int) -> Path:
        return await asyncio.to_thread(write_recording, self.directory, name_us, recording, **rest)

    async def rows(self) -> list[Segment]:
        rows = await self.database.fetch_all("SELECT segment_id FROM segments ORDER BY name_us")
        return [(await self.index.get_segment(row["segment_id"]))[0] for row in rows]

    async def look_after(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.indexer.look()


@pytest.fixture
async def site(tmp_path: Path, database: Database, clock: FakeClock) -> AsyncIterator[Site]:
    site = await asyncio.to_thread(Site, tmp_path / "volume", database, clock)
    yield site
    site.indexer.close()
    site.growing.close()


async def test_a_closed_file_is_indexed_at_the_next_look_and_told_of(site: Site) -> None:
    await site.write(START_US)

    await site.indexer.look()
    await site.indexer.look()

    (segment,) = await site.rows()
    assert (segment.start_us, segment.end_us) == (START_US, START_US + 6 * S)
    written = [event for event in site.bus.events if isinstance(event, SegmentWritten)]
    assert written == [
        SegmentWritten(CAMERA.camera_uuid, segment.segment_id, START_US, START_US + 6 * S)
    ]
    found = await site.index.camera_by_id("cam01")
    assert found is not None
    assert await asyncio.to_thread(site.index.path_of(found, segment).is_file)


async def test_a_file_being_written_waits_and_can_be_looked_at(site: Site) -> None:
    growing = Recording(is_closed=False)
    path = await site.write(START_US, growing)
    whole = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, whole[:-10])
    await site.look_after(2)
    camera = await site.index.camera_by_id("cam01")
    assert camera is not None

    assert site.index.growing(camera.camera_no) is None  # nobody looked yet
    seen = await site.index.look_at_growing(camera)

    assert seen is not None
    assert seen.is_growing
    assert seen.end_us == START_US + 5 * S
    assert not seen.is_cut
    assert site.index.growing(camera.camera_no) == seen
    await asyncio.to_thread(path.write_bytes, whole)
    assert await site.index.look_at_growing(camera) == seen  # as of a second ago
    await site.clock.advance(1)
    more = await site.index.look_at_growing(camera)
    assert more is not None
    assert more.end_us == START_US + 6 * S
    assert await site.rows() == []

    await asyncio.to_thread(path.write_bytes, Recording().content(START_US))
    await site.look_after(2)
    await site.look_after(2)
    assert len(await site.rows()) == 1
    assert await site.index.look_at_growing(camera) is None


async def test_a_file_that_was_just_closed_is_never_out_of_sight(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even while its row is being written and its successor is known: a player's next request may come just then."""
    path = await site.write(START_US, Recording(is_closed=False))
    await site.indexer.look()
    camera = await site.index.camera_by_id("cam01")
    assert camera is not None
    before = await site.index.look_at_growing(camera)
    await asyncio.to_thread(path.write_bytes, Recording().content(START_US))
    await site.write(START_US + 60 * S, Recording(is_closed=False))
    while_written: list[Segment | None] = []
    write = site.database.write

    async def watched(work: Callable[..., object]) -> object:
        while_written.append(site.index.growing(camera.camera_no))
        return await write(work)

    monkeypatch.setattr(site.database, "write", watched)
    await site.look_after(2)
    await site.look_after(2)

    after = await site.index.look_at_growing(camera)
    assert before is not None
    assert after is not None
    assert [each.name_us if each else None for each in while_written] == [START_US]
    assert (before.name_us, after.name_us) == (START_US, START_US + 60 * S)


async def test_a_file_that_was_cut_is_indexed_when_it_has_a_successor_and_rests(
    site: Site,
) -> None:
    path = await site.write(START_US, Recording(is_closed=False))
    await asyncio.to_thread(lambda: os.truncate(path, path.stat().st_size - 10))
    await site.indexer.look()
    await site.write(START_US + 60 * S, Recording(is_closed=False, run=RUN[::-1]))

    await site.look_after(REPLACED_IDLE_S - 2)
    assert await site.rows() == []
    await site.look_after(2)

    (segment,) = await site.rows()
    assert segment.is_cut
    assert segment.end_us == START_US + 5 * S


async def test_the_newest_file_is_cut_only_when_nobody_records_any_more(site: Site) -> None:
    await site.write(START_US, Recording(is_closed=False))
    await site.indexer.look()

    await site.look_after(LAST_IDLE_S + 1)
    assert await site.rows() == []
    await site.look_after(STUCK_IDLE_S - LAST_IDLE_S)
    assert len(await site.rows()) == 1

    site.available = False
    await site.write(START_US + 60 * S, Recording(is_closed=False))
    await site.look_after(2)
    await site.look_after(LAST_IDLE_S - 1)
    assert len(await site.rows()) == 1
    await site.look_after(1)
    assert len(await site.rows()) == 2


@pytest.mark.parametrize("content", [b"", Recording(is_closed=False).init(START_US)])
async def test_stubs_go_but_never_the_newest_file(site: Site, content: bytes) -> None:
    stub = await site.write(START_US)
    await asyncio.to_thread(stub.write_bytes, content)

    await site.indexer.look()
    await site.look_after(STUCK_IDLE_S)
    assert await asyncio.to_thread(stub.exists)

    await site.write(START_US + 60 * S, Recording(is_closed=False))
    await site.look_after(2)
    assert not await asyncio.to_thread(stub.exists)
    assert await site.rows() == []


async def test_what_cannot_be_shown_is_indexed_for_deletion_and_in_no_timeline(site: Site) -> None:
    path = await site.write(START_US)
    await asyncio.to_thread(path.write_bytes, b"garbage" * 100)
    await site.write(START_US + 60 * S)

    await site.indexer.look()
    await site.look_after(REPLACED_IDLE_S)

    broken, good = await site.rows()
    assert (broken.format.video, good.format.video) == ("", "avc1.64001f")
    everything = Span(0, 2 * START_US)
    shown = await site.index.find_segments(good.camera_no, everything)
    assert [segment.segment_id for segment in shown] == [good.segment_id]
    assert len(await site.index.oldest_deletable(limit=9)) == 2


async def test_files_of_one_run_follow_without_gap_though_the_camera_stamps_too_little(
    site: Site,
) -> None:
    await site.write(START_US, Recording(number=3))
    await site.write(START_US + 7 * S, Recording(number=4))
    await site.write(START_US + 14 * S, Recording(number=0, run=RUN[::-1]))

    await site.indexer.look()

    first, second, third = await site.rows()
    assert (first.end_us, second.continues) == (START_US + 7 * S, True)
    assert first.media_us == 6 * S
    assert (second.end_us, third.continues) == (START_US + 13 * S, False)
    days = await site.database.fetch_all("SELECT segments, bytes, recorded_us FROM camera_days")
    assert [tuple(day) for day in days] == [
        (3, sum(row.size_bytes for row in await site.rows()), 19 * S)
    ]


async def test_it_does_not_matter_in_which_order_neighbours_are_found(site: Site) -> None:
    await site.write(START_US + 7 * S, Recording(number=1))
    await site.indexer.look()
    await site.write(START_US, Recording(number=0))
    await site.look_after(2)

    first, second = await site.rows()
    assert (first.end_us, second.continues) == (START_US + 7 * S, True)


async def test_a_wild_clock_of_the_next_file_makes_no_endless_segment(site: Site) -> None:
    await site.write(START_US, Recording(number=0))
    await site.write(START_US + 40 * 86400 * S, Recording(number=1))

    await wholly(site)

    first, second = await site.rows()
    assert first.end_us == START_US + 6 * S
    assert not second.continues


async def test_the_growing_file_after_the_clock_went_back_is_left_alone(site: Site) -> None:
    await site.write(START_US + 3600 * S)
    await site.indexer.look()
    earlier = Recording(is_closed=False)
    await site.write(START_US, earlier)

    await site.look_after(2)
    await site.look_after(LAST_IDLE_S + 1)

    assert len(await site.rows()) == 1
    await site.write(START_US)
    await site.look_after(2)
    await site.look_after(2)
    assert [row.start_us for row in await site.rows()] == [START_US, START_US + 3600 * S]


async def test_footage_set_aside_stays_its_old_owners(site: Site) -> None:
    await site.write(START_US)
    await site.indexer.look()

    def replace_camera() -> None:
        site.directory.rename(site.root / "cam01_rec.0000aaaa.aside")
        mark_directory(site.root, "cam01_rec", OTHER.camera_uuid)

    await asyncio.to_thread(replace_camera)
    heir = FakeCamera(camera_uuid=OTHER.camera_uuid, camera_id="cam01")
    site.cameras = [heir]
    await site.write(START_US + 60 * S)
    await site.look_after(2)

    cameras = {camera.camera_uuid: camera for camera in await site.index.cameras()}
    old, new = cameras[CAMERA.camera_uuid], cameras[OTHER.camera_uuid]
    assert (old.directory, new.directory) == ("cam01_rec.0000aaaa.aside", "cam01_rec")
    assert old.removed_us is not None
    assert [row.camera_no for row in await site.rows()] == [old.camera_no, new.camera_no]
    present = await site.index.camera_by_id("cam01")
    assert present == new


@pytest.mark.parametrize("marker", [None, b"{broken"])
async def test_a_directory_without_a_good_marker_is_nobodys(
    site: Site, marker: bytes | None
) -> None:
    def spoil() -> None:
        (site.directory / CAMERA_MARKER).unlink()
        if marker is not None:
            (site.directory / CAMERA_MARKER).write_bytes(marker)

    await site.write(START_US)
    await asyncio.to_thread(spoil)

    await site.indexer.look_everywhere()

    assert await site.rows() == []


async def test_a_camera_known_only_from_its_marker_is_one_that_was_removed(site: Site) -> None:
    site.cameras = []
    note = CameraMarker(CAMERA.camera_uuid, "cam01", "town", "Portão")
    await asyncio.to_thread(write_marker, site.directory / CAMERA_MARKER, note)
    await site.write(START_US)

    await site.indexer.look()

    (camera,) = await site.index.cameras()
    assert (camera.name, camera.tenant_id, camera.camera_id) == ("Portão", "town", "cam01")
    assert camera.removed_us == site.clock.now_us()
    assert len(await site.rows()) == 1


async def test_old_days_are_found_by_the_look_at_everything_and_empty_ones_go(site: Site) -> None:
    old = START_US - 30 * DAY_US
    await site.write(old)
    await site.write(START_US)
    empty = site.directory / segment_file(START_US - 9 * DAY_US).parent
    today = site.directory / segment_file(START_US + DAY_US).parent

    def make() -> None:
        empty.mkdir()
        (empty / "00-00-00-000000.thumbs").write_bytes(b"x")
        today.mkdir()

    await asyncio.to_thread(make)

    await site.indexer.look()
    assert [row.start_us for row in await site.rows()] == [START_US]
    await wholly(site)

    assert [row.start_us for row in await site.rows()] == [old, START_US]
    assert not await asyncio.to_thread(empty.exists)
    assert await asyncio.to_thread(today.exists)


async def wholly(site: Site) -> None:
    looking = asyncio.create_task(site.indexer.look_everywhere())
    while not looking.done():
        await site.clock.advance(0.1)
        await asyncio.sleep(0.001)
    await looking


async def test_a_segment_whose_deletion_was_begun_is_not_indexed_anew(site: Site) -> None:
    await site.write(START_US)
    await site.indexer.look()
    (segment,) = await site.rows()
    await site.database.write(lambda transaction: doom_segments(transaction, [segment.segment_id]))

    await site.write(START_US + 60 * S)
    await site.look_after(2)

    rows = await site.database.fetch_all("SELECT doomed FROM segments ORDER BY name_us")
    assert [row["doomed"] for row in rows] == [1, 0]


async def test_growing_longer_by_its_successor_a_segment_may_come_to_be_held(site: Site) -> None:
    await site.write(START_US, Recording(number=0))
    await site.indexer.look()
    (segment,) = await site.rows()
    await hold(site.database, segment.camera_no, START_US + 6_500_000, START_US + 6_600_000)

    await site.write(START_US + 7 * S, Recording(number=1))
    await site.look_after(2)

    first, second = await site.rows()
    assert (first.held, second.held) == (True, False)


async def test_while_the_volume_is_away_nothing_is_forgotten(site: Site) -> None:
    await site.write(START_US, Recording(is_closed=False))
    await site.indexer.look()
    away = site.root.with_name("away")
    await asyncio.to_thread(site.root.rename, away)
    site.is_present = False

    async with running(site):
        await site.clock.advance(10)
        await asyncio.to_thread(away.rename, site.root)
        await site.write(START_US)
        site.is_present = True
        await until(site, lambda rows: len(rows) == 1)

    camera = await site.index.camera_by_id("cam01")
    assert camera is not None
    assert camera.directory == "cam01_rec"


async def test_a_disk_that_hangs_stops_the_indexer_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.write(START_US)
    answers = threading.Event()

    def wait(path: Path) -> CameraMarker | None:
        answers.wait(patiently(30))
        return read_camera_marker(path)

    monkeypatch.setattr(survey, "read_camera_marker", wait)
    looking = asyncio.create_task(site.indexer.look())
    began = asyncio.get_running_loop().time()
    await asyncio.wait({looking}, timeout=0.2)

    assert not looking.done()
    assert asyncio.get_running_loop().time() - began < 2
    assert await site.rows() == []

    answers.set()
    await looking
    assert len(await site.rows()) == 1


async def test_a_look_that_hangs_in_one_directory_leaves_the_other_cameras_theirs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "HANGS_AFTER_S", 0.2)
    answers = threading.Event()
    await site.write(START_US)
    away = await asyncio.to_thread(mark_directory, site.root, "cam02_rec", OTHER.camera_uuid)
    await asyncio.to_thread(write_recording, away, START_US, Recording())

    def wait(path: Path) -> CameraMarker | None:
        if path.parent == away:
            answers.wait(patiently(30))
        return read_camera_marker(path)

    monkeypatch.setattr(survey, "read_camera_marker", wait)
    async with running(site):
        await until(site, lambda rows: len(rows) == 1)
        (finding,) = site.indexer.findings()

        answers.set()
        await until(site, lambda rows: len(rows) == 2)

    assert finding.code == "footage_unreadable"
    assert finding.facts == {"directory": "cam02_rec", "reason": "does not answer"}
    assert site.indexer.findings() == []


async def test_a_marker_that_is_a_pipe_keeps_no_other_camera_out_of_the_index(site: Site) -> None:
    await site.write(START_US)

    def make_a_pipe() -> None:
        marker = site.root / "cam02_rec" / CAMERA_MARKER
        marker.parent.mkdir()
        os.mkfifo(marker)

    await asyncio.to_thread(make_a_pipe)

    await site.indexer.look()

    assert len(await site.rows()) == 1


async def test_what_is_called_like_a_segment_and_is_no_file_is_left_alone(site: Site) -> None:
    path = site.directory / segment_file(START_US)

    def make() -> None:
        path.parent.mkdir()
        os.mkfifo(path)
        path.with_name("00-00-01-000000.mp4").mkdir()
        path.with_name("00-00-02-000000.mp4").symlink_to("/etc/passwd")

    await asyncio.to_thread(make)
    await site.indexer.look()
    await site.look_after(STUCK_IDLE_S)

    assert await site.rows() == []
    assert len(await asyncio.to_thread(lambda: list(path.parent.iterdir()))) == 3


async def test_a_file_of_a_day_that_cannot_have_been_gets_no_row(site: Site) -> None:
    await site.write(START_US)

    def lay() -> None:
        path = site.directory / "9999-12-31" / "23-59-59-999999.mp4"
        path.parent.mkdir()
        path.write_bytes(b"x" * 100)

    await asyncio.to_thread(lay)
    await wholly(site)
    await site.look_after(STUCK_IDLE_S)
    await site.look_after(STUCK_IDLE_S)

    assert [row.name_us for row in await site.rows()] == [START_US]


class running:  # noqa: N801 -- reads as a phrase
    def __init__(self, site: Site) -> None:
        self._site = site

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._site.indexer.run())
        await asyncio.sleep(0.05)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


async def until(site: Site, condition: Callable[[list[Segment]], bool]) -> None:
    for _ in range(100):
        await site.clock.advance(1)
        await asyncio.sleep(0.01)
        if condition(await site.rows()):
            return
    raise AssertionError(await site.rows())


async def test_a_marker_that_is_damaged_later_is_mended_and_the_footage_stays(site: Site) -> None:
    (site.root / VOLUME_MARKER).write_text("{}")
    await site.write(START_US)
    await site.look_after(2)
    (row,) = await site.rows()
    (site.directory / CAMERA_MARKER).write_bytes(b'{"camera_uu')

    await site.look_after(2)

    camera = await site.index.camera_by_id("cam01")
    assert camera is not None
    assert camera.directory == "cam01_rec"
    assert await asyncio.to_thread(site.index.path_of(camera, row).is_file)


async def test_a_day_that_cannot_be_read_is_told_until_it_can_and_its_files_come(
    site: Site,
) -> None:
    path = await site.write(START_US)
    day = path.parent
    aside = site.root / "aside"
    await asyncio.to_thread(day.rename, aside)
    await asyncio.to_thread(day.symlink_to, day.name)  # as the system says it: a loop

    await site.indexer.look()
    told = site.indexer.findings()
    await asyncio.to_thread(day.unlink)
    await asyncio.to_thread(aside.rename, day)
    await site.look_after(2)

    (finding,) = told
    assert finding.code == "footage_unreadable"
    assert finding.facts["directory"] == f"cam01_rec/{day.name}"
    assert site.indexer.findings() == []
    assert len(await site.rows()) == 1


async def test_a_day_that_is_gone_or_on_a_volume_that_is_away_is_told_of_by_nobody(
    site: Site,
) -> None:
    day = (await site.write(START_US)).parent
    aside = site.root / "aside"
    await asyncio.to_thread(day.rename, aside)
    await asyncio.to_thread(day.symlink_to, day.name)
    await site.indexer.look()
    site.is_present = False
    while_away = site.indexer.findings()
    site.is_present = True
    still = site.indexer.findings()
    await asyncio.to_thread(day.unlink)
    await site.look_after(2)

    assert (while_away, len(still)) == ([], 1)
    assert site.indexer.findings() == []
