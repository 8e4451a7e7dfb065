"""The media server's HLS side, as the gateway asks for it."""

import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp

from gtvision_edge.media.playlists import Link
from gtvision_edge.runtime.reading import TooLongError, read_capped

INDEX_TIMEOUT_S = 15.0
"""The first ``index.m3u8`` blocks until two segments are there: with key frames 4 s apart that is 8 s and more."""
PLAYLIST_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 10.0
MAX_PLAYLIST = 2**20
READ_BUFFER = 2**18
CHUNK = 2**16
BODY_BUFFER = 2**16
"""Of a body on its way to a client. aiohttp reads ahead twice that, and one more read of what the socket holds."""
MAX_ASKED = 256
"""Playlists, posters and signalling at a time."""
MAX_BODIES = 512
"""Segments on their way to clients at a time, each with some 0.3 MB of ours: 160 MB in all, whoever does not read."""


class UpstreamError(Exception):
    """The media server did not give what was asked; ``status`` 0 = it did not answer at all."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Lines:
    """The connections to the media server, kept apart so that whoever takes all of one kind leaves the others working.

    *asked*: what we read ourselves, at once. *bodies*: what clients take at their own pace. *sockets*: one for as long as
    a tile lives, so many as the logins' limits let in.
    """

    asked: aiohttp.ClientSession
    bodies: aiohttp.ClientSession
    sockets: aiohttp.ClientSession


class UpstreamAnswer:
    """An answer whose body was not read yet."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give out the body piece by piece, at most ``CHUNK`` bytes each; close it when not all is taken.

        Raises:
            UpstreamError: it breaks off or stalls, with status 0: what was given out is not all.

        """
        body = self._response.content.iter_chunked(CHUNK)
        while True:
            try:
                piece = await anext(body, b"")
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise UpstreamError(0) from error
            if not piece:
                return
            yield piece


class Upstream:
    """Asks the media server for playlists and segments over loopback, in its CDN mode where it has a secret.

    Every call raises :class:`UpstreamError` alone, also for a body that breaks off. Each but :meth:`open` raises it for any
    other status than 200, too.
    Nothing of the client's request goes along but what the caller passes. The caller owns *lines*
    (see :func:`open_lines`).
    """

    def __init__(self, hls_url: str, lines: Lines, secret: str | None) -> None:
        self._url = hls_url.rstrip("/")
        self._lines = lines
        self._headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    async def index(self, path: str) -> str:
        """Return ``index.m3u8``; this is what makes the server create a muxer, and wait for its content."""
        link = Link("index.m3u8", "")
        try:
            return await self._text(path, link, INDEX_TIMEOUT_S)
        except UpstreamError as error:
            if error.status != 302:
                raise
        # Without a CDN secret the server opens a session. It first asks whether cookies work; they do not, so it puts
        # the session into every address of its playlists.
        return await self._text(path, Link("index.m3u8", "cookieCheck=1"), INDEX_TIMEOUT_S)

    async def playlist(self, path: str, link: Link) -> str:
        """Return a media playlist, of at most ``MAX_PLAYLIST`` bytes."""
        return await self._text(path, link, PLAYLIST_TIMEOUT_S)

    @asynccontextmanager
    async def open(
        self, path: str, link: Link, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[UpstreamAnswer]:
        """Ask for a file that goes on to a client as fast as he takes it; give out the answer, whatever its status.

        *headers* go along with our own. An answer that is left with its body unread costs its connection, no more.
        """
        async with self._open(self._lines.bodies, path, link, headers or {}) as response:
            yield UpstreamAnswer(response)

    async def read(self, path: str, link: Link, limit: int) -> tuple[bytes, Mapping[str, str]]:
        """Return a file of at most *limit* bytes with its headers; a longer one is an error of status 0."""
        async with self._open(self._lines.asked, path, link, {}) as response:
            if response.status != 200:
                raise UpstreamError(response.status)
            return await _read(response, limit), response.headers

    @asynccontextmanager
    async def _open(
        self,
        session: aiohttp.ClientSession,
        path: str,
        link: Link,
        headers: Mapping[str, str],
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        # "connect" counts the wait for a free connection, too: where all are taken the answer is no, not silence.
        limits = aiohttp.ClientTimeout(
            total=None, connect=PLAYLIST_TIMEOUT_S, sock_read=READ_TIMEOUT_S
        )
        try:
            response = await self._get(session, path, link, limits, headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(0) from error
        async with response:
            yield response

    async def _text(self, path: str, link: Link, timeout_s: float) -> str:
        try:
            limits = aiohttp.ClientTimeout(total=timeout_s)
            response = await self._get(self._lines.asked, path, link, limits, {})
            async with response:
                body = await _read(response, MAX_PLAYLIST)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(0) from error
        if response.status != 200:
            raise UpstreamError(response.status)
        return body.decode("utf-8", "replace")

    async def _get(
        self,
        session: aiohttp.ClientSession,
        path: str,
        link: Link,
        limits: aiohttp.ClientTimeout,
        headers: Mapping[str, str],
    ) -> aiohttp.ClientResponse:
        query = f"?{link.query}" if link.query else ""
        return await session.get(
            f"{self._url}/{quote(path)}/{quote(link.file)}{query}",
            headers={**headers, **self._headers},
            timeout=limits,
            allow_redirects=False,
        )


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    try:
        return await read_capped(response.content, limit)
    except (TooLongError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise UpstreamError(0) from error


@asynccontextmanager
async def open_lines() -> AsyncIterator[Lines]:
    """Open the connections to the media server: no cookies, nothing unpacked, large reads where we take all at once."""
    async with (
        _session(MAX_ASKED) as asked,
        _session(MAX_BODIES, BODY_BUFFER, _narrow_socket) as bodies,
        _session(0) as sockets,
    ):
        yield Lines(asked, bodies, sockets)


def _session(
    limit: int,
    read_buffer: int = READ_BUFFER,
    socket_factory: aiohttp.SocketFactoryType | None = None,
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=read_buffer,
        connector=aiohttp.TCPConnector(limit=limit, socket_factory=socket_factory),
        headers={"Accept-Encoding": "identity"},
    )


def _narrow_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Return a socket that holds little: one read of asyncio takes all it holds, up to 256 KiB, wanted or not."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BODY_BUFFER)
    return made
