"""The media server's HLS side, as the gateway asks for it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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


class UpstreamError(Exception):
    """The media server did not give what was asked; ``status`` 0 = it did not answer at all."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Upstream:
    """Asks the media server for playlists and segments over loopback, in its CDN mode where it has a secret.

    Nothing of the client's request goes along but what the caller passes. The caller owns *session*, which must keep no
    cookies (see :func:`open_session`).
    """

    def __init__(self, hls_url: str, session: aiohttp.ClientSession, secret: str | None) -> None:
        self._url = hls_url.rstrip("/")
        self._session = session
        self._headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    async def index(self, path: str) -> str:
        """Return ``index.m3u8``; this is what makes the server create a muxer, and wait for its content.

        Raises:
            UpstreamError: true for every call here.

        """
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
        return await self._text(path, link, PLAYLIST_TIMEOUT_S)

    @asynccontextmanager
    async def open(
        self, path: str, link: Link, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask for a file and give out the answer, whatever its status."""
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=PLAYLIST_TIMEOUT_S, sock_read=READ_TIMEOUT_S
        )
        try:
            response = await self._get(path, link, limits, headers or {})
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(0) from error
        async with response:
            yield response

    async def read(self, path: str, link: Link, limit: int) -> tuple[bytes, Mapping[str, str]]:
        """Return a file of at most *limit* bytes with its headers."""
        async with self.open(path, link) as response:
            if response.status != 200:
                raise UpstreamError(response.status)
            return await _read(response, limit), response.headers

    async def _text(self, path: str, link: Link, timeout_s: float) -> str:
        try:
            response = await self._get(path, link, aiohttp.ClientTimeout(total=timeout_s), {})
            async with response:
                body = await _read(response, MAX_PLAYLIST)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpstreamError(0) from error
        if response.status != 200:
            raise UpstreamError(response.status)
        return body.decode("utf-8", "replace")

    async def _get(
        self, path: str, link: Link, limits: aiohttp.ClientTimeout, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        query = f"?{link.query}" if link.query else ""
        return await self._session.get(
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
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open the connections to the media server: no cookies, nothing unpacked, large reads."""
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=READ_BUFFER,
        connector=aiohttp.TCPConnector(limit=256),
        headers={"Accept-Encoding": "identity"},
    ) as session:
        yield session
