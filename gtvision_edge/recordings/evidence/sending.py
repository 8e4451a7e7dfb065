"""Sends a bundle: whole, or from where a download broke off; a slow disk or client holds up nobody else."""

import asyncio
import os
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import hdrs, web

from gtvision_edge.recordings.disk import DiskThreads
from gtvision_edge.recordings.errors import VolumeUnwritableError
from gtvision_edge.recordings.evidence.errors import ExportNotReadyError
from gtvision_edge.recordings.evidence.manifest import package_id
from gtvision_edge.recordings.evidence.model import Export
from gtvision_edge.recordings.playback.answering import Announce, Asked, answer_with_file

_CHUNK: Final = 2**20
_THREADS: Final = 4


class BundleServer:
    """Opening and reading run in threads of its own."""

    def __init__(self) -> None:
        self._threads = DiskThreads("bundle", threads=_THREADS)

    def close(self) -> None:
        self._threads.close()

    async def send(
        self, request: web.Request, export: Export, path: Path, *, announce: Announce
    ) -> web.StreamResponse:
        """Answer GET or HEAD for the bundle at *path*; *announce* hears what is sent before it is.

        Raises:
            ExportNotReadyError: it is not there.
            VolumeError: it cannot be read, or the disk hangs.

        """
        try:
            file = await self._threads.run(
                lambda: path.open("rb"), undo=lambda opened: opened.close()
            )
        except FileNotFoundError as error:
            raise ExportNotReadyError("The bundle is no longer there.", state="lost") from error
        except OSError as error:
            raise VolumeUnwritableError("The bundle cannot be read.") from error
        try:
            size = await self._threads.run(lambda: os.fstat(file.fileno()).st_size)
            return await self._answer(request, export, file, size, announce)
        finally:
            self._threads.start(file.close)

    async def _answer(
        self, request: web.Request, export: Export, file: BinaryIO, size: int, announce: Announce
    ) -> web.StreamResponse:
        name = package_id(export.export_id, export.created_us)
        tag = export.bundle.sha256.hex() if export.bundle else export.export_id
        answer = await answer_with_file(
            request,
            tag=tag,
            size=size,
            headers={
                hdrs.CACHE_CONTROL: "private, no-cache",
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.zip"',
            },
            content_type="application/zip",
            announce=announce,
        )
        if answer.asked is None:
            return answer.response
        await answer.response.prepare(request)
        await self._send(request, answer.response, file, answer.asked)
        await answer.response.write_eof()
        return answer.response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, file: BinaryIO, asked: Asked
    ) -> None:
        loop = asyncio.get_running_loop()
        for start in range(asked.start, asked.end, _CHUNK):
            count = min(_CHUNK, asked.end - start)
            transport = request.transport
            if transport is None:
                raise ConnectionResetError
            # Read once apart from the loop: what sendfile then takes from the page cache cannot hang the loop.
            data = await self._threads.run(lambda: os.pread(file.fileno(), count, start))  # noqa: B023 -- awaited here
            if transport.get_extra_info("sslcontext") is None:
                await loop.sendfile(transport, file, start, count)
            else:
                await response.write(data)
