"""Cameras for tests: clips in a loop over our own RTSP server; they die and come back at will."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote

from gtvision_edge.media.embedded.rtsp import Credentials, Publication, RtspServer
from tests.fakes.clips import Clip, ClipSpec, render_clip


class VirtualCamera:
    """One host with one or more streams. Made by :func:`virtual_camera`."""

    def __init__(
        self,
        streams: Mapping[str, ClipSpec],
        credentials: Credentials | None,
        port: int,
        *,
        starts_at_key_frame: bool,
        host: str = "127.0.0.1",
        pace: float = 1.0,
    ) -> None:
        self.host = host
        self.streams = dict(streams)
        self.credentials = credentials
        self.port = port
        self.publications: dict[str, Publication] = {}
        self._starts_at_key_frame = starts_at_key_frame
        self._pace = pace
        self._server: RtspServer | None = None
        self._players: list[asyncio.Task[None]] = []
        self._flows = asyncio.Event()
        self._flows.set()

    def url(self, stream: str | None = None, *, with_password: bool = True) -> str:
        """Return the address of *stream* (the first one, if not said)."""
        name = next(iter(self.streams)) if stream is None else stream
        account = ""
        if self.credentials is not None and with_password:
            user, password = self.credentials.username, self.credentials.password
            account = f"{quote(user, safe='')}:{quote(password, safe='')}@"
        return f"rtsp://{account}{self.host}:{self.port}/{name}"

    @property
    def reader_count(self) -> int:
        return sum(publication.reader_count for publication in self.publications.values())

    async def start(self) -> None:
        """Come on the air, on the same port as before."""
        server = RtspServer(self.host, self.port)
        for _ in range(100):
            try:
                await server.__aenter__()
                break
            except OSError:  # the port is still held by a connection that is going down
                await asyncio.sleep(0.05)
        self._server = server
        self.port = server.port
        for name, spec in self.streams.items():
            await self._publish(server, name, spec)

    async def kill(self) -> None:
        """Go off the air at once, as by a cut cable's end: connections are reset."""
        if self._server is None:
            return
        for player in self._players:
            player.cancel()
        await asyncio.gather(*self._players, return_exceptions=True)
        self._players.clear()
        self.publications.clear()
        await self._server.__aexit__(None, None, None)
        self._server = None

    async def restart(self) -> None:
        await self.kill()
        await self.start()

    async def change(self, stream: str, spec: ClipSpec) -> None:
        """Give *stream* another clip (codec, size), as after a change in the camera's settings."""
        self.streams[stream] = spec
        await self.restart()

    def stall(self) -> None:
        """Send nothing more, but keep the connections."""
        self._flows.clear()

    def resume(self) -> None:
        self._flows.set()

    async def _publish(self, server: RtspServer, name: str, spec: ClipSpec) -> None:
        clip = await asyncio.to_thread(render_clip, spec)
        publication = server.publish(
            name,
            clip.tracks,
            credentials=self.credentials,
            keeps_group=self._starts_at_key_frame,
        )
        self.publications[name] = publication
        self._players.append(
            asyncio.create_task(self._play(clip, publication), name=f"virtual-camera-{name}")
        )

    async def _play(self, clip: Clip, publication: Publication) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        turn = 0
        while True:
            for sample in clip.samples:
                due = began + (turn * clip.duration_s + sample.at_s) / self._pace
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                if not self._flows.is_set():
                    await self._flows.wait()
                rate = clip.tracks[sample.track].clock_rate
                ticks = sample.ticks + round(turn * clip.duration_s * rate)
                publication.send(sample.track, sample.data, ticks, sample.is_key)
            turn += 1


@asynccontextmanager
async def virtual_camera(
    stream: ClipSpec | Mapping[str, ClipSpec] = ClipSpec(),
    *,
    credentials: Credentials | None = None,
    port: int = 0,
    starts_at_key_frame: bool = True,
    host: str = "127.0.0.1",
    pace: float = 1.0,
) -> AsyncIterator[VirtualCamera]:
    """Run a camera on loopback; a single clip is served as ``/stream``.

    With a *pace* below 1 it delivers its seconds slower than it stamps them.
    """
    streams = {"stream": stream} if isinstance(stream, ClipSpec) else stream
    camera = VirtualCamera(
        streams,
        credentials,
        port,
        starts_at_key_frame=starts_at_key_frame,
        host=host,
        pace=pace,
    )
    await camera.start()
    try:
        yield camera
    finally:
        await camera.kill()
