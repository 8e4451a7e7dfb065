"""The fakes misbehave as they say: libav meets each fault in the way it is known to."""

import asyncio
import time

import av
import pytest

from tests.fakes.hostile_camera import Fault, hostile_camera
from tests.fakes.rtsp_client import raw_client

FAST = {"rtsp_transport": "tcp", "timeout": "700000", "analyzeduration": "300000"}


def open_and_read(url: str) -> int:
    """Return how many video packets came before the end."""
    with av.open(url, options=FAST) as container:
        count = 0
        for packet in container.demux():
            count += packet.stream.type == "video" and packet.size > 0
        return count


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.NEVER_ANSWERS, av.FFmpegError),
        (Fault.HANGS_AFTER_OPTIONS, av.FFmpegError),
        (Fault.ALWAYS_UNAUTHORIZED, av.HTTPUnauthorizedError),
        (Fault.NOT_FOUND, av.HTTPNotFoundError),
        (Fault.BUSY, av.FFmpegError),
        (Fault.BROKEN_SDP, av.FFmpegError),
    ],
)
async def test_libav_cannot_open_it(fault: Fault, error: type[Exception]) -> None:
    async with hostile_camera(fault) as camera:
        with pytest.raises(error):
            await asyncio.to_thread(open_and_read, camera.url)


async def test_one_that_drops_plays_first_and_can_be_opened_again() -> None:
    async with hostile_camera(Fault.DROPS, after_s=1.0) as camera:
        first = await asyncio.to_thread(open_and_read, camera.url)
        second = await asyncio.to_thread(open_and_read, camera.url)

    assert 10 <= first <= 20
    assert 10 <= second <= 20
    assert camera.connections == 2


async def test_one_that_sends_no_packets_opens_without_a_size() -> None:
    def size(url: str) -> tuple[int, int]:
        with av.open(url, options=FAST) as container:
            context = container.streams.video[0].codec_context
            return context.width, context.height

    async with hostile_camera(Fault.NO_PACKETS) as camera:
        began = time.monotonic()
        await asyncio.to_thread(size, camera.url)

    assert time.monotonic() - began > 0.5


async def test_one_that_loses_the_session_says_so() -> None:
    async with hostile_camera(Fault.LOSES_SESSION) as camera, raw_client(camera.port) as client:
        await client.play(camera.url)
        await client.media_packet()

        assert (await client.ask("GET_PARAMETER", camera.url)).status == 454


async def test_the_redirect_never_ends() -> None:
    async with hostile_camera(Fault.REDIRECTS_FOREVER) as camera, raw_client(camera.port) as client:
        url = camera.url
        for _ in range(5):
            answer = await client.ask("DESCRIBE", url)
            assert answer.status == 302
            assert answer.headers["location"] != url
            url = answer.headers["location"]


async def test_the_dribble_is_a_byte_at_a_time() -> None:
    async with hostile_camera(Fault.DRIBBLES) as camera, raw_client(camera.port) as client:
        client.writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        await asyncio.sleep(0.1)

        assert await client.reader.read(100) == b"R"


async def test_the_header_never_ends() -> None:
    async with hostile_camera(Fault.ENDLESS_HEADER) as camera, raw_client(camera.port) as client:
        client.writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        size = 0
        while size < 5_000_000:
            size += len(data := await client.reader.read(1 << 20))
            assert data


async def test_it_comes_back_on_the_same_port() -> None:
    async with hostile_camera(Fault.NOT_FOUND) as camera:
        port = camera.port
        await camera.kill()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

        await camera.start()

        assert camera.port == port
