"""What the index makes of the files that a media server really writes: embedded, and MediaMTX."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import pytest

from gtvision_edge.media.model import PathView
from gtvision_edge.recordings.index import SegmentIndex
from gtvision_edge.recordings.indexing.growing import GrowingFiles
from gtvision_edge.recordings.indexing.indexer import Indexer
from gtvision_edge.recordings.model import RecordedCamera, Segment, Span
from gtvision_edge.runtime.clock import SystemClock
from gtvision_edge.runtime.events import EventBus
from gtvision_edge.storage import Database
from tests.contract.media_servers import ServerUnderTest, until
from tests.fakes.cameras import FakeCamera
from tests.fakes.clips import ClipSpec
from tests.fakes.recordings import mark_directory
from tests.fakes.virtual_camera import virtual_camera

pytestmark = pytest.mark.timeout(90)

CAMERA = FakeCamera(camera_id="cam")
EVERYTHING = Span(0, 2**62)
JITTER_US = 1_500_000


@dataclass
class Index:
    database: Database
    volume: Path

    def __post_init__(self) -> None:
        clock = SystemClock()
        self.indexer = Indexer(
            self.volume,
            self.database,
            self,
            is_present=lambda: True,
            view=lambda _: PathView(available=True, receiving=True, recording=True),
            bus=EventBus(),
            clock=clock,
        )
        self.growing = GrowingFiles(
            self.volume, self.database, self.indexer.newest_open, clock=clock
        )
        self.index = SegmentIndex(self.database, root=self.volume, growing=self.growing)

    def all_cameras(self) -> list[FakeCamera]:
        return [CAMERA]

    async def camera(self) -> RecordedCamera:
        await self.indexer.look()
        camera = await self.index.camera_by_id("cam")
        assert camera is not None
        return camera

    async def segments(self) -> list[Segment]:
        camera = await self.camera()
        return await self.index.find_segments(camera.camera_no, EVERYTHING)

    async def wait_growing(self) -> Segment:
        """Wait for a file that grows: MediaMTX makes the next one only when its first part (half a second or more) is whole."""
        found: list[Segment] = []

        async def grows() -> bool:
            found[:] = [
                each for each in [await self.index.look_at_growing(await self.camera())] if each
            ]
            return bool(found)

        await until(grows, 3, "a file that grows")
        return found[0]

    async def wait_segments(self, count: int, timeout_s: float = 30) -> list[Segment]:
        async def enough() -> bool:
            return len(await self.segments()) >= count

        await until(enough, timeout_s, f"{count} segments in the index", every_s=0.5)
        return await self.segments()

    def close(self) -> None:
        self.indexer.close()
        self.growing.close()


@pytest.fixture
async def index(server: ServerUnderTest, database: Database) -> AsyncIterator[Index]:
    await asyncio.to_thread(mark_directory, server.volume, "cam_rec", CAMERA.camera_uuid, "cam")
    index = Index(database, server.volume)
    yield index
    index.close()


@pytest.mark.parametrize(
    ("spec", "video", "audio"),
    [
        (ClipSpec(audio="aac", key_every_s=2.0), "avc1.", {"mp4a.40.2"}),
        (ClipSpec(video="h265"), "hvc1.|hev1.", {""}),
        (ClipSpec(audio="pcma"), "avc1.", {"mp4a.40.2", "ipcm"}),
    ],
)
async def test_segments_follow_on_the_wall_clock_and_their_groups_decode(
    server: ServerUnderTest, index: Index, spec: ClipSpec, video: str, audio: set[str]
) -> None:
    async with virtual_camera(spec) as camera:
        began_us = time.time_ns() // 1000
        await server.add_recorded("cam_rec", camera.url())
        segments = await index.wait_segments(3)
        growing = await index.wait_growing()
        now_us = time.time_ns() // 1000

    assert began_us - 5_000_000 < segments[0].start_us < began_us + 15_000_000
    for before, after in pairwise(segments):
        assert after.continues
        assert before.end_us == after.start_us
        assert abs(before.span.length_us - before.media_us) < JITTER_US
    assert growing.continues
    assert 0 <= now_us - growing.end_us < 4_000_000
    for segment in segments:
        assert segment.format.video.startswith(tuple(video.split("|")))
        assert (segment.format.width, segment.format.height) == (320, 180)
        assert segment.format.audio in audio
        assert not segment.is_cut
        assert sum(group.length_us for group in segment.groups) > segment.media_us - 1_100_000
        await _check_groups(index, segment)


async def test_a_camera_that_stamps_fewer_seconds_than_pass_shows_no_phantom_gaps(
    server: ServerUnderTest, index: Index
) -> None:
    """As one that says 25 frames a second and delivers 21: its file of a minute took 71 s."""
    async with virtual_camera(ClipSpec(), pace=0.6) as camera:
        length = "4s" if server.is_embedded else "60s"
        await server.add_recorded("cam_rec", camera.url(), recordSegmentDuration=length)
        segments = await index.wait_segments(3, timeout_s=75)

    for before, after in pairwise(segments):
        gap_us = after.start_us - before.end_us
        if server.is_embedded:
            assert gap_us == 0
        else:
            # It begins anew each time the two clocks are 5 s apart, after a pause of 2 s and up to the next key frame.
            assert before.span.length_us - before.media_us > 3_500_000
            assert 0 < gap_us < 4_500_000


async def _check_groups(index: Index, segment: Segment) -> None:
    path = index.index.path_of(await index.camera(), segment)
    data = await asyncio.to_thread(path.read_bytes)
    for group in segment.groups:
        part = data[: segment.init_bytes] + data[group.offset : group.offset + group.size]
        first_key_us, frames = await asyncio.to_thread(_decode, part)
        assert abs(first_key_us - (group.key_us - group.start_us)) < 1000
        assert frames > 0


def _decode(data: bytes) -> tuple[int, int]:
    """Return when the first key frame comes (µs after the first picture), and how many pictures decode from it on."""
    first = key = None
    frames = 0
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        for packet in container.demux(stream):
            if packet.size and packet.dts is not None:
                first = packet.dts if first is None else first
                key = packet.dts if key is None and packet.is_keyframe else key
            if key is not None:
                frames += len(packet.decode())
        assert first is not None
        assert key is not None
        assert stream.time_base is not None
        return round((key - first) * stream.time_base * 1_000_000), frames


async def test_what_a_server_left_that_was_killed_is_indexed_as_cut(
    server: ServerUnderTest, index: Index
) -> None:
    async with virtual_camera(ClipSpec(audio="aac")) as camera:
        await server.add_recorded("cam_rec", camera.url(), recordSegmentDuration="60s")
        await server.wait_files("cam_rec", 1)
        await index.camera()
        await asyncio.sleep(3)
        await (
            server.restart()
        )  # MediaMTX is killed; the embedded server lives in this process and ends in good order
        await server.add_recorded("cam_rec", camera.url(), recordSegmentDuration="60s")
        await server.wait_files("cam_rec", 2)
        (segment,) = await index.wait_segments(1)

    assert segment.is_cut is not server.is_embedded
    assert segment.span.length_us > 2_000_000
    await _check_groups(index, segment)
