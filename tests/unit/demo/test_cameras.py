"""The demo's cameras are cameras to a stranger: RTSP, a password, live pictures, sound."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from urllib.parse import quote
from zoneinfo import ZoneInfo

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from gtvision_edge.demo.cameras import StreetCamera, open_street_cameras
from gtvision_edge.demo.encoder import PictureEncoder
from gtvision_edge.demo.planes import Planes
from gtvision_edge.demo.studio import Channel, Feed, Studio
from gtvision_edge.media.embedded.rtsp import RtspServer, TrackDescription
from gtvision_edge.runtime.clock import SystemClock
from tests.fakes.rtsp_client import raw_client

ZONE = ZoneInfo("America/Sao_Paulo")
OPTIONS = {"rtsp_transport": "tcp", "timeout": "5000000", "analyzeduration": "500000"}


@pytest.fixture
async def cameras() -> AsyncIterator[list[StreetCamera]]:
    async with open_street_cameras(zone=ZONE, clock=SystemClock()) as opened:
        yield opened


def with_account(camera: StreetCamera, url: str) -> str:
    account = f"{camera.username}:{quote(camera.password, safe='')}"
    return url.replace("rtsp://", f"rtsp://{account}@")


def read(url: str, frames: int) -> tuple[list[str], Image.Image, list[float], int]:
    """Return the codecs, the last of *frames* pictures, the video's steps, and sound frames."""
    steps: list[float] = []
    sounds = 0
    with av.open(url, options=OPTIONS) as container:
        codecs = [stream.codec_context.name for stream in container.streams]
        last: float | None = None
        count = 0
        for packet in container.demux():
            if packet.stream.type == "audio":
                sounds += len(packet.decode())
                continue
            if packet.dts is not None and packet.time_base is not None:
                at = float(packet.dts * packet.time_base)
                if last is not None:
                    steps.append(at - last)
                last = at
            for frame in packet.decode():
                assert isinstance(frame, av.VideoFrame)
                count += 1
                if count == frames:
                    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV
                    return codecs, picture, steps, sounds
    raise AssertionError("the stream ended")


def away_from_scene(camera: StreetCamera, picture: Image.Image) -> float:
    """Return how far *picture* is from its camera's scene of the last seconds, 0 to 255.

    On a busy machine a picture is read some time after it was drawn.
    """
    now_us = time.time_ns() // 1000

    def away_at(ago_us: int) -> float:
        expected = camera.scene.draw(now_us - ago_us)
        assert picture.size == expected.size
        away = ImageStat.Stat(ImageChops.difference(picture, expected.picture()))
        return max(away.mean)

    least, nearest_us = 255.0, 0
    for ago_us in range(0, 8_000_000, 250_000):
        least, nearest_us = min((least, nearest_us), (away_at(ago_us), ago_us))
        if least < 9:
            return least
    # A car that is near moves far in an eighth of a second.
    return min(away_at(nearest_us + ago_us) for ago_us in range(-125_000, 126_000, 25_000))


async def test_each_camera_shows_its_scene_as_it_is_now(cameras: list[StreetCamera]) -> None:
    async def check(camera: StreetCamera) -> list[str]:
        url = with_account(camera, camera.main_url)
        codecs, picture, steps, sounds = await asyncio.to_thread(read, url, 15)
        assert await asyncio.to_thread(away_from_scene, camera, picture) < 9
        assert min(steps) > 0
        assert max(steps) < 1
        assert (sounds > 5) == ("pcm_alaw" in codecs)
        return codecs

    found = await asyncio.gather(*(check(camera) for camera in cameras))

    assert found == [["h264"], ["h264", "pcm_alaw"], ["hevc"], ["h264"]]


async def test_each_sub_stream_is_small_h264(cameras: list[StreetCamera]) -> None:
    for camera in cameras:
        codecs, picture, _, _ = await asyncio.to_thread(
            read, with_account(camera, camera.sub_url), 3
        )
        assert codecs == ["h264"]
        assert picture.size == (640, 360)


async def test_they_want_their_password(cameras: list[StreetCamera]) -> None:
    with pytest.raises(av.HTTPUnauthorizedError):
        await asyncio.to_thread(read, cameras[0].main_url, 1)


async def test_they_stand_in_sao_paulo_and_have_names(cameras: list[StreetCamera]) -> None:
    assert len({camera.name for camera in cameras}) == 4
    for camera in cameras:
        assert camera.vendor == "generic_rtsp"
        assert camera.place.latitude == pytest.approx(-23.55, abs=0.05)
        assert camera.place.longitude == pytest.approx(-46.63, abs=0.05)
        assert camera.place.bearing is not None


class SlowScene:
    """Takes a third of a second for a picture."""

    def __init__(self) -> None:
        self.drawn = 0

    def draw(self, at_us: int) -> Planes:
        self.drawn += 1
        time.sleep(0.3)
        return Planes.of(Image.new("RGB", (128, 64), (90, 90, 90)))

    def loudness(self, at_us: int) -> float:
        return 0.0


async def test_a_slow_scene_leaves_pictures_out_and_nobody_watching_costs_nothing() -> None:
    scene = SlowScene()
    clock = SystemClock()
    encoder = PictureEncoder("h264", (128, 64), 10, 28)
    first = encoder.encode(Planes.of(Image.new("RGB", (128, 64))), as_key=True)
    assert first is not None
    async with RtspServer() as server:
        publication = server.publish("slow", [TrackDescription.h264(first.data)])
        channel = Channel(scene, 10, Feed(encoder, (128, 64), publication))
        studio = Studio([channel], clock)
        studio.start()
        await asyncio.sleep(0.3)
        drawn_for_nobody = scene.drawn
        async with raw_client(server.port) as client:
            await client.play(f"{server.url}/slow")
            stamps: list[int] = []
            while len(stamps) < 4:
                packet = await client.media_packet()
                if packet.marker:
                    stamps.append(packet.timestamp)
        await studio.stop()

    assert drawn_for_nobody == 0
    gaps = [(b - a) % 2**32 for a, b in itertools.pairwise(stamps)]
    assert all(gap % 9000 == 0 and gap >= 18_000 for gap in gaps)
    assert studio.skipped >= 4
