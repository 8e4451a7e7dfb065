"""The streams as browsers and players get them: with our users, our tenants, our audit log.

The media server listens on loopback and knows no users. Every request for a stream comes through here, and every one is
checked anew: who asks, may he see this camera, is his login still good.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.media import sockets
from gtvision_edge.media.access import Cameras, Doorkeeper
from gtvision_edge.media.errors import (
    NoPictureError,
    StreamUnavailableError,
    UnknownStreamFileError,
)
from gtvision_edge.media.live import LiveStream, StreamState
from gtvision_edge.media.model import CameraOnAir, RecordingsOf
from gtvision_edge.media.paths import PathUse, path_name
from gtvision_edge.media.placeholder import Placeholder, is_placeholder_file, render_placeholder
from gtvision_edge.media.playlists import CONTENT_TYPE, Link, StrangePlaylistError
from gtvision_edge.media.posters import DEFAULT_WIDTH, WIDTHS, Picture, Posters
from gtvision_edge.media.upstream import Lines, Upstream, UpstreamAnswer, UpstreamError
from gtvision_edge.media.viewer import Viewer
from gtvision_edge.runtime.allocator import give_memory_back
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.entity_tags import has_already
from gtvision_edge.runtime.errors import TooManyTransfersError
from gtvision_edge.runtime.shares import Shares
from gtvision_edge.runtime.tasks import background, keep_running
from gtvision_edge.runtime.timestamps import to_rfc3339

STREAM_IDLE_S = 60.0
SWEEP_INTERVAL_S = 10.0
CROWD = 48
"""Bodies on their way at a time, some 10 MB of memory, after which it is worth looking what is free again."""
MAX_SOCKETS_OF_PERSON = 128
"""Two walls of 64 tiles."""

# What of the client's request matters to the media server, and of its answer to the client. All else stays here:
# cookies and tokens are ours, and the server's caching headers are meant for a shared cache.
_ASKED = (hdrs.RANGE, hdrs.IF_RANGE, hdrs.IF_NONE_MATCH, hdrs.IF_MODIFIED_SINCE)
_ANSWERED = (
    hdrs.CONTENT_TYPE,
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_RANGE,
    hdrs.ACCEPT_RANGES,
    hdrs.ETAG,
    hdrs.LAST_MODIFIED,
)
_SEGMENT_CACHING = "private, max-age=3600, immutable"
_GOOD = frozenset({200, 206, 304, 416})


@dataclass(frozen=True, slots=True)
class MediaServerPlace:
    """Where the media server's HLS is. *secret* is its ``hlsCDNSecret``; *kind* tells who it is now: ``embedded`` or ``mediamtx``."""

    hls_url: str
    secret: str | None
    kind: Callable[[], str]

    @property
    def is_embedded(self) -> bool:
        return self.kind() == "embedded"


class Gateway:
    """HLS, posters and live sockets with access checked on each request. Made by :func:`open_gateway`."""

    def __init__(
        self,
        place: MediaServerPlace,
        doorkeeper: Doorkeeper,
        lines: Lines,
        *,
        cameras: Cameras,
        posters: Posters,
        placeholder: Placeholder,
        transfers: Shares,
        clock: Clock,
        registry: CollectorRegistry | None = None,
    ) -> None:
        registry = registry or CollectorRegistry()
        self._place = place
        self._doorkeeper = doorkeeper
        self._cameras = cameras
        self._posters = posters
        self._placeholder = placeholder
        self._lines = lines
        self._transfers = transfers
        self._sockets = Shares("live_sockets", MAX_SOCKETS_OF_PERSON, registry=registry)
        self._upstream = Upstream(place.hls_url, lines, place.secret)
        self._clock = clock
        self._epoch_us = clock.now_us() - round(clock.monotonic() * 1_000_000)
        self._stopping = asyncio.Event()
        self._streams: dict[tuple[str, str], LiveStream] = {}
        self._openings: set[asyncio.Task[None]] = set()
        self._was_crowded = False
        self._bytes = Counter(
            "gtvision_edge_gateway_sent_bytes",
            "Bytes of segments sent to viewers",
            registry=registry,
        )
        self._playlists = Counter(
            "gtvision_edge_gateway_playlists",
            "Playlists sent, by what they showed",
            ["state"],
            registry=registry,
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/stream/{path}/poster.jpg", self._get_poster, allow_head=False),
            web.get("/stream/{path}/index.m3u8", self._get_index, allow_head=False),
            web.get("/stream/{path}/{file}", self._get_file, allow_head=False),
            web.get("/ws/live/{path}", self._get_live, allow_head=False),
        ]

    async def poster_jpeg(self, camera_id: str, *, width: int = DEFAULT_WIDTH) -> Picture | None:
        """Return the newest picture of a camera's main stream, None when there is none. Checks no rights."""
        camera = self._cameras.find_camera(camera_id)
        return None if camera is None else await self._picture(camera, PathUse.RECORD, width)

    async def run(self) -> None:
        """Forget streams and passes that nobody uses, and the memory that a crowd took, until cancelled."""
        while True:
            await self._clock.sleep(SWEEP_INTERVAL_S)
            self.sweep()
            if self._was_crowded and self._transfers.held < CROWD // 2:
                self._was_crowded = False
                await asyncio.get_running_loop().run_in_executor(None, give_memory_back)

    def sweep(self) -> None:
        for key in [k for k, stream in self._streams.items() if stream.is_idle(STREAM_IDLE_S)]:
            del self._streams[key]
        self._doorkeeper.sweep()

    def let_go(self) -> None:
        """Have all live sockets close, with 1001, and new ones too: call before the HTTP server stops, which else waits for them.

        Returns at once; may be called again.
        """
        self._stopping.set()

    async def close(self) -> None:
        """Cancel what waits for the media server and wait it out; for :func:`open_gateway`, when no request is served any more."""
        for task in self._openings:
            task.cancel()
        if self._openings:
            await asyncio.wait(self._openings)

    # Requests

    async def _get_index(self, request: web.Request) -> web.StreamResponse:
        viewer = await self._doorkeeper.viewer(request)
        await self._doorkeeper.note(viewer)
        stream = self._stream(viewer)
        lines = await stream.multivariant()
        suffix = f"?{viewer.query}" if viewer.query else ""
        text = "\n".join(_with_suffix(line, suffix) for line in lines) + "\n"
        return self._playlist(text, stream.state)

    async def _get_file(self, request: web.Request) -> web.StreamResponse:
        viewer = await self._doorkeeper.viewer(request)
        file = request.match_info["file"]
        await self._doorkeeper.note(viewer)
        if file.endswith(".m3u8"):
            return await self._media_playlist(viewer, file)
        if is_placeholder_file(file):
            return _placeholder_file(self._placeholder, file)
        try:
            link = Link.parse(file)
        except StrangePlaylistError as error:
            raise _unknown_file() from error
        if not self._doorkeeper.admits(viewer.camera, viewer.use):
            raise _unknown_file()
        with self._transfers.take(viewer.session.principal.user_id):
            self._was_crowded |= self._transfers.held >= CROWD
            return await self._hand_through(request, viewer, link)

    async def _media_playlist(self, viewer: Viewer, file: str) -> web.StreamResponse:
        stream = self._stream(viewer)
        timeline = await stream.playlist(file)
        if timeline is None:
            raise _unknown_file()
        return self._playlist(timeline.render(viewer.query), stream.state)

    async def _get_poster(self, request: web.Request) -> web.StreamResponse:
        viewer = await self._doorkeeper.viewer(request)
        width = request.query.get("width", "")
        wanted = int(width) if width.isdecimal() and len(width) < 6 else DEFAULT_WIDTH
        fitting = next((each for each in WIDTHS if each >= wanted), WIDTHS[-1])
        picture = await self._picture(viewer.camera, viewer.use, fitting)
        if picture is None:
            raise NoPictureError("There is no picture of this camera yet.")
        return picture_response(request, picture)

    async def _get_live(self, request: web.Request) -> web.StreamResponse:
        viewer = await self._doorkeeper.viewer(request)
        if not self._place.is_embedded:
            return await sockets.refuse(request, sockets.NO_LIVE_SOCKET)
        if not self._doorkeeper.admits(viewer.camera, viewer.use):
            return await sockets.refuse(request, sockets.STREAM_UNAVAILABLE)
        try:
            with self._sockets.take(viewer.session.principal.user_id):
                return await self._hand_socket_through(request, viewer)
        except TooManyTransfersError:  # a script sees no status of a WebSocket
            return await sockets.refuse(request, sockets.TOO_MANY)

    async def _hand_socket_through(
        self, request: web.Request, viewer: Viewer
    ) -> web.WebSocketResponse:
        async with self._doorkeeper.hold(viewer):
            return await sockets.hand_through(
                request,
                self._lines.sockets,
                sockets.live_url(self._place.hls_url, viewer.path),
                still_good=lambda: self._doorkeeper.may_go_on(viewer),
                stopping=self._stopping,
            )

    # What he gets

    def _stream(self, viewer: Viewer) -> LiveStream:
        key = viewer.path, viewer.camera.camera_uuid  # what was shown of a camera is its own
        stream = self._streams.get(key)
        camera, use = viewer.camera, viewer.use
        if stream is None:
            stream = self._streams[key] = LiveStream(
                viewer.path,
                self._upstream,
                self._placeholder,
                clock=self._clock,
                epoch_us=self._epoch_us,
                spawn=self._spawn,
                may_be_shown=lambda: self._doorkeeper.admits(camera, use),
                # The embedded server keeps audio and video in one file, MediaMTX in two. A path seen first while it
                # is down gets the shape its camera will probably have: players cannot add a track later.
                has_audio_inside=self._place.is_embedded and _has_audio(camera, use),
            )
        return stream

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        # Owned here, ended by close(): it outlives the request that began it, whose client may go away.
        task = asyncio.create_task(work, name="gateway-opening")
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)
        return task

    def _playlist(self, text: str, state: StreamState) -> web.Response:
        self._playlists.labels(state).inc()
        return web.Response(
            body=text.encode(),
            content_type=CONTENT_TYPE,
            headers={hdrs.CACHE_CONTROL: "no-store", "X-Stream-State": state},
        )

    async def _picture(self, camera: CameraOnAir, use: PathUse, width: int) -> Picture | None:
        stream = self._streams.get((path_name(camera.camera_id, use), camera.camera_uuid))

        async def newest() -> Any:
            return await stream.newest() if stream is not None else None

        has_memory = self._place.is_embedded and all(
            self._doorkeeper.admits(camera, each) for each in (use, PathUse.RECORD)
        )
        return await self._posters.picture(camera, use, newest, width=width, has_memory=has_memory)

    async def _hand_through(
        self, request: web.Request, viewer: Viewer, link: Link
    ) -> web.StreamResponse:
        stream = self._stream(viewer)
        headers = {str(name): request.headers[name] for name in _ASKED if name in request.headers}
        for is_last in (False, True):
            asked = Link(link.file, stream.query)
            try:
                async with self._upstream.open(viewer.path, asked, headers) as answer:
                    if answer.status in _GOOD:
                        return await self._send(request, answer)
            except UpstreamError as error:
                raise _unavailable() from error
            if answer.status not in (401, 404):
                raise _unavailable()
            if answer.status == 404 or is_last:
                break
            # 401: the server forgot that somebody watches; asking for index.m3u8 reminds it.
            await stream.mend()
        raise _unknown_file()

    async def _send(self, request: web.Request, answer: UpstreamAnswer) -> web.StreamResponse:
        """Hand the body through piece by piece, no faster than the client takes it.

        Raises:
            UpstreamError: it broke off; a part of it is sent.

        """
        headers = {name: answer.headers[name] for name in _ANSWERED if name in answer.headers}
        headers[hdrs.CACHE_CONTROL] = _SEGMENT_CACHING
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(request)
        try:
            async with aclosing(answer.pieces()) as pieces:
                async for piece in pieces:
                    await response.write(piece)
                    self._bytes.inc(len(piece))
        except aiohttp.ClientConnectionResetError:
            return response  # the viewer went away
        await response.write_eof()
        return response


@asynccontextmanager
async def open_gateway(
    place: MediaServerPlace,
    doorkeeper: Doorkeeper,
    lines: Lines,
    *,
    tasks: asyncio.TaskGroup,
    cameras: Cameras,
    recordings: RecordingsOf,
    transfers: Shares,
    clock: Clock,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[Gateway]:
    """Open the gateway with its threads, and its job in *tasks*; *lines* and *doorkeeper* outlive it.

    *transfers* are those of the whole site, where recordings are sent beside live streams.
    """
    placeholder = await asyncio.get_running_loop().run_in_executor(None, render_placeholder)
    posters = Posters(
        Upstream(place.hls_url, lines, place.secret), recordings=recordings, clock=clock
    )
    gateway = Gateway(
        place,
        doorkeeper,
        lines,
        cameras=cameras,
        posters=posters,
        placeholder=placeholder,
        transfers=transfers,
        clock=clock,
        registry=registry,
    )
    name = "gateway-sweep"
    try:
        async with background(tasks, name, lambda: keep_running(name, gateway.run, clock=clock)):
            yield gateway
    finally:
        await gateway.close()
        await posters.close()


def picture_response(request: web.Request, picture: Picture) -> web.Response:
    """Answer with *picture*, or with 304 where the client has it already."""
    tag = f"{picture.time_us or 0}-{picture.width}"
    headers: Mapping[str, str] = {
        hdrs.CACHE_CONTROL: "private, no-cache",
        hdrs.ETAG: f'"{tag}"',
        **({"X-Picture-Time": to_rfc3339(picture.time_us)} if picture.time_us else {}),
    }
    if picture.time_us and has_already(request, tag):
        return web.Response(status=304, headers=headers)
    return web.Response(body=picture.jpeg, content_type="image/jpeg", headers=headers)


def _has_audio(camera: CameraOnAir, use: PathUse) -> bool:
    profile = camera.main_profile
    if use is PathUse.LIVE and camera.sub_profile is not None:
        profile = camera.sub_profile
    return profile is not None and profile.audio_codec is not None


def _with_suffix(line: str, suffix: str) -> str:
    if line.startswith("#EXT-X-MEDIA:"):
        return line.replace('.m3u8"', f'.m3u8{suffix}"')
    return line if line.startswith("#") else line + suffix


def _placeholder_file(placeholder: Placeholder, file: str) -> web.Response:
    body = placeholder.file(file)
    if body is None:
        raise _unknown_file()
    return web.Response(
        body=body, content_type="video/mp4", headers={hdrs.CACHE_CONTROL: _SEGMENT_CACHING}
    )


def _unknown_file() -> UnknownStreamFileError:
    return UnknownStreamFileError("The stream has no such file, or no longer.")


def _unavailable() -> StreamUnavailableError:
    return StreamUnavailableError("The stream cannot be served now.", retry_after_s=1)
