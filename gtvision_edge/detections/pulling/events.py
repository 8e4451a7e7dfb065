"""From the parts of a ``snapManager.cgi`` stream to passages: a text of ``Events[0].…`` lines, then its pictures."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final, Protocol

from gtvision_edge.detections.pulling.parts import BrokenStreamError, PartReader, StreamPart

SETTLED_S: Final = 0.3
"""No byte for so long: the pictures of an event that were to come have come."""
HELD_S: Final = 0.5
"""So long bytes are waited for that may be pictures of a passage, while they keep coming; one that comes later is added to it."""
WHOLE_WITHIN: Final = 8
"""Times the silence that is borne: a picture that has not come to its end by then, over whatever line, never will."""
SLICE: Final = 16 * 1024
"""Bytes that are taken apart in one go."""
MAX_TEXT: Final = 64 * 1024
MAX_PICTURES: Final = 4
MAX_BYTES: Final = 8 * 2**20


class SilentStreamError(Exception):
    """Not even a heartbeat came."""


class ByteStream(Protocol):
    """What arrives, b'' at its end."""

    async def readany(self) -> bytes: ...


class Pace(Protocol):
    """Keeps a stream from being read faster than a camera speaks."""

    async def keep(self, size: int, parts: int) -> None: ...


@dataclass(frozen=True, slots=True)
class PulledEvent:
    """An event as the camera tells it; a picture that comes late is told with the same *lines* once more."""

    lines: str
    jpegs: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Gathering:
    lines: str = ""
    jpegs: list[bytes] = field(default_factory=list)
    is_open: bool = False
    waited_s: float = 0.0
    """How long bytes were waited for since it is open; what was done with others' meanwhile does not count."""

    def _open(self) -> None:
        if not self.is_open:
            self.is_open, self.waited_s = True, 0.0

    def add(self, part: StreamPart) -> PulledEvent | None:
        """Take *part*; return the event that it shows to be whole."""
        if part.is_jpeg:
            self._add_picture(part.content)
            return None
        whole = self.close()
        text = part.content[:MAX_TEXT].decode("utf-8", "replace")
        if "Events[" in text:
            self.lines = text
            self._open()
        elif text.strip().lower() != "heartbeat":
            self.lines = ""  # whatever that was: pictures that follow are not of the event before
        return whole

    def close(self) -> PulledEvent | None:
        if not self.is_open:
            return None
        event = PulledEvent(self.lines, tuple(self.jpegs))
        self.jpegs, self.is_open = [], False
        return event

    def _add_picture(self, jpeg: bytes) -> None:
        held = sum(len(each) for each in self.jpegs)
        if self.lines and len(self.jpegs) < MAX_PICTURES and held + len(jpeg) <= MAX_BYTES:
            self.jpegs.append(jpeg)
            self._open()


async def read_events(
    stream: ByteStream, boundary: bytes, *, silent_s: float, pace: Pace
) -> AsyncGenerator[PulledEvent, None]:
    """Return events as they become whole, until the stream ends; what is not asked for yet, or too much for *pace*, waits in the camera.

    Raises:
        SilentStreamError: nothing came for *silent_s* seconds, or nothing whole for eight times as long.
        BrokenStreamError: what comes breaks a limit.

    """
    reader, gathering = PartReader(boundary), _Gathering()
    whole_by = asyncio.get_running_loop().time() + silent_s * WHOLE_WITHIN
    while True:
        data = await _next(stream, gathering, silent_s=silent_s, whole_by=whole_by)
        for start in range(0, len(data or b""), SLICE):
            piece, begun = (data or b"")[start : start + SLICE], reader.begun
            for part in reader.feed(piece):
                whole_by = asyncio.get_running_loop().time() + silent_s * WHOLE_WITHIN
                event = gathering.add(part)
                if event is not None:
                    yield event
            await pace.keep(len(piece), reader.begun - begun)
        if not data or gathering.waited_s >= HELD_S:
            event = gathering.close()
            if event is not None:
                yield event
        if data == b"":
            return


async def _next(
    stream: ByteStream, gathering: _Gathering, *, silent_s: float, whole_by: float
) -> bytes | None:
    """Return what came, b'' at the end; None: what is gathered waits for nothing more."""
    now = asyncio.get_running_loop().time()
    wait_s = SETTLED_S if gathering.is_open else min(silent_s, whole_by - now)
    try:
        async with asyncio.timeout(wait_s):
            return await stream.readany()
    except TimeoutError as error:
        if gathering.is_open:
            return None
        raise SilentStreamError from error
    finally:
        gathering.waited_s += asyncio.get_running_loop().time() - now


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that *content_type* names.

    Raises:
        BrokenStreamError: it is no multipart, or names none.

    """
    kind, *parameters = content_type.split(";")
    if not kind.strip().lower().startswith("multipart/"):
        raise BrokenStreamError("the answer is no multipart stream")
    for each in parameters:
        name, _, value = each.partition("=")
        boundary = value.strip().strip('"')
        if name.strip().lower() == "boundary" and 0 < len(boundary) <= 200:
            return boundary.encode("latin-1", "replace")
    raise BrokenStreamError("the answer names no boundary")
