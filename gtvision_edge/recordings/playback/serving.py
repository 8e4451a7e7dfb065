"""The bytes of a recorded file: ranges, entity tags, and a disk that may hang without anybody else noticing."""

import asyncio
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import structlog
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Counter

from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import UnknownSegmentError, VolumeUnwritableError
from gtvision_edge.recordings.model import CameraNo, LeanSegment, Segment
from gtvision_edge.recordings.playback.answering import Announce, Asked, answer_with_file
from gtvision_edge.recordings.playback.hiding import hide_audio

log = structlog.get_logger(__name__)

CHUNK: Final = 2**20
THREADS: Final = 8
IS_SENT: Final = web.RequestKey("is_sent", bool)
"""Set on a request once the head of its answer is on its way."""
MEDIA_TYPE: Final = "video/mp4"
_FINISHED_CACHING: Final = "private, max-age=3600, immutable"
_Name = tuple[CameraNo, int]
_WARM: Final = bytearray(CHUNK)


@dataclass(eq=False, slots=True)
class _Reader:
    """One answer in progress; ``is_over``: its file was deleted, and its limit set to now."""

    limit: asyncio.Timeout
    is_over: bool = False


class SegmentServer:
    """Sends files of the volume. Opening and reading run in its own threads; a socket that is slow holds none of them."""

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        self._threads = DiskThreads("segment", threads=THREADS, waiting=256)
        self._bytes = Counter(
            "gtvision_edge_playback_sent_bytes",
            "Bytes of recorded files sent to viewers.",
            registry=registry or CollectorRegistry(),
        )
        self._readers: dict[_Name, set[_Reader]] = {}

    def close(self) -> None:
        self._threads.close()

    def end(self, deleted: Iterable[LeanSegment]) -> None:
        """Cut off who is being sent what was *deleted*: its room comes back when nobody has the file open any more."""
        now = asyncio.get_running_loop().time()
        for segment in deleted:
            for reader in self._readers.get((segment.camera_no, segment.name_us), ()):
                if not reader.is_over:
                    reader.is_over = True
                    reader.limit.reschedule(now)

    @contextmanager
    def _reading(self, segment: Segment, reader: "_Reader") -> Iterator[None]:
        name = (segment.camera_no, segment.name_us)
        readers = self._readers.setdefault(name, set())
        readers.add(reader)
        try:
            yield
        finally:
            readers.discard(reader)
            if not readers and self._readers.get(name) is readers:
                del self._readers[name]

    async def send(
        self,
        request: web.Request,
        path: Path,
        segment: Segment,
        *,
        hides_audio: bool,
        announce: Announce,
    ) -> web.StreamResponse:
        """Answer GET or HEAD for *segment*, which lies at *path*; *announce* hears what is sent before it is.

        Raises:
            UnknownSegmentError: the file is not there, or was deleted before anything of it was sent.
            VolumeError: it cannot be read, or the disk hangs.
            ConnectionResetError: it was deleted while it was sent; the connection is cut.

        """
        reader = _Reader(asyncio.timeout(None))
        try:
            async with reader.limit:
                with self._reading(segment, reader):
                    return await self._open(request, path, segment, hides_audio, announce)
        except TimeoutError as error:
            if not reader.is_over:
                raise
            if not request.get(IS_SENT):
                raise UnknownSegmentError("This footage is no longer there.") from error
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError from error

    async def _open(
        self,
        request: web.Request,
        path: Path,
        segment: Segment,
        hides_audio: bool,  # noqa: FBT001 -- private, as send() got it
        announce: Announce,
    ) -> web.StreamResponse:
        try:
            opened = await self._threads.run(
                lambda: path.open("rb"), undo=lambda file: file.close()
            )
        except FileNotFoundError as error:
            raise UnknownSegmentError("This footage is no longer there.") from error
        except OSError as error:
            raise VolumeUnwritableError("The footage cannot be read.") from error
        try:
            size = await self._threads.run(lambda: os.fstat(opened.fileno()).st_size)
            if segment.is_growing:
                size = min(size, segment.size_bytes)
            return await self._answer(request, opened, size, segment, hides_audio, announce)
        finally:
            self._threads.start(opened.close)  # on a network file system closing may wait too

    async def _answer(
        self,
        request: web.Request,
        file: BinaryIO,
        size: int,
        segment: Segment,
        hides_audio: bool,  # noqa: FBT001
        announce: Announce,
    ) -> web.StreamResponse:
        tag = f"{segment.camera_no}-{segment.name_us}-{size}{'-silent' if hides_audio else ''}"
        caching = "no-store" if segment.is_growing else _FINISHED_CACHING
        answer = await answer_with_file(
            request,
            tag=tag,
            size=size,
            headers={hdrs.CACHE_CONTROL: caching},
            content_type=MEDIA_TYPE,
            announce=announce,
        )
        if answer.asked is None:
            return answer.response
        request[IS_SENT] = True
        await answer.response.prepare(request)
        await self._send(
            request, answer.response, file, answer.asked, segment if hides_audio else None
        )
        await answer.response.write_eof()
        return answer.response

    async def _send(
        self,
        request: web.Request,
        response: web.StreamResponse,
        file: BinaryIO,
        asked: Asked,
        silenced: Segment | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        for start in range(asked.start, asked.end, CHUNK):
            count = min(CHUNK, asked.end - start)
            transport = request.transport
            if transport is None:
                raise ConnectionResetError
            is_plain = silenced is None and request.transport is not None and not _is_tls(transport)
            if is_plain:
                # Read once apart from the loop: what sendfile then takes from the page cache cannot hang the loop.
                await self._threads.run(lambda: _warm(file, start, count))  # noqa: B023 -- awaited here
                await loop.sendfile(transport, file, start, count)
            else:
                data = await self._threads.run(lambda: _read(file, start, count, silenced))  # noqa: B023
                await response.write(data)
            self._bytes.inc(count)


def _is_tls(transport: asyncio.BaseTransport) -> bool:
    return transport.get_extra_info("sslcontext") is not None


def _warm(file: BinaryIO, start: int, count: int) -> None:
    """Bring bytes into the page cache. The buffer is shared by all threads: nobody reads what is in it."""
    left, view = count, memoryview(_WARM)
    while left > 0:
        read = os.preadv(file.fileno(), [view[:left]], start + count - left)
        if not read:
            return
        left -= read


def _read(file: BinaryIO, start: int, count: int, silenced: Segment | None) -> bytes:
    data = bytearray(os.pread(file.fileno(), count, start))
    if silenced is not None:
        hide_audio(file.fileno(), silenced, start, data)
    return bytes(data)
