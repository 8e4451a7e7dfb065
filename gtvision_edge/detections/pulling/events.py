"""From the parts of a ``snapManager.cgi`` stream to passages: a text of ``Events[0].…`` lines, then its pictures."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final, Protocol

from gtvision_edge.detections.pulling.parts import BrokenStreamError, PartReader, StreamPart

SETTLED_S: Final = 0.3
"""No byte for so long: the pictures of an event that were to come have come."""
MAX_TEXT: Final = 64 * 1024
MAX_PICTURES: Final = 4
MAX_BYTES: Final = 8 * 2**20


class SilentStreamError(Exception):
    """Not even a heartbeat came."""


class ByteStream(Protocol):
    """What arrives, b'' at its end."""

    async def readany(self) -> bytes: ...


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

    def add(self, part: StreamPart) -> PulledEvent | None:
        """Take *part*; return the event that it shows to be whole."""
        if part.is_jpeg:
            self._add_picture(part.content)
            return None
        whole = self.close()
        text = part.content[:MAX_TEXT].decode("utf-8", "replace")
        if "Events[" in text:
            self.lines, self.is_open = text, True
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
            self.is_open = True


async def read_events(
    stream: ByteStream, boundary: bytes, *, silent_s: float
) -> AsyncGenerator[PulledEvent, None]:
    """Return events as they become whole, until the stream ends; what is not asked for yet waits in the camera.

    Raises:
        SilentStreamError: nothing came for *silent_s* seconds.
        BrokenStreamError: what comes breaks a limit.

    """
    reader, gathering = PartReader(boundary), _Gathering()
    while True:
        try:
            async with asyncio.timeout(SETTLED_S if gathering.is_open else silent_s):
                data = await stream.readany()
        except TimeoutError as error:
            event = gathering.close()
            if event is None:
                raise SilentStreamError from error
            yield event
            continue
        for part in reader.feed(data):
            event = gathering.add(part)
            if event is not None:
                yield event
        if not data:
            event = gathering.close()
            if event is not None:
                yield event
            return


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
