"""The last key frame of a camera as a JPEG, from what is there anyway: nothing is opened on the camera."""

import asyncio
import io
import re
import struct
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TypeVar

import av
import structlog

from gtvision_edge.media.model import CameraOnAir, RecordingsOf
from gtvision_edge.media.paths import PathUse, path_name
from gtvision_edge.media.playlists import Link, Segment
from gtvision_edge.media.upstream import Upstream, UpstreamError
from gtvision_edge.media.view import newest_file
from gtvision_edge.runtime.clock import Clock
from gtvision_edge.runtime.disk import DiskThreads
from gtvision_edge.runtime.timestamps import from_datetime

log = structlog.get_logger(__name__)

T = TypeVar("T")

KEPT_S = 1.5
"""So long a picture serves everyone: sixteen tiles cost one decoding each 1.5 s at most."""
MAX_KEPT = 256
MAX_SEGMENT = 32 * 2**20
WIDTHS = (160, 320, 640, 960, 1280, 1920)
DEFAULT_WIDTH = 640
DISK_PATIENCE_S = 5.0
TAIL_FRAGMENTS = 12
"""So many of the last parts are searched for a key frame first; a part is a second long."""

_Key = tuple[str, PathUse, int]
"""Uuid of the camera, which of its paths, width."""

_FILE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)/(\d\d-\d\d-\d\d-\d{6})\.mp4")


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and when it was taken (UTC µs; None = not known)."""

    jpeg: bytes
    time_us: int | None
    width: int
    height: int


class Posters:
    """Finds and decodes the newest key frame: of the embedded server's memory, of live HLS, or of the growing recording.

    Decoding runs in two threads; while both are busy further pictures wait, those of one camera and size share one. The disk
    is read in threads of its own: one that hangs costs the pictures that only it has.
    Everything is kept by the camera's uuid: another one may come under the same name.
    """

    def __init__(self, upstream: Upstream, *, recordings: RecordingsOf, clock: Clock) -> None:
        self._upstream = upstream
        self._recordings = recordings
        self._clock = clock
        self._threads = ThreadPoolExecutor(2, "poster")
        self._disk = DiskThreads("poster-disk", threads=2, patience_s=DISK_PATIENCE_S)
        self._kept: dict[_Key, tuple[float, Picture | None]] = {}
        self._pending: dict[_Key, asyncio.Task[Picture | None]] = {}

    async def picture(
        self,
        camera: CameraOnAir,
        use: PathUse,
        newest: Callable[[], Awaitable[Segment | None]],
        *,
        width: int = DEFAULT_WIDTH,
        has_memory: bool,
    ) -> Picture | None:
        """Return the newest picture of a path, None when there is none at all.

        *newest* gives the newest HLS segment if the path runs for viewers; *has_memory*: the media server keeps posters.

        Raises:
            DiskHangsError: only the recording may have one, and its disk does not answer.

        """
        key = (camera.camera_uuid, use, width)
        until, kept = self._kept.get(key, (0.0, None))
        if self._clock.monotonic() < until:
            return kept
        task = self._pending.get(key)
        if task is None:
            # Owned here: it lives as long as the decoding, and others may wait for it after its first client went away.
            task = asyncio.create_task(
                self._find(camera, use, newest, width, has_memory=has_memory),
                name=f"poster-{path_name(camera.camera_id, use)}",
            )
            self._pending[key] = task
            task.add_done_callback(lambda _: self._pending.pop(key, None))
        picture = await asyncio.shield(task)
        self._keep(key, picture)
        return picture

    async def close(self) -> None:
        """Wait for the decodings that are going on."""
        if self._pending:
            await asyncio.wait(set(self._pending.values()))
        self._threads.shutdown(wait=False)
        self._disk.close()

    def _keep(self, key: _Key, picture: Picture | None) -> None:
        self._kept[key] = (self._clock.monotonic() + KEPT_S, picture)
        while len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]

    async def _find(
        self,
        camera: CameraOnAir,
        use: PathUse,
        newest: Callable[[], Awaitable[Segment | None]],
        width: int,
        *,
        has_memory: bool,
    ) -> Picture | None:
        path = path_name(camera.camera_id, use)
        if has_memory:
            recorded = path_name(camera.camera_id, PathUse.RECORD)
            for name in dict.fromkeys((path, recorded)):
                if picture := await self._from_memory(name, width):
                    return picture
        if picture := await self._from_live(path, await newest(), width):
            return picture
        return await self._from_recording(camera, width)

    async def _from_memory(self, path: str, width: int) -> Picture | None:
        try:
            body, headers = await self._upstream.read(path, Link("poster.mp4", ""), MAX_SEGMENT)
        except UpstreamError:
            return None
        time_us = _header_time_us(headers.get("X-Picture-Time"))
        return await self._in_thread(
            lambda: _picture(body, width, lambda _: time_us or self._clock.now_us())
        )

    async def _from_live(self, path: str, segment: Segment | None, width: int) -> Picture | None:
        if segment is None or segment.init is None:
            return None
        try:
            init, _ = await self._upstream.read(path, segment.init, MAX_SEGMENT)
            body, _ = await self._upstream.read(path, segment.link, MAX_SEGMENT)
        except UpstreamError:
            return None
        began_us = segment.time_us

        def time_of(seconds: float) -> int | None:
            return None if began_us is None else began_us + round(seconds * 1_000_000)

        return await self._in_thread(lambda: _picture(init + body, width, time_of))

    async def _from_recording(self, camera: CameraOnAir, width: int) -> Picture | None:
        file = await self._disk.run(lambda: self._newest_file(camera))
        if file is None:
            return None
        began_us = _file_time_us(file)

        def time_of(seconds: float) -> int | None:
            return None if began_us is None else began_us + round(seconds * 1_000_000)

        for fragments in (TAIL_FRAGMENTS, None):
            data = await self._disk.run(lambda: _tail(file, fragments))  # noqa: B023 -- awaited here
            if not data:
                continue
            picture = await self._in_thread(
                lambda: _picture(data, width, time_of, from_zero=True)  # noqa: B023
            )
            if picture is not None:
                return picture
        return None

    def _newest_file(self, camera: CameraOnAir) -> Path | None:
        directory = self._recordings(camera)
        if directory is None:
            return None
        today = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC).date()
        return newest_file(directory, [str(today + timedelta(days=each)) for each in (1, 0, -1)])

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _picture(
    data: bytes, width: int, time_of: Callable[[float], int | None], *, from_zero: bool = False
) -> Picture | None:
    """Decode the last key frame of *data* (init + fragments).

    *time_of* turns seconds into UTC: counted from the first packet, or with *from_zero* from the stream's own zero.
    """
    try:
        with av.open(io.BytesIO(data), "r", format="mp4") as container:
            stream = next(iter(container.streams.video), None)
            if stream is None or stream.time_base is None:
                return None
            first = last = None
            for packet in container.demux(stream):
                if packet.pts is None:
                    continue
                first = packet.pts if first is None else min(first, packet.pts)
                if packet.is_keyframe:
                    last = packet
            if last is None or last.pts is None or first is None:
                return None
            seconds = float((last.pts - (0 if from_zero else first)) * stream.time_base)
            frames = [*stream.decode(last), *stream.decode(None)]
            if not frames:
                return None
            frame = frames[-1]
            size = _fitting(frame.width, frame.height, width)
            image = frame.to_image(width=size[0], height=size[1])  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    except (av.FFmpegError, ValueError, struct.error) as error:
        log.debug("poster_not_decoded", error=type(error).__name__)
        return None
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return Picture(file.getvalue(), time_of(seconds), *size)


def _fitting(width: int, height: int, wanted: int) -> tuple[int, int]:
    """Return the size at most *wanted* wide, never larger than the original, even numbers."""
    if width <= wanted:
        return width, height
    return wanted // 2 * 2, max(round(height * wanted / width / 2) * 2, 2)


def _tail(file: Path, fragments: int | None) -> bytes:
    """Return init and the last whole *fragments* (None = all) of a recording that may be growing or cut off."""
    try:
        with file.open("rb") as opened:
            init, bounds = _index(opened)
            data = bytearray(init)
            for start, end in bounds if fragments is None else bounds[-fragments:]:
                opened.seek(start)
                data += opened.read(end - start)
                if len(data) > MAX_SEGMENT * 4:
                    break
    except OSError:
        return b""
    return bytes(data) if bounds else b""


def _index(file: BinaryIO) -> tuple[bytes, list[tuple[int, int]]]:
    """Read the boxes' heads; return ftyp+moov and where each whole moof+mdat lies."""
    size = file.seek(0, io.SEEK_END)
    init, fragments = b"", []
    start, moof = 0, None
    while start + 16 <= size:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length < 8 or start + length > size:
            break
        if kind in (b"ftyp", b"moov"):
            file.seek(start)
            init += file.read(length)
        elif kind == b"moof":
            moof = start
        elif kind == b"mdat" and moof is not None:
            fragments.append((moof, start + length))
            moof = None
        start += length
    return init, fragments


def _file_time_us(file: Path) -> int | None:
    found = _FILE_TIME.search(file.as_posix())
    if found is None:
        return None
    try:
        began = datetime.strptime(f"{found[1]} {found[2]}+0000", "%Y-%m-%d %H-%M-%S-%f%z")
    except ValueError:
        return None
    return from_datetime(began)


def _header_time_us(text: str | None) -> int | None:
    try:
        return from_datetime(datetime.fromisoformat(text)) if text else None
    except ValueError:
        return None
