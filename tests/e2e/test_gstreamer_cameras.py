"""The foreign cameras do what the tests that use them rely on."""

import asyncio

import av
import pytest

from tests.e2e.gstreamer_cameras import gstreamer_cameras

pytestmark = [pytest.mark.gstreamer, pytest.mark.timeout(60)]

OPTIONS = {"rtsp_transport": "tcp", "timeout": "5000000"}


def codecs(url: str) -> list[str]:
    with av.open(url, options=OPTIONS) as container:
        for packet in container.demux(video=0):
            if packet.decode():
                break
        return [stream.codec_context.name for stream in container.streams]


async def test_each_path_plays_and_the_digest_one_asks_for_its_password() -> None:
    async with gstreamer_cameras() as cameras:
        assert await asyncio.to_thread(codecs, cameras.url("h264")) == ["h264"]
        assert await asyncio.to_thread(codecs, cameras.url("h265")) == ["hevc"]
        assert await asyncio.to_thread(codecs, cameras.url("alaw")) == ["h264", "pcm_alaw"]
        assert await asyncio.to_thread(codecs, cameras.url("digest")) == ["h264"]
        with pytest.raises(av.HTTPUnauthorizedError):
            await asyncio.to_thread(codecs, cameras.url("digest", with_password=False))
