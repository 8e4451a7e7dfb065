"""Small pictures from real recorded files."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from gtvision_edge.media.boxes import iter_boxes
from gtvision_edge.media.layout import thumbnails_file
from gtvision_edge.media.posters import Picture
from gtvision_edge.recordings.errors import NoFootageError
from gtvision_edge.recordings.index import SegmentIndex, SegmentWritten
from gtvision_edge.recordings.model import CameraNo, Group, RecordedCamera, Segment
from gtvision_edge.recordings.thumbnails import store
from gtvision_edge.recordings.thumbnails.keyframes import SHRUNK_FROM, StillReader, encode, frame_at
from gtvision_edge.recordings.thumbnails.service import Pace, Thumbnails, chosen, pace_for
from gtvision_edge.recordings.thumbnails.store import Thumbnail
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.fakes.cameras import FakeCamera
from tests.fakes.clips import ClipSpec
from tests.fakes.footage import add, keep, place
from tests.fakes.recorded import START_US, record
from tests.waiting import patiently

S = 1_000_000
CLIP = ClipSpec(seconds=4, key_every_s=1)


def grouped(path: Path, segment: Segment, *, group_us: int = S) -> Segment:
    """Return *segment* with its real groups: two parts of half a second each."""
    data = path.read_bytes()
    starts = [box.start for box in iter_boxes(data) if box.kind == b"moof"][::2]
    ends = [*starts[1:], len(data)]
    groups = tuple(
        Group(start, end - start, n * group_us, n * group_us, group_us)
        for n, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    return replace(segment, groups=groups)


@pytest.fixture(params=["h264", "h265"])
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Segment]:
    made = record(tmp_path / "cam01_rec", replace(CLIP, video=request.param, audio="aac"))
    return made.path, grouped(made.path, made.segment)


def ball_of(jpeg: bytes) -> int:
    """Return where the yellow ball of the clip is, in hundredths of the width: it crosses once in a clip."""
    image = Image.open(io.BytesIO(jpeg)).convert("RGB")
    y = image.height // 2
    row = image.crop((0, y, image.width, y + 1)).tobytes()
    colours = enumerate(zip(row[::3], row[1::3], row[2::3], strict=True))
    found = [x for x, (red, green, blue) in colours if red > 180 and green > 150 and blue < 120]
    return round(100 * sum(found) / len(found) / image.width) if found else -1


def test_a_key_frame_is_decoded_from_its_own_bytes(recorded: tuple[Path, Segment]) -> None:
    path, segment = recorded
    with path.open("rb") as file:
        reader = StillReader(file.fileno(), segment)
        stills = [reader.still(group, width=160) for group in segment.groups]

    assert all(still is not None and (still.width, still.height) == (160, 90) for still in stills)
    places = [ball_of(still.jpeg) for still in stills if still is not None]
    assert places[1:] == pytest.approx([25, 50, 75], abs=4)


def test_a_wide_key_frame_decoded_the_cheap_way_is_the_same_picture_to_the_eye(
    tmp_path: Path,
) -> None:
    wide = ClipSpec(
        video="h265",
        width=1280,
        height=720,
        fps=4,
        seconds=2,
        key_every_s=1,
        bitrate_bps=4_000_000,
        noise=True,
    )
    made = record(tmp_path / "cam01_rec", wide)
    segment = grouped(made.path, made.segment)
    segment = replace(segment, format=replace(segment.format, width=1280, height=720))
    assert wide.width >= SHRUNK_FROM
    with made.path.open("rb") as file:
        stills = [
            StillReader(file.fileno(), segment).still(each, width=320) for each in segment.groups
        ]
    with av.open(str(made.path)) as container:
        whole = [encode(each, 320) for each in container.decode(video=0) if each.key_frame]

    assert len(stills) == len(whole) == 2
    for still, true in zip(stills, whole, strict=True):
        assert still is not None
        apart = ImageChops.difference(
            Image.open(io.BytesIO(still.jpeg)), Image.open(io.BytesIO(true.jpeg))
        )
        assert max(ImageStat.Stat(apart).mean) < 4  # of 255; another picture is ten times as far


def test_a_moment_is_the_picture_shown_then(recorded: tuple[Path, Segment]) -> None:
    path, segment = recorded
    with path.open("rb") as file:
        found = frame_at(file.fileno(), segment, segment.groups[1], 1_500_000, width=320)

    assert found is not None
    assert found[1] == pytest.approx(1_466_666, abs=40_000)
    assert ball_of(found[0].jpeg) == pytest.approx(37, abs=3)


def test_what_is_no_video_gives_no_picture(tmp_path: Path) -> None:
    made = record(tmp_path / "cam01_rec", CLIP)
    made.path.write_bytes(bytes(made.path.stat().st_size))
    with made.path.open("rb") as file:
        reader = StillReader(file.fileno(), made.segment)

        assert reader.still(made.segment.groups[0], width=160) is None
        assert frame_at(file.fileno(), made.segment, made.segment.groups[0], 0, width=1) is None


def test_the_file_of_thumbnails_comes_back_and_a_cut_one_does_not(tmp_path: Path) -> None:
    made = [Thumbnail(0, b"first"), Thumbnail(10 * S, b"second")]
    path, segment = tmp_path / "a.thumbs", tmp_path / "a.mp4"
    segment.touch()

    store.write(path, segment, made)
    assert store.read(path) == made
    for cut in (0, 5, 20, path.stat().st_size - 1):
        assert store.unpack(path.read_bytes()[:cut]) is None

    segment.unlink()
    store.write(path, segment, made)
    assert not path.exists()


def test_pictures_lie_an_interval_apart(recorded: tuple[Path, Segment]) -> None:
    _, segment = recorded

    assert [piece.key_us - START_US for piece in chosen(segment, None, 2 * S)] == [0, 2 * S]


def test_the_worker_holds_back_when_others_need_the_machine() -> None:
    assert pace_for(0.3, backlog=1, lag_s=0.001) == Pace(1, 1.0)
    assert pace_for(1.0, backlog=1, lag_s=0.001).sparse > 1
    assert pace_for(0.3, backlog=1, lag_s=0.2).rest > pace_for(1.0, backlog=1, lag_s=0.001).rest
    assert pace_for(0.3, backlog=500, lag_s=0.001).sparse > 1


class Site:
    """An index with one real file, and thumbnails over it."""

    def __init__(self, database: Database, root: Path) -> None:
        self.database = database
        self.root = root
        self.bus = EventBus()
        self.index = SegmentIndex(database, root=root)
        self.camera: RecordedCamera
        self.segment: Segment
        self.path: Path

    async def put(self, camera_no: CameraNo) -> None:
        made = await asyncio.to_thread(record, self.root / "cam01_rec", CLIP, camera_no=camera_no)
        segment = await asyncio.to_thread(grouped, made.path, made.segment)
        (segment_id,) = await add(self.database, segment)
        self.segment, self.camera = await self.index.get_segment(segment_id)
        self.path = made.path

    def thumbnails(self, interval_s: float = 1) -> Thumbnails:
        return Thumbnails(self.index, self.bus, SystemClock(), interval_s=interval_s)


@pytest.fixture
async def site(database: Database, tmp_path: Path) -> Site:
    made = Site(database, tmp_path / "volume")
    (number,) = await keep(database, FakeCamera())
    await place(database, number, "cam01_rec")
    await made.put(number)
    return made


async def test_the_worker_makes_them_beside_the_file(site: Site) -> None:
    thumbnails = site.thumbnails()
    worker = asyncio.create_task(thumbnails.run())
    try:
        await asyncio.sleep(0.01)
        site.bus.publish(SegmentWritten("", site.segment.segment_id, 0, 0))
        beside = thumbnails_file(site.path)
        async with asyncio.timeout(patiently(10)):
            while not (made := await asyncio.to_thread(store.read, beside)):  # noqa: ASYNC110 -- a file
                await asyncio.sleep(0.02)
    finally:
        worker.cancel()
        await asyncio.wait([worker])
        await thumbnails.close()

    assert made[0].key_us == 0
    assert all(each.key_us % S == 0 for each in made)


async def test_one_that_is_missing_is_made_when_asked_for(site: Site) -> None:
    thumbnails = site.thumbnails()

    pictures = await asyncio.gather(
        *(thumbnails.thumbnail(site.camera, START_US + 2_700_000, width=200) for _ in range(20))
    )
    await thumbnails.close()

    assert {picture.time_us for picture in pictures} == {START_US + 2 * S}
    assert pictures[0].width == 240
    assert ball_of(pictures[0].jpeg) == pytest.approx(50, abs=4)


async def test_one_that_is_there_is_not_decoded_again(site: Site) -> None:
    thumbnails = site.thumbnails()
    image = io.BytesIO()
    Image.new("RGB", (320, 180), (250, 0, 0)).save(image, "JPEG")
    beside = thumbnails_file(site.path)
    await asyncio.to_thread(store.write, beside, site.path, [Thumbnail(S, image.getvalue())])

    picture = await thumbnails.thumbnail(site.camera, START_US + S, width=320)
    await thumbnails.close()

    assert picture.jpeg == image.getvalue()


async def test_there_is_no_picture_of_a_gap(site: Site) -> None:
    thumbnails = site.thumbnails()

    for time_us in (START_US - 1, START_US + 60 * S):
        with pytest.raises(NoFootageError):
            await thumbnails.thumbnail(site.camera, time_us, width=320)
        with pytest.raises(NoFootageError):
            await thumbnails.moment(site.camera, time_us, width=320)
    await thumbnails.close()


async def test_a_file_that_was_taken_away_is_said(site: Site) -> None:
    thumbnails = site.thumbnails()
    await asyncio.to_thread(site.path.unlink)

    with pytest.raises(NoFootageError):
        await thumbnails.thumbnail(site.camera, START_US, width=320)
    await thumbnails.close()


async def test_closing_waits_for_the_end_of_what_is_being_made(site: Site) -> None:
    thumbnails, begun, ends = site.thumbnails(), asyncio.Event(), []

    async def make() -> Picture:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ends.append("made")
        raise AssertionError

    asker = asyncio.create_task(thumbnails._shared((1, 2, 3, 4), make))
    await begun.wait()

    await thumbnails.close()

    assert ends == ["made"]
    with pytest.raises(asyncio.CancelledError):
        await asker
