"""The HLS listener: playlists, inits, segments, posters and live sockets of all paths."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from gtvision_edge.media.embedded.live import LiveClient
from gtvision_edge.media.embedded.path import MediaPath, PathDownError, PathTimeoutError
from gtvision_edge.media.embedded.playlist import (
    MEDIA_PLAYLIST,
    media_playlist,
    multivariant_playlist,
)
from gtvision_edge.media.embedded.ring import Segment
from gtvision_edge.runtime.timestamps import to_rfc3339

_PLAYLIST = "application/vnd.apple.mpegurl"
_VIDEO = "video/mp4"
_FOR_AN_HOUR = {"Cache-Control": "max-age=3600"}
_FIRST_SEGMENT_S = 15.0
_PIECE = 2**16

FindPath = Callable[[str], MediaPath | None]


def build_hls(find_path: FindPath) -> web.Application:
    """Return the application that serves the paths known to *find_path*."""
    app = web.Application()
    app.router.add_get("/{tail:.*}", _HlsListener(find_path).handle, allow_head=False)
    return app


class _HlsListener:
    def __init__(self, find_path: FindPath) -> None:
        self._find = find_path

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name, _, file = request.match_info["tail"].rpartition("/")
        path = self._find(name)
        if file == "index.m3u8":
            return await self._index(request, name, path)
        if path is None:
            return _refuse(401, "authentication error")
        if file == "live":
            return await self._live(request, path)
        if file == "poster.mp4":
            return _poster(path)
        if file == MEDIA_PLAYLIST:
            return self._media_playlist(request, path)
        return await self._media(request, file, path)

    async def _index(
        self, request: web.Request, name: str, path: MediaPath | None
    ) -> web.StreamResponse:
        if path is None:
            return _refuse(500, f"path '{name}' is not configured")
        try:
            await path.ready()
        except PathDownError:
            return _refuse(404, f"no stream is available on path '{name}'")
        except PathTimeoutError:
            return _refuse(500, f"source of path '{name}' has timed out")
        path.watch()
        try:
            async with asyncio.timeout(_FIRST_SEGMENT_S):
                while not path.ring.segments:
                    if path.stream is None:
                        return _refuse(404, f"no stream is available on path '{name}'")
                    await path.changed.wait()
        except TimeoutError:
            return _refuse(500, "muxer instance not available")
        stream = path.stream
        if stream is None:
            return _refuse(404, f"no stream is available on path '{name}'")
        text = multivariant_playlist(stream, path.ring.segments, request.query_string)
        return _playlist(path, text, max_age=30)

    def _media_playlist(self, request: web.Request, path: MediaPath) -> web.Response:
        if path.stream is None or not path.ring.segments:
            # As MediaMTX: whoever hears this asks for index.m3u8 again.
            return _refuse(401, "authentication error")
        path.watch()
        ring = path.ring
        text = media_playlist(tuple(ring.segments), ring.discontinuities, request.query_string)
        return _playlist(path, text, max_age=None)

    async def _media(self, request: web.Request, file: str, path: MediaPath) -> web.StreamResponse:
        if not path.ring.is_filling:
            return _refuse(401, "authentication error")
        path.watch()
        segment = path.ring.find(file)
        if segment is not None:
            return await _send(request, segment, path)
        init = path.ring.find_init(file)
        if init is None:
            return web.Response(status=404, text="404 page not found")
        path.outbound_bytes += len(init)
        return web.Response(body=init, content_type=_VIDEO, headers=_FOR_AN_HOUR)

    async def _live(self, request: web.Request, path: MediaPath) -> web.StreamResponse:
        try:
            await path.ready()
        except (PathDownError, PathTimeoutError):
            return _refuse(404, f"no stream is available on path '{path.config.name}'")
        socket = web.WebSocketResponse(heartbeat=20.0, compress=False)
        if not socket.can_prepare(request):
            return _refuse(400, "this is a WebSocket")
        await socket.prepare(request)
        client = LiveClient()
        if path.stream is not None:
            client.begin_stream(path.stream)
            for fragment in path.kept_fragments:
                client.put(fragment)
        path.live_clients.add(client)
        try:
            await client.serve(socket)
        finally:
            path.live_clients.discard(client)
            path.outbound_bytes += client.sent_bytes
        return socket


async def _send(request: web.Request, segment: Segment, path: MediaPath) -> web.StreamResponse:
    """Hand *segment* out piece by piece: however many take it slowly, its bytes are in memory once."""
    response = web.StreamResponse(headers=_FOR_AN_HOUR)
    response.content_type = _VIDEO
    response.content_length = segment.size
    await response.prepare(request)
    for piece in segment.pieces(_PIECE):
        await response.write(piece)
        path.outbound_bytes += len(piece)
    await response.write_eof()
    return response


def _poster(path: MediaPath) -> web.Response:
    stream, group = path.stream, path.ring.group
    if stream is None or not group:
        return _refuse(404, f"no picture is available on path '{path.config.name}'")
    body = b"".join((stream.init, *group[0].parts))
    return web.Response(
        body=body,
        content_type="video/mp4",
        headers={"Cache-Control": "no-store", "X-Picture-Time": to_rfc3339(group[0].start_us)},
    )


def _playlist(path: MediaPath, text: str, *, max_age: int | None) -> web.Response:
    path.outbound_bytes += len(text)
    caching = "no-cache" if max_age is None else f"max-age={max_age}"
    return web.Response(
        body=text.encode(), content_type=_PLAYLIST, headers={"Cache-Control": caching}
    )


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"status": "error", "error": message}, status=status)
