"""libav opens what we serve, decodes it and finds no jump in its time."""

import asyncio
from dataclasses import dataclass, field

import av
import pytest

from gtvision_edge.media.embedded.rtsp import Credentials
from tests.fakes.clips import ClipSpec
from tests.fakes.virtual_camera import virtual_camera


@dataclass
class Reading:
    codecs: list[str] = field(default_factory=list)
    frames: dict[int, int] = field(default_factory=dict)
    steps: dict[int, list[float]] = field(default_factory=dict)


def read(url: str, frames: int) -> Reading:
    reading = Reading()
    last: dict[int, float] = {}
    options = {"rtsp_transport": "tcp", "timeout": "5000000", "analyzeduration": "500000"}
    with av.open(url, options=options) as container:
        reading.codecs = [stream.codec_context.name for stream in container.streams]
        for packet in container.demux():
            if packet.dts is not None and packet.time_base is not None:
                at = float(packet.dts * packet.time_base)
                index = packet.stream.index
                if index in last:
                    reading.steps.setdefault(index, []).append(at - last[index])
                last[index] = at
            count = len(packet.decode())
            index = packet.stream.index
            reading.frames[index] = reading.frames.get(index, 0) + count
            if reading.frames.get(0, 0) >= frames:
                return reading
    return reading


@pytest.mark.parametrize(
    ("spec", "codecs"),
    [
        (ClipSpec("h264", "aac", seconds=2), ["h264", "aac"]),
        (ClipSpec("h265", "pcma", seconds=2), ["hevc", "pcm_alaw"]),
    ],
    ids=["h264+aac", "h265+pcma"],
)
async def test_pyav_decodes_every_frame_without_a_jump(spec: ClipSpec, codecs: list[str]) -> None:
    account = Credentials("admin", "p@ss:w/rd#1?%ç")
    async with virtual_camera(spec, credentials=account) as camera:
        reading = await asyncio.to_thread(read, camera.url(), 50)

    assert reading.codecs == codecs
    assert reading.frames[0] >= 50  # more than a turn of the clip
    assert reading.frames[1] > 10
    for steps in reading.steps.values():
        assert min(steps) > 0
        assert max(steps) < 0.2


async def test_a_killed_camera_is_back_on_the_same_port() -> None:
    async with virtual_camera(ClipSpec(seconds=2)) as camera:
        await asyncio.to_thread(read, camera.url(), 5)
        port = camera.port

        await camera.kill()
        with pytest.raises(av.FFmpegError):
            await asyncio.to_thread(read, camera.url(), 1)
        await camera.start()

        assert camera.port == port
        assert (await asyncio.to_thread(read, camera.url(), 5)).frames[0] >= 5


@pytest.mark.ffmpeg
async def test_ffprobe_agrees_on_codec_size_and_rate() -> None:
    async with virtual_camera(ClipSpec("h264", "aac", seconds=2)) as camera:
        process = await asyncio.create_subprocess_exec(
            "ffprobe",
            *("-v", "error", "-rtsp_transport", "tcp", "-of", "csv=p=0"),
            *("-show_entries", "stream=codec_name,width,height,r_frame_rate"),
            camera.url(),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()

    assert output.decode().split() == ["h264,320,180,15/1", "aac,0/0"]
