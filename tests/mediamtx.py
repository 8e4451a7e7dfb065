"""The real MediaMTX as a process of a test, and cameras made of ffmpeg's test source that it serves."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.ports import free_port
from tests.waiting import patiently

BINARY = os.environ.get("MEDIAMTX_BIN", "")

_CONFIG = """
logLevel: warn
api: yes
apiAddress: 127.0.0.1:{api}
rtspAddress: 127.0.0.1:{rtsp}
rtspTransports: [tcp]
rtmp: no
srt: no
moq: no
webrtc: no
hlsAddress: 127.0.0.1:{hls}
hlsVariant: fmp4
{secret}
authMethod: internal
authInternalUsers:
  - user: any
    ips: ["127.0.0.1"]
    permissions: [{{action: api}}, {{action: read}}, {{action: publish}}]
pathDefaults:
  recordDeleteAfter: 0s
paths:
{paths}
"""


@dataclass
class MediaMtx:
    """One MediaMTX with its own ports; :meth:`kill` and :meth:`start` make a restart, :meth:`reload` a changed file."""

    directory: Path
    hls_secret: str = ""
    open_paths: bool = False
    api: int = field(default_factory=free_port)
    rtsp: int = field(default_factory=free_port)
    hls: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api}"

    @property
    def hls_url(self) -> str:
        return f"http://127.0.0.1:{self.hls}"

    @property
    def rtsp_url(self) -> str:
        return f"rtsp://127.0.0.1:{self.rtsp}"

    def write_config(self, comment: str = "") -> None:
        text = _CONFIG.format(
            api=self.api,
            rtsp=self.rtsp,
            hls=self.hls,
            secret=f"hlsCDNSecret: {self.hls_secret}" if self.hls_secret else "",
            paths="  all_others:" if self.open_paths else "  by_hand:\n    source: publisher",
        )
        partial = self.directory / "mediamtx.partial"
        partial.write_text(f"{text}\n# {comment}\n", encoding="utf-8")
        partial.replace(self.directory / "mediamtx.yml")

    async def start(self) -> None:
        self.write_config()
        self.process = await asyncio.create_subprocess_exec(
            BINARY,
            str(self.directory / "mediamtx.yml"),
            cwd=self.directory,
            env={"TZ": "UTC", "PATH": os.environ["PATH"]},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with aiohttp.ClientSession() as session, asyncio.timeout(patiently(10)):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.api_url}/v3/info") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def running_mediamtx(
    directory: Path, *, hls_secret: str = "", open_paths: bool = False
) -> AsyncIterator[MediaMtx]:
    directory.mkdir(exist_ok=True)
    server = MediaMtx(directory, hls_secret=hls_secret, open_paths=open_paths)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


@dataclass
class FfmpegCamera:
    """A stream that ffmpeg publishes to a MediaMTX with open paths; pulled from there it is a camera."""

    host: MediaMtx
    name: str
    audio: bool = False
    size: str = "320x180"
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"{self.host.rtsp_url}/{self.name}"

    async def start(self) -> None:
        sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"] if self.audio else []
        self.process = await asyncio.create_subprocess_exec(
            *("ffmpeg", "-nostdin", "-loglevel", "error", "-re"),
            *("-f", "lavfi", "-i", f"testsrc=size={self.size}:rate=15"),
            *sound,
            *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "15"),
            *("-pix_fmt", "yuv420p", *(["-c:a", "aac"] if sound else [])),
            *("-f", "rtsp", "-rtsp_transport", "tcp", self.url),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def ffmpeg_camera(
    host: MediaMtx, name: str, *, audio: bool = False, size: str = "320x180"
) -> AsyncIterator[FfmpegCamera]:
    camera = FfmpegCamera(host, name, audio=audio, size=size)
    try:
        await camera.start()
        yield camera
    finally:
        await camera.stop()
