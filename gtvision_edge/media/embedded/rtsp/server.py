"""The listener: which paths exist, who is connected, and what nobody may exceed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from gtvision_edge.media.embedded.rtsp.authentication import Credentials
from gtvision_edge.media.embedded.rtsp.connection import Connection
from gtvision_edge.media.embedded.rtsp.publication import Publication
from gtvision_edge.media.embedded.rtsp.tracks import TrackDescription
from gtvision_edge.runtime.clock import Clock, SystemClock

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may use; seconds and bytes."""

    connections: int = 256
    message_s: float = 10.0  # from the first byte of a request to its last
    session_s: float = 60.0  # without a word from the peer, and nothing read by it
    stall_s: float = 10.0  # of unsent bytes that do not get fewer
    reader_bytes: int = 16 * 1024 * 1024  # unsent; beyond it a reader waits for a key frame
    group_bytes: int = 8 * 1024 * 1024  # kept per path, so that readers start at a key frame
    open_s: float = 10.0  # for a path that is opened on demand


class RtspServer:
    """Serves publications to RTSP readers, RTP interleaved on TCP only.

    An async context manager; leaving it closes all publications and connections. ``port`` 0 takes
    a free one; after entering, ``port`` is the real one. *open_missing* is awaited when a reader
    asks for a path that is not published: it may publish it, or do nothing (404). Readers that name
    themselves *refused_agent* get 403.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock: Clock | None = None,
        limits: Limits = Limits(),
        open_missing: Callable[[str], Awaitable[None]] | None = None,
        refused_agent: str | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.clock = clock or SystemClock()
        self.limits = limits
        self._open_missing = open_missing
        self.refused_agent = refused_agent
        self._publications: dict[str, Publication] = {}
        self._connections: set[Connection] = set()
        self._all_gone = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self), self.host, self.port, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._sweeper = loop.create_task(self._sweep(), name=f"rtsp-server-{self.port}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is None or self._sweeper is None:
            return
        self._server.close()
        self._sweeper.cancel()
        await asyncio.wait({self._sweeper})
        for publication in tuple(self._publications.values()):
            publication.close()
        for connection in tuple(self._connections):
            connection.abort()
        while self._connections:
            self._all_gone.clear()
            await self._all_gone.wait()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Where readers find it, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"rtsp://{host}:{self.port}"

    def publish(
        self,
        path: str,
        tracks: Sequence[TrackDescription],
        *,
        credentials: Credentials | None = None,
        keeps_group: bool = True,
    ) -> Publication:
        """Put *path* on the air. A query string may be part of it, as in cameras' own URLs.

        Readers get the current group of pictures at once; without *keeps_group* they wait for the
        next key frame.

        Raises:
            ValueError: the path is already on the air, or has no track.

        """
        name = path.strip("/")
        if name in self._publications:
            raise ValueError(f"the path {name!r} is already published")
        if not tracks:
            raise ValueError("a publication needs a track")
        publication = Publication(
            name,
            tracks,
            credentials=credentials,
            clock=self.clock,
            max_group_bytes=self.limits.group_bytes if keeps_group else 0,
            forget=self._forget,
        )
        self._publications[name] = publication
        return publication

    # For connections

    def find(self, target: str) -> Publication | None:
        """Return the publication a request means; a query it does not know is ignored."""
        exact = self._publications.get(target)
        return exact or self._publications.get(target.partition("?")[0].strip("/"))

    async def open_path(self, target: str) -> Publication | None:
        """Return the publication, having it opened if that is possible in time."""
        found = self.find(target)
        if found is not None or self._open_missing is None:
            return found
        try:
            async with asyncio.timeout(self.limits.open_s):
                await self._open_missing(target.partition("?")[0].strip("/"))
        except TimeoutError:
            log.info("rtsp_path_not_opened", path=target, seconds=self.limits.open_s)
        return self.find(target)

    def admit(self, connection: Connection) -> bool:
        """Take *connection* in, unless there are too many."""
        self._connections.add(connection)
        if len(self._connections) > self.limits.connections:
            log.warning("rtsp_connection_refused", connections=self.limits.connections)
            return False
        return True

    def dismiss(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._all_gone.set()

    def report_failure(self, error: BaseException) -> None:
        log.error("rtsp_connection_failed", exc_info=error)

    def _forget(self, publication: Publication) -> None:
        if self._publications.get(publication.path) is publication:
            del self._publications[publication.path]

    async def _sweep(self) -> None:
        while True:
            await self.clock.sleep(1.0)
            now = self.clock.monotonic()
            for connection in tuple(self._connections):
                connection.check(now)
